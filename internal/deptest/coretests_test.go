package deptest

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestCoreTestsLinkNoAdapter checks that no test of the core links an adapter or a
// command, directly or not. Such a test fails for a fault of the adapter, and it proves
// of the core only what the adapter makes of it. The core are the packages that others
// embed, and the internal ones that they link.
func TestCoreTestsLinkNoAdapter(t *testing.T) {
	core := map[string]bool{}
	isPublic := func(name string) bool {
		first, _, _ := strings.Cut(name, "/")
		return slices.Contains([]string{"canonical", "didresolve", "policy", "receipts", "verifier"}, first)
	}
	for name, p := range load(t) {
		if !isPublic(name) {
			continue
		}
		core[name] = true
		for _, dep := range p.Deps {
			if rest, ours := strings.CutPrefix(dep, module); ours && strings.HasPrefix(rest, "internal/") {
				core[rest] = true
			}
		}
	}
	if !core["internal/didreason"] || !core["verifier/replaytest"] {
		t.Fatalf("the core is %v", core)
	}
	out, err := exec.Command("go", "list", "-test", "-json=ImportPath,Deps", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	tests := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var binary pkg
		if err := d.Decode(&binary); err != nil {
			t.Fatal(err)
		}
		name, isTest := strings.CutSuffix(strings.TrimPrefix(binary.ImportPath, module), ".test")
		if !isTest || !core[name] {
			continue
		}
		tests++
		links := slices.ContainsFunc(binary.Deps, func(dep string) bool {
			return strings.HasPrefix(dep, module+"adapters/") || strings.HasPrefix(dep, module+"cmd/")
		})
		if links {
			t.Errorf("the tests of %s link an adapter or a command: sign with internal/sample/samplesign, and compare outcomes without package answer", name)
		}
	}
	if tests < 15 {
		t.Errorf("only %d packages of the core have tests", tests)
	}
}
