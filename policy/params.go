package policy

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/mandate-engine/mandate/canonical"
)

// A Fault is one mismatch between parameters and their declared shape.
type Fault struct {
	// Pointer is the RFC 6901 pointer within executionParams or userParams,
	// for example "/amount". "" is the object itself. Its text comes from the
	// parameters. It is cut after 512 code points and then ends with "…".
	Pointer string `json:"pointer"`
	// Code is stable: missing, type, value, undeclared, unmanifested_tool,
	// unsafe_integer, ambiguous, too_large, too_deep, too_many_items.
	Code string `json:"code"`
	// Message is for people. It never contains a value of the parameters.
	Message string `json:"message"`
}

// params are validated parameters in the form that rules read. The values are
// the engine's types: otherwise the engine would convert a value at each read.
type params struct {
	shape  *shape
	fields []ref.Val       // of a declared shape, by field.index; nil: absent
	loose  map[string]any  // the members, if the shape is not declared
	hidden map[string]bool // members whose values are left out of reasons; shared
}

// newParams returns params for n members. The fields of a declared shape use
// buf, whose elements must be nil, if it is large enough.
func (s *shape) newParams(n int, buf []ref.Val) params {
	p := params{shape: s, hidden: s.hidden}
	if s.declared {
		p.fields = slices.Grow(buf[:0], len(s.names))[:len(s.names)]
	} else {
		p.loose = make(map[string]any, n)
	}
	return p
}

// set sets a field of the shape.
func (p *params) set(f *field, v ref.Val) {
	if p.shape.declared {
		p.fields[f.index] = v
	} else {
		p.loose[f.name] = v
	}
}

// variable returns the value for the engine: a map, or p itself, whose fields
// the engine reads through provider.
func (p *params) variable() any {
	if p.shape.declared {
		return p
	}
	return p.loose
}

// members returns a map of the fields that are present.
func (p *params) members() map[string]any {
	if !p.shape.declared {
		return p.loose
	}
	m := map[string]any{}
	for i, v := range p.fields {
		if v != nil {
			m[p.shape.names[i]] = v
		}
	}
	return m
}

// A reader validates one set of parameters against a shape.
type reader struct {
	shape  *shape
	root   canonical.Value
	faults []Fault
	probe  bool // the caller only needs to know whether there are faults
}

// readExecution validates executionParams. Absent counts as {}.
func (s *shape) readExecution(v canonical.Value, buf []ref.Val) (params, []Fault) {
	r := reader{shape: s, root: v}
	if !r.bounded() {
		return params{}, r.faults
	}
	p := s.newParams(v.Len(), buf)
	for name, m := range v.Members() {
		r.member(&p, s.fields[name], name, m)
	}
	r.missing(&p)
	r.tool(&p)
	return p, r.finish()
}

// readUser validates mandate.userParams. Members are plain or wrapped as
// {"value": …, "description"?, "label"?, "hidden"?}. readUser unwraps a member
// at most once. A declared type that fits both the value and its wrapper is a
// fault, because it is unclear which reading the grantor agreed to. In an
// undeclared shape it unwraps everything that looks wrapped.
func (s *shape) readUser(v canonical.Value, buf []ref.Val) (params, []Fault) {
	r := reader{shape: s, root: v}
	if !r.bounded() {
		return params{}, r.faults
	}
	p := s.newParams(v.Len(), buf)
	for name, m := range v.Members() {
		inner, hidden, wrapped := unwrap(m)
		f := s.fields[name]
		// A wrapper is an object, so only object fields can be ambiguous.
		if wrapped && (f == nil && s.declared || f != nil && f.kind == objectKind && s.fits(&f.typ, m)) {
			if f != nil && s.fits(&f.typ, inner) {
				r.fault(m, "ambiguous", "the declared type fits the value and its wrapper")
			}
			wrapped = false
		}
		if !wrapped {
			r.member(&p, f, name, m)
			continue
		}
		r.member(&p, f, name, inner)
		switch hidden.Kind() {
		case canonical.Absent:
		case canonical.Bool:
			if b, _ := hidden.Bool(); b && !p.hidden[name] {
				p.hidden = maps.Clone(p.hidden)
				p.hidden[strings.Clone(name)] = true
			}
		default:
			r.fault(hidden, "type", "neither true nor false")
		}
	}
	r.missing(&p)
	return p, r.finish()
}

