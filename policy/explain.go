package policy

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
	"github.com/google/cel-go/parser"

	"github.com/mandate-engine/mandate/canonical"
)

// An explainer finds the part of an expression that made it true or false. It
// walks the expression as written; the recorded values of the hardened copy
// have the same ids. A macro is a loop in the tree, so the explainer takes the
// macro call from the source information.
type explainer struct {
	written *ast.AST
	state   interpreter.EvalState
	hidden  map[string]map[string]bool // by variable, then member
	user    map[string]any             // userParams
	exec    *shape

	ctx    context.Context
	rule   *rule
	steps  *int               // of the search for passesIf, and of other rules
	fields map[int64][]string // the fields of executionParams that each expression reads
}

// text explains why the whole expression has the value holds.
func (x *explainer) text(holds bool) string {
	return strings.Join(x.clauses(x.written.Expr(), holds), "; ")
}

// clauses returns the parts that gave e the value holds.
func (x *explainer) clauses(e ast.Expr, holds bool) []string {
	if call, ok := x.macro(e); ok {
		return []string{x.macroClause(e, call, holds)}
	}
	if e.Kind() != ast.CallKind {
		return []string{x.operand(e)}
	}
	c := e.AsCall()
	args := c.Args()
	_, deciding, combined := logical(e)
	if _, chooses := called(e, operators.Conditional); (chooses || combined && holds == deciding) && x.mentionsHidden(e) {
		// The deciding operand would reveal a hidden value.
		return []string{truncate(x.source(e), maxClauseRunes)}
	}
	switch c.FunctionName() {
	case operators.LogicalAnd:
		return x.logic(args, holds, false)
	case operators.LogicalOr:
		return x.logic(args, holds, true)
	case operators.LogicalNot:
		inner := x.clauses(args[0], !holds)
		if len(inner) == 1 && !isLogic(args[0]) {
			return []string{"!(" + inner[0] + ")"}
		}
		return inner
	case operators.Conditional:
		branch := args[2]
		if x.value(args[0]) == types.True {
			branch = args[1]
		}
		return append(x.clauses(args[0], x.value(args[0]) == types.True), x.clauses(branch, holds)...)
	}
	return []string{truncate(x.call(e, c), maxClauseRunes)}
}

// logic explains && and ||. Operands with the deciding value each decide
// alone, so logic lists those. Otherwise it lists every operand except guards,
// which only limit when the others apply.
func (x *explainer) logic(args []ast.Expr, holds, deciding bool) []string {
	var out []string
	if holds == deciding {
		for _, arg := range args {
			if x.value(arg) == types.Bool(deciding) {
				out = append(out, x.clauses(arg, holds)...)
			}
		}
		return out
	}
	for _, arg := range args {
		if !deciding || !x.guard(arg) {
			out = append(out, x.clauses(arg, holds)...)
		}
	}
	if out == nil {
		for _, arg := range args {
			out = append(out, x.clauses(arg, holds)...)
		}
	}
	return out
}

func isLogic(e ast.Expr) bool {
	name := e.AsCall().FunctionName()
	return name == operators.LogicalAnd || name == operators.LogicalOr || name == operators.LogicalNot
}

// guard reports whether e is has(…) or a comparison of the tool only, negated
// or not.
func (x *explainer) guard(e ast.Expr) bool {
	if call, ok := x.macro(e); ok {
		return call.FunctionName() == operators.Has
	}
	if e.Kind() != ast.CallKind {
		return false
	}
	c := e.AsCall()
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalNot:
		return x.guard(args[0])
	case operators.Equals, operators.NotEquals, operators.In:
		return isTool(args[0]) && isConstant(args[1]) || isConstant(args[0]) && isTool(args[1])
	}
	return false
}

func isTool(e ast.Expr) bool {
	s := e.AsSelect()
	return s.FieldName() == toolField && s.Operand().AsIdent() == execVar
}

func isConstant(e ast.Expr) bool {
	switch e.Kind() {
	case ast.LiteralKind:
		return true
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			if !isConstant(item) {
				return false
			}
		}
		return true
	}
	return false
}

// call prints a comparison, or another call with a bool result, with the
// values of its operands.
func (x *explainer) call(e ast.Expr, c ast.CallExpr) string {
	args := c.Args()
	if op, ok := operators.FindReverseBinaryOperator(c.FunctionName()); ok && len(args) == 2 {
		return x.operand(args[0]) + " " + op + " " + x.operand(args[1])
	}
	if c.IsMemberFunction() {
		printed := make([]string, len(args))
		for i, arg := range args {
			printed[i] = x.operand(arg)
		}
		return x.operand(c.Target()) + "." + c.FunctionName() + "(" + strings.Join(printed, ", ") + ")"
	}
	return x.operand(e)
}

