package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/mandate-engine/mandate/canonical"
)

// Input is the input of one evaluation.
type Input struct {
	// UserParams is mandate.userParams as signed. Its members are wrapped as
	// {"value": …} or plain. Absent counts as {}.
	UserParams canonical.Value
	// ExecutionParams describes what the agent intends to do. Absent counts as
	// {}.
	ExecutionParams canonical.Value
	// Now is the value of the variable now, with nanosecond precision.
	// Required.
	Now time.Time
}

// A Reason says why a [Decision] denies. The texts are stable.
type Reason string

// The reasons. If some rules fail and others err, the reason is
// ReasonRuleFailed.
const (
	ReasonUserParamsInvalid      Reason = "user_params_invalid"
	ReasonExecutionParamsInvalid Reason = "execution_params_invalid"
	ReasonRuleFailed             Reason = "rule_failed"
	ReasonRuleError              Reason = "rule_error"
)

// A Result is the outcome of one rule. Every result other than pass and skip
// denies.
type Result string

// The results.
const (
	ResultPass  Result = "pass"
	ResultFail  Result = "fail"
	ResultSkip  Result = "skip"
	ResultError Result = "error"
)

// A Code says why a rule has its result. The texts are stable.
type Code string

// The codes. CodeOK goes with pass, CodeFailed with fail, CodeNotApplicable
// with skip, the others with error.
const (
	CodeOK            Code = "ok"
	CodeFailed        Code = "failed"
	CodeNotApplicable Code = "not_applicable"
	CodeMissingField  Code = "missing_field"  // an absent field or list element was read
	CodeTypeMismatch  Code = "type_mismatch"  // a value does not fit an operation, or a result is not finite
	CodeCostExceeded  Code = "cost_exceeded"  // the rule, or the action so far, costs too much
	CodeNotBool       Code = "not_bool"       // the expression is neither true nor false
	CodeUnknownMember Code = "unknown_member" // the rule has a member that this version does not know

	// CodeCompileError never appears in a Decision, because Evaluate needs a
	// compiled action. Tools use it to show the rules of a broken content one
	// by one.
	CodeCompileError Code = "compile_error"
)

// An Evaluation is the outcome of one rule, with its reason.
type Evaluation struct {
	Rule   string `json:"rule"`
	Result Result `json:"result"`
	Code   Code   `json:"code"`
	// Reason is for people. For pass it is "Expression evaluated to true", or
	// "… to false" for a forbid rule. For fail the compared values follow.
	// Reason has at most 1,024 code points, and each value at most 64. It
	// never contains the value of a hidden parameter. If an operand reads a
	// hidden parameter, it does not say which operand decided.
	Reason string `json:"reason"`
	// PassesIf is a condition on executionParams, in CEL, such as
	// "executionParams.amount <= 500". The failed rule passes if the condition
	// holds at the same time and all other fields keep their values. The
	// condition is sufficient, not necessary. PassesIf is "" if the rule has
	// no comparison, if no value meets the condition, if the condition is too
	// long, or if the rule reads a hidden parameter.
	PassesIf string `json:"passesIf,omitempty"`
}

// A Decision is the outcome of one evaluation. The zero Decision denies.
type Decision struct {
	Allow bool
	// Reason is "" only when Allow is true.
	Reason Reason
	// Evaluations has one element per rule, in the order of the rules. It is
	// nil if the parameters were invalid, and empty if there are no rules.
	Evaluations []Evaluation
	// Faults lists the faults of the parameters, sorted by pointer, at most
	// 100. They are the faults of userParams if those are invalid, otherwise
	// the faults of executionParams.
	Faults []Fault
}

// Evaluate decides about one set of parameters. It first validates userParams
// and executionParams, each limited to 64 KiB in canonical form, depth 8 and
// 1,000 elements per array. Then it runs every rule. The result depends only
// on the action and the input.
//
// An error means that there is no decision: ctx is done, Now is not set or
// outside the years 1 to 9999, the action is nil or was not compiled, or the
// expression engine itself failed.
func (a *Action) Evaluate(ctx context.Context, in Input) (*Decision, error) {
	ev, d, err := a.read(ctx, in)
	if d != nil || err != nil {
		return d, err
	}
	return a.run(ctx, ev)
}

