package policy

import (
	"context"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// A Branch is a condition of a rule: the whole expression, or an operand of &&
// || ! ?:, including those inside macros. A test suite covers a condition once
// it has seen it both true and false.
type Branch struct {
	Rule         string
	Line, Column int // of the condition, from 1
	Source       string
	// True and False report which values the condition had. Inside a macro's
	// loop, they report the last value. Neither is set if the condition was
	// not evaluated.
	True, False bool
}

// Branches evaluates every rule as Evaluate does and returns the conditions of
// all rules, in order, with their values. If the parameters are invalid, no
// condition has a value. Branches is for tests and several times slower than
// Evaluate. Its errors are those of Evaluate.
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
			_, details, _ := program.ContextEval(ctx, ev) // on error, details still hold values
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
