package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/mandate-engine/mandate/canonical"
)

func TestHotel(t *testing.T) {
	a, err := Compile(readFile(t, "hotel-content.json"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		params, want string
		reasons      []string
	}{
		{"allow", "allow amount-cap=pass/ok same-currency=pass/ok city-allowed=pass/ok", []string{
			"Expression evaluated to true", "Expression evaluated to true", "Expression evaluated to true"}},
		{"deny", "deny rule_failed amount-cap=fail/failed same-currency=pass/ok city-allowed=fail/failed", []string{
			"Expression evaluated to false: executionParams.amount (900) <= userParams.maxAmount (500)",
			"Expression evaluated to true",
			`Expression evaluated to false: executionParams.city ("Faro") in userParams.allowedCities (["Lisboa", "Porto"])`}},
		{"invalid", "deny execution_params_invalid /amount=type /city=missing /cty=undeclared", nil},
	}
	for _, tt := range tests {
		d, err := a.Evaluate(t.Context(), Input{
			UserParams:      readFile(t, "hotel-user.json"),
			ExecutionParams: readFile(t, "hotel-"+tt.params+".json"),
			Now:             testNow,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := verdict(d); got != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.params, got, tt.want)
		}
		for i, e := range d.Evaluations {
			if e.Reason != tt.reasons[i] {
				t.Errorf("%s: got  %s\nwant %s", e.Rule, e.Reason, tt.reasons[i])
			}
		}
	}
}

func TestRules(t *testing.T) {
	rules := func(list string) string {
		return `{"name": "a", "profile": "via-cel/1", "tools": ["book", "cancel"], "executionParams": {"n": "number"}, "rules": [` + list + `]}`
	}
	const (
		low    = `{"name": "low", "expression": "executionParams.n < 5"}`
		high   = `{"name": "high", "expression": "executionParams.n > 9", "effect": "forbid"}`
		broken = `{"name": "broken", "expression": "executionParams.n < 5", "requires": "kyc"}`
		cancel = `{"name": "cancel", "expression": "executionParams.n < 5", "appliesTo": ["cancel"]}`
		both   = `{"name": "both", "expression": "executionParams.n < 5", "appliesTo": ["cancel", "book"]}`
		other  = `{"name": "other", "expression": "executionParams.n < 5", "appliesTo": ["cancel"], "unknown": 1}`
	)
	tests := []struct{ name, rules, exec, want string }{
		{"require and forbid hold", low + "," + high, `{"tool": "book", "n": 4}`, "allow low=pass/ok high=pass/ok"},
		{"both fail", low + "," + high, `{"tool": "book", "n": 10}`, "deny rule_failed low=fail/failed high=fail/failed"},
		{"neither is evaluated", low + "," + high, `{"tool": "book"}`, "deny rule_error low=error/missing_field high=error/missing_field"},
		{"every rule runs", low + "," + high + "," + both, `{"tool": "book", "n": 7}`, "deny rule_failed low=fail/failed high=pass/ok both=fail/failed"},
		{"unknown member", low + "," + broken, `{"tool": "book", "n": 4}`, "deny rule_error low=pass/ok broken=error/unknown_member"},
		{"failed wins over error", broken + "," + low, `{"tool": "book", "n": 7}`, "deny rule_failed broken=error/unknown_member low=fail/failed"},
		{"for another tool", cancel, `{"tool": "book", "n": 7}`, "allow cancel=skip/not_applicable"},
		{"for this tool", cancel, `{"tool": "cancel", "n": 7}`, "deny rule_failed cancel=fail/failed"},
		{"for both tools", both, `{"tool": "book", "n": 7}`, "deny rule_failed both=fail/failed"},
		{"skip and fail", cancel + "," + low, `{"tool": "book", "n": 7}`, "deny rule_failed cancel=skip/not_applicable low=fail/failed"},
		{"no tool does not skip", cancel, `{"n": 7}`, "deny execution_params_invalid /tool=unmanifested_tool"},
		// An unknown member may restrict the tools of the rule.
		{"unknown member, for another tool", other, `{"tool": "book", "n": 4}`, "deny rule_error other=error/unknown_member"},
		{"none", "", `{"tool": "book", "n": 4}`, "allow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := evaluate(t, mustCompile(t, rules(tt.rules)), `{}`, tt.exec)
			if got := verdict(d); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if d.Evaluations == nil && len(d.Faults) == 0 {
				t.Error("no evaluations: they would be null, not []")
			}
			if d.Allow != (d.Reason == "") {
				t.Errorf("allow %v with reason %q", d.Allow, d.Reason)
			}
		})
	}
}

