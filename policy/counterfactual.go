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
// value that does not depend on the fields of that term.
type demand struct {
	left   ast.Expr
	field  string   // the field of executionParams if the term is exactly that field, else ""
	fields []string // the fields that the term reads
	op     string
	value  ref.Val

	term, text string // as printed; set by condition
}

// passesIf returns a sufficient, not necessary, condition on executionParams,
// in CEL. The failed rule passes when the condition holds and all fields
// outside the condition keep their values. passesIf returns "" if no
// comparison gives such a condition, and for every rule that reads a hidden
// parameter: both the comparisons chosen and those left out would reveal its
// value.
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
		// An operand that held before may change with these fields: search
		// again.
		if len(grown) > len(touched) {
			touched = grown
			continue
		}
		return x.condition(demands)
	}
	return ""
}

// spend adds steps to the budget used for explaining the rules of one
// evaluation. It reports whether the budget still suffices.
func (x *explainer) spend(steps int) bool {
	*x.steps += steps
	return *x.steps <= maxExplainCost && x.ctx.Err() == nil
}

// reads returns the fields of executionParams that e reads.
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

// need returns the demands under which e has the value want, even if the
// fields in touched change in any way.
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

// needOne returns the demands that give one of the operands the value want. It
// tries guards last: an agent that drops a parameter or names another tool
// makes a different request.
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

// demand returns the comparison as a demand on its left operand.
func (x *explainer) demand(c comparison, touched []string) (demand, bool) {
	d := demand{left: c.left, fields: x.reads(c.left), op: c.op}
	if len(d.fields) == 0 || len(reads(c.left, userVar)) > 0 {
		return d, false // agents do not see userParams
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

// known returns the value of e if no demand can change it, else nil. An
// operand may not have been evaluated, because another operand decided.
// Constants and user parameters are known anyway.
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

// condition prints demands as one expression. It returns "" if no value meets
// all of them, or if a value has no exact or no short literal.
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

// compiles reports whether the condition compiles: a value of userParams may
// have a type that no operation accepts. Compiling takes ten times as long as
// the rest of the search, so compiles skips it for plain fields with values of
// their declared types.
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

// fits reports whether the value has the type t of the term. For the operator
// in, it checks each element of the list.
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
// It tries the values in the demands, or the declared values if there are any.
// A term with bounds, or with excluded values only, may have other values as
// well.
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
	// Unlisted values remain if the lower bound is below the upper bound, or
	// if one of the two is missing.
	if listed {
		return false
	}
	return low == nil || high == nil || demand{op: "<", value: high}.meets(low)
}

// weight returns the number of values that meets compares.
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

// literalText returns the literal for a value. Objects have none, and the
// profile has no number literals beyond 2^53-1.
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
