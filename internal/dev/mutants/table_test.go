package main

import (
	"os"
	"strings"
	"testing"
)

// Every mutant changes an existing line, every check of the verifier has a
// mutant, and every survivor is a mutant.
func TestTable(t *testing.T) {
	if err := os.Chdir("../../.."); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range mutants() {
		b, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), m.old); n != 1 || m.old == m.new || names[m.name] {
			t.Errorf("%s: %s holds it %d times: %s", m.name, m.file, n, m.old)
		}
		names[m.name] = true
	}
	numbered, err := os.ReadFile("verifier/checks.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(numbered)) {
		name, isCheck := strings.CutPrefix(strings.TrimSpace(line), "check")
		if name, _, isConstant := strings.Cut(name, " "); isCheck && isConstant && strings.Contains(line, "check = ") && !names["check "+name] {
			t.Errorf("no mutant turns %s off", name)
		}
	}
	for name, why := range survivors {
		if !names[name] || why == "" {
			t.Errorf("survivor %q is no mutant, or nobody says why", name)
		}
	}
}
