package main

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
)

// A ruling is one case of the area policy: an action, parameters, and the
// outcome.
type ruling struct {
	content    obj
	user, exec any
	bytes      obj // in place of exec
	now        string
}

func (r ruling) input() obj {
	in := obj{"content": r.content}
	for name, v := range map[string]any{"userParams": r.user, "executionParams": r.exec} {
		if v != nil {
			in[name] = v
		}
	}
	if r.bytes != nil {
		in["executionParamsBytes"] = r.bytes
	}
	if r.now != "" {
		in["now"] = r.now
	}
	return in
}

// one returns an action with one rule, named r, and the declared fields.
func one(expression string, exec, user obj) obj {
	c := obj{"name": "act", "profile": "via-cel/1", "rules": arr{obj{"name": "r", "expression": expression}}}
	if exec != nil {
		c["executionParams"] = exec
	}
	if user != nil {
		c["userParams"] = user
	}
	return c
}

func ruled(result, code string) obj {
	o := obj{"decision": "allow", "evaluations": arr{evaluation("r", result, code)}}
	switch result {
	case "fail":
		o["decision"], o["reason"] = "deny", "rule_failed"
	case "error":
		o["decision"], o["reason"] = "deny", "rule_error"
	}
	return o
}

func passes() obj               { return ruled("pass", "ok") }
func fails() obj                { return ruled("fail", "failed") }
func errs(c policy.Code) obj    { return ruled("error", string(c)) }
func compileIssue(c string) obj { return obj{"decision": "invalid", "issues": arr{obj{"code": c}}} }
func ruleIssue(c string) obj {
	return obj{"decision": "invalid", "issues": arr{obj{"code": c, "rule": "r"}}}
}

func policyVectors() []vector {
	var out []vector
	add := func(name, comment string, r ruling, expect obj) {
		out = append(out, vector{"policy/" + name, comment, r.input(), expect})
	}
	hotelVectors(add)
	ruleVectors(add)
	untypedVectors(add)
	faultVectors(add)
	contentVectors(add)
	hostileVectors(add)
	functionVectors(add)
	formatVectors(add)
	looseVectors(add)
	return out
}

type addRuling func(name, comment string, r ruling, expect obj)

// hotelVectors returns cases of the rules of the sample mandate.
func hotelVectors(add addRuling) {
	mandate := parse(sample.Credential())["credentialSubject"].(obj)["mandate"].(obj)
	r := ruling{content: mandate["action"].(obj)["content"].(obj), user: mandate["userParams"]}
	hotel := func(name, comment string, params []byte, expect obj) {
		r.exec = parse(params)
		add("hotel-"+name, comment, r, expect)
	}
	hotel("allow", "Every rule of the sample accepts.", sample.ParamsAllow(),
		obj{"decision": "allow", "evaluations": arr{evaluation("amount-cap", "pass", "ok"), evaluation("same-currency", "pass", "ok"), evaluation("city-allowed", "pass", "ok")}})
	hotel("deny", "Two of three rules refuse.", sample.ParamsDeny(), obj{"decision": "deny", "reason": "rule_failed",
		"evaluations": arr{evaluation("amount-cap", "fail", "failed"), evaluation("same-currency", "pass", "ok"), evaluation("city-allowed", "fail", "failed")}})
	hotel("invalid", "Three faults, and no rule runs.", sample.ParamsInvalid(),
		merge(faults(fault("/amount", "type"), fault("/city", "missing"), fault("/cty", "undeclared")), obj{"decision": "deny", "reason": "execution_params_invalid"}))
}

