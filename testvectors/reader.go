package testvectors

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/xsdtime"
)

// A reader reads one object of a case file. The caller must read every member:
// done refuses unread members. All readers of a file share the first fault.
type reader struct {
	at    canonical.Value
	asked []string
	fault *error
}

func newReader(v canonical.Value) *reader {
	r := &reader{at: v, fault: new(error)}
	if v.Kind() != canonical.Object {
		r.fail("not an object but %s", v.Kind())
	}
	return r
}

func (r *reader) err() error { return *r.fault }

func (r *reader) fail(format string, args ...any) {
	if *r.fault == nil {
		*r.fault = fmt.Errorf("%q: %s", r.at.Pointer(), fmt.Sprintf(format, args...))
	}
}

// done refuses unread members.
func (r *reader) done() {
	for name := range r.at.Members() {
		if !slices.Contains(r.asked, name) {
			r.fail("unknown member %.40q", name)
		}
	}
}

// optional returns a member, or an absent value.
func (r *reader) optional(name string) canonical.Value {
	r.asked = append(r.asked, name)
	return r.at.Get(name)
}

// has reports whether a member is present, without reading it.
func (r *reader) has(name string) bool { return r.at.Get(name).Kind() != canonical.Absent }

// required returns a required member; null counts as present.
func (r *reader) required(name string) canonical.Value {
	v := r.optional(name)
	if v.Kind() == canonical.Absent {
		r.fail("%s is missing", name)
	}
	return v
}

// text returns a required string.
func (r *reader) text(name string) string {
	s, ok := r.required(name).String()
	if !ok {
		r.fail("%s is no string", name)
	}
	return s
}

// textIf returns a string, or "" if it is absent.
func (r *reader) textIf(name string) string {
	if !r.has(name) {
		r.optional(name)
		return ""
	}
	return r.text(name)
}

// textThere returns a string, or nil if it is absent.
func (r *reader) textThere(name string) *string {
	if !r.has(name) {
		return nil
	}
	s := r.text(name)
	return &s
}

// oneOf returns a required string that must be in allowed.
func (r *reader) oneOf(name string, allowed ...string) string {
	s := r.text(name)
	if !slices.Contains(allowed, s) {
		r.fail("%s is %.40q, not one of %q", name, s, allowed)
	}
	return s
}

// flag returns a boolean, or false if it is absent. It refuses a member with
// the value false, which is redundant.
func (r *reader) flag(name string) bool {
	v := r.optional(name)
	b, ok := v.Bool()
	if v.Kind() != canonical.Absent && (!ok || !b) {
		r.fail("%s is something else than true", name)
	}
	return b
}

// boolean returns a required boolean.
func (r *reader) boolean(name string) bool {
	b, ok := r.required(name).Bool()
	if !ok {
		r.fail("%s is no boolean", name)
	}
	return b
}

// whole returns a required integer.
func (r *reader) whole(name string) float64 {
	v := r.required(name)
	f, _ := v.Float64()
	if !v.IsSafeInteger() {
		r.fail("%s is no whole number", name)
	}
	return f
}

// integer returns an integer from 0, or 0 if it is absent.
func (r *reader) integer(name string) int {
	v := r.optional(name)
	if v.Kind() == canonical.Absent {
		return 0
	}
	f, _ := v.Float64()
	if !v.IsSafeInteger() || f < 0 || f > maxFileBytes {
		r.fail("%s is no whole number from 0 to %d", name, maxFileBytes)
		return 0
	}
	return int(f)
}

// texts returns an array of strings, or nil if it is absent.
func (r *reader) texts(name string) []string {
	v := r.optional(name)
	if v.Kind() == canonical.Absent {
		return nil
	}
	if v.Kind() != canonical.Array {
		r.fail("%s is no array", name)
	}
	list := []string{}
	for _, e := range v.Elements() {
		s, ok := e.String()
		if !ok {
			r.fail("%s holds something else than strings", name)
		}
		list = append(list, s)
	}
	return list
}

// object returns a reader for a required object.
func (r *reader) object(name string) *reader {
	v := r.required(name)
	child := &reader{at: v, fault: r.fault}
	if v.Kind() != canonical.Object {
		r.fail("%s is no object", name)
	}
	return child
}

// objects calls read with a reader for each object of an optional array. It
// refuses members that read leaves unread.
func (r *reader) objects(name string, read func(*reader)) {
	v := r.optional(name)
	if v.Kind() != canonical.Absent && v.Kind() != canonical.Array {
		r.fail("%s is no array", name)
	}
	for _, e := range v.Elements() {
		child := &reader{at: e, fault: r.fault}
		if e.Kind() != canonical.Object {
			r.fail("%s holds something else than objects", name)
		}
		read(child)
		child.done()
	}
}

// instant returns a required dateTimeStamp.
func (r *reader) instant(name string) time.Time {
	t, err := xsdtime.Parse(r.text(name))
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	return t
}

// hex returns the bytes of a string of hex digits.
func (r *reader) hex(name string) []byte {
	b, err := hex.DecodeString(r.text(name))
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	return b
}

// document returns the bytes of a JSON document: the bytes in the file under
// name, or those of the byte string under name + "Bytes". If both are absent
// it returns nil.
func (r *reader) document(name string) []byte {
	embedded, form := r.optional(name), name+"Bytes"
	switch {
	case embedded.Kind() != canonical.Absent && r.has(form):
		r.fail("%s and %s exclude each other", name, form)
	case r.has(form):
		child := r.object(form)
		defer child.done()
		return child.bytes()
	case embedded.Kind() != canonical.Absent:
		return embedded.Raw()
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
	if !r.has("parts") {
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
	case r.has("text"):
		out = []byte(r.text("text"))
	case r.has("hex"):
		out, err = hex.DecodeString(r.text("hex"))
	case r.has("base64"):
		out, err = base64.StdEncoding.Strict().DecodeString(r.text("base64"))
	default:
		err = errors.New("neither text, hex, base64 nor parts")
	}
	if err != nil {
		r.fail("%v", err)
	}
	return out
}
