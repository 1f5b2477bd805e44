package didweb_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve/didweb"
)

// FuzzHeaders: for any headers, keepFor follows the strictest directive and returns
// at most a year.
func FuzzHeaders(f *testing.F) {
	for _, s := range []string{"max-age=600", "no-store", `max-age="5", max-age=3`, "max-age=99999999999999999999", "=,=", "max-age=-1", ""} {
		f.Add(s, "3", `"tag"`)
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, control, age, tag string) {
		h := http.Header{"Cache-Control": {control}, "Age": {age}, "Etag": {tag}}
		keep := didweb.KeepFor(h)
		if keep < -1 || keep > 365*24*time.Hour {
			t.Fatalf("%q, age %q: kept for %s", control, age, keep)
		}
		h["Cache-Control"] = []string{control, "max-age=7"}
		if other := didweb.KeepFor(h); other > 7*time.Second || keep < 0 && other >= 0 {
			t.Fatalf("%q and max-age=7, age %q: kept for %s", control, age, other)
		}
		h["Cache-Control"] = []string{"no-store", control}
		if other := didweb.KeepFor(h); other >= 0 {
			t.Fatalf("no-store and %q: kept for %s", control, other)
		}
		if got := didweb.ETag(h); got != "" && (got != tag || len(got) > 256) {
			t.Fatalf("tag %q is read as %q", tag, got)
		}
	})
}
