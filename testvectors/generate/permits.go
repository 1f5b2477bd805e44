package main

// permitsVectors returns cases of what an action leaves open once user
// parameters, and a tool, are known.
func permitsVectors() []vector {
	var out []vector
	add := func(name, comment string, content obj, user any, tool string, expect obj) {
		in := obj{"content": content}
		if user != nil {
			in["userParams"] = user
		}
		if tool != "" {
			in["tool"] = tool
		}
		out = append(out, vector{"permits/" + name, comment, in, expect})
	}
	number, texts := obj{"type": "number"}, obj{"type": "array", "items": obj{"type": "string"}}
	left := func(properties obj, required arr, what string) obj {
		return obj{"schema": obj{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties,
			"required": required, "additionalProperties": false}, "rules": arr{obj{"rule": "r", "left": what}}}
	}
	nothing := func(what string) obj { return obj{"schema": false, "rules": arr{obj{"rule": "r", "left": what}}} }
	amount := obj{"amount": "number"}

	add("cap", "A limit that the grantor chose is a maximum; without the field the rule is an error, so it is required.",
		one("executionParams.amount <= userParams.max", amount, obj{"max": "number"}), obj{"max": obj{"value": 500, "description": "most"}}, "",
		left(obj{"amount": merge(number, obj{"maximum": 500})}, arr{"amount"}, "schema"))
	add("range", "Two bounds of one rule, one of them open.", one("executionParams.amount > 0.0 && !(executionParams.amount > 5.0)", amount, nil), nil, "",
		left(obj{"amount": merge(number, obj{"exclusiveMinimum": 0, "maximum": 5})}, arr{"amount"}, "schema"))
	add("in-list", "A list of the grantor, and the declared values: what is in both, sorted.",
		one("executionParams.category in userParams.allowed", obj{"category": obj{"type": "string", "values": arr{"car", "hotel", "boat"}}}, obj{"allowed": "array<string>"}),
		obj{"allowed": arr{"hotel", "gifts", "boat"}}, "", left(obj{"category": obj{"type": "string", "enum": arr{"boat", "hotel"}}}, arr{"category"}, "schema"))
	add("in-nothing", "An empty list leaves nothing at all.", one("executionParams.category in userParams.allowed", obj{"category": "string"}, obj{"allowed": "array<string>"}),
		obj{"allowed": arr{}}, "", nothing("schema"))
	add("guarded", "A parameter that may be absent is restricted where it is there, and not required.",
		one("!has(executionParams.to) || executionParams.to.all(v, v in userParams.allowed)", obj{"to": "array<string>"}, obj{"allowed": "array<string>"}),
		obj{"allowed": arr{"ana@h.test"}}, "", left(obj{"to": merge(texts, obj{"items": obj{"type": "string", "enum": arr{"ana@h.test"}}})}, arr{}, "schema"))

	pay := one("executionParams.tool != 'pay' || executionParams.amount <= userParams.max", amount, obj{"max": "number"})
	pay["tools"] = arr{"pay", "look"}
	tool := func(names ...any) obj { return obj{"type": "string", "enum": arr(names)} }
	add("tool-guarded", "For this tool the guard is gone.", pay, obj{"max": 50}, "pay", left(obj{"amount": merge(number, obj{"maximum": 50}), "tool": tool("pay")}, arr{"amount", "tool"}, "schema"))
	add("tool-free", "For another tool nothing is left of the rule.", pay, obj{"max": 50}, "look", left(obj{"amount": number, "tool": tool("look")}, arr{"tool"}, "nothing"))
	add("tool-unknown", "Without a tool the guard stays, and the schema cannot say it.", pay, obj{"max": 50}, "", left(obj{"amount": number, "tool": tool("look", "pay")}, arr{"tool"}, "expression"))
	add("tool-undeclared", "A tool that the action does not declare.", pay, obj{"max": 50}, "sell", obj{"schema": false, "faults": arr{fault("/tool", "unmanifested_tool")}})
	skip := one("executionParams.amount <= 5.0", amount, nil)
	skip["tools"], skip["rules"].(arr)[0].(obj)["appliesTo"] = arr{"pay", "look"}, arr{"pay"}
	add("tool-not-meant", "A rule for other tools is skipped.", skip, nil, "look", left(obj{"amount": number, "tool": tool("look")}, arr{"tool"}, "nothing"))

	forbid := one("executionParams.amount > userParams.max", amount, obj{"max": "number"})
	forbid["rules"].(arr)[0].(obj)["effect"] = "forbid"
	add("forbid", "What a rule forbids, negated.", forbid, obj{"max": 50}, "", left(obj{"amount": merge(number, obj{"maximum": 50})}, arr{"amount"}, "schema"))
	add("switched-off", "A switch of the grantor that is off: no parameters pass.", one("userParams.on && executionParams.amount <= 5.0", amount, obj{"on": "boolean"}), obj{"on": false}, "", nothing("never"))
	add("contradiction", "More than 5 and less than 5.", one("executionParams.amount > 5.0 && executionParams.amount < 5.0", amount, nil), nil, "", nothing("schema"))
	add("sum", "A sum of two parameters is beyond a schema; both are required all the same.", one("executionParams.amount + executionParams.fee <= 5.0", obj{"amount": "number", "fee": "number"}, nil), nil, "",
		left(obj{"amount": number, "fee": number}, arr{"amount", "fee"}, "expression"))
	add("time", "What depends on the time of the request stays.", one("now < timestamp(userParams.until)", obj{}, obj{"until": "string"}), obj{"until": "2027-01-01T00:00:00Z"}, "",
		left(obj{}, arr{}, "expression"))
	add("hidden", "The value of a hidden parameter appears nowhere.", one("executionParams.code == userParams.code", obj{"code": "string"}, obj{"code": obj{"type": "string", "hidden": true}}), obj{"code": "4711"}, "",
		left(obj{"code": obj{"type": "string"}}, arr{"code"}, "expression"))
	add("absent", "A parameter that the grantor left out: reading it is an error, and no value takes its place.", one("executionParams.amount <= userParams.max", amount, obj{"max": "number"}), obj{}, "",
		left(obj{"amount": number}, arr{"amount"}, "expression"))
	add("user-params-invalid", "User parameters that do not fit: nothing can be allowed.", one("true", amount, obj{"max": "number"}), obj{"max": "x"}, "",
		obj{"schema": false, "faults": arr{fault("/max", "type")}})
	strange := one("true", amount, nil)
	strange["rules"].(arr)[0].(obj)["maxUses"] = 1
	add("rule-unknown-member", "A rule that this version does not understand is never passed.", strange, nil, "", nothing("never"))
	return out
}
