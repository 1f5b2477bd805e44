package policy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/parser"

	"github.com/mandate-engine/mandate/canonical"
)

// Permits tells an agent, before it acts, what an action leaves open. It is
// advice, not a decision: only [Action.Evaluate] decides.
type Permits struct {
	// Rules has one element per rule, in the order of the rules. It is nil if
	// there are Faults.
	Rules []Residual
	// Schema is a JSON Schema (draft 2020-12) of executionParams in canonical
	// form. It accepts all parameters that Evaluate allows, except that
	// Evaluate takes null members as absent. It may accept other parameters,
	// which the residuals refuse. It is "false" if nothing can be allowed.
	Schema []byte
	// Faults lists the faults of userParams or of the tool. If there are any,
	// nothing can be allowed.
	Faults []Fault
}

// A Residual is the remainder of a rule after userParams, and the tool if
// given, are known.
type Residual struct {
	Rule string
	// Expression is CEL. It is true for exactly those valid executionParams
	// for which the rule passes or is skipped, an effect of forbid included.
	// "true" and "false" are possible. It reads executionParams, now, and
	// those userParams that are hidden, absent or without a literal form. It
	// may be longer than Compile accepts.
	Expression string
	// InSchema reports that the schema expresses the whole rule. An agent that
	// keeps to the schema then does not need Expression.
	InSchema bool
}

// Permits computes what the action leaves open for the given userParams and
// tool. An empty tool means that the tool is not known yet. The result does
// not contain values of hidden userParams. Permits compiles many small
// expressions: it takes milliseconds for a typical action, and about as long
// as an Evaluate at its limits for a hostile one. Call it once per mandate,
// not once per request. If that limit is reached, or a value is longer than
// 100 KB, residuals are longer than necessary.
//
// An error means that there is no result: ctx is done, or the action was not
// compiled.
func (a *Action) Permits(ctx context.Context, userParams canonical.Value, tool string) (*Permits, error) {
	if a == nil || a.name == "" {
		return nil, errors.New("policy: the action was not compiled")
	}
	user, faults := a.user.readUser(userParams, nil)
	if code := a.exec.refusesTool(tool); len(faults) == 0 && code != "" {
		faults = []Fault{{"/" + toolField, code, "not a tool that the action declares"}}
	}
	if len(faults) > 0 {
		return &Permits{Schema: []byte("false"), Faults: faults}, nil
	}
	c, err := newCompiler(a.exec, a.user)
	if err != nil {
		return nil, err
	}
	f := &folder{ctx: ctx, compiler: c, exec: a.exec, tool: tool, hidden: user.hidden, known: map[string]known{},
		vars: map[string]any{execVar: map[string]any{toolField: tool}, userVar: user.members()}}
	p := &Permits{Rules: make([]Residual, 0, len(a.rules))}
	s := newSchema(a.exec, tool)
	for _, r := range a.rules {
		tree := f.residual(r)
		if err := done(ctx); err != nil {
			return nil, err
		}
		p.Rules = append(p.Rules, Residual{r.name, unparse(tree), narrower{schema: s}.narrow(tree, true)})
	}
	p.Schema, err = s.bytes()
	return p, err
}

// refusesTool returns the code of the fault if the tool cannot be allowed.
func (s *shape) refusesTool(tool string) string {
	switch f := s.fields[toolField]; {
	case tool == "" || !s.declared && s.tools == nil:
		return ""
	case s.tools != nil && !slices.Contains(s.tools, tool):
		return "unmanifested_tool"
	case f == nil:
		return "undeclared"
	case f.values != nil && !f.values[tool]:
		return "value"
	}
	return ""
}

// A folder replaces the known parts of an expression with their values. It
// works on plain trees.
type folder struct {
	ctx      context.Context
	compiler *compiler
	exec     *shape
	tool     string
	vars     map[string]any
	hidden   map[string]bool // userParams whose values must not be revealed
	secret   bool            // treat all userParams as hidden
	known    map[string]known
	untyped  bool   // a literal replaced an expression of unknown type
	spent    uint64 // part of maxActionCost; at the limit, folding stops
}

// A known is the result of evaluating a closed expression: its value as a
// literal, or nil, the approximate length of that literal in bytes, and
// whether the type of the expression was unknown.
type known struct {
	value   ast.Expr
	size    uint64
	untyped bool
}