// unwrap returns the value of a wrapped user parameter and its member hidden.
func unwrap(v canonical.Value) (inner, hidden canonical.Value, ok bool) {
	for name, m := range v.Members() {
		switch name {
		case "value":
			inner = m
		case "hidden":
			hidden = m
		case "description", "label":
		default:
			return v, v, false
		}
	}
	return inner, hidden, inner.Kind() != canonical.Absent
}

// fits reports whether v is of type t.
func (s *shape) fits(t *typ, v canonical.Value) bool {
	probe := reader{shape: s, root: v, probe: true}
	probe.value(t, v)
	return len(probe.faults) == 0
}

// bounded checks the limits that hold for declared and undeclared shapes,
// before any other code walks the values.
func (r *reader) bounded() bool {
	switch r.root.Kind() {
	case canonical.Absent:
		return true
	case canonical.Object:
	default:
		r.fault(r.root, "type", "not an object")
		return false
	}
	r.bound(r.root, 1)
	if len(r.faults) == 0 && canonicalExceeds(r.root, maxParamsBytes) {
		r.fault(r.root, "too_large", "more than 64 KiB in canonical form")
	}
	r.finish()
	return len(r.faults) == 0
}

// canonicalExceeds reports whether the canonical form of v has more than limit
// bytes. Only numbers grow in canonical form, at most sixfold (1e20 has 21
// digits), so small values need not be encoded.
func canonicalExceeds(v canonical.Value, limit int) bool {
	return 6*v.Size() > limit && len(v.AppendCanonical(nil)) > limit
}

func (r *reader) bound(v canonical.Value, depth int) {
	if depth > maxParamsDepth {
		r.fault(v, "too_deep", "nested deeper than 8")
		return
	}
	if v.Kind() == canonical.Array && v.Len() > maxParamsItems {
		r.fault(v, "too_many_items", "more than 1,000 elements")
		return
	}
	for _, m := range v.Members() {
		if k := m.Kind(); k == canonical.Object || k == canonical.Array {
			r.bound(m, depth+1)
		}
	}
	for _, e := range v.Elements() {
		if k := e.Kind(); k == canonical.Object || k == canonical.Array {
			r.bound(e, depth+1)
		}
	}
}

// member validates one member and adds it to p. f is its declaration, or nil.
func (r *reader) member(p *params, f *field, name string, v canonical.Value) {
	if f == nil && r.shape.declared {
		r.fault(v, "undeclared", "the action declares no such field")
		return
	}
	if f == nil {
		p.loose[strings.Clone(name)] = r.any(v)
		return
	}
	name = f.name // keep the shape's string, not the document's
	if name == toolField && r.shape.tools != nil {
		// tool checks it, with its own code.
		if s, ok := v.String(); ok {
			p.set(f, types.String(s))
		}
		return
	}
	// Some senders use null for an absent optional field.
	if v.Kind() != canonical.Null {
		p.set(f, r.value(&f.typ, v))
	} else if f.required {
		r.fault(v, "missing", "a required field is null")
	}
}

// missing reports the required fields that are absent. It stops once no more
// faults are reported, because each lookup takes time proportional to the
// number of members.
func (r *reader) missing(p *params) {
	for _, f := range r.shape.required {
		if p.fields[f.index] != nil || f.name == toolField && r.shape.tools != nil || len(r.faults) >= maxFaults {
			continue
		}
		if r.root.Get(f.name).Kind() == canonical.Absent {
			r.report("/"+pointerToken(f.name), "missing", "a required field is absent")
		}
	}
}

// tool checks the reserved member. If tools are declared, it must name one of
// them: without a tool, every rule with appliesTo would be skipped.
func (r *reader) tool(p *params) {
	if r.shape.tools == nil && r.shape.declared {
		return
	}
	v := r.root.Get(toolField)
	if r.shape.tools == nil {
		if v.Kind() != canonical.Absent && v.Kind() != canonical.String {
			r.fault(v, "type", "tool is a string")
		}
		return
	}
	name, ok := v.String()
	switch {
	case v.Kind() == canonical.Absent:
		r.report("/"+toolField, "unmanifested_tool", "the action declares tools, and none is named")
	case !ok || !slices.Contains(r.shape.tools, name):
		r.fault(v, "unmanifested_tool", "not a tool that the action declares")
	default:
		if f := r.shape.fields[toolField]; f.values != nil && !f.values[name] {
			r.fault(v, "value", "not one of the declared values")
		}
	}
}

