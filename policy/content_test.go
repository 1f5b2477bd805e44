package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// repeated returns n array elements or members made from a format with %d.
func repeated(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}

func TestCompileContent(t *testing.T) {
	const rule = `{"name": "r", "expression": "true"}`
	deep := strings.Repeat("array<", 6) + "string" + strings.Repeat(">", 6)
	tests := []struct{ name, content, want string }{
		{"smallest", `{"name": "a"}`, "ok"},
		{"whole", `{"name": "a", "description": "d", "profile": "via-cel/1", "tools": ["book"], "userParams": {}, "executionParams": {},
			"rules": [{"name": "r", "description": "d", "expression": "true", "appliesTo": ["book"], "effect": "forbid", "conditions": [{"any": "thing"}]}]}`, "ok"},

		{"no object", `[]`, "malformed"},
		{"empty object", `{}`, "missing"},
		{"name is empty", `{"name": ""}`, "missing"},
		{"name is null", `{"name": null}`, "missing"},
		{"name is a number", `{"name": 5}`, "missing"},
		{"name is too long", `{"name": "` + strings.Repeat("é", 129) + `"}`, "missing"},
		{"name is as long as allowed", `{"name": "` + strings.Repeat("é", 128) + `"}`, "ok"},
		{"description is no string", `{"name": "a", "description": 5}`, "malformed"},
		{"unknown member", `{"name": "a", "requires": []}`, "unknown_member"},
		{"member in another case", `{"name": "a", "Rules": []}`, "unknown_member"},
		{"stepUp", `{"name": "a", "stepUp": {}}`, "unsupported_feature"},
		{"exposure", `{"name": "a", "exposure": null}`, "unsupported_feature"},
		{"another profile", `{"name": "a", "profile": "via-cel/2"}`, "unknown_profile"},
		{"profile is null", `{"name": "a", "profile": null}`, "unknown_profile"},
		{"too large", `{"name": "a", "description": "` + strings.Repeat("x", 256<<10) + `"}`, "limit"},
		{"every issue", `{"name": 1, "profile": 2, "tools": 3, "userParams": 4, "executionParams": 5, "rules": 6}`,
			"missing unknown_profile malformed malformed malformed malformed"},

		{"tools is null", `{"name": "a", "tools": null}`, "malformed"},
		{"tools is empty", `{"name": "a", "tools": []}`, "malformed"},
		{"tools holds a number", `{"name": "a", "tools": [5]}`, "malformed"},
		{"tools holds an empty name", `{"name": "a", "tools": [""]}`, "malformed"},
		{"tools holds a name twice", `{"name": "a", "tools": ["b", "b"]}`, "duplicate"},
		{"too many tools", `{"name": "a", "tools": [` + repeated(65, `"t%d"`) + `]}`, "limit"},

		{"shape is null", `{"name": "a", "executionParams": null}`, "malformed"},
		{"shape is an array", `{"name": "a", "userParams": []}`, "malformed"},
		{"too many fields", `{"name": "a", "userParams": {` + repeated(257, `"f%d": "string"`) + `}}`, "limit"},
		{"field name is empty", `{"name": "a", "userParams": {"": "string"}}`, "malformed"},
		{"shorthands", `{"name": "a", "userParams": {"s": "string", "n": "number", "b": "boolean", "d": "date", "u": "url", "o": "object", "a": "array", "as": "array<array<url>>"}}`, "ok"},
		{"unknown type", `{"name": "a", "userParams": {"x": "integer"}}`, "unknown_type"},
		{"internal type", `{"name": "a", "userParams": {"x": "any"}}`, "unknown_type"},
		{"type in another case", `{"name": "a", "userParams": {"x": "String"}}`, "unknown_type"},
		{"unknown items in shorthand", `{"name": "a", "userParams": {"x": "array<strin>"}}`, "unknown_type"},
		{"unclosed shorthand", `{"name": "a", "userParams": {"x": "array<string"}}`, "unknown_type"},
		{"nested too deep", `{"name": "a", "userParams": {"x": "` + deep + `"}}`, "limit"},
		{"items nested too deep", `{"name": "a", "userParams": {"x": ` + strings.Repeat(`{"type": "array", "items": `, 6) + `"string"` + strings.Repeat("}", 6) + `}}`, "limit"},
		{"field is a number", `{"name": "a", "userParams": {"x": 5}}`, "malformed"},
		{"field without type", `{"name": "a", "userParams": {"x": {"required": true}}}`, "malformed"},
		{"type is no string", `{"name": "a", "userParams": {"x": {"type": ["string"]}}}`, "malformed"},
		{"required is a string", `{"name": "a", "userParams": {"x": {"type": "string", "required": "true"}}}`, "malformed"},
		{"hidden is null", `{"name": "a", "userParams": {"x": {"type": "string", "hidden": null}}}`, "malformed"},
		{"description of a field is no string", `{"name": "a", "userParams": {"x": {"type": "string", "description": 5}}}`, "malformed"},
		{"unknown member of a field", `{"name": "a", "userParams": {"x": {"type": "string", "pattern": "^a$"}}}`, "unknown_member"},
		{"unknown member of items", `{"name": "a", "userParams": {"x": {"type": "array", "items": {"type": "string", "required": true}}}}`, "unknown_member"},
		{"items of a string", `{"name": "a", "userParams": {"x": {"type": "string", "items": "string"}}}`, "malformed"},
		{"items given twice", `{"name": "a", "userParams": {"x": {"type": "array<string>", "items": "string"}}}`, "malformed"},
		{"items with values", `{"name": "a", "userParams": {"x": {"type": "array", "items": {"type": "string", "values": ["a"], "description": "d"}}}}`, "ok"},
		{"values", `{"name": "a", "userParams": {"x": {"type": "number", "values": [1, 2.5]}, "y": {"type": "array<date>", "values": ["2026-05-02"]}, "z": {"type": "boolean", "values": [true]}}}`, "ok"},
		{"values is empty", `{"name": "a", "userParams": {"x": {"type": "string", "values": []}}}`, "malformed"},
		{"values is a string", `{"name": "a", "userParams": {"x": {"type": "string", "values": "a"}}}`, "malformed"},
		{"values holds another type", `{"name": "a", "userParams": {"x": {"type": "string", "values": ["a", 5]}}}`, "malformed"},
		{"values holds an unsafe integer", `{"name": "a", "userParams": {"x": {"type": "number", "values": [9007199254740993]}}}`, "malformed"},
		{"values holds a bad date", `{"name": "a", "userParams": {"x": {"type": "date", "values": ["2026-02-30"]}}}`, "malformed"},
		{"values repeats a value", `{"name": "a", "userParams": {"x": {"type": "number", "values": [1, 1.0]}}}`, "duplicate"},
		{"values of an object", `{"name": "a", "userParams": {"x": {"type": "object", "values": [{}]}}}`, "malformed"},
		{"values of an array without items", `{"name": "a", "userParams": {"x": {"type": "array", "values": ["a"]}}}`, "malformed"},
		{"values given twice", `{"name": "a", "userParams": {"x": {"type": "array", "items": {"type": "string", "values": ["a"]}, "values": ["b"]}}}`, "malformed"},
		{"too many values", `{"name": "a", "userParams": {"x": {"type": "number", "values": [` + repeated(1001, "%d") + `]}}}`, "limit"},
		{"tool is no string", `{"name": "a", "executionParams": {"tool": "number"}}`, "malformed"},
		{"tool declared as string", `{"name": "a", "tools": ["b"], "executionParams": {"tool": "string"}}`, "ok"},

		{"rules is null", `{"name": "a", "rules": null}`, "malformed"},
		{"rules is an object", `{"name": "a", "rules": {}}`, "malformed"},
		{"rules is empty", `{"name": "a", "rules": []}`, "ok"},
		{"too many rules", `{"name": "a", "rules": [` + repeated(65, `{"name": "r%d", "expression": "true"}`) + `]}`, "limit"},
		{"as many rules as allowed", `{"name": "a", "rules": [` + repeated(64, `{"name": "r%d", "expression": "true"}`) + `]}`, "ok"},
		{"rule is a string", `{"name": "a", "rules": ["true"]}`, "malformed"},
		{"rule without name", `{"name": "a", "rules": [{"expression": "true"}]}`, "missing"},
		{"rule with an empty name", `{"name": "a", "rules": [{"name": "", "expression": "true"}]}`, "missing"},
		{"rule without expression", `{"name": "a", "rules": [{"name": "r", "conditions": []}]}`, "missing"},
		{"expression is true", `{"name": "a", "rules": [{"name": "r", "expression": true}]}`, "missing"},
		{"expression is empty", `{"name": "a", "rules": [{"name": "r", "expression": ""}]}`, "syntax"},
		{"rule name twice", `{"name": "a", "rules": [` + rule + `,` + rule + `]}`, "duplicate"},
		{"description of a rule is no string", `{"name": "a", "rules": [{"name": "r", "expression": "true", "description": []}]}`, "malformed"},
		{"unknown effect", `{"name": "a", "rules": [{"name": "r", "expression": "true", "effect": "deny"}]}`, "unknown_effect"},
		{"effect is null", `{"name": "a", "rules": [{"name": "r", "expression": "true", "effect": null}]}`, "unknown_effect"},
		{"unknown member of a rule", `{"name": "a", "rules": [{"name": "r", "expression": "true", "requires": "kyc"}]}`, "ok"},
		{"unknown member and no boolean", `{"name": "a", "rules": [{"name": "r", "expression": "1", "requires": "kyc"}]}`, "not_bool"},
		{"appliesTo names an undeclared tool", `{"name": "a", "tools": ["b"], "rules": [{"name": "r", "expression": "true", "appliesTo": ["c"]}]}`, "unknown_tool"},
		{"appliesTo without tools", `{"name": "a", "rules": [{"name": "r", "expression": "true", "appliesTo": ["b"]}]}`, "unknown_tool"},
		{"appliesTo is empty", `{"name": "a", "tools": ["b"], "rules": [{"name": "r", "expression": "true", "appliesTo": []}]}`, "malformed"},
		{"appliesTo is a string", `{"name": "a", "tools": ["b"], "rules": [{"name": "r", "expression": "true", "appliesTo": "b"}]}`, "malformed"},
		{"appliesTo holds a number", `{"name": "a", "tools": ["b"], "rules": [{"name": "r", "expression": "true", "appliesTo": [1]}]}`, "unknown_tool"},
		{"one bad rule among good ones", `{"name": "a", "rules": [` + rule + `, {"name": "s", "expression": "1 +"}]}`, "syntax"},
		{"expressions too long together", `{"name": "a", "rules": [` + repeated(17, `{"name": "r%d", "expression": "`+strings.Repeat(" ", 2000)+`true"}`) + `]}`, "limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := Compile(parse(t, tt.content))
			if got := issueCodes(t, err); got != tt.want {
				t.Errorf("got %s, want %s (%v)", got, tt.want, err)
			}
			if (a == nil) == (err == nil) {
				t.Errorf("action %v and error %v", a, err)
			}
		})
	}
}

