package policy

import (
	"fmt"
	"strings"
	"testing"
)

// costly returns an expression that does as much work as it can: loops over
// loops, lists of lists, growing texts, patterns.
func (g generator) costly(depth int) string {
	lists := []string{"executionParams.to", "userParams.allowed", "executionParams.to", `["a", executionParams.city]`}
	if depth > 0 {
		inner := g.costly(depth - 1)
		v := fmt.Sprintf("v%d", depth)
		switch g.IntN(7) {
		case 0, 1:
			return fmt.Sprintf("%s.%s(%s, %s && %s == %s)", g.pick(lists...), g.pick("all", "exists", "exists_one"), v, inner, v, g.pick(v, "executionParams.city"))
		case 2:
			return fmt.Sprintf("%s.map(%s, %s).all(w%d, w%d)", g.pick(lists...), v, inner, depth, depth)
		case 3:
			return fmt.Sprintf("%s.map(%s, %s) == %s.map(%s, %s)", g.pick(lists...), v, g.pick(lists...), g.pick(lists...), v, g.pick(lists...))
		case 4:
			return fmt.Sprintf("%s.map(%s, %s + executionParams.city).exists(w%d, w%d.contains(%q))", g.pick(lists...), v, v, depth, depth, strings.Repeat("a", g.IntN(40)))
		case 5:
			return fmt.Sprintf("(%s || %s)", inner, g.costly(depth-1))
		}
		return fmt.Sprintf("%s.filter(%s, %s).size() >= 0.0", g.pick(lists...), v, inner)
	}
	city := "executionParams.city" + strings.Repeat(" + executionParams.city", g.IntN(30))
	return g.pick(`executionParams.city in `+g.pick(lists...), g.pick(lists...)+" == "+g.pick(lists...), city+" == "+city, "!("+city+`).contains("ab")`,
		fmt.Sprintf(`!executionParams.city.matches("(.*a.*){%d}x")`, 1+g.IntN(60)), fmt.Sprintf(`!executionParams.city.matches("(a|b|[c-z]){%d}$")`, 1+g.IntN(90)),
		"executionParams.counts == executionParams.counts", g.rule(1))
}

// FuzzBounded: whatever compiles, and whatever parameters the limits let
// through, an evaluation takes a bounded number of steps and bytes.
func FuzzBounded(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint16(1000), uint16(60000), "")
	}
	f.Add(uint64(1), uint16(300), uint16(10), `executionParams.to.all(v, executionParams.to.all(w, v == w))`)
	f.Add(uint64(2), uint16(1000), uint16(10), `executionParams.to.map(v, executionParams.to) == executionParams.to.map(w, executionParams.to)`)
	f.Fuzz(func(t *testing.T, seed uint64, items, length uint16, source string) {
		g := newGenerator(seed)
		if source == "" {
			source = g.costly(1 + g.IntN(2))
		}
		doc := randomContent(source, source)
		if len(doc) > maxContentBytes {
			t.Skip()
		}
		a, err := Compile(parse(t, doc))
		if err != nil {
			t.Skip()
		}
		n := int(items)%maxParamsItems + 1
		room := maxParamsBytes - 4*n - n*8 - 200
		city := strings.Repeat("a", min(int(length), room))
		text := quoted(strings.Repeat("b", min((room-len(city))/n, 60)))
		exec := g.object("tool", `"pay"`, "amount", "1", "fee", "2", "category", `"a"`, "city", quoted(city), "to", elements(n, text), "counts", elements(n, "1"), "flag", "true")
		user := g.object("max", "5", "limit", "5", "allowed", elements(n, text), "home", quoted(city), "on", "true")
		in := Input{UserParams: parse(t, user), ExecutionParams: parse(t, exec), Now: testNow}
		ev, invalid, err := a.read(t.Context(), in)
		if err != nil || invalid != nil {
			t.Fatal(invalid, err)
		}
		for _, r := range a.rules {
			// A call is charged after it ran, so one may go beyond the limit.
			_, details, _ := r.program.ContextEval(t.Context(), ev.vars)
			if cost := details.ActualCost(); cost == nil || *cost > 3*maxRuleCost {
				t.Errorf("%s: %v steps", source, *cost)
			}
		}
		var d *Decision
		bytes := allocated(func() { d, err = a.Evaluate(t.Context(), in) })
		if err != nil {
			t.Fatal(err)
		}
		checkDecision(t, a, d)
		if _, err := a.run(t.Context(), ev); err != nil || ev.explained > maxExplainCost+3*maxRuleCost {
			t.Errorf("%s: explained in %d steps: %v", source, ev.explained, err)
		}
		if bytes > 64<<20 {
			t.Errorf("%s: %d MiB allocated, %s", source, bytes>>20, verdict(d))
		}
	})
}
