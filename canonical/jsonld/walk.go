package jsonld

import (
	"slices"
	"strings"
	"time"

	"github.com/piprate/json-gold/ld"

	"github.com/mandate-engine/mandate/canonical"
)

// A walker follows the expansion algorithm (JSON-LD 1.1 Processing Algorithms
// section 5.1) through a document, far enough to know the active context at
// each place, and looks up every name. json-gold's own expansion does not
// report dropped names, and silently drops faults below @list and @set.
type walker struct {
	library  library
	vetting  vetting
	now      func() time.Time
	deadline time.Time
	work     int
	skip     map[canonical.Value]bool // members that the context with unknown content may define
}

// spend counts work. It stops the walk at the limit on work or time.
func (w *walker) spend(n int, at canonical.Value) *Error {
	if w.work += n + 1; w.work > maxWork {
		return fault(TooLarge, "", at, "its contexts are too much work for its members")
	}
	if w.now().After(w.deadline) {
		return &Error{Kind: Timeout}
	}
	return nil
}

// expand looks up a member name or a type.
func (w *walker) expand(s scope, name string, at canonical.Value) (iri string, defined bool, err *Error) {
	iri, defined = s.expand(name)
	return iri, defined, w.spend((len(name)+len(iri))/64, at)
}

// element walks the value of a property. fromMap reports that it is a value of
// an index map.
func (w *walker) element(s scope, property string, v canonical.Value, fromMap bool) *Error {
	switch v.Kind() {
	case canonical.Array:
		for _, e := range v.Elements() {
			if err := w.element(s, property, e, fromMap); err != nil {
				return err
			}
		}
	case canonical.Object:
		return w.object(s, property, v, fromMap)
	case canonical.String:
		return w.texts(s, v)
	}
	return nil
}

