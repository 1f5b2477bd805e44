package policy

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
)

// A kind is the type of a declared field.
type kind uint8

const (
	anyKind kind = iota // elements of an array without declared items
	stringKind
	numberKind
	booleanKind
	dateKind
	urlKind
	objectKind
	arrayKind
)

var kindNames = [...]string{"any", "string", "number", "boolean", "date", "url", "object", "array"}

func (k kind) String() string { return kindNames[k] }

// A typ is the declared type of a value.
type typ struct {
	kind   kind
	items  *typ         // of an array; nil: elements of any kind
	values map[any]bool // nil: no restriction; keys are string, float64 or bool
}

func (t *typ) String() string {
	if t.kind == arrayKind && t.items != nil {
		return "array<" + t.items.String() + ">"
	}
	return t.kind.String()
}

// A field is one declared member of executionParams or userParams.
type field struct {
	name  string
	index int // in names
	typ
	required bool
	hidden   bool // reasons leave out its values
}

// A shape is a declared set of parameters.
type shape struct {
	// declared is false if the content lacks the member. Then nothing is
	// validated and rules see an untyped map. A shape declared as {} has
	// declared set and allows no field.
	declared bool
	fields   map[string]*field
	names    []string // of fields, sorted
	required []*field // in the order of names
	hidden   map[string]bool
	tools    []string // of executionParams: the values of the member "tool"
}

// readShape reads the declaration v from the content member name.
func readShape(v canonical.Value, name string, is *issues) *shape {
	s := &shape{fields: map[string]*field{}, hidden: map[string]bool{}}
	switch v.Kind() {
	case canonical.Absent:
		return s
	case canonical.Object:
	default:
		is.content("malformed", "%s is not an object", name)
		return s
	}
	s.declared = true
	if v.Len() > maxFields {
		is.content("limit", "%s has more than %d fields", name, maxFields)
		return s
	}
	for key, decl := range v.Members() {
		where := name + "." + truncate(key, maxNameRunes)
		if !validName(key) {
			is.content("malformed", "%s: a field name has 1 to %d characters", where, maxNameRunes)
			continue
		}
		if f := readField(decl, where, is); f != nil {
			s.fields[key] = f
		}
	}
	s.index()
	return s
}

// index computes the other members of the shape from fields.
func (s *shape) index() {
	s.names, s.required, s.hidden = slices.Sorted(maps.Keys(s.fields)), nil, map[string]bool{}
	for i, name := range s.names {
		f := s.fields[name]
		f.name, f.index = name, i
		if f.required {
			s.required = append(s.required, f)
		}
		if f.hidden {
			s.hidden[name] = true
		}
	}
}

// setTools makes "tool" a field with the declared tools as its values. If the
// content declares a field of that name, it must be a string.
func (s *shape) setTools(tools []string, is *issues) {
	s.tools = tools
	own := s.fields[toolField]
	if own != nil && own.kind != stringKind {
		is.content("malformed", "executionParams.tool is reserved and has type string")
	}
	if own == nil && tools != nil {
		s.fields[toolField] = &field{typ: typ{kind: stringKind}}
		s.index()
	}
}

// toolField is the reserved member of executionParams for the tool.
const toolField = "tool"

func validName(s string) bool {
	return s != "" && len(s) <= 4*maxNameRunes && utf8.RuneCountInString(s) <= maxNameRunes
}

func readField(v canonical.Value, where string, is *issues) *field {
	f := &field{}
	if v.Kind() == canonical.Object {
		for key, m := range v.Members() {
			var dst *bool
			switch key {
			case "type", "items", "values":
				continue
			case "description":
				if m.Kind() != canonical.String {
					is.content("malformed", "%s.description is not a string", where)
				}
				continue
			case "required":
				dst = &f.required
			case "hidden":
				dst = &f.hidden
			default:
				is.content("unknown_member", "%s has the unknown member %s", where, shown(key))
				continue
			}
			b, ok := m.Bool()
			if !ok {
				is.content("malformed", "%s.%s is neither true nor false", where, key)
			}
			*dst = b
		}
	}
	t := readType(v, where, 0, is)
	if t == nil {
		return nil
	}
	f.typ = *t
	return f
}

// readType reads the type of a field or of the items of an array: a name, or
// an object with type, items and values. It returns nil after reporting an
// issue.
func readType(v canonical.Value, where string, depth int, is *issues) *typ {
	if depth > maxTypeDepth {
		is.content("limit", "%s nests arrays deeper than %d", where, maxTypeDepth)
		return nil
	}
	if name, ok := v.String(); ok {
		return typeNamed(name, where, depth, is)
	}
	if v.Kind() != canonical.Object {
		is.content("malformed", "%s is neither a type name nor an object", where)
		return nil
	}
	if depth > 0 {
		for key := range v.Members() {
			if !slices.Contains([]string{"type", "items", "values", "description"}, key) {
				is.content("unknown_member", "%s has the unknown member %s", where, shown(key))
				return nil
			}
		}
	}
	name, ok := v.Get("type").String()
	if !ok {
		is.content("malformed", "%s has no type", where)
		return nil
	}
	t := typeNamed(name, where, depth, is)
	if t == nil {
		return nil
	}
	if items := v.Get("items"); items.Kind() != canonical.Absent {
		if t.kind != arrayKind || t.items != nil {
			is.content("malformed", "%s: items belong to the type array", where)
			return nil
		}
		if t.items = readType(items, where+".items", depth+1, is); t.items == nil {
			return nil
		}
	}
	if values := v.Get("values"); values.Kind() != canonical.Absent {
		// The values of an array restrict its elements.
		restricted := t
		if t.kind == arrayKind {
			restricted = t.items
		}
		if !restricted.readValues(values, where, is) {
			return nil
		}
	}
	return t
}

func typeNamed(name, where string, depth int, is *issues) *typ {
	if inner, ok := strings.CutPrefix(name, "array<"); ok && strings.HasSuffix(inner, ">") {
		if depth > maxTypeDepth {
			is.content("limit", "%s nests arrays deeper than %d", where, maxTypeDepth)
			return nil
		}
		items := typeNamed(strings.TrimSuffix(inner, ">"), where, depth+1, is)
		if items == nil {
			return nil
		}
		return &typ{kind: arrayKind, items: items}
	}
	if i := slices.Index(kindNames[:], name); i > 0 {
		return &typ{kind: kind(i)}
	}
	is.content("unknown_type", "%s has the unknown type %s", where, shown(name))
	return nil
}

// readValues sets the allowed values of a scalar. Each must be of the type
// itself: a value that can never match would hide a typing error.
func (t *typ) readValues(v canonical.Value, where string, is *issues) bool {
	switch {
	case t == nil || t.kind == objectKind || t.kind == arrayKind:
		is.content("malformed", "%s: values belong to scalars and to arrays of them, with items declared", where)
		return false
	case t.values != nil:
		is.content("malformed", "%s: values are given twice", where)
		return false
	case v.Kind() != canonical.Array || v.Len() == 0:
		is.content("malformed", "%s.values is not an array with at least one element", where)
		return false
	case v.Len() > maxEnum:
		is.content("limit", "%s.values has more than %d elements", where, maxEnum)
		return false
	}
	set := make(map[any]bool, v.Len())
	for i, e := range v.Elements() {
		x, fault := t.scalar(e)
		if fault != "" {
			is.content("malformed", "%s.values[%d] is not of type %s", where, i, t)
			return false
		}
		if set[x.Value()] {
			is.content("duplicate", "%s.values[%d] stands there twice", where, i)
			return false
		}
		set[x.Value()] = true
	}
	t.values = set
	return true
}
