package verifier

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
)

// A verdict is a decision that was taken but not yet recorded. The zero
// verdict denies.
type verdict struct {
	s           *screened // parsed at least; mandate may be nil
	allow       bool
	ledger      *ledger
	evaluations []policy.Evaluation
	faults      []policy.Fault
	action      *policy.Action
	keys        []usedKey
	lists       []*credential
	evidence    *evidence // nil when the screen denied
}

// deny returns a verdict that denies, as every one does that is not found to allow.
func (s *screened) deny(l *ledger) *verdict {
	return &verdict{s: s, ledger: l}
}

// mustPass are the checks without which nothing is allowed: that none has failed
// is not enough, one that never ran has not failed either.
var mustPass = []check{checkVPStructure, checkVPContext, checkVPProofForm, checkVPFreshness, checkVCStructure, checkVCContext,
	checkVCProofForm, checkMandateSelect, checkMandateShape, checkIssuerTrusted, checkIssuerKey, checkVCProof, checkIssuerBinding,
	checkVCValidity, checkHolderAuthorized, checkHolderKey, checkVPProof, checkHolderBinding, checkActionRequired}

// allows reports whether the checks that ran allow: all that must pass have,
// and none has failed.
func (l *ledger) allows() bool {
	return !l.failed() && !slices.ContainsFunc(mustPass, func(c check) bool { return !l.passedAt(c) })
}

// verdict returns the verdict that the ledger gives.
func (p *proven) verdict(action *policy.Action) *verdict {
	d := p.screened.deny(p.ledger)
	d.allow, d.action, d.keys, d.lists, d.evidence = p.ledger.allows() && p.allProven(), action, p.keys, p.lists, p.evidence
	return d
}

// A Result is an allow.
type Result struct {
	Credential     string // id of the mandate
	Issuer, Holder string
	Verifier       string
	Evaluations    []policy.Evaluation
	ParamsBound    bool              // the presentation's challenge commits to the parameters
	Receipt        *receipts.Receipt // never nil
	Salt           string            // opens the receipt's paramsCommitment
	Bundle         *Bundle           // nil unless Config.KeepBundle
	ledger         ledger
}

// Checks returns all checks that ran, in the order of their numbers, as a list of
// the caller's own.
func (r *Result) Checks() []Check { return r.ledger.checks() }

// A DenyError is a deny. The zero DenyError is one too.
type DenyError struct {
	Reason     Reason
	Check      string // the check that gave the reason
	Pointer    string // in the presentation, where there is one
	Detail     string // for people; may quote the presentation
	Credential string // id of the mandate, not proven when an early check failed
	// Evaluations are the outcomes of all rules and Faults what is wrong with the
	// parameters, when it came to that.
	Evaluations []policy.Evaluation
	Faults      []policy.Fault
	// Receipt is nil when it could not be made; the deny stands.
	Receipt *receipts.Receipt
	Salt    string  // opens the receipt's paramsCommitment
	Bundle  *Bundle // nil unless Config.KeepBundle and there is a receipt
	cause   error
	ledger  ledger
}

// Checks returns all checks that ran, in the order of their numbers, as a list of
// the caller's own.
func (e *DenyError) Checks() []Check { return e.ledger.checks() }

func (e *DenyError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = "no reason recorded"
	}
	s := "verifier: denied: " + string(reason)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.cause != nil {
		s += " (without a receipt: " + e.cause.Error() + ")"
	}
	return s
}

// Unwrap returns why there is no receipt, or nil.
func (e *DenyError) Unwrap() error { return e.cause }

// A Preview is what DryRun found. It authorizes nothing.
type Preview struct {
	Allow bool
	// Deny is what Verify would return, without a receipt; nil on Allow.
	Deny        *DenyError
	Credential  string
	Evaluations []policy.Evaluation
	ledger      ledger
}

// Checks returns all checks that ran, in the order of their numbers, as a list of
// the caller's own.
func (p *Preview) Checks() []Check { return p.ledger.checks() }

func (d *verdict) preview() *Preview {
	p := &Preview{Allow: d.allow, Credential: d.credentialID(), Evaluations: d.evaluations, ledger: *d.ledger}
	if !d.allow {
		p.Deny = d.denyError()
	}
	return p
}

func (d *verdict) denyError() *DenyError {
	e := &DenyError{Credential: d.credentialID(), Evaluations: d.evaluations, Faults: d.faults, ledger: *d.ledger}
	if c, ok := d.ledger.firstFailure(); ok {
		e.Reason, e.Check, e.Pointer, e.Detail = c.Code, c.Check, c.Pointer, c.Detail
	}
	return e
}

