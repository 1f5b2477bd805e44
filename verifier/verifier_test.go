package verifier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

func TestVerifySample(t *testing.T) {
	tests := []struct {
		name        string
		params      []byte
		want        string
		evaluations []string
		faults      []string
	}{
		{"allow", sample.ParamsAllow(), "allow", []string{
			"amount-cap pass Expression evaluated to true",
			"same-currency pass Expression evaluated to true",
			"city-allowed pass Expression evaluated to true",
		}, nil},
		{"deny", sample.ParamsDeny(), "rule_failed", []string{
			"amount-cap fail Expression evaluated to false: executionParams.amount (900) <= userParams.maxAmount (500)",
			"same-currency pass Expression evaluated to true",
			`city-allowed fail Expression evaluated to false: executionParams.city ("Faro") in userParams.allowedCities (["Lisboa", "Porto"])`,
		}, nil},
		{"invalid", sample.ParamsInvalid(), "execution_params_invalid", nil, []string{"/amount type", "/city missing", "/cty undeclared"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request()
			req.ExecutionParams = tt.params
			res, err := decide(t, config(t), req)
			if got := outcome(res, err); got != tt.want {
				t.Fatalf("got %s, want %s: %v", got, tt.want, err)
			}
			var evaluations []policy.Evaluation
			var faults []string
			var receipt *receipts.Receipt
			var deny *verifier.DenyError
			if errors.As(err, &deny) {
				evaluations, receipt = deny.Evaluations, deny.Receipt
				for _, f := range deny.Faults {
					faults = append(faults, f.Pointer+" "+f.Code)
				}
			} else {
				evaluations, receipt = res.Evaluations, res.Receipt
			}
			var lines []string
			for _, e := range evaluations {
				lines = append(lines, fmt.Sprintf("%s %s %s", e.Rule, e.Result, e.Reason))
			}
			if !slices.Equal(lines, tt.evaluations) || !slices.Equal(faults, tt.faults) {
				t.Errorf("evaluations %q, faults %q", lines, faults)
			}
			issuer, _, _ := strings.Cut(receiptSigner(t).VerificationMethod(), "#")
			got, err := receipts.Verify(context.Background(), receipt.Bytes(), receipts.VerifyConfig{Issuers: []string{issuer}, At: sample.Now()})
			if err != nil {
				t.Fatalf("the receipt does not verify: %v", err)
			}
			if want := tt.want; (got.Decision == "allow") != (want == "allow") || want != "allow" && got.Reason != want {
				t.Errorf("the receipt says %s %s", got.Decision, got.Reason)
			}
			for _, secret := range []string{"420.5", "900", "Faro", "Lisboa"} {
				if bytes.Contains(receipt.Bytes(), []byte(`"`+secret+`"`)) || bytes.Contains(receipt.Bytes(), []byte(" ("+secret)) {
					t.Errorf("the receipt shows the parameter %s", secret)
				}
			}
		})
	}
}

// DryRun neither uses the presentation up nor signs a receipt.
func TestDryRun(t *testing.T) {
	v := newVerifier(t, config(t))
	for range 2 {
		p, err := v.DryRun(t.Context(), request())
		if err != nil || !p.Allow || p.Deny != nil || len(p.Evaluations) != 3 || p.Credential != sample.MandateID || len(p.Checks()) < 30 {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
	req := request()
	req.ExecutionParams = sample.ParamsDeny()
	p, err := v.DryRun(t.Context(), req)
	if err != nil || p.Allow || p.Deny == nil || p.Deny.Reason != verifier.ReasonRuleFailed || p.Deny.Receipt != nil {
		t.Fatalf("got %+v, %v", p, err)
	}
	if _, err := v.DryRun(t.Context(), verifier.Request{}); err == nil {
		t.Error("an empty request is judged")
	}
}

func TestZeroDenyErrorText(t *testing.T) {
	if got := (&verifier.DenyError{}).Error(); got != "verifier: denied: no reason recorded" {
		t.Errorf("got %q", got)
	}
}
