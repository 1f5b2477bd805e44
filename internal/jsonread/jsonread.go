// Package jsonread reads the members of JSON objects by their names and keeps the
// first fault: a caller reads all that it needs, and asks once whether to use it.
package jsonread

import (
	"fmt"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/internal/xsdtime"
)

// A Fault says what is wrong with a document, and where.
type Fault struct {
	At      canonical.Value // what is wrong, or the object that lacks a member
	Message string
}

// Error returns the place and the message.
func (f *Fault) Error() string {
	return fmt.Sprintf("at %q: %s", quote.Cut(f.At.Pointer(), 200), f.Message)
}

// A Reader reads the members of one object. Those of the objects in it are Readers
// that share its fault. [New] and [Strict] make the first one.
//
// What reads a member wants it to be there, but for TextIf, TextsIf, TimeIf and ObjectIf.
// Null is a value like any other. After a fault what is read means nothing. A value
// that is not an object has no members.
type Reader struct {
	At     canonical.Value // the object
	first  *error
	strict bool
	asked  []string // when strict
}

// New returns a Reader of an object.
func New(v canonical.Value) Reader { return Reader{At: v, first: new(error)} }

// Strict returns a Reader that remembers which members it was asked for, as do the
// Readers of the objects in it: [Reader.Done] refuses the others.
func Strict(v canonical.Value) Reader { return Reader{At: v, first: new(error), strict: true} }

// In returns a Reader of another value of the same document.
func (r *Reader) In(v canonical.Value) Reader { return Reader{At: v, first: r.first, strict: r.strict} }

// Err returns the first fault, a *Fault unless it is what Keep was given.
func (r *Reader) Err() error { return *r.first }

// Keep keeps an error unless there is one.
func (r *Reader) Keep(err error) {
	if *r.first == nil {
		*r.first = err
	}
}

// Fault returns the first fault, nil when there is none.
func (r *Reader) Fault() *Fault {
	switch err := (*r.first).(type) {
	case nil:
		return nil
	case *Fault:
		return err
	default:
		return &Fault{r.At, err.Error()}
	}
}

// Fail keeps a fault of v unless there is one.
func (r *Reader) Fail(v canonical.Value, format string, args ...any) {
	if *r.first == nil {
		*r.first = &Fault{v, fmt.Sprintf(format, args...)}
	}
}

// Has reports whether there is a member.
func (r *Reader) Has(name string) bool { return r.At.Get(name).Kind() != canonical.Absent }

// Get returns a member of any kind.
func (r *Reader) Get(name string) canonical.Value {
	if r.strict {
		r.asked = append(r.asked, name)
	}
	v := r.At.Get(name)
	if v.Kind() == canonical.Absent {
		r.Fail(r.At, "%s is missing", name)
	}
	return v
}

// get returns a member of one kind, absent after a fault.
func (r *Reader) get(name string, kind canonical.ValueKind, called string) canonical.Value {
	v := r.Get(name)
	switch v.Kind() {
	case kind:
		return v
	case canonical.Absent:
	default:
		r.Fail(v, "%s is of type %s, not %s", name, v.Kind(), called)
	}
	return canonical.Value{}
}

// Text reads a string, which may be empty.
func (r *Reader) Text(name string) string {
	s, _ := r.get(name, canonical.String, "a string").String()
	return s
}

// Filled reads a string that is not empty.
func (r *Reader) Filled(name string) string {
	s := r.Text(name)
	if s == "" {
		r.Fail(r.At, "%s is empty", name)
	}
	return s
}

// TextIf is Text of a member that may be absent, which reads as "".
func (r *Reader) TextIf(name string) string {
	if !r.Has(name) {
		return ""
	}
	return r.Text(name)
}

// Texts reads a list of strings, which may be empty.
func (r *Reader) Texts(name string) []string {
	v := r.get(name, canonical.Array, "a list")
	list := make([]string, 0, v.Len())
	for _, e := range v.Elements() {
		s, ok := e.String()
		if !ok {
			r.Fail(e, "%s holds a value of type %s", name, e.Kind())
			return nil
		}
		list = append(list, s)
	}
	return list
}

// TextsIf is Texts of a member that may be absent, which reads as nil.
func (r *Reader) TextsIf(name string) []string {
	if !r.Has(name) {
		return nil
	}
	return r.Texts(name)
}

// Bool reads true or false.
func (r *Reader) Bool(name string) bool {
	b, _ := r.get(name, canonical.Bool, "a boolean").Bool()
	return b
}

// Integer reads a whole number from min, at most 2^53-1.
func (r *Reader) Integer(name string, min int64) int64 {
	v := r.Get(name)
	f, _ := v.Float64()
	if !v.IsSafeInteger() || int64(f) < min {
		r.Fail(v, "%s is not a whole number from %d", name, min)
		return 0
	}
	return int64(f)
}

// Time reads an xsd:dateTimeStamp.
func (r *Reader) Time(name string) time.Time {
	s := r.Text(name)
	t, err := xsdtime.Parse(s)
	if err != nil {
		r.Fail(r.At.Get(name), "%s: %v", name, err)
	}
	return t
}

// TimeIf reads an xsd:dateTimeStamp, and returns nil for an absent member.
func (r *Reader) TimeIf(name string) *time.Time {
	if !r.Has(name) {
		return nil
	}
	t := r.Time(name)
	return &t
}

// Object reads an object.
func (r *Reader) Object(name string) Reader {
	return r.In(r.get(name, canonical.Object, "an object"))
}

// ObjectIf is Object of a member that may be absent, which reads as no object.
func (r *Reader) ObjectIf(name string) Reader {
	if !r.Has(name) {
		return r.In(canonical.Value{})
	}
	return r.Object(name)
}

// Objects reads a list of objects, which may be empty.
func (r *Reader) Objects(name string) []Reader {
	var list []Reader
	for _, e := range r.get(name, canonical.Array, "a list").Elements() {
		if e.Kind() != canonical.Object {
			r.Fail(e, "%s holds a value of type %s", name, e.Kind())
			return nil
		}
		list = append(list, r.In(e))
	}
	return list
}

// Only refuses members of other names.
func (r *Reader) Only(names ...string) {
	for name, v := range r.At.Members() {
		if !slices.Contains(names, name) {
			r.Fail(v, "unknown member %q", quote.Cut(name, 80))
		}
	}
}

// Done refuses members that nobody asked a [Strict] Reader for. Of another one it
// refuses all.
func (r *Reader) Done() { r.Only(r.asked...) }
