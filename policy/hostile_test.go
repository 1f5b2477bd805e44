package policy

import (
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func elements(n int, e string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(e+",", n), ",") + "]"
}

// Each of these took seconds or gigabytes with the plain engine, most of them
// despite its cost limit. The engine picks different implementations for
// declared and undeclared shapes.
func TestHostileEvaluation(t *testing.T) {
	letters := elements(1000, `"a"`)
	few := elements(300, `"a"`) // enough for two loops
	big := strings.Repeat("a", 60000)
	const costly = "deny rule_error r=error/cost_exceeded"
	tests := []struct{ name, expression, exec, want string }{
		{"two loops", `executionParams.to.all(v, executionParams.to.all(w, v == w))`, `{"to": ` + few + `}`, costly},
		{"two idle loops", `executionParams.to.all(v, executionParams.to.all(w, true))`, `{"to": ` + few + `}`, costly},
		{"in for each", `executionParams.to.all(v, v in executionParams.to)`, `{"to": ` + letters + `}`, costly},
		{"not in for each", `executionParams.to.all(v, !("z" in executionParams.to))`, `{"to": ` + letters + `}`, costly},
		{"list equality for each", `executionParams.to.all(v, executionParams.to == executionParams.to)`, `{"to": ` + elements(1000, `"`+strings.Repeat("a", 60)+`"`) + `}`, costly},
		{"a million elements compared", `executionParams.to.map(v, executionParams.to) == executionParams.to.map(w, executionParams.to)`, `{"to": ` + letters + `}`, costly},
		{"a million elements searched", `executionParams.to in executionParams.to.map(v, executionParams.to)`, `{"to": ` + letters + `}`, costly},
		{"copies of copies", `executionParams.to.map(v, executionParams.to).all(x, x == executionParams.to)`, `{"to": ` + letters + `}`, costly},
		{"size for each", `executionParams.to.all(v, size(executionParams.category) >= 0)`, `{"to": ` + letters + `, "category": "` + big + `"}`, costly},
		{"string order for each", `executionParams.to.all(v, executionParams.category <= executionParams.category)`, `{"to": ` + letters + `, "category": "` + big + `"}`, costly},
		{"contains for each", `executionParams.to.all(v, !executionParams.category.contains("aab"))`, `{"to": ` + letters + `, "category": "` + big + `"}`, costly},
		{"list literal for each", `executionParams.to.all(v, executionParams.to.all(w, [v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w,v,w].size() > 0))`, `{"to": ` + few + `}`, costly},
		{"conditions for each", `executionParams.to.all(v, (v == "a" ? executionParams.to : executionParams.to) == executionParams.to)`, `{"to": ` + letters + `}`, costly},
		{"large program, long subject", `executionParams.category.matches("(a|b|c|d|e|f|g|h){90}$")`, `{"category": "` + big + `b"}`, costly},
		{"ambiguous program, long subject", `executionParams.category.matches("(.*a.*){19}x")`, `{"category": "` + big + `b"}`, costly},
		{"nested quantifiers", `!executionParams.category.matches("(a+)+$")`, `{"category": "` + big + `b"}`, "allow r=pass/ok"},
		{"pattern for each", `executionParams.to.all(v, v.matches("(.*a.*){40}x") || true)`, `{"to": ` + elements(1000, `"`+strings.Repeat("a", 60)+`"`) + `}`, costly},
		{"errors absorbed for each", `executionParams.to.all(v, executionParams.to.all(w, timestamp(v) < now || true))`, `{"to": ` + few + `}`, costly},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for mode, content := range map[string]string{"typed": typed(tt.expression), "untyped": untyped(tt.expression)} {
				a := mustCompile(t, content)
				in := Input{ExecutionParams: parse(t, tt.exec), Now: testNow}
				var d *Decision
				var err error
				n := allocated(func() { d, err = a.Evaluate(t.Context(), in) })
				if err != nil {
					t.Fatal(err)
				}
				if got := verdict(d); got != tt.want {
					t.Errorf("%s: got %s, want %s", mode, got, tt.want)
				}
				if n > 32<<20 {
					t.Errorf("%s: %d MiB allocated", mode, n>>20)
				}
			}
		})
	}
}

