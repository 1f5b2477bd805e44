package policy

import (
	"strings"
	"testing"
)

func TestRefusedExpressions(t *testing.T) {
	long := strings.Repeat(" ", 2048)
	tests := []struct{ name, expression, want string }{
		{"typo", `executionParams.amuont <= 5`, "type"},
		{"typo in brackets", `executionParams["amuont"] <= 5`, "type"},
		{"typo in has", `has(executionParams.amuont)`, "type"},
		{"unknown variable", `params.amount <= 5`, "type"},
		{"number and string", `executionParams.amount <= "5"`, "type"},
		{"number equals string", `executionParams.amount == "5"`, "type"},
		{"string in numbers", `"5" in executionParams.counts`, "type"},
		{"number and null", `executionParams.amount == null`, "type"},
		{"key in object", `"a" in executionParams.addr`, "type"},
		{"size of object", `size(executionParams.addr) == 1`, "type"},
		{"text function on a list", `executionParams.to.contains("x")`, "type"},
		{"not a bool", `executionParams.amount`, "not_bool"},
		{"null", `null`, "not_bool"},
		{"list", `[true]`, "not_bool"},
		{"syntax", `executionParams.amount <=`, "syntax"},
		{"two expressions", `true true`, "syntax"},
		{"comment hides the rest", "true // && false", "ok"},
		{"too long", `true` + long, "limit"},
		{"as long as allowed", `true` + long[:2044], "ok"},
		{"two-byte characters count once", `"` + strings.Repeat("é", 2040) + `" != ""`, "ok"},
		{"too many nodes", strings.Repeat("1==1&&", 170) + "true", "limit"},
		{"too deep", strings.Repeat("!(", 70) + "true" + strings.Repeat(")", 70), "syntax"},
		{"too deep after parsing", strings.Repeat("-(", 40) + "1" + strings.Repeat(")", 40) + strings.Repeat("+1", 30) + " == 1", "limit"},

		{"list plus list", `executionParams.to + ["x"] == []`, "refused"},
		{"lists of any kind", `executionParams.list + [1] == []`, "refused"},
		{"list plus list in a loop", `executionParams.to.all(v, [v] + [v] == [])`, "refused"},
		{"plus on unknown types", `executionParams.addr.a + executionParams.addr.b == 5`, "refused"},
		{"map literal", `{"a": 1}.a == 1`, "refused"},
		{"message literal", `foo.Bar{}.a == 1`, "refused"},
		{"message literal of a shape", `executionParams{amount: 5}.amount == 5`, "refused"},
		{"unsigned literal", `executionParams.counts.size() == 5u`, "refused"},
		{"bytes literal", `b"a".size() == 1`, "refused"},
		{"literal that is no finite number", `executionParams.amount <= 1e999`, "syntax"},
		{"unsafe literal", `executionParams.amount <= 9007199254740992`, "refused"},
		{"unsafe negative literal", `executionParams.amount >= -9007199254740992`, "refused"},
		{"division by zero", `executionParams.amount / 0 > 1`, "refused"},
		{"division by 0.0", `executionParams.amount / 0.0 > 1`, "refused"},
		{"division by minus zero", `executionParams.amount / -0.0 > 1`, "refused"},
		{"division by a parameter", `executionParams.amount / executionParams.fee > 1`, "refused"},
		{"division by an expression", `executionParams.amount / (2 - 2) > 1`, "refused"},
		{"integer division", `7 / 2 == 3`, "refused"},
		{"integer division of a size", `(size(executionParams.to) + 1) / 2 == 1`, "refused"},
		{"integer division of a condition", `(executionParams.flag ? 1 : 2) / 2 == 1`, "refused"},
		{"modulo", `executionParams.amount % 2 == 0`, "refused"},
		{"pattern from a parameter", `executionParams.category.matches(userParams.text)`, "refused"},
		{"pattern from an expression", `executionParams.category.matches("a" + "b")`, "refused"},
		{"pattern that is no RE2", `executionParams.category.matches("(?=a)")`, "refused"},
		{"pattern that is too large", `executionParams.category.matches("[a-z]{999}x{9}")`, "refused"},
		{"pattern that explodes", `executionParams.category.matches("((a{50}){50}){50}")`, "refused"},
		{"matches as a function", `matches(executionParams.category, "a")`, "refused"},
		{"index from a parameter", `executionParams.to[executionParams.amount] == "a"`, "refused"},
		{"negative index", `executionParams.to[-1] == "a"`, "refused"},
		{"fractional index", `executionParams.to[1.0] == "a"`, "refused"},
		{"leading dot", `.executionParams.amount <= 5`, "refused"},
		{"loop variable hides a parameter", `executionParams.to.all(userParams, userParams == "x")`, "refused"},
		{"loop variable hides another", `executionParams.to.all(v, executionParams.to.all(v, v == "x"))`, "refused"},
		{"three loops", `executionParams.to.all(a, executionParams.to.all(b, executionParams.to.all(c, a == c)))`, "limit"},
		{"three loops in a chain", `executionParams.to.map(a, a + a).map(b, b + b).map(c, c + c) == []`, "limit"},
		{"loop over an object", `executionParams.addr.all(k, k == "a")`, "refused"},
		{"loop over a string", `executionParams.category.all(k, k == "a")`, "type refused"},
		{"loop over the parameters", `executionParams.all(k, k == "a")`, "type refused"},
		{"optional syntax", `executionParams.?amount.orValue(0) <= 5`, "syntax"},
		{"optional index", `executionParams.to[?0].orValue("a") == "a"`, "syntax"},
		{"accumulator", `__result__ == true`, "type"},
		{"hidden accumulator", `@result == true`, "syntax"},
		{"internal equality", `@equals(1, 1)`, "syntax"},
		{"conversion to int", `int(executionParams.amount) <= 5`, "type"},
		{"conversion to double", `double(executionParams.category) <= 5`, "type"},
		{"conversion to string", `string(executionParams.amount) == "5"`, "type"},
		{"conversion to dyn", `dyn(executionParams.amount) == "5"`, "type"},
		{"type", `type(executionParams.amount) == type(5)`, "type"},
		{"timestamp from a number", `timestamp(0) < now`, "type"},
		{"time zone", `now.getHours("America/New_York") < 9`, "type"},
		{"bind", `cel.bind(x, 1, x == 1)`, "type"},
		{"sets", `sets.contains([1], [1])`, "type"},
		{"loop with two variables", `executionParams.to.all(i, v, v == "x")`, "type"},
		{"has of a variable", `has(executionParams)`, "syntax"},
		{"whole parameters", `executionParams == userParams`, "type"},
		{"type of a shape", `now == executionParams`, "type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(parse(t, typed(tt.expression)))
			got := issueCodes(t, err)
			// One mistake may cause several issues; the first describes it.
			if first, _, _ := strings.Cut(got, " "); !strings.Contains(" "+tt.want+" ", " "+first+" ") {
				t.Errorf("got %s, want %s (%v)", got, tt.want, err)
			}
		})
	}
}

