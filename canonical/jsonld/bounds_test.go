package jsonld

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
)

func itoa(i int) string { return strconv.Itoa(i) }

// repeat joins n texts with commas.
func repeat(n int, text func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = text(i)
	}
	return strings.Join(parts, ",")
}

func same(s string) func(int) string { return func(int) string { return s } }

// walkOf runs only the walk, without the expansion or a timeout, and returns
// its work.
func walkOf(t testing.TB, doc canonical.Value) (*Error, int) {
	t.Helper()
	c := newChecker(t, nil)
	var w *walker
	c.expand = func(library, map[string]any) *Error { return nil }
	w = &walker{library: c.known, vetting: vetting{library: c.known}, now: sample.Now, deadline: sample.Now(), skip: map[canonical.Value]bool{}}
	err := c.run(w, doc)
	return err, w.work
}

// TestHostile checks that documents whose expansion would take long, recurse
// or grow are refused before json-gold expands them, without the timeout.
func TestHostile(t *testing.T) {
	const scoped = `{"@id":"https://example.com/#p","@context":`
	c := newChecker(t, nil)
	for _, tt := range []struct{ name, doc, want string }{
		{"deep document", credential(`,{"p":"https://example.com/#p"}`, "", `,"p":`+strings.Repeat(`{"p":`, 5000)+"1"+strings.Repeat("}", 5000)), "too_large"},
		{"deep lists", credential(`,{"p":"https://example.com/#p"}`, "", `,"p":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), "too_large"},
		{"deep definitions", credential(`,{"p":`+strings.Repeat(scoped+`{"p":`, 2000)+`null`+strings.Repeat("}}", 2000)+"}", "", ""), "too_large"},
		{"long document", credential("", "", `,"name":"`+strings.Repeat("x", maxBytes)+`"`), "too_large"},
		{"many values", credential("", "", `,"name":[`+repeat(maxValues, same("1"))+`]`), "too_large"},
		{"10,000 inline contexts", credential(","+repeat(10_000, same("{}")), "", ""), "too_large"},
		{"10,000 contexts", credential(","+repeat(10_000, same(v2)), "", ""), "too_large"},
		{"10,000 objects with a context", credential(`,{"p":"https://example.com/#p"}`, "", `,"p":[`+repeat(5_000, same(`{"@context":{}}`))+`]`), "too_large"},
		{"contexts in definitions", credential(`,{"p":`+scoped+`[`+repeat(maxContexts, same("{}"))+`]}}`, "", ""), "too_large"},
		{"10,000 terms", credential(`,{`+repeat(10_000, func(i int) string { return `"t` + itoa(i) + `":"a:b"` })+`}`, "", ""), "too_large"},
		{"long prefix", credential(`,{"p":"https://example.com/`+strings.Repeat("x", maxContextBytes)+`#"}`, "", ""), "too_large"},
		{"long vocabulary", credential(`,{"@vocab":"https://example.com/`+strings.Repeat("x", maxContextBytes)+`#"}`, "", ""), "too_large"},
		{"long key", credential(`,{"p":{"`+strings.Repeat("x", maxContextBytes)+`":1}}`, "", ""), "too_large"},
		{"contexts times members", credential(`,{"p":`+scoped+`[`+repeat(200, same(v2))+`]}}`, "", `,"p":[`+repeat(5000, same(`{}`))+`]`), "too_large"},
		{"contexts times texts", credential(`,{"p":`+scoped+`[`+repeat(200, same(v2))+`]},"q":"https://example.com/#q"}`, "", `,"q":[`+repeat(5000, same(`{"p":1}`))+`]`), "too_large"},
		{"contexts times types", credential(`,{"T":`+scoped+`[`+repeat(200, same(v2))+`]}}`, ","+repeat(10_000, same(`"T"`)), ""), "too_large"},
		{"null contexts times types", `{"@context":{` + repeat(900, func(i int) string { return `"t` + itoa(i) + `":"a:b"` }) + `,"T":` + scoped + `null}},"@type":[` + repeat(10_000, same(`"T"`)) + `]}`, "too_large"},
		{"null contexts of texts", `{"@context":{"p":` + scoped + `null}},"p":[` + repeat(10_000, same(`"T"`)) + `]}`, "ok"},
		{"terms times types", credential(`,{`+repeat(900, func(i int) string { return `"t` + itoa(i) + `":"a:b"` })+`,"T":`+scoped+`{}}}`, ","+repeat(10_000, same(`"T"`)), ""), "too_large"},
		{"terms times going back", credential(`,{`+repeat(900, func(i int) string { return `"t` + itoa(i) + `":"a:b"` })+`,"q":"https://example.com/#q"}`, "", `,"q":[`+repeat(5000, same(`{"name":1}`))+`]`), "too_large"},
		{"prefix times members", credential(`,{"@vocab":"https://example.com/`+strings.Repeat("x", 60_000)+`#"}`, "", `,"p":[`+repeat(5000, same(`{"a":1}`))+`]`), "too_large"},
		{"prefix times types", credential(`,{"e":"https://example.com/`+strings.Repeat("x", 60_000)+`#"}`, ","+repeat(10_000, same(`"e:x"`)), ""), "too_large"},
		{"prefix times references", credential(`,{"e":"https://example.com/`+strings.Repeat("x", 60_000)+`#","q":{"@id":"a:q","@type":"@id"}}`, "", `,"q":[`+repeat(10_000, same(`"e:x"`))+`]`), "too_large"},
		{"prefix times ids", credential(`,{"e":"https://example.com/`+strings.Repeat("x", 60_000)+`#","q":"a:q"}`, "", `,"q":[`+repeat(5_000, same(`{"id":"e:x"}`))+`]`), "too_large"},
		{"prefix times scoped references", credential(`,{"q":{"@id":"a:q","@type":"@id","@context":{"e":"https://example.com/`+strings.Repeat("x", 60_000)+`#"}}}`, "", `,"q":[`+repeat(10_000, same(`"e:x"`))+`]`), "too_large"},
		{"vocabulary times languages", credential(`,{"@vocab":"https://example.com/`+strings.Repeat("x", 60_000)+`#","q":{"@id":"a:q","@container":"@language"}}`, "", `,"q":{`+repeat(5_000, func(i int) string { return `"e` + itoa(i) + `":"x"` })+`}`), "too_large"},
		{"prefix times index", credential(`,{"e":"https://example.com/`+strings.Repeat("x", 60_000)+`#","q":{"@id":"a:q","@container":"@id"}}`, "", `,"q":{`+repeat(5_000, func(i int) string { return `"e:` + itoa(i) + `":{"name":1}` })+`}`), "too_large"},
		{"property times index", credential(`,{"r":"https://example.com/`+strings.Repeat("x", 60_000)+`","q":{"@id":"a:q","@container":"@index","@index":"r"}}`, "", `,"q":{`+repeat(5_000, func(i int) string { return `"` + itoa(i) + `":{"name":1}` })+`}`), "too_large"},
		{"terms times type map", credential(`,{`+repeat(900, func(i int) string { return `"t` + itoa(i) + `":"a:b"` })+`,"q":{"@id":"a:q","@container":"@type"},"T":`+scoped+`{}}}`, "", `,"q":[`+repeat(1000, same(`{"T":{"name":1}}`))+`]`), "too_large"},
		{"types that are long", credential("", ","+repeat(100, same(`"a:`+strings.Repeat("x", 10_000)+`"`)), ""), "ok"},
		{"chain of prefixes", credential(`,{`+repeat(900, func(i int) string { return `"t` + itoa(i) + `":"t` + itoa(i+1) + `:/"` })+`,"t900":"https://example.com/"}`, "", ""), "ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _ := strings.Cut(verdict(t, c.CheckContext(parse(t, tt.doc))), " ")
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestWorkOfLargestDocument checks that the largest document that the verifier
// accepts is far below the limit.
func TestWorkOfLargestDocument(t *testing.T) {
	err, work := walkOf(t, parse(t, string(sample.Presentation())))
	if err != nil || work*16*8 > maxWork {
		t.Errorf("%v, %d of %d", err, work, maxWork)
	}
	t.Logf("the sample takes %d of %d", work, maxWork)
	vp := `{"@context":` + v2 + `,"type":"VerifiablePresentation","verifiableCredential":[` + repeat(16, same(string(sample.Credential()))) + `]}`
	if err := newChecker(t, nil).CheckContext(parse(t, vp)); err != nil {
		t.Error(err)
	}
}

// TestTimeout checks that CheckContext does not wait for a late check, that no
// further check starts while maxRunning checks are late, and that checks start
// again when those end.
func TestTimeout(t *testing.T) {
	c := newChecker(t, nil)
	doc := parse(t, credential("", "", ""))
	begun, release := make(chan bool), make(chan bool)
	c.expand = func(library, map[string]any) *Error { begun <- true; <-release; return nil }
	expired := make(chan time.Time)
	asked := make(chan time.Duration, 1)
	c.after = func(d time.Duration) (<-chan time.Time, func()) {
		select {
		case asked <- d:
		default:
		}
		return expired, func() {}
	}
	results := make(chan error)
	for range maxRunning {
		go func() { results <- c.CheckContext(doc) }()
		<-begun
	}
	if d := <-asked; d != DefaultTimeout {
		t.Errorf("the timeout is %v", d)
	}
	for range maxRunning {
		expired <- time.Time{}
		if got := verdict(t, <-results); got != "timeout" {
			t.Error(got)
		}
	}
	go func() { results <- c.CheckContext(doc) }()
	expired <- time.Time{}
	if got := verdict(t, <-results); got != "busy" {
		t.Error(got)
	}
	close(release)
	go func() { <-begun }()
	if err := c.CheckContext(doc); err != nil { // waits for a slot
		t.Error(err)
	}
}

// TestWalkTimeout checks that the walk stops by itself at its timeout.
func TestWalkTimeout(t *testing.T) {
	c := newChecker(t, nil)
	c.Timeout = 3 * time.Millisecond
	clock := &ticking{}
	c.now = clock.now
	if got := verdict(t, c.CheckContext(parse(t, string(sample.Presentation())))); got != "timeout" || clock.n != 5 {
		t.Errorf("%s after %d", got, clock.n)
	}
}

// ticking is a clock that advances by a millisecond with each reading.
type ticking struct{ n int }

func (c *ticking) now() time.Time {
	c.n++
	return time.UnixMilli(int64(c.n))
}

// TestDefaultTimer checks that the default timer is stopped.
func TestDefaultTimer(t *testing.T) {
	expired, stop := newTimer(time.Nanosecond)
	<-expired
	stop()
}

// TestExpansionErrors checks that an error of json-gold refuses a document
// that the walk accepts.
func TestExpansionErrors(t *testing.T) {
	l := newChecker(t, nil).known
	for _, tt := range []struct{ name, doc, want string }{
		{"ok", credential("", "", ""), "ok"},
		{"undefined", credential("", "", `,"colour":1`), "undefined_term"},
		{"redefined", credential(`,{"name":"a:b"}`, "", ""), "redefined_term"},
		{"null", credential(`,null`, "", ""), "redefined_term"},
		{"two ids", credential("", "", `,"id":"a:b","@id":"a:b"`), "invalid_document"},
		{"unknown context", credential(`,"https://example.com/c"`, "", ""), "invalid_document"},
	} {
		doc, _ := tree(parse(t, tt.doc), nil).(map[string]any)
		var err error
		if e := expandTree(l, doc); e != nil {
			err = e
		}
		if got := verdict(t, err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := code(errBroken{}); got != "it cannot be processed" {
		t.Error(got)
	}
}

type errBroken struct{}

func (errBroken) Error() string { return "https://attacker.example" }
