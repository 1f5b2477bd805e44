package policy_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

func Example() {
	content, err := canonical.Parse([]byte(`{
		"name": "book_hotel", "profile": "via-cel/1",
		"userParams": {"maxAmount": {"type": "number", "required": true}, "cities": "array<string>"},
		"executionParams": {"amount": {"type": "number", "required": true}, "city": "string"},
		"rules": [
			{"name": "amount-cap", "expression": "executionParams.amount <= userParams.maxAmount"},
			{"name": "city-allowed", "expression": "executionParams.city in userParams.cities"}
		]}`))
	if err != nil {
		log.Fatal(err)
	}
	action, err := policy.Compile(content.Root())
	if err != nil {
		log.Fatal(err) // a *policy.CompileError
	}

	mandate, err := canonical.Parse([]byte(`{"maxAmount": {"value": 500, "description": "The most one booking may cost"}, "cities": ["Lisboa", "Porto"]}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, params := range []string{
		`{"amount": 420.5, "city": "Porto"}`,
		`{"amount": 900, "city": "Porto"}`,
		`{"amount": "900"}`,
	} {
		exec, err := canonical.Parse([]byte(params))
		if err != nil {
			log.Fatal(err)
		}
		d, err := action.Evaluate(context.Background(), policy.Input{
			UserParams:      mandate.Root(),
			ExecutionParams: exec.Root(),
			Now:             time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC),
		})
		if err != nil {
			log.Fatal(err) // no decision
		}
		if d.Allow {
			fmt.Println("allow")
		} else {
			fmt.Println("deny:", d.Reason)
		}
		for _, e := range d.Evaluations {
			fmt.Printf("  %s: %s (%s)\n", e.Rule, e.Result, e.Reason)
		}
		for _, f := range d.Faults {
			fmt.Printf("  %s: %s\n", f.Pointer, f.Code)
		}
	}
	// Output:
	// allow
	//   amount-cap: pass (Expression evaluated to true)
	//   city-allowed: pass (Expression evaluated to true)
	// deny: rule_failed
	//   amount-cap: fail (Expression evaluated to false: executionParams.amount (900) <= userParams.maxAmount (500))
	//   city-allowed: pass (Expression evaluated to true)
	// deny: execution_params_invalid
	//   /amount: type
}
