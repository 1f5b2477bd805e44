package policy

import (
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// maxCost returns what a rule costs at most with parameters within the
// limits, or maxRuleCost when that is, or could be, more.
func (c *compiler) maxCost(r *rule) uint64 {
	cost, err := c.env.EstimateCost(r.checked, worst{r.patterns})
	if err != nil {
		return maxRuleCost
	}
	return min(cost.Max, maxRuleCost)
}

// worst is the counterpart of estimator before there are values: everything
// is as large as the limits let it be.
type worst struct{ patterns map[string]*pattern }

// EstimateSize implements checker.CostEstimator.
func (worst) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	size := checker.SizeEstimate{Max: maxParamsBytes}
	if node.Type().Kind() == types.ListKind {
		size.Max = maxParamsItems
	}
	return &size
}

// EstimateCallCost implements checker.CostEstimator.
func (w worst) EstimateCallCost(function, _ string, target *checker.AstNode, args []checker.AstNode) *checker.CallEstimate {
	if target != nil {
		args = append([]checker.AstNode{*target}, args...)
	}
	e := &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: 1}}
	switch function {
	case opEquals, opNotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, "startsWith", "endsWith":
		e.Max += min(w.weigh(args[0]), w.weigh(args[1]))
	case operators.In:
		e.Max += w.weigh(args[1])
	case operators.Add, "contains":
		e.Max += w.weigh(args[0]) + w.weigh(args[1])
		if size := w.size(args[0]) + w.size(args[1]); function == operators.Add {
			e.ResultSize = &checker.SizeEstimate{Max: min(size, maxStringBytes)}
		}
	case fnSize:
		e.Max += w.weigh(args[0])
	case fnMatches:
		if p, ok := args[1].Expr().AsLiteral().(types.String); ok && w.patterns[string(p)] != nil {
			e.Max += uint64(min((maxStringBytes+1)*w.patterns[string(p)].insts, maxRegexSteps) / 100)
		}
	}
	return e
}

// size returns the largest size of a value, in bytes for a text.
func (w worst) size(node checker.AstNode) uint64 {
	if s, ok := node.Expr().AsLiteral().(types.String); ok {
		return uint64(len(s))
	}
	if s := node.ComputedSize(); s != nil {
		return min(4*s.Max, maxStringBytes)
	}
	return w.EstimateSize(node).Max
}

// weigh returns the most that it costs to look at all of a value.
func (w worst) weigh(node checker.AstNode) uint64 {
	switch node.Type().Kind() {
	case types.DoubleKind, types.BoolKind, types.TimestampKind, types.DurationKind, types.NullTypeKind:
		return 1
	case types.StringKind:
		return 1 + w.size(node)/bytesPerUnit
	case types.ListKind:
		if e := node.Expr(); e.Kind() == ast.ListKind {
			sum := uint64(1)
			for _, item := range e.AsList().Elements() {
				s, isText := item.AsLiteral().(types.String)
				if !isText && item.Kind() != ast.LiteralKind {
					return maxCallCost
				}
				sum += 1 + uint64(len(s)/bytesPerUnit)
			}
			return sum
		}
		if len(node.Path()) > 0 { // a parameter: its texts together are bounded
			switch node.Type().Parameters()[0].Kind() {
			case types.DoubleKind, types.BoolKind:
				return 1 + maxParamsItems
			case types.StringKind:
				return 1 + 2*maxParamsItems + maxParamsBytes/bytesPerUnit
			}
		}
	}
	return maxCallCost
}
