package policy

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Each of these has hurt a host of the plain engine. Here the compiler refuses
// it or the cost limit stops it.
func TestAttacks(t *testing.T) {
	const costly = "cost_exceeded"
	double := func(n int) string { // lists that double, n times
		e := "executionParams.to"
		for range n {
			e = "[" + e + "].map(l, l + l)[0]"
		}
		return e
	}
	tests := []struct{ name, expression, want string }{
		{"four loops within each other", `executionParams.to.all(a, executionParams.to.all(b, executionParams.to.all(c, executionParams.to.all(d, a == d))))`, "limit"},
		{"texts that double", `["x"]` + strings.Repeat(".map(x, x + x)", 28) + ` == []`, "limit"},
		{"lists that double, compared", double(24) + " == []", "refused limit"},
		{"lists that double, searched", `"z" in ` + double(24), "refused limit"},
		{"lists that double, looped over", double(2) + `.all(v, v == "x")`, "refused limit"},
		{"one list added to itself", `size(executionParams.to + executionParams.to) > 0.0`, "refused"},
		{"every element in the list", `executionParams.to.all(v, v in executionParams.to)`, costly},
		{"every element in the list, untyped", `executionParams.addr.l.all(v, v in executionParams.addr.l)`, costly},
		{"sets", `sets.contains(executionParams.to, executionParams.to)`, "type"},
		{"a pattern from the agent", `executionParams.category.matches(executionParams.link)`, "refused"},
		{"a program that is too large", `executionParams.category.matches("((a{50}){50}){50}")`, "refused"},
		{"an ambiguous pattern on a long text", `executionParams.category.matches("(.*a.*){40}x")`, costly},
		{"bind", `cel.bind(x, "a", x + x) == "aa"`, "type"},
		{"replace", `executionParams.category.replace("a", "aa") == ""`, "type"},
		{"a long source", strings.Repeat(`executionParams.category == "x" || `, 2500) + "true", "limit"},
		{"many nodes", strings.Repeat("true||", 300) + "true", "limit"},
		{"parentheses", strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300), "syntax limit"},
		{"conditions", strings.Repeat("true ? ", 200) + "true" + strings.Repeat(" : false", 200), "syntax limit"},
		{"selections", "executionParams" + strings.Repeat(".a", 300), "syntax limit"},
		{"large lists compared for each", `executionParams.to.all(v, executionParams.to == executionParams.to)`, costly},
		{"large objects compared for each", `executionParams.to.all(v, executionParams.addr == executionParams.addr)`, costly},
		{"division by zero", `executionParams.amount / 0.0 > 1.0`, "refused"},
		{"division by a parameter", `executionParams.amount / executionParams.fee >= 50.0`, "refused"},
		{"a long list, explained", strings.Repeat(`executionParams.day in userParams.allowed && `, 3) + `executionParams.day == "2026-01-02"`, "failed"},
		{"many short lists, explained", strings.Repeat(`executionParams.day in ["a", "b", "c", "d", "e", "f", "g", "h"] && `, 30) + `executionParams.day == "2026-01-02"`, "failed"},
		{"many fields, explained", strings.Repeat(`executionParams.amount < executionParams.fee && executionParams.fee < userParams.max && `, 20) + `executionParams.category == "zz"`, "failed"},
		{"infinity", `executionParams.amount * 1e308 * 1e308 > 1.0`, "type_mismatch"},
	}
	exec := `{"amount": 5, "fee": 0, "category": "` + strings.Repeat("a", 20000) + `b", "to": ` + elements(1000, `"aaaa"`) + `, "addr": {"l": ` + elements(1000, `"a"`) + `}, "day": "2026-01-01"}`
	user := `{"max": 1, "allowed": [` + repeated(1000, `"%04d"`) + `]}`
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := Compile(parse(t, typed(tt.expression)))
			if err != nil {
				first, _, _ := strings.Cut(issueCodes(t, err), " ")
				if !strings.Contains(" "+tt.want+" ", " "+first+" ") {
					t.Errorf("refused as %s, want %s: %v", first, tt.want, err)
				}
				return
			}
			ev, invalid, err := a.read(t.Context(), Input{UserParams: parse(t, user), ExecutionParams: parse(t, exec), Now: testNow})
			if err != nil || invalid != nil {
				t.Fatal(invalid, err)
			}
			var d *Decision
			bytes := allocated(func() { d, err = a.run(t.Context(), ev) })
			if err != nil || d.Evaluations == nil {
				t.Fatal(d, err)
			}
			if got := string(d.Evaluations[0].Code); got != tt.want || bytes > 64<<20 || ev.explained > maxExplainCost+3*maxRuleCost {
				t.Errorf("%s, %d MiB, %d steps to explain it, want %s", got, bytes>>20, ev.explained, tt.want)
			}
		})
	}
}

// A cancelled is a context that is done after a number of calls of Err.
type cancelled struct {
	context.Context
	left *int
}

func (c cancelled) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Explaining why a rule failed stops when the context is done. All rules share
// one budget for it.
func TestExplainingIsBounded(t *testing.T) {
	a := mustCompile(t, randomContent(`executionParams.category != "z" && executionParams.city != "y" && executionParams.amount <= 5`))
	ev, invalid, err := a.read(t.Context(), Input{ExecutionParams: parse(t, `{"tool": "pay", "category": "a", "city": "b", "amount": 6}`), Now: testNow})
	if err != nil || invalid != nil {
		t.Fatal(invalid, err)
	}
	left := 1 << 30
	if d, err := a.run(cancelled{t.Context(), &left}, ev); err != nil || d.Evaluations[0].PassesIf != "executionParams.amount <= 5" {
		t.Fatalf("%v %v", d, err)
	}
	if asked := 1<<30 - left; asked < 8 {
		t.Errorf("the context was looked at %d times", asked)
	}
	left = 4
	if d, err := a.run(cancelled{t.Context(), &left}, ev); err == nil {
		t.Errorf("a decision after the context was done: %+v", d)
	}

	costly := `executionParams.to.all(v, executionParams.to.all(w, v == w)) && executionParams.amount <= 5`
	a = mustCompile(t, randomContent(slices.Repeat([]string{costly}, 40)...))
	ev, invalid, err = a.read(t.Context(), Input{ExecutionParams: parse(t, `{"tool": "pay", "amount": 6, "to": `+elements(60, `"a"`)+`}`), Now: testNow})
	if err != nil || invalid != nil {
		t.Fatal(invalid, err)
	}
	d, err := a.run(t.Context(), ev)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range d.Evaluations {
		if e.Result != ResultFail {
			t.Fatalf("%+v", e)
		}
		if e.Reason != "Expression evaluated to false" {
			told++
		}
	}
	if told == 0 || told == 40 || ev.explained > maxExplainCost+maxRuleCost {
		t.Errorf("%d of 40 were explained, in %d steps", told, ev.explained)
	}
}