// ruleVectors returns cases of the vendor's published rules, at their
// boundaries, and of the features of typed rules.
func ruleVectors(add addRuling) {
	amount, limit := obj{"amount": "number"}, obj{"maxAmount": "number"}
	const capRule = "executionParams.amount <= userParams.maxAmount"
	add("cap-equal", "50 is not more than 50.", ruling{content: one(capRule, amount, limit), exec: obj{"amount": 50}, user: obj{"maxAmount": 50}}, passes())
	add("cap-over-by-a-cent", "50.01 is more than 50.", ruling{content: one(capRule, amount, limit), exec: obj{"amount": 50.01}, user: obj{"maxAmount": 50}}, fails())
	add("cap-negative", "A cap is no lower bound: a rule allows what it says, not what its author meant.",
		ruling{content: one(capRule, amount, limit), exec: obj{"amount": -1e9}, user: obj{"maxAmount": 50}}, passes())
	add("cap-wrapped", "A user parameter in its wrapper.", ruling{content: one(capRule, amount, limit), exec: obj{"amount": 12.5}, user: obj{"maxAmount": obj{"value": 50, "description": "most"}}}, passes())

	category, categories := obj{"category": "string"}, obj{"allowedCategories": "array<string>"}
	const inRule = "executionParams.category in userParams.allowedCategories"
	add("category-in-list", "One of the allowed categories.", ruling{content: one(inRule, category, categories), exec: obj{"category": "hotel"}, user: obj{"allowedCategories": arr{"car", "hotel"}}}, passes())
	add("category-not-in-list", "Hotel is not hotel.", ruling{content: one(inRule, category, categories), exec: obj{"category": "Hotel"}, user: obj{"allowedCategories": arr{"car", "hotel"}}}, fails())
	add("category-empty-list", "Nothing is in an empty list.", ruling{content: one(inRule, category, categories), exec: obj{"category": "hotel"}, user: obj{"allowedCategories": arr{}}}, fails())

	// A guard on the tool, in the vendor's style.
	pay := func(expression string) obj {
		c := one(expression, obj{"amount": "number"}, obj{"limit": "number"})
		c["tools"] = arr{"pay", "look"}
		return c
	}
	const guard = "executionParams.tool != 'pay' || executionParams.amount <= userParams.limit"
	add("guard-applies", "The guard lets the limit count for this tool.", ruling{content: pay(guard), exec: obj{"tool": "pay", "amount": 51}, user: obj{"limit": 50}}, fails())
	add("guard-other-tool", "For another tool the guard is true, and the missing amount does not matter.", ruling{content: pay(guard), exec: obj{"tool": "look"}, user: obj{"limit": 50}}, passes())
	add("guard-amount-missing", "For this tool the missing amount is an error, which denies.", ruling{content: pay(guard), exec: obj{"tool": "pay"}, user: obj{"limit": 50}}, errs(policy.CodeMissingField))
	add("guard-last", "The guard may stand last: || absorbs the error before it.",
		ruling{content: pay("executionParams.amount <= userParams.limit || executionParams.tool != 'pay'"), exec: obj{"tool": "look"}, user: obj{"limit": 50}}, passes())
	payout := func(tool string, amount float64) ruling {
		c := one("!(executionParams.tool in ['approve_payout','pay_claimant']) || executionParams.amount_eur <= userParams.payout_limit",
			obj{"amount_eur": "number"}, obj{"payout_limit": "number"})
		c["tools"] = arr{"approve_payout", "pay_claimant", "open_claim"}
		return ruling{content: c, exec: obj{"tool": tool, "amount_eur": amount}, user: obj{"payout_limit": 2500}}
	}
	add("payout-over", "2,500.5 is more than 2,500, for the second of the tools.", payout("pay_claimant", 2500.5), fails())
	add("payout-other-tool", "For a tool that is not in the list the limit does not count.", payout("open_claim", 7400), passes())
	claim := one("executionParams.tool != 'approve_payout' || executionParams.claim_type in userParams.allowed_claim_types",
		obj{"claim_type": "string"}, obj{"allowed_claim_types": "array<string>"})
	claim["tools"] = arr{"approve_payout"}
	add("claim-type", "A claim type that is not allowed.", ruling{content: claim, exec: obj{"tool": "approve_payout", "claim_type": "car"}, user: obj{"allowed_claim_types": arr{"home", "travel"}}}, fails())
	contact := one("executionParams.tool != 'update_contact' || userParams.allow_contact_changes == true", nil, obj{"allow_contact_changes": "boolean"})
	contact["executionParams"], contact["tools"] = obj{}, arr{"update_contact"}
	add("contact-changes", "A switch that is off.", ruling{content: contact, exec: obj{"tool": "update_contact"}, user: obj{"allow_contact_changes": false}}, fails())
	tools := one("executionParams.tool in userParams.allowed_tools", obj{}, obj{"allowed_tools": "array<string>"})
	tools["tools"] = arr{"pay", "look"}
	add("tool-in-list", "A declared tool that the grantor did not choose.", ruling{content: tools, exec: obj{"tool": "pay"}, user: obj{"allowed_tools": arr{"look"}}}, fails())
	const channelRule = "!has(executionParams.channel_id) || executionParams.channel_id in userParams.allowed_channels"
	channel := one(channelRule, obj{"channel_id": "string"}, obj{"allowed_channels": "array<string>"})
	channels := obj{"allowed_channels": arr{"C1"}}
	add("channel-absent", "An optional parameter that is not there.", ruling{content: channel, exec: obj{}, user: channels}, passes())
	add("channel-null", "null counts as absent.", ruling{content: channel, exec: obj{"channel_id": nil}, user: channels}, passes())
	add("channel-other", "The optional parameter is there, and its value is not allowed.", ruling{content: channel, exec: obj{"channel_id": "C2"}, user: channels}, fails())
	to := one("!has(executionParams.to) || executionParams.to.all(v, v in userParams.allowed_recipients)", obj{"to": "array<string>"}, obj{"allowed_recipients": "array<string>"})
	recipients := obj{"allowed_recipients": arr{"ana@h.test", "rui@h.test"}}
	add("recipients-one-stranger", "One of two recipients is not allowed.", ruling{content: to, exec: obj{"to": arr{"ana@h.test", "x@elsewhere.test"}}, user: recipients}, fails())
	add("recipients-none", "all is true of an empty list: a rule that wants a recipient has to say so.", ruling{content: to, exec: obj{"to": arr{}}, user: recipients}, passes())
	rate := one("executionParams.rate_usd <= userParams.max", obj{"rate_usd": "number"}, obj{"max": "number"})
	add("rate-zero", "0 and -0 are one number.", ruling{content: rate, bytes: text(`{"rate_usd":-0}`), user: obj{"max": 0}}, passes())

	// Numbers, times, texts.
	number := obj{"a": "number", "b": "number"}
	add("sum-of-doubles", "0.1 + 0.2 is more than 0.3 in doubles, here as everywhere.", ruling{content: one("executionParams.a + executionParams.b <= 0.3", number, nil), exec: obj{"a": 0.1, "b": 0.2}}, fails())
	add("integer-literal", "500 and 500.0 are the same number in a rule.", ruling{content: one("executionParams.a == 500 && executionParams.a in [1, 500]", number, nil), exec: obj{"a": 500}}, passes())
	add("overflow", "A result beyond the range of a double is an error: a comparison with infinity would hold.",
		ruling{content: one("executionParams.a * 1e300 * 1e300 > 0.0", number, nil), exec: obj{"a": 1}}, errs(policy.CodeTypeMismatch))
	until := one("timestamp(userParams.until) >= now", nil, obj{"until": "string"})
	add("until-now", "now is the time of the request, to the instant.", ruling{content: until, user: obj{"until": "2026-05-02T12:16:00+02:00"}, now: now, exec: obj{}}, passes())
	add("until-passed", "One second too late.", ruling{content: until, user: obj{"until": "2026-05-02T10:15:59Z"}, now: now, exec: obj{}}, fails())
	add("until-no-timestamp", "A text that is no RFC 3339 time is an error.", ruling{content: until, user: obj{"until": "2026-05-02T9:00:00Z"}, now: now, exec: obj{}}, errs(policy.CodeTypeMismatch))
	iban := one("executionParams.iban.matches('^PT[0-9]{23}$')", obj{"iban": "string"}, nil)
	add("pattern", "A literal pattern with anchors.", ruling{content: iban, exec: obj{"iban": "PT50000201231234567890154"}}, passes())
	add("pattern-line-break", "$ is the end of the text, not of its first line.", ruling{content: iban, exec: obj{"iban": "PT50000201231234567890154\nx"}}, fails())
	add("text-length", "size counts characters, not bytes.", ruling{content: one("size(executionParams.s) == 2", obj{"s": "string"}, nil), exec: obj{"s": "é😀"}}, passes())
	date := one("executionParams.day >= userParams.first", obj{"day": "date"}, obj{"first": "date"})
	add("date-order", "Dates are compared as text, which orders them.", ruling{content: date, exec: obj{"day": "2026-10-01"}, user: obj{"first": "2026-09-30"}}, passes())

	// Effects and tools.
	forbid := func(expression string) obj {
		c := one(expression, number, nil)
		c["rules"].(arr)[0].(obj)["effect"] = "forbid"
		return c
	}
	add("forbid-false", "A forbid rule passes when its expression is false.", ruling{content: forbid("executionParams.a > 5.0"), exec: obj{"a": 5}}, passes())
	add("forbid-true", "A forbid rule fails when its expression is true.", ruling{content: forbid("executionParams.a > 5.0"), exec: obj{"a": 5.5}}, fails())
	add("forbid-error", "An error forbids as well: nothing was found out.", ruling{content: forbid("executionParams.a > 5.0"), exec: obj{}}, errs(policy.CodeMissingField))
	skip := one("executionParams.a > 5.0", number, nil)
	skip["tools"], skip["rules"].(arr)[0].(obj)["appliesTo"] = arr{"x", "y"}, arr{"x"}
	add("applies-to-other", "The rule is for another tool: skipped, which is no pass.", ruling{content: skip, exec: obj{"tool": "y", "a": 1}}, ruled("skip", "not_applicable"))
	add("every-rule-runs", "The first rule fails, the second passes, the third errs: all are told, and the failure is the reason.", ruling{
		content: merge(one("", number, nil), obj{"rules": arr{
			obj{"name": "first", "expression": "executionParams.a > 5.0"},
			obj{"name": "second", "expression": "executionParams.a == 1.0"},
			obj{"name": "third", "expression": "executionParams.b > 0.0"},
		}}), exec: obj{"a": 1},
	}, obj{"decision": "deny", "reason": "rule_failed", "evaluations": arr{evaluation("first", "fail", "failed"), evaluation("second", "pass", "ok"), evaluation("third", "error", "missing_field")}})
	unknown := one("true", number, nil)
	unknown["rules"].(arr)[0].(obj)["requires"] = arr{"assurance_floor"}
	add("rule-unknown-member", "A rule with a member that this version does not know is an error, also where its expression is true.",
		ruling{content: unknown, exec: obj{"a": 1}}, errs(policy.CodeUnknownMember))
}

