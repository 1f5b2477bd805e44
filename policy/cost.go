package policy

import (
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// An estimator charges function calls by the size of their arguments. The
// engine's own cost table goes by overload: it charges 1 for any call whose
// argument types it does not know, whatever their length.
type estimator struct {
	patterns map[string]*pattern
}

// CallCost implements interpreter.ActualCostEstimator.
func (e *estimator) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	cost := e.cost(function, args)
	return &cost
}

func (e *estimator) cost(function string, args []ref.Val) uint64 {
	n := 1
	switch function {
	case opEquals, opNotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		"startsWith", "endsWith":
		n += min(weigh(args[0], maxCallCost), weigh(args[1], maxCallCost))
	case operators.In:
		if _, isList := args[1].(traits.Lister); isList {
			n += weigh(args[1], maxCallCost)
		}
	case operators.Add, "contains":
		n += textCost(args[0]) + textCost(args[1])
	case fnSize:
		n += textCost(args[0])
	case fnMatches:
		s, _ := args[0].(types.String)
		p, _ := args[1].(types.String)
		if re := e.patterns[string(p)]; re != nil {
			n += re.steps(string(s)) / 100
		}
	}
	return uint64(n)
}

// bytesPerUnit is the number of bytes read or copied per unit of cost.
const bytesPerUnit = 10

func textCost(v ref.Val) int {
	s, _ := v.(types.String)
	return len(s) / bytesPerUnit
}

// weigh returns the cost of reading all of v. It stops early, with a number
// not below limit, as soon as the cost reaches limit.
func weigh(v ref.Val, limit int) int {
	n := 1 + textCost(v)
	switch x := v.(type) {
	case traits.Lister:
		for _, item := range items(x) {
			if n >= limit {
				break
			}
			n += weigh(item, limit-n)
		}
	case traits.Mapper:
		for it := x.Iterator(); n < limit && it.HasNext() == types.True; {
			key := it.Next()
			n += weigh(key, limit-n)
			n += weigh(x.Get(key), limit-n)
		}
	}
	return n
}

// items returns the elements of a list. The lists of parameters and of macros
// are Go slices; an iterator would allocate.
func items(list traits.Lister) []ref.Val {
	size, _ := list.Size().(types.Int)
	if at, ok := list.Value().([]ref.Val); ok && len(at) == int(size) {
		return at
	}
	all := make([]ref.Val, 0, size)
	for it := list.Iterator(); it.HasNext() == types.True; {
		all = append(all, it.Next())
	}
	return all
}
