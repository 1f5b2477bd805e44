package verifier

import (
	"slices"
	"testing"

	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

// allPassed returns the findings of a decision in which every check of mustPass and the
// rules have passed, except one.
func allPassed(except check) findings {
	var f findings
	for _, c := range append(slices.Clone(mustPass), checkRules) {
		if c != except {
			f.pass(c)
		}
	}
	return f
}

// A decision allows only if every check of mustPass and the rules have passed, and no
// other check has failed.
func TestAllowNeedsEveryCheck(t *testing.T) {
	allows := func(f findings) bool { return (&decision{findings: f}).allows() }
	if !allows(allPassed(0)) {
		t.Fatal("all checks passed, and the decision is not an allow")
	}
	if allows(findings{}) {
		t.Error("nothing was checked, and the decision is an allow")
	}
	for _, c := range append(slices.Clone(mustPass), checkRules) {
		f := allPassed(c)
		if allows(f) {
			t.Errorf("%s did not run, and the decision is an allow", c)
		}
		if f.skip(c, "skipped"); allows(f) && c != checkRules { // skipped for a mandate without an action
			t.Errorf("%s was skipped, and the decision is an allow", c)
		}
		if f.failAt(c, ReasonProofInvalid, "", ""); allows(f) {
			t.Errorf("%s failed, and the decision is an allow", c)
		}
	}
	f := allPassed(0)
	if f.failAt(checkScope, ReasonScopeMismatch, "", ""); allows(f) {
		t.Error("a check failed that need not run, and the decision is an allow")
	}
}

// A proof that was presented and not verified prevents an allow, even if every check has
// passed; and rules do not run.
func TestAllowNeedsEveryProof(t *testing.T) {
	key, err := multikey.NewPublicKey(sample.Key(1)[32:])
	if err != nil {
		t.Fatal(err)
	}
	own, other := &dataintegrity.Proof{}, &dataintegrity.Proof{}
	d := &decision{findings: allPassed(0), proofs: []*dataintegrity.Proof{own}, credentials: []*credential{{proofs: []*dataintegrity.Proof{other}}}}
	d.signatures = []signature{{own, key, true}, {other, key, true}}
	if _, ok := d.prove(); !ok || !d.allows() {
		t.Fatal("all proofs were verified")
	}
	for i := range d.signatures {
		d.signatures[i].good = false
		if _, ok := d.prove(); ok || d.allows() {
			t.Errorf("proof %d was not verified", i)
		}
		d.signatures[i].good = true
	}
}

// A ledger keeps the gravest result of a check and its detail, in whatever order the
// credentials report.
func TestLedgerKeepsGravestResult(t *testing.T) {
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
			if len(rows) != 1 || rows[0].Result != results[worst] || rows[0].Detail != said {
				t.Errorf("%s, then %s: %+v", results[first], results[second], rows)
			}
			if c, bad := l.firstFailure(); bad != (worst == failed) || bad && c != rows[0] || l.failedAt(checkVCValidity) != bad ||
				l.passedAt(checkVCValidity) != (worst == passed || worst == warned) {
				t.Errorf("%s, then %s: the ledger contradicts itself", results[first], results[second])
			}
		}
	}
}

// A ledger has no row for a check that did not run.
func TestLedgerOmitsChecksThatDidNotRun(t *testing.T) {
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
