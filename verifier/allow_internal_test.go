package verifier

import (
	"slices"
	"testing"

	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

// TestNothingIsNoAllow: a verdict allows only when every check that has to
// pass did, whatever else the ledger holds or lacks.
func TestNothingIsNoAllow(t *testing.T) {
	full := func(without check) *ledger {
		l := &ledger{}
		for _, c := range mustPass {
			if c != without {
				l.pass(c)
			}
		}
		return l
	}
	if !full(0).allows() {
		t.Fatal("all checks passed, and it is no allow")
	}
	if (&verdict{}).allow || (&proven{ledger: &ledger{}}).verdict(nil).allow {
		t.Error("nothing was checked, and it is an allow")
	}
	for _, c := range mustPass {
		l := full(c)
		if l.allows() {
			t.Errorf("%s did not run, and it is an allow", c)
		}
		l.skip(c, "skipped")
		if l.allows() {
			t.Errorf("%s was skipped, and it is an allow", c)
		}
		l.failAt(c, ReasonProofInvalid, "", "")
		if l.allows() {
			t.Errorf("%s failed, and it is an allow", c)
		}
	}
	l := full(0)
	l.failAt(checkScope, ReasonScopeMismatch, "", "")
	if l.allows() {
		t.Error("a check failed that need not run, and it is an allow")
	}
}

// TestUnverifiedProofIsNoAllow: whatever the checks say, a proof that was
// presented and not verified is none.
func TestUnverifiedProofIsNoAllow(t *testing.T) {
	l := &ledger{}
	for _, c := range mustPass {
		l.pass(c)
	}
	key, err := multikey.NewPublicKey(sample.Key(1)[32:])
	if err != nil {
		t.Fatal(err)
	}
	own, other := &dataintegrity.Proof{}, &dataintegrity.Proof{}
	p := &proven{ledger: l, screened: &screened{proofs: []*dataintegrity.Proof{own},
		credentials: []*credential{{proofs: []*dataintegrity.Proof{other}}}, verified: verifiedProofs{{own, key}, {other, key}}}}
	if !p.verdict(nil).allow {
		t.Fatal("all proofs were verified")
	}
	for _, missing := range []*dataintegrity.Proof{own, other} {
		all := p.verified
		p.verified = slices.DeleteFunc(slices.Clone(all), func(v verifiedProof) bool { return v.proof == missing })
		if p.verdict(nil).allow {
			t.Error("a proof was not verified")
		}
		p.verified = all
	}
}

// Of several outcomes of one check the worst stands, in whatever order they come.
func TestWorstOutcomeStands(t *testing.T) {
	order := []Outcome{Skip, Pass, Warn, Fail}
	for i, first := range order {
		for j, second := range order {
			var l ledger
			l.record(checkVCValidity, Check{Result: first})
			l.record(checkVCValidity, Check{Result: second})
			if got, want := l.of(checkVCValidity), order[max(i, j)]; got != want || len(l.rows) != 1 {
				t.Errorf("%s, then %s: %s", first, second, got)
			}
		}
	}
}