func TestZeroValuesDeny(t *testing.T) {
	if (Decision{}).Allow {
		t.Error("the zero decision allows")
	}
	if (Evaluation{}).Result == ResultPass {
		t.Error("the zero evaluation passes")
	}
	for name, a := range map[string]*Action{"nil": nil, "zero": {}} {
		d, err := a.Evaluate(t.Context(), Input{Now: testNow})
		if d != nil || err == nil {
			t.Errorf("%s action: %v, %v", name, d, err)
		}
	}
}

func TestNowIsRequired(t *testing.T) {
	a := mustCompile(t, untyped("now < timestamp('2027-01-01T00:00:00Z')"))
	for name, now := range map[string]time.Time{
		"zero":        {},
		"year 0":      time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC),
		"year 10,000": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"year 10,000 in UTC alone": time.Date(9999, 12, 31, 23, 30, 0, 0,
			time.FixedZone("west", -3600)),
	} {
		d, err := a.Evaluate(t.Context(), Input{Now: now})
		if d != nil || err == nil {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}

// slow stays below the limits, but has enough loop steps to be stopped.
const slow = `executionParams.to.all(v, executionParams.to.all(w, w == v || true))`

func slowParams(t testing.TB) canonical.Value {
	return parse(t, `{"to": [`+repeated(25, `"x%d"`)+`]}`)
}

func TestDoneContextIsNoDecision(t *testing.T) {
	a := mustCompile(t, typed(slow))
	in := Input{ExecutionParams: slowParams(t), Now: testNow}
	if d, err := a.Evaluate(t.Context(), in); err != nil || !d.Allow {
		t.Fatalf("%v, %v", d, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if d, err := a.Evaluate(cancelled, in); d != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", d, err)
	}
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if d, err := a.Evaluate(expired, in); d != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("expired: %v, %v", d, err)
	}
	cause := errors.New("shutting down")
	caused, cancelCause := context.WithCancelCause(t.Context())
	cancelCause(cause)
	if d, err := a.Evaluate(caused, in); d != nil || !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Errorf("caused: %v, %v", d, err)
	}
}

// A countdown is a context that is done after n calls, so that a test can stop
// an evaluation anywhere without a clock.
type countdown struct {
	context.Context
	mu   sync.Mutex
	left int
	done chan struct{}
}

func newCountdown(ctx context.Context, n int) *countdown {
	return &countdown{Context: ctx, left: n, done: make(chan struct{})}
}

func (c *countdown) tick() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
	return c.left <= 0
}

func (c *countdown) Done() <-chan struct{} {
	c.tick()
	return c.done
}

func (c *countdown) Err() error {
	if c.tick() {
		return context.Canceled
	}
	return nil
}

// There is no decision wherever the context is done, even when the rest of an
// || would absorb the stopped loop.
func TestContextDoneInTheMiddle(t *testing.T) {
	for _, expression := range []string{slow, `(` + slow + `) || true`, `!(` + slow + `)`, `(` + slow + `) && false`} {
		a := mustCompile(t, typed(expression))
		in := Input{ExecutionParams: slowParams(t), Now: testNow}
		whole, err := a.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		stopped := false
		for n := 1; n < 24; n++ {
			d, err := a.Evaluate(newCountdown(t.Context(), n), in)
			switch {
			case d == nil && errors.Is(err, context.Canceled):
				stopped = true
			case err != nil:
				t.Fatalf("%s stopped at %d: %v", expression, n, err)
			case verdict(d) != verdict(whole):
				t.Fatalf("%s stopped at %d: %s, not %s", expression, n, verdict(d), verdict(whole))
			}
		}
		if !stopped {
			t.Errorf("%s was never stopped", expression)
		}
	}
}

