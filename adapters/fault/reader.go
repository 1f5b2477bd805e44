package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
)

// Codes of faults in a body.
const (
	MalformedJSON = "malformed_json"
	Missing       = "missing_field"
	Type          = "invalid_type"
	Value         = "invalid_value"
	TooLong       = "too_long"
	OutOfRange    = "out_of_range"
)

// Body parses the body of a call: an object of at most max bytes. If empty is
// set, an empty body means the empty object.
func Body(body []byte, max int, empty bool) (*Object, error) {
	if empty && len(body) == 0 {
		body = []byte("{}")
	}
	d, err := canonical.Limits{MaxBytes: max}.Parse(body)
	var bad *canonical.Error
	switch {
	case errors.As(err, &bad) && bad.Kind == canonical.TooLarge:
		return nil, At(TooLarge, "", "too_large", "the body has more than %d bytes", max)
	case errors.As(err, &bad):
		return nil, At(Invalid, bad.Pointer, MalformedJSON, "%s at byte %d", bad.Kind, bad.Offset)
	case err != nil:
		return nil, err
	case d.Root().Kind() != canonical.Object:
		return nil, At(Invalid, "", Type, "the body is of type %s, not an object", d.Root().Kind())
	}
	return Of(d.Root(), ""), nil
}

// An Object reads the members of one object. It keeps the first fault of the
// body. After a fault, all methods return empty values, so check Err before
// using any value. Members that are never read are ignored.
type Object struct {
	Value   canonical.Value
	Pointer string
	in      jsonread.Reader
}

// Of returns an Object for a trusted value, such as a stored one.
func Of(v canonical.Value, pointer string) *Object {
	return &Object{v, pointer, jsonread.New(v)}
}

// Err returns the first fault.
func (o *Object) Err() error { return o.in.Err() }

// at returns the pointer of a member.
func (o *Object) at(name string) string {
	return o.Pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// Fail records an Invalid fault of a member.
func (o *Object) Fail(name, code, format string, args ...any) {
	o.in.Keep(At(Invalid, o.at(name), code, format, args...))
}

// Has reports whether the object has the member.
func (o *Object) Has(name string) bool { return o.in.Has(name) }

// get returns a member of the given kind. It returns an absent value if the
// member is absent or a fault.
func (o *Object) get(name string, kind canonical.ValueKind, required bool) canonical.Value {
	v := o.Value.Get(name)
	switch {
	case v.Kind() == kind:
		return v
	case v.Kind() != canonical.Absent:
		o.Fail(name, Type, "is of type %s, not %s", v.Kind(), kind)
	case required:
		o.Fail(name, Missing, "is missing")
	}
	return canonical.Value{}
}

// Text reads a text of at most max characters, without control characters. A
// required text must not be empty.
func (o *Object) Text(name string, max int, required bool) string {
	return o.text(name, max, required, unicode.IsControl)
}

// Prose is like Text but allows several lines.
func (o *Object) Prose(name string, max int, required bool) string {
	return o.text(name, max, required, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) })
}

func (o *Object) text(name string, max int, required bool, banned func(rune) bool) string {
	s, _ := o.get(name, canonical.String, required).String()
	if why, code := checkText(s, max, banned); code != "" {
		o.Fail(name, code, "%s", why)
	}
	if required && s == "" {
		o.Fail(name, Value, "is empty")
	}
	return s
}

func checkText(s string, max int, banned func(rune) bool) (why, code string) {
	switch {
	case utf8.RuneCountInString(s) > max:
		return fmt.Sprintf("has more than %d characters", max), TooLong
	case strings.ContainsFunc(s, banned):
		return "holds control characters", Value
	}
	return "", ""
}

// Enum reads one of the given texts. or is the value of an absent member, ""
// for none.
func (o *Object) Enum(name, or string, of ...string) string {
	if or != "" && !o.Has(name) {
		return or
	}
	s, ok := o.get(name, canonical.String, true).String()
	if ok && !slices.Contains(of, s) {
		o.Fail(name, Value, "is none of %s", strings.Join(of, ", "))
	}
	return s
}

// Bool reads a boolean.
func (o *Object) Bool(name string, required bool) bool {
	b, _ := o.get(name, canonical.Bool, required).Bool()
	return b
}

// Number reads a required number from 0. If whole is set, it must be an
// integer.
func (o *Object) Number(name string, whole bool) float64 {
	v := o.get(name, canonical.Number, true)
	f, ok := v.Float64()
	if ok && (f < 0 || whole && !v.IsSafeInteger()) {
		o.Fail(name, OutOfRange, "is below 0 or not a whole number")
	}
	return f
}

// Texts reads a list of at most max non-empty texts of at most maxLength
// characters.
func (o *Object) Texts(name string, max, maxLength int, required bool) []string {
	var out []string
	for i, e := range o.List(name, max, required) {
		s, ok := e.String()
		why, code := checkText(s, maxLength, unicode.IsControl)
		switch {
		case !ok:
			o.FailItem(name, i, Type, "is of type %s, not string", e.Kind())
		case code != "":
			o.FailItem(name, i, code, "%s", why)
		case s == "":
			o.FailItem(name, i, Value, "is empty")
		}
		out = append(out, s)
	}
	return out
}

// FailItem records a fault of an item of a list.
func (o *Object) FailItem(name string, i int, code, format string, args ...any) {
	o.in.Keep(At(Invalid, o.item(name, i), code, format, args...))
}

// item returns the pointer of an item of a list.
func (o *Object) item(name string, i int) string { return o.at(name) + "/" + strconv.Itoa(i) }

// List reads a list of at most max values of any kind.
func (o *Object) List(name string, max int, required bool) []canonical.Value {
	v := o.get(name, canonical.Array, required)
	if v.Len() > max {
		o.Fail(name, TooLong, "has more than %d items", max)
		return nil
	}
	out := make([]canonical.Value, 0, v.Len())
	for _, e := range v.Elements() {
		out = append(out, e)
	}
	return out
}

// Objects reads a list of at most max objects.
func (o *Object) Objects(name string, max int, required bool) []*Object {
	var out []*Object
	for i, e := range o.List(name, max, required) {
		if e.Kind() != canonical.Object {
			o.FailItem(name, i, Type, "is of type %s, not object", e.Kind())
		}
		out = append(out, &Object{e, o.item(name, i), o.in.In(e)})
	}
	return out
}

// Object reads an object member, or returns nil if it is absent.
func (o *Object) Object(name string, required bool) *Object {
	v := o.get(name, canonical.Object, required)
	if v.Kind() == canonical.Absent {
		return nil
	}
	return &Object{v, o.at(name), o.in.In(v)}
}
