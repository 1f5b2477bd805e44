package policy

import (
	"slices"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/parser"
)

// parsePlain parses an expression that is known to compile. It leaves macros
// unexpanded: has(f) and list.all(v, …) are then ordinary calls, which can be
// analysed, rewritten and printed.
func parsePlain(source string) (*ast.AST, error) {
	p, err := parser.NewParser(parser.MaxRecursionDepth(maxNesting), parser.ExpressionSizeCodePointLimit(maxSourceRunes),
		parser.EnableIdentEscapeSyntax(true))
	if err != nil {
		return nil, err
	}
	tree, errs := p.Parse(common.NewTextSource(source))
	if len(errs.GetErrors()) > 0 {
		return nil, errEngine // impossible: it was parsed before
	}
	return tree, nil
}

// children returns the expressions directly below e.
func children(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.CallKind:
		c := e.AsCall()
		if c.IsMemberFunction() {
			return append([]ast.Expr{c.Target()}, c.Args()...)
		}
		return c.Args()
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		return []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()}
	}
	return nil
}

// fieldOf returns the name of the field if e is variable.name or
// variable["name"]. In a tree with expanded macros, has(variable.name) is a
// selection too, but fieldOf does not return its field.
func fieldOf(e ast.Expr, variable string) (string, bool) {
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		return s.FieldName(), s.Operand().AsIdent() == variable && !s.IsTestOnly()
	case ast.CallKind:
		c := e.AsCall()
		if c.FunctionName() == operators.Index && len(c.Args()) == 2 {
			name, ok := c.Args()[1].AsLiteral().(types.String)
			return string(name), ok && c.Args()[0].AsIdent() == variable
		}
	}
	return "", false
}

// everyField stands for all fields of a variable.
const everyField = "*"

// reads returns the fields of a variable that e reads, in the order of their
// first use, without duplicates. It returns everyField if e reads the variable
// as a whole.
func reads(e ast.Expr, variable string) []string {
	var out []string
	var visit func(e ast.Expr)
	visit = func(e ast.Expr) {
		name, ok := fieldOf(e, variable)
		if s := e.AsSelect(); !ok && s.IsTestOnly() {
			name, ok = s.FieldName(), s.Operand().AsIdent() == variable
		}
		if !ok && e.Kind() == ast.IdentKind && e.AsIdent() == variable {
			name, ok = everyField, true
		}
		if ok {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
			return
		}
		for _, c := range children(e) {
			visit(c)
		}
	}
	visit(e)
	return out
}

// overlap reports whether two sets of fields share a field.
func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	return slices.Contains(a, everyField) || slices.Contains(b, everyField) ||
		slices.ContainsFunc(a, func(f string) bool { return slices.Contains(b, f) })
}

// A comparison is a call of one of the operators below.
type comparison struct {
	op          string
	left, right ast.Expr
}

// opNotIn is the negation of in. CEL has no operator for it.
const opNotIn = "!in"

// opposite returns the operator of the negated comparison, or "" if op is not
// a comparison. This is correct because the order is total: there is no NaN.
func opposite(op string) string {
	switch op {
	case "<":
		return ">="
	case "<=":
		return ">"
	case ">":
		return "<="
	case ">=":
		return "<"
	case "==":
		return "!="
	case "!=":
		return "=="
	case "in":
		return opNotIn
	case opNotIn:
		return "in"
	}
	return ""
}

// asComparison returns the comparison that holds when e has the value want.
func asComparison(e ast.Expr, want bool) (comparison, bool) {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 || e.AsCall().IsMemberFunction() {
		return comparison{}, false
	}
	c := e.AsCall()
	op, _ := operators.FindReverse(c.FunctionName())
	if opposite(op) == "" {
		return comparison{}, false
	}
	if !want {
		op = opposite(op)
	}
	return comparison{op, c.Args()[0], c.Args()[1]}, true
}

// mirror returns the comparison with its operands swapped, if the operator
// allows it.
func (c comparison) mirror() (comparison, bool) {
	switch c.op {
	case "<", "<=":
		return comparison{">" + c.op[1:], c.right, c.left}, true
	case ">", ">=":
		return comparison{"<" + c.op[1:], c.right, c.left}, true
	case "==", "!=":
		return comparison{c.op, c.right, c.left}, true
	}
	return comparison{}, false
}

// logical returns the operands of && and ||, and the value, true or false,
// with which one operand decides the whole.
func logical(e ast.Expr) (args []ast.Expr, deciding, ok bool) {
	if e.Kind() != ast.CallKind {
		return nil, false, false
	}
	switch c := e.AsCall(); c.FunctionName() {
	case operators.LogicalAnd:
		return c.Args(), false, true
	case operators.LogicalOr:
		return c.Args(), true, true
	}
	return nil, false, false
}

// negated returns the operand of !.
func negated(e ast.Expr) (ast.Expr, bool) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalNot {
		return e.AsCall().Args()[0], true
	}
	return nil, false
}

// called returns e as a call if it is a function or macro with one of these
// names in a plain tree.
func called(e ast.Expr, names ...string) (ast.CallExpr, bool) {
	if e.Kind() != ast.CallKind || !slices.Contains(names, e.AsCall().FunctionName()) {
		return nil, false
	}
	return e.AsCall(), true
}