// Strings can only grow if their type is known.
func TestHostileConcatenation(t *testing.T) {
	exec := `{"category": "` + strings.Repeat("a", 60000) + `", "to": ` + elements(1000, `"a"`) + `}`
	for _, expression := range []string{
		`executionParams.to.map(v, executionParams.category + v).size() == 5`,
		strings.Repeat("(executionParams.category+", 20) + `""` + strings.Repeat(")", 20) + ` == ""`,
		`[executionParams.category].map(a, a + a + a + a + a + a).map(b, b + b + b + b + b + b + b + b) == []`,
	} {
		a := mustCompile(t, typed(expression))
		var d *Decision
		n := allocated(func() { d = evaluate(t, a, `{}`, exec) })
		if got := verdict(d); got != "deny rule_error r=error/cost_exceeded" {
			t.Errorf("%s: %s", expression, got)
		}
		if n > 32<<20 {
			t.Errorf("%s: %d MiB allocated", expression, n>>20)
		}
	}
}

// 64 rules at their limit together cost at most the limit of the action, not
// 64 times the limit of a rule.
func TestActionCost(t *testing.T) {
	a := mustCompile(t, `{"name": "a", `+typedShapes+`"rules": [`+
		repeated(64, `{"name": "r%d", "expression": "executionParams.to.all(v, executionParams.to.all(w, v == w))"}`)+`]}`)
	d := evaluate(t, a, `{}`, `{"to": `+elements(300, `"a"`)+`}`)
	if d.Reason != ReasonRuleError || len(d.Evaluations) != 64 {
		t.Fatal(verdict(d))
	}
	ran := 0
	for _, e := range d.Evaluations {
		if e.Code != CodeCostExceeded || e.Result != ResultError {
			t.Fatalf("%+v", e)
		}
		if strings.HasSuffix(e.Reason, "the rule costs more than the limit") {
			ran++
		}
	}
	if ran != 10 {
		t.Errorf("%d rules ran, want 10", ran)
	}
}

// The cost of a decision, and so cost_exceeded, is deterministic.
func TestCostIsDeterministic(t *testing.T) {
	a := mustCompile(t, typed(`executionParams.to.all(v, v in executionParams.to)`))
	allowed := 0
	for n := 1; n <= 600; n += 50 {
		exec := `{"to": [` + repeated(n, `"x%d"`) + `]}`
		first := verdict(evaluate(t, a, `{}`, exec))
		if strings.HasPrefix(first, "allow") {
			allowed++
		}
		if again := verdict(evaluate(t, a, `{}`, exec)); again != first {
			t.Errorf("%d elements: %s, then %s", n, first, again)
		}
	}
	if allowed == 0 || allowed == 12 {
		t.Errorf("%d of 12 sizes are allowed; the test does not cross the limit", allowed)
	}
}

func TestHostileSource(t *testing.T) {
	for _, source := range []string{
		strings.Repeat("(", 2048), strings.Repeat("!", 2048), strings.Repeat("-", 2048), strings.Repeat("[", 2048), strings.Repeat("{", 2048),
		strings.Repeat(")", 2048), strings.Repeat("'", 2047), strings.Repeat(`"\`, 1024), strings.Repeat("a.", 1024), strings.Repeat("a()", 682),
		strings.Repeat("1+", 1023) + "1", strings.Repeat("a||", 680) + "a", strings.Repeat("true?", 400), strings.Repeat("x?x:", 500) + "x",
		strings.Repeat("[].map(x,", 220), strings.Repeat("f(1,", 500), strings.Repeat("1 in ", 400) + "[1]", strings.Repeat("a{b:", 500),
		strings.Repeat("has(a.b)||", 200) + "true", strings.Repeat("a<", 1024), strings.Repeat("executionParams.zz==1||", 88) + "true",
		strings.Repeat("\x00", 2048), strings.Repeat("🙂", 2048), strings.Repeat("?:", 1024),
	} {
		content := parse(t, typed(source))
		var err error
		n := allocated(func() { _, err = Compile(content) })
		if err == nil {
			t.Errorf("%.20s… compiles", source)
		}
		if n > 16<<20 {
			t.Errorf("%.20s…: %d MiB allocated", source, n>>20)
		}
	}
	// A source far over the limit costs almost nothing.
	content := parse(t, typed(strings.Repeat("a=='x'||", 20000)))
	if n := allocated(func() { _, _ = Compile(content) }); n > 4<<20 {
		t.Errorf("%d MiB allocated", n>>20)
	}
}
