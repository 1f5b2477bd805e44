package testvectors

import (
	"context"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

// readPermits reads the area permits. Input: the content of an action, user
// parameters and a tool. Outcome: the narrowed schema of executionParams.
func readPermits(in, want *reader) runner {
	content, user, tool := in.value("content"), in.value("userParams"), in.TextIf("tool")
	want.Get("schema")
	want.objects("rules", func(r *reader) { r.Text("rule"); r.oneOf("left", "nothing", "never", "schema", "expression") })
	want.objects("faults", func(r *reader) { r.Text("pointer"); r.Text("code") })
	return func(ctx context.Context) (outcome, string) {
		action, err := policy.Compile(content)
		if err != nil {
			return nil, err.Error()
		}
		p, err := action.Permits(ctx, user, tool)
		if err != nil {
			return nil, err.Error()
		}
		schema, err := canonical.Parse(p.Schema)
		if err != nil {
			return nil, err.Error()
		}
		o := outcome{"schema": schema.Root()}
		o.rules(nil, p.Faults)
		detail := ""
		if p.Rules != nil {
			rules := []outcome{}
			for _, r := range p.Rules {
				rules = append(rules, outcome{"rule": r.Rule, "left": left(r)})
				detail += r.Rule + ": " + r.Expression + "\n"
			}
			o["rules"] = rules
		}
		return o, detail
	}
}

// left returns the state of a residual without its expression, which may
// differ between engines.
func left(r policy.Residual) string {
	switch {
	case r.Expression == "true":
		return "nothing"
	case r.Expression == "false":
		return "never"
	case r.InSchema:
		return "schema"
	}
	return "expression"
}
