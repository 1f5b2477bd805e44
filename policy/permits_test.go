package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
)

func permits(t testing.TB, a *Action, user, tool string) *Permits {
	t.Helper()
	p, err := a.Permits(t.Context(), parse(t, user), tool)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// valid reports whether v matches a JSON Schema. It supports the keywords that
// Permits writes and panics on others.
func valid(rule, v any) bool {
	r, ok := rule.(object)
	if !ok {
		return rule.(bool)
	}
	o, isObject := v.(object)
	list, isList := v.([]any)
	s, isText := v.(string)
	n, isNumber := v.(float64)
	in := func(list any) bool {
		return slices.ContainsFunc(list.([]any), func(e any) bool { return reflect.DeepEqual(e, v) })
	}
	for keyword, arg := range r {
		bound, _ := arg.(float64)
		ok := true
		switch keyword {
		case "$schema", "format":
		case "type":
			_, isBool := v.(bool)
			ok = map[string]bool{"object": isObject, "array": isList, "string": isText, "number": isNumber, "boolean": isBool}[arg.(string)]
		case "enum":
			ok = in(arg)
		case "not":
			ok = !valid(arg, v)
		case "minimum":
			ok = !isNumber || n >= bound
		case "exclusiveMinimum":
			ok = !isNumber || n > bound
		case "maximum":
			ok = !isNumber || n <= bound
		case "exclusiveMaximum":
			ok = !isNumber || n < bound
		case "minLength":
			ok = !isText || utf8.RuneCountInString(s) >= int(bound)
		case "maxLength":
			ok = !isText || utf8.RuneCountInString(s) <= int(bound)
		case "minItems":
			ok = !isList || len(list) >= int(bound)
		case "maxItems":
			ok = !isList || len(list) <= int(bound)
		case "items":
			ok = !isList || !slices.ContainsFunc(list, func(e any) bool { return !valid(arg, e) })
		case "contains":
			ok = !isList || slices.ContainsFunc(list, func(e any) bool { return valid(arg, e) })
		case "required":
			ok = !isObject || !slices.ContainsFunc(arg.([]any), func(name any) bool { _, there := o[name.(string)]; return !there })
		case "properties":
			for name, sub := range arg.(object) {
				if m, there := o[name]; there && !valid(sub, m) {
					return false
				}
			}
		case "additionalProperties":
			for name := range o {
				if _, known := r["properties"].(object)[name]; !known {
					return false
				}
			}
		default:
			panic("keyword " + keyword)
		}
		if !ok {
			return false
		}
	}
	return true
}

func decode(t testing.TB, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

func TestResiduals(t *testing.T) {
	tests := []struct{ name, expression, user, want string }{
		{"cap", `executionParams.amount <= userParams.max`, `{"max": 500}`, `executionParams.amount <= 500.0 true`},
		{"in", `executionParams.category in userParams.allowed`, `{"allowed": ["b", "a"]}`, `executionParams.category in ["b", "a"] true`},
		{"other tool", `executionParams.tool != "pay" || executionParams.amount <= userParams.max`, `{"max": 5}`, `executionParams.amount <= 5.0 true`},
		{"this tool", `executionParams.tool != "look" || executionParams.amount <= userParams.max`, `{"max": 5}`, `true true`},
		{"switched off", `executionParams.tool != "pay" || userParams.on == true`, `{"on": false}`, `false true`},
		{"inside a macro", `executionParams.to.all(v, v in userParams.allowed)`, `{"allowed": ["a"]}`, `executionParams.to.all(v, v in ["a"]) true`},
		{"macro over what is known", `userParams.allowed.exists(v, v == executionParams.city)`, `{"allowed": ["a"]}`, `["a"].exists(v, v == executionParams.city) false`},
		{"macro that is known", `userParams.allowed.all(v, v != "z") && executionParams.flag`, `{"allowed": ["a"]}`, `executionParams.flag true`},
		{"required is present", `!has(executionParams.amount) || executionParams.amount < 5`, `{}`, `executionParams.amount < 5 true`},
		{"arithmetic", `executionParams.amount <= userParams.max / 2.0 + 1.0`, `{"max": 5}`, `executionParams.amount <= 3.5 true`},
		{"condition", `userParams.on ? executionParams.amount < 5.0 : executionParams.flag`, `{"on": true}`, `executionParams.amount < 5.0 true`},
		{"absent", `executionParams.amount <= userParams.max`, `{}`, `executionParams.amount <= userParams.max false`},
		{"absent, with a guard", `!has(userParams.max) || executionParams.amount <= userParams.max`, `{}`, `true true`},
		{"hidden", `executionParams.city == userParams.key`, `{"key": "s3cret"}`, `executionParams.city == userParams.key false`},
		{"hidden by its wrapper", `executionParams.amount <= userParams.max * 2.0`, `{"max": {"value": 4242, "hidden": true}}`, `executionParams.amount <= userParams.max * 2.0 false`},
		{"undeclared member", `executionParams.amount <= userParams.any.n`, `{"any": {"n": 5}}`, `executionParams.amount <= 5.0 true`},
		{"undeclared member that does not fit", `executionParams.amount <= userParams.any.n || executionParams.amount > 100.0`, `{"any": {"n": "5"}}`, `executionParams.amount <= userParams.any.n || executionParams.amount > 100.0 false`},
		{"time stays", `now < timestamp(userParams.home)`, `{"home": "2027-01-01T00:00:00Z"}`, `now < timestamp("2027-01-01T00:00:00Z") false`},
		{"a bool that may be none", `true && userParams.any.b == executionParams.flag`, `{"any": {"b": true}}`, `true == executionParams.flag true`},
		{"index", `executionParams.counts[0] < userParams.max`, `{"max": 5}`, `executionParams.counts[0] < 5.0 false`},
	}
	for _, tt := range tests {
		p := permits(t, mustCompile(t, randomContent(tt.expression)), tt.user, "pay")
		if got := fmt.Sprint(p.Rules[0].Expression, " ", p.Rules[0].InSchema); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestResidualsOfRules(t *testing.T) {
	a := mustCompile(t, `{"name": "a", `+randomShapes+`"rules": [
		{"name": "applies", "appliesTo": ["pay"], "expression": "executionParams.amount < 5.0"},
		{"name": "other", "appliesTo": ["look"], "expression": "executionParams.amount < 1.0"},
		{"name": "forbid", "effect": "forbid", "expression": "executionParams.amount < userParams.limit"},
		{"name": "strange", "maxUses": 1, "expression": "true"}]}`)
	for tool, want := range map[string]string{
		"pay": `executionParams.amount < 5.0|true|!(executionParams.amount < 2.0)|false`,
		"": `!(executionParams.tool in ["pay"]) || executionParams.amount < 5.0|!(executionParams.tool in ["look"]) || executionParams.amount < 1.0|` +
			`!(executionParams.amount < 2.0)|false`,
	} {
		p := permits(t, a, `{"limit": 2}`, tool)
		var got []string
		for _, r := range p.Rules {
			got = append(got, r.Expression)
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("tool %q:\ngot  %s\nwant %s", tool, s, want)
		}
		if string(p.Schema) != "false" {
			t.Errorf("a rule that never passes: %s", p.Schema)
		}
	}
}

func TestPermitsFaults(t *testing.T) {
	declared := mustCompile(t, randomContent(`true`))
	toolless := mustCompile(t, typed(`true`))
	own := mustCompile(t, `{"name": "a", "executionParams": {"tool": {"type": "string", "values": ["x"]}}, "rules": []}`)
	for _, tt := range []struct {
		name       string
		a          *Action
		user, tool string
		want       string
	}{
		{"user", declared, `{"max": "x"}`, "pay", "/max type"},
		{"tool", declared, `{}`, "sell", "/tool unmanifested_tool"},
		{"no tools", toolless, `{}`, "pay", "/tool undeclared"},
		{"tool's values", own, `{}`, "y", "/tool value"},
		{"tool's own value", own, `{}`, "x", ""},
	} {
		p := permits(t, tt.a, tt.user, tt.tool)
		got := ""
		for _, f := range p.Faults {
			got += f.Pointer + " " + f.Code
		}
		if got != tt.want || got != "" && (string(p.Schema) != "false" || p.Rules != nil) {
			t.Errorf("%s: faults %q, want %q; schema %s", tt.name, got, tt.want, p.Schema)
		}
	}
	if _, err := new(Action).Permits(t.Context(), canonical.Value{}, ""); err == nil {
		t.Error("the zero Action answered")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := declared.Permits(ctx, canonical.Value{}, ""); err == nil {
		t.Error("a done context answered")
	}
}

func TestSchema(t *testing.T) {
	const head = `"$schema":"https://json-schema.org/draft/2020-12/schema",`
	tests := []struct{ name, rules, user, want string }{
		{"bounds", `executionParams.amount <= userParams.max && executionParams.amount > 0.0`, `{"max": 500}`,
			`"amount":{"exclusiveMinimum":0,"maximum":500,"type":"number"}`},
		{"tightest", `executionParams.amount <= 5 && executionParams.amount < 5 && executionParams.amount <= 7`, `{}`, `"amount":{"exclusiveMaximum":5,"type":"number"}`},
		{"values", `executionParams.category in userParams.allowed`, `{"allowed": ["z", "c", "a"]}`, `"category":{"enum":["a","c"],"type":"string"}`},
		{"values in any order of rules", `executionParams.city in ["a","b"] && executionParams.city != "b"`, `{}`, `"city":{"enum":["a"],"type":"string"}`},
		{"alternatives", `executionParams.city == "b" || executionParams.city == "a" || executionParams.city in ["b", "c"]`, `{}`, `"city":{"enum":["a","b","c"],"type":"string"}`},
		{"alternatives require their field", `executionParams.city == "b" || executionParams.city == "a"`, `{}`, `"required":["amount","city","tool"]`},
		{"alternatives require what all read", `executionParams.city == "b" || executionParams.city == "a" && executionParams.flag`, `{}`, `"required":["amount","tool"]`},
		{"guarded alternatives require nothing", `!has(executionParams.city) || executionParams.city == "b" || executionParams.city == "a"`, `{}`, `"required":["amount","tool"]`},
		{"alternatives of two fields", `executionParams.city == "b" || executionParams.fee == 1`, `{}`, `"city":{"type":"string"}`},
		{"alternatives of a size", `size(executionParams.city) == 1 || size(executionParams.city) == 2`, `{}`, `"city":{"type":"string"}`},
		{"guarded", `!has(executionParams.city) || executionParams.city == "a"`, `{}`, `"city":{"enum":["a"],"type":"string"}`},
		{"guard of another", `!has(executionParams.fee) || executionParams.city == "a"`, `{}`, `"city":{"type":"string"}`},
		{"two guards", `!has(executionParams.city) || !has(executionParams.fee) || executionParams.fee <= 5`, `{}`, `"fee":{"type":"number"}`},
		{"not required below logic", `(has(executionParams.city) && executionParams.city == "a") == userParams.on`, `{"on": false}`, `"required":["amount","tool"]`},
		{"elements", `executionParams.to.all(v, v in userParams.allowed)`, `{"allowed": ["a"]}`, `"to":{"items":{"enum":["a"],"type":"string"},"type":"array"}`},
		{"elements, another way", `!executionParams.counts.exists(v, v > 5.0)`, `{}`, `"counts":{"items":{"maximum":5,"type":"number"},"type":"array"}`},
		{"elements and a field", `executionParams.to.all(v, v == "a" && executionParams.flag)`, `{}`, `"flag":{"type":"boolean"}`},
		{"contains", `"a" in executionParams.to`, `{}`, `"to":{"contains":{"enum":["a"]},"items":{"type":"string"},"type":"array"}`},
		{"size", `size(executionParams.to) < 3.5 && executionParams.city.size() >= 2`, `{}`, `"to":{"items":{"type":"string"},"maxItems":3,"type":"array"}`},
		{"length", `size(executionParams.to) < 3.5 && executionParams.city.size() >= 2`, `{}`, `"city":{"minLength":2,"type":"string"}`},
		{"flag", `!executionParams.flag`, `{}`, `"flag":{"enum":[false],"type":"boolean"}`},
		{"unequal", `executionParams.city != "x"`, `{}`, `"city":{"not":{"enum":["x"]},"type":"string"}`},
		{"absent", `!has(executionParams.city)`, `{}`, `"city":false`},
		{"required by reading", `executionParams.fee + 1.0 > 5.0`, `{}`, `"required":["amount","fee","tool"]`},
		{"required by has", `has(executionParams.city) && executionParams.fee < 5.0`, `{}`, `"required":["amount","city","fee","tool"]`},
		{"tool", `true`, `{}`, `"tool":{"enum":["pay"],"type":"string"}`},
		{"hidden", `executionParams.city == userParams.key`, `{"key": "s3cret"}`, `"city":{"type":"string"}`},
	}
	for _, tt := range tests {
		got := string(permits(t, mustCompile(t, randomContent(tt.rules)), tt.user, "pay").Schema)
		if !strings.Contains(got, tt.want) || !strings.Contains(got, head) || !strings.Contains(got, `"additionalProperties":false`) {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
	for name, rules := range map[string]string{
		"false":              `false`,
		"no value":           `executionParams.category in ["x"]`,
		"no value in common": `executionParams.tool == "look"`,
		"negative size":      `size(executionParams.to) < 0.0`,
		"no size":            `size(executionParams.to) == 1.5`,
	} {
		if got := permits(t, mustCompile(t, randomContent(rules)), `{}`, "pay").Schema; string(got) != "false" {
			t.Errorf("%s: %s", name, got)
		}
	}
	got := string(permits(t, mustCompile(t, untyped(`executionParams.amount <= userParams.max`)), `{"max": 5}`, "").Schema)
	if want := `{` + head + `"properties":{"amount":{"maximum":5}},"required":["amount"],"type":"object"}`; got != want {
		t.Errorf("untyped:\ngot  %s\nwant %s", got, want)
	}
}

// Permits agrees with Evaluate: each residual has the outcome of its rule, the
// schema accepts all allowed parameters, and if all rules are in the schema,
// Evaluate allows everything that the schema accepts.
func TestPermitsIsSound(t *testing.T) {
	compared, allowed, exact := 0, 0, 0
	for seed := range uint64(500) {
		g := newGenerator(seed)
		rules := []string{g.rule(3), g.rule(1)}
		a, err := Compile(parse(t, randomContent(rules...)))
		if err != nil {
			continue
		}
		user, tool, asked := g.user(), g.pick("pay", "look"), ""
		if g.IntN(3) > 0 {
			asked = tool
		}
		p := permits(t, a, user, asked)
		if p.Faults != nil {
			t.Fatalf("seed %d: %v", seed, p.Faults)
		}
		residual := mustCompile(t, randomContent(p.Rules[0].Expression, p.Rules[1].Expression))
		schema := decode(t, p.Schema)
		for range 25 {
			exec := g.object(g.exec(tool)...)
			d, r := evaluate(t, a, user, exec), evaluate(t, residual, user, exec)
			for i := range rules {
				compared++
				if d.Evaluations[i].Result != r.Evaluations[i].Result {
					t.Fatalf("seed %d: %s\nis left as %s\nfor %s %s; with %s it is %v, the residual %v", seed, rules[i], p.Rules[i].Expression, user, asked, exec, d.Evaluations[i], r.Evaluations[i])
				}
			}
			accepted := valid(schema, decode(t, []byte(exec)))
			if d.Allow {
				allowed++
				if !accepted {
					t.Fatalf("seed %d: %v with %s\nallows %s, but not the schema %s", seed, rules, user, exec, p.Schema)
				}
			}
			if p.Rules[0].InSchema && p.Rules[1].InSchema {
				exact++
				if accepted && !d.Allow {
					t.Fatalf("seed %d: the schema is said to be exact: %v with %s\ndoes not allow %s: %v\nthe schema %s", seed, rules, user, exec, d.Evaluations, p.Schema)
				}
			}
		}
	}
	t.Logf("%d outcomes compared, %d allowed, %d against a schema that says all", compared, allowed, exact)
	if compared < 10000 || allowed < 1000 || exact < 500 {
		t.Error("too few for the test to mean something")
	}
}

// Declared types have their keywords, also inside lists.
func TestSchemaTypes(t *testing.T) {
	a := mustCompile(t, `{"name": "a", "executionParams": {"day": "date", "link": "url", "rows": "array<array<date>>", "list": "array", "addr": "object"}, "rules": [
		{"name": "r", "expression": "!has(executionParams.rows) || executionParams.rows.all(row, size(row) <= 2 && row.all(d, d != \"2026-01-01\"))"},
		{"name": "s", "expression": "!has(executionParams.list) || executionParams.list.all(e, e == 1.0 && false)"}]}`)
	p := permits(t, a, `{}`, "")
	for _, want := range []string{`"day":{"format":"date","type":"string"}`, `"link":{"format":"uri","type":"string"}`, `"addr":{"type":"object"}`,
		`"rows":{"items":{"items":{"format":"date","not":{"enum":["2026-01-01"]},"type":"string"},"maxItems":2,"type":"array"},"type":"array"}`,
		`"list":{"items":false,"type":"array"}`} {
		if !strings.Contains(string(p.Schema), want) {
			t.Errorf("no %s in %s", want, p.Schema)
		}
	}
	if !p.Rules[0].InSchema || p.Rules[1].InSchema {
		t.Errorf("%+v", p.Rules)
	}
}

// One limit bounds the work of Permits for all rules together. At the limit,
// rules stay as written.
func TestPermitsIsBounded(t *testing.T) {
	list := func(n int) string { return `{"allowed": [` + repeated(n, `"%04d"`) + `]}` }
	tests := []struct {
		name, user  string
		first, last string // residuals of rules
		rule        func(i int) string
	}{
		{"loops", list(100), "true", `userParams.allowed.all(v, userParams.allowed.all(w, v != "39"))`, func(i int) string {
			return fmt.Sprintf(`userParams.allowed.all(v, userParams.allowed.all(w, v != "%d"))`, i)
		}},
		{"long values", list(1000), `executionParams.city in ["0000", `, "executionParams.city in userParams.allowed && ", func(i int) string {
			return strings.TrimSuffix(strings.Repeat(`executionParams.city in userParams.allowed && `, 10), " && ")
		}},
		{"values that grow", list(1000), `executionParams.to.map(v, [v]) == ["0000", `, "executionParams.to.map(v, [v]) == ", func(i int) string {
			return `executionParams.to.map(v, [v]) == userParams.allowed.map(v, userParams.allowed)`
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rules []string
			for i := range 40 {
				rules = append(rules, tt.rule(i))
			}
			a, user := mustCompile(t, randomContent(rules...)), parse(t, tt.user)
			var p *Permits
			var err error
			bytes := allocated(func() { p, err = a.Permits(t.Context(), user, "pay") })
			if err != nil {
				t.Fatal(err)
			}
			size := 0
			for _, r := range p.Rules {
				size += len(r.Expression)
			}
			if first, last := p.Rules[0].Expression, p.Rules[39].Expression; !strings.HasPrefix(first, tt.first) || !strings.HasPrefix(last, tt.last) {
				t.Errorf("left of the first rule: %.80s\nof the last: %.80s", first, last)
			}
			if size > 2<<20 || bytes > 128<<20 {
				t.Errorf("%d bytes of residuals, %d MiB allocated", size, bytes>>20)
			}
		})
	}
}