func TestExpressions(t *testing.T) {
	const (
		pass     = "pass/ok"
		fail     = "fail/failed"
		missing  = "error/missing_field"
		mismatch = "error/type_mismatch"
	)
	tests := []struct{ name, expression, user, exec, want string }{
		// Numbers are doubles in every spelling.
		{"at the cap", `executionParams.amount <= userParams.max`, `{"max": 50}`, `{"amount": 50}`, pass},
		{"under the cap", `executionParams.amount <= userParams.max`, `{"max": 50}`, `{"amount": 12.5}`, pass},
		{"over the cap", `executionParams.amount <= userParams.max`, `{"max": 50}`, `{"amount": 50.01}`, fail},
		{"over the cap by a half", `executionParams.amount <= userParams.max`, `{"max": 2500}`, `{"amount": 2500.5}`, fail},
		{"longer but smaller", `executionParams.amount <= userParams.max`, `{"max": 500}`, `{"amount": 1000}`, fail},
		{"integer literal", `executionParams.amount == 500`, `{}`, `{"amount": 500.0}`, pass},
		{"double literal", `executionParams.amount == 500.0`, `{}`, `{"amount": 500}`, pass},
		{"integer literal differs", `executionParams.amount != 500`, `{}`, `{"amount": 500.5}`, pass},
		{"in integer literals", `executionParams.amount in [1, 2, 5]`, `{}`, `{"amount": 5}`, pass},
		{"in mixed literals", `executionParams.amount in [1, 2.5]`, `{}`, `{"amount": 2.5}`, pass},
		{"not in integer literals", `executionParams.amount in [1, 2]`, `{}`, `{"amount": 1.5}`, fail},
		{"arithmetic with integers", `executionParams.amount * 2 + 1 - -3 == 14`, `{}`, `{"amount": 5}`, pass},
		{"division", `executionParams.amount / 2 == 2.5`, `{}`, `{"amount": 5}`, pass},
		{"unary minus", `-executionParams.amount == -5`, `{}`, `{"amount": 5}`, pass},
		{"binary fractions", `0.1 + 0.2 <= 0.3`, `{}`, `{}`, fail},
		{"size of a list", `size(executionParams.to) == 2 && executionParams.to.size() < 2.5`, `{}`, `{"to": ["a", "b"]}`, pass},
		{"size of a string counts code points", `size(executionParams.category) == 2 && executionParams.category.size() == 2`, `{}`, `{"category": "é🙂"}`, pass},
		{"not a finite sum", `executionParams.amount * 1e308 * 10 > 1`, `{}`, `{"amount": 5}`, mismatch},
		{"no NaN", `!(executionParams.amount * 1e308 * 10 - executionParams.amount * 1e308 * 10 > 1)`, `{}`, `{"amount": 5}`, mismatch},
		{"string order", `executionParams.day <= "2026-12-31"`, `{}`, `{"day": "2026-05-02"}`, pass},
		{"string order is by code point", `"Z" < "a" && "10" < "9"`, `{}`, `{}`, pass},

		// Absent fields, and fields of another type.
		{"unguarded", `executionParams.amount <= 5`, `{}`, `{}`, missing},
		{"null counts as absent", `executionParams.amount <= 5`, `{}`, `{"amount": null}`, missing},
		{"guarded", `!has(executionParams.amount) || executionParams.amount <= 5`, `{}`, `{}`, pass},
		{"guarded, null", `!has(executionParams.amount) || executionParams.amount <= 5`, `{}`, `{"amount": null}`, pass},
		{"guarded, given", `!has(executionParams.amount) || executionParams.amount <= 5`, `{}`, `{"amount": 6}`, fail},
		{"an error is absorbed by true", `executionParams.amount <= 5 || true`, `{}`, `{}`, pass},
		{"an error is not absorbed by false", `executionParams.amount <= 5 || false`, `{}`, `{}`, missing},
		{"index", `executionParams.to[1] == "b"`, `{}`, `{"to": ["a", "b"]}`, pass},
		{"index out of range", `executionParams.to[2] == "b"`, `{}`, `{"to": ["a", "b"]}`, missing},
		{"brackets", `executionParams["amount"] == userParams["max"]`, `{"max": 5}`, `{"amount": 5}`, pass},
		{"member of an object", `executionParams.addr.country == "PT"`, `{}`, `{"addr": {"country": "PT"}}`, pass},
		{"no such member of an object", `executionParams.addr.country == "PT"`, `{}`, `{"addr": {}}`, missing},
		{"member of another type", `executionParams.addr.country == "PT"`, `{}`, `{"addr": {"country": 5}}`, mismatch},
		{"null member", `executionParams.addr.country == null && null == executionParams.addr.country`, `{}`, `{"addr": {"country": null}}`, pass},
		{"null member is not a string", `executionParams.addr.country != "PT"`, `{}`, `{"addr": {"country": null}}`, pass},
		{"guard on a member of a string", `!has(executionParams.addr.a.b)`, `{}`, `{"addr": {"a": "x"}}`, missing},
		{"untyped sum with a string", `executionParams.addr.a + 1 == 2`, `{}`, `{"addr": {"a": "1"}}`, mismatch},
		{"untyped product", `executionParams.addr.a * executionParams.addr.b == 6`, `{}`, `{"addr": {"a": 2, "b": 3}}`, pass},
		{"untyped order", `executionParams.addr.a < 5`, `{}`, `{"addr": {"a": "4"}}`, mismatch},

		// Comparing values of different types is an error.
		{"list is not a string", `executionParams.addr.a != "x"`, `{}`, `{"addr": {"a": ["x"]}}`, mismatch},
		{"list is in no list of strings", `!(executionParams.addr.a in ["x"])`, `{}`, `{"addr": {"a": ["x"]}}`, mismatch},
		{"number is in no list of strings", `!(5 in executionParams.list)`, `{}`, `{"list": ["5"]}`, mismatch},
		{"found before the odd one", `5 in executionParams.list`, `{}`, `{"list": [5, "x"]}`, pass},
		{"in an object", `"a" in executionParams.addr.a`, `{}`, `{"addr": {"a": {"a": 1}}}`, mismatch},
		{"size of an object", `size(executionParams.addr.a) == 1`, `{}`, `{"addr": {"a": {"a": 1}}}`, mismatch},

		// Loops.
		{"all", `executionParams.to.all(v, v in userParams.allowed)`, `{"allowed": ["a"]}`, `{"to": ["a", "a"]}`, pass},
		{"not all", `executionParams.to.all(v, v in userParams.allowed)`, `{"allowed": ["a"]}`, `{"to": ["a", "b"]}`, fail},
		{"all of none", `executionParams.to.all(v, v in userParams.allowed)`, `{"allowed": ["a"]}`, `{"to": []}`, pass},
		{"exists", `executionParams.to.exists(v, v == "b")`, `{}`, `{"to": ["a", "b"]}`, pass},
		{"exists one", `executionParams.to.exists_one(v, v == "b")`, `{}`, `{"to": ["b", "b"]}`, fail},
		{"map", `executionParams.to.map(v, v + "!") == ["a!", "b!"]`, `{}`, `{"to": ["a", "b"]}`, pass},
		{"map with a filter", `executionParams.to.map(v, v != "a", v + "!") == ["b!"]`, `{}`, `{"to": ["a", "b"]}`, pass},
		{"filter", `executionParams.to.filter(v, v != "a") == ["b"]`, `{}`, `{"to": ["a", "b"]}`, pass},
		{"two loops", `executionParams.grid.all(row, row.all(x, x < 3))`, `{}`, `{"grid": [[1], [2, 3]]}`, fail},
		{"loop over what may be a list", `executionParams.addr.to.all(v, v == "a")`, `{}`, `{"addr": {"to": ["a"]}}`, pass},
		{"loop over keys", `executionParams.addr.to.all(v, v == "a")`, `{}`, `{"addr": {"to": {"a": 1}}}`, mismatch},
		{"loop over characters", `executionParams.addr.to.all(v, v == "a")`, `{}`, `{"addr": {"to": "a"}}`, mismatch},

		// Text and time.
		{"pattern with a counted repetition", `executionParams.category.matches("^[A-Z]{2}[0-9]+$")`, `{}`, `{"category": "AB12"}`, pass},
		{"pattern twice", `executionParams.category.matches("^A") && !userParams.text.matches("^A")`, `{"text": "B"}`, `{"category": "AB12"}`, pass},
		{"pattern on a number", `executionParams.addr.a.matches("5")`, `{}`, `{"addr": {"a": 5}}`, mismatch},
		{"prefix, suffix, part", `executionParams.category.startsWith("a") && executionParams.category.endsWith("c") && executionParams.category.contains("b")`, `{}`, `{"category": "abc"}`, pass},
		{"now", `now == timestamp("2026-05-02T10:15:30Z")`, `{}`, `{}`, pass},
		{"from a date", `timestamp(executionParams.day + "T00:00:00Z") - now <= duration("720h")`, `{}`, `{"day": "2026-05-03"}`, pass},
		{"time arithmetic", `now + duration("1h") - duration("30m") == duration("30m") + now && duration("1h") - duration("30m") == duration("15m") + duration("15m")`, `{}`, `{}`, pass},
		{"date without time", `timestamp(executionParams.day) > now`, `{}`, `{"day": "2026-05-03"}`, mismatch},
		{"no duration", `duration(executionParams.category) > duration("1h")`, `{}`, `{"category": "1 hour"}`, mismatch},
		{"time overflow", `now + duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h") + duration("2000000h") + duration("2000000h")+ duration("2000000h") + duration("2000000h") > now`, `{}`, `{}`, mismatch},
		{"parts of a time", `now.getFullYear() == 2026 && now.getMonth() == 4 && now.getDate() == 2 && now.getDayOfMonth() == 1 && now.getDayOfWeek() == 6 && now.getHours() == 10 && now.getMinutes() == 15 && now.getSeconds() == 30`, `{}`, `{}`, pass},
		{"condition", `executionParams.flag ? executionParams.amount <= 5 : false`, `{}`, `{"flag": true, "amount": 5}`, pass},

		// A value other than true and false.
		{"untyped bool", `executionParams.addr.ok`, `{}`, `{"addr": {"ok": true}}`, pass},
		{"untyped number", `executionParams.addr.ok`, `{}`, `{"addr": {"ok": 1}}`, "error/not_bool"},
		{"untyped null", `executionParams.addr.ok`, `{}`, `{"addr": {"ok": null}}`, "error/not_bool"},
		{"untyped text", `executionParams.addr.ok`, `{}`, `{"addr": {"ok": "true"}}`, "error/not_bool"},
		{"negated number", `!executionParams.addr.ok`, `{}`, `{"addr": {"ok": 0}}`, mismatch},
		{"text and bool", `executionParams.addr.ok && true`, `{}`, `{"addr": {"ok": "true"}}`, mismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := evaluate(t, mustCompile(t, typed(tt.expression)), tt.user, tt.exec)
			want := "deny rule_error r=" + tt.want
			switch tt.want {
			case pass:
				want = "allow r=" + pass
			case fail:
				want = "deny rule_failed r=" + fail
			}
			if got := verdict(d); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
				for _, e := range d.Evaluations {
					t.Log(e.Reason)
				}
			}
		})
	}
}

