package verifier_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// A request with parsed values comes to the outcome of their bytes, wherever in a
// document they stood.
func TestParsedRequest(t *testing.T) {
	vp, params := strings.TrimSpace(string(sample.Presentation())), strings.TrimSpace(string(sample.ParamsAllow()))
	for _, tt := range []struct{ name, presentation, params, want string }{
		{"allow", vp, params, "allow"},
		{"a rule fails", vp, strings.TrimSpace(string(sample.ParamsDeny())), "rule_failed"},
		{"a changed mandate", strings.Replace(vp, `"maxAmount"`, `"minAmount"`, 1), params, "proof_invalid"},
		{"not an object", `[]`, params, "not_a_presentation"},
		{"not a presentation", `{"type":"x"}`, params, "not_a_presentation"},
		{"parameters of another type", vp, `[1]`, "malformed_params"},
		{"nested too deep", strings.Repeat("[", 127) + strings.Repeat("]", 127), params, "not_a_presentation"},
		{"too large", `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, params, "too_large"},
		{"parameters too large", vp, `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, "too_large"},
	} {
		body, err := canonical.Limits{MaxBytes: 8 << 20}.Parse([]byte(`{"x":[1e2,"\u0041",{"b":1,"a":2}],"presentation":` + tt.presentation + `,"executionParams": ` + tt.params + `}`))
		if err != nil {
			t.Fatal(err)
		}
		cfg := config(t)
		cfg.Rand, cfg.InsecureAllowReplay, cfg.KeepBundle = zeros{}, true, true
		v := newVerifier(t, cfg)
		req := request()
		req.Presentation, req.ExecutionParams = []byte(tt.presentation), []byte(tt.params)
		want, wantErr := v.Verify(t.Context(), req)
		req.Presentation, req.ExecutionParams = nil, nil
		req.ParsedPresentation, req.ParsedParams = body.Root().Get("presentation"), body.Root().Get("executionParams")
		got, gotErr := v.Verify(t.Context(), req)
		if o := outcome(got, gotErr); o != tt.want || o != outcome(want, wantErr) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s: %s (%v), want %s (%v)", tt.name, o, gotErr, tt.want, wantErr)
		}
		var bad, wantBad *verifier.RequestError
		if errors.As(gotErr, &bad) && errors.As(wantErr, &wantBad) && (bad.Offset != wantBad.Offset || bad.Pointer != wantBad.Pointer || bad.Limit != wantBad.Limit) {
			t.Errorf("%s: %+v, want %+v", tt.name, bad, wantBad)
		}
		var deny, wantDeny *verifier.DenyError
		if errors.As(gotErr, &deny) && errors.As(wantErr, &wantDeny) && (!reflect.DeepEqual(deny.Checks(), wantDeny.Checks()) || string(deny.Receipt.Bytes()) != string(wantDeny.Receipt.Bytes()) ||
			!reflect.DeepEqual(deny.Bundle.Request, wantDeny.Bundle.Request)) {
			t.Errorf("%s: the checks, the receipt or the bundle differ", tt.name)
		}
		if gotErr == nil && (string(got.Receipt.Bytes()) != string(want.Receipt.Bytes()) || !reflect.DeepEqual(got.Bundle.Request, want.Bundle.Request)) {
			t.Errorf("%s: the receipt or the bundle differs", tt.name)
		}
	}
}

// A request that holds the same thing twice, as bytes and parsed, is not decided.
func TestRequestHoldsBoth(t *testing.T) {
	for _, change := range []func(*verifier.Request){
		func(r *verifier.Request) { r.ParsedPresentation = parseValue(t, r.Presentation) },
		func(r *verifier.Request) { r.ParsedParams = parseValue(t, r.ExecutionParams) },
	} {
		req := request()
		change(&req)
		res, err := newVerifier(t, config(t)).Verify(t.Context(), req)
		var none *verifier.NoDecisionError
		if res != nil || !errors.As(err, &none) || none.Retryable {
			t.Errorf("%v, %v", res, err)
		}
	}
}
