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

// Input is what one evaluation looks at.
type Input struct {
	// UserParams is mandate.userParams as signed, its members wrapped as
	// {"value": …} or plain. Absent counts as {}.
	UserParams canonical.Value
	// ExecutionParams is what the agent intends to do. Absent counts as {}.
	ExecutionParams canonical.Value
	// Now is the time of the variable now, to the nanosecond. Required.
	Now time.Time
}

// A Reason says why a [Decision] denies. The texts are stable.
type Reason string

// The reasons. When rules both fail and err, the reason is ReasonRuleFailed.
const (
	ReasonUserParamsInvalid      Reason = "user_params_invalid"
	ReasonExecutionParamsInvalid Reason = "execution_params_invalid"
	ReasonRuleFailed             Reason = "rule_failed"
	ReasonRuleError              Reason = "rule_error"
)

// A Result is the outcome of one rule. Only pass and skip do not deny.
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

// The codes: CodeOK goes with pass, CodeFailed with fail, CodeNotApplicable
// with skip, the others with error.
const (
	CodeOK            Code = "ok"
	CodeFailed        Code = "failed"
	CodeNotApplicable Code = "not_applicable"
	CodeMissingField  Code = "missing_field"  // an absent field or list element was read
	CodeTypeMismatch  Code = "type_mismatch"  // an operation does not take a value, or has no finite result
	CodeCostExceeded  Code = "cost_exceeded"  // the rule, or the action so far, costs too much
	CodeNotBool       Code = "not_bool"       // the expression is neither true nor false
	CodeUnknownMember Code = "unknown_member" // the rule says something this version does not know

	// CodeCompileError is in no Decision, since such an action has none. It is
	// for tools that show the rules of a broken content one by one.
	CodeCompileError Code = "compile_error"
)

// An Evaluation is what became of one rule.
type Evaluation struct {
	Rule   string `json:"rule"`
	Result Result `json:"result"`
	Code   Code   `json:"code"`
	// Reason is for people. For pass it is "Expression evaluated to true", or
	// "… to false" for a forbid rule; for fail it goes on with the compared
	// values. It holds at most 1,024 code points, values of at most 64, and
	// neither the value of a hidden parameter nor which of several operands
	// decided where one of them reads it.
	Reason string `json:"reason"`
	// PassesIf is a condition on executionParams, in CEL, under which a rule
	// that failed passes at the same time and with all else as it is:
	// "executionParams.amount <= 500". It is sufficient, not necessary, and ""
	// when the rule is no comparison, when nothing could meet it, when there is
	// no short one, and when the rule reads a hidden parameter.
	PassesIf string `json:"passesIf,omitempty"`
}

// A Decision is the outcome of one evaluation. The zero Decision denies.
type Decision struct {
	Allow bool
	// Reason is "" only when Allow is true.
	Reason Reason
	// Evaluations has one element per rule, in their order. It is nil when
	// the parameters were invalid, and empty when there are no rules.
	Evaluations []Evaluation
	// Faults lists what is wrong with the parameters, sorted by pointer, at
	// most 100: those of userParams when these are invalid, otherwise those of
	// executionParams.
	Faults []Fault
}

// Evaluate decides about one set of parameters. Both sets are validated first,
// with the limits 64 KiB in canonical form, depth 8 and 1,000 elements per
// array; then every rule runs. What Evaluate returns depends on the action and
// the input alone.
//
// An error means that there is no decision: ctx is done, Now is not set or
// outside of the years 1 to 9999, the action is nil or was not compiled, or
// the expression engine itself failed.
func (a *Action) Evaluate(ctx context.Context, in Input) (*Decision, error) {
	ev, d, err := a.read(ctx, in)
	if d != nil || err != nil {
		return d, err
	}
	return a.run(ctx, ev)
}

// read validates the input. It returns the decision when that denies.
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
	user, faults := a.user.readUser(in.UserParams, ev.room[:])
	if len(faults) > 0 {
		return nil, &Decision{Reason: ReasonUserParamsInvalid, Faults: faults}, nil
	}
	exec, faults := a.exec.readExecution(in.ExecutionParams, ev.room[min(len(user.fields), len(ev.room)):])
	if len(faults) > 0 {
		return nil, &Decision{Reason: ReasonExecutionParamsInvalid, Faults: faults}, nil
	}
	ev.user, ev.exec = user, exec
	return ev, nil, nil
}

// The years 1 to 9999, which RFC 3339 can write, in Unix time.
const (
	firstSecond = -62_135_596_800
	lastSecond  = 253_402_300_799
)

// An evaluation is the validated input of the rules, and what they cost. It
// gives the engine its variables.
type evaluation struct {
	exec, user params
	now        time.Time
	cost       uint64
	// explained is what explaining the rules that failed has cost.
	explained int
	room      [8]ref.Val // of the fields of both, if they are few
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

// rule evaluates one rule into e. Its error means no decision.
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
	// The engine looks at the context in loops alone; watching it takes longer
	// than a typical rule without them.
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
	// absorbed that: whatever the value is, it is no outcome.
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

// explain runs a rule that failed once more, keeping the value of every
// sub-expression, and says which of them made it fail, and what would make it
// pass. Rules that pass, the common case, do not pay for that. Both are ""
// when there is nothing to say, and once that has cost maxExplainCost.
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

// measure returns what a rule costs that is evaluated without counting.
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

// trace runs a rule and returns the value of every sub-expression that was
// evaluated; nil when the outcome is not the one that is wanted.
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

// done returns the reason for which ctx is done, or nil.
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
