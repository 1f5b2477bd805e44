package main

import (
	"strings"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

func verifyVectors() []vector {
	var out []vector
	for _, part := range [][]vector{sampleVectors(), allowVectors(), formVectors(), credentialVectors(), keyVectors(),
		setVectors(), whoVectors(), statusVectors(), modelVectors(), actionVectors(), requestVectors()} {
		out = append(out, part...)
	}
	return out
}

// A verdictFunc adds a case: the usual scene after an edit.
type verdictFunc func(name, comment string, expect obj, edit func(*scene))

func collect(into *[]vector) verdictFunc {
	return func(name, comment string, expect obj, edit func(*scene)) {
		s := newScene()
		edit(s)
		*into = append(*into, s.vector(name, comment, expect))
	}
}

// sampleVectors returns cases of a presentation made by another
// implementation.
func sampleVectors() []vector {
	var out []vector
	add := func(name, comment string, params []byte, expect obj) {
		input := obj{
			"now":     now,
			"config":  obj{"trustedIssuers": arr{sample.Issuer}, "verifier": sample.Verifier},
			"request": obj{"presentation": parse(sample.Presentation()), "executionParams": parse(params), "challenge": sample.Challenge},
		}
		out = append(out, vector{"verify/" + name, comment, input, expect})
	}
	rules := func(cap, city string) arr {
		code := map[string]string{"pass": "ok", "fail": "failed"}
		return arr{evaluation("amount-cap", cap, code[cap]), evaluation("same-currency", "pass", "ok"), evaluation("city-allowed", city, code[city])}
	}
	add("allow-hotel", "A mandate to book hotels, issued and presented by an independent implementation.", sample.ParamsAllow(), obj{
		"decision": "allow", "credentialId": sample.MandateID, "paramsBound": false, "proofForm": "w3c", "evaluations": rules("pass", "pass"),
	})
	add("hotel-two-rules-fail", "Too expensive and in another city: every rule runs, and both failures are told.", sample.ParamsDeny(),
		denied(verifier.ReasonRuleFailed, "rules", obj{"evaluations": rules("fail", "fail")}))
	add("hotel-params-invalid", "An amount in a string, a misspelt field, and the field that is therefore missing.", sample.ParamsInvalid(),
		denied(verifier.ReasonExecutionParamsInvalid, "executionParams.shape", faults(fault("/amount", "type"), fault("/city", "missing"), fault("/cty", "undeclared"))))
	return out
}

func allowVectors() []vector {
	var out []vector
	add := collect(&out)
	allow := func(name, comment string, more obj, edit func(*scene)) {
		add("allow-"+name, comment, merge(allowed(), more), edit)
	}

	allow("at-cap", "An amount equal to the cap is within it.", nil, func(s *scene) { s.params(obj{"amount": 500}) })
	allow("user-params-plain", "userParams may stand there without their wrapper.", nil, func(s *scene) { s.mandate()["userParams"] = obj{"maxAmount": 500} })
	allow("number-spelling", "White space and the spelling of numbers are not signed, so the presentation may arrive with others.", nil, func(s *scene) {
		s.asText(func(t string) string { return " " + strings.Replace(t, `"value":500`, `"value" : 5.00e2`, 1) + "\r\n" })
	})

	// Documents.
	allow("via-proofs", "The VIA form: a list proofs in place of proof.", obj{"proofForm": "via"}, func(s *scene) {
		proof := s.vc.prove(s.credential, "assertionMethod")
		s.sealed = func(vc obj) { delete(vc, "proof"); vc["proofs"] = arr{proof} }
	})
	allow("valid-until-null", "validUntil null counts as absent, with a warning; the null is signed.", obj{"warnings": arr{"vc.validity"}},
		func(s *scene) { s.credential["validUntil"] = nil })
	allow("context-appended", "The issuer's signature covers an @context; a longer one was received, of known contexts.", nil,
		func(s *scene) { s.sealed = func(vc obj) { vc["@context"] = arr{contextV2, contextVIA, contextDI} } })
	allow("context-configured", "A context that the configuration adds to the known ones.", nil, func(s *scene) {
		s.credential["@context"] = arr{contextV2, "https://example.com/ns/v1"}
		s.config()["contexts"] = arr{"https://example.com/ns/v1"}
	})
	allow("single-credential", "verifiableCredential may be the credential itself.", nil, func(s *scene) { s.single = true })
	allow("issuer-object", "The issuer may be an object with an id.", nil, func(s *scene) {
		s.credential["issuer"] = obj{"id": issuer.did(), "name": "Issuer"}
	})
	allow("holder-object", "The holder may be an object with an id.", nil, func(s *scene) { s.presentation["holder"] = obj{"id": holder.did()} })
	allow("holder-absent", "Without a holder, whoever controls the key presents.", nil, func(s *scene) { delete(s.presentation, "holder") })
	allow("opaque-identifiers", "Ids of grantors, subjects and evidence are opaque: some are no DIDs, and nothing resolves or repairs them.",
		obj{"credentialId": "did:web:humanos.techcredential:uuid"}, func(s *scene) {
			s.credential["id"] = "did:web:humanos.techcredential:uuid"
			s.credential["credentialSubject"].(obj)["id"] = "did:web:humanostech:issuer-uuid"
			s.mandate()["grantor"] = arr{"did:web:humanos:contact:"}
			s.credential["evidences"] = arr{obj{"id": "did:web:humanos.tech::evidence:uuid", "digestSRI": "sha256-abc123"}}
		})
	allow("second-credential", "A second credential of a trusted issuer that is no mandate.", nil, func(s *scene) { s.second = plainCredential(issuer, nil) })
	allow("named-mandate", "Two mandates, and the request names one of them.", nil, func(s *scene) {
		s.second = plainCredential(issuer, func(vc obj) { vc["type"] = arr{"VerifiableCredential", "VIAMandate"} })
		s.request["mandate"] = mandateID
	})

	// Keys and parties.
	allow("did-web-issuer", "An issuer whose document is pinned.", nil, func(s *scene) { s.webIssued(webDocument(webIssuer, issuer)) })
	allow("issuer-key-rotated", "Another key of the issuer was revoked; the one that signed counts.", nil, func(s *scene) {
		doc := webDocument(webIssuer, issuer)
		old := obj{"id": webIssuer + "#key-0", "type": "Multikey", "controller": webIssuer, "publicKeyMultibase": stranger.multikey(), "revoked": "2026-01-01T00:00:00Z"}
		doc["verificationMethod"] = append(doc["verificationMethod"].(arr), old)
		s.webIssued(doc)
	})
	allow("issuer-binding-listed", "The issuer's own document lists the key of its platform, and the configuration lets that count.", nil, func(s *scene) {
		s.webIssued(merge(webDocument(webIssuer, stranger), obj{"assertionMethod": arr{platform.method()}}))
		s.vc = proofForm{by: platform}
		s.config()["issuerBinding"] = "listed"
	})
	allow("presentation-signer", "The configuration lets a platform sign presentations for this holder.", nil, func(s *scene) {
		s.vp.by = platform
		s.config()["presentationSigners"] = arr{obj{"signer": platform.did(), "holders": arr{holder.did()}}}
	})
	allow("holder-is-subject", "Without authorizedDIDs the subject may present, to any verifier.", nil, func(s *scene) {
		delete(s.mandate(), "context")
		s.presentation["holder"], s.vp.by = subject.did(), subject
	})
	allow("holder-is-grantor", "A grantor may present although authorizedDIDs does not name it.", nil, func(s *scene) {
		s.mandate()["grantor"] = arr{platform.did()}
		s.presentation["holder"], s.vp.by = platform.did(), platform
	})
	allow("verifier-is-issuer", "The issuer may verify although authorizedDIDs does not name it.", nil, func(s *scene) {
		s.authorize(arr{holder.did()})
		s.config()["verifier"] = issuer.did()
		s.bind(obj{"domain": issuer.did()})
	})
	allow("any-issuer", "A setting that accepts every issuer is named in the receipt.", obj{"insecure": arr{"InsecureTrustAnyIssuer"}}, func(s *scene) {
		delete(s.config(), "trustedIssuers")
		s.config()["insecureTrustAnyIssuer"] = true
	})

	// Binding and time.
	allow("domain-set", "Domains are compared as sets: order and repetition do not matter.", nil, func(s *scene) {
		s.bind(obj{"domain": arr{"b.example", "a.example", "b.example"}})
		s.request["domain"] = arr{"a.example", "b.example"}
	})
	allow("unbound", "A setting that accepts presentations without a domain is named in the receipt.", obj{"insecure": arr{"InsecureAllowUnbound"}}, func(s *scene) {
		s.bind(obj{"domain": nil})
		s.config()["insecureAllowUnbound"] = true
	})
	allow("challenge-is-freshness", "With the challenge that was given out, the proof needs no created.", nil, func(s *scene) {
		s.bind(obj{"challenge": "c-1", "created": nil})
		s.request["challenge"] = "c-1"
	})
	allow("challenge-and-old", "With the challenge that was given out, a created of yesterday does not matter.", nil, func(s *scene) {
		s.bind(obj{"challenge": "c-1", "created": "2026-05-01T10:16:00Z"})
		s.request["challenge"] = "c-1"
	})
	allow("challenge-unexpected", "A challenge that nobody gave out is only data.", nil, func(s *scene) { s.bind(obj{"challenge": "c-1"}) })
	allow("five-minutes-old", "Without a challenge a presentation counts for five minutes, both ends included.", nil,
		func(s *scene) { s.bind(obj{"created": "2026-05-02T10:11:00Z"}) })
	allow("one-minute-ahead", "A created may lie a minute ahead of the clock.", nil, func(s *scene) { s.bind(obj{"created": "2026-05-02T10:17:00Z"}) })
	allow("validity-first-instant", "validFrom is inclusive; so is its spelling with another offset.", nil,
		func(s *scene) { s.credential["validFrom"] = "2026-05-02T12:16:00+02:00" })
	allow("validity-last-instant", "validUntil is inclusive.", nil, func(s *scene) { s.credential["validUntil"] = now })
	allow("leeway", "A leeway of 30 s tolerates a validUntil half a minute ago.", nil, func(s *scene) {
		s.credential["validUntil"] = "2026-05-02T10:15:30Z"
		s.config()["leewaySeconds"] = 30
	})
	allow("retry-after-deny", "A deny does not use the presentation up: the corrected request is allowed.", nil,
		func(s *scene) {
			s.input["before"] = arr{obj{"executionParams": obj{"amount": 900}, "decision": "deny"}}
		})
	allow("replay-allowed", "A setting that accepts a presentation twice is named in the receipt.", obj{"insecure": arr{"InsecureAllowReplay"}}, func(s *scene) {
		s.input["before"] = arr{obj{"executionParams": obj{"amount": 1}, "decision": "allow"}}
		s.config()["insecureAllowReplay"] = true
	})
	bound := func(action string, params obj) string {
		return "c-1~" + sri(obj{"mandateId": mandateID, "action": action, "params": params})
	}
	allow("params-bound", "The challenge commits to the mandate, the name of the action, and the parameters.", obj{"paramsBound": true}, func(s *scene) {
		s.bind(obj{"challenge": bound("book_hotel", obj{"amount": 420.5})})
		s.config()["requireParamsBinding"] = true
	})
	allow("params-bound-nonce", "A nonce may look like a commitment: the last one counts.", obj{"paramsBound": true}, func(s *scene) {
		s.bind(obj{"challenge": "c-1~" + sri(obj{}) + strings.TrimPrefix(bound("book_hotel", obj{"amount": 420.5}), "c-1")})
	})
	allow("params-bound-tool", "Where the action has tools, the challenge commits to the tool in place of the name.", obj{"paramsBound": true}, func(s *scene) {
		s.content()["tools"] = arr{"book", "cancel"}
		params := obj{"amount": 420.5, "tool": "book"}
		s.params(params)
		s.bind(obj{"challenge": bound("book", params)})
	})

	// Actions and rules.
	allow("rule-for-other-tool", "The rule is meant for another tool that the action declares: it is skipped.", obj{"evaluations": capped("skip", "not_applicable")}, func(s *scene) {
		s.content()["tools"] = arr{"book", "cancel"}
		s.rule()["appliesTo"] = arr{"book"}
		s.params(obj{"tool": "cancel", "amount": 900})
	})
	allow("forbid-rule", "A forbid rule passes when its expression is false.", nil, func(s *scene) {
		s.rule()["effect"], s.rule()["expression"] = "forbid", "executionParams.amount > userParams.maxAmount"
	})
	allow("conditions-ignored", "conditions is the authoring source of a rule: signed, and not evaluated.", nil,
		func(s *scene) { s.rule()["conditions"] = arr{obj{"field": "amount", "op": "lte", "value": 1}} })
	allow("action-inline-digest", "An inline action with its digest.", nil, func(s *scene) { s.action()["digestSRI"] = sri(content()) })
	allow("action-by-digest", "The mandate refers to an action by id, version and digest.", nil, referenced)
	allow("action-by-digest-alone", "Without a version the digest decides alone.", nil, func(s *scene) {
		referenced(s)
		delete(s.action(), "version")
	})
	allow("action-unpinned", "A setting that accepts a reference without a digest is named in the receipt.", obj{"insecure": arr{"InsecureUnpinnedActions"}}, func(s *scene) {
		referenced(s)
		delete(s.action(), "digestSRI")
		s.config()["insecureUnpinnedActions"] = true
	})
	allow("actionless", "A mandate without an action, a setting that accepts it, and no parameters.", obj{"warnings": arr{"action.required"}, "evaluations": arr{}}, func(s *scene) {
		delete(s.mandate(), "action")
		s.params(obj{})
		s.config()["allowActionless"] = true
	})
	allow("scope", "The scope that the request demands.", nil, func(s *scene) { s.request["scope"] = scopeHotel })

	// Status and evidence.
	allow("status-clear", "The bit of the credential is clear; its neighbour is set, which tells most significant bit first from last.", nil,
		func(s *scene) { s.listed(statusEntry(0), statusList(nil)) })
	allow("status-refresh", "A newer credential is offered: that alone denies nothing.", obj{"warnings": arr{"vc.status"}}, func(s *scene) {
		s.listed(merge(statusEntry(7), obj{"statusPurpose": "refresh"}), statusList(func(list obj) { list["credentialSubject"].(obj)["statusPurpose"] = "refresh" }))
	})
	allow("evidence", "The evidence at hand has the digest that the credential states.", nil, func(s *scene) { s.evidence("report", "report") })
	return out
}

// referenced replaces the inline action with a reference.
func referenced(s *scene) {
	s.input["actions"] = arr{obj{"id": actionID, "version": 1, "content": content()}}
	delete(s.action(), "content")
	s.action()["digestSRI"] = sri(content())
}

// evidence sets the digest of one file in the credential and supplies another
// file.
func (s *scene) evidence(stated, supplied string) {
	const id = "urn:via:evidence:1"
	s.credential["evidences"] = arr{obj{"id": id, "digestSRI": sriOfText(stated), "location": "https://example.com/1"}}
	s.request["evidence"] = arr{obj{"id": id, "text": supplied}}
}
