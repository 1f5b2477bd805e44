package testvectors

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

// leansOn matches comments that refer to the comment of another case. A case
// must be understandable on its own.
var leansOn = regexp.MustCompile(`^(Nor|So is|So has|So may|The same|Not even|Neither (is|are)|And |Nothing\.|It (is|fails|was))`)

// No two cases have the same input.
func TestInputsDiffer(t *testing.T) {
	seen, said := map[string]string{}, map[string]string{}
	for id, doc := range documents(t) {
		area, _, _ := strings.Cut(id, "/")
		key := area + string(doc.Get("input").AppendCanonical(nil))
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s have the same input", id, other)
		}
		seen[key] = id
		comment, _ := doc.Get("comment").String()
		if other := said[area+comment]; other != "" {
			t.Errorf("%s and %s say the same: %q", id, other, comment)
		}
		said[area+comment] = id
		if leansOn.MatchString(comment) {
			t.Errorf("%s: the comment needs that of another file: %q", id, comment)
		}
		if !strings.HasSuffix(comment, ".") || len(comment) > 200 {
			t.Errorf("%s: the comment is no short sentence: %q", id, comment)
		}
	}
}

// constants returns the values of the string constants of a type in a file.
func constants(t *testing.T, file, typeName string) []string {
	t.Helper()
	var values []string
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		typ, _ := spec.Type.(*ast.Ident)
		lit, _ := spec.Values[0].(*ast.BasicLit)
		if typ != nil && typ.Name == typeName && lit != nil && lit.Kind == token.STRING {
			values = append(values, unquote(t, lit.Value))
		}
		return true
	})
	return some(t, values)
}

