package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/bundle"
)

// A world is a configuration, a request, and everything outside of the engine.
type world struct {
	cfg    verifier.Config
	req    verifier.Request
	before [][]byte // parameters of earlier requests
	trace  *trace
	replay *tracedReplay // nil when it is the engine's own
	ctx    context.Context
	end    context.CancelFunc
}

// decide decides one case in every way that is cheap, and records all of it:
// for the first time, again, again with the replays forgotten, as a dry run of
// another Verifier, and from the bundle.
func decide(name, note string, build func() *world) *record {
	r := &record{name: name, note: note}
	w := build()
	defer w.end()
	v, err := verifier.New(w.cfg)
	if err != nil {
		r.outcome = "config refused"
		r.text("new", err.Error())
		return r
	}
	for i, params := range w.before {
		req := w.req
		req.ExecutionParams = params
		r.verify(fmt.Sprintf("before%d", i), v, w, req)
	}
	var b *verifier.Bundle
	var signed *receipts.Receipt
	r.outcome, b, signed = r.verify("first", v, w, w.req)
	r.reproduce("first", b, signed)
	_, b, signed = r.verify("second", v, w, w.req)
	r.reproduce("second", b, signed)
	if w.replay != nil {
		w.replay.forget()
		r.verify("warm", v, w, w.req)
		w.replay.forget()
	}
	req := w.req
	if req.Presentation = changedAfter(req.Presentation); req.Presentation != nil {
		r.verify("changed", v, w, req)
	}
	r.dryRun(build())
	return r
}

// changedAfter returns a presentation whose mandate was changed after it was
// signed, nil when that cannot be. What a Verifier remembers of the other one must
// not count for it.
func changedAfter(presentation []byte) []byte {
	const scope = `"scope":"` + scopeHotel + `"`
	if !bytes.Contains(presentation, []byte(scope)) {
		return nil
	}
	return bytes.Replace(presentation, []byte(scope), []byte(`"scope":"`+scopeHotel+`s"`), 1)
}

// verify records one call of Verify.
func (r *record) verify(run string, v *verifier.Verifier, w *world, req verifier.Request) (outcome string, b *verifier.Bundle, signed *receipts.Receipt) {
	res, err := v.Verify(w.ctx, req)
	defer r.calls(run, w.trace)
	var deny *verifier.DenyError
	switch {
	case err == nil:
		outcome = "allow"
		r.add(checks, run+".outcome", "%s", outcome)
		r.add(checks, run+".result", "%q %q %q %q bound=%t salt=%s", res.Credential, res.Issuer, res.Holder, res.Verifier, res.ParamsBound, res.Salt)
		r.judged(run, res.Checks(), res.Evaluations, nil)
		b, signed = res.Bundle, res.Receipt
	case errors.As(err, &deny):
		outcome = r.deny(run, deny)
		b, signed = deny.Bundle, deny.Receipt
	default:
		outcome = r.undecided(run, err)
	}
	if signed != nil {
		r.add(receipt, run+".receipt", "%s", signed.Bytes())
	}
	r.bundle(run, b)
	return outcome, b, signed
}

func (r *record) dryRun(w *world) {
	defer w.end()
	v, err := verifier.New(w.cfg)
	if err != nil {
		r.text("dry.new", err.Error())
		return
	}
	p, err := v.DryRun(w.ctx, w.req)
	switch {
	case err != nil:
		r.undecided("dry", err)
	default:
		r.add(checks, "dry.preview", "allow=%t %q", p.Allow, p.Credential)
		if p.Deny != nil {
			r.deny("dry", p.Deny)
		}
		r.judged("dry.preview", p.Checks(), p.Evaluations, nil)
	}
	r.calls("dry", w.trace)
}

// calls records the calls since the last time.
func (r *record) calls(run string, t *trace) {
	lines, signatures, contexts := t.take()
	for i, l := range lines {
		r.add(checks, fmt.Sprintf("%s.call%d", run, i), "%s", l)
	}
	r.add(counts, run+".signatures", "%d", signatures)
	r.add(counts, run+".contexts", "%d", contexts)
}

func (r *record) deny(run string, d *verifier.DenyError) string {
	outcome := fmt.Sprintf("deny %s %s", d.Reason, d.Check)
	r.add(checks, run+".outcome", "%s", outcome)
	r.add(checks, run+".deny", "%q %q salt=%s receipt=%t bundle=%t", d.Pointer, d.Credential, d.Salt, d.Receipt != nil, d.Bundle != nil)
	r.text(run+".error", d.Error())
	r.text(run+".detail", d.Detail)
	r.judged(run, d.Checks(), d.Evaluations, d.Faults)
	if cause := d.Unwrap(); cause != nil {
		r.undecided(run+".cause", cause)
	}
	return outcome
}

