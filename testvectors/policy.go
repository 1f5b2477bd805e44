package testvectors

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mandate-engine/mandate/policy"
)

// readPolicy reads the area policy. Input: the content of an action,
// parameters and a time. Outcome: the decision, or the issues of the content.
func readPolicy(in, want *reader) runner {
	content := in.value("content")
	input := policy.Input{UserParams: in.value("userParams"), ExecutionParams: in.value("executionParams"), Now: epoch}
	if in.Has("now") {
		input.Now = in.Time("now")
	}
	if want.Has("issues") {
		want.oneOf("decision", "invalid")
		want.objects("issues", func(r *reader) { r.Text("code"); r.TextIf("rule") })
	} else if want.oneOf("decision", "allow", "deny") == "deny" {
		want.Text("reason")
	}
	want.TextsIf("warnings")
	readEvaluations(want)
	return func(ctx context.Context) (outcome, string) { return runPolicy(ctx, content, input) }
}

// readEvaluations reads the evaluations of the rules or the faults of the
// parameters.
func readEvaluations(want *reader) {
	want.objects("evaluations", func(r *reader) { r.Text("rule"); r.Text("result"); r.Text("code") })
	want.objects("faults", func(r *reader) { r.Text("pointer"); r.Text("code") })
}

func runPolicy(ctx context.Context, content value, input policy.Input) (outcome, string) {
	action, err := policy.Compile(content)
	var broken *policy.CompileError
	if errors.As(err, &broken) {
		return outcome{"decision": "invalid", "issues": issuesOutcome(broken.Issues)}, err.Error()
	} else if err != nil {
		return nil, err.Error()
	}
	d, err := action.Evaluate(ctx, input)
	if err != nil {
		return nil, err.Error()
	}
	o := outcome{"decision": "deny"}
	if d.Allow {
		o["decision"] = "allow"
	}
	o.put("reason", string(d.Reason))
	var warnings []string
	for _, w := range action.Warnings() {
		warnings = append(warnings, w.Code)
	}
	if len(warnings) > 0 {
		o["warnings"] = warnings
	}
	o.rules(d.Evaluations, d.Faults)
	detail := ""
	for _, e := range d.Evaluations {
		detail += e.Rule + ": " + e.Reason + "\n"
	}
	return o, detail
}

// issuesOutcome returns the issues without positions and texts, sorted and
// without duplicates: an engine may report one mistake in several places.
func issuesOutcome(issues []policy.Issue) []outcome {
	errors := make([]policy.Issue, 0, len(issues))
	for _, i := range issues {
		if i.Severity == policy.SeverityError {
			errors = append(errors, policy.Issue{Rule: i.Rule, Code: i.Code})
		}
	}
	slices.SortFunc(errors, func(a, b policy.Issue) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Code, b.Code))
	})
	out := []outcome{}
	for _, i := range slices.Compact(errors) {
		o := outcome{"code": i.Code}
		o.put("rule", i.Rule)
		out = append(out, o)
	}
	return out
}

// rules sets the member evaluations if the rules ran, or faults if the
// parameters were invalid.
func (o outcome) rules(evaluations []policy.Evaluation, faults []policy.Fault) {
	if evaluations != nil {
		list := []outcome{}
		for _, e := range evaluations {
			list = append(list, outcome{"rule": e.Rule, "result": string(e.Result), "code": string(e.Code)})
		}
		o["evaluations"] = list
	}
	if len(faults) > 0 {
		list := []outcome{}
		for _, f := range faults {
			list = append(list, outcome{"pointer": f.Pointer, "code": f.Code})
		}
		o["faults"] = list
	}
}
