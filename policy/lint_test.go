package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lints renders warnings as "rule line:column code", restricted to the given
// codes.
func lints(t testing.TB, a *Action) []string {
	t.Helper()
	var out []string
	for _, i := range a.Lint() {
		if i.Severity != SeverityWarning || i.Message == "" || i.Hint == "" {
			t.Errorf("%+v", i)
		}
		out = append(out, i.Code)
	}
	return out
}

func TestLint(t *testing.T) {
	const amount = ` && executionParams.amount >= 0.0`
	tests := []struct{ name, expression, want string }{
		{"sound", `executionParams.amount <= 5.0` + amount, ""},
		{"no lower bound", `executionParams.amount <= userParams.limit`, "unguarded_optional no_lower_bound"},
		{"no lower bound, mirrored", `5.0 >= executionParams.amount`, "no_lower_bound"},
		{"no lower bound, negated", `!(executionParams.amount > 5.0)`, "no_lower_bound"},
		{"no lower bound in a sum", `executionParams.amount + 1.0 <= 5.0`, "no_lower_bound"},
		{"no lower bound below a minus", `-(5.0 - executionParams.amount) <= 5.0`, "no_lower_bound"},
		{"a lower bound by a minus", `-executionParams.amount <= 5.0`, ""},
		{"a lower bound by a difference", `!(5.0 - executionParams.amount > 3.0)`, ""},
		{"both bounds by a minus", `-executionParams.amount <= 0.0 && executionParams.amount <= 5.0`, ""},
		{"lower bound alone", `executionParams.amount > 5.0`, ""},
		{"values", `executionParams.amount in [1.0, 2.0]`, ""},
		{"forbid", `forbid: executionParams.amount > 5.0`, "no_lower_bound"},
		{"forbid both", `forbid: executionParams.amount > 5.0 || executionParams.amount < 0.0`, ""},
		{"condition", `executionParams.tool == "pay" ? executionParams.amount <= 5.0 : executionParams.amount <= 9.0`, "no_lower_bound"},
		{"unguarded", `executionParams.city == "a"`, "unguarded_optional"},
		{"guarded", `!has(executionParams.city) || executionParams.city == "a"`, ""},
		{"guarded last", `executionParams.city == "a" || !has(executionParams.city)`, ""},
		{"guarded by and", `has(executionParams.city) && executionParams.city == "a"`, ""},
		{"guarded by two", `!(has(executionParams.city) && has(executionParams.flag)) || executionParams.flag && executionParams.city == "a"`, ""},
		{"guarded by another", `!has(executionParams.flag) || executionParams.city == "a"`, "unguarded_optional"},
		{"guarded the wrong way", `has(executionParams.city) || executionParams.city == "a"`, "unguarded_optional always_true"},
		{"guarded by a condition", `has(executionParams.city) ? executionParams.city == "a" : executionParams.city == "b"`, "unguarded_optional"},
		{"required", `executionParams.tool != "pay" || executionParams.category in ["a"]`, "unguarded_optional"},
		{"told once", `executionParams.city == "a" || executionParams["city"] == "b"`, "unguarded_optional"},
		{"always", `executionParams.amount <= 5.0 || executionParams.amount > 3.0`, "always_true"},
		{"literally", `true`, "always_true"},
		{"constant", `1.0 < 2.0 || executionParams.flag`, "unguarded_optional always_true"},
		{"always of forbid", `forbid: false && executionParams.flag`, "unguarded_optional always_true"},
		{"never", `executionParams.amount > 5.0 && executionParams.amount < 5.0`, "never_true"},
		{"never of forbid", `forbid: true`, "never_true"},
		{"never: not a declared value", `executionParams.category == "z"`, "unguarded_optional never_true"},
		{"always: every declared value", `executionParams.category in ["a", "b", "c"]`, "unguarded_optional always_true"},
		{"never: not a declared tool", `executionParams.tool == "sell"`, "never_true"},
		{"nothing", `userParams.on`, "unguarded_optional reads_nothing"},
		{"unanchored", `executionParams.tool.matches("pay")`, "unanchored_pattern"},
		{"half anchored", `executionParams.tool.matches("^pay|look$")`, "unanchored_pattern"},
		{"anchored lines", `executionParams.tool.matches("(?m)^pay$")`, "unanchored_pattern"},
		{"anchored", `executionParams.tool.matches("^(pay|look)$") || executionParams.tool.matches("(^pay$|^look$)")`, ""},
		{"money", `executionParams.amount == 500`, "number_equality"},
		{"money, unequal", `5.0 != executionParams.amount`, "number_equality"},
		{"cost", `!has(executionParams.to) || executionParams.to.all(v, v in executionParams.to)`, "cost"},
		{"cost, as the hint says", `!has(executionParams.to) || executionParams.to.all(v, v in ["a", "b"])`, ""},
		{"cheap", `!has(executionParams.to) || executionParams.to.all(v, v == "a")`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expression, forbid := strings.CutPrefix(tt.expression, "forbid: ")
			content := randomContent(expression)
			if forbid {
				content = strings.Replace(content, `"name": "r0"`, `"name": "r", "effect": "forbid"`, 1)
			}
			got := slices.DeleteFunc(lints(t, mustCompile(t, content)), func(code string) bool { return code == "unused_user_param" })
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

// Lint does not advise removing a rule that refuses by being an error, and
// allows comparing a number with its declared values.
func TestLintAdvice(t *testing.T) {
	for _, tt := range []struct{ name, exec, expression, want string }{
		{"every value of what may be absent", `{"c": {"type": "string", "values": ["a", "b"]}}`, `executionParams.c in ["a", "b"]`, "declare as required what it reads, or write what it is meant to refuse"},
		{"every value of what is there", `{"c": {"type": "string", "values": ["a", "b"], "required": true}}`, `executionParams.c in ["a", "b"]`, "remove it, or write what it is meant to refuse"},
		{"every value, guarded", `{"c": {"type": "string", "values": ["a", "b"]}}`, `!has(executionParams.c) || executionParams.c in ["a", "b"]`, "remove it, or write what it is meant to refuse"},
		{"undeclared", ``, `executionParams.n <= 5 || executionParams.n > 3`, "declare as required what it reads, or write what it is meant to refuse"},
		{"number with values", `{"n": {"type": "number", "values": [1, 2], "required": true}}`, `executionParams.n == 1`, ""},
		{"number without", `{"n": {"type": "number", "required": true}}`, `executionParams.n == 1`, "for money compare with <= or >=, or declare the values that there are"},
	} {
		shape := ""
		if tt.exec != "" {
			shape = `"executionParams": ` + tt.exec + `, `
		}
		var hints []string
		for _, i := range mustCompile(t, `{"name": "a", `+shape+`"rules": [{"name": "r", "expression": `+quoted(tt.expression)+`}]}`).Lint() {
			if i.Code == "always_true" || i.Code == "number_equality" {
				hints = append(hints, i.Hint)
			}
		}
		if got := strings.Join(hints, "; "); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestLintPositions(t *testing.T) {
	a := mustCompile(t, `{"name": "a", "userParams": {"max": {"type": "number", "required": true}, "old": "string"}, "executionParams": {"amount": {"type": "number", "required": true}, "s": "string"},
		"rules": [{"name": "r", "expression": "executionParams.amount > 0.0 &&\n  executionParams.s == \"x\" && executionParams.amount <= userParams.max"}]}`)
	var got []string
	for _, i := range a.Lint() {
		got = append(got, i.String())
	}
	want := []string{
		`rule "r": 2:18: unguarded_optional: executionParams.s is optional, and read without has() (declare it as required, or guard it with has())`,
		`unused_user_param: no rule reads userParams.old (remove it, or write the rule that it is for)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Another rule may have the lower bound.
	two := mustCompile(t, randomContent(`executionParams.amount <= 5.0`, `executionParams.amount >= 0.0`))
	if slices.Contains(lints(t, two), "no_lower_bound") {
		t.Error("the lower bound of another rule does not count")
	}
}

// Lint evaluates constants within one cost limit for all rules together.
func TestLintIsBounded(t *testing.T) {
	list := "[" + repeated(60, "%d") + "]"
	var rules []string
	for i := range 60 {
		rules = append(rules, fmt.Sprintf("%s.all(x, %s.all(y, x + y >= -%d.0))", list, list, i))
	}
	told := 0
	for _, code := range lints(t, mustCompile(t, randomContent(rules...))) {
		if code == "always_true" {
			told++
		}
	}
	if told == 0 || told == len(rules) {
		t.Errorf("%d of %d rules were worked out", told, len(rules))
	}
}

// Rules with always_true never fail, and rules with never_true never pass.
func TestLintIsSound(t *testing.T) {
	claims := 0
	for seed := range uint64(500) {
		g := newGenerator(seed)
		a, err := Compile(parse(t, randomContent(g.rule(2))))
		if err != nil {
			continue
		}
		codes := lints(t, a)
		never, always := slices.Contains(codes, "never_true"), slices.Contains(codes, "always_true")
		if !never && !always {
			continue
		}
		for range 20 {
			user, exec := g.user(), g.object(g.exec(g.pick("pay", "look"))...)
			d := evaluate(t, a, user, exec)
			claims++
			if r := d.Evaluations[0].Result; never && r == ResultPass || always && r == ResultFail {
				t.Fatalf("seed %d: %v, but %s %s gives %+v", seed, codes, user, exec, d.Evaluations[0])
			}
		}
	}
	if claims < 200 {
		t.Errorf("only %d claims", claims)
	}
}