// untypedVectors returns cases of undeclared parameters.
func untypedVectors(add addRuling) {
	untyped := func(name, comment, expression string, exec any, expect obj) {
		add(name, comment, ruling{content: one(expression, nil, nil), exec: exec}, expect)
	}
	untyped("untyped-text-and-number", "A text is not compared with a number.", "executionParams.a <= 10.0", obj{"a": "5"}, errs(policy.CodeTypeMismatch))
	untyped("untyped-equality-of-kinds", `"5" == 5.0 is an error, not false: a forbid rule would pass on it.`, "executionParams.a != 5.0", obj{"a": "5"}, errs(policy.CodeTypeMismatch))
	untyped("untyped-null", "null is not compared with a number.", "executionParams.a <= 1.0", obj{"a": nil}, errs(policy.CodeTypeMismatch))
	untyped("untyped-missing", "A field that is not there.", "executionParams.a <= 1.0", obj{}, errs(policy.CodeMissingField))
	untyped("untyped-list-index", "An element that is not there.", "executionParams.to[1] == 'x'", obj{"to": arr{"x"}}, errs(policy.CodeMissingField))
	untyped("untyped-not-bool", "The expression is a text: neither true nor false.", "executionParams.a", obj{"a": "true"}, errs(policy.CodeNotBool))
	untyped("untyped-object-as-list", "An object where a list is meant: all over its names would let values through unseen.",
		"executionParams.to.all(v, v in ['ana'])", obj{"to": obj{"ana": "eve"}}, errs(policy.CodeTypeMismatch))
	untyped("untyped-text-as-object", "has on a text is an error, so that another type does not switch a guard off.",
		"!has(executionParams.card.limit)", obj{"card": "x"}, errs(policy.CodeMissingField))
	add("cost-exceeded", "A thousand comparisons of fifty thousand characters cost more than one rule may.", ruling{
		content: one("executionParams.l.all(x, executionParams.l[0] == x && executionParams.s == executionParams.s)", obj{"l": "array<number>", "s": "string"}, nil),
		bytes:   obj{"parts": arr{obj{"text": `{"l":[1`, "times": 1}, obj{"text": ",1", "times": 999}, obj{"text": `],"s":"`, "times": 1}, obj{"text": "a", "times": 50_000}, obj{"text": `"}`, "times": 1}}},
	}, errs(policy.CodeCostExceeded))
}

