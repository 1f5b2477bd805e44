package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// A demand is a comparison between a term that reads executionParams and a
// value that does not change with what the term reads.
type demand struct {
	left   ast.Expr
	field  string   // the term is this field of executionParams and nothing else, or ""
	fields []string // that the term reads
	op     string
	value  ref.Val

	term, text string // as printed; condition sets them
}

// passesIf returns a condition on executionParams, in CEL, under which a rule
// that failed passes while everything that the condition does not mention
// stays as it is; "" when there is no such comparison. A rule that reads a
// hidden parameter has none: what is chosen, and what is left out, would tell
// its value. The condition is sufficient, not necessary.
func (x *explainer) passesIf(want bool) string {
	if x.mentionsHidden(x.written.Expr()) {
		return ""
	}
	var touched []string
	x.fields = map[int64][]string{}
	for range maxNesting {
		demands, ok := x.need(x.written.Expr(), want, touched)
		if !ok || len(demands) == 0 {
			return ""
		}
		grown := touched
		for _, d := range demands {
			if !slices.Contains(grown, everyField) && !containsAll(grown, d.fields) {
				grown = append(slices.Clone(grown), d.fields...)
			}
		}
		// What held before may not once these fields change: ask again.
		if len(grown) > len(touched) {
			touched = grown
			continue
		}
		return x.condition(demands)
	}
	return ""
}

// spend takes steps from what one evaluation has for explaining its rules, and
// reports whether there were any left.
func (x *explainer) spend(steps int) bool {
	*x.steps += steps
	return *x.steps <= maxExplainCost && x.ctx.Err() == nil
}

// reads returns the fields of executionParams that e looks at.
func (x *explainer) reads(e ast.Expr) []string {
	fields, seen := x.fields[e.ID()]
	if !seen {
		fields = reads(e, execVar)
		x.fields[e.ID()] = fields
	}
	return fields
}

func containsAll(set, subset []string) bool {
	return !slices.ContainsFunc(subset, func(f string) bool { return !slices.Contains(set, f) })
}

// need returns what has to hold for e to have the value want, when the fields
// in touched may change in any way.
func (x *explainer) need(e ast.Expr, want bool, touched []string) ([]demand, bool) {
	if !x.spend(1 + len(touched)) {
		return nil, false
	}
	if x.value(e) == types.Bool(want) && !overlap(x.reads(e), touched) {
		return nil, true
	}
	if _, isMacro := x.macro(e); isMacro {
		return nil, false
	}
	if inner, ok := negated(e); ok {
		return x.need(inner, !want, touched)
	}
	if args, deciding, ok := logical(e); ok {
		if want == deciding {
			return x.needOne(args, want, touched)
		}
		var all []demand
		for _, arg := range args {
			demands, ok := x.need(arg, want, touched)
			if !ok {
				return nil, false
			}
			all = append(all, demands...)
		}
		return all, true
	}
	if c, ok := called(e, operators.Conditional); ok {
		branch, known := c.Args()[2], x.value(c.Args()[0])
		if known == types.True {
			branch = c.Args()[1]
		}
		if known != types.True && known != types.False || overlap(x.reads(c.Args()[0]), touched) {
			return nil, false
		}
		return x.need(branch, want, touched)
	}
	if c, ok := asComparison(e, want); ok {
		if d, ok := x.demand(c, touched); ok {
			return []demand{d}, true
		}
		if c, ok = c.mirror(); ok {
			if d, ok := x.demand(c, touched); ok {
				return []demand{d}, true
			}
		}
		return nil, false
	}
	if _, ok := fieldOf(e, execVar); ok {
		d, ok := x.demand(comparison{"==", e, nil}, touched)
		d.value = types.Bool(want)
		return []demand{d}, ok
	}
	return nil, false
}

// needOne returns what makes one of the operands want. Guards come last: an
// agent that drops a parameter, or names another tool, asks for another thing.
func (x *explainer) needOne(args []ast.Expr, want bool, touched []string) ([]demand, bool) {
	for _, guards := range []bool{false, true} {
		for _, arg := range args {
			if x.guard(arg) != guards {
				continue
			}
			if demands, ok := x.need(arg, want, touched); ok {
				return demands, true
			}
		}
	}
	return nil, false
}

