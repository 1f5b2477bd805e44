package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/interpreter"
)

// A rule is one compiled rule.
type rule struct {
	name          string
	appliesTo     []string // nil: every tool
	forbid        bool
	unknownMember bool

	source   string
	nodes    int
	loops    int      // depth of nested loops
	written  *ast.AST // as parsed, for explanations
	env      *cel.Env
	checked  *cel.Ast
	program  cel.Program
	patterns map[string]*pattern
	cost     uint64 // upper bound, capped at maxRuleCost
	free     bool   // cannot reach a limit, so program does not count cost
}

// applies reports whether the rule applies to a tool.
func (r *rule) applies(tool string) bool {
	return r.appliesTo == nil || slices.Contains(r.appliesTo, tool)
}

// A compiler compiles the rules of one content.
type compiler struct {
	env        *cel.Env
	exec, user *shape
	total      int // code points so far
}

func newCompiler(exec, user *shape) (*compiler, error) {
	env, err := newEnv(exec, user)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	return &compiler{env: env, exec: exec, user: user}, nil
}

// compile compiles one expression into r or reports issues.
func (c *compiler) compile(r *rule, source string, is *issues) {
	runes := utf8.RuneCountInString(source)
	if runes > maxSourceRunes {
		is.rule(r.name, "limit", "the expression has more than %d characters", maxSourceRunes)
		return
	}
	if c.total += runes; c.total > maxActionSource {
		is.rule(r.name, "limit", "the expressions together have more than %d characters", maxActionSource)
		return
	}
	if !c.check(r, source, is) {
		return
	}
	if out := r.checked.OutputType(); out.Kind() != cel.BoolKind && out.Kind() != cel.DynKind {
		is.rule(r.name, "not_bool", "the expression is a %s, not a bool", typeName(out))
		return
	}
	r.cost = maxCost(r)
}

// plan makes the programs of the compiled rules. Counting cost takes three
// times as long as evaluating. So plan does not count the cost of a rule that
// cannot reach its limit, as long as all rules together cannot reach the limit
// of the action. The outcome is then the same without counting.
func (c *compiler) plan(rules []*rule, is *issues) {
	total := uint64(0)
	for _, r := range rules {
		total += r.cost
	}
	for _, r := range rules {
		r.free = r.cost < maxRuleCost && total < maxActionCost
		var err error
		if r.program, err = r.plan(!r.free); err != nil {
			is.rule(r.name, "internal", "%v", err)
		}
	}
}

// check parses, hardens and type-checks an expression of any type.
func (c *compiler) check(r *rule, source string, is *issues) bool {
	parsed, problems := c.env.Parse(source)
	if c.report(r.name, "syntax", problems, is) {
		return false
	}
	r.source, r.written = source, ast.Copy(parsed.NativeRep())
	r.patterns = map[string]*pattern{}
	found := 0
	refuse := func(id int64, code, message string) {
		if found++; found <= maxIssuesPerRule {
			at := r.written.SourceInfo().GetStartLocation(id)
			is.add(Issue{Rule: r.name, Line: at.Line(), Column: at.Column() + 1, Code: code, Message: message})
		}
	}
	h := hardener{fac: ast.NewExprFactory(), report: refuse, patterns: r.patterns}
	r.loops = h.walk(parsed.NativeRep().Expr(), 1)
	if found > 0 {
		return false
	}
	checked, problems := c.env.Check(parsed)
	if c.report(r.name, "type", problems, is) {
		return false
	}
	hardenTyped(checked.NativeRep(), refuse)
	r.nodes = h.nodes
	r.env, r.checked = c.env, checked
	return found == 0
}

// plan returns a program for r, with or without the cost limit. A program that
// tracks the value of every sub-expression has no limit, because the engine
// (v0.31.0) then does not count cost.
func (r *rule) plan(limited bool, options ...cel.EvalOption) (cel.Program, error) {
	o := []cel.ProgramOption{
		cel.EvalOptions(options...),
		cel.InterruptCheckFrequency(interruptEvery),
		cel.OptimizeRegex(useCompiled(r.patterns)),
	}
	if limited {
		o = append(o, cel.CostTracking(&estimator{patterns: r.patterns}), cel.CostLimit(maxRuleCost))
	}
	return r.env.Program(r.checked, o...)
}

// report adds the issues found by the engine and reports whether there were
// any.
func (c *compiler) report(rule, code string, problems *cel.Issues, is *issues) bool {
	errs := problems.Errors()
	for _, e := range errs[:min(len(errs), maxIssuesPerRule)] {
		issue := Issue{Rule: rule, Code: code, Message: plain(e.Message)}
		issue.Hint = c.hint(e.Message)
		if at := e.Location; at != nil && at.Line() > 0 {
			issue.Line, issue.Column = at.Line(), at.Column()+1
		}
		is.add(issue)
	}
	return len(errs) > 0
}

// hint suggests the field that an undeclared name may stand for.
func (c *compiler) hint(message string) string {
	rest, ok := strings.CutPrefix(message, "undefined field '")
	if !ok {
		return ""
	}
	name := strings.TrimSuffix(rest, "'")
	var best []string
	distance := 2 // with more edits it is another word
	for variable, shape := range map[string]*shape{execVar: c.exec, userVar: c.user} {
		for _, declared := range shape.names {
			d := edits(name, declared)
			if d < distance {
				best, distance = nil, d
			}
			if d == distance && d < len(declared) {
				best = append(best, variable+"."+declared)
			}
		}
	}
	if len(best) == 0 {
		return ""
	}
	slices.Sort(best)
	return fmt.Sprintf("did you mean %s?", strings.Join(best, " or "))
}

// edits returns the edit distance of two names. Swapping two neighbouring
// characters counts as one edit.
func edits(a, b string) int {
	if len(a) > maxNameRunes || len(b) > maxNameRunes {
		return maxNameRunes
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// plain replaces our internal names in a message of the engine.
func plain(message string) string {
	return strings.NewReplacer(
		opEquals, "_==_", opNotEquals, "_!=_", "@in", "in", execType, execVar, userType, userVar,
		" (in container '')", "").Replace(message)
}

func typeName(t *cel.Type) string { return plain(cel.FormatCELType(t)) }

// errEngine is a failure of the engine itself. It is not the outcome of a
// rule.
var errEngine = errors.New("policy: the expression engine failed")

// classify turns an evaluation error into a code and a text without values of
// the parameters. It returns errEngine for a panic in the engine.
func classify(err error) (Code, string, error) {
	var cancelled interpreter.EvalCancelledError
	message := err.Error()
	switch {
	case errors.As(err, &cancelled) || errors.Is(err, errTooCostly):
		return CodeCostExceeded, "the rule costs more than the limit", nil
	case strings.HasPrefix(message, "internal error"):
		return "", "", errEngine
	// The engine has no typed errors for these. The texts are pinned with its
	// version; a test fails when they change.
	case strings.HasPrefix(message, "no such key") || strings.HasPrefix(message, "no such attribute"):
		return CodeMissingField, strings.Replace(message, "no such key", "no such field", 1), nil
	case strings.HasPrefix(message, "index out of bounds"):
		return CodeMissingField, message, nil
	case strings.HasPrefix(message, "no such overload"):
		return CodeTypeMismatch, "a value has a type that the operation does not take", nil
	case errors.Is(err, errMixed) || errors.Is(err, errNotFinite):
		return CodeTypeMismatch, message, nil
	}
	return CodeTypeMismatch, plain(message), nil
}
