package policy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

var testNow = time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)

func parse(t testing.TB, s string) canonical.Value {
	t.Helper()
	if s == "" {
		return canonical.Value{}
	}
	d, err := canonical.Parse([]byte(s))
	if err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return d.Root()
}

func mustCompile(t testing.TB, content string) *Action {
	t.Helper()
	a, err := Compile(parse(t, content))
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return a
}

func evaluate(t testing.TB, a *Action, user, exec string) *Decision {
	t.Helper()
	d, err := a.Evaluate(t.Context(), Input{
		UserParams:      parse(t, user),
		ExecutionParams: parse(t, exec),
		Now:             testNow,
	})
	if err != nil {
		t.Fatalf("Evaluate: %v", err)
	}
	return d
}

// verdict renders a decision as "allow" or "deny reason", followed by the
// evaluations as "name=result/code" and the faults as "pointer=code".
func verdict(d *Decision) string {
	var b strings.Builder
	if d.Allow {
		b.WriteString("allow")
	} else {
		b.WriteString("deny " + string(d.Reason))
	}
	for _, e := range d.Evaluations {
		b.WriteString(" " + e.Rule + "=" + string(e.Result) + "/" + string(e.Code))
	}
	for _, f := range d.Faults {
		b.WriteString(" " + f.Pointer + "=" + f.Code)
	}
	return b.String()
}

// issueCodes renders the outcome of compiling as "ok" or the codes of the
// errors in order.
func issueCodes(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return "ok"
	}
	var ce *CompileError
	if !errors.As(err, &ce) || len(ce.Issues) == 0 {
		t.Fatalf("not a CompileError with issues: %v", err)
	}
	var codes []string
	for _, i := range ce.Issues {
		if i.Severity == SeverityError {
			codes = append(codes, i.Code)
		}
	}
	return strings.Join(codes, " ")
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

const typedShapes = `
	"userParams": {"max": "number", "allowed": "array<string>", "limit": "number", "text": "string", "flag": "boolean", "secret": {"type": "string", "hidden": true}},
	"executionParams": {"amount": "number", "fee": "number", "category": "string", "to": "array<string>", "counts": "array<number>",
		"day": "date", "link": "url", "flag": "boolean", "addr": "object", "list": "array", "iban": {"type": "string", "hidden": true}, "grid": "array<array<number>>"},`

// typed and untyped are contents with one rule "r".
func typed(expression string) string {
	return `{"name": "a", "profile": "via-cel/1",` + typedShapes + `"rules": [{"name": "r", "expression": ` + quoted(expression) + `}]}`
}

func untyped(expression string) string {
	return `{"name": "a", "profile": "via-cel/1", "rules": [{"name": "r", "expression": ` + quoted(expression) + `}]}`
}
