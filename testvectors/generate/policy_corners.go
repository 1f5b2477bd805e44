package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/policy"
)

// functionVectors returns cases of functions, and of operators on types other
// than numbers.
func functionVectors(add addRuling) {
	texts := obj{"s": "string", "t": "string"}
	text := func(name, comment, expression, s, t string, expect obj) {
		add(name, comment, ruling{content: one(expression, texts, nil), exec: obj{"s": s, "t": t}}, expect)
	}
	text("text-starts-with", "startsWith compares characters, not letters whatever their case.", "executionParams.s.startsWith(executionParams.t)", "INV-7", "inv-", fails())
	text("text-ends-with", "endsWith looks at the end alone.", "executionParams.s.endsWith(executionParams.t)", "report.pdf.exe", ".pdf", fails())
	text("text-contains-empty", "Every text contains the empty one.", "executionParams.s.contains(executionParams.t)", "", "", passes())
	text("text-concatenated", "Texts are put together with +.", "executionParams.s + '/' + executionParams.t == 'a/b'", "a", "b", passes())
	text("text-order", "Texts are ordered by their code points, not as in a dictionary.", "executionParams.s < executionParams.t", "Z", "a", passes())

	number := obj{"a": "number", "b": "number"}
	add("difference", "A difference, and a number with a sign.", ruling{content: one("executionParams.a - executionParams.b == -executionParams.a", number, nil), exec: obj{"a": 2, "b": 4}}, passes())
	add("list-size", "size counts elements.", ruling{content: one("size(executionParams.l) == 2 && executionParams.l.size() <= 2", obj{"l": "array"}, nil), exec: obj{"l": arr{1, "x"}}}, passes())
	add("untyped-in-mixed-list", "A number is not found among texts, and that is an error: !(x in list) would hold.",
		ruling{content: one("!(executionParams.a in executionParams.l)", nil, nil), exec: obj{"a": 5, "l": arr{"5"}}}, errs(policy.CodeTypeMismatch))
	add("untyped-in-object", "Whether a name is in an object is not asked of in.", ruling{content: one("executionParams.a in executionParams.o", nil, nil), exec: obj{"a": "x", "o": obj{"x": 1}}}, errs(policy.CodeTypeMismatch))
	add("untyped-booleans-ordered", "Booleans have no order.", ruling{content: one("executionParams.a < executionParams.b", nil, nil), exec: obj{"a": false, "b": true}}, errs(policy.CodeTypeMismatch))
	add("pattern-costly", "Each character of a long text may take every step of a pattern's program.",
		ruling{content: one("executionParams.s.matches('^([a-z]{1,200})+$')", obj{"s": "string"}, nil), bytes: repeated(`{"s":"`, "a", 60_000, `"}`)}, errs(policy.CodeCostExceeded))

	at := func(name, comment, expression string, expect obj) {
		add("time-"+name, comment, ruling{content: one(expression, obj{"at": "string"}, nil), exec: obj{"at": "2026-05-02T23:30:15-02:00"}, now: now}, expect)
	}
	const t = "timestamp(executionParams.at)"
	at("parts", "The parts of a time are those in UTC; months, days of the month and days of the week count from 0.", t+".getFullYear() == 2026 && "+t+".getMonth() == 4 && "+t+
		".getDate() == 3 && "+t+".getDayOfMonth() == 2 && "+t+".getDayOfWeek() == 0 && "+t+".getHours() == 1 && "+t+".getMinutes() == 30 && "+t+".getSeconds() == 15", passes())
	at("distance", "Times have a distance, and a duration can be added on either side.", t+" - now == duration('15h14m15s') && now + duration('15h') < "+t+" && duration('-1h') + now < now", passes())
	at("no-duration", "A text that is no duration is an error.", t+" > now + duration('one day')", errs(policy.CodeTypeMismatch))
	timestamp := func(name, comment, text string, expect obj) {
		add("timestamp-"+name, comment, ruling{content: one("timestamp(executionParams.at) > timestamp('2000-01-01T00:00:00Z')", obj{"at": "string"}, nil), exec: obj{"at": text}}, expect)
	}
	timestamp("fraction", "One to nine digits of a second.", "2026-05-02T10:16:00.123456789+00:00", passes())
	none := errs(policy.CodeTypeMismatch)
	timestamp("ten-digits", "Ten digits of a second are read by some engines and not by others.", "2026-05-02T10:16:00.1234567890Z", none)
	timestamp("comma", "A comma before the fraction of a second.", "2026-05-02T10:16:00,5Z", none)
	timestamp("hour-24", "The end of a day is the beginning of the next.", "2026-05-02T24:00:00Z", none)
	timestamp("leap-second", "A second 60 has no instant.", "2016-12-31T23:59:60Z", none)
	timestamp("offset", "An offset has less than 24 hours.", "2026-05-02T10:16:00+24:00", none)
	timestamp("no-zone", "A time without a zone is no instant.", "2026-05-02T10:16:00", none)
}