// read validates the input. It returns a decision if the input is invalid.
func (a *Action) read(ctx context.Context, in Input) (*evaluation, *Decision, error) {
	if a == nil || a.name == "" {
		return nil, nil, errors.New("policy: the action was not compiled")
	}
	if t := in.Now.Unix(); in.Now.IsZero() || t < firstSecond || t > lastSecond {
		return nil, nil, errors.New("policy: Input.Now is not set to a time of the years 1 to 9999")
	}
	if err := done(ctx); err != nil {
		return nil, nil, err
	}
	ev := &evaluation{now: in.Now.UTC()}
	user, faults := a.user.readUser(in.UserParams, ev.buf[:])
	if len(faults) > 0 {
		return nil, &Decision{Reason: ReasonUserParamsInvalid, Faults: faults}, nil
	}
	exec, faults := a.exec.readExecution(in.ExecutionParams, ev.buf[min(len(user.fields), len(ev.buf)):])
	if len(faults) > 0 {
		return nil, &Decision{Reason: ReasonExecutionParamsInvalid, Faults: faults}, nil
	}
	ev.user, ev.exec = user, exec
	return ev, nil, nil
}

// The years 1 to 9999, the range of RFC 3339, in Unix time.
const (
	firstSecond = -62_135_596_800
	lastSecond  = 253_402_300_799
)

// An evaluation holds the validated input of the rules and the cost so far. It
// provides the engine with its variables.
type evaluation struct {
	exec, user params
	now        time.Time
	cost       uint64
	// explained is the cost so far of explaining failed rules.
	explained int
	buf       [8]ref.Val // for the fields of both sets of parameters, if they fit
}