// undecided records an error that is not a deny.
func (r *record) undecided(run string, err error) string {
	outcome := "error"
	var bad *verifier.RequestError
	var none *verifier.NoDecisionError
	switch {
	case errors.As(err, &bad):
		var cause *canonical.Error
		outcome = fmt.Sprintf("request %s", bad.Kind)
		r.add(checks, run+".request", "offset=%d %q limit=%d canonical=%t", bad.Offset, bad.Pointer, bad.Limit, errors.As(err, &cause))
		r.text(run+".detail", bad.Detail)
	case errors.As(err, &none):
		outcome = fmt.Sprintf("none %s", strings.ReplaceAll(none.Looking, " ", "-"))
		r.add(checks, run+".none", "retryable=%t after=%s cancelled=%t outage=%t wrapped=%t", none.Retryable, none.RetryAfter,
			errors.Is(err, context.Canceled), errors.Is(err, errOutage), error(none) != err)
	}
	r.add(checks, run+".outcome", "%s", outcome)
	r.text(run+".error", err.Error())
	return outcome
}

// judged records checks, evaluations and faults.
func (r *record) judged(run string, list []verifier.Check, evaluations []policy.Evaluation, faults []policy.Fault) {
	for _, c := range list {
		r.add(checks, run+"."+c.Check, "%s %s %q", c.Result, c.Code, c.Pointer)
		r.text(run+"."+c.Check, c.Detail)
	}
	r.add(checks, run+".rules", "evaluations=%d nil=%t faults=%d", len(evaluations), evaluations == nil, len(faults))
	for i, e := range evaluations {
		r.add(checks, fmt.Sprintf("%s.evaluation%d", run, i), "%s %s %s", e.Rule, e.Result, e.Code)
		r.text(fmt.Sprintf("%s.evaluation%d", run, i), e.Reason)
		r.text(fmt.Sprintf("%s.passesIf%d", run, i), e.PassesIf)
	}
	for i, f := range faults {
		r.add(checks, fmt.Sprintf("%s.fault%d", run, i), "%q %s", f.Pointer, f.Code)
		r.text(fmt.Sprintf("%s.fault%d", run, i), f.Message)
	}
}

// bundle records a bundle as package bundle writes it. The bytes of documents
// are left out: their digests are there. Texts go to their column.
func (r *record) bundle(run string, b *verifier.Bundle) {
	if b == nil {
		return
	}
	c := &b.Config
	r.add(bundles, run+".bundle.interfaces", "%t %t %t %t %t %t %t %t %t", c.Resolver != nil, c.Signer != nil, c.ContextChecker != nil, c.Status != nil,
		c.Actions != nil, c.Replay != nil, c.SignatureVerifier != nil, c.Now != nil, c.Rand != nil)
	file, err := bundle.Marshal(b)
	if err != nil {
		r.add(bundles, run+".bundle", "cannot be written")
		r.text(run+".bundle", err.Error())
		return
	}
	var v any
	if err := json.Unmarshal(file, &v); err != nil {
		panic(err)
	}
	r.mask(run+".bundle", v)
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(out)
	r.add(bundles, run+".bundle.sum", "%s", hex.EncodeToString(sum[:8]))
	if run == "first" {
		r.add(bundles, run+".bundle", "%s", out)
	}
}

// mask takes bytes and texts out of a bundle.
func (r *record) mask(key string, v any) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			r.mask(fmt.Sprintf("%s.%d", key, i), e)
		}
	case map[string]any:
		delete(v, "base64")
		if s, ok := v["error"].(string); ok {
			r.text(key+".error", s)
			v["error"] = ""
		}
		for _, name := range sorted(v) {
			r.mask(key+"."+name, v[name])
		}
	}
}

// reproduce records what deciding from the bundle gives.
func (r *record) reproduce(run string, b *verifier.Bundle, signed *receipts.Receipt) {
	if b == nil || signed == nil {
		return
	}
	file, err := bundle.Marshal(b)
	if err != nil {
		return // which is recorded
	}
	read, err := bundle.Parse(file)
	if err != nil {
		r.add(bundles, run+".reproduced", "cannot be read")
		r.text(run+".reproduced", err.Error())
		return
	}
	again, err := bundle.Reproduce(context.Background(), read, signed.Bytes())
	if err != nil {
		r.add(bundles, run+".reproduced", "nothing")
		r.text(run+".reproduced", err.Error())
		return
	}
	r.add(bundles, run+".reproduced", "%s %s same=%t", again.Decision, again.Reason, again.Difference == "")
	r.text(run+".reproduced", again.Difference)
}
