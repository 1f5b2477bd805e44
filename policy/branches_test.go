package policy

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

func branches(t *testing.T, a *Action, exec string) string {
	t.Helper()
	list, err := a.Branches(t.Context(), Input{ExecutionParams: parse(t, exec), Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range list {
		s := fmt.Sprintf("%s:%d:%d %s", b.Rule, b.Line, b.Column, b.Source)
		if b.True {
			s += " T"
		}
		if b.False {
			s += " F"
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestBranches(t *testing.T) {
	tests := []struct{ name, expression, exec, want string }{
		{"comparison", `executionParams.amount <= 5`, `{"amount": 5}`, `r:1:24 executionParams.amount <= 5 T`},
		{"not evaluated", `executionParams.amount <= 5 || executionParams.flag`, `{"amount": 5}`,
			"r:1:29 executionParams.amount <= 5 || executionParams.flag T\nr:1:24 executionParams.amount <= 5 T\nr:1:47 executionParams.flag"},
		{"negated", `!(executionParams.amount <= 5)`, `{"amount": 5}`, "r:1:1 !(executionParams.amount <= 5) F\nr:1:26 executionParams.amount <= 5 T"},
		{"condition", `executionParams.flag ? executionParams.amount <= 5 : false`, `{"flag": true, "amount": 6}`,
			"r:1:22 executionParams.flag ? (executionParams.amount <= 5) : false F\nr:1:16 executionParams.flag T\nr:1:47 executionParams.amount <= 5 F"},
		{"macro", `executionParams.to.all(v, v == "a")`, `{"to": ["a", "b"]}`, "r:1:23 executionParams.to.all(v, v == \"a\") F\nr:1:29 v == \"a\" F"},
		{"error", `executionParams.amount <= 5`, `{}`, `r:1:24 executionParams.amount <= 5`},
		{"invalid", `executionParams.amount <= 5`, `{"x": 1}`, `r:1:24 executionParams.amount <= 5`},
	}
	for _, tt := range tests {
		if got := branches(t, mustCompile(t, typed(tt.expression)), tt.exec); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
	skipped := mustCompile(t, `{"name": "a", "tools": ["x", "y"], "rules": [{"name": "r", "appliesTo": ["x"], "expression": "executionParams.tool == 'x'"}]}`)
	if got := branches(t, skipped, `{"tool": "y"}`); got != `r:1:22 executionParams.tool == "x"` {
		t.Errorf("skipped: %s", got)
	}
	if _, err := skipped.Branches(t.Context(), Input{ExecutionParams: canonical.Value{}}); err == nil {
		t.Error("no time, and no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := skipped.Branches(ctx, Input{Now: testNow}); err == nil {
		t.Error("a done context, and no error")
	}
}
