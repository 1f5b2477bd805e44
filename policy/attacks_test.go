package policy

import (
	"strings"
	"testing"
)

// Each of these has hurt a host of the plain engine: it is refused when it is
// compiled, or stopped by the cost limit.
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
		{"infinity", `executionParams.amount * 1e308 * 1e308 > 1.0`, "type_mismatch"},
	}
	exec := `{"amount": 5, "fee": 0, "category": "` + strings.Repeat("a", 20000) + `b", "to": ` + elements(1000, `"aaaa"`) + `, "addr": {"l": ` + elements(1000, `"a"`) + `}}`
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
			in := Input{ExecutionParams: parse(t, exec), Now: testNow}
			var d *Decision
			bytes := allocated(func() { d, err = a.Evaluate(t.Context(), in) })
			if err != nil || d.Evaluations == nil {
				t.Fatal(d, err)
			}
			if got := string(d.Evaluations[0].Code); got != tt.want || bytes > 64<<20 {
				t.Errorf("%s, %d MiB, want %s", got, bytes>>20, tt.want)
			}
		})
	}
}
