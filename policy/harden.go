package policy

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// accumulator is the variable of macros. No rule can write this name.
const accumulator = "@result"

// A hardener walks a parsed expression once, before the type check. It refuses
// everything outside the profile, with the position, and rewrites the rest
// into the form that is checked and run:
//
//   - Integer literals become doubles, except the index of a list. So amount
//     == 500 compares numbers, as in JSON. Declaring amount as dyn would
//     compile too, but would disable the type check.
//   - params["amount"] becomes params.amount, so that a typo is an error.
//   - == and != get the implementation of this package.
type hardener struct {
	fac      ast.ExprFactory
	report   func(id int64, code, message string)
	nodes    int
	stopped  bool // a limit was hit: one issue is enough
	scope    []string
	patterns map[string]*pattern
}

func (h *hardener) refuse(e ast.Expr, format string, args ...any) {
	h.report(e.ID(), "refused", fmt.Sprintf(format, args...))
}

func (h *hardener) limit(e ast.Expr, format string, args ...any) {
	if !h.stopped {
		h.report(e.ID(), "limit", fmt.Sprintf(format, args...))
	}
	h.stopped = true
}

// walk hardens e and returns the depth of nested loops in it. A loop over the
// result of another loop counts as nested, because the costs multiply in both
// cases.
func (h *hardener) walk(e ast.Expr, depth int) (loops int) {
	if h.nodes++; h.nodes > maxNodes {
		h.limit(e, "the expression has more than %d nodes", maxNodes)
	}
	if depth > maxNesting {
		h.limit(e, "the expression nests deeper than %d", maxNesting)
	}
	if h.stopped {
		return 0
	}
	switch e.Kind() {
	case ast.LiteralKind:
		h.literal(e)
	case ast.IdentKind:
		h.ident(e)
	case ast.SelectKind:
		return h.walk(e.AsSelect().Operand(), depth+1)
	case ast.CallKind:
		return h.call(e, depth)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			loops = max(loops, h.walk(item, depth+1))
		}
	case ast.ComprehensionKind:
		return h.comprehension(e, depth)
	case ast.MapKind:
		h.refuse(e, "map literals are not part of the profile")
	case ast.StructKind:
		h.refuse(e, "message literals are not part of the profile")
	default:
		h.refuse(e, "not part of the profile")
	}
	return loops
}

func (h *hardener) literal(e ast.Expr) {
	switch v := e.AsLiteral().(type) {
	case types.Bool, types.String, types.Null:
	case types.Double:
		if math.IsInf(float64(v), 0) || math.IsNaN(float64(v)) {
			h.refuse(e, "the number is not finite")
		}
	case types.Int:
		if v < -maxSafeInteger || v > maxSafeInteger {
			h.refuse(e, "an integer beyond 2^53-1 has no exact double")
			return
		}
		e.SetKindCase(h.fac.NewLiteral(e.ID(), types.Double(v)))
	default:
		h.refuse(e, "%s literals are not part of the profile", v.Type().TypeName())
	}
}

func (h *hardener) ident(e ast.Expr) {
	name := e.AsIdent()
	switch name {
	case execVar, userVar, nowVar, accumulator:
		return
	}
	if strings.HasPrefix(name, ".") {
		h.refuse(e, "names with a leading dot are not part of the profile")
	} else if !slices.Contains(h.scope, name) {
		h.report(e.ID(), "type", fmt.Sprintf("undeclared reference to %s; rules read executionParams, userParams and now", shown(name)))
	}
}

func (h *hardener) call(e ast.Expr, depth int) (loops int) {
	c := e.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		loops = h.walk(c.Target(), depth+1)
	}
	switch c.FunctionName() {
	case operators.Index:
		return h.index(e, depth)
	case operators.Divide:
		h.divisor(args)
	case operators.Modulo:
		h.refuse(e, "%% works on integers alone, and numbers are doubles")
		return loops
	case operators.Equals:
		e.SetKindCase(h.fac.NewCall(e.ID(), opEquals, args...))
	case operators.NotEquals:
		e.SetKindCase(h.fac.NewCall(e.ID(), opNotEquals, args...))
	case fnMatches:
		h.matches(e)
	case operators.OptIndex, operators.OptSelect:
		h.refuse(e, "optional syntax is not part of the profile")
		return loops
	}
	for _, arg := range args {
		loops = max(loops, h.walk(arg, depth+1))
	}
	return loops
}

// index allows list[0] and params["name"].
func (h *hardener) index(e ast.Expr, depth int) (loops int) {
	args := e.AsCall().Args()
	if len(args) != 2 {
		h.refuse(e, "not part of the profile")
		return 0
	}
	operand, index := args[0], args[1]
	h.nodes++
	switch v := index.AsLiteral().(type) {
	case types.String:
		e.SetKindCase(h.fac.NewSelect(e.ID(), operand, string(v)))
	case types.Int:
		if v < 0 {
			h.refuse(index, "an index is not negative")
		}
	default:
		h.refuse(index, "an index is a literal string or integer")
	}
	return h.walk(operand, depth+1)
}

