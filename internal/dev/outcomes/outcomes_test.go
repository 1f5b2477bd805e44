package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/testvectors"
	"github.com/mandate-engine/mandate/verifier"
)

// share is n when one case of n is to do, as it takes long otherwise.
func share() int {
	switch {
	case raced:
		return 50
	case testing.Short():
		return 10
	}
	return 1
}

// TestOutcomes decides everything again. It fails when something differs from the
// committed files that readers of receipts can see.
func TestOutcomes(t *testing.T) {
	cases, err := all()
	if err != nil {
		t.Fatal(err)
	}
	c, err := readCommitted("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if c.version() != verifier.Version {
		t.Fatalf("testdata is of version %s, verifier.Version is %s: run go run ./internal/dev/outcomes -update", c.version(), verifier.Version)
	}
	if share() > 1 {
		some := cases[:0]
		for i, c := range cases {
			if i%share() == 0 {
				some = append(some, c)
			}
		}
		cases = some
	} else if len(cases) != len(c.lines) {
		t.Errorf("there are %d cases, testdata has %d: run go run ./internal/dev/outcomes -update", len(cases), len(c.lines))
	}
	changed, others := 0, 0
	for _, d := range c.differences(decideAll(cases)) {
		if slices.Equal(d.columns, []string{columnNames[texts]}) || slices.Equal(d.columns, []string{columnNames[counts]}) {
			others++
			continue
		}
		if changed++; changed <= 20 {
			t.Errorf("%s: %s (%s, was %s)", d.name, strings.Join(d.columns, ", "), d.is, d.was)
		}
	}
	if changed > 0 {
		t.Errorf("%d cases: an outcome changed: raise verifier.Version and run go run ./internal/dev/outcomes -update", changed)
	}
	if others > 0 {
		t.Logf("%d cases have other texts or counts: see go run ./internal/dev/outcomes -check", others)
	}
}

// TestCorpus compares what this command sees of the corpus with what the runner
// of testvectors sees.
func TestCorpus(t *testing.T) {
	list, err := testvectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range list {
		if c.Area != "verify" || i%share() != 0 {
			continue
		}
		var q question
		if err := json.Unmarshal(c.Question(), &q); err != nil {
			t.Fatal(err)
		}
		outcome := firstOutcome(t, q.Input.world())
		var want struct{ Decision, Reason, Check, Error string }
		result := testvectors.Run(t.Context(), c)
		if err := json.Unmarshal([]byte(result.Got), &want); err != nil {
			t.Fatal(err)
		}
		var got string
		switch want.Decision {
		case "allow":
			got = "allow"
		case "deny":
			got = "deny " + want.Reason + " " + want.Check
		default:
			got = "request " + want.Error
		}
		if want.Error == "unavailable" && strings.HasPrefix(outcome, "none ") {
			got = outcome
		}
		if got != outcome || !result.Passed {
			t.Errorf("%s: got %s, testvectors says %s", c.ID, outcome, got)
		}
	}
}

// firstOutcome decides once.
func firstOutcome(t *testing.T, w *world) string {
	defer w.end()
	v, err := verifier.New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{}
	for _, params := range w.before {
		req := w.req
		req.ExecutionParams = params
		r.verify("before", v, w, req)
	}
	outcome, _, _ := r.verify("first", v, w, w.req)
	return outcome
}

// TestDeterministic decides some cases twice.
func TestDeterministic(t *testing.T) {
	for seed := range uint64(50 / share()) {
		a, b := decideScene("x", seed), decideScene("x", seed)
		for i := range a.lines {
			if a.short() != b.short() || a.lines[i] != b.lines[i] {
				t.Fatalf("seed %d: %v, then %v", seed, a.lines[i], b.lines[i])
			}
		}
	}
}

// TestReasons finds reasons that the histogram does not know.
func TestReasons(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../../verifier/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if !slices.Contains(allReasons, verifier.Reason(text)) {
			t.Errorf("%s is missing", spec.Names[0].Name)
		}
		return true
	})
}
