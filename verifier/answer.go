package verifier

import (
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
)

// Answer returns the JSON answer to a request, from what Verify returned: one
// object in canonical form, with the members
//
//   - decision: "allow", "deny", or "none" when no decision was taken;
//   - credentialId, checks, evaluations, and receipt, the whole signed document;
//   - on a deny also reason, check, detail, and faults of the parameters;
//   - on none error: {kind, message, offset?, pointer?, limit?, retryable?}.
//
// salt opens the receipt's paramsCommitment: it is for the caller alone.
func Answer(res *Result, err error) []byte {
	var deny *DenyError
	switch {
	case err == nil && res != nil:
		return marshal(answerObject{
			"decision":     "allow",
			"credentialId": res.Credential,
			"paramsBound":  res.ParamsBound,
			"checks":       checksJSON(res.Checks),
			"evaluations":  evaluationsJSON(res.Evaluations),
			"receipt":      receiptJSON(res.Receipt),
			"salt":         res.Salt,
		})
	case errors.As(err, &deny):
		return marshal(denyJSON(deny))
	case err == nil:
		err = errors.New("verifier: there is no result")
	}
	return marshal(answerObject{"decision": "none", "error": errorJSON(err)})
}

// Answer returns the JSON answer of a dry run: that of [Answer] without a
// receipt, and with "dryRun": true.
func (p *Preview) Answer() []byte {
	o := answerObject{
		"decision":     "allow",
		"credentialId": p.Credential,
		"checks":       checksJSON(p.Checks),
		"evaluations":  evaluationsJSON(p.Evaluations),
	}
	if !p.Allow {
		deny := p.Deny
		if deny == nil {
			deny = &DenyError{}
		}
		o = denyJSON(deny)
	}
	o["dryRun"] = true
	return marshal(o)
}

type answerObject map[string]any

func (o answerObject) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// marshal writes an answer. One that cannot be written, because a field of it
// was set to text that is no UTF-8, is cut down to its decision: a deny stays
// one, and nothing else becomes one.
func marshal(o answerObject) []byte {
	b, err := canonical.Marshal(o)
	if err == nil {
		return b
	}
	short := answerObject{
		"decision": "none",
		"error":    answerObject{"kind": "internal", "message": fmt.Sprintf("the answer cannot be written: %v", err)},
	}
	if o["decision"] == "deny" {
		short["decision"], short["reason"] = "deny", shorten(fmt.Sprint(o["reason"]))
	}
	b, _ = canonical.Marshal(short)
	return b
}

func denyJSON(e *DenyError) answerObject {
	o := answerObject{
		"decision":    "deny",
		"reason":      string(e.Reason),
		"checks":      checksJSON(e.Checks),
		"evaluations": evaluationsJSON(e.Evaluations),
	}
	o.put("credentialId", e.Credential)
	o.put("check", e.Check)
	o.put("pointer", e.Pointer)
	o.put("detail", e.Detail)
	if len(e.Faults) > 0 {
		faults := make([]answerObject, len(e.Faults))
		for i, f := range e.Faults {
			faults[i] = answerObject{"pointer": f.Pointer, "code": f.Code, "message": f.Message}
		}
		o["faults"] = faults
	}
	if e.Receipt != nil {
		o["receipt"] = receiptJSON(e.Receipt)
		o["salt"] = e.Salt
	}
	return o
}

func checksJSON(checks []Check) []answerObject {
	out := make([]answerObject, 0, len(checks))
	for _, c := range checks {
		o := answerObject{"check": c.Check, "result": string(c.Result)}
		o.put("code", string(c.Code))
		o.put("pointer", c.Pointer)
		o.put("detail", c.Detail)
		out = append(out, o)
	}
	return out
}

func evaluationsJSON(evaluations []policy.Evaluation) []answerObject {
	out := make([]answerObject, 0, len(evaluations))
	for _, e := range evaluations {
		out = append(out, answerObject{"rule": e.Rule, "result": string(e.Result), "code": string(e.Code), "reason": e.Reason})
	}
	return out
}

// receiptJSON returns the receipt as it was signed.
func receiptJSON(r *receipts.Receipt) any {
	if r == nil {
		return nil
	}
	d, err := canonical.Parse(r.Bytes())
	if err != nil {
		return nil // unreachable: it was parsed in order to be signed
	}
	return d.Root()
}

func errorJSON(err error) answerObject {
	o := answerObject{"kind": "unavailable", "message": shorten(err.Error())}
	var bad *RequestError
	var none *NoDecisionError
	switch {
	case errors.As(err, &bad):
		o["kind"] = string(bad.Kind)
		if bad.Offset >= 0 {
			o["offset"] = bad.Offset
		}
		o.put("pointer", bad.Pointer)
		if bad.Limit > 0 {
			o["limit"] = bad.Limit
		}
	case errors.As(err, &none):
		o["retryable"] = none.Retryable
		if none.RetryAfter > 0 {
			o["retryAfterSeconds"] = int64(none.RetryAfter.Seconds())
		}
	}
	return o
}