// credentialID returns the id of the mandate, in memory of its own: strings of the
// presentation keep all of it alive.
func (d *verdict) credentialID() string {
	if d.s.mandate == nil {
		return ""
	}
	return strings.Clone(d.s.mandate.ID)
}

// commit makes a verdict final: on an allow the presentation is used up, and
// the receipt is signed. Without a receipt there is no allow.
func (v *Verifier) commit(ctx context.Context, d *verdict) (*Result, error) {
	if err := ctx.Err(); err != nil && d.allow {
		return nil, noDecision("", err)
	}
	random, randErr := v.random()
	if randErr != nil && d.allow {
		return nil, randErr
	}
	if d.allow && !v.cfg.InsecureAllowReplay {
		first, err := v.use(ctx, d)
		if err != nil {
			return nil, asNoDecision("replay", err)
		}
		if first {
			d.ledger.pass(checkReplay)
		} else {
			d.ledger.failAt(checkReplay, ReasonPresentationReplayed, "", "the presentation was used before")
			d.allow = false
		}
	} else if d.allow {
		d.ledger.skip(checkReplay, "replays are allowed")
	}

	receipt, err := v.receipt(ctx, d, random, randErr)
	if !d.allow {
		e := d.denyError()
		if err != nil {
			e.cause = err
		} else {
			e.Receipt, e.Salt, e.Bundle = receipt, receipts.EncodeSalt(random.salt), v.bundle(d, random)
		}
		return nil, e
	}
	if err != nil {
		return nil, asNoDecision("signer", err)
	}
	// In memory of their own, as with credentialID.
	id, issuer := len(d.s.mandate.ID), len(d.s.mandate.vc.issuer)
	names := d.s.mandate.ID + d.s.mandate.vc.issuer + d.s.holder
	return &Result{
		Credential:  names[:id],
		Issuer:      names[id : id+issuer],
		Holder:      names[id+issuer:],
		Verifier:    d.s.req.Verifier,
		Evaluations: d.evaluations,
		ParamsBound: d.paramsBound(),
		Receipt:     receipt,
		Salt:        receipts.EncodeSalt(random.salt),
		Bundle:      v.bundle(d, random),
		ledger:      *d.ledger,
	}, nil
}

func asNoDecision(name string, err error) error {
	var already *NoDecisionError
	if errors.As(err, &already) {
		return err
	}
	return noDecision(name, err)
}

// randomness is what one receipt takes.
type randomness struct{ id, salt [16]byte }

func (v *Verifier) random() (randomness, error) {
	return guard("random source", func() (r randomness, err error) {
		var both [32]byte
		if _, err := io.ReadFull(v.cfg.Rand, both[:]); err != nil {
			return r, noDecision("random source", err)
		}
		copy(r.salt[:], both[copy(r.id[:], both[:]):])
		return r, nil
	})
}

// use uses up what was presented, and reports whether all of it was new:
//
//   - the challenge that the caller expected, whatever carries it, for as long
//     as the caller may expect it again;
//   - what the proofs sign, in any spelling, for as long as it could be accepted
//     without a challenge.
//
// A presentation is thus used up for both ways of asking. The challenge comes
// last, so that a presentation which was used before does not cost one.
func (v *Verifier) use(ctx context.Context, d *verdict) (bool, error) {
	use := func(until time.Time, key [sha256.Size]byte) (bool, error) {
		return guard("replay", func() (bool, error) { return v.cfg.Replay.Use(ctx, key, d.s.now, until) })
	}
	var room [128]byte
	for i, p := range d.s.proofs {
		if p.Created == nil {
			continue // never accepted without a challenge
		}
		// Clocks that share the memory may differ by what MaxFuture tolerates.
		until := p.Created.Add(v.cfg.MaxAge).Add(v.cfg.MaxFuture) // one sum could overflow
		if until.Before(d.s.now) {
			continue
		}
		data := p.HashData()
		if slices.ContainsFunc(d.s.proofs[:i], func(q *dataintegrity.Proof) bool { return q.HashData() == data }) {
			continue // a proof may be listed twice
		}
		if first, err := use(until, sha256.Sum256(append(append(room[:0], "proof\x00"...), data[:]...))); err != nil || !first {
			return false, err
		}
	}
	if c := d.s.req.Challenge; c != "" {
		var until time.Time // for good
		if v.cfg.ChallengeLifetime > 0 {
			until = d.s.now.Add(v.cfg.ChallengeLifetime)
		}
		if first, err := use(until, sha256.Sum256(append(append(room[:0], "challenge\x00"...), c...))); err != nil || !first {
			return false, err
		}
	}
	return true, nil
}

// paramsBound reports whether whoever presents committed to the parameters: the
// check runs for a presentation whose proof was verified, and for no other.
func (d *verdict) paramsBound() bool {
	return d.ledger.passedAt(checkParamsBound)
}

