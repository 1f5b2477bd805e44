package verifier

import "testing"

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
