package verifier

import (
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

// A ledger collects the outcomes of the checks of one request, in the order of
// their numbers. A check that fails once has failed.
type ledger struct{ rows []ledgerRow }

type ledgerRow struct {
	check check
	Check
}

func (l *ledger) record(c check, row Check) {
	i := len(l.rows) // most come in order
	for i > 0 && l.rows[i-1].check >= c {
		i--
	}
	row.Check = c.String()
	if i == len(l.rows) || l.rows[i].check != c {
		l.rows = slices.Insert(l.rows, i, ledgerRow{c, row})
	} else if r := &l.rows[i]; severity(row.Result) > severity(r.Result) {
		r.Check = row
	}
}

// severity orders the outcomes of one check over several credentials.
func severity(o Outcome) int {
	switch o {
	case Skip:
		return 0
	case Pass:
		return 1
	case Warn:
		return 2
	}
	return 3
}

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
	_, failed := l.firstFailure()
	return failed
}

// of returns the outcome of check c, "" when it did not run.
func (l *ledger) of(c check) Outcome {
	for i := range l.rows {
		if l.rows[i].check == c {
			return l.rows[i].Result
		}
	}
	return ""
}

// failedAt reports whether check c has failed.
func (l *ledger) failedAt(c check) bool { return l.of(c) == Fail }

// passedAt reports whether check c ran and did not fail.
func (l *ledger) passedAt(c check) bool { o := l.of(c); return o == Pass || o == Warn }

// clone makes into, whose memory it uses again, a copy that can grow on its own.
func (l *ledger) clone(into *ledger) *ledger {
	into.rows = append(slices.Grow(into.rows[:0], maxRows), l.rows...)
	return into
}

// maxRows is how many checks there are, about.
const maxRows = 40

// checks returns the rows in the order of their numbers.
func (l *ledger) checks() []Check {
	out := make([]Check, len(l.rows))
	for i := range l.rows {
		out[i] = l.rows[i].Check
	}
	return out
}

// firstFailure returns the failed check with the lowest number.
func (l *ledger) firstFailure() (Check, bool) {
	for i := range l.rows {
		if r := &l.rows[i]; r.Result == Fail {
			return r.Check, true
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
