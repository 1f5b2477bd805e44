package jsonld

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
)

// FuzzCheckContext checks that there are no panics and no errors of another
// type, that a document always has the same verdict, and that the walk stops
// at its timeout.
func FuzzCheckContext(f *testing.F) {
	for _, s := range []string{
		credential("", "", ""), credential(`,{"name":null},{"name":"a:b"}`, "", ""), credential(`,{"a":"b:x","b":"a:x"}`, `,"T"`, `,"a":{"@list":[{"q":1}]}`),
		credential(`,{"p":{"@id":"a:p","@container":"@type","@context":null},"T":{"@id":"a:T","@context":{"q":"a:q"}}}`, `,"T"`, `,"p":{"T":{"q":1}}`),
		credential(`,{"p":{"@id":"a:p","@container":["@graph","@id"]},"n":"@nest","i":"@included"}`, "", `,"p":{"a:b":{"n":{"i":[]}}},"@reverse":{"p":{}}`),
		credential(`,{"@version":1.1,"@vocab":"x:","@language":null,"@protected":true,"z":{"@reverse":"a:z","@index":"p","@prefix":true}}`, "", `,"z":1`),
		credential(`,"https://via.humanos.dev/ns/v1"`, `,"VIAMandate"`, `,"mandate":{"@context":[null]}`),
		string(sample.Presentation()),
	} {
		f.Add([]byte(s))
	}
	files, _ := filepath.Glob("../../testvectors/data/verify/*.json")
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil {
			f.Add(b)
		}
	}
	c := newChecker(f, nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := canonical.Parse(b)
		if err != nil {
			return
		}
		clock := &ticking{}
		timed := &Checker{Timeout: 100 * time.Millisecond, known: c.known, running: c.running, now: clock.now, after: c.after}
		first := timed.CheckContext(d.Root())
		var e *Error
		if first != nil && (!errors.As(first, &e) || e.Kind == "") {
			t.Fatalf("%T: %v", first, first)
		}
		if clock.n > 102 {
			t.Fatalf("the clock was read %d times", clock.n)
		}
		a, b1 := verdict(t, c.CheckContext(d.Root())), verdict(t, c.CheckContext(d.Root()))
		if a != b1 {
			t.Fatalf("%s, then %s", a, b1)
		}
		if e == nil && a != "ok" || e != nil && e.Kind != Timeout && a == "ok" {
			t.Fatalf("%v, then %s", first, a)
		}
	})
}