// value validates v against t and returns the value for rules.
func (r *reader) value(t *typ, v canonical.Value) ref.Val {
	switch t.kind {
	case anyKind:
		if v.Kind() == canonical.Null {
			r.fault(v, "type", "null in an array")
			return nil
		}
		return r.any(v)
	case objectKind:
		if v.Kind() != canonical.Object {
			r.fault(v, "type", "not an object")
			return nil
		}
		return r.any(v)
	case arrayKind:
		if v.Kind() != canonical.Array {
			r.fault(v, "type", "not an array")
			return nil
		}
		items := t.items
		if items == nil {
			items = &typ{kind: anyKind}
		}
		list := make([]ref.Val, 0, v.Len())
		for _, e := range v.Elements() {
			list = append(list, r.value(items, e))
		}
		return types.NewRefValList(types.DefaultTypeAdapter, list)
	}
	x, fault := t.scalar(v)
	if fault != "" {
		r.fault(v, fault, "not a "+t.kind.String())
		return nil
	}
	if t.values != nil && !t.values[x.Value()] {
		r.fault(v, "value", "not one of the declared values")
	}
	return x
}

// scalar returns the value of v or the code of the fault.
func (t *typ) scalar(v canonical.Value) (x ref.Val, fault string) {
	switch t.kind {
	case stringKind, dateKind, urlKind:
		s, ok := v.String()
		if !ok || t.kind == dateKind && !validDate(s) || t.kind == urlKind && !validURL(s) {
			return nil, "type"
		}
		return types.String(s), ""
	case booleanKind:
		b, ok := v.Bool()
		if !ok {
			return nil, "type"
		}
		return types.Bool(b), ""
	case numberKind:
		f, ok := v.Float64()
		if !ok {
			return nil, "type"
		}
		if !safeNumber(f) {
			return nil, "unsafe_integer"
		}
		return types.Double(f), ""
	}
	return nil, "type"
}

// safeNumber reports whether a signed number has the same meaning for every
// reader. From 2^53 on, integers that other readers distinguish may have the
// same double.
func safeNumber(f float64) bool {
	return math.Abs(f) <= maxSafeInteger
}

// any returns an undeclared value. Null stays null. Its depth is bounded.
func (r *reader) any(v canonical.Value) ref.Val {
	switch v.Kind() {
	case canonical.Bool:
		b, _ := v.Bool()
		return types.Bool(b)
	case canonical.Number:
		f, _ := v.Float64()
		if !safeNumber(f) {
			r.fault(v, "unsafe_integer", "an integer beyond 2^53-1")
		}
		return types.Double(f)
	case canonical.String:
		s, _ := v.String()
		return types.String(s)
	case canonical.Array:
		list := make([]ref.Val, 0, v.Len())
		for _, e := range v.Elements() {
			list = append(list, r.any(e))
		}
		return types.NewRefValList(types.DefaultTypeAdapter, list)
	case canonical.Object:
		m := make(map[string]any, v.Len())
		for name, e := range v.Members() {
			m[name] = r.any(e)
		}
		return types.NewStringInterfaceMap(types.DefaultTypeAdapter, m)
	}
	return types.NullValue
}

// fault reports v. A reader with enough faults stops computing pointers, which
// take time proportional to the size of the document.
func (r *reader) fault(v canonical.Value, code, message string) {
	if r.probe {
		r.faults = append(r.faults[:0], Fault{})
	} else if len(r.faults) < maxFaults {
		r.report(strings.TrimPrefix(v.Pointer(), r.root.Pointer()), code, message)
	}
}

func (r *reader) report(pointer, code, message string) {
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, Fault{truncate(pointer, maxPointerRunes), code, message})
	}
}

func (r *reader) finish() []Fault {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortFunc(r.faults, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Code, b.Code))
	})
	return r.faults
}

func pointerToken(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
