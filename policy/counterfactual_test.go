package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestPassesIf(t *testing.T) {
	tests := []struct{ name, expression, user, exec, want string }{
		{"cap", `executionParams.amount <= userParams.max`, `{"max": 500}`, `{"amount": 900}`, `executionParams.amount <= 500`},
		{"mirrored", `userParams.max >= executionParams.amount`, `{"max": 500}`, `{"amount": 900}`, `executionParams.amount <= 500`},
		{"negated", `!(executionParams.amount > 5)`, `{}`, `{"amount": 6}`, `executionParams.amount <= 5`},
		{"forbid", `forbid: executionParams.amount > userParams.max`, `{"max": 5}`, `{"amount": 6}`, `executionParams.amount <= 5`},
		{"forbid and: one is enough", `forbid: executionParams.amount > 5 && executionParams.category == "a"`, `{}`, `{"amount": 6, "category": "a"}`, `executionParams.amount <= 5`},
		{"in", `executionParams.category in userParams.allowed`, `{"allowed": ["a", "b"]}`, `{"category": "c"}`, `executionParams.category in ["a", "b"]`},
		{"not in", `!(executionParams.category in userParams.allowed)`, `{"allowed": ["a", "b"]}`, `{"category": "b"}`, `!(executionParams.category in ["a", "b"])`},
		{"in nothing", `executionParams.category in userParams.allowed`, `{"allowed": []}`, `{"category": "c"}`, ``},
		{"guarded", `!has(executionParams.category) || executionParams.category == "a"`, `{}`, `{"category": "b"}`, `executionParams.category == "a"`},
		{"and: what still holds has to stay", `executionParams.amount >= 0 && executionParams.amount <= 5`, `{}`, `{"amount": 6}`, `executionParams.amount >= 0 && executionParams.amount <= 5`},
		{"and: what holds without it", `executionParams.fee >= 0 && executionParams.amount <= 5`, `{}`, `{"amount": 6, "fee": 1}`, `executionParams.amount <= 5`},
		{"and: not evaluated yet", `executionParams.amount <= 5 && executionParams.fee <= userParams.max`, `{"max": 3}`, `{"amount": 6, "fee": 9}`, `executionParams.amount <= 5 && executionParams.fee <= 3`},
		{"impossible range", `executionParams.amount > 5 && executionParams.amount < 5`, `{}`, `{"amount": 6}`, ``},
		{"impossible open range", `executionParams.amount > 5 && executionParams.amount <= 5`, `{}`, `{"amount": 6}`, ``},
		{"three bounds, impossible", `executionParams.amount > 10 && executionParams.amount > 5 && executionParams.amount < 7`, `{}`, `{"amount": 6}`, ``},
		{"sum", `executionParams.amount + executionParams.fee <= userParams.max`, `{"max": 10}`, `{"amount": 9, "fee": 2}`, `executionParams.amount + executionParams.fee <= 10`},
		{"two parameters", `executionParams.amount <= executionParams.fee`, `{}`, `{"amount": 9, "fee": 2}`, `executionParams.amount <= 2`},
		{"both sides change", `executionParams.amount <= executionParams.fee && executionParams.fee <= 1`, `{}`, `{"amount": 9, "fee": 2}`, ``},
		{"its own value", `executionParams.amount < executionParams.amount * 0.5`, `{}`, `{"amount": 9}`, ``},
		{"flag", `executionParams.flag`, `{}`, `{"flag": false}`, `executionParams.flag == true`},
		{"condition", `executionParams.flag ? executionParams.amount <= 5 : executionParams.amount <= 9`, `{}`, `{"flag": true, "amount": 10}`, `executionParams.amount <= 5`},
		{"condition that would change", `executionParams.amount > 9 ? executionParams.amount <= 5 : true`, `{}`, `{"amount": 10}`, ``},
		{"time", `timestamp(executionParams.category) >= now`, `{}`, `{"category": "2026-05-02T10:15:29Z"}`, `timestamp(executionParams.category) >= timestamp("2026-05-02T10:15:30Z")`},
		{"nothing the agent sends", `userParams.flag == true`, `{"flag": false}`, `{}`, ``},
		{"macro", `executionParams.to.all(v, v == "a")`, `{}`, `{"to": ["b"]}`, ``},
		{"call", `executionParams.category.startsWith("a")`, `{}`, `{"category": "b"}`, ``},
		{"hidden", `executionParams.category == userParams.secret`, `{"secret": "s"}`, `{"category": "b"}`, ``},
		{"hidden by its wrapper", `executionParams.amount <= userParams.max`, `{"max": {"value": 5, "hidden": true}}`, `{"amount": 6}`, ``},
		{"hidden, in a list", `executionParams.category in ["x", userParams.secret]`, `{"secret": "s"}`, `{"category": "b"}`, ``},
		{"too large a number", `executionParams.amount < userParams.max * -10`, `{"max": 9007199254740991}`, `{"amount": 6}`, ``},
		{"too long", `executionParams.category == userParams.text`, `{"text": "` + strings.Repeat("a", 600) + `"}`, `{"category": "b"}`, ``},
		{"quotes", `executionParams.category == userParams.text`, `{"text": "a\"\u202e"}`, `{"category": "b"}`, `executionParams.category == "a\"\u202e"`},
		{"alternatives as a term", `(executionParams.flag || executionParams.amount > 5) == false`, `{}`, `{"flag": true, "amount": 6}`, `(executionParams.flag || executionParams.amount > 5) == false`},
		{"condition as a term", `(executionParams.flag ? executionParams.amount : executionParams.fee) <= 5`, `{}`, `{"flag": true, "amount": 6, "fee": 1}`, `(executionParams.flag ? executionParams.amount : executionParams.fee) <= 5`},
		{"comparison as a term", `(executionParams.amount > 5) == executionParams.flag`, `{}`, `{"flag": false, "amount": 6}`, `(executionParams.amount > 5) == false`},
		{"sum as a term", `-(executionParams.amount + executionParams.fee) * 2.0 > 5`, `{}`, `{"amount": 6, "fee": 1}`, `-(executionParams.amount + executionParams.fee) * 2.0 > 5`},
		{"presence of a parameter, not evaluated", `executionParams.amount <= 5 && executionParams.flag == has(userParams.flag)`, `{"flag": false}`, `{"flag": false, "amount": 6}`, ``},
		{"presence of another kind", `executionParams.amount <= 5 && executionParams.flag == has(userParams.max)`, `{"max": 7}`, `{"flag": false, "amount": 6}`, ``},
		{"presence as a term", `has(executionParams.fee) == executionParams.flag`, `{}`, `{"flag": true}`, `has(executionParams.fee) == true`},
		{"a chosen branch is hidden", `userParams.secret == "vip" ? executionParams.amount <= 1000 : executionParams.amount <= 10`, `{"secret": "vip"}`, `{"amount": 5000}`, ``},
		{"what also has to hold is hidden", `executionParams.amount <= 5 && executionParams.category == userParams.secret`, `{"secret": "b"}`, `{"amount": 6, "category": "b"}`, ``},
		{"passes", `executionParams.amount <= 5`, `{}`, `{"amount": 5}`, ``},
		{"errs", `executionParams.amount <= 5`, `{}`, `{}`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expression, forbid := strings.CutPrefix(tt.expression, "forbid: ")
			content := typed(expression)
			if forbid {
				content = strings.Replace(content, `"name": "r"`, `"name": "r", "effect": "forbid"`, 1)
			}
			d := evaluate(t, mustCompile(t, content), tt.user, tt.exec)
			if got := d.Evaluations[0].PassesIf; got != tt.want {
				t.Errorf("got  %s\nwant %s (%s)", got, tt.want, d.Evaluations[0].Reason)
			}
		})
	}
}

