package policy

import (
	"encoding/json"
	"testing"

	"github.com/google/cel-go/cel"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
)

// BenchmarkRatio prints the time of a warm action of three rules, with
// parameters validated and costs bounded, as a multiple of three bare
// evaluations of the same rules by cel-go: plain programs without limits, on
// prepared maps. Both run alternately in one process. It also prints the two
// parts of that time, and the time of the action if its rules counted their
// cost.
func BenchmarkRatio(b *testing.B) {
	content, user, exec := readFile(b, "hotel-content.json"), readFile(b, "hotel-user.json"), readFile(b, "hotel-allow.json")
	a, err := Compile(content)
	if err != nil {
		b.Fatal(err)
	}
	env, err := cel.NewEnv(cel.Variable(execVar, cel.MapType(cel.StringType, cel.DynType)), cel.Variable(userVar, cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		b.Fatal(err)
	}
	var programs, limits []cel.Program
	for _, r := range a.rules {
		ast, issues := env.Compile(r.source)
		if issues.Err() != nil {
			b.Fatal(issues.Err())
		}
		p, err := env.Program(ast)
		if err != nil {
			b.Fatal(err)
		}
		l, err := env.Program(ast, cel.CostLimit(maxRuleCost))
		if err != nil {
			b.Fatal(err)
		}
		programs, limits = append(programs, p), append(limits, l)
	}
	plain := func(raw []byte) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			b.Fatal(err)
		}
		return m
	}
	vars := map[string]any{execVar: plain(exec.Raw()), userVar: plain(user.Raw())}
	for name, v := range vars[userVar].(map[string]any) {
		if w, ok := v.(map[string]any); ok {
			vars[userVar].(map[string]any)[name] = w["value"]
		}
	}
	in := Input{UserParams: user, ExecutionParams: exec, Now: testNow}
	whole := func(a *Action) func() {
		return func() {
			if d, err := a.Evaluate(b.Context(), in); err != nil || !d.Allow {
				b.Fatal(d, err)
			}
		}
	}
	ev, invalid, err := a.read(b.Context(), in)
	if err != nil || invalid != nil {
		b.Fatal(invalid, err)
	}
	rules := func() {
		if d, err := a.run(b.Context(), ev); err != nil || !d.Allow {
			b.Fatal(d, err)
		}
	}
	bare := func(programs []cel.Program) func() {
		return func() {
			for _, p := range programs {
				if v, _, err := p.Eval(vars); err != nil || v.Value() != true {
					b.Fatal(v, err)
				}
			}
		}
	}
	read := func() {
		if _, invalid, err := a.read(b.Context(), in); err != nil || invalid != nil {
			b.Fatal(invalid, err)
		}
	}
	rows := roundrobin.Compare(100, roundrobin.Subject{Name: "bare", Run: bare(programs)}, roundrobin.Subject{Name: "action", Run: whole(a)},
		roundrobin.Subject{Name: "its validation", Run: read}, roundrobin.Subject{Name: "its rules", Run: rules},
		roundrobin.Subject{Name: "action that counts costs", Run: whole(limited(b, a))}, roundrobin.Subject{Name: "bare, with cel-go's cost limit", Run: bare(limits)})
	roundrobin.Print(b.Output(), "a warm action of three rules", "bare", rows)
	b.ReportMetric(float64(rows[1].P10)/float64(rows[0].P10), "×bare/p10")
	b.ReportMetric(float64(rows[1].Median)/float64(rows[0].Median), "×bare/median")
	b.ReportMetric(0, "ns/op")
}
