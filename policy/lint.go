package policy

import (
	"context"
	"fmt"
	"regexp/syntax"
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// Lint returns warnings about rules that compile but are probably not meant as
// written, each with a hint. The issuer should read them before signing. A
// warning does not prevent evaluation. The codes are
//
//   - unguarded_optional: a rule reads an optional field without has(). If the
//     field is absent, the rule is an error, which denies.
//   - always_true, never_true: the rule cannot fail, or cannot pass, whatever
//     the parameters.
//   - reads_nothing: the rule reads no executionParams.
//   - unused_user_param: no rule reads a declared userParam.
//   - no_lower_bound: a number has only an upper limit, so -1e9 passes.
//   - unanchored_pattern: matches finds the pattern anywhere in the text.
//   - number_equality: == or != compares numbers; 0.1 + 0.2 is not 0.3.
//   - cost: with the largest parameters the rule may exceed its cost limit,
//     which denies.
//
// Lint works from declared shapes and finds little in an untyped action.
func (a *Action) Lint() []Issue {
	is := &issues{}
	c, err := newCompiler(a.exec, a.user)
	if err != nil {
		return nil
	}
	f := &folder{ctx: context.Background(), compiler: c, exec: a.exec, secret: true, known: map[string]known{}, vars: map[string]any{}}
	l := &linter{action: a, issues: is, compiler: c, folder: f, used: map[string]bool{}, upper: map[string]Issue{}, lower: map[string]bool{}}
	for _, r := range a.rules {
		if tree, err := parsePlain(r.source); err == nil {
			l.rule, l.tree, l.reported, l.mayErr = r, tree, map[string]bool{}, false
			l.lint(tree.Expr())
		}
	}
	for _, name := range a.user.names {
		if !l.used[name] && !l.used[everyField] {
			is.add(Issue{Code: "unused_user_param", Severity: SeverityWarning, Message: "no rule reads userParams." + name, Hint: "remove it, or write the rule that it is for"})
		}
	}
	for _, name := range a.exec.names {
		if i, ok := l.upper[name]; ok && !l.lower[name] {
			is.add(i)
		}
	}
	return is.list
}

// A linter checks one action, rule by rule.
type linter struct {
	action   *Action
	issues   *issues
	compiler *compiler
	folder   *folder
	rule     *rule
	tree     *ast.AST
	mayErr   bool            // the rule reads a field that may be absent
	reported map[string]bool // codes and fields already reported for the rule

	used  map[string]bool  // userParams
	upper map[string]Issue // the fields of executionParams with an upper limit
	lower map[string]bool
}

func (l *linter) warn(e ast.Expr, code, hint, format string, args ...any) {
	if i := l.issue(e, code, hint, format, args...); !l.reported[code+i.Message] {
		l.reported[code+i.Message] = true
		l.issues.add(i)
	}
}

func (l *linter) issue(e ast.Expr, code, hint, format string, args ...any) Issue {
	at := l.tree.SourceInfo().GetStartLocation(e.ID())
	return Issue{Rule: l.rule.name, Line: at.Line(), Column: at.Column() + 1, Code: code, Severity: SeverityWarning,
		Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (l *linter) lint(root ast.Expr) {
	for _, name := range reads(root, userVar) {
		l.used[name] = true
	}
	l.presence(root, nil)
	l.outcome(root)
	l.limits(root, !l.rule.forbid)
	ast.PostOrderVisit(root, ast.NewExprVisitor(l.node))
	if l.rule.cost >= maxRuleCost {
		l.warn(root, "cost", "loop over one list, and compare its elements with literals", "the largest parameters may cost more than the limit of %d", maxRuleCost)
	}
}

// outcome reports rules that cannot fail or cannot pass.
func (l *linter) outcome(root ast.Expr) {
	folded := l.folder.fold(root)
	pass := !l.rule.forbid
	switch {
	case l.impossible(folded, pass):
		l.warn(root, "never_true", "compare it with what the shapes declare", "no parameters pass this rule")
	case l.impossible(folded, !pass) && l.mayErr:
		l.warn(root, "always_true", "declare as required what it reads, or write what it is meant to refuse", "the rule refuses nothing but parameters that lack what it reads")
	case l.impossible(folded, !pass):
		l.warn(root, "always_true", "remove it, or write what it is meant to refuse", "no parameters fail this rule")
	case len(reads(root, execVar)) == 0:
		l.warn(root, "reads_nothing", "compare it with a field of executionParams", "the rule reads nothing that the agent sends")
	}
}

// impossible reports whether e cannot have the value want for any parameters
// of the declared shape.
func (l *linter) impossible(e ast.Expr, want bool) bool {
	s := newSchema(l.action.exec, "")
	narrower{schema: s}.narrow(e, want)
	b, err := s.bytes()
	return err == nil && string(b) == "false"
}

// presence reports reads of optional fields that may be absent there.
func (l *linter) presence(e ast.Expr, present []string) {
	if _, ok := called(e, operators.Has); ok {
		return
	}
	if args, deciding, ok := logical(e); ok {
		// The order does not matter: an error next to the deciding value is
		// absorbed.
		for i, arg := range args {
			l.presence(arg, slices.Concat(present, presentIf(args[1-i], !deciding)))
		}
		return
	}
	if c, ok := called(e, operators.Conditional); ok {
		args := c.Args()
		l.presence(args[0], present)
		l.presence(args[1], slices.Concat(present, presentIf(args[0], true)))
		l.presence(args[2], slices.Concat(present, presentIf(args[0], false)))
		return
	}
	for variable, s := range map[string]*shape{execVar: l.action.exec, userVar: l.action.user} {
		name, ok := fieldOf(e, variable)
		f := s.fields[name]
		if !ok || f != nil && f.required || name == toolField && s.tools != nil || slices.Contains(present, variable+"."+name) {
			continue
		}
		if l.mayErr = true; f != nil {
			l.warn(e, "unguarded_optional", "declare it as required, or guard it with has()", "%s.%s is optional, and read without has()", variable, name)
		}
	}
	for _, child := range children(e) {
		l.presence(child, present)
	}
}

// presentIf returns the fields that must be present for e to have the value.
func presentIf(e ast.Expr, value bool) []string {
	if inner, ok := negated(e); ok {
		return presentIf(inner, !value)
	}
	if args, deciding, ok := logical(e); ok && value != deciding {
		return slices.Concat(presentIf(args[0], value), presentIf(args[1], value))
	}
	if c, ok := called(e, operators.Has); ok && value {
		for _, variable := range []string{execVar, userVar} {
			if name, ok := fieldOf(c.Args()[0], variable); ok {
				return []string{variable + "." + name}
			}
		}
	}
	return nil
}

// limits collects the numbers with an upper limit and those with a lower
// limit.
func (l *linter) limits(e ast.Expr, want bool) {
	if inner, ok := negated(e); ok {
		l.limits(inner, !want)
		return
	}
	if args, _, ok := logical(e); ok {
		l.limits(args[0], want)
		l.limits(args[1], want)
		return
	}
	if c, ok := called(e, operators.Conditional); ok {
		l.limits(c.Args()[1], want)
		l.limits(c.Args()[2], want)
		return
	}
	c, ok := asComparison(e, want)
	if !ok {
		return
	}
	sides := []comparison{c}
	if other, ok := c.mirror(); ok {
		sides = append(sides, other)
	}
	for _, side := range sides {
		side = side.positive()
		for _, name := range reads(side.left, execVar) {
			f := l.action.exec.fields[name]
			if f == nil || f.kind != numberKind || f.values != nil {
				continue
			}
			if _, alone := fieldOf(side.left, execVar); alone && side.op != "<" && side.op != "<=" && side.op != "!=" && side.op != opNotIn {
				l.lower[name] = true
			}
			if _, reported := l.upper[name]; !reported && (side.op == "<" || side.op == "<=") {
				l.upper[name] = l.issue(e, "no_lower_bound", "add executionParams."+name+" >= 0.0", "executionParams.%s has an upper limit and no lower one", name)
			}
		}
	}
}

// positive returns the same bound on the operand of a unary minus.
func (c comparison) positive() comparison {
	var inner ast.Expr
	if call, ok := called(c.left, operators.Negate); ok {
		inner = call.Args()[0]
	} else if call, ok := called(c.left, operators.Subtract); ok && len(reads(call.Args()[0], execVar)) == 0 {
		inner = call.Args()[1]
	} else {
		return c
	}
	m, ok := comparison{c.op, c.right, inner}.mirror()
	if !ok {
		return c
	}
	return m.positive()
}

// node reports warnings that a single call shows.
func (l *linter) node(e ast.Expr) {
	if c, ok := called(e, fnMatches); ok && len(c.Args()) == 1 {
		source, _ := c.Args()[0].AsLiteral().(types.String)
		if tree, err := syntax.Parse(string(source), syntax.Perl); err == nil && !(anchored(tree, syntax.OpBeginText) && anchored(tree, syntax.OpEndText)) {
			l.warn(e, "unanchored_pattern", "begin the pattern with ^ and end it with $", "the pattern may match any part of the text")
		}
	}
	c, ok := asComparison(e, true)
	if !ok || c.op != "==" && c.op != "!=" {
		return
	}
	for _, side := range []ast.Expr{c.left, c.right} {
		name, ok := fieldOf(side, execVar)
		if f := l.action.exec.fields[name]; ok && f != nil && f.kind == numberKind && f.values == nil {
			l.warn(e, "number_equality", "for money compare with <= or >=, or declare the values that there are", "executionParams.%s is a number, compared with %s", name, c.op)
		}
	}
}

// anchored reports whether every match of a pattern begins, or ends, with the
// text anchor op.
func anchored(re *syntax.Regexp, op syntax.Op) bool {
	switch re.Op {
	case op:
		return true
	case syntax.OpCapture:
		return anchored(re.Sub[0], op)
	case syntax.OpConcat:
		if op == syntax.OpBeginText {
			return anchored(re.Sub[0], op)
		}
		return anchored(re.Sub[len(re.Sub)-1], op)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !anchored(sub, op) })
	}
	return false
}