// texts counts the size of texts after expansion. They are not terms, but may
// have a long prefix.
func (w *walker) texts(s scope, v canonical.Value) *Error {
	if t, ok := v.String(); ok {
		return w.text(s, t, v)
	}
	for _, e := range v.Elements() {
		if err := w.texts(s, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) text(s scope, t string, at canonical.Value) *Error {
	n := len(t)
	if vocab := s.context.Values.Vocab; vocab != nil {
		n += len(*vocab)
	}
	prefix, _, _ := strings.Cut(t, ":")
	for _, name := range []string{prefix, t} {
		if d := s.definition(name); d != nil {
			n += len(d.ID)
		}
	}
	return w.spend(n/64, at)
}

// object walks an object: section 5.1.2, steps 7 to 14.
func (w *walker) object(s scope, property string, v canonical.Value, fromMap bool) *Error {
	definition := s.definition(property) // before reverting
	if s.previous != nil && !fromMap {
		stays, err := w.stays(s, v)
		if err != nil {
			return err
		}
		if !stays {
			s = *s.previous
			if err := w.spend(s.size(), v); err != nil { // json-gold copies it
				return err
			}
		}
	}
	var err *Error
	if definition != nil && definition.HasContext {
		if s, err = w.apply(s, definition.Context, true, true, v); err != nil {
			return err
		}
	}
	if s, err = w.local(s, v.Get("@context")); err != nil {
		return err
	}
	types := s
	if s, err = w.typed(s, v); err != nil {
		return err
	}
	return w.members(s, types, property, v)
}

// stays reports whether the contexts of the enclosing types stay active in v.
// They do if v is a value object or only a reference.
func (w *walker) stays(s scope, v canonical.Value) (bool, *Error) {
	for name := range v.Members() {
		iri, _, err := w.expand(s, name, v)
		if err != nil {
			return false, err
		}
		if iri == "@value" || iri == "@id" && v.Len() == 1 {
			return true, nil
		}
	}
	return false, nil
}

// local applies the @context of an object, entry by entry.
func (w *walker) local(s scope, context canonical.Value) (scope, *Error) {
	if context.Kind() == canonical.Absent {
		return s, nil
	}
	if err := w.vetting.context(context); err != nil {
		return s, err
	}
	if context.Kind() != canonical.Array {
		return w.apply(s, tree(context, nil), true, false, context)
	}
	var err *Error
	for _, e := range context.Elements() {
		if s, err = w.apply(s, tree(e, nil), true, false, e); err != nil {
			return s, err
		}
	}
	return s, nil
}

// typed applies the contexts of the object's types, in the order of their
// names (step 11). It looks all types up in the scope before any of these
// contexts.
func (w *walker) typed(s scope, v canonical.Value) (scope, *Error) {
	var names []string
	for name, m := range v.Members() {
		iri, _, err := w.expand(s, name, m)
		if err != nil {
			return s, err
		}
		if iri != "@type" {
			continue
		}
		if t, ok := m.String(); ok {
			names = append(names, t)
		}
		for _, e := range m.Elements() {
			if t, ok := e.String(); ok {
				names = append(names, t)
			}
		}
	}
	slices.Sort(names)
	out := s
	for _, t := range names {
		d := s.definition(t)
		if d == nil || !d.HasContext {
			continue
		}
		var err *Error
		if out, err = w.apply(out, d.Context, false, false, v); err != nil {
			return s, err
		}
	}
	return out, nil
}

// members walks the members of an object (step 13). types is the scope for
// looking up its types.
func (w *walker) members(s, types scope, property string, v canonical.Value) *Error {
	for name, m := range v.Members() {
		if name == "@context" {
			continue
		}
		iri, defined, err := w.expand(s, name, m)
		if err != nil {
			return err
		}
		switch iri {
		case "@id":
			err = w.texts(s, m)
		case "@value", "@language", "@direction", "@index":
			// These contain no terms. The expansion checks their form.
		case "@type":
			err = w.types(s, types, v, m)
		case "@graph", "@included":
			err = w.element(s, "", m, false)
		case "@list", "@set":
			err = w.element(s, property, m, false)
		case "@reverse":
			err = w.element(s, iri, m, false)
		case "@nest":
			err = w.nested(s, types, property, m)
		default:
			switch {
			case defined:
				err = w.property(s, name, m)
			case s.mayBe(name):
				err = w.leave(m)
			default:
				err = fault(UndefinedTerm, name, m, "no context defines it")
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// types checks the types of an object.
func (w *walker) types(s, types scope, object, v canonical.Value) *Error {
	check := func(e canonical.Value) *Error {
		t, ok := e.String()
		if !ok {
			return fault(InvalidDocument, "", e, "a type is a string")
		}
		iri, defined, err := w.expand(types, t, e)
		switch {
		case err != nil:
			return err
		case defined, iri == "@json" && w.isValue(s, object):
			return nil
		case types.mayBe(t):
			w.skip[e] = true
			return nil
		}
		return fault(UndefinedType, t, e, "no context defines it, and it is not an absolute URL")
	}
	if v.Kind() != canonical.Array {
		return check(v)
	}
	for _, e := range v.Elements() {
		if err := check(e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) isValue(s scope, object canonical.Value) bool {
	for name := range object.Members() {
		if iri, _ := s.expand(name); iri == "@value" {
			return true
		}
	}
	return false
}

// nested walks the objects in @nest. Their members belong to the enclosing
// object (step 14).
func (w *walker) nested(s, types scope, property string, v canonical.Value) *Error {
	if c := v.Get("@context"); c.Kind() != canonical.Absent {
		return fault(InvalidDocument, "", c, "processors pass over a context below @nest")
	}
	if v.Kind() == canonical.Object {
		return w.members(s, types, property, v)
	}
	for _, e := range v.Elements() {
		if err := w.nested(s, types, property, e); err != nil {
			return err
		}
	}
	return nil
}

// property walks the value of a defined member (steps 13.5 to 13.9).
func (w *walker) property(s scope, name string, v canonical.Value) *Error {
	d := s.definition(name)
	if d == nil {
		return w.element(s, name, v, false)
	}
	if d.HasContext {
		// json-gold applies the context to scalars too, so check it here even
		// without objects.
		inner, err := w.apply(s, d.Context, true, true, v)
		if err == nil {
			err = w.texts(inner, v)
		}
		if err != nil {
			return err
		}
	}
	in := func(container string) bool { return slices.Contains(d.Container, container) }
	switch {
	case d.Type == "@json":
		return nil
	case v.Kind() == canonical.Object && in("@language"):
		for key, m := range v.Members() {
			if err := w.text(s, key, m); err != nil {
				return err
			}
		}
		return nil
	case v.Kind() == canonical.Object && (in("@index") || in("@id") || in("@type")):
		return w.indexed(s, name, d, v)
	}
	return w.element(s, name, v, false)
}

// indexed walks the values of an index map (step 13.8).
func (w *walker) indexed(s scope, name string, d *ld.TermDefinition, v canonical.Value) *Error {
	each := 0
	if d.Index != "" {
		iri, defined, err := w.expand(s, d.Index, v)
		if err != nil {
			return err
		}
		if !defined {
			return fault(UndefinedTerm, d.Index, v, "the property of the index is not defined")
		}
		each = len(iri)
	}
	byType := slices.Contains(d.Container, "@type")
	if (byType || slices.Contains(d.Container, "@id")) && s.previous != nil {
		s = *s.previous
	}
	for key, m := range v.Members() {
		if err := w.text(s, key, m); err != nil {
			return err
		}
		if err := w.spend(each/64, m); err != nil {
			return err
		}
		inner := s
		if byType {
			iri, defined, err := w.expand(s, key, m)
			if err != nil {
				return err
			}
			if !defined && iri != "@none" {
				return fault(UndefinedType, key, m, "no context defines it")
			}
			if t := s.definition(key); t != nil && t.HasContext {
				if inner, err = w.apply(s, t.Context, false, false, m); err != nil {
					return err
				}
			}
		}
		if err := w.element(inner, name, m, true); err != nil {
			return err
		}
	}
	return nil
}

// leave skips a member that only the context with unknown content may define.
// That context may give everything below any meaning, so leave only checks the
// contexts named there.
func (w *walker) leave(m canonical.Value) *Error {
	w.skip[m] = true
	return w.contextsBelow(m)
}

func (w *walker) contextsBelow(v canonical.Value) *Error {
	for name, m := range v.Members() {
		var err *Error
		if name == "@context" {
			err = w.vetting.context(m)
		} else {
			err = w.contextsBelow(m)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range v.Elements() {
		if err := w.contextsBelow(e); err != nil {
			return err
		}
	}
	return nil
}
