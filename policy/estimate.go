package policy

import (
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// maxCost returns an upper bound on the cost of a rule for parameters within
// the limits, capped at maxRuleCost. The engine's own estimate is not a bound:
// it ignores those limits and does not account for texts that grow in macros.
func maxCost(r *rule) uint64 {
	b := bounder{tree: r.checked.NativeRep(), patterns: r.patterns, params: map[string]bool{execVar: true, userVar: true}}
	return min(b.cost(b.tree.Expr()), maxRuleCost)
}

// A bounder computes bounds on the costs that estimator charges, before values
// are known. It assumes that every value is as large as the limits allow and
// that every branch runs. Sums do not overflow, because an expression has at
// most maxNodes nodes and loops nest at most twice.
type bounder struct {
	tree     *ast.AST
	patterns map[string]*pattern
	params   map[string]bool // variables that are one set of parameters, or come from one
}

// nodeCost bounds the engine's charge for the node alone: 1 for a variable and
// 1 for each field, index or presence test on the path.
const nodeCost = 2

// cost bounds the cost of evaluating e once.
func (b *bounder) cost(e ast.Expr) uint64 {
	sum := uint64(nodeCost)
	switch e.Kind() {
	case ast.ComprehensionKind:
		return sum + b.loop(e.AsComprehension())
	case ast.CallKind:
		sum += b.call(e.AsCall())
	case ast.ListKind:
		sum += common.ListCreateBaseCost
	}
	for _, child := range children(e) {
		sum += b.cost(child)
	}
	return sum
}

// loop bounds the cost of a macro. A list has at most maxParamsItems elements:
// parameters are limited to that, list literals have fewer nodes, and lists
// cannot be concatenated.
func (b *bounder) loop(c ast.ComprehensionExpr) uint64 {
	n := uint64(maxParamsItems)
	if c.IterRange().Kind() == ast.ListKind {
		n = uint64(c.IterRange().AsList().Size())
	}
	sum := b.cost(c.IterRange()) + b.cost(c.AccuInit())
	name := c.IterVar()
	outer := b.params[name]
	b.params[name] = b.isParam(c.IterRange())
	sum += n * (b.cost(c.LoopCondition()) + b.cost(c.LoopStep()))
	b.params[name] = outer
	return sum + b.cost(c.Result())
}

// call bounds the charge of estimator for a call.
func (b *bounder) call(c ast.CallExpr) uint64 {
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	switch c.FunctionName() {
	case opEquals, opNotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, "startsWith", "endsWith":
		return 1 + min(b.weigh(args[0]), b.weigh(args[1]))
	case operators.In:
		return 1 + b.weigh(args[1])
	case operators.Add, "contains":
		return 1 + (b.text(args[0])+b.text(args[1]))/bytesPerUnit
	case fnSize:
		return 1 + b.text(args[0])/bytesPerUnit
	case fnMatches:
		if p, ok := args[1].AsLiteral().(types.String); ok && b.patterns[string(p)] != nil {
			return 1 + (b.text(args[0])+1)*uint64(b.patterns[string(p)].insts)/100
		}
		return maxCallCost
	}
	return 1
}

func (b *bounder) kind(e ast.Expr) types.Kind { return b.tree.GetType(e.ID()).Kind() }

// isParam reports whether e can only be one set of parameters or a part of it.
func (b *bounder) isParam(e ast.Expr) bool {
	switch e.Kind() {
	case ast.IdentKind:
		return b.params[e.AsIdent()]
	case ast.SelectKind:
		return !e.AsSelect().IsTestOnly() && b.isParam(e.AsSelect().Operand())
	}
	c, ok := called(e, operators.Index, opList)
	return ok && b.isParam(c.Args()[0])
}

// text bounds the bytes of e if e may be a text. Otherwise it returns 0.
func (b *bounder) text(e ast.Expr) uint64 {
	switch b.kind(e) {
	case types.DoubleKind, types.BoolKind, types.TimestampKind, types.DurationKind, types.NullTypeKind, types.ListKind, types.MapKind, types.StructKind:
		return 0
	}
	if s, ok := e.AsLiteral().(types.String); ok {
		return uint64(len(s))
	}
	if b.isParam(e) {
		return maxParamsBytes
	}
	if c, ok := called(e, operators.Add); ok {
		return min(b.text(c.Args()[0])+b.text(c.Args()[1]), maxStringBytes)
	}
	if c, ok := called(e, operators.Conditional); ok {
		return max(b.text(c.Args()[1]), b.text(c.Args()[2]))
	}
	return maxStringBytes
}

// weigh bounds the cost of reading all of e.
func (b *bounder) weigh(e ast.Expr) uint64 {
	switch b.kind(e) {
	case types.DoubleKind, types.BoolKind, types.TimestampKind, types.DurationKind, types.NullTypeKind:
		return 1
	case types.StringKind:
		return 1 + b.text(e)/bytesPerUnit
	}
	if e.Kind() == ast.ListKind {
		sum := uint64(1)
		for _, item := range e.AsList().Elements() {
			sum += b.weigh(item)
		}
		return sum
	}
	if c, ok := called(e, operators.Conditional); ok {
		return max(b.weigh(c.Args()[1]), b.weigh(c.Args()[2]))
	}
	if !b.isParam(e) {
		return maxCallCost
	}
	// Every value and every name takes at least two bytes of the parameters.
	values := uint64(1 + maxParamsBytes/2)
	if t := b.tree.GetType(e.ID()); t.Kind() == types.ListKind {
		switch t.Parameters()[0].Kind() {
		case types.DoubleKind, types.BoolKind:
			return 1 + maxParamsItems
		case types.StringKind:
			values = 1 + maxParamsItems
		}
	}
	return values + maxParamsBytes/bytesPerUnit
}