func TestCompileAbsent(t *testing.T) {
	_, err := Compile(parse(t, ""))
	if got := issueCodes(t, err); got != "malformed" {
		t.Errorf("got %s", got)
	}
}

func TestProfileAbsent(t *testing.T) {
	a := mustCompile(t, `{"name": "a"}`)
	if a.Profile() != "via-cel/1" {
		t.Errorf("profile %s", a.Profile())
	}
	w := a.Warnings()
	if len(w) != 1 || w[0].Code != "profile_absent" || w[0].Severity != SeverityWarning {
		t.Errorf("warnings %v", w)
	}
	w[0].Code = "changed"
	if a.Warnings()[0].Code != "profile_absent" {
		t.Error("the warnings of an action can be changed")
	}
	if w := mustCompile(t, `{"name": "a", "profile": "via-cel/1"}`).Warnings(); len(w) != 0 {
		t.Errorf("warnings %v", w)
	}
}

// The error of a content with very many issues stays small.
func TestIssuesAreBounded(t *testing.T) {
	_, err := Compile(parse(t, `{"name": "a", "profile": "via-cel/1", "userParams": {`+repeated(256, `"f%d": {"type": "`+strings.Repeat("x", 500)+`"}`)+`},
		"rules": [`+repeated(64, `{"name": "r%d", "expression": "a == b || c == d || e == f"}`)+`]}`))
	n := len(strings.Fields(issueCodes(t, err)))
	if n != 256 {
		t.Errorf("%d issues, want 256", n)
	}
	for _, i := range err.(*CompileError).Issues {
		if len([]rune(i.Message)) > 200 {
			t.Fatalf("message of %d characters", len(i.Message))
		}
	}
	if len(err.Error()) > 1000 {
		t.Errorf("error text of %d bytes", len(err.Error()))
	}
}

