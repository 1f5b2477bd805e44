package answer_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/verifier"
)

// members returns the members of an answer, built from maps.
func members(checks []verifier.Check, evaluations []policy.Evaluation, more object) object {
	put := func(o object, name, value string) {
		if value != "" {
			o[name] = value
		}
	}
	cs, es := []object{}, []object{}
	for _, c := range checks {
		o := object{"check": c.Check, "result": string(c.Result)}
		put(o, "code", string(c.Code))
		put(o, "pointer", c.Pointer)
		put(o, "detail", c.Detail)
		cs = append(cs, o)
	}
	for _, e := range evaluations {
		o := object{"rule": e.Rule, "result": string(e.Result), "code": string(e.Code), "reason": e.Reason}
		put(o, "passesIf", e.PassesIf)
		es = append(es, o)
	}
	more["checks"], more["evaluations"] = cs, es
	return more
}

// The encoder writes the same bytes as maps in canonical form.
func TestAnswersAreInCanonicalForm(t *testing.T) {
	same := func(name string, got []byte, want object) {
		t.Helper()
		b, err := canonical.Marshal(want)
		if err != nil || string(b) != string(got) {
			t.Errorf("%s:\n %s\nwant\n %s (%v)", name, got, b, err)
		}
	}
	receipt := func(b []byte) canonical.Value {
		d, err := canonical.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		return d.Root()
	}
	res, err := verify(t, sample.ParamsAllow())
	if err != nil {
		t.Fatal(err)
	}
	same("allow", answer.JSON(res, nil), members(res.Checks(), res.Evaluations, object{"decision": "allow", "credentialId": res.Credential,
		"paramsBound": res.ParamsBound, "receipt": receipt(res.Receipt.Bytes()), "salt": res.Salt}))
	for name, params := range map[string][]byte{"a rule": sample.ParamsDeny(), "faults": sample.ParamsInvalid()} {
		_, err := verify(t, params)
		var deny *verifier.DenyError
		if !errors.As(err, &deny) {
			t.Fatal(err)
		}
		deny.Pointer = "/x"
		want := members(deny.Checks(), deny.Evaluations, object{"decision": "deny", "reason": string(deny.Reason), "check": deny.Check, "detail": deny.Detail,
			"pointer": "/x", "credentialId": deny.Credential, "receipt": receipt(deny.Receipt.Bytes()), "salt": deny.Salt})
		faults := []object{}
		for _, f := range deny.Faults {
			faults = append(faults, object{"pointer": f.Pointer, "code": f.Code, "message": f.Message})
		}
		if len(faults) > 0 {
			want["faults"] = faults
		}
		same(name, answer.JSON(nil, err), want)
		deny.Receipt = nil
		delete(want, "receipt")
		delete(want, "salt")
		want["dryRun"] = true
		same(name+", a preview", answer.Preview(&verifier.Preview{Deny: deny}), want)
	}
	same("a preview", answer.Preview(&verifier.Preview{Allow: true, Credential: "c"}), members(nil, nil, object{"decision": "allow", "credentialId": "c", "dryRun": true}))
	same("the zero deny", answer.JSON(nil, &verifier.DenyError{}), members(nil, nil, object{"decision": "deny", "reason": ""}))
	for _, d := range []*verifier.DenyError{{Reason: "x", Detail: "\xff"}, {Reason: "x", Faults: []policy.Fault{{Message: "\ufffe"}}}} {
		if a := toObject(t, answer.JSON(nil, d)); a["decision"] != "deny" || a["reason"] != "x" || a["detail"] != nil {
			t.Errorf("a deny with text that has no JSON form: %v", a)
		}
	}
	broken := *res
	broken.Credential = "\xff"
	if a := toObject(t, answer.JSON(&broken, nil)); a["decision"] != "none" {
		t.Errorf("an allow that cannot be told: %v", a)
	}
	if !json.Valid(answer.JSON(&broken, nil)) {
		t.Error("it is no JSON")
	}
}
