package policy

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
)

// FuzzEvaluate compiles arbitrary contents and evaluates arbitrary parameters.
// Nothing panics. A decision allows only if every rule passed or was skipped.
// A second evaluation gives the same result. Texts are bounded.
func FuzzEvaluate(f *testing.F) {
	hotel := string(readFile(f, "hotel-content.json").Raw())
	f.Add(hotel, string(readFile(f, "hotel-user.json").Raw()), string(readFile(f, "hotel-allow.json").Raw()))
	f.Add(hotel, string(readFile(f, "hotel-user.json").Raw()), string(readFile(f, "hotel-deny.json").Raw()))
	for _, expression := range []string{
		`executionParams.amount <= userParams.max`, `executionParams.to.all(v, v in userParams.allowed)`,
		`has(executionParams.link) && executionParams.link.matches("^https://[a-z]{2,9}/")`, `executionParams.amount / 2 + 1 == 3`,
		`executionParams["amount"] in [1, 2.5]`, `now - duration("1h") < timestamp(executionParams.day + "T00:00:00Z")`,
		`executionParams.to.map(v, v + "x").filter(w, w != "a").exists_one(x, x == "b")`, `!(executionParams.flag ? userParams.flag : false)`,
		`[1, "a", null, [executionParams.addr.a]] == executionParams.list`,
	} {
		f.Add(typed(expression), `{"max": {"value": 5, "hidden": true}, "allowed": ["a"]}`, `{"amount": 5, "to": ["a", "b"], "flag": true, "day": "2026-05-02", "link": "https://a.test/", "addr": {"a": null}}`)
		f.Add(untyped(expression), `{"max": 5}`, `{"amount": "5", "to": {"a": 1}, "list": [1]}`)
	}
	f.Fuzz(func(t *testing.T, content, user, exec string) {
		c, err := canonical.Parse([]byte(content))
		if err != nil {
			t.Skip()
		}
		a, err := Compile(c.Root())
		if err != nil {
			if issueCodes(t, err); a != nil || strings.Contains(err.Error(), "internal") {
				t.Fatalf("%v, %v", a, err)
			}
			return
		}
		u, err := canonical.Parse([]byte(user))
		if err != nil {
			t.Skip()
		}
		e, err := canonical.Parse([]byte(exec))
		if err != nil {
			t.Skip()
		}
		in := Input{UserParams: u.Root(), ExecutionParams: e.Root(), Now: testNow}
		d, err := a.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatalf("no decision: %v", err)
		}
		checkDecision(t, a, d)
		again, err := a.Evaluate(t.Context(), in)
		if err != nil || verdict(again) != verdict(d) {
			t.Fatalf("%s, then %s, %v", verdict(d), verdict(again), err)
		}
	})
}

func checkDecision(t *testing.T, a *Action, d *Decision) {
	t.Helper()
	if d.Allow != (d.Reason == "") {
		t.Fatalf("allow %v with reason %q", d.Allow, d.Reason)
	}
	if d.Allow && (len(d.Faults) > 0 || len(d.Evaluations) != len(a.rules)) {
		t.Fatalf("allow with %d of %d rules and faults %v", len(d.Evaluations), len(a.rules), d.Faults)
	}
	for _, e := range d.Evaluations {
		if d.Allow && e.Result != ResultPass && e.Result != ResultSkip {
			t.Fatalf("allow with %+v", e)
		}
		if n := utf8.RuneCountInString(e.Reason); e.Reason == "" || n > maxReasonRunes || !utf8.ValidString(e.Reason) {
			t.Fatalf("reason of %d characters: %q", n, e.Reason)
		}
	}
	for i, f := range d.Faults {
		if i > 0 && d.Faults[i-1].Pointer > f.Pointer || f.Code == "" {
			t.Fatalf("faults %v", d.Faults)
		}
	}
}
