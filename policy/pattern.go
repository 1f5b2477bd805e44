package policy

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// A pattern is one compiled literal pattern of a rule.
type pattern struct {
	re    *regexp.Regexp
	insts int
}

func compilePattern(s string) (*pattern, error) {
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, errors.New("the pattern is not RE2 syntax")
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, errors.New("the pattern is not RE2 syntax")
	}
	if len(prog.Inst) > maxRegexInsts {
		return nil, fmt.Errorf("the program of the pattern has more than %d instructions", maxRegexInsts)
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, errors.New("the pattern is not RE2 syntax")
	}
	return &pattern{re: re, insts: len(prog.Inst)}, nil
}

// steps bounds the work of matching s.
func (p *pattern) steps(s string) int { return (len(s) + 1) * p.insts }

// match refuses a subject whose matching could take tens of milliseconds: the
// engine charges a call only after it ran.
func (p *pattern) match(s string) ref.Val {
	if p.steps(s) > maxRegexSteps {
		return types.WrapErr(errTooCostly)
	}
	return types.Bool(p.re.MatchString(s))
}

// useCompiled replaces the calls of matches with the compiled patterns of a
// rule.
func useCompiled(patterns map[string]*pattern) *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{
		Function:   fnMatches,
		RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, source string) (interpreter.InterpretableCall, error) {
			p := patterns[source]
			if p == nil {
				return nil, errors.New("the pattern was not compiled")
			}
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(),
				func(args ...ref.Val) ref.Val {
					if len(args) == 2 {
						if s, ok := args[0].(types.String); ok {
							return p.match(string(s))
						}
					}
					return types.WrapErr(errMixed)
				}), nil
		},
	}
}
