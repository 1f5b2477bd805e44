package policy

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// The hardener renames == and != to these names. The planner has its own
// implementation of the standard names, which compares across types and does
// not charge by size. The hardener also wraps the range of a macro in opList
// if its type is unknown.
const (
	opEquals    = "@equals"
	opNotEquals = "@not_equals"
	opList      = "@list"
	fnMatches   = "matches"
	fnSize      = "size"

	// Overloads.
	opAddList    = "add_list"
	opAssertList = "assert_list"
)

var (
	errTooCostly = errors.New("one operation costs more than the limit")
	errMixed     = errors.New("values of different types are not comparable")
	errNotFinite = errors.New("the result is not a finite number")
	// The engine's own text. Wrap it anew for each use: the engine writes into
	// its shared error values.
	errNoOverload = errors.New("no such overload")
)

// operatorDecls declares the operators of the profile. The comparisons have a
// singleton binding: the engine calls it without checking argument types, and
// that check takes as long as the comparison. Singleton bindings check the
// types themselves.
func operatorDecls() []cel.EnvOption {
	a := cel.TypeParamType("A")
	list := cel.ListType(a)
	num, str, ts, dur := cel.DoubleType, cel.StringType, cel.TimestampType, cel.DurationType
	boolean := cel.BoolType
	opts := []cel.EnvOption{
		// The planner implements the first four and the index itself.
		cel.Function(operators.LogicalAnd, cel.Overload("logical_and", []*cel.Type{boolean, boolean}, boolean)),
		cel.Function(operators.LogicalOr, cel.Overload("logical_or", []*cel.Type{boolean, boolean}, boolean)),
		cel.Function(operators.Conditional, cel.Overload("conditional", []*cel.Type{boolean, a, a}, a)),
		cel.Function(operators.Index, cel.Overload("index_list", []*cel.Type{list, cel.IntType}, a)),
		cel.Function(operators.LogicalNot, cel.Overload("logical_not", []*cel.Type{boolean}, boolean,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return !v.(types.Bool) }))),
		cel.Function(operators.NotStrictlyFalse, cel.Overload("not_strictly_false", []*cel.Type{boolean}, boolean,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(notStrictlyFalse))),
		cel.Function(opEquals, cel.Overload("equals", []*cel.Type{a, a}, boolean), cel.SingletonBinaryBinding(equals)),
		cel.Function(opNotEquals, cel.Overload("not_equals", []*cel.Type{a, a}, boolean), cel.SingletonBinaryBinding(notEquals)),
		cel.Function(operators.In, cel.Overload("in_list", []*cel.Type{a, list}, boolean), cel.SingletonBinaryBinding(inList)),
		cel.Function(opList, cel.Overload(opAssertList, []*cel.Type{list}, list,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v }))),
		cel.Function(operators.Add,
			cel.Overload("add_double", []*cel.Type{num, num}, num, cel.BinaryBinding(arithmetic(func(x, y float64) float64 { return x + y }))),
			cel.Overload("add_string", []*cel.Type{str, str}, str, cel.BinaryBinding(concat)),
			cel.Overload("add_timestamp_duration", []*cel.Type{ts, dur}, ts, cel.BinaryBinding(add)),
			cel.Overload("add_duration_timestamp", []*cel.Type{dur, ts}, ts, cel.BinaryBinding(add)),
			cel.Overload("add_duration", []*cel.Type{dur, dur}, dur, cel.BinaryBinding(add)),
			// Only map and filter use it; the hardener refuses it elsewhere.
			cel.Overload(opAddList, []*cel.Type{list, list}, list, cel.BinaryBinding(add))),
		cel.Function(operators.Subtract,
			cel.Overload("subtract_double", []*cel.Type{num, num}, num, cel.BinaryBinding(arithmetic(func(x, y float64) float64 { return x - y }))),
			cel.Overload("subtract_timestamp", []*cel.Type{ts, ts}, dur, cel.BinaryBinding(subtract)),
			cel.Overload("subtract_timestamp_duration", []*cel.Type{ts, dur}, ts, cel.BinaryBinding(subtract)),
			cel.Overload("subtract_duration", []*cel.Type{dur, dur}, dur, cel.BinaryBinding(subtract))),
		binary(operators.Multiply, "multiply_double", num, num, num, arithmetic(func(x, y float64) float64 { return x * y })),
		// The hardener allows only literals other than zero as divisors.
		binary(operators.Divide, "divide_double", num, num, num, arithmetic(func(x, y float64) float64 { return x / y })),
		cel.Function(operators.Negate, cel.Overload("negate_double", []*cel.Type{num}, num,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return -v.(types.Double) }))),
	}
	for op, holds := range map[string]func(int) bool{
		operators.Less:          func(c int) bool { return c < 0 },
		operators.LessEquals:    func(c int) bool { return c <= 0 },
		operators.Greater:       func(c int) bool { return c > 0 },
		operators.GreaterEquals: func(c int) bool { return c >= 0 },
	} {
		opts = append(opts, cel.Function(op, cel.SingletonBinaryBinding(ordering(holds)),
			cel.Overload(op+"double", []*cel.Type{num, num}, boolean),
			cel.Overload(op+"string", []*cel.Type{str, str}, boolean),
			cel.Overload(op+"timestamp", []*cel.Type{ts, ts}, boolean),
			cel.Overload(op+"duration", []*cel.Type{dur, dur}, boolean)))
	}
	return opts
}