// ones returns parameters with a list of n ones; 1,000 are accepted.
func ones(n int) obj {
	return repeated(`{"l":[1`, ",1", n-1, "]}")
}

// repeated returns text with a repeated middle part.
func repeated(before, middle string, times int, after string) obj {
	return obj{"parts": arr{obj{"text": before, "times": 1}, obj{"text": middle, "times": times}, obj{"text": after, "times": 1}}}
}

// faultVectors returns cases of parameters that do not match their declared
// shape.
func faultVectors(add addRuling) {
	invalid := func(reason string, list []obj) obj {
		return merge(faults(list...), obj{"decision": "deny", "reason": reason})
	}
	exec := func(name, comment string, shape, params obj, list ...obj) {
		add("params-"+name, comment, ruling{content: one("true", shape, nil), exec: params}, invalid("execution_params_invalid", list))
	}
	user := func(name, comment string, shape, params obj, list ...obj) {
		add("user-params-"+name, comment, ruling{content: one("true", nil, shape), user: params, exec: obj{}}, invalid("user_params_invalid", list))
	}
	required := func(t string) obj { return obj{"type": t, "required": true} }
	exec("missing", "A required field is not there.", obj{"a": required("number")}, obj{}, fault("/a", "missing"))
	exec("required-null", "null counts as absent, and the field is required.", obj{"a": required("number")}, obj{"a": nil}, fault("/a", "missing"))
	exec("all-faults", "Every fault is told, sorted by pointer.", obj{"a": required("number"), "b": "string"}, obj{"c": 1, "b": 2}, fault("/a", "missing"), fault("/b", "type"), fault("/c", "undeclared"))
	exec("shape-empty", "A shape declared as {} allows no field at all.", obj{}, obj{"a": 1}, fault("/a", "undeclared"))
	exec("pointer-escaped", "The pointer of a fault is escaped (RFC 6901).", obj{}, obj{"a/b~c": 1}, fault("/a~1b~0c", "undeclared"))
	exec("value", "A value outside of those that are declared.", obj{"category": obj{"type": "string", "values": arr{"hotel", "car"}}}, obj{"category": "boat"}, fault("/category", "value"))
	exec("values-of-elements", "values of an array are those of its elements.", obj{"l": obj{"type": "array", "items": "string", "values": arr{"x"}}}, obj{"l": arr{"x", "y"}}, fault("/l/1", "value"))
	exec("element-type", "Each element has the declared type.", obj{"l": "array<number>"}, obj{"l": arr{1, "2"}}, fault("/l/1", "type"))
	exec("element-null", "null is no element.", obj{"l": "array"}, obj{"l": arr{nil}}, fault("/l/0", "type"))
	exec("date-time", "A date has no time.", obj{"d": "date"}, obj{"d": "2026-05-02T00:00:00Z"}, fault("/d", "type"))
	exec("date-no-such-day", "2026 has no 29th of February.", obj{"d": "date"}, obj{"d": "2026-02-29"}, fault("/d", "type"))
	exec("url-user", "A URL with user information looks like another host's.", obj{"u": "url"}, obj{"u": "https://bank.example@evil.example/"}, fault("/u", "type"))
	exec("url-scheme", "Only http and https are accepted.", obj{"u": "url"}, obj{"u": "javascript:alert(1)"}, fault("/u", "type"))
	exec("boolean-text", `"false" is no boolean.`, obj{"b": "boolean"}, obj{"b": "false"}, fault("/b", "type"))
	exec("too-deep", "More than eight levels.", obj{"o": "object"}, obj{"o": nest(8)}, fault("/o"+strings.Repeat("/o", 7), "too_deep"))
	add("params-too-many-items", "More than 1,000 elements.", ruling{content: one("true", obj{"l": "array"}, nil), bytes: ones(1001)},
		invalid("execution_params_invalid", []obj{fault("/l", "too_many_items")}))
	add("params-too-large", "More than 64 KiB.", ruling{content: one("true", obj{"s": "string"}, nil), bytes: repeated(`{"s":"`, "a", 64<<10, `"}`)},
		invalid("execution_params_invalid", []obj{fault("", "too_large")}))
	add("params-unsafe-integer-undeclared", "2^53 is refused also where no shape is declared: readers round it differently.",
		ruling{content: one("true", nil, nil), bytes: text(`{"a":{"b":[9007199254740992]}}`)}, invalid("execution_params_invalid", []obj{fault("/a/b/0", "unsafe_integer")}))
	tools := merge(one("true", nil, nil), obj{"tools": arr{"book"}})
	add("params-no-tool", "The action declares tools, and none is named.", ruling{content: tools, exec: obj{}}, invalid("execution_params_invalid", []obj{fault("/tool", "unmanifested_tool")}))
	add("params-no-rules-no-shape", "An action without rules and without a shape restricts nothing, so only empty parameters pass.",
		ruling{content: obj{"name": "act", "profile": "via-cel/1"}, exec: obj{"a": 1}}, invalid("execution_params_invalid", []obj{fault("/a", "undeclared")}))
	add("no-rules-empty-params", "An action without rules allows empty parameters; the evaluations are an empty list.",
		ruling{content: obj{"name": "act", "profile": "via-cel/1"}, exec: obj{}}, obj{"decision": "allow", "evaluations": arr{}})

	user("missing", "A required user parameter is not there.", obj{"m": required("number")}, obj{}, fault("/m", "missing"))
	user("wrapper-unknown-member", "An object with another member beside value is no wrapper.", obj{"m": "number"}, obj{"m": obj{"value": 5, "currency": "EUR"}}, fault("/m", "type"))
	user("wrapped-twice", "A wrapper is taken off once.", obj{"m": "number"}, obj{"m": obj{"value": obj{"value": 5}}}, fault("/m/value", "type"))
	user("ambiguous", "The declared object fits the wrapper and what is in it.", obj{"m": "object"}, obj{"m": obj{"value": obj{"x": 1}}}, fault("/m", "ambiguous"))
	user("undeclared", "A user parameter that the action does not declare.", obj{"m": "number"}, obj{"m": 1, "M": 2}, fault("/M", "undeclared"))
}

