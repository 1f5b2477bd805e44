package verifier

import (
	"fmt"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
)

// A check has a number, which orders it: of the checks that fail, the lowest
// gives the reason of the deny. Numbers are stable.
type check uint8

const (
	checkVPStructure        check = 10
	checkVPContext          check = 12
	checkVPProofForm        check = 14
	checkVPChallenge        check = 16
	checkVPDomain           check = 17
	checkVPFreshness        check = 18
	checkVCStructure        check = 20
	checkVCContext          check = 22
	checkVCProofForm        check = 24
	checkMandateSelect      check = 26
	checkMandateShape       check = 28
	checkIssuerTrusted      check = 30
	checkIssuerKey          check = 40
	checkVCProof            check = 42
	checkIssuerBinding      check = 44
	checkGrantorProofs      check = 46
	checkVCValidity         check = 50
	checkVCStatus           check = 52
	checkVCEvidence         check = 54
	checkHolderAuthorized   check = 60
	checkVerifierAuthorized check = 62
	checkScope              check = 64
	checkHolderKey          check = 70
	checkVPProof            check = 72
	checkHolderBinding      check = 74
	checkActionRequired     check = 80
	checkActionSource       check = 82
	checkActionDigest       check = 84
	checkActionCompile      check = 86
	checkParamsBound        check = 88
	checkUserParams         check = 90
	checkExecutionParams    check = 92
	checkRules              check = 94
	checkReplay             check = 98
)

// checkNames are what the checks are called in answers and receipts.
var checkNames = [...]string{
	checkVPStructure:        "vp.structure",
	checkVPContext:          "vp.context",
	checkVPProofForm:        "vp.proof.form",
	checkVPChallenge:        "vp.challenge",
	checkVPDomain:           "vp.domain",
	checkVPFreshness:        "vp.freshness",
	checkVCStructure:        "vc.structure",
	checkVCContext:          "vc.context",
	checkVCProofForm:        "vc.proof.form",
	checkMandateSelect:      "mandate.select",
	checkMandateShape:       "mandate.shape",
	checkIssuerTrusted:      "issuer.trusted",
	checkIssuerKey:          "issuer.key",
	checkVCProof:            "vc.proof",
	checkIssuerBinding:      "issuer.binding",
	checkGrantorProofs:      "grantor.proofs",
	checkVCValidity:         "vc.validity",
	checkVCStatus:           "vc.status",
	checkVCEvidence:         "vc.evidence",
	checkHolderAuthorized:   "holder.authorized",
	checkVerifierAuthorized: "verifier.authorized",
	checkScope:              "scope",
	checkHolderKey:          "holder.key",
	checkVPProof:            "vp.proof",
	checkHolderBinding:      "holder.binding",
	checkActionRequired:     "action.required",
	checkActionSource:       "action.source",
	checkActionDigest:       "action.digest",
	checkActionCompile:      "action.compile",
	checkParamsBound:        "params.bound",
	checkUserParams:         "userParams.shape",
	checkExecutionParams:    "executionParams.shape",
	checkRules:              "rules",
	checkReplay:             "replay",
}

func (c check) String() string { return checkNames[c] }

// mustPass are the checks that an allow needs a pass of. That none has failed is not
// enough: a check that never ran has not failed either. Other checks may be skipped,
// such as vc.status for a credential without a status.
var mustPass = []check{checkVPStructure, checkVPContext, checkVPProofForm, checkVPFreshness, checkVCStructure, checkVCContext,
	checkVCProofForm, checkMandateSelect, checkMandateShape, checkIssuerTrusted, checkIssuerKey, checkVCProof, checkIssuerBinding,
	checkVCValidity, checkHolderAuthorized, checkHolderKey, checkVPProof, checkHolderBinding, checkActionRequired}

// The results of a check. Only Fail denies.
const (
	Pass = "pass"
	Fail = "fail"
	Warn = "warn" // passed, with something a careful reader should know
	Skip = "skip" // nothing to check: the request or the document does not call for it
)

// A Check is one row of the list of checks that ran.
type Check struct {
	Check   string // a stable name, such as vc.proof
	Result  string // Pass, Fail, Warn or Skip
	Code    Reason // of a failed check
	Pointer string // RFC 6901 pointer in the presentation, where there is one
	Detail  string // for people; may quote the presentation
}

// A ledger collects the results of the checks of one request. A check that fails
// once has failed. The zero ledger holds no check. Only one of a ledger and its copies
// may be written to: they share notes.
type ledger struct {
	results [checkReplay + 1]severity // by number
	notes   []note                    // only appended to; the last of a check counts
}

// A severity orders the results of one check over several credentials. The zero
// severity says that the check did not run.
type severity = byte

const (
	notRun severity = iota
	skipped
	passed
	warned
	failed
)

var results = [...]string{skipped: Skip, passed: Pass, warned: Warn, failed: Fail}

// A note is what there is to say about a check that did not just pass.
type note struct {
	check           check
	code            Reason
	pointer, detail string
}

// record notes a result that is graver than those before it.
func (l *ledger) record(result severity, n note) {
	if result <= l.results[n.check] {
		return
	}
	l.results[n.check] = result
	if result != passed {
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
	if !l.failedAt(c) { // or neither pointer nor text is needed: the first failure counts
		l.failAt(c, why, at.Pointer(), fmt.Sprintf(format, args...))
	}
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

// mayAllow reports whether all checks that must pass have passed, and none has
// failed.
func (l *ledger) mayAllow() bool {
	return !l.failed() && !slices.ContainsFunc(mustPass, func(c check) bool { return !l.passedAt(c) })
}

// row returns the result of check c, which ran.
func (l *ledger) row(c check) Check {
	row := Check{Check: c.String(), Result: results[l.results[c]]}
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
	var out []Check
	for c, result := range l.results {
		if result != notRun {
			out = append(out, l.row(check(c)))
		}
	}
	return out
}

// firstFailure returns the failed check with the lowest number.
func (l *ledger) firstFailure() (Check, bool) {
	if i := slices.Index(l.results[:], failed); i >= 0 {
		return l.row(check(i)), true
	}
	return Check{}, false
}

// shorten bounds text of the input, or of an error, in messages and receipts.
func shorten(s string) string { return quote.Cut(s, 200) }
