package verifier

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
)

// An Outcome is the outcome of one check.
type Outcome string

// The outcomes. Only Fail denies.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn" // passed, with something a careful reader should know
	Skip Outcome = "skip" // nothing to check: the request or the document does not call for it
)

// A Check is one row of the list of checks that ran.
type Check struct {
	Check   string // a stable name, such as vc.proof
	Result  Outcome
	Code    Reason // of a failed check
	Pointer string // RFC 6901 pointer in the presentation, where there is one
	Detail  string // for people; may quote the presentation
}

// A ledger collects the outcomes of the checks of one request. A check that
// fails once has failed.
type ledger struct{ rows []ledgerRow }

type ledgerRow struct {
	check check
	Check
}

func (l *ledger) record(c check, row Check) {
	row.Check = c.String()
	for i := range l.rows {
		if r := &l.rows[i]; r.check == c {
			if severity(row.Result) > severity(r.Result) {
				r.Check = row
			}
			return
		}
	}
	l.rows = append(l.rows, ledgerRow{c, row})
}

// severity orders the outcomes of one check over several credentials.
func severity(o Outcome) int { return slices.Index([]Outcome{Skip, Pass, Warn, Fail}, o) }

func (l *ledger) pass(c check) { l.record(c, Check{Result: Pass}) }

func (l *ledger) skip(c check, why string) { l.record(c, Check{Result: Skip, Detail: why}) }

func (l *ledger) warn(c check, at canonical.Value, detail string) {
	l.record(c, Check{Result: Warn, Pointer: at.Pointer(), Detail: detail})
}

// fail records a failure. at may be absent.
func (l *ledger) fail(c check, why Reason, at canonical.Value, format string, args ...any) {
	l.failAt(c, why, at.Pointer(), fmt.Sprintf(format, args...))
}

func (l *ledger) failAt(c check, why Reason, pointer, detail string) {
	l.record(c, Check{Result: Fail, Code: why, Pointer: shorten(pointer), Detail: detail})
}

// failed reports whether any check has failed.
func (l *ledger) failed() bool {
	return slices.ContainsFunc(l.rows, func(r ledgerRow) bool { return r.Result == Fail })
}

// failedAt reports whether check c has failed.
func (l *ledger) failedAt(c check) bool {
	return slices.ContainsFunc(l.rows, func(r ledgerRow) bool { return r.check == c && r.Result == Fail })
}

// passedAt reports whether check c ran and did not fail.
func (l *ledger) passedAt(c check) bool {
	return slices.ContainsFunc(l.rows, func(r ledgerRow) bool { return r.check == c && (r.Result == Pass || r.Result == Warn) })
}

// clone returns a copy that can grow on its own.
func (l *ledger) clone() *ledger { return &ledger{rows: slices.Clone(l.rows)} }

// checks returns the rows in the order of their numbers.
func (l *ledger) checks() []Check {
	rows := slices.Clone(l.rows)
	slices.SortStableFunc(rows, func(a, b ledgerRow) int { return cmp.Compare(a.check, b.check) })
	out := make([]Check, len(rows))
	for i, r := range rows {
		out[i] = r.Check
	}
	return out
}

// firstFailure returns the failed check with the lowest number.
func (l *ledger) firstFailure() (Check, bool) {
	for _, c := range l.checks() {
		if c.Result == Fail {
			return c, true
		}
	}
	return Check{}, false
}

// shorten bounds text of the input, or of an error, in messages and receipts.
// What it returns can be written as JSON whatever it was given.
func shorten(s string) string {
	const most = 200
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF { // noncharacters
			return utf8.RuneError
		}
		return r // RuneError for what is no UTF-8
	}, s)
}
