// Command policypeers compares one decision of policy with other policy
// engines on an equivalent rule. All engines run alternately in one process:
//
//	cd internal/dev/bench/policypeers && go run .
//
// The rule: the amount is at most the grantor's limit, and the category is one
// of the grantor's. The other engines get prepared values. policy gets JSON,
// validates it against the declared shapes, and counts costs. Cedar has no
// doubles: its amounts are integers.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/policy"
)

const content = `{"name": "pay", "profile": "via-cel/1",
	"userParams": {"max": {"type": "number", "required": true}, "allowed": {"type": "array<string>", "required": true}},
	"executionParams": {"amount": {"type": "number", "required": true}, "category": {"type": "string", "required": true}},
	"rules": [{"name": "r", "expression": "executionParams.amount <= userParams.max && executionParams.category in userParams.allowed"}]}`

const cedarPolicy = `permit (principal, action, resource) when {
	context.exec.amount <= context.user.max && context.user.allowed.contains(context.exec.category) };`

const regoPolicy = `package pay
allow if { input.exec.amount <= input.user.max; input.exec.category in input.user.allowed }`

func main() {
	rounds := flag.Int("rounds", 200, "turns that each subject takes")
	flag.Parse()
	ctx := context.Background()

	action, err := policy.Compile(parse(content))
	must(err)
	in := policy.Input{UserParams: parse(`{"max": 500, "allowed": ["hotel", "car"]}`),
		ExecutionParams: parse(`{"amount": 420, "category": "car"}`), Now: time.Unix(1_800_000_000, 0)}

	policies, err := cedar.NewPolicySetFromBytes("pay.cedar", []byte(cedarPolicy))
	must(err)
	request := cedar.Request{Principal: cedar.NewEntityUID("U", "a"), Action: cedar.NewEntityUID("A", "pay"), Resource: cedar.NewEntityUID("R", "r"),
		Context: cedar.NewRecord(cedar.RecordMap{
			"exec": cedar.NewRecord(cedar.RecordMap{"amount": cedar.Long(420), "category": cedar.String("car")}),
			"user": cedar.NewRecord(cedar.RecordMap{"max": cedar.Long(500), "allowed": cedar.NewSet(cedar.String("hotel"), cedar.String("car"))}),
		})}

	query, err := rego.New(rego.Query("data.pay.allow"), rego.Module("pay.rego", regoPolicy)).PrepareForEval(ctx)
	must(err)
	input := map[string]any{"exec": map[string]any{"amount": 420.0, "category": "car"}, "user": map[string]any{"max": 500.0, "allowed": []any{"hotel", "car"}}}

	decide := func() {
		d, err := action.Evaluate(ctx, in)
		must(err)
		hold(d.Allow)
	}
	rows := roundrobin.Compare(*rounds,
		roundrobin.Subject{Name: "policy", Run: decide},
		roundrobin.Subject{Name: "cedar-go", Run: func() {
			d, _ := cedar.Authorize(policies, cedar.EntityMap{}, request)
			hold(d == cedar.Allow)
		}},
		roundrobin.Subject{Name: "OPA, prepared", Run: func() {
			rs, err := query.Eval(ctx, rego.EvalInput(input))
			must(err)
			hold(rs.Allowed())
		}},
	)
	roundrobin.Print(os.Stdout, "one rule, warm", "policy", rows)

	rows = roundrobin.Compare(*rounds/10,
		roundrobin.Subject{Name: "policy", Run: func() { _, err := policy.Compile(parse(content)); must(err) }},
		roundrobin.Subject{Name: "cedar-go", Run: func() { _, err := cedar.NewPolicySetFromBytes("pay.cedar", []byte(cedarPolicy)); must(err) }},
		roundrobin.Subject{Name: "OPA", Run: func() {
			_, err := rego.New(rego.Query("data.pay.allow"), rego.Module("pay.rego", regoPolicy)).PrepareForEval(ctx)
			must(err)
		}},
	)
	roundrobin.Print(os.Stdout, "one rule, from its text", "policy", rows)
}

func parse(s string) canonical.Value {
	d, err := canonical.Parse([]byte(s))
	must(err)
	return d.Root()
}

func hold(ok bool) {
	if !ok {
		must(fmt.Errorf("an engine does not allow"))
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "policypeers:", err)
		os.Exit(1)
	}
}