// demand returns the comparison as a demand on its left side.
func (x *explainer) demand(c comparison, touched []string) (demand, bool) {
	d := demand{left: c.left, fields: x.reads(c.left), op: c.op}
	if len(d.fields) == 0 || len(reads(c.left, userVar)) > 0 {
		return d, false // the agent does not see userParams
	}
	if name, ok := fieldOf(c.left, execVar); ok {
		d.field = name
	}
	if c.right == nil {
		return d, true
	}
	others := x.reads(c.right)
	if overlap(others, d.fields) || overlap(others, touched) {
		return d, false
	}
	d.value = x.known(c.right)
	return d, d.value != nil
}

// known returns the value that e has whatever the demands change, or nil. An
// operand may not have been evaluated, because another one decided; constants
// and user parameters are known all the same.
func (x *explainer) known(e ast.Expr) ref.Val {
	if v := x.value(e); v != nil {
		if types.IsUnknownOrError(v) {
			return nil
		}
		return v
	}
	if name, ok := fieldOf(e, userVar); ok {
		if v, ok := x.user[name]; ok {
			return types.DefaultTypeAdapter.NativeToValue(v)
		}
		return nil
	}
	switch v := e.AsLiteral().(type) {
	case nil:
	case types.Int:
		return types.Double(v)
	default:
		return v
	}
	if e.Kind() != ast.ListKind {
		return nil
	}
	var list []ref.Val
	for _, item := range e.AsList().Elements() {
		v := x.known(item)
		if v == nil {
			return nil
		}
		list = append(list, v)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, list)
}

// condition prints demands as one expression, or returns "" when nothing
// fulfils them, or a value has no exact or no short form.
func (x *explainer) condition(demands []demand) string {
	var unique []demand
	size := 0
	for _, d := range demands {
		value, ok := literalText(d.value)
		if !ok {
			return ""
		}
		d.term = x.term(d.left)
		d.text = d.term + " " + d.op + " " + value
		if d.op == opNotIn {
			d.text = "!(" + d.term + " in " + value + ")"
		}
		if slices.ContainsFunc(unique, func(o demand) bool { return o.text == d.text }) {
			continue
		}
		if size += len(d.text); size > maxClauseRunes || !x.spend(size) {
			return ""
		}
		unique = append(unique, d)
	}
	var parts []string
	for _, d := range unique {
		if !x.possible(d, unique) || !x.spend(0) {
			return ""
		}
		parts = append(parts, d.text)
	}
	text := strings.Join(parts, " && ")
	if len(text) > maxClauseRunes || !x.compiles(unique, text) {
		return ""
	}
	return text
}

// compiles reports whether a condition compiles: a value of userParams may be
// of a type that fits no operation. Compiling takes ten times as long as all
// the rest, so it is spared where plain fields have values of their types.
func (x *explainer) compiles(demands []demand, text string) bool {
	checked := x.rule.checked.NativeRep()
	if !slices.ContainsFunc(demands, func(d demand) bool {
		s := d.left.AsSelect()
		return d.field == "" || d.term != execVar+"."+s.FieldName() || !d.fits(checked.GetType(d.left.ID()))
	}) {
		return true
	}
	c := &compiler{env: x.rule.env, exec: &shape{}, user: &shape{}}
	return x.spend(10*len(text)) && c.accepts(text)
}

// fits reports whether the value, or each element of a list to look in, is of
// the type t of the term.
func (d demand) fits(t *cel.Type) bool {
	values := []ref.Val{d.value}
	if d.op == "in" || d.op == opNotIn {
		list, ok := d.value.(traits.Lister)
		if !ok {
			return false
		}
		values = nil
		for it := list.Iterator(); it.HasNext() == types.True; {
			values = append(values, it.Next())
		}
	}
	return !slices.ContainsFunc(values, func(v ref.Val) bool {
		actual, ok := v.Type().(*cel.Type)
		return !ok || actual.Kind() != t.Kind() || actual.Kind() == types.ListKind
	})
}

