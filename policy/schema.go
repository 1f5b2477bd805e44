package policy

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/mandate-engine/mandate/canonical"
)

type object = map[string]any

// A schema is the JSON Schema of executionParams under construction: the
// declared shape plus the bounds from rules.
type schema struct {
	exec     *shape
	fields   map[string]*bounds
	required map[string]bool
	never    bool // the schema accepts nothing
}

// bounds are the restrictions of rules on one value. The zero bounds restrict
// nothing.
type bounds struct {
	never    bool // the value must be absent
	low      *limit
	high     *limit
	listed   bool
	values   []any // if listed: string, float64 or bool
	not      []any
	minSize  *float64
	maxSize  *float64
	items    *bounds
	contains any
}

type limit struct {
	value float64
	open  bool
}

func newSchema(exec *shape, tool string) *schema {
	s := &schema{exec: exec, fields: map[string]*bounds{}, required: map[string]bool{}}
	for name, f := range exec.fields {
		s.required[name] = f.required
	}
	if tool != "" {
		s.at(toolField).restrict([]any{tool})
	} else if exec.tools != nil {
		values := make([]any, len(exec.tools))
		for i, t := range exec.tools {
			values[i] = t
		}
		s.at(toolField).restrict(values)
	}
	s.required[toolField] = tool != "" || exec.tools != nil || s.required[toolField]
	return s
}

func (s *schema) at(name string) *bounds {
	if s.fields[name] == nil {
		s.fields[name] = &bounds{}
	}
	return s.fields[name]
}

// restrict keeps only the listed values that are also in values.
func (b *bounds) restrict(values []any) {
	if b.listed {
		old := map[any]bool{}
		for _, v := range b.values {
			old[v] = true
		}
		values = slices.DeleteFunc(slices.Clone(values), func(v any) bool { return !old[v] })
	}
	b.listed, b.values = true, values
}

// A narrower adds to a schema the conditions under which an expression is
// true.
type narrower struct {
	schema *schema
	only   string // if set: expressions apply only when this field is present
	loop   string // if set: the variable of a loop over
	item   *bounds
	typ    *typ // the declared type of the elements, if any
}

// narrow adds the consequences of e being want. It reports whether the schema
// then expresses e completely. If narrow cannot analyse e, it adds nothing,
// and the schema accepts more.
func (n narrower) narrow(e ast.Expr, want bool) bool {
	if b, ok := e.AsLiteral().(types.Bool); ok {
		if bool(b) != want {
			n.never()
		}
		return true
	}
	if inner, ok := negated(e); ok {
		return n.narrow(inner, !want)
	}
	if args, deciding, ok := logical(e); ok {
		if want == deciding {
			return n.narrowOr(operands(e, deciding), want)
		}
		all := true
		for _, arg := range args {
			all = n.narrow(arg, want) && all
		}
		return all
	}
	complete := n.atom(e, want)
	if n.only == "" && n.loop == "" {
		// Reading an absent field is an error.
		for _, name := range strictReads(e) {
			n.schema.required[name] = true
		}
	}
	return complete
}

func (n narrower) never() {
	switch {
	case n.loop != "":
		n.item.never = true
	case n.only != "":
		n.schema.at(n.only).never = true
	default:
		n.schema.never = true
	}
}

// operands returns the operands of a chain of && or ||.
func operands(e ast.Expr, deciding bool) []ast.Expr {
	args, d, ok := logical(e)
	if !ok || d != deciding {
		return []ast.Expr{e}
	}
	return append(operands(args[0], deciding), operands(args[1], deciding)...)
}

