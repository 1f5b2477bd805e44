package policy

import (
	"runtime"
	"strings"
	"testing"
)

// heap returns how many bytes are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestMemory(t *testing.T) {
	contents := map[string]string{
		"the sample":     string(readFile(t, "hotel-content.json").Raw()),
		"no rules":       `{"name": "a", "executionParams": {` + repeated(200, `"f%d": "string"`) + `}}`,
		"one rule":       untyped(`executionParams.amount <= userParams.max`),
		"many rules":     `{"name": "a", ` + typedShapes + `"rules": [` + repeated(64, `{"name": "r%d", "expression": "executionParams.amount <= userParams.max"}`) + `]}`,
		"large rules":    `{"name": "a", ` + typedShapes + `"rules": [` + repeated(15, `{"name": "r%d", "expression": "`+strings.Repeat("executionParams.amount < 5 || ", 60)+`false"}`) + `]}`,
		"macros":         `{"name": "a", ` + typedShapes + `"rules": [` + repeated(20, `{"name": "r%d", "expression": "executionParams.to.all(v, v in userParams.allowed || executionParams.to.exists(w, w == v))"}`) + `]}`,
		"patterns":       `{"name": "a", ` + typedShapes + `"rules": [` + repeated(20, `{"name": "r%d", "expression": "executionParams.category.matches('^[a-z]{400}x%[1]d$')"}`) + `]}`,
		"declared lists": `{"name": "a", "executionParams": {"f": {"type": "string", "values": [` + repeated(1000, `"value %d"`) + `]}}}`,
	}
	for name, content := range contents {
		doc := parse(t, content)
		const n = 20
		kept := make([]*Action, n)
		before := heap()
		for i := range kept {
			a, err := Compile(doc)
			if err != nil {
				t.Fatal(name, err)
			}
			kept[i] = a
		}
		took := (heap() - before) / n
		said := kept[0].Memory()
		t.Logf("%-15s %7d bytes, said %7d", name, took, said)
		if said > 2*took+8192 || took > 2*said+8192 {
			t.Errorf("%s: %d bytes, said %d", name, took, said)
		}
		runtime.KeepAlive(kept)
	}
	if new(Action).Memory() != 0 || (*Action)(nil).Memory() != 0 {
		t.Error("an action that was not compiled takes memory")
	}
}
