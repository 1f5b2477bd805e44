package reference

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const data = "../../../testvectors/data"

// corpus returns the case files of the corpus by id.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(data, path)
		files[strings.TrimSuffix(filepath.ToSlash(rel), ".json")] = b
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases: %v", len(files), err)
	}
	return files
}

// outOfScope lists the areas that the reference does not support, and why.
var outOfScope = map[string]string{
	"did":     "what a DID or a DID URL names is read by one regular expression here; the area is about errors that no decision tells apart",
	"permits": "a residual is no verdict: what it has to be is compared with decisions by a property of package policy",
}

// notCovered lists the cases of other areas that it does not support, and why.
var notCovered = map[string][]string{
	"the rule uses what its subset of the language lacks: patterns, timestamps, indexes, maps, %, other literals, other loops": {
		"policy/hostile-loops-three-deep", "policy/hostile-map-literal", "policy/hostile-modulo", "policy/hostile-pattern-from-agent",
		"policy/hostile-pattern-program", "policy/hostile-shadowed-variable", "policy/hostile-unsafe-literal", "policy/hostile-unsigned-literal",
		"policy/hostile-variable-index", "policy/overflow", "policy/pattern", "policy/pattern-line-break", "policy/until-no-timestamp", "policy/until-now",
		"policy/until-passed", "policy/untyped-list-index", "policy/content-rule-no-clock",
		"policy/time-parts", "policy/time-distance", "policy/time-no-duration", "policy/timestamp-comma", "policy/timestamp-fraction",
		"policy/timestamp-hour-24", "policy/timestamp-leap-second", "policy/timestamp-no-zone", "policy/timestamp-offset",
		"policy/timestamp-ten-digits", "policy/difference", "policy/hostile-leading-dot", "policy/hostile-negative-index", "policy/hostile-pattern-function"},
	"what + is refused on is settled by types, which it does not infer":        {"policy/hostile-untyped-sum"},
	"its grammar does not tell a mistake from what it lacks":                   {"policy/content-rule-syntax", "policy/hostile-number-literal"},
	"what may divide is settled by how literals are written, which it forgets": {"policy/hostile-divisor-variable", "policy/hostile-integer-division"},
	"it counts neither nodes nor cost":                                         {"policy/cost-exceeded", "policy/hostile-nodes-too-many", "policy/pattern-costly"},
}

// comparable removes from an outcome the members that the reference does not
// return: see Decide.
func comparable(area string, expect object) object {
	switch {
	case area == "verify" && expect["decision"] == "none":
		return without(expect, "offset", "pointer", "limit")
	case area == "canonical" && has(expect, "kind"):
		return object{"kind": "refused"}
	case area == "policy":
		return without(expect, "issues", "warnings")
	}
	return expect
}

// The reference agrees with every case of the corpus that it covers.
func TestCorpus(t *testing.T) {
	covered, left := map[string]int{}, map[string]bool{}
	for _, ids := range notCovered {
		for _, id := range ids {
			left[id] = true
		}
	}
	for id, file := range corpus(t) {
		v, err := parse(file)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		area := text(v, "area")
		got, err := Decide(file)
		if errors.Is(err, ErrNotCovered) {
			if !left[id] && outOfScope[area] == "" {
				t.Errorf("%s: %v", id, err)
			}
			delete(left, id)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		covered[area]++
		want := comparable(area, toObject(member(v, "expect")))
		if string(canon(got)) != string(canon(want)) {
			t.Errorf("%s: %s\n got  %s\n want %s", id, text(v, "comment"), canon(got), canon(want))
		}
	}
	for id := range left {
		t.Errorf("%s is covered, or there is no such case: take it off the list", id)
	}
	t.Logf("%v", covered)
	if covered["verify"] < 300 {
		t.Errorf("only %d cases of the area verify", covered["verify"])
	}
}
