package policy

import (
	"runtime"
	"strings"
	"testing"
)

// A content shares one text: what a Cache keeps of it, compiled or refused, is
// weighed with it, or holds nothing of it.
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
