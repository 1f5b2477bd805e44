package policy

import (
	"context"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// A Branch is a condition of a rule: the whole expression, or a part of it
// that && || ! ?: combine, down to the comparisons in macros. A test suite
// that has not seen a condition both true and false has not tested it.
type Branch struct {
	Rule         string
	Line, Column int // of the condition, from 1
	Source       string
	// True and False say which values the condition had. In the loop of a
	// macro that is its last value. Neither is set when it was not evaluated.
	True, False bool
}

// Branches runs every rule as Evaluate does and returns the conditions of all
// of them, in order, with the values they had; none had one when the
// parameters are invalid. It is for tests, and several times slower. An error
// means what it means for Evaluate.
func (a *Action) Branches(ctx context.Context, in Input) ([]Branch, error) {
	ev, invalid, err := a.read(ctx, in)
	if err != nil {
		return nil, err
	}
	var out []Branch
	for _, r := range a.rules {
		x := &explainer{written: r.written}
		if invalid == nil && r.applies(ev.tool()) && !r.unknownMember {
			program, err := r.plan(true, cel.OptTrackState)
			if err != nil {
				return nil, err
			}
			_, details, _ := program.ContextEval(ctx, ev) // an error leaves values as well
			x.state = details.State()
			if err := done(ctx); err != nil {
				return nil, err
			}
		}
		out = append(out, x.branches(r.name)...)
	}
	return out, nil
}

func (x *explainer) branches(rule string) []Branch {
	var out []Branch
	add := func(e ast.Expr) {
		at := x.written.SourceInfo().GetStartLocation(e.ID())
		b := Branch{Rule: rule, Line: at.Line(), Column: at.Column() + 1, Source: truncate(x.source(e), maxClauseRunes)}
		if x.state != nil {
			b.True, b.False = x.value(e) == types.True, x.value(e) == types.False
		}
		out = append(out, b)
	}
	var walk func(e ast.Expr, whole bool)
	walk = func(e ast.Expr, whole bool) {
		if call, ok := x.macro(e); ok {
			add(e)
			if name := call.FunctionName(); name == operators.All || name == operators.Exists || name == operators.ExistsOne {
				walk(call.Args()[1], false)
			}
			return
		}
		args, _, isLogic := logical(e)
		if inner, ok := negated(e); ok {
			args, isLogic = []ast.Expr{inner}, true
		}
		if c, ok := called(e, operators.Conditional); ok {
			args, isLogic = c.Args(), true
		}
		if e.Kind() != ast.LiteralKind && (whole || !isLogic) {
			add(e)
		}
		if isLogic {
			for _, arg := range args {
				walk(arg, false)
			}
		}
	}
	walk(x.written.Expr(), true)
	return out
}
