package verifier

import (
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
)

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

// Checks returns all checks that ran, in the order of their numbers. The list is the
// caller's own.
func (r *Result) Checks() []Check { return r.ledger.checks() }

// A DenyError is a deny. The zero DenyError is one too.
type DenyError struct {
	Reason     Reason
	Check      string // the check that gave the reason
	Pointer    string // in the presentation, where there is one
	Detail     string // for people; may quote the presentation
	Credential string // id of the mandate, not proven when an early check failed
	// Evaluations are the outcomes of all rules and Faults what is wrong with the
	// parameters. Both are empty when the rules did not run.
	Evaluations []policy.Evaluation
	Faults      []policy.Fault
	// Receipt is nil when it could not be made; the deny stands.
	Receipt *receipts.Receipt
	Salt    string  // opens the receipt's paramsCommitment
	Bundle  *Bundle // nil unless Config.KeepBundle and there is a receipt
	cause   error
	ledger  ledger
}

// Checks returns all checks that ran, in the order of their numbers. The list is the
// caller's own.
func (e *DenyError) Checks() []Check { return e.ledger.checks() }

func (e *DenyError) Error() string {
	s := "verifier: denied: " + string(cmp.Or(e.Reason, "no reason recorded"))
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

// Checks returns all checks that ran, in the order of their numbers. The list is the
// caller's own.
func (p *Preview) Checks() []Check { return p.ledger.checks() }

func (d *decision) preview() *Preview {
	p := &Preview{Allow: d.allows(), Credential: d.credentialID(), Evaluations: d.evaluations, ledger: d.ledger}
	if !p.Allow {
		p.Deny = d.denyError()
	}
	return p
}

func (d *decision) denyError() *DenyError {
	e := &DenyError{Credential: d.credentialID(), Evaluations: d.evaluations, Faults: d.faults, ledger: d.ledger}
	if c, ok := d.firstFailure(); ok {
		e.Reason, e.Check, e.Pointer, e.Detail = c.Code, c.Check, c.Pointer, c.Detail
	}
	return e
}

// commit makes a decision final: an allow uses the presentation up, and the receipt
// is signed. Without a receipt there is no allow.
func (v *Verifier) commit(ctx context.Context, d *decision) (*Result, error) {
	allow := d.allows()
	if err := ctx.Err(); err != nil && allow {
		return nil, noDecision("", err)
	}
	random, randErr := v.random()
	if randErr != nil && allow {
		return nil, randErr
	}
	switch {
	case allow && v.cfg.InsecureAllowReplay:
		d.skip(checkReplay, "replays are allowed")
	case allow:
		first, err := v.use(ctx, d)
		if err != nil {
			return nil, noDecision("replay", err)
		}
		if first {
			d.pass(checkReplay)
		} else {
			d.failAt(checkReplay, ReasonPresentationReplayed, "", "the presentation was used before")
			allow = false
		}
	}

	receipt, err := (*receipts.Receipt)(nil), randErr
	if err == nil {
		receipt, err = d.receipt(ctx, allow, random)
	}
	if !allow {
		e := d.denyError()
		if err != nil {
			e.cause = err
		} else {
			e.Receipt, e.Salt, e.Bundle = receipt, receipts.EncodeSalt(random.salt()), d.bundle(random)
		}
		return nil, e
	}
	if err != nil {
		return nil, noDecision("signer", err)
	}
	return &Result{
		Credential:  d.credentialID(),
		Issuer:      strings.Clone(d.mandate.vc.issuer), // see credentialID
		Holder:      strings.Clone(d.holder),
		Verifier:    d.req.Verifier,
		Evaluations: d.evaluations,
		ParamsBound: d.passedAt(checkParamsBound),
		Receipt:     receipt,
		Salt:        receipts.EncodeSalt(random.salt()),
		Bundle:      d.bundle(random),
		ledger:      d.ledger,
	}, nil
}

// randomness is what one receipt takes: 16 bytes for its id, and the salt.
type randomness [32]byte

func (r randomness) id() [16]byte   { return [16]byte(r[:16]) }
func (r randomness) salt() [16]byte { return [16]byte(r[16:]) }

func (v *Verifier) random() (randomness, error) {
	return guard("random source", func() (r randomness, err error) {
		if _, err := io.ReadFull(v.cfg.Rand, r[:]); err != nil {
			return r, noDecision("random source", err)
		}
		return r, nil
	})
}

// use uses up what was presented, and reports whether all of it was new:
//
//   - the challenge that the caller expected, whatever presentation has it, for as
//     long as the caller may expect it again;
//   - what the proofs sign, however the presentation is spelled, for as long as it
//     could be accepted without a challenge.
//
// A presentation is thus used up with and without a challenge. The challenge comes last,
// so that a presentation which was used before does not use up a challenge.
func (v *Verifier) use(ctx context.Context, d *decision) (bool, error) {
	remember := func(until time.Time, key [sha256.Size]byte) (bool, error) {
		return guard("replay", func() (bool, error) { return v.cfg.Replay.Use(ctx, key, d.now, until) })
	}
	var buf [128]byte
	for i, p := range d.proofs {
		if p.Created == nil {
			continue // never accepted without a challenge
		}
		// Clocks that share the memory may differ by what MaxFuture tolerates.
		until := p.Created.Add(v.cfg.MaxAge).Add(v.cfg.MaxFuture) // one sum could overflow
		if until.Before(d.now) {
			continue
		}
		data := p.HashData()
		if slices.ContainsFunc(d.proofs[:i], func(q *dataintegrity.Proof) bool { return q.HashData() == data }) {
			continue // a proof may be listed twice
		}
		if first, err := remember(until, sha256.Sum256(append(append(buf[:0], "proof\x00"...), data[:]...))); err != nil || !first {
			return false, err
		}
	}
	if c := d.req.Challenge; c != "" {
		var until time.Time // forever
		if v.cfg.ChallengeLifetime > 0 {
			until = d.now.Add(v.cfg.ChallengeLifetime)
		}
		if first, err := remember(until, sha256.Sum256(append(append(buf[:0], "challenge\x00"...), c...))); err != nil || !first {
			return false, err
		}
	}
	return true, nil
}