// For a field with declared values, PassesIf only suggests declared values.
func TestPassesIfDeclaredValues(t *testing.T) {
	for rule, want := range map[string]string{
		`executionParams.category in ["x", "b"] && executionParams.category != "a"`: `executionParams.category in ["x", "b"] && executionParams.category != "a"`,
		`executionParams.category in ["x", "y"]`:                                    ``,
	} {
		d := evaluate(t, mustCompile(t, randomContent(rule)), `{}`, `{"tool": "pay", "amount": 1, "category": "a"}`)
		if got := d.Evaluations[0].PassesIf; got != want {
			t.Errorf("%s: got %s, want %s", rule, got, want)
		}
	}
}

// PassesIf is correct: the rule passes for all parameters that meet the
// condition and differ only in the fields of the condition.
func TestPassesIfIsSufficient(t *testing.T) {
	suggested, fulfilled := 0, 0
	for seed := range uint64(1600) {
		g := newGenerator(seed)
		rule := g.rule(3)
		if seed%2 == 1 {
			rule = g.pick("", "executionParams.amount <= 2.5 && ") + g.compared(g.combined())
		}
		a, err := Compile(parse(t, randomContent(rule)))
		if err != nil {
			continue
		}
		for range 3 {
			user, exec := g.user(), g.exec(g.pick("pay", "look"))
			d := evaluate(t, a, user, g.object(exec...))
			if d.Evaluations == nil || d.Evaluations[0].PassesIf == "" {
				continue
			}
			suggested++
			condition := d.Evaluations[0].PassesIf
			both := mustCompile(t, randomContent(condition, rule))
			tree, err := parsePlain(condition)
			if err != nil {
				t.Fatal(err)
			}
			mentioned := reads(tree.Expr(), execVar)
			for range 20 {
				other := g.exec(g.pick("pay", "look"))
				changed := slices.Clone(exec)
				for i := 0; i < len(changed); i += 2 {
					if slices.Contains(mentioned, changed[i]) {
						changed[i+1] = other[i+1]
					}
				}
				e := evaluate(t, both, user, g.object(changed...)).Evaluations
				if e == nil || e[0].Result != ResultPass {
					continue
				}
				fulfilled++
				if e[1].Result != ResultPass {
					t.Fatalf("seed %d: %s with %s and %s should pass if %s, but %s gives %+v", seed, rule, user, g.object(exec...), condition, g.object(changed...), e[1])
				}
			}
			if strings.Contains(condition, "userParams") {
				t.Fatalf("%s reads what the agent cannot see", condition)
			}
		}
	}
	t.Logf("%d suggestions, fulfilled %d times", suggested, fulfilled)
	if suggested < 100 || fulfilled < 400 {
		t.Error("too few for the test to mean something")
	}
}