func nest(depth int) any {
	if depth == 0 {
		return arr{}
	}
	return obj{"o": nest(depth - 1)}
}

// contentVectors returns cases of contents that do not compile, one per code.
func contentVectors(add addRuling) {
	bad := func(name, comment string, expect obj, edit func(c, rule obj)) {
		c := one("executionParams.a > 0.0", obj{"a": "number"}, nil)
		edit(c, c["rules"].(arr)[0].(obj))
		add("content-"+name, comment, ruling{content: c, exec: obj{"a": 1}}, expect)
	}
	bad("no-profile", "No profile means via-cel/1, and always will; it is a warning.", merge(passes(), obj{"warnings": arr{"profile_absent"}}), func(c, _ obj) { delete(c, "profile") })
	bad("unknown-profile", "A profile that this version does not carry out.", compileIssue("unknown_profile"), func(c, _ obj) { c["profile"] = "via-cel/2" })
	bad("unknown-member", "A member that could restrict the action.", compileIssue("unknown_member"), func(c, _ obj) { c["maxUses"] = 1 })
	bad("exposure", "A declared feature that this version does not carry out.", compileIssue("unsupported_feature"), func(c, _ obj) { c["exposure"] = obj{"windowMs": 1} })
	bad("no-name", "An action without a name.", compileIssue("missing"), func(c, _ obj) { delete(c, "name") })
	bad("tools-empty", "An empty list of tools could mean none or any.", compileIssue("malformed"), func(c, _ obj) { c["tools"] = arr{} })
	bad("tools-twice", "A tool that is declared twice.", compileIssue("duplicate"), func(c, _ obj) { c["tools"] = arr{"x", "x"} })
	bad("field-type", "A type that does not exist.", compileIssue("unknown_type"), func(c, _ obj) { c["userParams"] = obj{"m": "integer"} })
	bad("field-unknown-member", "A restriction of a field that this version does not know.", compileIssue("unknown_member"),
		func(c, _ obj) { c["userParams"] = obj{"m": obj{"type": "number", "maximum": 5}} })
	bad("tool-not-a-string", "tool is a reserved string.", compileIssue("malformed"), func(c, _ obj) { c["executionParams"].(obj)["tool"] = "number" })
	bad("rules-too-many", "More than 64 rules.", compileIssue("limit"), func(c, rule obj) {
		rules := arr{}
		for i := range 65 {
			rules = append(rules, obj{"name": fmt.Sprint("r", i), "expression": "true"})
		}
		c["rules"] = rules
	})
	bad("rules-same-name", "Two rules that evaluations could not tell apart.", ruleIssue("duplicate"), func(c, rule obj) { c["rules"] = arr{rule, rule} })
	bad("rule-no-expression", "A rule without an expression.", ruleIssue("missing"), func(_, rule obj) { delete(rule, "expression") })
	bad("rule-unknown-effect", "An effect that is neither require nor forbid.", ruleIssue("unknown_effect"), func(_, rule obj) { rule["effect"] = "warn" })
	bad("rule-unknown-tool", "appliesTo names a tool that the action does not declare: an agent could skip the rule.", ruleIssue("unknown_tool"), func(c, rule obj) {
		c["tools"], rule["appliesTo"] = arr{"x"}, arr{"y"}
	})
	bad("rule-applies-to-nothing", "An empty appliesTo would skip the rule always.", ruleIssue("malformed"), func(c, rule obj) { c["tools"], rule["appliesTo"] = arr{"x"}, arr{} })
	expression := func(name, comment, code, source string) {
		bad("rule-"+name, comment, ruleIssue(code), func(_, rule obj) { rule["expression"] = source })
	}
	expression("syntax", "An expression that ends early.", "syntax", "executionParams.a >")
	expression("typo", "A field that nobody declared.", "type", "executionParams.amuont > 0.0")
	expression("types", "A number compared with a text.", "type", "executionParams.a > '0'")
	expression("not-bool", "An expression that is a number.", "not_bool", "executionParams.a + 1.0")
	expression("no-clock", "There is no function that reads a clock.", "type", "getDate() == 1.0")
}

