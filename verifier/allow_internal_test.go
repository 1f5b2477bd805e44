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
	if (&verdict{}).allow || (&proven{ledger: &ledger{}, screened: &screened{parsed: &parsed{}}}).verdict(nil).allow {
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
	p := &proven{ledger: l, screened: &screened{parsed: &parsed{}, proofs: []*dataintegrity.Proof{own},
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

// Of several outcomes of one check the worst stands, with what it says, in whatever
// order they come.
func TestWorstOutcomeStands(t *testing.T) {
	order := []severity{skipped, passed, warned, failed}
	for _, first := range order {
		for _, second := range order {
			var l ledger
			l.record(first, note{check: checkVCValidity, detail: "first"})
			l.record(second, note{check: checkVCValidity, detail: "second"})
			worst, said := first, "first"
			if second > first {
				worst, said = second, "second"
			}
			if worst == passed {
				said = ""
			}
			rows := l.checks()
			if len(rows) != 1 || rows[0].Result != outcomes[worst] || rows[0].Detail != said {
				t.Errorf("%s, then %s: %+v", outcomes[first], outcomes[second], rows)
			}
			if c, bad := l.firstFailure(); bad != (worst == failed) || bad && c != rows[0] || l.failedAt(checkVCValidity) != bad ||
				l.passedAt(checkVCValidity) != (worst == passed || worst == warned) {
				t.Errorf("%s, then %s: the ledger contradicts itself", outcomes[first], outcomes[second])
			}
		}
	}
}

// No check is said to have an outcome that it has not.
func TestOutcomesOfChecksThatDidNotRun(t *testing.T) {
	var l ledger
	if rows := l.checks(); len(rows) != 0 || l.failed() || l.passedAt(checkVPProof) || l.failedAt(checkVPProof) {
		t.Errorf("the zero ledger has %v", rows)
	}
	l.failAt(checkReplay, ReasonPresentationReplayed, "/x", "why") // the last one there is
	l.pass(checkVPStructure)
	want := []Check{{Check: "vp.structure", Result: Pass}, {Check: "replay", Result: Fail, Code: ReasonPresentationReplayed, Pointer: "/x", Detail: "why"}}
	if rows := l.checks(); !slices.Equal(rows, want) {
		t.Errorf("got %v", rows)
	}
}
