// Package answer answers one question: how is a decision written as JSON? It
// implements the JSON format of decisions for the command line and for
// services.
package answer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonwrite"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// JSON returns the JSON answer for the results of Verify: one object in
// canonical form with these members:
//
//   - decision: "allow", "deny", or "none" if there is no decision;
//   - credentialId, checks, evaluations, and receipt, the whole signed
//     document. A failed evaluation may have passesIf, a condition on
//     parameters under which it passes.
//   - for a deny also reason, check, detail, and the faults of the parameters;
//   - for none the member error: {kind, message, offset?, pointer?, limit?,
//     retryable?}.
//
// salt opens the receipt's paramsCommitment. Give it only to the caller.
func JSON(res *verifier.Result, err error) []byte {
	var deny *verifier.DenyError
	switch {
	case err == nil && res != nil && signed(res.Receipt): // without a receipt there is no allow
		return write(decision{decision: "allow", credential: res.Credential, checks: res.Checks(), evaluations: res.Evaluations,
			bound: &res.ParamsBound, receipt: res.Receipt, salt: res.Salt})
	case errors.As(err, &deny):
		return write(denied(deny))
	case err == nil:
		err = errors.New("answer: there is no result with a receipt")
	}
	return marshal(object{"decision": "none", "error": errorJSON(err)})
}

// Preview returns the JSON answer of a dry run. It is the answer of [JSON]
// without a receipt and with "dryRun": true.
func Preview(p *verifier.Preview) []byte {
	d := decision{decision: "allow", credential: p.Credential, checks: p.Checks(), evaluations: p.Evaluations}
	if !p.Allow {
		deny := p.Deny
		if deny == nil {
			deny = &verifier.DenyError{}
		}
		d = denied(deny)
	}
	d.dryRun = true
	return write(d)
}

// A decision holds the data of an allow, a deny, or a preview of either.
type decision struct {
	decision, credential string
	checks               []verifier.Check
	evaluations          []policy.Evaluation
	deny                 *verifier.DenyError // set for a deny
	bound                *bool               // set for an allow
	receipt              *receipts.Receipt
	salt                 string
	dryRun               bool
}

func denied(e *verifier.DenyError) decision {
	return decision{decision: "deny", credential: e.Credential, checks: e.Checks(), evaluations: e.Evaluations, deny: e, receipt: e.Receipt, salt: e.Salt}
}

// write encodes a decision in canonical form.
func write(d decision) []byte {
	w := jsonwrite.Writer{Dst: make([]byte, 0, 10<<10)} // an allow with its receipt takes 8 KB
	w.Open('{')
	if d.deny != nil {
		w.Put("check", d.deny.Check)
	}
	w.Array("checks")
	for i := range d.checks {
		c := &d.checks[i]
		w.Element()
		w.Must("check", c.Check)
		w.Put("code", string(c.Code))
		w.Put("detail", c.Detail)
		w.Put("pointer", c.Pointer)
		w.Must("result", string(c.Result))
		w.Close('}')
	}
	w.Close(']')
	if d.deny == nil {
		w.Must("credentialId", d.credential)
	} else {
		w.Put("credentialId", d.credential)
	}
	w.Must("decision", d.decision)
	if d.deny != nil {
		w.Put("detail", d.deny.Detail)
	}
	if d.dryRun {
		w.Flag("dryRun", true)
	}
	w.Array("evaluations")
	for i := range d.evaluations {
		e := &d.evaluations[i]
		w.Element()
		w.Must("code", string(e.Code))
		w.Put("passesIf", e.PassesIf)
		w.Must("reason", e.Reason)
		w.Must("result", string(e.Result))
		w.Must("rule", e.Rule)
		w.Close('}')
	}
	w.Close(']')
	if d.deny != nil && len(d.deny.Faults) > 0 {
		w.Array("faults")
		for _, f := range d.deny.Faults {
			w.Element()
			w.Must("code", f.Code)
			w.Must("message", f.Message)
			w.Must("pointer", f.Pointer)
			w.Close('}')
		}
		w.Close(']')
	}
	if d.bound != nil {
		w.Flag("paramsBound", *d.bound)
	}
	if d.deny != nil {
		w.Put("pointer", d.deny.Pointer)
		w.Must("reason", string(d.deny.Reason))
	}
	if signed(d.receipt) {
		w.Name("receipt") // the receipt is in canonical form
		w.Dst, _ = d.receipt.AppendBinary(w.Dst)
		w.Must("salt", d.salt)
	}
	w.Close('}')
	if w.Err != nil {
		o := object{"decision": d.decision}
		if d.deny != nil {
			o["reason"] = string(d.deny.Reason)
		}
		return unwritten(o, w.Err)
	}
	return w.Dst
}

// signed reports whether r is a signed receipt, not nil or zero.
func signed(r *receipts.Receipt) bool { return r != nil && r.ID() != "" }

type object map[string]any

func (o object) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// marshal encodes an answer. If that fails, because a field holds invalid
// UTF-8, it reduces the answer to its decision: a deny stays a deny, and
// nothing else becomes one.
func marshal(o object) []byte {
	b, err := canonical.Marshal(o)
	if err == nil {
		return b
	}
	return unwritten(o, err)
}

// unwritten returns the replacement for an answer without a JSON form. A deny
// stays a deny. An allow becomes no decision.
func unwritten(o object, err error) []byte {
	short := object{
		"decision": "none",
		"error":    object{"kind": "internal", "message": fmt.Sprintf("the answer cannot be written: %v", err)},
	}
	if o["decision"] == "deny" {
		short["decision"], short["reason"] = "deny", strings.ToValidUTF8(fmt.Sprint(o["reason"]), "\uFFFD")
	}
	b, _ := canonical.Marshal(short)
	return b
}

func errorJSON(err error) object {
	o := object{"kind": "unavailable", "message": quote.Cut(err.Error(), 300)}
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