// residual returns the condition under which r passes or is skipped.
func (f *folder) residual(r *rule) ast.Expr {
	if r.unknownMember {
		return literal(types.False)
	}
	if f.tool != "" && !r.applies(f.tool) {
		return literal(types.True)
	}
	tree, err := parsePlain(r.source)
	if err != nil {
		return literal(types.False) // impossible: it compiled
	}
	f.untyped = false
	folded := f.fold(tree.Expr())
	if f.untyped && !f.compiler.accepts(unparse(folded)) {
		// A value of the wrong type is an error at run time, which || may
		// absorb. As a literal it would not compile.
		folded = tree.Expr()
	}
	if r.forbid {
		folded = not(folded)
	}
	if r.appliesTo != nil && f.tool == "" {
		tools := make([]ast.Expr, len(r.appliesTo))
		for i, t := range r.appliesTo {
			tools[i] = literal(types.String(t))
		}
		fac := ast.NewExprFactory()
		field := fac.NewSelect(0, fac.NewIdent(0, execVar), toolField)
		meant := fac.NewCall(0, operators.In, field, fac.NewList(0, tools, nil))
		folded = f.logic(operators.LogicalOr, []ast.Expr{not(meant), folded})
	}
	return folded
}

// accepts reports whether an expression compiles.
func (c *compiler) accepts(source string) bool {
	return c.check(&rule{}, source, &issues{})
}

func literal(v ref.Val) ast.Expr { return ast.NewExprFactory().NewLiteral(0, v) }

func not(e ast.Expr) ast.Expr {
	if b, ok := e.AsLiteral().(types.Bool); ok {
		return literal(!b)
	}
	return ast.NewExprFactory().NewCall(0, operators.LogicalNot, e)
}

func unparse(e ast.Expr) string {
	s, err := parser.Unparse(e, ast.NewSourceInfo(nil))
	if err != nil {
		return "false" // impossible: the tree is of the profile
	}
	return strings.ReplaceAll(s, "\n", " ")
}

func (f *folder) fold(e ast.Expr) ast.Expr {
	if e.Kind() == ast.LiteralKind {
		return e
	}
	if c, ok := called(e, operators.Has); ok {
		if name, ok := fieldOf(c.Args()[0], execVar); ok && f.present(name) {
			return literal(types.True)
		}
	}
	if f.closed(e, nil) {
		if v := f.value(e); v != nil {
			return v
		}
	}
	fac := ast.NewExprFactory()
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		return fac.NewSelect(e.ID(), f.path(s.Operand()), s.FieldName())
	case ast.ListKind:
		return fac.NewList(e.ID(), f.foldAll(e.AsList().Elements()), nil)
	case ast.CallKind:
		return f.call(e)
	}
	return e
}

func (f *folder) foldAll(list []ast.Expr) []ast.Expr {
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = f.fold(e)
	}
	return out
}

// path folds the operand of a selection. A literal cannot be an operand there.
func (f *folder) path(e ast.Expr) ast.Expr {
	if folded := f.fold(e); folded.Kind() != ast.LiteralKind && folded.Kind() != ast.ListKind {
		return folded
	}
	return e
}

func (f *folder) call(e ast.Expr) ast.Expr {
	fac := ast.NewExprFactory()
	c := e.AsCall()
	name := c.FunctionName()
	switch name {
	case operators.LogicalAnd, operators.LogicalOr:
		return f.logic(name, f.foldAll(c.Args()))
	case operators.LogicalNot:
		return not(f.fold(c.Args()[0]))
	case operators.Conditional:
		args := f.foldAll(c.Args())
		if b, ok := args[0].AsLiteral().(types.Bool); ok {
			if b {
				return args[1]
			}
			return args[2]
		}
		return fac.NewCall(e.ID(), name, args...)
	case operators.Has:
		return e
	case operators.Index:
		if _, ok := c.Args()[1].AsLiteral().(types.String); ok {
			return fac.NewCall(e.ID(), name, f.path(c.Args()[0]), c.Args()[1])
		}
	}
	args := slices.Clone(c.Args())
	for i := range args {
		if !(isMacro(name) && i == 0 || name == operators.Index && i == 1) {
			args[i] = f.fold(args[i])
		}
	}
	if c.IsMemberFunction() {
		return fac.NewMemberCall(e.ID(), name, f.fold(c.Target()), args...)
	}
	return fac.NewCall(e.ID(), name, args...)
}

