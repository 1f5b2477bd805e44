package answer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

type object = map[string]any

func toObject(t *testing.T, b []byte) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func verify(t *testing.T, params []byte) (*verifier.Result, error) {
	t.Helper()
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: signer, TrustedIssuers: []string{sample.Issuer},
		Verifier: sample.Verifier, Now: sample.Now})
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(context.Background(), verifier.Request{Presentation: sample.Presentation(), ExecutionParams: params, Challenge: sample.Challenge})
}

func TestAllow(t *testing.T) {
	res, err := verify(t, sample.ParamsAllow())
	if err != nil {
		t.Fatal(err)
	}
	a := toObject(t, answer.JSON(res, err))
	if a["decision"] != "allow" || a["credentialId"] != sample.MandateID || len(a["evaluations"].([]any)) != 3 {
		t.Errorf("answer %v", a)
	}
	form, _ := json.Marshal(a["receipt"])
	form, _ = canonical.Transform(form)
	if !bytes.Equal(form, res.Receipt.Bytes()) {
		t.Error("the answer's receipt is not the one that was signed")
	}
	if len(a["checks"].([]any)) != len(res.Checks()) || len(res.Checks()) < 30 {
		t.Errorf("%d checks", len(res.Checks()))
	}
}

// JSON never answers allow for other results.
func TestOnlyAllowIsAnsweredAllow(t *testing.T) {
	res, err := verify(t, sample.ParamsAllow())
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{
		"nothing":                  answer.JSON(nil, nil),
		"an error":                 answer.JSON(nil, errors.New("x")),
		"a result beside an error": answer.JSON(res, errors.New("x")),
		"the zero deny":            answer.JSON(res, &verifier.DenyError{}),
		"the zero result":          answer.JSON(&verifier.Result{}, nil),
		"a zero receipt":           answer.JSON(&verifier.Result{Receipt: &receipts.Receipt{}}, nil),
		"a deny's zero receipt":    answer.JSON(nil, &verifier.DenyError{Receipt: &receipts.Receipt{}}),
	} {
		if a := toObject(t, got); a["decision"] == "allow" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDeny(t *testing.T) {
	res, err := verify(t, sample.ParamsInvalid())
	a := toObject(t, answer.JSON(res, err))
	if a["decision"] != "deny" || a["reason"] != "execution_params_invalid" || a["check"] != "executionParams.shape" || len(a["faults"].([]any)) != 3 {
		t.Errorf("answer %v", a)
	}
	if a["receipt"].(object)["credentialSubject"].(object)["decision"] != "deny" || a["salt"] == "" {
		t.Errorf("receipt %v", a["receipt"])
	}
}

func TestPassesIf(t *testing.T) {
	a := toObject(t, answer.JSON(verify(t, sample.ParamsDeny())))
	rules := a["evaluations"].([]any)
	if got := rules[0].(object)["passesIf"]; got != "executionParams.amount <= 500" {
		t.Errorf("passesIf %v", got)
	}
	if got, ok := rules[1].(object)["passesIf"]; ok {
		t.Errorf("a rule that passed has passesIf %v", got)
	}
}

// A deny stays a deny even if its text cannot be encoded.
func TestUnwritableDeny(t *testing.T) {
	a := toObject(t, answer.JSON(nil, &verifier.DenyError{Reason: verifier.ReasonRuleFailed, Detail: "\xff"}))
	if a["decision"] != "deny" || a["reason"] != "rule_failed" {
		t.Errorf("got %v", a)
	}
	res, err := verify(t, sample.ParamsAllow())
	if err != nil {
		t.Fatal(err)
	}
	res.Credential = "\xff"
	if a := toObject(t, answer.JSON(res, nil)); a["decision"] != "none" {
		t.Errorf("got %v", a)
	}
}

func TestErrors(t *testing.T) {
	res, err := verify(t, []byte(`{"amount":1,"amount":2}`))
	a := toObject(t, answer.JSON(res, err))
	e := a["error"].(object)
	if a["decision"] != "none" || e["kind"] != "malformed_params" || e["offset"] != 12.0 || e["pointer"] != "/amount" {
		t.Errorf("answer %v", a)
	}
	e = toObject(t, answer.JSON(verify(t, bytes.Repeat([]byte("["), 200))))["error"].(object)
	if e["kind"] != "too_large" || e["limit"] != 128.0 {
		t.Errorf("answer %v", e)
	}
	long := errors.New(string(bytes.Repeat([]byte("x\xff\ufffe"), 200)))
	if e := toObject(t, answer.JSON(nil, long))["error"].(object); e["kind"] != "unavailable" || len(e["message"].(string)) > 700 {
		t.Errorf("answer %v", e)
	}
}

func TestPreview(t *testing.T) {
	deny := &verifier.Preview{Deny: &verifier.DenyError{Reason: verifier.ReasonRuleFailed, Credential: "urn:x:1"}}
	if a := toObject(t, answer.Preview(deny)); a["decision"] != "deny" || a["reason"] != "rule_failed" || a["dryRun"] != true || a["receipt"] != nil {
		t.Errorf("answer %v", a)
	}
	if a := toObject(t, answer.Preview(&verifier.Preview{Allow: true})); a["decision"] != "allow" || a["dryRun"] != true || a["receipt"] != nil {
		t.Errorf("answer %v", a)
	}
	if a := toObject(t, answer.Preview(&verifier.Preview{})); a["decision"] != "deny" {
		t.Errorf("the zero Preview answers %v", a)
	}
}
