package testvectors

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

// Every JSON example of the published documentation is in the input of a case.
// The documents are not part of this module.
func TestPublishedExamples(t *testing.T) {
	files, err := filepath.Glob("../../shared/seeds/*.txt")
	if err != nil || len(files) == 0 {
		t.Skip("the published documents are not here")
	}
	known := map[string]bool{}
	for _, doc := range documents(t) {
		remember(known, doc.Get("input"))
		if s, ok := doc.Get("input").Get("text").String(); ok {
			if d, err := canonical.Parse([]byte(s)); err == nil {
				remember(known, d.Root())
			}
		}
	}
	found := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			i := bytes.IndexAny(b, "{[")
			if i < 0 {
				break
			}
			b = b[i:]
			var raw json.RawMessage
			dec := json.NewDecoder(bytes.NewReader(b))
			if dec.Decode(&raw) != nil {
				b = b[1:]
				continue
			}
			b = b[dec.InputOffset():]
			if string(raw) == "[]" { // as in string[]
				continue
			}
			form, err := canonical.Transform(raw)
			if err != nil {
				t.Errorf("%s: %v in %.80s", filepath.Base(file), err, raw)
			}
			if found++; !known[string(form)] {
				t.Errorf("%s: no case holds %.200s", filepath.Base(file), form)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d examples", found)
	}
}

// remember adds the canonical forms of v and of all values in it.
func remember(known map[string]bool, v canonical.Value) {
	if v.Kind() != canonical.Object && v.Kind() != canonical.Array {
		return
	}
	known[string(v.AppendCanonical(nil))] = true
	for _, m := range v.Members() {
		remember(known, m)
	}
	for _, e := range v.Elements() {
		remember(known, e)
	}
}