// formatVectors returns cases of texts with a format, and of declarations in a
// content.
func formatVectors(add addRuling) {
	field := func(kind, name, comment, text string, good bool) {
		expect := obj{"decision": "allow", "evaluations": arr{evaluation("r", "pass", "ok")}}
		if !good {
			expect = merge(faults(fault("/v", "type")), obj{"decision": "deny", "reason": "execution_params_invalid"})
		}
		add(kind+"-"+name, comment, ruling{content: one("true", obj{"v": kind}, nil), exec: obj{"v": text}}, expect)
	}
	field("date", "leap-day", "2024 has a 29th of February.", "2024-02-29", true)
	field("date", "other-separators", "A date is written with hyphens.", "2026/05/02", false)
	field("date", "month-thirteen", "There is no 13th month.", "2026-13-01", false)
	field("date", "sign", "A sign is no digit of a day.", "2026-05-+2", false)
	field("url", "whole", "A host with a port, a path, a query and a fragment.", "https://shop.example:8443/a?b=c#d", true)
	field("url", "ipv6", "An IPv6 address in its canonical form.", "http://[2001:db8::1]/", true)
	field("url", "ipv6-other-spelling", "An address has one spelling.", "http://[2001:DB8:0::1]/", false)
	field("url", "upper-case-host", "A host is in lower case, so that startsWith means what it says.", "https://Shop.example/", false)
	field("url", "no-host", "A URL has a host.", "https:///a", false)
	field("url", "empty-label", "A label of a host is not empty.", "https://shop..example/", false)
	field("url", "empty-port", "A colon is followed by a port.", "https://shop.example:/", false)
	field("url", "port-zero", "A port has no leading zero, nor is it one.", "https://shop.example:0443/", false)
	field("url", "port-too-high", "There is no port 65536.", "https://shop.example:65536/", false)
	field("url", "backslash", `Some readers take a backslash for a slash: this host is evil.example to them.`, `https://evil.example\@shop.example/`, false)
	field("url", "white-space", "Some readers drop line breaks.", "https://shop.example/\n", false)
	field("url", "relative", "A path alone is no URL.", "//shop.example/", false)
	field("url", "too-long", "More than 2,048 bytes.", "https://shop.example/"+strings.Repeat("a", 2048), false)

	content := func(name, comment, code string, edit func(c obj)) {
		c := one("true", obj{"a": "number"}, nil)
		edit(c)
		add("content-"+name, comment, ruling{content: c, exec: obj{"a": 1}}, compileIssue(code))
	}
	declared := func(name, comment, code string, declaration any) {
		content("field-"+name, comment, code, func(c obj) { c["executionParams"].(obj)["b"] = declaration })
	}
	declared("number", "A declaration is a type or an object.", "malformed", 1)
	declared("no-type", "A declaration names a type.", "malformed", obj{"required": true})
	declared("required-text", `required is true or false, not "true".`, "malformed", obj{"type": "number", "required": "true"})
	declared("description-number", "A description is text.", "malformed", obj{"type": "number", "description": 1})
	declared("items-of-number", "Only arrays have items.", "malformed", obj{"type": "number", "items": "string"})
	declared("items-unknown-member", "A restriction of elements that this version does not know.", "unknown_member", obj{"type": "array", "items": obj{"type": "string", "required": true}})
	declared("values-empty", "Of no values none could be chosen.", "malformed", obj{"type": "string", "values": arr{}})
	declared("values-of-object", "values are of scalars.", "malformed", obj{"type": "object", "values": arr{obj{}}})
	declared("values-type", "A value that the type does not have would never match.", "malformed", obj{"type": "number", "values": arr{1, "2"}})
	declared("values-twice", "A value that is declared twice.", "duplicate", obj{"type": "string", "values": arr{"a", "b", "a"}})
	declared("values-on-both", "values of an array, and of its items.", "malformed", obj{"type": "array", "items": obj{"type": "string", "values": arr{"a"}}, "values": arr{"b"}})
	declared("nested-too-deep", "Arrays nest at most five deep.", "limit", strings.Repeat("array<", 6)+"string"+strings.Repeat(">", 6))
	content("no-object", "A content is an object.", "malformed", func(c obj) { c["rules"] = obj{} })
	content("shape-list", "A shape is an object.", "malformed", func(c obj) { c["userParams"] = arr{"maxAmount"} })
	content("field-name-empty", "A field has a name.", "malformed", func(c obj) { c["executionParams"].(obj)[""] = "number" })
	content("fields-too-many", "More than 256 fields.", "limit", func(c obj) {
		for i := range 256 {
			c["executionParams"].(obj)[fmt.Sprint("f", i)] = "number"
		}
	})
	content("tools-number", "A tool is named by text.", "malformed", func(c obj) { c["tools"] = arr{"book", 1} })
	content("tools-too-many", "More than 64 tools.", "limit", func(c obj) {
		tools := arr{}
		for i := range 65 {
			tools = append(tools, fmt.Sprint("t", i))
		}
		c["tools"] = tools
	})
	content("description-list", "A description of the action is text.", "malformed", func(c obj) { c["description"] = arr{} })
	content("step-up", "A step up that this version cannot ask for.", "unsupported_feature", func(c obj) { c["stepUp"] = false })
	sources := arr{}
	for i := range 20 {
		sources = append(sources, obj{"name": fmt.Sprintf("r%02d", i), "expression": "'" + strings.Repeat("a", 1600) + "' != ''"})
	}
	add("content-source-too-long", "With the 21st rule the expressions have more than 32,768 characters together.",
		ruling{content: merge(one("true", nil, nil), obj{"rules": slices.Concat(sources, arr{obj{"name": "r20", "expression": strings.Repeat(" ", 700) + "true"}})}), exec: obj{}},
		obj{"decision": "invalid", "issues": arr{obj{"code": "limit", "rule": "r20"}}})

	rule := func(name, comment, code string, edit func(rule obj)) {
		c := one("executionParams.a > 0.0", obj{"a": "number"}, nil)
		c["tools"] = arr{"x"}
		edit(c["rules"].(arr)[0].(obj))
		add("content-rule-"+name, comment, ruling{content: c, exec: obj{"tool": "x", "a": 1}}, ruleIssue(code))
	}
	rule("description-number", "A description of a rule is text.", "malformed", func(r obj) { r["description"] = 1 })
	rule("effect-list", "An effect is one text.", "unknown_effect", func(r obj) { r["effect"] = arr{"forbid"} })
	rule("applies-to-text", "appliesTo is a list.", "malformed", func(r obj) { r["appliesTo"] = "x" })
	unnamed := one("true", obj{}, nil)
	delete(unnamed["rules"].(arr)[0].(obj), "name")
	add("content-rule-no-name", "A rule without a name is called by its place.", ruling{content: unnamed, exec: obj{}}, obj{"decision": "invalid", "issues": arr{obj{"code": "missing", "rule": "rules/0"}}})
	loose := one("true", obj{}, nil)
	loose["rules"] = arr{"executionParams.a > 0.0"}
	add("content-rule-text", "A rule is an object with an expression, not one itself.", ruling{content: loose, exec: obj{}}, obj{"decision": "invalid", "issues": arr{obj{"code": "malformed", "rule": "rules/0"}}})
}