// hostileVectors returns contents outside the profile: they would cost too
// much, or engines would disagree about them.
func hostileVectors(add addRuling) {
	refuse := func(name, comment, code, source string) {
		c := one(source, obj{"a": "number", "s": "string", "p": "string", "l": "array<number>"}, nil)
		add("hostile-"+name, comment, ruling{content: c, exec: obj{}}, ruleIssue(code))
	}
	refuse("list-concatenation", "Lists that double cost nothing until they are compared.", "refused", "size(executionParams.l + executionParams.l) > 0")
	refuse("pattern-from-agent", "A pattern that the agent sends.", "refused", "executionParams.s.matches(executionParams.p)")
	refuse("pattern-program", "A short pattern whose program is long.", "refused", "executionParams.s.matches('[a-z]{600}[0-9]{600}')")
	refuse("divisor-variable", "amount / nights is infinite for 0 nights, and more than every limit.", "refused", "1.0 / executionParams.a >= 50.0")
	refuse("divisor-zero", "Division by zero.", "refused", "executionParams.a / 0.0 >= 50.0")
	refuse("integer-division", "7 / 2 is 3 in one engine and 3.5 in another.", "refused", "7 / 2 > 3.0")
	refuse("modulo", "% works on integers, and numbers are doubles.", "refused", "executionParams.a % 2.0 == 0.0")
	refuse("map-literal", "Map literals are not part of the profile.", "refused", "{'a': 1.0}.a > 0.0")
	refuse("unsigned-literal", "Unsigned integers are not part of the profile.", "refused", "executionParams.a > 5u")
	refuse("unsafe-literal", "An integer beyond 2^53-1 has no exact double.", "refused", "executionParams.a < 9007199254740993")
	refuse("variable-index", "An index is a literal, so that a field is named where it is read.", "refused", "executionParams[executionParams.s] == 1.0")
	refuse("shadowed-variable", "A loop variable that hides the parameters.", "refused", "[1.0].all(userParams, userParams > 0.0)")
	refuse("loops-three-deep", "Three loops within each other: a billion steps over 1,000 elements.", "limit",
		"executionParams.l.all(x, executionParams.l.all(y, executionParams.l.all(z, x + y + z > 0.0)))")
	refuse("source-too-long", "More than 2,048 characters.", "limit", "true || "+strings.Repeat(" ", 2048)+"true")
	refuse("nodes-too-many", "More than 500 nodes.", "limit", strings.Repeat("true||", 300)+"true")
}
