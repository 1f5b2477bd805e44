package policy

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// All strings of a content share one text. Whatever a Cache keeps of that
// text, for a compiled or a refused content, counts towards its Memory.
func TestMemoryOfTheText(t *testing.T) {
	description := `"description": "` + strings.Repeat("x", 200<<10) + `"`
	for name, content := range map[string]string{
		"compiled": `{"name": "a", ` + description + `, "executionParams": {"f": "string"}}`,
		"refused":  `{"name": "a", ` + description + `, "rules": [{"name": "r", "expression": 1}]}`,
	} {
		doc := parse(t, content)
		const n = 20
		caches := make([]Cache, n)
		before := heap()
		for i := range caches {
			caches[i].Compile(doc)
		}
		took, said := (heap()-before)/n, caches[0].Memory()
		t.Logf("%s: %d bytes, said %d", name, took, said)
		if took > 2*said+8192 {
			t.Errorf("%s: %d bytes, said %d", name, took, said)
		}
		runtime.KeepAlive(caches)
		runtime.KeepAlive(doc)
	}
}

// A kept decision does not keep the text of the content in memory.
func TestMemoryOfDecisions(t *testing.T) {
	content := `{"name": "a", "description": "` + strings.Repeat("x", 200<<10) + `", "userParams": {"max": "number"}, "executionParams": {"amount": "number"},
		"rules": [{"name": "cap", "expression": "executionParams.amount <= userParams.max"}, {"name": "never", "expression": "false"}]}`
	doc, exec, user := parse(t, content), parse(t, `{"amount": 2}`), parse(t, `{"max": 1}`)
	const n = 20
	kept := make([]*Decision, n)
	before := heap()
	for i := range kept {
		a, err := Compile(doc)
		if err != nil {
			t.Fatal(err)
		}
		if kept[i], err = a.Evaluate(t.Context(), Input{ExecutionParams: exec, UserParams: user, Now: time.Unix(1, 0)}); err != nil || len(kept[i].Evaluations) != 2 {
			t.Fatal(kept[i], err)
		}
	}
	if took := (heap() - before) / n; took > 32<<10 {
		t.Errorf("%d bytes for each decision", took)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(doc)
}