// receipt builds and signs the receipt of a verdict.
func (v *Verifier) receipt(ctx context.Context, d *verdict, random randomness, randErr error) (*receipts.Receipt, error) {
	if randErr != nil {
		return nil, randErr
	}
	body, err := v.body(d, random)
	if err != nil {
		return nil, err
	}
	return guard("signer", func() (*receipts.Receipt, error) { return receipts.Sign(ctx, body, v.cfg.Signer) })
}

func (v *Verifier) body(d *verdict, random randomness) (receipts.Body, error) {
	commitment, err := receipts.Commitment(random.salt, d.s.params)
	if err != nil {
		return receipts.Body{}, err
	}
	b := receipts.Body{
		ID:       receipts.NewID(random.id),
		Time:     d.s.now,
		Event:    receipts.Denied,
		Decision: "deny",
		Request: receipts.Request{
			ParamsCommitment:   commitment,
			PresentationDigest: canonical.SRI(d.s.root.SHA256()),
			Verifier:           d.s.req.Verifier,
			Domain:             d.s.req.Domain,
			ParamsBound:        d.paramsBound(),
			Modes:              v.modes,
			Insecure:           v.insecure,
		},
		Engine: receipts.Engine{Name: "mandate", Version: Version},
	}
	// What an attacker made up must not stand in a receipt as a fact.
	if m := d.s.mandate; m != nil && m.vc.proven {
		b.Credential = m.ID
	} else {
		b.Request.UnverifiedCredential = identifier(d.credentialID())
	}
	if d.ledger.passedAt(checkVPProof) {
		b.Request.Holder = d.s.holder
	} else {
		b.Request.UnverifiedHolder = identifier(d.s.holder)
	}
	if tool, ok := d.s.params.Get("tool").String(); ok {
		b.Request.Tool = shorten(tool)
	}
	for _, p := range d.s.proofs {
		if p.HasChallenge && !d.s.verified.by(p).IsZero() {
			b.Request.ChallengeDigest = canonical.SRI(sha256.Sum256([]byte(p.Challenge)))
		}
	}
	if m := d.s.mandate; m != nil {
		b.Request.MandateDigest = canonical.SRI(m.vc.sum())
		for _, p := range m.vc.proofs {
			b.Request.ProofForm = string(p.Form)
		}
		if d.action != nil {
			b.Policy = &receipts.Policy{ID: shorten(m.ActionID), Version: m.Version, Digest: d.action.Digest(), Profile: d.action.Profile()}
		}
	}
	if d.allow {
		b.Event, b.Decision = receipts.Approved, "allow"
	} else {
		c, _ := d.ledger.firstFailure()
		b.Reason = string(c.Code)
	}
	b.Checks = d.receiptChecks()
	for _, e := range d.evaluations {
		b.Evaluations = append(b.Evaluations, receipts.Evaluation{Rule: e.Rule, Result: string(e.Result), Code: string(e.Code)})
	}
	return b, nil
}

// identifier returns an unproven identifier for a receipt. One that is too long
// to be one is left out: receipts are not for carrying text about.
func identifier(s string) string {
	if len(s) > viamandate.MaxIdentifier {
		return ""
	}
	return s
}

// receiptChecks lists the checks, and the keys and lists they rest on.
func (d *verdict) receiptChecks() []receipts.Check {
	looked := len(d.keys) + len(d.lists)
	out := make([]receipts.Check, 0, d.ledger.ran()+looked)
	rests := make([]receipts.Finding, 0, looked) // rows point into it
	for c, result := range d.ledger.results {
		if result == notRun {
			continue
		}
		row := receipts.Check{Check: check(c).String(), Result: string(outcomes[result])}
		if result == failed { // no other has a code
			row.Code = string(d.ledger.row(check(c)).Code)
		}
		out = append(out, row)
	}
	add := func(check string, result Outcome, e receipts.Finding) {
		rests = append(rests, e)
		out = append(out, receipts.Check{Check: check, Result: string(result), Finding: &rests[len(rests)-1]})
	}
	for _, k := range d.keys {
		result := Fail
		if k.accepted {
			result = Pass
		}
		add("key", result, receipts.Finding{
			DID:            k.resolution.Document.ID(),
			DocumentDigest: k.resolution.Document.SRI(),
			Source:         k.resolution.Source,
			RetrievedAt:    k.resolution.RetrievedAt,
			Key:            k.text,
		})
	}
	for _, l := range d.lists {
		add("status.list", Pass, receipts.Finding{DID: l.issuer, Source: canonical.SRI(l.sum()), AsOf: l.valid.From})
	}
	return out
}
