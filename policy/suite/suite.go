// Package suite answers one question: do the rules of an action decide as
// their author expects, and which of their conditions are untested? It loads
// and runs test suites for actions.
//
// A suite is a YAML file:
//
//	suite: hotel bookings
//	action: hotel.json              # beside the suite; or the content itself
//	now: 2026-05-02T10:16:00Z       # a case may have its own
//	mandates:                       # userParams by name
//	  small: {maxAmount: 100}
//	cases:
//	  - name: at the cap
//	    mandate: small              # a name, or userParams; absent is {}
//	    params: {amount: 100}
//	    expect: {decision: allow}
//	  - name: over the cap
//	    mandate: small
//	    params: {amount: 100.01}
//	    expect: {decision: deny, failed: [amount-cap]}
//
// expect is complete. decision is allow or deny. failed, errors and skipped
// list the rules with these results. faults lists the JSON pointers of the
// parameters' faults. An absent list means none. reason is the reason of the
// decision; a deny without failed and errors must name it. All rules outside
// these lists must pass when decision is allow.
//
// The parser is as strict as a JSON parser: unknown members, duplicate keys,
// aliases, anchors, tags, and numbers in a form that JSON does not have are
// errors. Only the engine of package policy runs. The package does not verify
// or sign anything.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/policy"
)

// A Suite is a test suite. [Load] returns it.
type Suite struct {
	Name   string
	action *policy.Action
	cases  []testCase
}

type testCase struct {
	name   string
	in     policy.Input
	expect expectation
}

type expectation struct {
	decision, reason                string
	failed, errors, skipped, faults []string
}

// maxCases bounds a suite.
const maxCases = 10_000

// Load reads a suite and the content that it names. The error describes the
// problem of the file. If the action does not compile, the error wraps a
// [*policy.CompileError].
func Load(fsys fs.FS, name string) (*Suite, error) {
	s, err := load(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("suite: %s: %w", name, err)
	}
	return s, nil
}

func load(fsys fs.FS, name string) (*Suite, error) {
	b, err := read(fsys, name)
	if err != nil {
		return nil, err
	}
	root, err := parseYAML(b)
	if err != nil {
		return nil, err
	}
	r := jsonread.New(root)
	r.Only("suite", "action", "now", "mandates", "cases")
	s := &Suite{Name: r.Filled("suite")}
	content := root.Get("action")
	if file, ok := content.String(); ok {
		if b, err = read(fsys, path.Join(path.Dir(name), file)); err != nil {
			return nil, err
		}
		d, err := canonical.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		content = d.Root()
	}
	if r.Err() == nil {
		if s.action, err = policy.Compile(content); err != nil {
			return nil, err
		}
	}
	mandates := r.ObjectIf("mandates")
	cases := r.Objects("cases")
	if len(cases) == 0 || len(cases) > maxCases {
		r.Fail(root.Get("cases"), "cases is no list of 1 to %d", maxCases)
	}
	seen := map[string]bool{}
	for _, c := range cases {
		t := readCase(&c, &mandates, &r)
		if seen[t.name] {
			c.Fail(c.At, "two cases are called %q", t.name)
		}
		seen[t.name] = true
		s.cases = append(s.cases, t)
	}
	return s, r.Err()
}

func read(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(b) > maxFileBytes {
		err = fmt.Errorf("%s has more than %d bytes", name, maxFileBytes)
	}
	return b, err
}

// sorted reads a list of texts that may be absent.
func sorted(r *jsonread.Reader, name string) []string {
	list := r.TextsIf(name)
	slices.Sort(list)
	return list
}