// narrowOr handles alternatives. "The field is absent, or …" restricts the
// field if it is present. Several lists of values become one list.
func (n narrower) narrowOr(args []ast.Expr, want bool) bool {
	for i, arg := range args {
		name, ok := absence(arg, want)
		if !ok || n.only != "" || n.loop != "" {
			continue
		}
		rest := slices.Delete(slices.Clone(args), i, i+1)
		n.only = name
		if len(rest) == 1 {
			return n.narrow(rest[0], want)
		}
		return n.narrowOr(rest, want)
	}
	if n.only == "" && n.loop == "" {
		// If every alternative is an error, the whole expression is one.
		needed := strictReads(args[0])
		for _, arg := range args[1:] {
			reads := strictReads(arg)
			needed = slices.DeleteFunc(needed, func(name string) bool { return !slices.Contains(reads, name) })
		}
		for _, name := range needed {
			n.schema.required[name] = true
		}
	}
	var target *bounds
	var all []any
	exact := true
	for _, arg := range args {
		c, ok := asComparison(arg, want)
		if !ok {
			return false
		}
		b, t, size := n.subject(c.left)
		values, ok := c.values()
		if !ok || size || b == nil || target != nil && b != target {
			return false
		}
		target, all, exact = b, append(all, values...), exact && t != nil
	}
	target.restrict(all)
	return exact
}

// absence returns the field that is absent if e has the value want.
func absence(e ast.Expr, want bool) (string, bool) {
	if inner, ok := negated(e); ok {
		return absence(inner, !want)
	}
	c, ok := called(e, operators.Has)
	if !ok || want {
		return "", false
	}
	return fieldOf(c.Args()[0], execVar)
}

// subject returns the bounds and the declared type of the value that e names.
// size reports that the bounds apply to the length of a text or list.
func (n narrower) subject(e ast.Expr) (b *bounds, t *typ, size bool) {
	if c, ok := called(e, fnSize); ok {
		inner := c.Target()
		if !c.IsMemberFunction() {
			inner = c.Args()[0]
		}
		b, t, _ = n.subject(inner)
		return b, t, true
	}
	if n.loop != "" {
		if e.AsIdent() == n.loop {
			return n.item, n.typ, false
		}
		return nil, nil, false
	}
	name, ok := fieldOf(e, execVar)
	if !ok || n.only != "" && n.only != name {
		return nil, nil, false
	}
	if f := n.schema.exec.fields[name]; f != nil {
		t = &f.typ
	}
	return n.schema.at(name), t, false
}

func (n narrower) atom(e ast.Expr, want bool) bool {
	if name, ok := absence(e, want); ok {
		if b, t, _ := n.subject(fieldNamed(name)); b != nil {
			b.never = true
			return t != nil
		}
		return false
	}
	if c, ok := called(e, operators.Has); ok {
		if name, ok := fieldOf(c.Args()[0], execVar); ok && n.only == "" && n.loop == "" {
			n.schema.required[name] = true
			return n.schema.exec.fields[name] != nil
		}
		return false
	}
	if b, t, size := n.subject(e); b != nil && !size {
		b.restrict([]any{want})
		return t != nil
	}
	if c, ok := called(e, operators.All, operators.Exists); ok && want == (c.FunctionName() == operators.All) {
		return n.elements(c, want)
	}
	c, ok := asComparison(e, want)
	if !ok {
		return false
	}
	if b, t, size := n.subject(c.right); c.op == "in" && b != nil && !size {
		v, ok := jsonValue(c.left)
		if !ok || b.contains != nil {
			return false
		}
		b.contains = v
		return t != nil && t.items != nil
	}
	if b, t, size := n.subject(c.left); b != nil {
		return c.bound(b, t, size)
	}
	if c, ok = c.mirror(); ok {
		if b, t, size := n.subject(c.left); b != nil {
			return c.bound(b, t, size)
		}
	}
	return false
}

func fieldNamed(name string) ast.Expr {
	fac := ast.NewExprFactory()
	return fac.NewSelect(0, fac.NewIdent(0, execVar), name)
}