// ResolveName implements cel.Activation.
func (ev *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case execVar:
		return ev.exec.variable(), true
	case userVar:
		return ev.user.variable(), true
	case nowVar:
		return types.Timestamp{Time: ev.now}, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (ev *evaluation) Parent() cel.Activation { return nil }

func (ev *evaluation) tool() string {
	v := ev.exec.loose[toolField]
	if f := ev.exec.shape.fields[toolField]; f != nil && ev.exec.shape.declared {
		v = ev.exec.fields[f.index]
	}
	tool, _ := v.(types.String)
	return string(tool)
}

func (a *Action) run(ctx context.Context, ev *evaluation) (*Decision, error) {
	d := &Decision{Evaluations: make([]Evaluation, len(a.rules))}
	failed, passed := false, 0
	for i, r := range a.rules {
		if err := ev.rule(ctx, r, &d.Evaluations[i]); err != nil {
			return nil, err
		}
		switch d.Evaluations[i].Result {
		case ResultPass, ResultSkip:
			passed++
		case ResultFail:
			failed = true
		}
	}
	switch {
	case failed:
		d.Reason = ReasonRuleFailed
	case passed == len(a.rules):
		d.Allow = true
	default:
		d.Reason = ReasonRuleError
	}
	return d, nil
}

// rule evaluates one rule into e. An error means that there is no decision.
func (ev *evaluation) rule(ctx context.Context, r *rule, e *Evaluation) error {
	e.Rule, e.Result = r.name, ResultError
	if r.unknownMember {
		e.Code, e.Reason = CodeUnknownMember, "The rule has a member that this version does not know"
		return nil
	}
	if r.appliesTo != nil && !r.applies(ev.tool()) {
		e.Result, e.Code, e.Reason = ResultSkip, CodeNotApplicable, "The rule is not meant for this tool"
		return nil
	}
	if ev.cost >= maxActionCost {
		e.Code, e.Reason = CodeCostExceeded, notEvaluated+"the rules before it cost more than the limit"
		return nil
	}
	// The engine checks the context in loops only. For rules without loops,
	// watching the context takes longer than the rule.
	before := ev.cost
	var value ref.Val
	var details *cel.EvalDetails
	var err error
	if r.loops > 0 {
		value, details, err = r.program.ContextEval(ctx, ev)
	} else {
		value, details, err = r.program.Eval(ev)
	}
	if cost := details.ActualCost(); cost != nil {
		ev.cost += min(*cost, maxRuleCost)
	} else if !r.free {
		ev.cost += maxRuleCost
	}
	// A done context may have stopped a loop, and an operator may have
	// absorbed the error. The value is then unusable.
	if err := done(ctx); err != nil {
		return err
	}
	if err != nil {
		if errors.Is(err, interpreter.InterruptError{}) {
			return fmt.Errorf("policy: rule %q: %w", r.name, err)
		}
		code, text, err := classify(err)
		if err != nil {
			return fmt.Errorf("%w: rule %q", err, r.name)
		}
		e.Code, e.Reason = code, truncate(notEvaluated+text, maxMessageRunes)
		return nil
	}
	holds, ok := value.(types.Bool)
	if !ok {
		e.Code, e.Reason = CodeNotBool, notEvaluated+"the value is neither true nor false"
		return nil
	}
	e.Reason = "Expression evaluated to false"
	if holds {
		e.Reason = "Expression evaluated to true"
	}
	if bool(holds) != r.forbid {
		e.Result, e.Code = ResultPass, CodeOK
		return nil
	}
	e.Result, e.Code = ResultFail, CodeFailed
	text, passesIf := ev.explain(ctx, r, bool(holds), ev.cost-before)
	if text != "" {
		e.Reason = truncate(e.Reason+": "+text, maxReasonRunes)
	}
	e.PassesIf = passesIf
	return done(ctx)
}

const notEvaluated = "Expression could not be evaluated: "

// explain runs a failed rule again and records the value of every
// sub-expression. It returns the operands that made the rule fail and a
// condition under which it passes. Passing rules, the common case, do not pay
// for this. Both results are "" if there is nothing to explain, or once
// explaining has cost maxExplainCost.
func (ev *evaluation) explain(ctx context.Context, r *rule, holds bool, cost uint64) (reason, passesIf string) {
	if ev.explained > maxExplainCost {
		return "", ""
	}
	if r.free {
		cost = ev.measure(ctx, r)
	}
	ev.explained += int(cost) + len(r.source)
	state := ev.trace(ctx, r, types.Bool(holds))
	if state == nil {
		return "", ""
	}
	hidden := map[string]map[string]bool{execVar: ev.exec.hidden, userVar: ev.user.hidden}
	x := explainer{written: r.written, state: state, hidden: hidden, user: ev.user.members(), exec: ev.exec.shape}
	x.ctx, x.rule, x.steps = ctx, r, &ev.explained
	return x.text(holds), x.passesIf(!holds)
}

// measure returns the cost of a rule whose program does not count its cost.
func (ev *evaluation) measure(ctx context.Context, r *rule) uint64 {
	program, err := r.plan(true)
	if err != nil {
		return maxRuleCost
	}
	_, details, _ := program.ContextEval(ctx, ev)
	if cost := details.ActualCost(); cost != nil {
		return *cost
	}
	return maxRuleCost
}

// trace runs a rule and returns the value of every evaluated sub-expression.
// It returns nil if the outcome is not want.
func (ev *evaluation) trace(ctx context.Context, r *rule, want ref.Val) interpreter.EvalState {
	program, err := r.plan(true, cel.OptTrackState)
	if err != nil {
		return nil
	}
	value, details, err := program.ContextEval(ctx, ev)
	if err != nil || value != want {
		return nil
	}
	return details.State()
}

// done returns the cause if ctx is done, or nil.
func done(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != err {
		return fmt.Errorf("policy: no decision: %w: %w", err, cause)
	}
	return fmt.Errorf("policy: no decision: %w", err)
}
