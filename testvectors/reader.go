package testvectors

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
)

// A reader reads one object of a case file. The caller must read every member:
// Done refuses unread members. All readers of a file share the first fault.
type reader struct{ jsonread.Reader }

func newReader(v canonical.Value) *reader {
	r := &reader{jsonread.Strict(v)}
	if v.Kind() != canonical.Object {
		r.Fail(v, "not an object but %s", v.Kind())
	}
	return r
}

// fail keeps a fault of the object.
func (r *reader) fail(format string, args ...any) { r.Fail(r.At, format, args...) }

// textThere returns a string, or nil if it is absent.
func (r *reader) textThere(name string) *string {
	if !r.Has(name) {
		return nil
	}
	s := r.Text(name)
	return &s
}

// oneOf returns a required string that must be in allowed.
func (r *reader) oneOf(name string, allowed ...string) string {
	s := r.Text(name)
	if !slices.Contains(allowed, s) {
		r.fail("%s is %.40q, not one of %q", name, s, allowed)
	}
	return s
}

// flag returns a boolean, or false if it is absent. It refuses a member with
// the value false, which is redundant.
func (r *reader) flag(name string) bool {
	there := r.Has(name)
	if there && !r.Bool(name) {
		r.fail("%s is something else than true", name)
	}
	return there
}

// integer returns an integer from 0, or 0 if it is absent.
func (r *reader) integer(name string) int {
	if !r.Has(name) {
		return 0
	}
	i := r.Integer(name, 0)
	if i > maxFileBytes {
		r.fail("%s is more than %d", name, maxFileBytes)
		return 0
	}
	return int(i)
}

// object returns a reader for a required object.
func (r *reader) object(name string) *reader { return &reader{r.Object(name)} }

// objects calls read with a reader for each object of an optional array. It
// refuses members that read leaves unread.
func (r *reader) objects(name string, read func(*reader)) {
	if !r.Has(name) {
		return
	}
	for _, e := range r.Objects(name) {
		child := &reader{e}
		read(child)
		child.Done()
	}
}

// hex returns the bytes of a string of hex digits.
func (r *reader) hex(name string) []byte {
	b, err := hex.DecodeString(r.Text(name))
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	return b
}

// document returns the bytes of a JSON document: the bytes in the file under
// name, or those of the byte string under name + "Bytes". If both are absent
// it returns nil.
func (r *reader) document(name string) []byte {
	form := name + "Bytes"
	switch {
	case r.Has(name) && r.Has(form):
		r.fail("%s and %s exclude each other", name, form)
	case r.Has(form):
		child := r.object(form)
		defer child.Done()
		return child.bytes()
	case r.Has(name):
		return r.Get(name).Raw()
	}
	return nil
}

// value returns the JSON document that document reads, parsed, or an absent
// value.
func (r *reader) value(name string) canonical.Value {
	b := r.document(name)
	if b == nil {
		return canonical.Value{}
	}
	d, err := canonical.Parse(b)
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	return d.Root()
}

// bytes reads a byte string: text, hex, base64, or repeated parts.
func (r *reader) bytes() []byte {
	if !r.Has("parts") {
		return r.bytesOnce()
	}
	out := []byte{}
	r.objects("parts", func(part *reader) {
		once, times := part.bytesOnce(), part.integer("times")
		if times < 1 || len(out)+times*len(once) > maxFileBytes {
			part.fail("times is not from 1, or the parts have more than %d bytes", maxFileBytes)
			return
		}
		for range times {
			out = append(out, once...)
		}
	})
	return out
}

func (r *reader) bytesOnce() []byte {
	var out []byte
	var err error
	switch {
	case r.Has("text"):
		out = []byte(r.Text("text"))
	case r.Has("hex"):
		out, err = hex.DecodeString(r.Text("hex"))
	case r.Has("base64"):
		out, err = base64.StdEncoding.Strict().DecodeString(r.Text("base64"))
	default:
		err = errors.New("neither text, hex, base64 nor parts")
	}
	if err != nil {
		r.fail("%v", err)
	}
	return out
}
