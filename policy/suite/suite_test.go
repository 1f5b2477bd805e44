package suite_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mandate-engine/mandate/policy/suite"
)

const (
	content = `{"name": "a", "executionParams": {"amount": "number", "flag": "boolean"}, "rules": [
		{"name": "cap", "expression": "executionParams.amount <= 5.0"}, {"name": "flag", "effect": "forbid", "expression": "has(executionParams.flag) && executionParams.flag"}]}`
	head = "suite: s\naction: a.json\nnow: 2026-05-02T10:16:00Z\nmandates: {none: {}}\ncases:\n"
)

func load(t *testing.T, text string) (*suite.Suite, error) {
	t.Helper()
	return suite.Load(fstest.MapFS{"d/s.yaml": {Data: []byte(text)}, "d/a.json": {Data: []byte(content)}, "d/bad.json": {Data: []byte(`{"name": "a", "rules": [{"name": "r", "expression": "1"}]}`)}}, "d/s.yaml")
}

func run(t *testing.T, text string) *suite.Report {
	t.Helper()
	s, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The shipped suites pass and cover every outcome of every condition.
func TestShipped(t *testing.T) {
	s, err := suite.Load(os.DirFS("testdata"), "vendor.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Results {
		if len(c.Problems) > 0 {
			t.Errorf("%s: %v", c.Case, c.Problems)
		}
	}
	for _, b := range r.Branches {
		if !b.True || !b.False {
			t.Logf("%s: %s: true %v, false %v", b.Rule, b.Source, b.True, b.False)
		}
	}
	if had, all := r.Coverage(); !r.Passed() || had < all*9/10 {
		t.Errorf("%d of %d outcomes", had, all)
	}
}

func TestProblems(t *testing.T) {
	tests := []struct{ name, params, expect, want string }{
		{"as expected", "{amount: 5}", "{decision: allow}", ""},
		{"and denied", "{amount: 6}", "{decision: deny, failed: [cap]}", ""},
		{"and an error", "{}", "{decision: deny, errors: [cap]}", ""},
		{"and where", "{x: 1}", "{decision: deny, reason: execution_params_invalid, faults: [/x]}", ""},
		{"denied after all", "{amount: 6}", "{decision: allow}", "decision: got deny, want allow"},
		{"allowed after all", "{amount: 5}", "{decision: deny, failed: [cap]}", "decision: got allow, want deny"},
		{"another rule", "{amount: 6, flag: true}", "{decision: deny, failed: [cap]}", "failed: got [cap, flag], want [cap]"},
		{"an error, not a failure", "{}", "{decision: deny, failed: [cap]}", "failed: got [], want [cap]"},
		{"a failure, not an error", "{amount: 6}", "{decision: deny, errors: [cap]}", "failed: got [cap], want []"},
		{"nothing skipped", "{amount: 5}", "{decision: allow, skipped: [cap]}", "skipped: got [], want [cap]"},
		{"another reason", "{amount: 6}", "{decision: deny, failed: [cap], reason: rule_error}", "reason: got rule_failed, want rule_error"},
		{"another fault", "{x: 1}", "{decision: deny, reason: execution_params_invalid, faults: [/y]}", "faults: got [/x], want [/y]"},
		{"a fault that is not expected", "{x: 1, amount: a}", "{decision: deny, reason: execution_params_invalid, faults: [/x]}", "faults: got [/amount, /x], want [/x]"},
		{"no fault is named", "{amuont: 5}", "{decision: deny, reason: execution_params_invalid}", "faults: got [/amuont], want []"},
		{"no fault is expected", "{x: 1}", "{decision: deny, reason: execution_params_invalid, faults: []}", "faults: got [/x], want []"},
		{"a failure, and no fault", "{x: 1}", "{decision: deny, reason: rule_failed, faults: []}", "reason: got execution_params_invalid, want rule_failed"},
		{"a fault, not a failure", "{x: 1}", "{decision: deny, failed: [cap]}", "failed: got [], want [cap]"},
	}
	for _, tt := range tests {
		r := run(t, head+"  - {name: c, mandate: none, params: "+tt.params+", expect: "+tt.expect+"}\n")
		got := ""
		if p := r.Results[0].Problems; len(p) > 0 {
			got = p[0]
		}
		if got != tt.want || r.Passed() != (tt.want == "") {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCoverage(t *testing.T) {
	r := run(t, head+"  - {name: a, params: {amount: 5}, expect: {decision: allow}}\n  - {name: b, params: {amount: 6, flag: false}, expect: {decision: deny, failed: [cap]}}\n")
	var got []string
	for _, b := range r.Branches {
		got = append(got, fmt.Sprint(b.Rule, " ", b.Source, " ", b.True, " ", b.False))
	}
	want := []string{"cap executionParams.amount <= 5.0 true true", "flag has(executionParams.flag) && executionParams.flag false true",
		"flag has(executionParams.flag) true true", "flag executionParams.flag false true"}
	if had, all := r.Coverage(); !slices.Equal(got, want) || had != 6 || all != 8 {
		t.Errorf("%d of %d: %v", had, all, got)
	}
	if new(suite.Report).Passed() {
		t.Error("the zero Report passed")
	}
}

func TestLoadRefuses(t *testing.T) {
	const c = "  - {name: c, params: {amount: 5}, expect: {decision: allow}}\n"
	tests := []struct{ name, text, want string }{
		{"empty", "", "EOF"},
		{"no YAML", "a: [", "yaml"},
		{"two documents", head + c + "---\na: 1\n", "more than one document"},
		{"no cases", strings.TrimSuffix(head, "cases:\n") + "cases: []\n", "cases is no list"},
		{"unknown member", head + c + "only: x\n", `unknown member "only"`},
		{"unknown member of a case", head + "  - {name: c, skip: true, expect: {decision: allow}}\n", `unknown member "skip"`},
		{"unknown expectation", head + "  - {name: c, expect: {decision: allow, passed: [cap]}}\n", `unknown member "passed"`},
		{"no expectation", head + "  - {name: c}\n", "expect is missing"},
		{"no decision", head + "  - {name: c, expect: {}}\n", "decision is missing"},
		{"another decision", head + "  - {name: c, expect: {decision: maybe}}\n", "neither allow nor deny"},
		{"deny of nothing", head + "  - {name: c, expect: {decision: deny}}\n", "says which rules failed"},
		{"allow with faults", head + "  - {name: c, expect: {decision: allow, faults: [/x]}}\n", "an allow has no reason"},
		{"allow with a failure", head + "  - {name: c, expect: {decision: allow, failed: [cap]}}\n", "an allow has no reason"},
		{"no name", head + "  - {expect: {decision: allow}}\n", "name is missing"},
		{"the same name", head + c + c, `two cases are called "c"`},
		{"no such mandate", head + "  - {name: c, mandate: x, expect: {decision: allow}}\n", `no mandate "x"`},
		{"params that are a list", head + "  - {name: c, params: [], expect: {decision: allow}}\n", "params is of type array, not an object"},
		{"no time", strings.Replace(head, "now: 2026-05-02T10:16:00Z\n", "", 1) + c, "now is missing"},
		{"a time of a case", head + "  - {name: c, now: soon, expect: {decision: allow}}\n", "now is no time"},
		{"failed is of type string, not a list", head + "  - {name: c, expect: {decision: deny, failed: cap}}\n", "failed is of type string, not a list"},
		{"no such action", strings.Replace(head, "a.json", "b.json", 1) + c, "b.json"},
		{"an action elsewhere", strings.Replace(head, "a.json", "../../a.json", 1) + c, "../a.json"},
		{"an action that does not compile", strings.Replace(head, "a.json", "bad.json", 1) + c, "not_bool"},
		{"duplicate key", head + "  - {name: c, name: d, expect: {decision: allow}}\n", "duplicate"},
		{"alias", strings.Replace(head, "{none: {}}", "{none: {m: &x 1, n: *x}}", 1) + c, "aliases, anchors and tags"},
		{"anchor", strings.Replace(head, "{none: {}}", "{none: &x {}}", 1) + c, "anchors and tags"},
		{"merge", strings.Replace(head, "{none: {}}", "{none: {<<: {}}}", 1) + c, "the key"},
		{"tag", strings.Replace(head, "{none: {}}", "{none: {m: !x 1}}", 1) + c, "anchors and tags"},
		{"tagged number", strings.Replace(head, "{none: {}}", "{none: {m: !!float 4}}", 1) + c, "anchors and tags"},
		{"tagged text", strings.Replace(head, "{none: {}}", "{none: {m: !!str 5}}", 1) + c, "anchors and tags"},
		{"tagged key", strings.Replace(head, "{none: {}}", "{none: {!!str m: 1}}", 1) + c, "anchors and tags"},
		{"anchored text", strings.Replace(head, "{none: {}}", "{none: {m: &x a}}", 1) + c, "anchors and tags"},
		{"tagged mapping", strings.Replace(head, "{none: {}}", "{none: !x {}}", 1) + c, "anchors and tags"},
		{"merged value", strings.Replace(head, "{none: {}}", "{none: {m: <<}}", 1) + c, "quote it"},
		{"octal", strings.Replace(head, "{none: {}}", "{none: {m: 0o17}}", 1) + c, "no number in JSON"},
		{"infinity", strings.Replace(head, "{none: {}}", "{none: {m: .inf}}", 1) + c, "no number in JSON"},
		{"another true", strings.Replace(head, "{none: {}}", "{none: {m: True}}", 1) + c, "write true or false"},
		{"numeric key", strings.Replace(head, "{none: {}}", "{none: {5: 1}}", 1) + c, "the key"},
		{"too large", strings.Repeat("#", 1<<20+1), "more than"},
	}
	for _, tt := range tests {
		if _, err := load(t, tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestRunEnds(t *testing.T) {
	if _, err := new(suite.Suite).Run(t.Context()); err == nil {
		t.Error("the zero Suite ran")
	}
	s, err := load(t, head+"  - {name: c, params: {amount: 5}, expect: {decision: allow}}\n")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(ctx); err == nil {
		t.Error("a done context, and no error")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(head + "  - {name: c, params: {amount: 5}, expect: {decision: allow}}\n")
	f.Add("suite: s\nnow: 2026-05-02\naction: {name: a}\ncases:\n- name: |\n    x\n  expect: {decision: allow}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := load(t, text)
		if (s == nil) != (err != nil) {
			t.Fatalf("%v, %v", s, err)
		}
		if err == nil {
			if _, err := s.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