// readCase reads a case of a suite, whose mandates it may name, and whose time it
// may replace.
func readCase(c, mandates, suite *jsonread.Reader) testCase {
	c.Only("name", "mandate", "params", "now", "expect")
	t := testCase{name: c.Filled("name")}
	if name, ok := c.At.Get("mandate").String(); ok {
		if !mandates.Has(name) {
			c.Fail(c.At, "there is no mandate %.40q", name)
		}
		t.in.UserParams = mandates.ObjectIf(name).At
	} else {
		t.in.UserParams = c.ObjectIf("mandate").At
	}
	t.in.ExecutionParams = c.ObjectIf("params").At
	clock := suite
	if c.Has("now") {
		clock = c
	}
	at, err := time.Parse(time.RFC3339Nano, clock.Text("now"))
	if err != nil {
		clock.Fail(clock.At.Get("now"), "now is no time like 2026-05-02T10:16:00Z")
	}
	t.in.Now = at
	e := c.Object("expect")
	e.Only("decision", "reason", "failed", "errors", "skipped", "faults")
	t.expect = expectation{e.Text("decision"), e.TextIf("reason"), sorted(&e, "failed"), sorted(&e, "errors"), sorted(&e, "skipped"), sorted(&e, "faults")}
	switch denies := len(t.expect.failed)+len(t.expect.errors) > 0; {
	case t.expect.decision != "allow" && t.expect.decision != "deny":
		e.Fail(e.At, "decision is neither allow nor deny")
	case t.expect.decision == "allow" && (denies || len(t.expect.reason)+len(t.expect.faults) > 0):
		e.Fail(e.At, "an allow has no reason, nothing failed, and no errors")
	case t.expect.decision == "deny" && !denies && t.expect.reason == "":
		e.Fail(e.At, "a deny says which rules failed, or its reason")
	}
	return t
}

// A Report is the outcome of one suite. The zero Report has not passed.
type Report struct {
	Suite   string
	Results []Result
	// Branches are the conditions of all rules, with the values that they had
	// in any of the cases.
	Branches []policy.Branch
}

// A Result is the outcome of one case.
type Result struct {
	Case string
	// Problems lists the differences from the expectation. A case without
	// problems passed.
	Problems []string
}

// Passed reports whether there are results and none of them has problems.
func (r *Report) Passed() bool {
	return len(r.Results) > 0 && !slices.ContainsFunc(r.Results, func(r Result) bool { return len(r.Problems) > 0 })
}

// Coverage returns the number of outcomes that the cases covered, and the
// number of all outcomes: two for each condition.
func (r *Report) Coverage() (had, all int) {
	for _, b := range r.Branches {
		all += 2
		if b.True {
			had++
		}
		if b.False {
			had++
		}
	}
	return had, all
}

// Run runs every case. It returns an error only if ctx is done before every
// case has a decision.
func (s *Suite) Run(ctx context.Context) (*Report, error) {
	if s == nil || s.action == nil {
		return nil, errors.New("suite: it was not loaded")
	}
	report := &Report{Suite: s.Name}
	for _, c := range s.cases {
		d, err := s.action.Evaluate(ctx, c.in)
		if err != nil {
			return nil, fmt.Errorf("suite: case %q: %w", c.name, err)
		}
		report.Results = append(report.Results, Result{c.name, c.expect.compare(d)})
		branches, err := s.action.Branches(ctx, c.in)
		if err != nil {
			return nil, fmt.Errorf("suite: case %q: %w", c.name, err)
		}
		if report.Branches == nil {
			report.Branches = branches
			continue
		}
		for i, b := range branches {
			report.Branches[i].True = report.Branches[i].True || b.True
			report.Branches[i].False = report.Branches[i].False || b.False
		}
	}
	return report, nil
}

// compare returns the differences from the expectation.
func (e *expectation) compare(d *policy.Decision) []string {
	var problems []string
	differ := func(what, got, want string) {
		if got != want {
			problems = append(problems, fmt.Sprintf("%s: got %s, want %s", what, got, want))
		}
	}
	decision := "deny"
	if d.Allow {
		decision = "allow"
	}
	differ("decision", decision, e.decision)
	if e.reason != "" {
		differ("reason", string(d.Reason), e.reason)
	}
	rules := map[policy.Result][]string{}
	for _, v := range d.Evaluations {
		rules[v.Result] = append(rules[v.Result], v.Rule)
	}
	var faults []string
	for _, f := range d.Faults {
		faults = append(faults, f.Pointer)
	}
	differ("failed", list(rules[policy.ResultFail]), list(e.failed))
	differ("errors", list(rules[policy.ResultError]), list(e.errors))
	differ("skipped", list(rules[policy.ResultSkip]), list(e.skipped))
	differ("faults", list(faults), list(e.faults))
	if len(problems) > 0 {
		for _, v := range d.Evaluations {
			if v.Result == policy.ResultFail || v.Result == policy.ResultError {
				problems = append(problems, v.Rule+": "+v.Reason)
			}
		}
	}
	return problems
}

func list(names []string) string {
	names = slices.Sorted(slices.Values(names))
	return "[" + strings.Join(names, ", ") + "]"
}
