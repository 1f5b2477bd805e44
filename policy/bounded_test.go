package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// costly returns an expression that does much work: loops over loops, lists of
// lists, growing texts, patterns.
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

// largest returns parameters at one of the limits: texts of the given length,
// lists of the given number of items, an object with as many values as
// possible.
func (g generator) largest(items, length int) (user, exec string) {
	n := items%maxParamsItems + 1
	left := maxParamsBytes - 5*n - 400
	letter := g.pick("a", "é")
	city := strings.Repeat(letter, min(length, left)/len(letter))
	text := quoted(strings.Repeat("b", min((left-len(city))/n, 60)))
	row := elements(999, g.pick("1", "[]", `""`))
	many := elements(max(0, left-len(city)-n*(len(text)+1))/(len(row)+1), row)
	exec = g.object("tool", `"pay"`, "amount", "1", "fee", "2", "category", `"a"`, "city", quoted(city), "to", elements(n, text), "counts", elements(n, "1"), "flag", "true")
	user = g.object("max", "5", "limit", "5", "allowed", elements(n, text), "home", quoted(city), "on", "true", "any", `{"n": 5, "b": true, "l": `+many+`}`)
	return user, exec
}

// limited returns an action whose rules all count their cost.
func limited(t testing.TB, a *Action) *Action {
	t.Helper()
	twin := *a
	twin.rules = nil
	for _, r := range a.rules {
		counting := *r
		var err error
		if counting.free = false; r.program != nil {
			counting.program, err = r.plan(true)
		}
		if err != nil {
			t.Fatal(err)
		}
		twin.rules = append(twin.rules, &counting)
	}
	return &twin
}

// checkCosts compares an evaluation with one that counts every cost. No rule
// costs more than its bound, and the outcome is the same. It returns the
// number of rules that did not count.
func checkCosts(t testing.TB, a *Action, in Input) (free int) {
	t.Helper()
	ev, invalid, err := a.read(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	twin := limited(t, a)
	for i, r := range twin.rules {
		if a.rules[i].free {
			free++
		}
		if invalid != nil || i > 0 && r.source == a.rules[0].source {
			continue
		}
		// A call is charged after it ran, so one call may exceed the limit.
		_, details, _ := r.program.ContextEval(t.Context(), ev)
		cost := details.ActualCost()
		if cost == nil || *cost > 3*maxRuleCost || min(*cost, maxRuleCost) > r.cost {
			t.Errorf("%s: %d steps, bounded by %d", r.source, *cost, r.cost)
		}
	}
	if free == 0 {
		return 0 // they are the same
	}
	got, err := a.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want, err := twin.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, and %+v when costs are counted", got, want)
	}
	return free
}

// FuzzBounded checks that an evaluation takes a bounded number of steps and
// bytes, for all rules that compile and all parameters within the limits.
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
		if g.IntN(4) == 0 {
			doc = untyped(source)
		}
		if len(doc) > maxContentBytes {
			t.Skip()
		}
		a, err := Compile(parse(t, doc))
		if err != nil {
			t.Skip()
		}
		user, exec := g.largest(int(items), int(length))
		in := Input{UserParams: parse(t, user), ExecutionParams: parse(t, exec), Now: testNow}
		ev, invalid, err := a.read(t.Context(), in)
		if err != nil || invalid != nil {
			t.Fatal(invalid, err)
		}
		checkCosts(t, a, in)
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

// A rule that does not count its cost cannot reach the limit. Its bound holds
// for the largest parameters, and counting does not change the outcome.
func TestUncountedRules(t *testing.T) {
	free, counted := 0, 0
	check := func(g generator, source string) {
		for _, content := range []string{randomContent(source), untyped(source)} {
			a, err := Compile(parse(t, content))
			if err != nil {
				continue
			}
			for _, length := range []int{100, 65000} {
				user, exec := g.largest(g.IntN(2)*999, length)
				if checkCosts(t, a, Input{UserParams: parse(t, user), ExecutionParams: parse(t, exec), Now: testNow}) > 0 {
					free++
				} else {
					counted++
				}
			}
			checkCosts(t, a, Input{UserParams: parse(t, g.user()), ExecutionParams: parse(t, g.object(g.exec("pay")...)), Now: testNow})
		}
	}
	for seed := range uint64(80) {
		g := newGenerator(seed)
		check(g, g.rule(3))
	}
	for _, source := range []string{
		`executionParams.to.map(v, v + executionParams.city) == ["a"]`, `executionParams.to.filter(v, v != "a").size() > 3.0`,
		`executionParams.city.matches("^(a|b)*$")`, `executionParams.city.matches("(a|b|c){20}$") || true`, `(executionParams.city + userParams.home).matches("(a|b){70}$") || true`,
		`[executionParams.to, userParams.allowed].exists(l, "a" in l)`, `[executionParams.city, userParams.home].exists(s, s.contains("x"))`,
		`executionParams.city + executionParams.city + "x" == executionParams.city`, `executionParams.city.contains("a" + userParams.home)`,
		`executionParams.to.map(v, executionParams.city).exists(v, v == "a")`, `(executionParams.flag ? executionParams.to : userParams.allowed) == executionParams.to`,
		`userParams.any == userParams.any`, `userParams.any.l == userParams.any.l`, `userParams.any.l[0] in userParams.any.l`, `userParams.any.l.all(v, v == 1.0 || true)`,
		`executionParams == executionParams`, `[userParams, userParams].all(u, u == userParams)`, `has(userParams.any.l) && size(userParams.any.l) > 0.0`,
		`executionParams.counts.exists_one(n, n > 3.0)`, `executionParams.counts.all(n, n * 2.0 >= 0.0 && n < userParams.max)`, `executionParams.counts.map(n, n > 0.0, n + 1.0)[0] == 2.0`,
		`executionParams.to.all(v, v in ["a", "b", userParams.home])`, `["a", "b"].all(x, ["c", x].exists(y, y == executionParams.category))`,
		`timestamp(executionParams.city) < now || now.getHours() < 25`, `(executionParams.flag ? executionParams.city : "a") == userParams.home`,
	} {
		check(newGenerator(1), source)
	}
	if free < 200 || counted < 30 {
		t.Errorf("%d evaluations of rules that do not count, %d of others", free, counted)
	}
}

// The vectors have the same outcome when every cost is counted.
func TestUncountedVectors(t *testing.T) {
	files, err := filepath.Glob("../testvectors/data/policy/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		v := parse(t, string(b)).Get("input")
		a, err := Compile(v.Get("content"))
		if err != nil {
			continue
		}
		seen++
		checkCosts(t, a, Input{UserParams: v.Get("userParams"), ExecutionParams: v.Get("executionParams"), Now: testNow})
	}
	if seen < 50 {
		t.Errorf("only %d vectors compile", seen)
	}
}

// Rules that are cheap one by one may exceed the limit of the action together.
func TestUncountedRulesTogether(t *testing.T) {
	one := `{"name": "r%d", "expression": "executionParams.counts.all(n, n >= 0.0 && n <= 5.0)"}`
	for n, free := range map[int]bool{1: true, 20: true, 64: false} {
		a := mustCompile(t, `{"name": "a", `+typedShapes+`"rules": [`+repeated(n, one)+`]}`)
		total := uint64(0)
		for _, r := range a.rules {
			total += r.cost
			if r.cost >= maxRuleCost || r.free != free {
				t.Fatalf("%d rules: cost %d, free %t", n, r.cost, r.free)
			}
		}
		if free != (total < maxActionCost) {
			t.Errorf("%d rules cost %d", n, total)
		}
	}
}