// operand prints an expression, followed by its value unless it is a literal.
func (x *explainer) operand(e ast.Expr) string {
	source := truncate(x.term(e), maxClauseRunes)
	if isConstant(e) {
		return source
	}
	switch v := x.value(e); {
	case v == nil || types.IsUnknownOrError(v):
		return source
	case x.mentionsHidden(e):
		return source + " (hidden)"
	default:
		return source + " (" + truncate(display(v, maxValueRunes), maxValueRunes) + ")"
	}
}

// macroClause prints a macro. all and exists stop at the deciding element; for
// these it also prints the clauses of that element.
func (x *explainer) macroClause(e ast.Expr, call ast.CallExpr, holds bool) string {
	args := call.Args()
	name := call.FunctionName()
	source := truncate(x.source(e), maxClauseRunes)
	if !call.IsMemberFunction() || len(args) != 2 {
		return source // has
	}
	target := call.Target()
	if name != operators.All && name != operators.Exists || holds != (name == operators.Exists) {
		// No single element decided.
		if value := x.operand(target); value != x.source(target) {
			return source + ": " + value
		}
		return source
	}
	if x.mentionsHidden(e) {
		return source // as in clauses
	}
	inner := strings.Join(x.clauses(args[1], holds), "; ")
	verb := ": fails for "
	if holds {
		verb = ": holds for "
	}
	return source + verb + inner
}

// macro returns the macro call from which e was expanded, if any.
func (x *explainer) macro(e ast.Expr) (ast.CallExpr, bool) {
	call, ok := x.written.SourceInfo().GetMacroCall(e.ID())
	if !ok {
		return nil, false
	}
	return call.AsCall(), true
}

func (x *explainer) value(e ast.Expr) ref.Val {
	v, _ := x.state.Value(e.ID())
	return v
}

func (x *explainer) source(e ast.Expr) string {
	s, err := parser.Unparse(e, x.written.SourceInfo())
	if err != nil {
		return "expression"
	}
	return strings.ReplaceAll(s, "\n", " ")
}

// mentionsHidden reports whether the value of e could depend on a hidden
// parameter.
func (x *explainer) mentionsHidden(e ast.Expr) bool {
	if call, ok := x.macro(e); ok {
		// The loop variable gets its values from the target, which is checked
		// here.
		return call.IsMemberFunction() && x.mentionsHidden(call.Target()) || x.anyHidden(call.Args())
	}
	switch e.Kind() {
	case ast.IdentKind:
		return len(x.hidden[e.AsIdent()]) > 0
	case ast.SelectKind:
		s := e.AsSelect()
		if members := x.hidden[s.Operand().AsIdent()]; members != nil {
			return members[s.FieldName()]
		}
		return x.mentionsHidden(s.Operand())
	case ast.CallKind:
		c := e.AsCall()
		if c.FunctionName() == operators.Index {
			if name, ok := c.Args()[1].AsLiteral().(types.String); ok {
				if members := x.hidden[c.Args()[0].AsIdent()]; members != nil {
					return members[string(name)]
				}
			}
		}
		return c.IsMemberFunction() && x.mentionsHidden(c.Target()) || x.anyHidden(c.Args())
	case ast.ListKind:
		return x.anyHidden(e.AsList().Elements())
	}
	return false
}

func (x *explainer) anyHidden(list []ast.Expr) bool {
	for _, e := range list {
		if x.mentionsHidden(e) {
			return true
		}
	}
	return false
}

// display prints about limit code points of a value. Numbers have their JSON
// form. Strings are quoted, with unprintable characters escaped.
func display(v ref.Val, limit int) string {
	switch t := v.(type) {
	case types.Bool:
		return strconv.FormatBool(bool(t))
	case types.Double:
		// Not Marshal: it refuses integers beyond 2^53-1, and arithmetic can
		// produce them.
		b, err := canonical.Transform(strconv.AppendFloat(nil, float64(t), 'g', -1, 64))
		if err != nil {
			return "a number"
		}
		return string(b)
	case types.String:
		return strconv.Quote(truncate(string(t), limit-2))
	case types.Null:
		return "null"
	case types.Timestamp:
		return t.Time.UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
	case types.Duration:
		return t.Duration.String()
	case traits.Lister:
		return "[" + displayAll(t.Iterator(), limit, func(e ref.Val) string { return display(e, limit) }) + "]"
	case traits.Mapper:
		return "an object"
	}
	return "a value"
}

// displayAll prints elements until the text reaches limit.
func displayAll(it traits.Iterator, limit int, print func(ref.Val) string) string {
	var b strings.Builder
	for it.HasNext() == types.True {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		if b.Len() > 4*limit {
			break
		}
		b.WriteString(print(it.Next()))
	}
	return b.String()
}
