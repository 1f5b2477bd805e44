// Package answer answers one question: how is a decision written as JSON? The
// command line and services give out the same object.
package answer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// JSON returns the JSON answer to a request, from what Verify returned: one
// object in canonical form, with the members
//
//   - decision: "allow", "deny", or "none" when no decision was taken;
//   - credentialId, checks, evaluations, and receipt, the whole signed document;
//     an evaluation that failed may have passesIf: parameters that would pass;
//   - on a deny also reason, check, detail, and faults of the parameters;
//   - on none error: {kind, message, offset?, pointer?, limit?, retryable?}.
//
// salt opens the receipt's paramsCommitment: it is for the caller alone.
func JSON(res *verifier.Result, err error) []byte {
	var deny *verifier.DenyError
	switch {
	case err == nil && res != nil:
		return marshal(object{
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
		err = errors.New("answer: there is no result")
	}
	return marshal(object{"decision": "none", "error": errorJSON(err)})
}

// Preview returns the JSON answer of a dry run: that of [JSON] without a
// receipt, and with "dryRun": true.
func Preview(p *verifier.Preview) []byte {
	o := object{
		"decision":     "allow",
		"credentialId": p.Credential,
		"checks":       checksJSON(p.Checks),
		"evaluations":  evaluationsJSON(p.Evaluations),
	}
	if !p.Allow {
		deny := p.Deny
		if deny == nil {
			deny = &verifier.DenyError{}
		}
		o = denyJSON(deny)
	}
	o["dryRun"] = true
	return marshal(o)
}

type object map[string]any

func (o object) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// marshal writes an answer. One that cannot be written, because a field of it
// was set to text that is no UTF-8, is cut down to its decision: a deny stays
// one, and nothing else becomes one.
func marshal(o object) []byte {
	b, err := canonical.Marshal(o)
	if err == nil {
		return b
	}
	short := object{
		"decision": "none",
		"error":    object{"kind": "internal", "message": fmt.Sprintf("the answer cannot be written: %v", err)},
	}
	if o["decision"] == "deny" {
		short["decision"], short["reason"] = "deny", strings.ToValidUTF8(fmt.Sprint(o["reason"]), "\uFFFD")
	}
	b, _ = canonical.Marshal(short)
	return b
}

func denyJSON(e *verifier.DenyError) object {
	o := object{
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
		faults := make([]object, len(e.Faults))
		for i, f := range e.Faults {
			faults[i] = object{"pointer": f.Pointer, "code": f.Code, "message": f.Message}
		}
		o["faults"] = faults
	}
	if e.Receipt != nil {
		o["receipt"] = receiptJSON(e.Receipt)
		o["salt"] = e.Salt
	}
	return o
}

func checksJSON(checks []verifier.Check) []object {
	out := make([]object, 0, len(checks))
	for _, c := range checks {
		o := object{"check": c.Check, "result": string(c.Result)}
		o.put("code", string(c.Code))
		o.put("pointer", c.Pointer)
		o.put("detail", c.Detail)
		out = append(out, o)
	}
	return out
}

func evaluationsJSON(evaluations []policy.Evaluation) []object {
	out := make([]object, 0, len(evaluations))
	for _, e := range evaluations {
		o := object{"rule": e.Rule, "result": string(e.Result), "code": string(e.Code), "reason": e.Reason}
		o.put("passesIf", e.PassesIf)
		out = append(out, o)
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

func errorJSON(err error) object {
	o := object{"kind": "unavailable", "message": printable(err.Error())}
	var bad *verifier.RequestError
	var none *verifier.NoDecisionError
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

// printable returns a message that can be written as JSON, cut short.
func printable(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF { // noncharacters have no place in I-JSON
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