// divisor allows only literals other than zero: amount / nights >= 50 is true
// for 0 nights. CEL truncates the quotient of two integers; here the division
// of doubles would not, so divisor refuses two integer operands.
func (h *hardener) divisor(args []ast.Expr) {
	if len(args) != 2 {
		return
	}
	switch v := args[1].AsLiteral().(type) {
	case types.Int:
		if v == 0 {
			h.refuse(args[1], "division by zero")
		} else if integral(args[0]) {
			h.refuse(args[1], "integer division; write %d.0", v)
		}
	case types.Double:
		if v == 0 {
			h.refuse(args[1], "division by zero")
		}
	default:
		h.refuse(args[1], "the divisor is a literal other than zero")
	}
}

// integral reports whether e has the type int in standard CEL.
func integral(e ast.Expr) bool {
	switch e.Kind() {
	case ast.LiteralKind:
		_, ok := e.AsLiteral().(types.Int)
		return ok
	case ast.CallKind:
		c := e.AsCall()
		name := c.FunctionName()
		switch name {
		case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Negate:
			return !slices.ContainsFunc(c.Args(), func(a ast.Expr) bool { return !integral(a) })
		case operators.Conditional:
			return integral(c.Args()[1])
		}
		return name == fnSize || strings.HasPrefix(name, "get")
	}
	return false
}

// matches allows s.matches("literal").
func (h *hardener) matches(e ast.Expr) {
	c := e.AsCall()
	if !c.IsMemberFunction() || len(c.Args()) != 1 {
		h.refuse(e, "write s.matches(\"pattern\")")
		return
	}
	arg := c.Args()[0]
	source, ok := arg.AsLiteral().(types.String)
	if !ok {
		h.refuse(arg, "the pattern is a literal")
		return
	}
	if h.patterns[string(source)] != nil {
		return
	}
	p, err := compilePattern(string(source))
	if err != nil {
		h.refuse(arg, "%v", err)
		return
	}
	h.patterns[string(source)] = p
}

func (h *hardener) comprehension(e ast.Expr, depth int) (loops int) {
	c := e.AsComprehension()
	name := c.IterVar()
	switch {
	case c.HasIterVar2():
		h.refuse(e, "loops with two variables are not part of the profile")
		return 0
	case name == execVar || name == userVar || name == nowVar || slices.Contains(h.scope, name):
		h.refuse(e, "the loop variable %s hides another", shown(name))
	}
	loops = h.walk(c.IterRange(), depth+1)
	h.scope = append(h.scope, name)
	for _, part := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
		loops = max(loops, h.walk(part, depth+1))
	}
	h.scope = h.scope[:len(h.scope)-1]
	if loops++; loops > maxLoopNesting {
		h.limit(e, "loops nest deeper than %d", maxLoopNesting)
	}
	return loops
}

// hardenTyped does the hardening that needs the types of a checked expression.
// The checker cannot do it, because it accepts an unknown type everywhere.
func hardenTyped(checked *ast.AST, report func(id int64, code, message string)) {
	fac := ast.NewExprFactory()
	nextID := ast.MaxID(checked)
	ast.PostOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.CallKind:
			if e.AsCall().FunctionName() == operators.Add {
				hardenAdd(checked, e, report)
			}
		case ast.ComprehensionKind:
			nextID++
			hardenLoop(checked, e, fac, nextID, report)
		}
	}))
}

// hardenAdd refuses + on lists and on two operands of unknown type, which may
// turn out to be lists. The engine concatenates lists lazily, so the cost
// appears only later and is not charged.
func hardenAdd(checked *ast.AST, e ast.Expr, report func(id int64, code, message string)) {
	overloads := checked.GetOverloadIDs(e.ID())
	switch {
	case !slices.Contains(overloads, opAddList):
	case len(overloads) > 1:
		report(e.ID(), "refused", "+ on values of unknown type; declare their types")
	case e.AsCall().Args()[0].AsIdent() != accumulator:
		report(e.ID(), "refused", "lists cannot be concatenated")
	}
}

// hardenLoop restricts a macro to lists. CEL would also run over the keys of
// an object, so an agent could satisfy to.all(v, v in allowed) by sending
// {"ana": …} instead of a list.
func hardenLoop(checked *ast.AST, e ast.Expr, fac ast.ExprFactory, id int64, report func(id int64, code, message string)) {
	c := e.AsComprehension()
	switch checked.GetType(c.IterRange().ID()).Kind() {
	case types.ListKind:
	case types.DynKind:
		list := fac.NewCall(id, opList, c.IterRange())
		checked.SetReference(id, ast.NewFunctionReference(opAssertList))
		checked.SetType(id, types.NewListType(types.DynType))
		e.SetKindCase(fac.NewComprehension(e.ID(), list, c.IterVar(), c.AccuVar(),
			c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()))
	default:
		report(c.IterRange().ID(), "refused", "macros run over lists")
	}
}