// names returns the texts of a composite literal that is assigned to a
// variable, such as a list of names by number.
func names(t *testing.T, file, variable string) []string {
	t.Helper()
	var values []string
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != variable {
			return true
		}
		ast.Inspect(spec, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				values = append(values, unquote(t, lit.Value))
			}
			return true
		})
		return false
	})
	return some(t, values)
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	v, err := strconv.Unquote(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func some(t *testing.T, values []string) []string {
	t.Helper()
	if len(values) < 2 {
		t.Fatalf("found %q: the source is not where this test looks for it", values)
	}
	return values
}

// expected returns the texts of a member anywhere in the expectations of an
// area.
func expected(docs map[string]canonical.Value, area, member string) map[string]bool {
	found := map[string]bool{}
	var visit func(canonical.Value)
	visit = func(v canonical.Value) {
		for name, m := range v.Members() {
			if s, ok := m.String(); ok && name == member {
				found[s] = true
			}
			visit(m)
		}
		for _, e := range v.Elements() {
			if s, ok := e.String(); ok && member == "[]" {
				found[s] = true
			}
			visit(e)
		}
	}
	for id, doc := range docs {
		if strings.HasPrefix(id, area+"/") {
			visit(doc.Get("expect"))
		}
	}
	return found
}

// Every code of the engine has a vector.
func TestEveryCodeHasAVector(t *testing.T) {
	docs := documents(t)
	for _, tt := range []struct {
		what, area, member string
		codes              []string
		without            map[string]string // code, and why there is no vector
	}{
		{"reasons of a deny", "verify", "reason", constants(t, "../verifier/reason.go", "Reason"), nil},
		{"checks that refuse", "verify", "check", names(t, "../verifier/checks.go", "checkNames"), nil},
		{"requests that cannot be judged", "verify", "error", constants(t, "../verifier/errors.go", "RequestKind"), nil},
		{"refusals of documents", "canonical", "kind", constants(t, "../canonical/errors.go", "Kind"), map[string]string{
			"unsafe_integer":    "of writing alone, which vectors do not do",
			"unsupported_value": "of writing alone, which vectors do not do",
		}},
		{"refusals of proofs", "dataintegrity", "code", constants(t, "../internal/dataintegrity/dataintegrity.go", "Code"), nil},
		{"errors of DIDs", "did", "error", constants(t, "../didresolve/errors.go", "ErrorType"), map[string]string{
			"INVALID_OPTIONS":                        "no time to judge at, which every case has",
			"NOT_FOUND":                              "of resolvers, which the area verify has",
			"REPRESENTATION_NOT_SUPPORTED":           "of resolvers that fetch",
			"INTERNAL_ERROR":                         "an outage, which says nothing about the DID; the area verify has it",
			"INVALID_CONTROLLED_IDENTIFIER_DOCUMENT": "no document at all, which every case has",
			"DEACTIVATED":                            "of resolvers, which the area verify has",
			"PIN_MISMATCH":                           "of resolvers, which the area verify has",
		}},
		{"decisions of rules", "policy", "reason", constants(t, "../policy/evaluate.go", "Reason"), nil},
		{"results of rules", "policy", "result", constants(t, "../policy/evaluate.go", "Result"), nil},
		{"codes of rules, faults and issues", "policy", "code", slices.Concat(constants(t, "../policy/evaluate.go", "Code"),
			strings.Split("missing type value undeclared unmanifested_tool unsafe_integer ambiguous too_large too_deep too_many_items", " "),
			strings.Split("malformed unknown_member unsupported_feature unknown_profile limit duplicate unknown_type unknown_tool unknown_effect syntax type not_bool refused", " ")), map[string]string{"compile_error": "of the command policy eval alone; elsewhere the content does not compile"}},
		{"warnings of contents", "policy", "[]", []string{"profile_absent"}, nil},
	} {
		found := expected(docs, tt.area, tt.member)
		for _, code := range tt.codes {
			switch why := tt.without[code]; {
			case !found[code] && why == "":
				t.Errorf("%s: no vector for %s", tt.what, code)
			case found[code] && why != "":
				t.Errorf("%s: there is a vector for %s, although %q", tt.what, code, why)
			}
		}
		for code := range tt.without {
			if !slices.Contains(tt.codes, code) {
				t.Errorf("%s: %s does not exist any more", tt.what, code)
			}
		}
	}
}

// A vector must not expect a reason, check or code that does not exist.
func TestNoUnknownReasons(t *testing.T) {
	docs := documents(t)
	for member, known := range map[string][]string{
		"reason": constants(t, "../verifier/reason.go", "Reason"),
		"check":  names(t, "../verifier/checks.go", "checkNames"),
	} {
		for s := range expected(docs, "verify", member) {
			if !slices.Contains(known, s) {
				t.Errorf("%s %s is not known", member, s)
			}
		}
	}
}

// The schema accepts all case files and refuses invalid ones.
func TestSchema(t *testing.T) {
	b, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	s := schema{root}
	for id, doc := range documents(t) {
		var file map[string]any
		if err := json.Unmarshal(doc.Raw(), &file); err != nil {
			t.Fatal(err)
		}
		if !s.valid(root, file) {
			t.Errorf("%s does not fit the schema", id)
		}
		for _, where := range []map[string]any{file, file["input"].(map[string]any), file["expect"].(map[string]any)} {
			where["unknownMember"] = true
			if s.valid(root, file) {
				t.Errorf("%s fits the schema with an unknown member", id)
			}
			delete(where, "unknownMember")
		}
		for _, name := range []string{"schema", "id", "area", "comment", "input", "expect"} {
			kept := file[name]
			delete(file, name)
			if s.valid(root, file) {
				t.Errorf("%s fits the schema without %s", id, name)
			}
			file[name] = kept
		}
	}
	deny := map[string]any{"schema": Schema, "id": "verify/a", "area": "verify", "comment": "c",
		"input":  map[string]any{"now": "2026-01-01T00:00:00Z", "config": map[string]any{}, "request": map[string]any{"presentation": nil}},
		"expect": map[string]any{"decision": "deny", "check": "rules", "reason": "rule_failed"}}
	if !s.valid(root, deny) {
		t.Error("a deny does not fit the schema")
	}
	delete(deny["expect"].(map[string]any), "reason")
	if s.valid(root, deny) {
		t.Error("a deny without a reason fits the schema")
	}
}

// README.md states the correct number of cases and of refusals, and names
// every check, reason and kind of error.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	docs, refused := documents(t), 0
	for id, doc := range docs {
		if !accepts(id, doc.Get("expect")) {
			refused++
		}
	}
	want := []string{fmt.Sprintf("%s cases, of which %d are to be refused", thousands(len(docs)), refused)}
	for _, name := range slices.Concat(names(t, "../verifier/checks.go", "checkNames"), constants(t, "../verifier/reason.go", "Reason"),
		slices.Collect(maps.Keys(expected(docs, "canonical", "kind"))), slices.Collect(maps.Keys(expected(docs, "did", "error")))) {
		want = append(want, "`"+name+"`")
	}
	for _, text := range want {
		if !strings.Contains(string(b), text) {
			t.Errorf("README.md does not say %s", text)
		}
	}
}

// accepts reports whether a case expects its input to be accepted.
func accepts(id string, expect canonical.Value) bool {
	if decision, ok := expect.Get("decision").String(); ok && !strings.HasPrefix(id, "receipt/") {
		return decision == "allow"
	}
	if verdict, ok := expect.Get("verdict").String(); ok {
		return verdict == "verified"
	}
	for _, name := range []string{"valid", "verified"} {
		if b, ok := expect.Get(name).Bool(); ok {
			return b
		}
	}
	for _, name := range []string{"error", "kind", "faults"} {
		if expect.Get(name).Kind() != canonical.Absent {
			return false
		}
	}
	return true
}

func thousands(n int) string {
	return strings.TrimPrefix(fmt.Sprintf("%d,%03d", n/1000, n%1000), "0,")
}
