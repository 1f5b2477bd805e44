// Package jsonwrite writes canonical JSON (RFC 8785) straight into a buffer,
// without building maps first: sorting those took longer than a signature.
//
// It does not sort. The caller writes the members of an object in the order of
// their names, and only names of plain ASCII that need no escapes.
package jsonwrite

import (
	"slices"
	"strconv"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonescape"
)

// A Writer appends JSON to Dst. Err is the first error, such as a string that is
// not valid UTF-8; Dst is useless then.
type Writer struct {
	Dst []byte
	Err error
}

// Name writes the comma, if one is needed, and the name of a member.
func (w *Writer) Name(name string) {
	w.Next()
	w.Dst = append(append(append(w.Dst, '"'), name...), `":`...)
}

// Next writes a comma unless an object or array has just been opened.
func (w *Writer) Next() {
	if last := w.Dst[len(w.Dst)-1]; last != '{' && last != '[' {
		w.Dst = append(w.Dst, ',')
	}
}

// Open writes an opening bracket.
func (w *Writer) Open(c byte) { w.Dst = append(w.Dst, c) }

// Close writes a closing bracket.
func (w *Writer) Close(c byte) { w.Dst = append(w.Dst, c) }

// Object opens an object that is a member. Close it.
//
// Object, Array and Element take no function that writes the content: with one,
// the Writer would escape to the heap.
func (w *Writer) Object(name string) { w.Name(name); w.Open('{') }

// Array opens an array that is a member. Close it.
func (w *Writer) Array(name string) { w.Name(name); w.Open('[') }

// Element opens an object that is an element of an array. Close it.
func (w *Writer) Element() { w.Next(); w.Open('{') }

// Text writes a string value.
func (w *Writer) Text(s string) {
	var err error
	if w.Dst, err = canonical.AppendString(w.Dst, s); err != nil && w.Err == nil {
		w.Err = err
	}
}

// Must writes a member that is a string, even an empty one.
//
// A receipt has a hundred of these, nearly all plain text. Must appends such a
// member in one expression and then only changes the length of Dst: storing the
// slice that append returns would cost a write barrier each time.
func (w *Writer) Must(name, value string) {
	if !jsonescape.Plain(value) {
		w.Name(name)
		w.Text(value)
		return
	}
	if n := len(name) + len(value) + len(`,"":""`); n > cap(w.Dst)-len(w.Dst) {
		w.Dst = slices.Grow(w.Dst, n)
	}
	w.Next()
	d := append(append(append(append(append(w.Dst, '"'), name...), `":"`...), value...), '"')
	w.Dst = w.Dst[:len(d)] // d is the same array: Grow has made sure
}

// Put writes a member that is a string, unless value is empty.
func (w *Writer) Put(name, value string) {
	if value != "" {
		w.Must(name, value)
	}
}

// Flag writes a boolean member.
func (w *Writer) Flag(name string, value bool) {
	w.Name(name)
	w.Dst = strconv.AppendBool(w.Dst, value)
}

// Raw writes a member whose value is already canonical JSON.
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
