package main

import (
	"github.com/mandate-engine/mandate/verifier"
)

// actionVectors returns cases of the action, its parameters and its rules.
func actionVectors() []vector {
	var out []vector
	add := collect(&out)

	required := denied(verifier.ReasonActionRequired, "action.required")
	add("action-required", "A mandate without an action, such as a signed document, allows no action.", required, func(s *scene) {
		delete(s.mandate(), "action")
		s.params(obj{})
	})
	add("actionless-with-params", "A mandate without an action, where that is accepted, with parameters that nothing could judge.", required, func(s *scene) {
		delete(s.mandate(), "action")
		s.config()["allowActionless"] = true
	})
	const unavailable, source = verifier.ReasonActionUnavailable, "action.source"
	add("action-no-source", "The mandate refers to an action, and the verifier has no source of actions.", denied(unavailable, source), func(s *scene) {
		referenced(s)
		delete(s.input, "actions")
	})
	add("action-not-found", "There is no such action.", denied(unavailable, source), func(s *scene) {
		referenced(s)
		s.input["actions"] = arr{}
	})
	add("action-other-version", "There is another version of the action, and that is another action.", denied(unavailable, source), func(s *scene) {
		referenced(s)
		s.action()["version"] = 2
	})
	digest := denied(verifier.ReasonActionDigestMismatch, "action.digest")
	add("action-digest-inline", "The inline action is not the one whose digest was signed beside it.", digest, func(s *scene) { s.action()["digestSRI"] = sri(obj{}) })
	add("action-digest-changed", "Whoever serves the action has changed its rule.", digest, func(s *scene) {
		referenced(s)
		changed := content()
		changed["rules"] = arr{obj{"name": "amount-cap", "expression": "true"}}
		s.input["actions"] = arr{obj{"id": actionID, "version": 1, "content": changed}}
	})
	add("action-digest-absent", "A reference without a digest lets whoever serves the action decide.", digest, func(s *scene) {
		referenced(s)
		delete(s.action(), "digestSRI")
	})
	add("action-digest-hex", "The digest is compared as it is written: base64 after sha256-.", digest, func(s *scene) {
		s.action()["digestSRI"] = "sha256-44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	})

	invalid := func(name, comment string, edit func(s *scene)) {
		add("action-"+name, comment, denied(verifier.ReasonActionInvalid, "action.compile"), edit)
	}
	invalid("unknown-member", "A member of the content that this version does not know could restrict it.", func(s *scene) { s.content()["maxUses"] = 1 })
	invalid("step-up", "A declared feature that this version does not carry out.", func(s *scene) { s.content()["stepUp"] = obj{"over": 100} })
	invalid("unknown-profile", "A profile that does not exist yet.", func(s *scene) { s.content()["profile"] = "via-cel/2" })
	invalid("unknown-effect", "An effect that is neither require nor forbid.", func(s *scene) { s.rule()["effect"] = "allow" })
	invalid("rule-typo", "A rule that names a field which nobody declared does not compile.", func(s *scene) {
		s.rule()["expression"] = "executionParams.amuont <= userParams.maxAmount"
	})
	invalid("undeclared-tool", "A rule for a tool that the action does not declare would never run.", func(s *scene) { s.rule()["appliesTo"] = arr{"book"} })
	invalid("referenced-not-json", "The action that was served is no JSON.", func(s *scene) {
		referenced(s)
		s.input["actions"] = arr{obj{"id": actionID, "version": 1, "contentBytes": text("{")}}
	})

	user := func(name, comment string, edit func(s *scene), list ...obj) {
		add("user-params-"+name, comment, denied(verifier.ReasonUserParamsInvalid, "userParams.shape", faults(list...)), edit)
	}
	user("missing", "The cap that the rule compares with is not there.", func(s *scene) { delete(s.mandate(), "userParams") }, fault("/maxAmount", "missing"))
	user("type", "The cap is a string.", func(s *scene) { s.mandate()["userParams"] = obj{"maxAmount": "500"} }, fault("/maxAmount", "type"))
	user("case-variant", "MAXAMOUNT beside maxAmount: a reader that folds case would take the larger cap.",
		func(s *scene) { s.mandate()["userParams"] = obj{"maxAmount": 500, "MAXAMOUNT": 999999} }, fault("/MAXAMOUNT", "undeclared"))
	user("ambiguous", "A declared object that could be a value or its wrapper: nobody can say what was agreed to.", func(s *scene) {
		s.content()["userParams"].(obj)["extra"] = "object"
		s.mandate()["userParams"].(obj)["extra"] = obj{"value": obj{"value": 1}}
	}, fault("/extra", "ambiguous"))

	params := func(name, comment string, p obj, list ...obj) {
		add("params-"+name, comment, denied(verifier.ReasonExecutionParamsInvalid, "executionParams.shape", faults(list...)), func(s *scene) { s.params(p) })
	}
	params("empty", "A required parameter is not there.", obj{}, fault("/amount", "missing"))
	params("string-amount", "An amount in a string is not compared, neither as text nor as a number.", obj{"amount": "420.5"}, fault("/amount", "type"))
	params("case-variant", "AMOUNT beside amount.", obj{"amount": 1, "AMOUNT": 900}, fault("/AMOUNT", "undeclared"))
	add("params-unsafe-integer", "2^53+1 and 2^53 are the same double: an amount that readers round differently.",
		denied(verifier.ReasonExecutionParamsInvalid, "executionParams.shape", faults(fault("/amount", "unsafe_integer"))), func(s *scene) {
			delete(s.request, "executionParams")
			s.request["executionParamsBytes"] = text(`{"amount":9007199254740993}`)
			s.mandate()["userParams"] = obj{"maxAmount": 1e15}
		})
	tool := func(name, comment string, p obj) {
		add("tool-"+name, comment, denied(verifier.ReasonExecutionParamsInvalid, "executionParams.shape", faults(fault("/tool", "unmanifested_tool"))), func(s *scene) {
			s.content()["tools"] = arr{"book", "cancel"}
			s.rule()["appliesTo"] = arr{"book"}
			s.params(p)
		})
	}
	tool("undeclared", "A tool that the action does not declare.", obj{"tool": "pay", "amount": 1})
	tool("absent", "Leaving the tool out must not skip the rules that are meant for tools.", obj{"amount": 900})
	tool("case", "Book is not book.", obj{"tool": "Book", "amount": 1})

	failed := func(result, code string) obj {
		return denied(verifier.ReasonRuleFailed, "rules", obj{"evaluations": capped(result, code)})
	}
	add("over-cap", "A cent more than the cap.", failed("fail", "failed"), func(s *scene) { s.params(obj{"amount": 500.01}) })
	add("rule-of-the-tool", "The rule is meant for this tool, and fails.", failed("fail", "failed"), func(s *scene) {
		s.content()["tools"] = arr{"book", "cancel"}
		s.rule()["appliesTo"] = arr{"book"}
		s.params(obj{"tool": "book", "amount": 900})
	})
	add("forbid-rule-true", "A forbid rule fails when its expression is true.", failed("fail", "failed"), func(s *scene) {
		s.rule()["effect"], s.rule()["expression"] = "forbid", "executionParams.amount > 400.0"
	})
	errored := func(name, comment, code string, edit func(s *scene)) {
		add("rule-"+name, comment, denied(verifier.ReasonRuleError, "rules", obj{"evaluations": capped("error", code)}), edit)
	}
	errored("unknown-member", "A member of a rule that this version does not know could restrict it.", "unknown_member", func(s *scene) { s.rule()["requires"] = "assurance_floor" })
	errored("missing-field", "The rule reads an optional parameter that is not there: an error, which denies.", "missing_field", func(s *scene) {
		s.content()["executionParams"].(obj)["nights"] = "number"
		s.rule()["expression"] = "executionParams.amount / 2.0 <= userParams.maxAmount && executionParams.nights <= 7.0"
	})
	errored("forbid-error", "A forbid rule that errs has not found anything out: it does not pass.", "missing_field", func(s *scene) {
		s.content()["executionParams"].(obj)["nights"] = "number"
		s.rule()["effect"], s.rule()["expression"] = "forbid", "executionParams.nights > 7.0"
	})
	add("rule-fails-and-errs", "One rule fails and one errs: the failure is the reason, and both are told.",
		denied(verifier.ReasonRuleFailed, "rules", obj{"evaluations": arr{evaluation("amount-cap", "fail", "failed"), evaluation("nights", "error", "missing_field")}}),
		func(s *scene) {
			s.content()["executionParams"].(obj)["nights"] = "number"
			s.content()["rules"] = append(s.content()["rules"].(arr), obj{"name": "nights", "expression": "executionParams.nights <= 7.0"})
			s.params(obj{"amount": 900})
		})
	return out
}
