package canonical

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf16"

	"github.com/gowebpki/jcs"
)

// FuzzTransform compares the package with gowebpki/jcs. Both must accept the same
// documents, except those that only this package refuses, and write the same canonical
// form. The canonical form must be its own canonical form. Omit must write what
// gowebpki/jcs writes for the text without the member.
func FuzzTransform(f *testing.F) {
	for _, s := range []string{
		`{"b":[1,2.50,-0,1e21,"\u20ac\ud83d\ude00"],"a":{"":null}}`, `{"a":1,"\u0061":2}`, `"\ud800"`, "\"\xed\xa0\x80\"",
		`{"\ufb33":1,"\ud83d\ude00":2}`, `1e400`, `{"amount":100,"recipient`, "\xef\xbb\xbf1", `[01]`, `9007199254740993`,
		"[1.7976931348623159e308]", `{"x":"\ufffe"}`,
	} {
		f.Add([]byte(s))
	}
	files, _ := filepath.Glob("../testvectors/data/*/*.json")
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		compareWithOracle(t, b)
		d, err := Parse(b)
		if err != nil {
			return
		}
		root := d.Root()
		canon := root.AppendCanonical(nil)
		again, err := Transform(canon)
		if err != nil || string(again) != string(canon) {
			t.Fatalf("not a fixed point: %q then %q, %v", canon, again, err)
		}
		checkTree(t, d, root)
		for name := range root.Members() {
			text := []byte("{")
			for other, m := range root.Members() {
				if other == name {
					continue
				}
				if len(text) > 1 {
					text = append(text, ',')
				}
				text = append(appendQuoted(text, other), ':')
				text = append(text, m.Raw()...)
			}
			want, err := jcs.Transform(append(text, '}'))
			if got := root.AppendCanonical(nil, Omit(name)); err != nil || string(got) != string(want) {
				t.Fatalf("without %q: got %q, want %q, %v", name, got, want, err)
			}
		}
	})
}

// checkTree checks Raw, Offset, Get, Index, AppendCanonical and SHA256 of v and its
// descendants against each other.
func checkTree(t *testing.T, d *Doc, v Value) {
	sub, err := Limits{MaxBytes: 1 << 30, MaxDepth: maxDepthCeiling}.Parse(v.Raw())
	if err != nil {
		t.Fatalf("raw text of %q does not parse: %v", v.Pointer(), err)
	}
	if string(sub.Root().AppendCanonical(nil)) != string(v.AppendCanonical(nil)) {
		t.Fatalf("%q: raw text has another canonical form", v.Pointer())
	}
	if got := string(d.src[v.Offset() : v.Offset()+len(v.Raw())]); got != string(v.Raw()) {
		t.Fatalf("%q: offset is wrong", v.Pointer())
	}
	if len(d.nodes) > 200 {
		return // the rest takes quadratic time
	}
	if got := v.SHA256(); got != sha256.Sum256(sub.Root().AppendCanonical(nil)) {
		t.Fatalf("%q: wrong hash", v.Pointer())
	}
	for name, m := range v.Members() {
		if v.Get(name) != m {
			t.Fatalf("member %q is not found", name)
		}
		// Hash parts of the stored form, without the member and with another value.
		if v.SHA256(Omit(name)) != sha256.Sum256(editSlowly(sub.Root(), name, "")) {
			t.Fatalf("%q without %q: wrong hash", v.Pointer(), name)
		}
		with := ReplaceAll(name, []Value{v, m})
		text := "[" + string(v.AppendCanonical(nil)) + "," + string(m.AppendCanonical(nil)) + "]"
		if v.SHA256(with) != sha256.Sum256(editSlowly(sub.Root(), name, text)) {
			t.Fatalf("%q with another %q: wrong hash", v.Pointer(), name)
		}
		checkTree(t, d, m)
	}
	for i, e := range v.Elements() {
		if v.Index(i) != e {
			t.Fatalf("element %d is not found", i)
		}
		checkTree(t, d, e)
	}
}

// editSlowly writes an object with text as the value of a member, or without the
// member if text is empty.
func editSlowly(v Value, name, text string) []byte {
	var names []string
	for n := range v.Members() {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))) })
	out := []byte("{")
	for _, n := range names {
		if n == name && text == "" {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendQuoted(out, n), ':')
		if n == name {
			out = append(out, text...)
		} else {
			out = v.Get(n).AppendCanonical(out)
		}
	}
	return append(out, '}')
}