// looseVectors returns cases of values under declared and undeclared names.
func looseVectors(add addRuling) {
	denied := func(list ...obj) obj {
		return merge(faults(list...), obj{"decision": "deny", "reason": "execution_params_invalid"})
	}
	with := func(shape obj, tools ...any) obj {
		c := one("true", shape, nil)
		if tools != nil {
			c["tools"] = tools
		}
		return c
	}
	add("params-object-number", "An object is no number.", ruling{content: with(obj{"o": "object"}), exec: obj{"o": 1}}, denied(fault("/o", "type")))
	add("params-array-object", "An object with the members 0 and 1 is no array.", ruling{content: with(obj{"l": "array"}), exec: obj{"l": obj{"0": "a", "1": "b"}}}, denied(fault("/l", "type")))
	add("params-tool-number", "Where nothing is declared, tool is text all the same.", ruling{content: one("true", nil, nil), exec: obj{"tool": 1}}, denied(fault("/tool", "type")))
	add("params-tool-value", "A declared tool that the values of the field leave out.",
		ruling{content: with(obj{"tool": obj{"type": "string", "values": arr{"book"}}}, "book", "cancel"), exec: obj{"tool": "cancel"}}, denied(fault("/tool", "value")))
	add("params-tool-null", "null names no tool.", ruling{content: with(obj{}, "book"), exec: obj{"tool": nil}}, denied(fault("/tool", "unmanifested_tool")))
	add("params-nested-unsafe-integer", "An integer beyond 2^53-1 in an object whose members nobody declared.",
		ruling{content: with(obj{"o": "object"}), bytes: obj{"text": `{"o":{"x":{"y":[1,-9007199254740992]}}}`}}, denied(fault("/o/x/y/1", "unsafe_integer")))
	add("user-params-hidden-text", `A wrapper says hidden by true or false, not by "true".`, ruling{content: one("true", nil, obj{"m": "number"}), user: obj{"m": obj{"value": 5, "hidden": "true"}}, exec: obj{}},
		merge(faults(fault("/m/hidden", "type")), obj{"decision": "deny", "reason": "user_params_invalid"}))
	add("user-params-array", "A list of parameters names none.", ruling{content: one("true", nil, obj{"m": "number"}), user: arr{5}, exec: obj{}},
		merge(faults(fault("", "type")), obj{"decision": "deny", "reason": "user_params_invalid"}))
	add("hostile-negative-index", "Lists are not counted from their end.", ruling{content: one("executionParams.l[-1] == 1.0", obj{"l": "array<number>"}, nil), exec: obj{}}, ruleIssue("refused"))
	add("hostile-leading-dot", "A leading dot names a root that is not there.", ruling{content: one(".executionParams.a == 1.0", obj{"a": "number"}, nil), exec: obj{}}, ruleIssue("refused"))
	add("hostile-number-literal", "1e999 is beyond the range of a double.", ruling{content: one("executionParams.a < 1e999", obj{"a": "number"}, nil), exec: obj{}}, ruleIssue("syntax"))
	add("hostile-pattern-function", "matches is a member: s.matches(pattern).", ruling{content: one("matches(executionParams.s, '^a$')", obj{"s": "string"}, nil), exec: obj{}}, ruleIssue("refused"))
	add("hostile-loop-over-object", "A loop over the names of an object would let its values through unseen.", ruling{content: one("executionParams.o.all(k, k == 'a')", obj{"o": "object"}, nil), exec: obj{}}, ruleIssue("refused"))
	add("hostile-untyped-sum", "What is added could be two lists, whose cost nobody counts.", ruling{content: one("executionParams.a + executionParams.b == executionParams.a", nil, nil), exec: obj{}}, ruleIssue("refused"))
}
