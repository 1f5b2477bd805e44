package policy

import (
	"strings"
	"testing"
)

func TestExecutionParams(t *testing.T) {
	const shape = `"profile": "via-cel/1", "executionParams": {
		"s": {"type": "string", "required": true}, "n": "number", "b": "boolean", "d": "date", "u": "url", "o": "object",
		"a": "array", "an": {"type": "array", "items": "number"}, "e": {"type": "string", "values": ["x", "y"]},
		"en": {"type": "number", "values": [0, 1]}, "ae": {"type": "array<string>", "values": ["x", "y"]}}`
	const declared = `{"name": "a", ` + shape + `}`
	const tools = `{"name": "a", "tools": ["book", "cancel"], ` + shape + `}`
	const empty = `{"name": "a", "executionParams": {}}`
	const none = `{"name": "a", "rules": [{"name": "r", "expression": "true"}]}`
	const noneTools = `{"name": "a", "tools": ["book"], "rules": [{"name": "r", "expression": "true"}]}`
	const nothing = `{"name": "a"}`
	const nothingTools = `{"name": "a", "tools": ["book"]}`
	const invalid = "deny execution_params_invalid "

	tests := []struct{ name, content, exec, want string }{
		{"required only", declared, `{"s": ""}`, "allow"},
		{"everything", declared, `{"s": "x", "n": -1.5, "b": false, "d": "2026-05-02", "u": "https://a.test/", "o": {"p": [null, 1]}, "a": [1, "x", {}], "an": [1, 2], "e": "y", "en": 1, "ae": ["x", "x"]}`, "allow"},
		{"absent", declared, ``, invalid + "/s=missing"},
		{"no object", declared, `[]`, invalid + "=type"},
		{"null", declared, `null`, invalid + "=type"},
		{"string", declared, `"{}"`, invalid + "=type"},
		{"every fault", declared, `{"n": "1", "b": 1, "d": "x", "zz": 1, "e": "z", "an": [1, "2", null]}`,
			invalid + "/an/1=type /an/2=type /b=type /d=type /e=value /n=type /s=missing /zz=undeclared"},
		{"null for required", declared, `{"s": null}`, invalid + "/s=missing"},
		{"null for optional", declared, `{"s": "x", "n": null, "a": null}`, "allow"},
		{"null in an array of any kind", declared, `{"s": "x", "a": [null]}`, invalid + "/a/0=type"},
		{"object for array", declared, `{"s": "x", "a": {"0": 1}}`, invalid + "/a=type"},
		{"array for object", declared, `{"s": "x", "o": []}`, invalid + "/o=type"},
		{"array for string", declared, `{"s": ["x"]}`, invalid + "/s=type"},
		{"field in another case", declared, `{"s": "x", "N": 1}`, invalid + "/N=undeclared"},
		{"value in another case", declared, `{"s": "x", "e": "X"}`, invalid + "/e=value"},
		{"minus zero is zero", declared, `{"s": "x", "en": -0}`, "allow"},
		{"one spelled otherwise", declared, `{"s": "x", "en": 1.0e0}`, "allow"},
		{"element outside of values", declared, `{"s": "x", "ae": ["x", "z"]}`, invalid + "/ae/1=value"},
		{"largest safe integer", declared, `{"s": "x", "n": 9007199254740991}`, "allow"},
		{"unsafe integer", declared, `{"s": "x", "n": 9007199254740992}`, invalid + "/n=unsafe_integer"},
		{"unsafe negative integer", declared, `{"s": "x", "n": -9007199254740993}`, invalid + "/n=unsafe_integer"},
		{"unsafe integer as exponent", declared, `{"s": "x", "n": 1e300}`, invalid + "/n=unsafe_integer"},
		{"unsafe integer in an object", declared, `{"s": "x", "o": {"p": [1, 1e17]}}`, invalid + "/o/p/1=unsafe_integer"},
		{"pointer is escaped", declared, `{"s": "x", "a/b~c": 1}`, invalid + "/a~1b~0c=undeclared"},
		{"impossible date", declared, `{"s": "x", "d": "2026-02-29"}`, invalid + "/d=type"},
		{"url with user information", declared, `{"s": "x", "u": "https://shop.example@evil.test/"}`, invalid + "/u=type"},
		{"tool without tools", declared, `{"s": "x", "tool": "book"}`, invalid + "/tool=undeclared"},

		{"tool", tools, `{"s": "x", "tool": "book"}`, "allow"},
		{"no tool", tools, `{"s": "x"}`, invalid + "/tool=unmanifested_tool"},
		{"tool not declared", tools, `{"s": "x", "tool": "refund"}`, invalid + "/tool=unmanifested_tool"},
		{"tool in another case", tools, `{"s": "x", "tool": "Book"}`, invalid + "/tool=unmanifested_tool"},
		{"tool is null", tools, `{"s": "x", "tool": null}`, invalid + "/tool=unmanifested_tool"},
		{"tool is an array", tools, `{"s": "x", "tool": ["book"]}`, invalid + "/tool=unmanifested_tool"},
		{"tool outside of its own values", `{"name": "a", "tools": ["book", "cancel"], "executionParams": {"tool": {"type": "string", "values": ["cancel"]}}}`, `{"tool": "book"}`, invalid + "/tool=value"},
		{"tool required and absent", `{"name": "a", "tools": ["book"], "executionParams": {"tool": {"type": "string", "required": true}}}`, `{}`, invalid + "/tool=unmanifested_tool"},

		{"declared as empty", empty, `{}`, "allow"},
		{"declared as empty, one given", empty, `{"x": 1}`, invalid + "/x=undeclared"},

		{"not declared", none, `{"x": 1, "y": [{}], "z": null}`, "allow r=pass/ok"},
		{"not declared, absent", none, ``, "allow r=pass/ok"},
		{"not declared, unsafe integer", none, `{"x": {"y": 9007199254740993}}`, invalid + "/x/y=unsafe_integer"},
		{"not declared, tool is a string", none, `{"tool": "x"}`, "allow r=pass/ok"},
		{"not declared, tool is a number", none, `{"tool": 5}`, invalid + "/tool=type"},
		{"not declared, with tools", noneTools, `{"tool": "book", "x": 1}`, "allow r=pass/ok"},
		{"not declared, no tool", noneTools, `{"x": 1}`, invalid + "/tool=unmanifested_tool"},

		// Without rules and shapes nothing restricts the parameters.
		{"nothing declared, none given", nothing, `{}`, "allow"},
		{"nothing declared, absent", nothing, ``, "allow"},
		{"nothing declared, one given", nothing, `{"x": 1}`, invalid + "/x=undeclared"},
		{"nothing but tools", nothingTools, `{"tool": "book"}`, "allow"},
		{"nothing but tools, one given", nothingTools, `{"tool": "book", "x": 1}`, invalid + "/x=undeclared"},

		{"1,000 elements", declared, `{"s": "x", "an": [` + repeated(1000, "%d") + `]}`, "allow"},
		{"1,001 elements", declared, `{"s": "x", "an": [` + repeated(1001, "%d") + `]}`, invalid + "/an=too_many_items"},
		{"1,001 elements in an object", none, `{"o": {"p": [` + repeated(1001, "%d") + `]}}`, invalid + "/o/p=too_many_items"},
		{"depth 8", none, `{"a": ` + strings.Repeat("[", 7) + strings.Repeat("]", 7) + `}`, "allow r=pass/ok"},
		{"depth 9", none, `{"a": ` + strings.Repeat("[", 8) + strings.Repeat("]", 8) + `}`, invalid + "/a/0/0/0/0/0/0/0=too_deep"},
		{"depth 9 in objects", none, strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9), invalid + "/a/a/a/a/a/a/a/a=too_deep"},
		{"64 KiB", none, `{"a": "` + strings.Repeat("x", 64<<10-8) + `"}`, "allow r=pass/ok"},
		{"64 KiB and one", none, `{"a": "` + strings.Repeat("x", 64<<10-7) + `"}`, invalid + "=too_large"},
		{"small in canonical form", none, `{"a": 1` + strings.Repeat(" ", 100<<10) + `}`, "allow r=pass/ok"},
		{"large only in canonical form", declared, `{"s": "x", "o": {"p": [` + strings.TrimSuffix(strings.Repeat("1e20,", 1000), ",") + `], "q": [` + strings.TrimSuffix(strings.Repeat("1e20,", 1000), ",") + `], "r": [` + strings.TrimSuffix(strings.Repeat("1e20,", 1000), ",") + `]}}`, invalid + "=too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := evaluate(t, mustCompile(t, tt.content), `{}`, tt.exec)
			if got := verdict(d); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(d.Faults) > 0 && d.Evaluations != nil {
				t.Error("evaluations beside faults")
			}
		})
	}
}

