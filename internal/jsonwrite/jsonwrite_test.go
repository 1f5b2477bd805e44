package jsonwrite

import (
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

func TestWriter(t *testing.T) {
	w := Writer{}
	w.Open('{')
	w.Array("a")
	w.Element()
	w.Must("b", "é\n")
	w.Put("c", "")
	w.Put("d", "x")
	w.Close('}')
	w.Element()
	w.Close('}')
	w.Close(']')
	w.Flag("e", true)
	w.Object("f")
	w.Texts("g", []string{"1", "2"})
	w.Texts("h", nil)
	w.Close('}')
	w.Raw("i", []byte("[1]"))
	w.Close('}')
	const want = `{"a":[{"b":"é\n","d":"x"},{}],"e":true,"f":{"g":["1","2"],"h":[]},"i":[1]}`
	if string(w.Dst) != want || w.Err != nil {
		t.Errorf("%s, %v; want %s", w.Dst, w.Err, want)
	}
	if form, err := canonical.Transform(w.Dst); err != nil || string(form) != want {
		t.Errorf("its canonical form is %s, %v", form, err)
	}
	w = Writer{Dst: []byte("{")}
	w.Must("a", "\xff")
	w.Must("b", "\ufffe")
	var e *canonical.Error
	if e, _ = w.Err.(*canonical.Error); e == nil || e.Kind != canonical.InvalidUTF8 {
		t.Errorf("invalid UTF-8: %v", w.Err)
	}
}

// TestMust puts every byte at every place of strings of up to 17 bytes, after
// every byte that a member may follow, and with spare capacity that is too
// small, exact, or ample.
func TestMust(t *testing.T) {
	for n := range 18 {
		for at := range n {
			for c := range 256 {
				s := strings.Repeat("a", at) + string([]byte{byte(c)}) + strings.Repeat("~", n-at-1)
				for _, before := range []string{"{", "[", `{"a":1`} {
					text, err := canonical.AppendString(nil, s)
					want := before + `"name":` + string(text)
					if len(before) > 1 {
						want = before + `,"name":` + string(text)
					}
					for _, spare := range []int{0, len(`"name":""`) + n, 200} {
						w := Writer{Dst: append(make([]byte, 0, len(before)+spare), before...)}
						w.Must("name", s)
						if (err == nil) != (w.Err == nil) || err == nil && string(w.Dst) != want {
							t.Fatalf("%q with %d spare bytes: %s, %v; want %s, %v", s, spare, w.Dst, w.Err, want, err)
						}
					}
				}
			}
		}
	}
}