// Rules published by the vendor, in an action without declared shapes.
func TestVendorRules(t *testing.T) {
	const user = `{"maxAmount": {"value": 500, "description": "d"}, "limit": 100, "allowed": ["a"], "allow": false}`
	tests := []struct{ expression, exec, want string }{
		{`executionParams.amount <= userParams.maxAmount`, `{"amount": 500}`, "allow"},
		{`executionParams.category in userParams.allowed`, `{"category": "b"}`, "deny rule_failed"},
		{`executionParams.tool != 'pay' || executionParams.amount <= userParams.limit`, `{"tool": "pay", "amount": 101}`, "deny rule_failed"},
		{`executionParams.tool != 'pay' || executionParams.amount <= userParams.limit`, `{"tool": "open"}`, "allow"},
		{`executionParams.tool != 'pay' || executionParams.amount <= userParams.limit`, `{"tool": "pay"}`, "deny rule_error"},
		{`!(executionParams.tool in ['approve', 'pay']) || executionParams.amount_eur <= userParams.limit`, `{"tool": "pay", "amount_eur": 100}`, "allow"},
		{`executionParams.tool != 'update' || userParams.allow == true`, `{"tool": "update"}`, "deny rule_failed"},
		{`!has(executionParams.channel_id) || executionParams.channel_id in userParams.allowed`, `{}`, "allow"},
		{`!has(executionParams.to) || executionParams.to.all(v, v in userParams.allowed)`, `{"to": ["a", "x"]}`, "deny rule_failed"},
		// A field that is null is present.
		{`!has(executionParams.channel_id) || executionParams.channel_id in userParams.allowed`, `{"channel_id": null}`, "deny rule_failed"},
		{`!has(executionParams.to.ana) || executionParams.to.ana in userParams.allowed`, `{"to": "x"}`, "deny rule_error"},
	}
	for _, tt := range tests {
		d := evaluate(t, mustCompile(t, untyped(tt.expression)), user, tt.exec)
		got := "deny " + string(d.Reason)
		if d.Allow {
			got = "allow"
		}
		if got != tt.want {
			t.Errorf("%s with %s: got %s, want %s", tt.expression, tt.exec, got, tt.want)
		}
	}
}
