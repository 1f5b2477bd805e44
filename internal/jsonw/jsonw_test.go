package jsonw

import (
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
		t.Errorf("text that has no JSON form: %v", w.Err)
	}
}
