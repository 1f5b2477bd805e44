package policy

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Comparisons check the types of their operands themselves.
func TestComparedTypes(t *testing.T) {
	const mixed = "deny rule_error r=error/type_mismatch"
	const noOverload = "Expression could not be evaluated: a value has a type that the operation does not take"
	tests := []struct{ name, expression, exec, want string }{
		{"numbers", `executionParams.x < executionParams.y`, `{"x": 1, "y": 2}`, "allow r=pass/ok"},
		{"texts", `executionParams.x < executionParams.y`, `{"x": "a", "y": "b"}`, "allow r=pass/ok"},
		{"a number and a text", `executionParams.x < executionParams.y`, `{"x": 1, "y": "b"}`, mixed},
		{"a text and a number", `executionParams.x < executionParams.y`, `{"x": "a", "y": 2}`, mixed},
		{"booleans have no order", `executionParams.x < executionParams.y`, `{"x": false, "y": true}`, mixed},
		{"lists have no order", `executionParams.x < executionParams.y`, `{"x": [], "y": [1]}`, mixed},
		{"null has no order", `executionParams.x <= executionParams.y`, `{"x": null, "y": null}`, mixed},
		{"a time and a text", `now < executionParams.y`, `{"y": "2027-01-01T00:00:00Z"}`, mixed},
		{"in an object", `executionParams.x in executionParams.y`, `{"x": "a", "y": {"a": 1}}`, mixed},
		{"in a text", `executionParams.x in executionParams.y`, `{"x": "a", "y": "abc"}`, mixed},
		{"in a list", `executionParams.x in executionParams.y`, `{"x": "a", "y": ["b", "a"]}`, "allow r=pass/ok"},
		{"in a list of others", `!(executionParams.x in executionParams.y)`, `{"x": "a", "y": [1]}`, mixed},
		{"an absorbed error", `executionParams.x < executionParams.y || true`, `{"x": 1, "y": "b"}`, "allow r=pass/ok"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := evaluate(t, mustCompile(t, untyped(tt.expression)), `{}`, tt.exec)
			if got := verdict(d); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if e := d.Evaluations[0]; tt.want == mixed && (e.Reason == noOverload) != (tt.name != "in a list of others") {
				t.Errorf("reason %q", e.Reason)
			}
		})
	}
}

// Fields are slots, but a variable as a whole is still a map.
func TestWholeVariables(t *testing.T) {
	tests := []struct{ expression, want string }{
		{`executionParams == executionParams && !(executionParams != executionParams)`, "allow r=pass/ok"},
		{`userParams in [userParams]`, "allow r=pass/ok"},
		{`[executionParams].all(e, e.amount == 2.0 && !has(e.fee))`, "allow r=pass/ok"},
		{`[executionParams, executionParams].exists(e, e.fee == 2.0)`, "deny rule_error r=error/missing_field"},
		{`[executionParams, userParams.max].exists(e, e.amount == 2.0)`, "allow r=pass/ok"},
		{`(has(executionParams.fee) ? executionParams : executionParams).amount == 2.0`, "allow r=pass/ok"},
		{`executionParams["amount"] == executionParams.amount`, "allow r=pass/ok"},
		{`has(executionParams.amount) && !has(executionParams.fee) && has(executionParams.addr.a)`, "allow r=pass/ok"},
		{`executionParams.fee == 1.0`, "deny rule_error r=error/missing_field"},
	}
	for _, tt := range tests {
		d := evaluate(t, mustCompile(t, typed(tt.expression)), `{"max": 5}`, `{"amount": 2, "fee": null, "addr": {"a": null}}`)
		if got := verdict(d); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.expression, got, tt.want)
		}
	}
}

// What a mandate hides is hidden in its own evaluations only.
func TestHiddenIsNotShared(t *testing.T) {
	for _, content := range []string{typed(`executionParams.category == userParams.text`), untyped(`executionParams.category == userParams.text`)} {
		a := mustCompile(t, content)
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				for range 50 {
					user, tells := `{"text": {"value": "pin-1234"}}`, true
					if i%2 == 0 {
						user, tells = `{"text": {"value": "pin-1234", "hidden": true}}`, false
					}
					d := evaluate(t, a, user, `{"category": "x"}`)
					if e := d.Evaluations[0]; strings.Contains(e.Reason+e.PassesIf, "1234") != tells {
						t.Errorf("%s: %+v", user, e)
						return
					}
				}
			})
		}
		wait.Wait()
	}
}

// A list under construction stores its elements differently.
func TestItems(t *testing.T) {
	elements := []ref.Val{types.Double(1), types.String("a")}
	growing := types.NewMutableList(types.DefaultTypeAdapter)
	growing.Add(types.NewRefValList(types.DefaultTypeAdapter, elements))
	for name, v := range map[string]any{"values": elements, "native": []any{1.0, "a"}, "growing": growing} {
		list, ok := types.DefaultTypeAdapter.NativeToValue(v).(interface {
			ref.Val
			Size() ref.Val
		})
		if !ok || list.Size() != types.Int(2) {
			t.Fatalf("%s: %v", name, v)
		}
		if got := inList(types.String("a"), list); got != types.True {
			t.Errorf("%s: %v", name, got)
		}
		if got := weigh(list, maxCallCost); got != 3 {
			t.Errorf("%s: weighs %d", name, got)
		}
	}
}