func TestIssuePosition(t *testing.T) {
	_, err := Compile(parse(t, typed("true &&\n  executionParams.amuont <= 5")))
	ce, ok := err.(*CompileError)
	if !ok || len(ce.Issues) != 1 {
		t.Fatalf("%v", err)
	}
	want := Issue{Rule: "r", Line: 2, Column: 18, Code: "type", Message: "undefined field 'amuont'", Hint: "did you mean executionParams.amount?", Severity: SeverityError}
	if ce.Issues[0] != want {
		t.Errorf("got  %+v\nwant %+v", ce.Issues[0], want)
	}
	const text = `policy: content does not compile: rule "r": 2:18: type: undefined field 'amuont' (did you mean executionParams.amount?)`
	if err.Error() != text {
		t.Errorf("got  %s\nwant %s", err, text)
	}
	if (&CompileError{}).Error() == "" {
		t.Error("no text")
	}
}

func TestActionAccessors(t *testing.T) {
	a := mustCompile(t, `{"name": "pay", "tools": ["b"]}`)
	if a.Name() != "pay" || !a.HasTools() {
		t.Errorf("%q %v", a.Name(), a.HasTools())
	}
	if mustCompile(t, `{"name": "pay"}`).HasTools() {
		t.Error("tools out of nowhere")
	}
	var zero Action
	if zero.HasTools() || zero.Name() != "" {
		t.Error("the zero action has something")
	}
	if !slices.Equal(zero.Warnings(), nil) {
		t.Error("the zero action warns")
	}
}

func TestHints(t *testing.T) {
	for expression, want := range map[string]string{
		`executionParams.amuont <= 5`:                           "did you mean executionParams.amount?",
		`executionParams.amounts <= 5`:                          "did you mean executionParams.amount?",
		`userParams["limt"] <= 5`:                               "did you mean executionParams.list or userParams.limit?",
		`executionParams.somethingElse <= 5`:                    "",
		`executionParams.zz == "a"`:                             "",
		`executionParams.amount <= "5"`:                         "",
		`executionParams.` + strings.Repeat("x", 200) + ` == 5`: "",
	} {
		_, err := Compile(parse(t, typed(expression)))
		var ce *CompileError
		if !errors.As(err, &ce) || ce.Issues[0].Hint != want || want != "" && !strings.HasSuffix(ce.Issues[0].String(), "("+want+")") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}
