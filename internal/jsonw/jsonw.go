// Package jsonw answers one question: how is canonical JSON (RFC 8785) written
// without building it first? Whoever calls it writes members in the order of
// their names, which are plain ASCII: to build maps and sort them took longer
// than a signature.
package jsonw

import (
	"slices"
	"strconv"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/unescaped"
)

// A Writer appends to Dst. Err is the first text that has no JSON form: what was
// written is then not to be used.
type Writer struct {
	Dst []byte
	Err error
}

// Name begins a member.
func (w *Writer) Name(name string) {
	w.Next()
	w.Dst = append(append(append(w.Dst, '"'), name...), `":`...)
}

// Next begins a member or an element.
func (w *Writer) Next() {
	if last := w.Dst[len(w.Dst)-1]; last != '{' && last != '[' {
		w.Dst = append(w.Dst, ',')
	}
}

// Open and Close write the brackets of objects and arrays.
func (w *Writer) Open(c byte)  { w.Dst = append(w.Dst, c) }
func (w *Writer) Close(c byte) { w.Dst = append(w.Dst, c) }

// Object begins a member that is an object, Array one that is an array, Element an
// element that is an object; Close ends each. What writes their members is called
// by name, so that a Writer stays on the stack: with functions passed in, it did
// not.
func (w *Writer) Object(name string) { w.Name(name); w.Open('{') }
func (w *Writer) Array(name string)  { w.Name(name); w.Open('[') }
func (w *Writer) Element()           { w.Next(); w.Open('{') }

// Text writes a string.
func (w *Writer) Text(s string) {
	var err error
	if w.Dst, err = canonical.AppendString(w.Dst, s); err != nil && w.Err == nil {
		w.Err = err
	}
}

// Must writes a member that is a string, Put only one that is not empty.
//
// Nearly all are plain text, and a receipt has a hundred of them: each is written
// at once. Where there is room Dst only gets another length: to store a slice that
// append returned takes a write barrier each time.
func (w *Writer) Must(name, value string) {
	if !unescaped.Text(value) {
		w.Name(name)
		w.Text(value)
		return
	}
	if n := len(name) + len(value) + len(`,"":""`); n > cap(w.Dst)-len(w.Dst) {
		w.Dst = slices.Grow(w.Dst, n)
	}
	w.Next()
	d := append(append(append(append(append(w.Dst, '"'), name...), `":"`...), value...), '"')
	w.Dst = w.Dst[:len(d)] // the same memory
}

func (w *Writer) Put(name, value string) {
	if value != "" {
		w.Must(name, value)
	}
}

// Flag writes a member that is a boolean.
func (w *Writer) Flag(name string, value bool) {
	w.Name(name)
	w.Dst = strconv.AppendBool(w.Dst, value)
}

// Raw writes a member that is JSON in canonical form already.
func (w *Writer) Raw(name string, value []byte) {
	w.Name(name)
	w.Dst = append(w.Dst, value...)
}

// Texts writes a member that is an array of strings.
func (w *Writer) Texts(name string, list []string) {
	w.Array(name)
	for _, s := range list {
		w.Next()
		w.Text(s)
	}
	w.Close(']')
}
