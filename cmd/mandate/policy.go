package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

func (a *app) policyCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Compile an action version content and list everything wrong or odd about it",
		Args:  cobra.ExactArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.policyCheck(args[0], asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) policyCheck(name string, asJSON bool) error {
	content, err := a.parse(name)
	if err != nil {
		return err
	}
	action, issues, err := compile(content)
	if err != nil {
		return err
	}
	ok := action != nil
	if ok {
		issues = append(issues, action.Lint()...)
	}
	if asJSON {
		if err := a.printJSON(object{"ok": ok, "issues": issuesJSON(issues)}); err != nil {
			return err
		}
		return answered(ok)
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, i := range issues {
		where := "content"
		if i.Rule != "" {
			where = short(i.Rule)
		}
		if i.Line > 0 {
			where += fmt.Sprintf(":%d:%d", i.Line, i.Column)
		}
		message := i.Message
		if i.Hint != "" {
			message += "; " + i.Hint
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", i.Severity, where, i.Code, printable(message))
	}
	t.Flush() // the sink records the error
	if ok {
		a.printf("ok\n")
	}
	return answered(ok)
}

// compile returns the action, or nil if it does not compile, and all issues.
func compile(content canonical.Value) (*policy.Action, []policy.Issue, error) {
	action, err := policy.Compile(content)
	if err == nil {
		return action, action.Warnings(), nil
	}
	var bad *policy.CompileError
	if !errors.As(err, &bad) || len(bad.Issues) == 0 {
		return nil, nil, undecided("%w", err)
	}
	return nil, bad.Issues, nil
}

func issuesJSON(issues []policy.Issue) []object {
	out := make([]object, 0, len(issues))
	for _, i := range issues {
		o := object{"code": i.Code, "severity": string(i.Severity), "message": printable(i.Message)}
		o.put("rule", i.Rule)
		o.put("hint", printable(i.Hint))
		if i.Line > 0 {
			o["line"], o["column"] = i.Line, i.Column
		}
		out = append(out, o)
	}
	return out
}

// A trial holds the settings of policy eval.
type trial struct {
	userParams, params text
	at                 instant
	json               bool
}

func (a *app) policyEvalCommand() *cobra.Command {
	var t trial
	cmd := &cobra.Command{
		Use:   "eval FILE",
		Short: "Run the rules of an action version content on parameters",
		Long: `Run the rules of an action version content on parameters: exit 0 when they
allow, 1 when they do not. Nothing is signed or verified, so that nothing is
authorized.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.policyEval(args[0], &t) },
	}
	cmd.Flags().Var(&t.userParams, "user-params", "what the grantor agreed to, `JSON|@FILE`; default {}")
	cmd.Flags().Var(&t.params, "params", "the execution parameters, `JSON|@FILE`; default {}")
	atFlag(cmd, &t.at)
	jsonFlag(cmd, &t.json)
	return cmd
}

func (a *app) policyEval(name string, t *trial) error {
	content, err := a.parse(name)
	if err != nil {
		return err
	}
	user, err := a.paramsFlag("user-params", &t.userParams)
	if err != nil {
		return err
	}
	exec, err := a.paramsFlag("params", &t.params)
	if err != nil {
		return err
	}
	action, issues, err := compile(content)
	if err != nil {
		return err
	}
	if action == nil {
		return a.printInvalid(t, issues)
	}
	d, err := action.Evaluate(context.Background(), policy.Input{UserParams: user, ExecutionParams: exec, Now: t.at.or(a.now)})
	if err != nil {
		return undecided("%w", err)
	}
	decision := "deny"
	if d.Allow {
		decision = "allow"
	}
	if t.json {
		if err := a.printJSON(decisionJSON(decision, string(d.Reason), d.Evaluations, d.Faults)); err != nil {
			return err
		}
		return answered(d.Allow)
	}
	if d.Allow {
		a.printf("allow\n")
	} else {
		a.printf("deny %s\n", d.Reason)
	}
	a.printRules(d.Evaluations)
	a.printFaults(d.Faults)
	return answered(d.Allow)
}

// paramsFlag reads parameters, which must be an object. Without the flag they
// are absent, which counts as {}.
func (a *app) paramsFlag(flag string, value *text) (canonical.Value, error) {
	if value.value == "" {
		return canonical.Value{}, nil
	}
	b, err := a.argument(flag, value.value)
	if err != nil {
		return canonical.Value{}, err
	}
	d, err := canonical.Parse(b)
	if err != nil {
		return canonical.Value{}, unusable("--%s: %s", flag, refusal(err))
	}
	if k := d.Root().Kind(); k != canonical.Object {
		return canonical.Value{}, unusable("--%s: the parameters are of type %s, not an object", flag, k)
	}
	return d.Root(), nil
}

// printInvalid denies for a content that does not compile. Each rule with an
// issue becomes an evaluation.
func (a *app) printInvalid(t *trial, issues []policy.Issue) error {
	const reason = "action_invalid"
	var evaluations []policy.Evaluation
	seen := map[string]bool{}
	for _, i := range issues {
		if i.Rule == "" || seen[i.Rule] || i.Severity != policy.SeverityError {
			continue
		}
		seen[i.Rule] = true
		evaluations = append(evaluations, policy.Evaluation{
			Rule: i.Rule, Result: policy.ResultError, Code: "compile_error", Reason: i.String(),
		})
	}
	if t.json {
		o := decisionJSON("deny", reason, evaluations, nil)
		o["issues"] = issuesJSON(issues)
		if err := a.printJSON(o); err != nil {
			return err
		}
		return answered(false)
	}
	a.printf("deny %s\n", reason)
	for _, i := range issues {
		a.printf("  %s  %s\n", i.Severity, printable(i.String()))
	}
	return answered(false)
}

func decisionJSON(decision, reason string, evaluations []policy.Evaluation, faults []policy.Fault) object {
	rules := make([]object, 0, len(evaluations))
	for _, e := range evaluations {
		r := object{"rule": e.Rule, "result": string(e.Result), "code": string(e.Code), "reason": printable(e.Reason)}
		r.put("passesIf", printable(e.PassesIf))
		rules = append(rules, r)
	}
	wrong := make([]object, 0, len(faults))
	for _, f := range faults {
		wrong = append(wrong, object{"pointer": f.Pointer, "code": f.Code, "message": printable(f.Message)})
	}
	o := object{"decision": decision, "evaluations": rules, "faults": wrong}
	o.put("reason", reason)
	return o
}