// logic simplifies && and ||. A deciding operand decides whatever the other
// is, errors included. With the neutral value, the result is the other
// operand, but only if that is a bool: otherwise the whole expression is an
// error.
func (f *folder) logic(name string, args []ast.Expr) ast.Expr {
	deciding := types.Bool(name == operators.LogicalOr)
	for i, arg := range args {
		b, ok := arg.AsLiteral().(types.Bool)
		if ok && b == deciding {
			return literal(deciding)
		}
		if ok && f.isBool(args[1-i]) {
			return args[1-i]
		}
	}
	return ast.NewExprFactory().NewCall(0, name, args...)
}

// isBool reports whether e can only be a bool or an error.
func (f *folder) isBool(e ast.Expr) bool {
	if name, ok := fieldOf(e, execVar); ok {
		field := f.exec.fields[name]
		return field != nil && field.kind == booleanKind
	}
	if _, ok := e.AsLiteral().(types.Bool); ok {
		return true
	}
	_, isCall := called(e, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In, operators.Has,
		operators.All, operators.Exists, operators.ExistsOne, "startsWith", "endsWith", "contains", fnMatches)
	return isCall
}

// isMacro reports whether a member function is a loop. Its first argument is
// then the loop variable.
func isMacro(name string) bool {
	switch name {
	case operators.All, operators.Exists, operators.ExistsOne, operators.Map, operators.Filter:
		return true
	}
	return false
}

// present reports whether valid executionParams always have a field.
func (f *folder) present(name string) bool {
	if name == toolField && (f.tool != "" || f.exec.tools != nil) {
		return true
	}
	field := f.exec.fields[name]
	return field != nil && field.required
}

// closed reports whether the value of e is known: e reads only constants,
// userParams that are not hidden, the tool, and variables of its own loops.
func (f *folder) closed(e ast.Expr, loops []string) bool {
	if name, ok := fieldOf(e, userVar); ok {
		return !f.secret && !f.hidden[name]
	}
	if name, ok := fieldOf(e, execVar); ok {
		return name == toolField && f.tool != ""
	}
	if e.Kind() == ast.IdentKind {
		return slices.Contains(loops, e.AsIdent())
	}
	if e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() && isMacro(e.AsCall().FunctionName()) {
		c := e.AsCall()
		if !f.closed(c.Target(), loops) {
			return false
		}
		loops = append(slices.Clone(loops), c.Args()[0].AsIdent())
	}
	return !slices.ContainsFunc(children(e), func(child ast.Expr) bool { return !f.closed(child, loops) })
}

// value evaluates a closed expression. It returns nil for an error, for a
// value without a literal form, and once compiling, running and printing such
// expressions has cost maxActionCost.
func (f *folder) value(e ast.Expr) ast.Expr {
	source := unparse(e)
	k, seen := f.known[source]
	if !seen && f.spend(uint64(len(source))) {
		k = f.evaluate(source)
		f.known[source] = k
	}
	if k.value == nil || !f.spend(k.size) {
		return nil
	}
	f.untyped = f.untyped || k.untyped
	return k.value
}

func (f *folder) spend(cost uint64) bool {
	f.spent += cost
	return f.spent <= maxActionCost
}

func (f *folder) evaluate(source string) known {
	r := &rule{}
	if !f.compiler.check(r, source, &issues{}) {
		return known{}
	}
	program, err := r.plan(true)
	if err != nil {
		return known{}
	}
	v, details, err := program.ContextEval(f.ctx, f.vars)
	if cost := details.ActualCost(); cost != nil {
		f.spent += *cost
	}
	if err != nil {
		return known{}
	}
	size := bytesPerUnit * weigh(v, maxCallCost)
	if size >= maxCallCost {
		return known{}
	}
	return known{asLiteral(v), uint64(size), strings.Contains(typeName(r.checked.OutputType()), "dyn")}
}

// asLiteral returns the expression whose value is v, or nil.
func asLiteral(v ref.Val) ast.Expr {
	switch t := v.(type) {
	case types.Bool, types.String, types.Null:
		return literal(v)
	case types.Double:
		if safeNumber(float64(t)) {
			return literal(v)
		}
	case traits.Lister:
		items := []ast.Expr{}
		for it := t.Iterator(); it.HasNext() == types.True; {
			item := asLiteral(it.Next())
			if item == nil {
				return nil
			}
			items = append(items, item)
		}
		return ast.NewExprFactory().NewList(0, items, nil)
	}
	return nil
}
