package verifier

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonescape"
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

// A ledger collects the outcomes of the checks of one request. A check that fails
// once has failed. The zero ledger is of no check.
type ledger struct {
	results [checkReplay + 1]severity // by number
	notes   []note
}

// A severity orders the outcomes of one check over several credentials. The zero
// severity says that the check did not run.
type severity = byte

const (
	notRun severity = iota
	skipped
	passed
	warned
	failed
)

var outcomes = [...]Outcome{skipped: Skip, passed: Pass, warned: Warn, failed: Fail}

// A note is what there is to say of a check, one at most of each. It is out of date
// when the check has passed since.
type note struct {
	check           check
	code            Reason
	pointer, detail string
}

// record notes an outcome that is graver than those before it.
func (l *ledger) record(result severity, n note) {
	if result <= l.results[n.check] {
		return
	}
	l.results[n.check] = result
	if result == passed {
		return
	}
	if i := slices.IndexFunc(l.notes, func(other note) bool { return other.check == n.check }); i >= 0 {
		l.notes[i] = n
	} else {
		l.notes = append(l.notes, n)
	}
}

func (l *ledger) pass(c check) { l.record(passed, note{check: c}) }

func (l *ledger) skip(c check, why string) { l.record(skipped, note{check: c, detail: why}) }

func (l *ledger) warn(c check, at canonical.Value, detail string) {
	l.record(warned, note{check: c, pointer: at.Pointer(), detail: detail})
}

// fail records a failure. at may be absent.
func (l *ledger) fail(c check, why Reason, at canonical.Value, format string, args ...any) {
	l.failAt(c, why, at.Pointer(), fmt.Sprintf(format, args...))
}

func (l *ledger) failAt(c check, why Reason, pointer, detail string) {
	l.record(failed, note{c, why, shorten(pointer), detail})
}

// failed reports whether any check has failed.
func (l *ledger) failed() bool { return slices.Contains(l.results[:], failed) }

// failedAt reports whether check c has failed.
func (l *ledger) failedAt(c check) bool { return l.results[c] == failed }

// passedAt reports whether check c ran and did not fail.
func (l *ledger) passedAt(c check) bool { return l.results[c] == passed || l.results[c] == warned }

// clone returns a copy that can grow on its own.
func (l *ledger) clone() *ledger { return &ledger{l.results, slices.Clone(l.notes)} }

// row returns what check c, which ran, has said.
func (l *ledger) row(c check) Check {
	row := Check{Check: c.String(), Result: outcomes[l.results[c]]}
	if l.results[c] == passed {
		return row
	}
	for i := range l.notes {
		if n := &l.notes[i]; n.check == c {
			row.Code, row.Pointer, row.Detail = n.code, n.pointer, n.detail
		}
	}
	return row
}

// checks returns the rows in the order of their numbers.
func (l *ledger) checks() []Check {
	out := make([]Check, 0, l.ran())
	for c, result := range l.results {
		if result != notRun {
			out = append(out, l.row(check(c)))
		}
	}
	return out
}

// ran returns how many checks ran.
func (l *ledger) ran() int { return len(l.results) - bytes.Count(l.results[:], []byte{notRun}) }

// firstFailure returns the failed check with the lowest number.
func (l *ledger) firstFailure() (Check, bool) {
	if i := slices.Index(l.results[:], failed); i >= 0 {
		return l.row(check(i)), true
	}
	return Check{}, false
}

// shorten bounds text of the input, or of an error, in messages and receipts.
// What it returns can be written as JSON whatever it was given.
func shorten(s string) string {
	const most = 200
	if len(s) <= most && jsonescape.Plain(s) {
		return s
	}
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