// functionDecls declares the functions of the profile.
func functionDecls() []cel.EnvOption {
	list := cel.ListType(cel.TypeParamType("A"))
	num, str, ts := cel.DoubleType, cel.StringType, cel.TimestampType
	opts := []cel.EnvOption{
		cel.Function(fnSize,
			cel.Overload("size_string", []*cel.Type{str}, num, cel.UnaryBinding(size)),
			cel.Overload("size_list", []*cel.Type{list}, num, cel.UnaryBinding(size)),
			cel.MemberOverload("string_size", []*cel.Type{str}, num, cel.UnaryBinding(size)),
			cel.MemberOverload("list_size", []*cel.Type{list}, num, cel.UnaryBinding(size))),
		text("startsWith", strings.HasPrefix),
		text("endsWith", strings.HasSuffix),
		text("contains", strings.Contains),
		// useCompiled replaces each call with the compiled pattern.
		text(fnMatches, func(string, string) bool { return false }),
		cel.Function("timestamp", cel.Overload("timestamp_string", []*cel.Type{str}, ts, cel.UnaryBinding(timestamp))),
		cel.Function("duration", cel.Overload("duration_string", []*cel.Type{str}, cel.DurationType, cel.UnaryBinding(duration))),
	}
	for name, get := range map[string]func(time.Time) int{
		"getFullYear":   time.Time.Year,
		"getMonth":      func(t time.Time) int { return int(t.Month()) - 1 },
		"getDate":       time.Time.Day,
		"getDayOfMonth": func(t time.Time) int { return t.Day() - 1 },
		"getDayOfWeek":  func(t time.Time) int { return int(t.Weekday()) },
		"getHours":      time.Time.Hour,
		"getMinutes":    time.Time.Minute,
		"getSeconds":    time.Time.Second,
	} {
		opts = append(opts, cel.Function(name, cel.MemberOverload("timestamp_"+name, []*cel.Type{ts}, num,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				return types.Double(get(v.(types.Timestamp).Time.UTC()))
			}))))
	}
	return opts
}

func binary(name, overload string, x, y, result *cel.Type, f func(x, y ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(overload, []*cel.Type{x, y}, result, cel.BinaryBinding(f)))
}

func text(name string, f func(s, arg string) bool) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("string_"+name, []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
		cel.BinaryBinding(func(x, y ref.Val) ref.Val {
			return types.Bool(f(string(x.(types.String)), string(y.(types.String))))
		})))
}

func notStrictlyFalse(v ref.Val) ref.Val {
	if b, ok := v.(types.Bool); ok {
		return b
	}
	return types.True
}

