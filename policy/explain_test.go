package policy

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReasons(t *testing.T) {
	const f, tr = "Expression evaluated to false: ", "Expression evaluated to true: "
	tests := []struct{ name, expression, user, exec, want string }{
		{"comparison", `executionParams.amount <= userParams.max`, `{"max": 500}`, `{"amount": 900}`,
			f + `executionParams.amount (900) <= userParams.max (500)`},
		{"literal", `executionParams.amount<=500`, `{}`, `{"amount": 420.5e1}`,
			f + `executionParams.amount (4205) <= 500`},
		{"numbers as in JSON", `executionParams.amount == 1e21`, `{}`, `{"amount": 1e-7}`,
			f + `executionParams.amount (1e-7) == 1e+21`},
		{"beyond 2^53", `executionParams.amount * 1e6 < 1`, `{}`, `{"amount": 9007199254740991}`,
			f + `executionParams.amount * 1e+06 (9.007199254740991e+21) < 1`},
		{"arithmetic", `executionParams.amount * 1.2 <= userParams.max`, `{"max": 2500}`, `{"amount": 2400.5}`,
			f + `executionParams.amount * 1.2 (2880.6) <= userParams.max (2500)`},
		{"brackets", `executionParams["amount"] <= 5`, `{}`, `{"amount": 6}`,
			f + `executionParams["amount"] (6) <= 5`},
		{"in", `executionParams.category in userParams.allowed`, `{"allowed": ["a", "b"]}`, `{"category": "c"}`,
			f + `executionParams.category ("c") in userParams.allowed (["a", "b"])`},
		{"and: what failed", `executionParams.amount <= 5 && executionParams.category == "a" && executionParams.fee < 1`, `{}`, `{"amount": 6, "category": "a", "fee": 2}`,
			f + `executionParams.amount (6) <= 5`},
		{"or: everything", `executionParams.amount <= 5 || executionParams.category == "a"`, `{}`, `{"amount": 6, "category": "b"}`,
			f + `executionParams.amount (6) <= 5; executionParams.category ("b") == "a"`},
		{"guard by presence", `!has(executionParams.category) || executionParams.category == "a"`, `{}`, `{"category": "b"}`,
			f + `executionParams.category ("b") == "a"`},
		{"nothing but guards", `!has(executionParams.category)`, `{}`, `{"category": "b"}`,
			f + `!(has(executionParams.category))`},
		{"guards alone in or", `!has(executionParams.category) || !has(executionParams.amount)`, `{}`, `{"category": "b", "amount": 1}`,
			f + `!(has(executionParams.category)); !(has(executionParams.amount))`},
		{"not", `!(executionParams.category in ["a", "b"])`, `{}`, `{"category": "b"}`,
			f + `!(executionParams.category ("b") in ["a", "b"])`},
		{"not over or", `!(executionParams.amount > 5 || executionParams.category == "a")`, `{}`, `{"amount": 6, "category": "b"}`,
			f + `executionParams.amount (6) > 5`},
		{"condition", `executionParams.flag ? executionParams.amount <= 5 : executionParams.amount <= 9`, `{}`, `{"flag": false, "amount": 10}`,
			f + `executionParams.flag (false); executionParams.amount (10) <= 9`},
		{"condition, the other way", `executionParams.flag ? executionParams.amount <= 5 : true`, `{}`, `{"flag": true, "amount": 10}`,
			f + `executionParams.flag (true); executionParams.amount (10) <= 5`},
		{"flag", `userParams.flag`, `{"flag": false}`, `{}`,
			f + `userParams.flag (false)`},
		{"literal false", `false`, `{}`, `{}`, f + `false`},
		{"call", `executionParams.link.startsWith("https://shop.example/")`, `{}`, `{"link": "https://shop.example.evil.test/"}`,
			f + `executionParams.link ("https://shop.example.evil.test/").startsWith("https://shop.example/")`},
		{"call with a value", `executionParams.category.startsWith(userParams.text)`, `{"text": "b"}`, `{"category": "a"}`,
			f + `executionParams.category ("a").startsWith(userParams.text ("b"))`},
		{"pattern", `executionParams.category.matches("^a+$")`, `{}`, `{"category": "b"}`,
			f + `executionParams.category ("b").matches("^a+$")`},
		{"size", `size(executionParams.to) <= 1`, `{}`, `{"to": ["a", "b"]}`,
			f + `size(executionParams.to) (2) <= 1`},
		{"time", `timestamp("2026-05-02T10:15:31.5Z") <= now && now - now == duration("1h")`, `{}`, `{}`,
			f + `timestamp("2026-05-02T10:15:31.5Z") (2026-05-02T10:15:31.5Z) <= now (2026-05-02T10:15:30Z)`},
		{"duration", `now - timestamp("2026-05-02T09:15:30Z") <= duration("30m")`, `{}`, `{}`,
			f + `now - timestamp("2026-05-02T09:15:30Z") (1h0m0s) <= duration("30m") (30m0s)`},
		{"null and bool", `executionParams.addr.a == true || executionParams.addr.a == executionParams.flag`, `{}`, `{"addr": {"a": null}, "flag": true}`,
			f + `executionParams.addr.a (null) == true; executionParams.addr.a (null) == executionParams.flag (true)`},
		{"object", `executionParams.addr.a == null`, `{}`, `{"addr": {"a": {"b": 1}}}`,
			f + `executionParams.addr.a (an object) == null`},
		{"all", `executionParams.to.all(v, v in userParams.allowed)`, `{"allowed": ["ana@h.test"]}`, `{"to": ["ana@h.test", "x@elsewhere.test", "y"]}`,
			f + `executionParams.to.all(v, v in userParams.allowed): fails for v ("x@elsewhere.test") in userParams.allowed (["ana@h.test"])`},
		{"all in all", `executionParams.grid.all(row, row.all(x, x < 3))`, `{}`, `{"grid": [[1], [2, 4]]}`,
			f + `executionParams.grid.all(row, row.all(x, x < 3)): fails for row.all(x, x < 3): fails for x (4) < 3`},
		{"not exists", `!executionParams.to.exists(v, v == "b")`, `{}`, `{"to": ["a", "b"]}`,
			f + `!(executionParams.to.exists(v, v == "b"): holds for v ("b") == "b")`},
		{"exists", `executionParams.to.exists(v, v == "c")`, `{}`, `{"to": ["a", "b"]}`,
			f + `executionParams.to.exists(v, v == "c"): executionParams.to (["a", "b"])`},
		{"exists in a literal", `["a"].exists(v, v == executionParams.category)`, `{}`, `{"category": "b"}`,
			f + `["a"].exists(v, v == executionParams.category)`},
		{"filter", `executionParams.to.filter(v, v != "a").size() == 2`, `{}`, `{"to": ["a", "b"]}`,
			f + `executionParams.to.filter(v, v != "a").size() (1) == 2`},
		{"an error beside what failed", `executionParams.amount <= 5 && executionParams.category == "a"`, `{}`, `{"category": "b"}`,
			f + `executionParams.category ("b") == "a"`},
		{"unprintable", `executionParams.category == "a"`, `{}`, `{"category": "\u202e\n\u0000\"b\ud83d\ude42"}`,
			f + `executionParams.category ("\u202e\n\x00\"b🙂") == "a"`},
		{"long string", `executionParams.category == "a"`, `{}`, `{"category": "` + strings.Repeat("é", 100) + `"}`,
			f + `executionParams.category ("` + strings.Repeat("é", 61) + `…") == "a"`},
		{"long list", `executionParams.category in executionParams.to`, `{}`, `{"category": "z", "to": [` + repeated(1000, `"x%d"`) + `]}`,
			f + `executionParams.category ("z") in executionParams.to (["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x…)`},

		{"hidden field", `executionParams.iban == userParams.secret`, `{"secret": "s"}`, `{"iban": "PT50"}`,
			f + `executionParams.iban (hidden) == userParams.secret (hidden)`},
		{"hidden field in brackets", `executionParams["iban"] == "x"`, `{}`, `{"iban": "PT50"}`,
			f + `executionParams["iban"] (hidden) == "x"`},
		{"hidden in an expression", `executionParams.iban + "x" == userParams.text`, `{"text": "t"}`, `{"iban": "PT50"}`,
			f + `executionParams.iban + "x" (hidden) == userParams.text ("t")`},
		{"hidden in a call", `size(executionParams.iban) == 5 || executionParams.iban.size() == 5`, `{}`, `{"iban": "PT50"}`,
			f + `size(executionParams.iban) (hidden) == 5; executionParams.iban.size() (hidden) == 5`},
		{"hidden in a loop", `[executionParams.iban].all(v, v == "x")`, `{}`, `{"iban": "PT50"}`,
			f + `[executionParams.iban].all(v, v == "x")`},
		{"hidden through a macro", `executionParams.to.map(v, v + executionParams.iban) == []`, `{}`, `{"iban": "PT50", "to": ["a"]}`,
			f + `executionParams.to.map(v, v + executionParams.iban) (hidden) == []`},
		{"hidden in the body of a loop", `executionParams.to.all(v, executionParams.iban == v)`, `{}`, `{"iban": "PT50", "to": ["a"]}`,
			f + `executionParams.to.all(v, executionParams.iban == v)`},
		{"hidden by its wrapper", `executionParams.category == userParams.text`, `{"text": {"value": "t", "hidden": true}}`, `{"category": "a"}`,
			f + `executionParams.category ("a") == userParams.text (hidden)`},

		{"forbid", `forbid: executionParams.amount > userParams.max`, `{"max": 5}`, `{"amount": 6}`,
			tr + `executionParams.amount (6) > userParams.max (5)`},
		{"forbid and", `forbid: executionParams.amount > 5 && executionParams.category == "a"`, `{}`, `{"amount": 6, "category": "a"}`,
			tr + `executionParams.amount (6) > 5; executionParams.category ("a") == "a"`},
		{"forbid or", `forbid: executionParams.amount > 5 || executionParams.category == "b"`, `{}`, `{"amount": 6, "category": "a"}`,
			tr + `executionParams.amount (6) > 5`},
		{"forbid exists", `forbid: executionParams.to.exists(v, v.endsWith(".evil"))`, `{}`, `{"to": ["a", "b.evil"]}`,
			tr + `executionParams.to.exists(v, v.endsWith(".evil")): holds for v ("b.evil").endsWith(".evil")`},
		{"forbid holds", `forbid: executionParams.amount > 5`, `{}`, `{"amount": 5}`, "Expression evaluated to false"},
		{"require holds", `executionParams.amount <= 5`, `{}`, `{"amount": 5}`, "Expression evaluated to true"},

		{"missing", `executionParams.amount <= 5`, `{}`, `{}`, "Expression could not be evaluated: no such field: amount"},
		{"index", `executionParams.to[3] == "a"`, `{}`, `{"to": []}`, "Expression could not be evaluated: index out of bounds: 3"},
		{"type", `executionParams.addr.a < 5`, `{}`, `{"addr": {"a": "secret"}}`, "Expression could not be evaluated: a value has a type that the operation does not take"},
		{"mixed", `executionParams.addr.a == 5`, `{}`, `{"addr": {"a": "secret"}}`, "Expression could not be evaluated: values of different types are not comparable"},
		{"finite", `executionParams.amount * 1e308 > 5`, `{}`, `{"amount": 500}`, "Expression could not be evaluated: the result is not a finite number"},
		{"timestamp", `timestamp(executionParams.category) > now`, `{}`, `{"category": "secret"}`, "Expression could not be evaluated: not an RFC 3339 date-time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expression, forbid := strings.CutPrefix(tt.expression, "forbid: ")
			content := typed(expression)
			if forbid {
				content = strings.Replace(content, `"name": "r"`, `"name": "r", "effect": "forbid"`, 1)
			}
			d := evaluate(t, mustCompile(t, content), tt.user, tt.exec)
			if len(d.Evaluations) != 1 {
				t.Fatal(verdict(d))
			}
			if got := d.Evaluations[0].Reason; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReasonsOmitToolGuard(t *testing.T) {
	for _, expression := range []string{
		`executionParams.tool != 'pay' || executionParams.amount <= 5`,
		`!(executionParams.tool in ['pay', 'approve']) || executionParams.amount <= 5`,
		`'pay' != executionParams.tool || executionParams.amount <= 5`,
	} {
		d := evaluate(t, mustCompile(t, untyped(expression)), `{}`, `{"tool": "pay", "amount": 6}`)
		const want = "Expression evaluated to false: executionParams.amount (6) <= 5"
		if got := d.Evaluations[0].Reason; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A long rule over long values has a short reason.
func TestReasonsAreBounded(t *testing.T) {
	name := strings.Repeat("n", 128)
	terms := strings.TrimSuffix(strings.Repeat(`userParams["`+name+`"] == "x" || `, 13), " || ")
	d := evaluate(t, mustCompile(t, untyped(terms)), `{"`+name+`": "`+strings.Repeat("v", 60000)+`"}`, `{}`)
	got := d.Evaluations[0].Reason
	if n := utf8.RuneCountInString(got); n != 1024 {
		t.Errorf("%d characters", n)
	}
	if !strings.HasPrefix(got, "Expression evaluated to false: ") {
		t.Error(got)
	}
}

// The reason of a failed rule does not depend on the value of a hidden
// parameter, neither through the deciding operand nor through the omitted
// ones.
func TestReasonsDoNotRevealHidden(t *testing.T) {
	const user = `{"vip": %v, "name": %q, "max": 7}`
	for _, tt := range []struct{ name, expression, exec, want string }{
		{"condition", `userParams.vip ? executionParams.amount <= 1000 : executionParams.amount <= 10`, `{"amount": 5000}`,
			`userParams.vip ? (executionParams.amount <= 1000) : (executionParams.amount <= 10)`},
		{"operands that decided", `userParams.vip && executionParams.amount <= 1000`, `{"amount": 5000}`,
			`userParams.vip && executionParams.amount <= 1000`},
		{"below alternatives", `userParams.vip && executionParams.amount <= 1000 || executionParams.amount <= 10`, `{"amount": 5000}`,
			`userParams.vip && executionParams.amount <= 1000; executionParams.amount (5000) <= 10`},
		{"not evaluated", `(userParams.vip || executionParams.flag) && executionParams.amount <= userParams.max / 2.0`, `{"amount": 5000, "flag": true}`,
			`(userParams.vip || executionParams.flag) && executionParams.amount <= userParams.max / 2.0`},
		{"element", `executionParams.to.all(v, v != userParams.name)`, `{"to": ["true", "false"]}`, `executionParams.to.all(v, v != userParams.name)`},
		{"element of a hidden list", `[userParams.name, "x"].all(v, v == "y")`, `{}`, `[userParams.name, "x"].all(v, v == "y")`},
		{"every operand", `executionParams.city == userParams.name || executionParams.amount <= 10`, `{"city": "z", "amount": 5000}`,
			`executionParams.city ("z") == userParams.name (hidden); executionParams.amount (5000) <= 10`},
	} {
		a := mustCompile(t, `{"name": "a", "userParams": {"vip": {"type": "boolean", "hidden": true}, "name": {"type": "string", "hidden": true}, "max": "number"},
			"executionParams": {"amount": "number", "flag": "boolean", "city": "string", "to": "array<string>"}, "rules": [{"name": "r", "expression": `+quoted(tt.expression)+`}]}`)
		for _, vip := range []bool{true, false} {
			e := evaluate(t, a, fmt.Sprintf(user, vip, fmt.Sprint(vip)), tt.exec).Evaluations[0]
			if want := "Expression evaluated to false: " + tt.want; e.Reason != want || e.PassesIf != "" {
				t.Errorf("%s, %v:\ngot  %s %s\nwant %s", tt.name, vip, e.Reason, e.PassesIf, want)
			}
		}
	}

	compared := 0
	for seed := range uint64(1500) {
		g := newGenerator(seed)
		a, err := Compile(parse(t, randomContent(strings.ReplaceAll(g.rule(3), "userParams.home", "userParams.key"))))
		if err != nil {
			continue
		}
		exec := g.object(g.exec("pay")...)
		with := func(key string) Evaluation {
			return evaluate(t, a, `{"max": 3, "limit": 5, "allowed": ["a"], "home": "a", "on": true, "key": "`+key+`"}`, exec).Evaluations[0]
		}
		first, second := with("a"), with("b")
		if first.Result != ResultFail || second.Result != ResultFail {
			continue
		}
		if first != second {
			t.Fatalf("seed %d: %s: %+v or %+v", seed, exec, first, second)
		}
		compared++
	}
	if compared < 200 {
		t.Errorf("only %d compared", compared)
	}
}