// elements handles list.all(v, …) and !list.exists(v, …).
func (n narrower) elements(c ast.CallExpr, want bool) bool {
	b, t, size := n.subject(c.Target())
	if b == nil || size {
		return false
	}
	if b.items == nil {
		b.items = &bounds{}
	}
	n.loop, n.item, n.typ = c.Args()[0].AsIdent(), b.items, nil
	if t != nil {
		n.typ = t.items
	}
	return n.narrow(c.Args()[1], want) && n.typ != nil
}

// values returns the possible values of the left operand.
func (c comparison) values() ([]any, bool) {
	switch {
	case c.op == "==":
		v, ok := jsonValue(c.right)
		return []any{v}, ok
	case c.op == "in" && c.right.Kind() == ast.ListKind:
		return jsonValues(c.right)
	}
	return nil, false
}

func jsonValues(list ast.Expr) ([]any, bool) {
	out := []any{}
	for _, e := range list.AsList().Elements() {
		v, ok := jsonValue(e)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

// jsonValue returns a literal as a JSON scalar other than null.
func jsonValue(e ast.Expr) (any, bool) {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return bool(v), true
	case types.String:
		return string(v), true
	case types.Double:
		return float64(v), safeNumber(float64(v))
	case types.Int:
		return float64(v), true
	}
	return nil, false
}

// bound adds the comparison of a value, or of its size, with a literal.
func (c comparison) bound(b *bounds, t *typ, size bool) bool {
	if values, ok := c.values(); ok && !size {
		b.restrict(values)
		return t != nil
	}
	v, ok := jsonValue(c.right)
	if c.op == opNotIn && c.right.Kind() == ast.ListKind && !size {
		list, ok := jsonValues(c.right)
		b.not = append(b.not, list...)
		return ok && t != nil
	}
	if ok && c.op == "!=" && !size {
		b.not = append(b.not, v)
		return t != nil
	}
	f, isNumber := v.(float64)
	if !ok || !isNumber {
		return false
	}
	if size {
		return c.sized(b, t, f)
	}
	switch c.op {
	case "<", "<=":
		b.high = tighter(b.high, limit{f, c.op == "<"}, -1)
	case ">", ">=":
		b.low = tighter(b.low, limit{f, c.op == ">"}, 1)
	}
	return t != nil
}

// tighter returns the stricter limit; sign is -1 for upper limits.
func tighter(old *limit, l limit, sign float64) *limit {
	if old == nil || sign*l.value > sign*old.value || l.value == old.value && l.open {
		return &l
	}
	return old
}

// sized adds a bound on the length of a text, in code points, or of a list.
func (c comparison) sized(b *bounds, t *typ, n float64) bool {
	if t == nil || c.op == "!=" {
		return false
	}
	low, high := math.Inf(-1), math.Inf(1)
	switch c.op {
	case "<":
		high = math.Ceil(n) - 1
	case "<=":
		high = math.Floor(n)
	case ">":
		low = math.Floor(n) + 1
	case ">=":
		low = math.Ceil(n)
	case "==":
		low, high = math.Ceil(n), math.Floor(n)
	}
	if high < 0 || low > high {
		b.never = true
		return true
	}
	if low > 0 && (b.minSize == nil || low > *b.minSize) {
		b.minSize = &low
	}
	if !math.IsInf(high, 1) && (b.maxSize == nil || high < *b.maxSize) {
		b.maxSize = &high
	}
	return true
}

// strictReads returns the fields of executionParams that e always needs: if
// one is absent, e is an error whatever the other fields are.
func strictReads(e ast.Expr) []string {
	if name, ok := fieldOf(e, execVar); ok {
		return []string{name}
	}
	if _, ok := called(e, operators.Has, operators.LogicalAnd, operators.LogicalOr); ok {
		return nil
	}
	list := children(e)
	if c, ok := called(e, operators.Conditional); ok {
		list = c.Args()[:1]
	}
	if e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() && isMacro(e.AsCall().FunctionName()) {
		list = list[:1]
	}
	var out []string
	for _, child := range list {
		out = append(out, strictReads(child)...)
	}
	return out
}

// bytes returns the schema in canonical form.
func (s *schema) bytes() ([]byte, error) {
	names := map[string]bool{}
	for name := range s.exec.fields {
		names[name] = true
	}
	for name := range s.fields {
		names[name] = names[name] || !s.exec.declared
	}
	properties := object{}
	required := []string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var t *typ
		if f := s.exec.fields[name]; f != nil {
			t = &f.typ
		} else if s.exec.declared {
			continue
		}
		p := s.at(name).render(t)
		if s.required[name] {
			required = append(required, name)
			s.never = s.never || p == false
		}
		properties[name] = p
	}
	if s.never {
		return []byte("false"), nil
	}
	root := object{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties, "required": required}
	if s.exec.declared {
		root["additionalProperties"] = false
	}
	return canonical.Marshal(root)
}