// equals compares values of one type. Standard CEL returns false for different
// types; then category != "gambling" would hold for ["gambling"].
func equals(x, y ref.Val) ref.Val {
	if !sameType(x, y) {
		return types.WrapErr(errMixed)
	}
	if min(weigh(x, maxCallCost), weigh(y, maxCallCost)) >= maxCallCost {
		return types.WrapErr(errTooCostly)
	}
	return fresh(x.Equal(y))
}

func notEquals(x, y ref.Val) ref.Val {
	v := equals(x, y)
	if eq, ok := v.(types.Bool); ok {
		return !eq
	}
	return v
}

func sameType(x, y ref.Val) bool {
	a, b := x.Type(), y.Type()
	return a == b || a == types.NullType || b == types.NullType || a.TypeName() == b.TypeName()
}

// inList looks for x in a list. If x is not found, an element of another type
// is an error. So !(x in ["a", "b"]) cannot hold for a list [x].
func inList(x, list ref.Val) ref.Val {
	l, ok := list.(traits.Lister)
	if !ok {
		return types.WrapErr(errNoOverload)
	}
	if weigh(list, maxCallCost) >= maxCallCost {
		return types.WrapErr(errTooCostly)
	}
	mixed := false
	for _, e := range items(l) {
		if !sameType(x, e) {
			mixed = true
		} else if x.Equal(e) == types.True {
			return types.True
		}
	}
	if mixed {
		return types.WrapErr(errMixed)
	}
	return types.False
}

func ordering(holds func(int) bool) func(x, y ref.Val) ref.Val {
	return func(x, y ref.Val) ref.Val {
		switch x.(type) {
		case types.Double, types.String, types.Timestamp, types.Duration:
		default:
			return types.WrapErr(errNoOverload)
		}
		if x.Type() != y.Type() {
			return types.WrapErr(errNoOverload)
		}
		c, ok := x.(traits.Comparer).Compare(y).(types.Int)
		if !ok {
			return types.WrapErr(errMixed)
		}
		return types.Bool(holds(int(c)))
	}
}

// arithmetic turns NaN and infinite results into errors. Every comparison with
// NaN is false, so a forbid rule would pass.
func arithmetic(f func(x, y float64) float64) func(x, y ref.Val) ref.Val {
	return func(x, y ref.Val) ref.Val {
		z := f(float64(x.(types.Double)), float64(y.(types.Double)))
		if math.IsNaN(z) || math.IsInf(z, 0) {
			return types.WrapErr(errNotFinite)
		}
		return types.Double(z)
	}
}

func concat(x, y ref.Val) ref.Val {
	s, t := x.(types.String), y.(types.String)
	if len(s)+len(t) > maxStringBytes {
		return types.WrapErr(errTooCostly)
	}
	return s + t
}

func add(x, y ref.Val) ref.Val      { return fresh(x.(traits.Adder).Add(y)) }
func subtract(x, y ref.Val) ref.Val { return fresh(x.(traits.Subtractor).Subtract(y)) }

// fresh copies an error. The engine shares some of its errors between
// evaluations and writes the position of the failure into them.
func fresh(v ref.Val) ref.Val {
	if err, ok := v.(*types.Err); ok {
		return types.WrapErr(errors.New(err.Error()))
	}
	return v
}

func size(v ref.Val) ref.Val {
	n, ok := v.(traits.Sizer).Size().(types.Int)
	if !ok {
		return types.WrapErr(errMixed)
	}
	return types.Double(n)
}

func timestamp(v ref.Val) ref.Val {
	t, ok := parseDateTime(string(v.(types.String)))
	if !ok {
		return types.NewErrFromString("not an RFC 3339 date-time")
	}
	return types.Timestamp{Time: t}
}

func duration(v ref.Val) ref.Val {
	d, err := time.ParseDuration(string(v.(types.String)))
	if err != nil {
		return types.NewErrFromString("not a duration")
	}
	return types.Duration{Duration: d}
}
