package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator writes random rules and parameters over the shapes of
// randomShapes. Its seed determines the output.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

const randomShapes = `"tools": ["pay", "look"],
	"userParams": {"max": "number", "limit": "number", "allowed": "array<string>", "home": "string", "on": "boolean", "any": "object", "key": {"type": "string", "hidden": true}},
	"executionParams": {"amount": {"type": "number", "required": true}, "fee": "number", "category": {"type": "string", "values": ["a", "b", "c"]},
		"city": "string", "to": "array<string>", "counts": "array<number>", "flag": "boolean"},`

func (g generator) pick(options ...string) string { return options[g.IntN(len(options))] }

func (g generator) number() string {
	switch g.IntN(6) {
	case 0:
		return "executionParams.fee"
	case 1:
		return g.pick("userParams.max", "userParams.limit", "userParams.any.n")
	case 2:
		return g.pick("executionParams.amount + executionParams.fee", "executionParams.amount * 2.0", "userParams.max / 2.0", "userParams.max + 1.0",
			"size(executionParams.to)", "executionParams.city.size()", "executionParams.counts[0]")
	case 3:
		return g.pick("0.0", "1.0", "2.5", "3", "-1.0", "5.0")
	}
	return "executionParams.amount"
}

func (g generator) text() string {
	return g.pick("executionParams.category", "executionParams.city", "executionParams.city", "userParams.home", `userParams["home"]`, "userParams.key", "executionParams.tool",
		`"a"`, `"b"`, `"pay"`, `executionParams.city + "x"`)
}

func (g generator) list() string {
	return g.pick("userParams.allowed", "userParams.allowed", `["a", "b"]`, "executionParams.to", `[userParams.home, "c"]`, "[]")
}

// rule returns a boolean expression with at most depth nested operators.
func (g generator) rule(depth int) string {
	if depth > 0 {
		switch g.IntN(9) {
		case 0, 1:
			return "(" + g.rule(depth-1) + " && " + g.rule(depth-1) + ")"
		case 2, 3:
			return "(" + g.rule(depth-1) + " || " + g.rule(depth-1) + ")"
		case 4:
			return "!(" + g.rule(depth-1) + ")"
		case 5:
			return "(" + g.rule(0) + " ? " + g.rule(depth-1) + " : " + g.rule(depth-1) + ")"
		case 6:
			return "(" + g.compared("("+g.rule(depth-1)+")") + ")"
		case 7:
			return "((" + g.rule(0) + " ? executionParams.amount : " + g.number() + ") " + g.pick("<=", ">", "==") + " " + g.number() + ")"
		}
	}
	switch g.IntN(12) {
	case 0, 1, 2, 3:
		return g.number() + g.pick(" <= ", " < ", " >= ", " > ", " == ", " != ") + g.number()
	case 4, 5:
		return g.text() + g.pick(" == ", " != ", " <= ", " > ") + g.text()
	case 6, 7:
		return g.text() + " in " + g.list()
	case 8:
		return g.pick("has(executionParams.fee)", "!has(executionParams.city)", "has(executionParams.amount)", "has(userParams.max)", "has(userParams.any.n)")
	case 9:
		return g.pick("executionParams.flag", "userParams.on", "executionParams.flag == true", "true", "false", "userParams.any.b")
	case 10:
		return "executionParams.to." + g.pick("all", "exists") + "(v, " + g.pick("v in userParams.allowed", `v == "a"`, "v != userParams.home", "v in executionParams.to && executionParams.flag") + ")"
	}
	return g.pick(`executionParams.city.startsWith(userParams.home)`, `"b" in executionParams.to`, `executionParams.counts.all(n, n >= 0.0 && n < userParams.max)`,
		`executionParams.tool != "pay"`, `!(executionParams.tool in ["pay"])`, `now < timestamp("2027-01-01T00:00:00Z")`)
}

// compared returns a comparison of a boolean term.
func (g generator) compared(term string) string {
	other := g.pick("true", "false", "executionParams.flag", "userParams.on", "has(userParams.on)", "has(executionParams.city)")
	if g.IntN(4) == 0 {
		return other + g.pick(" == ", " != ") + term
	}
	return term + g.pick(" == ", " != ") + other
}

// combined returns a boolean term.
func (g generator) combined() string {
	atom := func() string {
		return g.pick("executionParams.flag", "executionParams.flag", "has(executionParams.fee)", `executionParams.city == "a"`, "executionParams.amount > 2.5")
	}
	switch g.IntN(4) {
	case 0:
		return "(" + atom() + " ? " + atom() + " : " + atom() + ")"
	case 1, 2:
		return "(" + atom() + g.pick(" && ", " || ") + atom() + ")"
	}
	return "(" + atom() + ")"
}

// numberValue, textValue and listValue often return values that rules compare
// with.
func (g generator) numberValue() string { return g.pick("0", "1", "2.5", "3", "5", "-1", "10", "7.25") }

func (g generator) textValue() string {
	return g.pick(`"a"`, `"b"`, `"c"`, `"z"`, `"ax"`, `"pay"`, `""`)
}

func (g generator) listValue(item func() string) string {
	var items []string
	for range g.IntN(4) {
		items = append(items, item())
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (g generator) object(members ...string) string {
	var out []string
	for i := 0; i < len(members); i += 2 {
		if members[i+1] != "" {
			out = append(out, fmt.Sprintf("%q: %s", members[i], members[i+1]))
		}
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// maybe returns "" in one case of four.
func (g generator) maybe(value string) string {
	if g.IntN(4) == 0 {
		return ""
	}
	return value
}

func (g generator) user() string {
	return g.object("max", g.maybe(g.numberValue()), "limit", g.numberValue(), "allowed", g.maybe(g.listValue(g.textValue)), "home", g.maybe(g.textValue()),
		"on", g.pick("true", "false"), "key", g.textValue(), "any", g.pick("", "{}", `{"n": 3, "b": true}`, `{"n": "3", "b": 1}`))
}

// exec returns parameters for a tool as a list of names and values.
func (g generator) exec(tool string) []string {
	return []string{"tool", quoted(tool), "amount", g.numberValue(), "fee", g.maybe(g.numberValue()), "category", g.maybe(g.pick(`"a"`, `"b"`, `"c"`)),
		"city", g.maybe(g.textValue()), "to", g.maybe(g.listValue(g.textValue)), "counts", g.maybe(g.listValue(g.numberValue)), "flag", g.maybe(g.pick("true", "false"))}
}

func randomContent(rules ...string) string {
	var out []string
	for i, r := range rules {
		out = append(out, fmt.Sprintf(`{"name": "r%d", "expression": %s}`, i, quoted(r)))
	}
	return `{"name": "a", "profile": "via-cel/1",` + randomShapes + `"rules": [` + strings.Join(out, ",") + `]}`
}
