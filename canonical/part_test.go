package canonical

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// samePart compares a part of a document with what Parse makes of its bytes.
func samePart(t *testing.T, v Value, l Limits) {
	t.Helper()
	want, wantErr := l.Parse(v.Raw())
	got, err := v.Document(l)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%s: %v, parsed: %v", v.Raw(), err, wantErr)
	}
	if err != nil {
		return
	}
	if !bytes.Equal(got.Root().Raw(), want.Root().Raw()) || got.Root().SHA256() != want.Root().SHA256() {
		t.Fatalf("%s: the part is %s", want.Root().Raw(), got.Root().Raw())
	}
	sameValue(t, got.Root(), want.Root())
}

// sameValue compares two trees, and all that Value tells of a place in them.
func sameValue(t *testing.T, got, want Value) {
	t.Helper()
	s, isString := got.String()
	wantS, wantString := want.String()
	f, isNumber := got.Float64()
	wantF, wantNumber := want.Float64()
	if got.Kind() != want.Kind() || got.Len() != want.Len() || got.Offset() != want.Offset() || got.Size() != want.Size() || got.Pointer() != want.Pointer() ||
		s != wantS || isString != wantString || f != wantF || isNumber != wantNumber {
		t.Fatalf("at %q: %s, want %s", want.Pointer(), got.Raw(), want.Raw())
	}
	for name, w := range want.Members() {
		sameValue(t, got.Get(name), w)
	}
	for i, w := range want.Elements() {
		sameValue(t, got.Index(i), w)
	}
	if want.Kind() == Object && (got.SHA256(Omit("proof")) != want.SHA256(Omit("proof")) || got.SHA256(Replace("x", got)) != want.SHA256(Replace("x", want))) {
		t.Fatalf("at %q: another hash", want.Pointer())
	}
}

// each calls f for v and everything that it holds.
func each(v Value, f func(Value)) {
	f(v)
	for _, m := range v.Members() {
		each(m, f)
	}
	for _, e := range v.Elements() {
		each(e, f)
	}
}

func TestDocument(t *testing.T) {
	r := speller{rand.New(rand.NewPCG(3, 4))}
	for range 300 {
		var text bytes.Buffer
		r.spell(&text, r.tree(5))
		d := mustParse(t, text.String())
		each(d, func(v Value) {
			samePart(t, v, Limits{})
			samePart(t, v, Limits{MaxBytes: 20})
			samePart(t, v, Limits{MaxDepth: 1})
			samePart(t, v, Limits{MaxValues: 3})
			samePart(t, v, Limits{MaxNumberBytes: 3})
		})
	}
	samePart(t, Value{}, Limits{})
	for _, in := range []string{`[[],{},[[1]],{"a":{"b":[]}}]`, `{"z":1,"a":[{"y":2,"b":1e2}],"proof":{"x":"\u0041"}}`, ` [ 1 , "x" , null , true ] `} {
		for depth := range 5 {
			each(mustParse(t, in), func(v Value) { samePart(t, v, Limits{MaxDepth: depth, MaxValues: depth + 1}) })
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"presentation":{"b":[1e2,"\u0041"],"a":{}},"executionParams":{"z":1,"a":2}}`), 0, 0)
	f.Add([]byte(`[[[1.50]]]`), 2, 3)
	f.Fuzz(func(t *testing.T, in []byte, depth, values int) {
		d, err := Parse(in)
		if err != nil {
			return
		}
		n := 0
		each(d.Root(), func(v Value) {
			if n++; n < 64 {
				samePart(t, v, Limits{MaxDepth: depth, MaxValues: values})
			}
		})
	})
}