func TestConcurrentEvaluate(t *testing.T) {
	a := mustCompile(t, `{"name": "a", "profile": "via-cel/1", `+typedShapes+` "rules": [
		{"name": "cap", "expression": "executionParams.amount <= userParams.max"},
		{"name": "to", "expression": "executionParams.to.all(v, v in userParams.allowed)"},
		{"name": "code", "expression": "executionParams.category.matches('^[a-z]{2}$')"},
		{"name": "type", "expression": "executionParams.addr.a + 1 == 2"},
		{"name": "time", "expression": "now + duration('2562047h') + duration('2562047h') > now"}]}`)
	user := parse(t, `{"max": 100, "allowed": ["a"]}`)
	want := map[string]string{}
	inputs := map[string]canonical.Value{}
	for i := range 8 {
		exec := fmt.Sprintf(`{"amount": %d, "to": ["a", %q], "category": %q, "addr": {"a": "x"}}`, 96+i, string(rune('a'+i%2)), strings.Repeat("b", 1+i%3))
		inputs[exec] = parse(t, exec)
		want[exec] = fmt.Sprintf("%+v", evaluate(t, a, `{"max": 100, "allowed": ["a"]}`, exec))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for exec, v := range inputs {
					d, err := a.Evaluate(t.Context(), Input{UserParams: user, ExecutionParams: v, Now: testNow})
					if err != nil {
						t.Error(err)
						return
					}
					if got := fmt.Sprintf("%+v", d); got != want[exec] {
						t.Errorf("%s: got %s, want %s", exec, got, want[exec])
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// A program replaces the program of a compiled rule.
type program struct {
	cel.Program
	value ref.Val
	err   error
}

func (p program) Eval(any) (ref.Val, *cel.EvalDetails, error) { return p.value, nil, p.err }

func (p program) ContextEval(context.Context, any) (ref.Val, *cel.EvalDetails, error) {
	return p.value, nil, p.err
}

// Every engine result other than a bool or a known error denies, or is not a
// decision.
func TestEngineOutcomes(t *testing.T) {
	tests := []struct {
		name    string
		program program
		want    string
	}{
		{"bool", program{value: types.True}, "allow r=pass/ok"},
		{"nil", program{}, "deny rule_error r=error/not_bool"},
		{"unknown", program{value: types.NewUnknown(1, nil)}, "deny rule_error r=error/not_bool"},
		{"value beside an error", program{value: types.True, err: errors.New("odd")}, "deny rule_error r=error/type_mismatch"},
		{"cost", program{err: interpreter.EvalCancelledError{Cause: interpreter.CostLimitExceeded}}, "deny rule_error r=error/cost_exceeded"},
		{"panic in the engine", program{err: errors.New("internal error: boom")}, "no decision"},
		{"interrupt without a done context", program{err: interpreter.InterruptError{}}, "no decision"},
	}
	for _, tt := range tests {
		a := mustCompile(t, untyped("true"))
		a.rules[0].program = tt.program
		got := "no decision"
		d, err := a.Evaluate(t.Context(), Input{Now: testNow})
		if err == nil {
			got = verdict(d)
		} else if d != nil {
			t.Errorf("%s: decision %v beside %v", tt.name, d, err)
		}
		if got != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.name, got, err, tt.want)
		}
	}
}

// A failure without an explanation remains a failure.
func TestUnexplainedFailure(t *testing.T) {
	a := mustCompile(t, untyped("true"))
	a.rules[0].program = program{value: types.False}
	d := evaluate(t, a, "", "")
	if got := verdict(d) + ": " + d.Evaluations[0].Reason; got != "deny rule_failed r=fail/failed: Expression evaluated to false" {
		t.Error(got)
	}
}