// term prints e as the operand of a comparison.
func (x *explainer) term(e ast.Expr) string {
	_, _, isLogic := logical(e)
	_, isCondition := called(e, operators.Conditional)
	if _, isComparison := asComparison(e, true); isLogic || isCondition || isComparison {
		return "(" + x.source(e) + ")"
	}
	return x.source(e)
}

// possible reports whether one value could meet every demand on the term of d.
// It tries what the demands mention and, where values are declared, those; a
// term between two bounds, or beside what it must not be, has others as well.
func (x *explainer) possible(d demand, demands []demand) bool {
	var low, high ref.Val
	var candidates []ref.Val
	listed := false
	for _, o := range demands {
		if o.term != d.term {
			continue
		}
		switch o.op {
		case "==":
			candidates, listed = append(candidates, o.value), true
		case "in":
			list, ok := o.value.(traits.Lister)
			if !ok {
				return false
			}
			listed = true
			for it := list.Iterator(); it.HasNext() == types.True; {
				candidates = append(candidates, it.Next())
			}
		case "<", "<=":
			if high == nil || (demand{op: "<", value: high}).meets(o.value) {
				high = o.value
			}
			candidates = append(candidates, o.value)
		case ">", ">=":
			if low == nil || (demand{op: ">", value: low}).meets(o.value) {
				low = o.value
			}
			candidates = append(candidates, o.value)
		}
	}
	if f := x.exec.fields[d.field]; f != nil && f.values != nil {
		candidates, listed = nil, true
		for v := range f.values {
			candidates = append(candidates, types.DefaultTypeAdapter.NativeToValue(v))
		}
	}
	meets := func(v ref.Val) bool {
		return !slices.ContainsFunc(demands, func(o demand) bool {
			return o.term == d.term && (!x.spend(o.weight()) || !o.meets(v))
		})
	}
	if slices.ContainsFunc(candidates, meets) {
		return true
	}
	// Between bounds that are both open, and beside single values, there is
	// room only where there is one between the bounds themselves.
	if listed {
		return false
	}
	return low == nil || high == nil || demand{op: "<", value: high}.meets(low)
}

// weight is how many values meets looks at.
func (d demand) weight() int {
	if list, ok := d.value.(traits.Lister); ok {
		n, _ := list.Size().(types.Int)
		return 1 + int(n)
	}
	return 1
}

// meets reports whether v fulfils the demand.
func (d demand) meets(v ref.Val) bool {
	switch d.op {
	case "==":
		return equals(v, d.value) == types.True
	case "!=":
		return equals(v, d.value) == types.False
	case "in", opNotIn:
		if _, ok := d.value.(traits.Lister); !ok {
			return false
		}
		return inList(v, d.value) == types.Bool(d.op == "in")
	}
	if _, ok := v.(traits.Comparer); !ok || !sameType(v, d.value) {
		return false
	}
	return ordering(func(c int) bool {
		switch d.op {
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		}
		return c >= 0
	})(v, d.value) == types.True
}

// literalText prints a value as the expression that has it. There is none for
// objects, and numbers beyond 2^53-1 are no literals of the profile.
func literalText(v ref.Val) (string, bool) {
	switch t := v.(type) {
	case types.Double:
		return display(v, maxValueRunes), safeNumber(float64(t))
	case types.String:
		return strconv.Quote(string(t)), len(t) <= maxClauseRunes
	case types.Bool, types.Null:
		return display(v, maxValueRunes), true
	case types.Timestamp:
		return `timestamp("` + display(v, maxValueRunes) + `")`, true
	case types.Duration:
		return `duration("` + display(v, maxValueRunes) + `")`, true
	case traits.Lister:
		var items []string
		size := 0
		for it := t.Iterator(); it.HasNext() == types.True; {
			item, ok := literalText(it.Next())
			if size += len(item); !ok || size > maxClauseRunes {
				return "", false
			}
			items = append(items, item)
		}
		return "[" + strings.Join(items, ", ") + "]", true
	}
	return "", false
}