// render returns the JSON Schema of a value of type t, which may be nil.
func (b *bounds) render(t *typ) any {
	if b.never || b.low != nil && b.high != nil &&
		(b.low.value > b.high.value || b.low.value == b.high.value && (b.low.open || b.high.open)) {
		return false
	}
	m := object{}
	if t != nil {
		t.describe(m)
		if t.values != nil {
			b.restrict(slices.Collect(maps.Keys(t.values)))
		}
	}
	if b.listed {
		values := slices.DeleteFunc(slices.Clone(b.values), func(v any) bool { return !b.within(v) })
		if len(values) == 0 {
			return false
		}
		slices.SortFunc(values, func(x, y any) int {
			fx, okx := x.(float64)
			fy, oky := y.(float64)
			if okx && oky {
				return cmp.Compare(fx, fy)
			}
			return cmp.Compare(fmt.Sprintf("%T%v", x, x), fmt.Sprintf("%T%v", y, y))
		})
		m["enum"] = slices.Compact(values)
	} else {
		b.ranges(m)
	}
	b.sizes(m, t)
	if b.contains != nil {
		m["contains"] = object{"enum": []any{b.contains}}
	}
	var items *typ
	if t != nil {
		items = t.items
	}
	if b.items != nil {
		m["items"] = b.items.render(items)
	} else if items != nil {
		m["items"] = (&bounds{}).render(items)
	}
	return m
}

// describe adds the keywords of a declared type.
func (t *typ) describe(m object) {
	m["type"] = t.kind.String()
	switch t.kind {
	case anyKind:
		delete(m, "type")
	case dateKind:
		m["type"], m["format"] = "string", "date"
	case urlKind:
		m["type"], m["format"] = "string", "uri"
	}
}

// within reports whether a listed value meets the other bounds.
func (b *bounds) within(v any) bool {
	if slices.Contains(b.not, v) {
		return false
	}
	f, ok := v.(float64)
	if !ok {
		return true
	}
	return (b.low == nil || f > b.low.value || f == b.low.value && !b.low.open) &&
		(b.high == nil || f < b.high.value || f == b.high.value && !b.high.open)
}

func (b *bounds) ranges(m object) {
	if b.low != nil {
		m[keyword("minimum", "exclusiveMinimum", b.low.open)] = b.low.value
	}
	if b.high != nil {
		m[keyword("maximum", "exclusiveMaximum", b.high.open)] = b.high.value
	}
	if len(b.not) > 0 {
		not := b.not[:0:0]
		for _, v := range b.not {
			if !slices.Contains(not, v) {
				not = append(not, v)
			}
		}
		m["not"] = object{"enum": not}
	}
}

func keyword(closed, open string, isOpen bool) string {
	if isOpen {
		return open
	}
	return closed
}

func (b *bounds) sizes(m object, t *typ) {
	unit := "Length"
	if t != nil && t.kind == arrayKind {
		unit = "Items"
	}
	if b.minSize != nil {
		m["min"+unit] = *b.minSize
	}
	if b.maxSize != nil {
		m["max"+unit] = *b.maxSize
	}
}