func TestUserParams(t *testing.T) {
	const declared = `{"name": "a", "profile": "via-cel/1", "executionParams": {}, "userParams": {
		"max": {"type": "number", "required": true}, "list": "array<string>", "o": "object", "secret": {"type": "string", "hidden": true}},
		"rules": [{"name": "r", "expression": "userParams.max == 5"}]}`
	const none = `{"name": "a", "rules": [{"name": "r", "expression": "userParams.max == 5"}]}`
	const invalid = "deny user_params_invalid "
	tests := []struct{ name, content, user, want string }{
		{"plain", declared, `{"max": 5}`, "allow r=pass/ok"},
		{"wrapped", declared, `{"max": {"value": 5, "description": "d", "label": "l", "hidden": false}}`, "allow r=pass/ok"},
		{"wrapped, value alone", declared, `{"max": {"value": 5}, "list": {"value": ["a"]}}`, "allow r=pass/ok"},
		{"wrapped twice", declared, `{"max": {"value": {"value": 5}}}`, invalid + "/max/value=type"},
		{"wrapped with another member", declared, `{"max": {"value": 5, "min": 1}}`, invalid + "/max=type"},
		{"wrapped, hidden is no boolean", declared, `{"max": {"value": 5, "hidden": "no"}}`, invalid + "/max/hidden=type"},
		{"wrapped null", declared, `{"max": {"value": null}}`, invalid + "/max/value=missing"},
		{"wrapped null of an optional field", declared, `{"max": 5, "list": {"value": null}}`, "allow r=pass/ok"},
		{"wrapped wrong type", declared, `{"max": {"value": "5"}}`, invalid + "/max/value=type"},
		{"wrapped wrong element", declared, `{"max": 5, "list": {"value": ["a", 5]}}`, invalid + "/list/value/1=type"},
		{"wrapped and undeclared", declared, `{"max": 5, "zz": {"value": 5}}`, invalid + "/zz=undeclared"},
		{"object with value that is no object", declared, `{"max": 5, "o": {"value": 5}}`, "allow r=pass/ok"},
		{"both readings fit", declared, `{"max": 5, "o": {"value": {}}}`, invalid + "/o=ambiguous"},
		{"missing", declared, `{}`, invalid + "/max=missing"},
		{"absent", declared, ``, invalid + "/max=missing"},
		{"null", declared, `null`, invalid + "=type"},
		{"array", declared, `[5]`, invalid + "=type"},
		{"undeclared", declared, `{"max": 5, "zz": 1}`, invalid + "/zz=undeclared"},
		{"unsafe", declared, `{"max": {"value": 9007199254740993}}`, invalid + "/max/value=unsafe_integer"},
		{"not declared, plain", none, `{"max": 5}`, "allow r=pass/ok"},
		{"not declared, wrapped", none, `{"max": {"value": 5, "description": "d"}}`, "allow r=pass/ok"},
		{"not declared, wrapped twice", none, `{"max": {"value": {"value": 5}}}`, "deny rule_error r=error/type_mismatch"},
		{"not declared, given nothing", none, `{}`, "deny rule_error r=error/missing_field"},
		{"not declared, too deep", none, `{"max": ` + strings.Repeat("[", 8) + strings.Repeat("]", 8) + `}`, invalid + "/max/0/0/0/0/0/0/0=too_deep"},
		{"declared as empty", `{"name": "a", "userParams": {}}`, `{"max": 5}`, invalid + "/max=undeclared"},
		// userParams are validated first.
		{"both invalid", `{"name": "a", "userParams": {}, "executionParams": {"x": {"type": "string", "required": true}}}`, `{"max": 5}`, invalid + "/max=undeclared"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := evaluate(t, mustCompile(t, tt.content), tt.user, `{}`)
			if got := verdict(d); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Parameters are deep inside a presentation; pointers begin at the parameters.
func TestFaultPointerIsRelative(t *testing.T) {
	outer := parse(t, `{"a": [{"executionParams": {"n": ["1"]}}]}`)
	a := mustCompile(t, `{"name": "a", "executionParams": {"n": "array<number>"}}`)
	d, err := a.Evaluate(t.Context(), Input{ExecutionParams: outer.Get("a").Index(0).Get("executionParams"), Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	if got := verdict(d); got != "deny execution_params_invalid /n/0=type" {
		t.Error(got)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	a := mustCompile(t, `{"name": "a", "executionParams": {`+repeated(256, `"f%d": {"type": "string", "required": true}`)+`}}`)
	first := verdict(evaluate(t, a, ``, `{}`))
	if n := strings.Count(first, "=missing"); n != 100 {
		t.Errorf("%d faults, want 100", n)
	}
	for range 5 {
		if verdict(evaluate(t, a, ``, `{}`)) != first {
			t.Fatal("the same input gives other faults")
		}
	}
	key := strings.Repeat("k", 60<<10)
	b := mustCompile(t, `{"name": "b", "rules": [{"name": "r", "expression": "true"}]}`)
	d := evaluate(t, b, ``, `{"`+key+`": [`+strings.TrimSuffix(strings.Repeat("1e16,", 500), ",")+`]}`)
	size := 0
	for _, f := range d.Faults {
		size += len(f.Pointer) + len(f.Message)
	}
	if d.Reason != ReasonExecutionParamsInvalid || size > 100<<10 {
		t.Errorf("%s, %d bytes of faults", d.Reason, size)
	}
}