// PassesIf does not suggest a value of userParams whose type makes the
// condition fail to compile.
func TestPassesIfCompiles(t *testing.T) {
	for _, tt := range []struct{ expression, user, want string }{
		{`executionParams.amount <= userParams.max`, `{"max": 5}`, `executionParams.flag == true && executionParams.amount <= 5`},
		{`executionParams.amount <= userParams.max`, `{"max": "x"}`, ``},
		{`executionParams.amount + 1.0 <= userParams.max`, `{"max": 5}`, `executionParams.flag == true && executionParams.amount + 1.0 <= 5`},
		{`executionParams.amount + 1.0 <= userParams.max`, `{"max": "x"}`, ``},
		{`executionParams.amount in userParams.max`, `{"max": [5, 7]}`, `executionParams.flag == true && executionParams.amount in [5, 7]`},
		{`executionParams.amount in userParams.max`, `{"max": ["x", "y"]}`, ``},
		{`executionParams.amount in userParams.max`, `{"max": [[5]]}`, ``},
		{`executionParams.amount == userParams.max`, `{"max": [5]}`, ``},
		{`!(executionParams.amount in userParams.max)`, `{"max": 5}`, ``},
		{`!(executionParams.amount in userParams.max)`, `{"max": ["x"]}`, ``},
		{`executionParams.to == userParams.max`, `{"max": ["x"]}`, `executionParams.flag == true && executionParams.to == ["x"]`},
		{`executionParams.to == userParams.max`, `{"max": [5]}`, ``},
		{`executionParams.to == userParams.max`, `{"max": []}`, `executionParams.flag == true && executionParams.to == []`},
		{`executionParams.to in userParams.max`, `{"max": ["x"]}`, ``},
	} {
		a := mustCompile(t, `{"name": "a", "executionParams": {"amount": "number", "flag": "boolean", "to": "array<string>"}, "rules": [{"name": "r", "expression": `+quoted("executionParams.flag && "+tt.expression)+`}]}`)
		if got := evaluate(t, a, tt.user, `{"flag": false, "amount": 6, "to": []}`).Evaluations[0].PassesIf; got != tt.want {
			t.Errorf("%s with %s: got %s, want %s", tt.expression, tt.user, got, tt.want)
		}
	}
}
