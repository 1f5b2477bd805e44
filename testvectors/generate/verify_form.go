package main

import (
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// formVectors returns cases of the form of the presentation and its proof, and
// of the binding of the proof.
func formVectors() []vector {
	var out []vector
	add := collect(&out)
	tampered := func(name, comment string, expect obj, edit func(vp obj)) {
		add(name, comment, expect, func(s *scene) { s.tamper = edit })
	}
	const form = "vp.proof.form"
	missing := denied(verifier.ReasonProofMissing, form)
	malformedProof := denied(verifier.ReasonProofInvalid, form)
	tampered("vp-proof-absent", "A presentation without a proof presents nothing.", missing, func(vp obj) { delete(vp, "proof") })
	tampered("vp-proof-null", "null is no proof of a presentation.", missing, func(vp obj) { vp["proof"] = nil })
	tampered("vp-proof-empty-array", "An empty array is no proof: checking all of none must not succeed.", missing, func(vp obj) { vp["proof"] = arr{} })
	tampered("vp-proof-case-variant", "Proof is not proof.", missing, func(vp obj) { vp["Proof"] = vp["proof"]; delete(vp, "proof") })
	tampered("vp-proofs-only", "The VIA form is for credentials alone.", missing, func(vp obj) { vp["proofs"] = arr{vp["proof"]}; delete(vp, "proof") })
	tampered("vp-proof-empty-object", "An object without members is a malformed proof of a presentation.", malformedProof, func(vp obj) { vp["proof"] = obj{} })
	tampered("vp-proof-string", "A string is a malformed proof of a presentation.", malformedProof, func(vp obj) { vp["proof"] = vp["proof"].(obj)["proofValue"] })
	tampered("vp-proof-suite", "A presentation in another cryptosuite is not skipped but refused.", denied(verifier.ReasonUnsupportedCryptosuite, form),
		func(vp obj) { vp["proof"].(obj)["cryptosuite"] = "bbs-2023" })
	tampered("vp-proof-seventeen", "Seventeen copies of a good proof are too many for a presentation.", denied(verifier.ReasonTooManyProofs, form),
		func(vp obj) { vp["proof"] = slices.Repeat(arr{vp["proof"]}, 17) })
	tampered("vp-changed", "A member was added to the signed presentation.", denied(verifier.ReasonProofInvalid, "vp.proof"), func(vp obj) { vp["termsOfUse"] = obj{"type": "x"} })
	add("vp-retargeted", "A presentation for another verifier, its domain changed to this one after signing.", denied(verifier.ReasonProofInvalid, "vp.proof"), func(s *scene) {
		s.bind(obj{"domain": "did:web:other.example"})
		s.tamper = func(vp obj) { vp["proof"].(obj)["domain"] = verifierDID }
	})
	add("vp-purpose", "A proof made to assert does not authenticate.", denied(verifier.ReasonProofPurposeMismatch, form),
		func(s *scene) { s.bind(obj{"proofPurpose": "assertionMethod"}) })
	add("vp-proof-expired", "The presentation's proof is over at the instant of its expires.", denied(verifier.ReasonProofExpired, form),
		func(s *scene) { s.bind(obj{"expires": now}) })

	const malformed, structure = verifier.ReasonMalformedPresentation, "vp.structure"
	broken := denied(malformed, structure)
	add("vp-context-string", "The @context of VC Data Model 2.0 is a list.", broken, func(s *scene) { s.presentation["@context"] = contextV2 })
	add("vp-context-order", "The base context comes first.", broken, func(s *scene) { s.presentation["@context"] = arr{contextVIA, contextV2} })
	add("vp-holder-null", "A holder of null is nobody.", broken, func(s *scene) { s.presentation["holder"] = nil })
	tampered("vp-credential-string", "A credential in a string is not a credential.", broken, func(vp obj) { vp["verifiableCredential"] = arr{"eyJhbGciOiJFZERTQSJ9.e30.AA"} })
	tampered("vp-seventeen-credentials", "More than sixteen credentials are too many.", broken, func(vp obj) { vp["verifiableCredential"] = slices.Repeat(arr{obj{}}, 17) })
	tampered("vp-no-credential", "A presentation without a credential holds no mandate.", denied(verifier.ReasonNoMandate, "mandate.select"),
		func(vp obj) { vp["verifiableCredential"] = arr{} })
	add("vp-context-unknown", "A context that is not known gives every term any meaning; nothing is ever fetched.", denied(verifier.ReasonContextNotAllowed, "vp.context"),
		func(s *scene) { s.presentation["@context"] = arr{contextV2, "https://evil.example/ns"} })

	// Binding.
	challenge := denied(verifier.ReasonChallengeMismatch, "vp.challenge")
	add("challenge-other", "The challenge of another request.", challenge, func(s *scene) { s.bind(obj{"challenge": "c-2"}); s.request["challenge"] = "c-1" })
	add("challenge-absent", "A challenge was given out, and the proof does not carry it.", challenge, func(s *scene) { s.request["challenge"] = "c-1" })
	domain := denied(verifier.ReasonDomainMismatch, "vp.domain")
	add("domain-other", "A presentation for another verifier.", domain, func(s *scene) { s.bind(obj{"domain": "did:web:other.example"}) })
	add("domain-superset", "A presentation for this verifier and another: either could replay it at the other.", domain,
		func(s *scene) { s.bind(obj{"domain": arr{verifierDID, "did:web:other.example"}}) })
	add("domain-subset", "Of two domains that were asked for, the proof names one.", domain, func(s *scene) {
		s.request["domain"] = arr{verifierDID, "https://verifier.example"}
	})
	add("domain-absent", "A presentation for nobody in particular.", domain, func(s *scene) { s.bind(obj{"domain": nil}) })
	add("domain-not-trimmed", "Domains are compared byte for byte.", domain, func(s *scene) { s.bind(obj{"domain": verifierDID + "/"}) })

	// Freshness and replay.
	stale := denied(verifier.ReasonPresentationStale, "vp.freshness")
	add("stale", "Made five minutes and a second ago, without a challenge.", stale, func(s *scene) { s.bind(obj{"created": "2026-05-02T10:10:59Z"}) })
	add("no-created", "Neither a challenge nor a created shows when it was made.", stale, func(s *scene) { s.bind(obj{"created": nil}) })
	add("unexpected-challenge-not-fresh", "A challenge that nobody gave out does not make an old presentation fresh.", stale,
		func(s *scene) { s.bind(obj{"challenge": "c-1", "created": "2026-05-02T09:00:00Z"}) })
	add("from-future", "Made a minute and a second from now.", denied(verifier.ReasonProofFromFuture, "vp.freshness"),
		func(s *scene) { s.bind(obj{"created": "2026-05-02T10:17:01Z"}) })
	used := arr{obj{"executionParams": obj{"amount": 1}, "decision": "allow"}}
	replayed := denied(verifier.ReasonPresentationReplayed, "replay", obj{"evaluations": capped("pass", "ok")})
	add("replayed", "The second use of a presentation.", replayed, func(s *scene) { s.input["before"] = used })
	add("replayed-with-challenge", "The second use of a challenge that was given out once.", replayed, func(s *scene) {
		s.bind(obj{"challenge": "c-1"})
		s.request["challenge"] = "c-1"
		s.input["before"] = used
	})
	add("replayed-with-challenge-old", "A presentation of yesterday counts for its challenge alone, and once.", replayed, func(s *scene) {
		s.bind(obj{"challenge": "c-1", "created": "2026-05-01T10:16:00Z"})
		s.request["challenge"] = "c-1"
		s.input["before"] = used
	})
	noHolder := denied(verifier.ReasonVerificationMethodInvalid, "vp.proof.form")
	add("holder-absent-relative-key", "Without a holder the key says who presents, and a relative one says nothing.", noHolder, func(s *scene) {
		delete(s.presentation, "holder")
		s.bind(obj{"verificationMethod": "#key-1"})
	})
	add("params-other", "The challenge commits to other parameters than those of the request.", denied(verifier.ReasonParamsMismatch, "params.bound"), func(s *scene) {
		s.bind(obj{"challenge": "c-1~" + sri(obj{"mandateId": mandateID, "action": "book_hotel", "params": obj{"amount": 1}})})
	})
	add("params-not-bound", "The verifier insists on a challenge that commits to the parameters.", denied(verifier.ReasonParamsMismatch, "params.bound"), func(s *scene) {
		s.bind(obj{"challenge": "c-1"})
		s.config()["requireParamsBinding"] = true
	})
	add("params-bound-hidden", "What follows the nonce has to be the commitment and nothing else.", denied(verifier.ReasonParamsMismatch, "params.bound"), func(s *scene) {
		good := sri(obj{"mandateId": mandateID, "action": "book_hotel", "params": obj{"amount": 420.5}})
		s.bind(obj{"challenge": "c-1~" + good + "~" + sri(obj{})})
	})
	add("lowest-check-is-the-reason", "Several checks fail; the one with the lowest number is the reason.", challenge, func(s *scene) {
		s.request["challenge"] = "c-1"
		s.bind(obj{"domain": nil})
		s.credential["validUntil"] = "2026-01-02T00:00:00Z"
		s.params(obj{"amount": 900})
		s.config()["trustedIssuers"] = arr{stranger.did()}
	})
	return out
}

// requestVectors returns cases of requests that cannot be judged: no decision.
func requestVectors() []vector {
	var out []vector
	add := collect(&out)
	raw := func(name, comment string, expect obj, edit func(string) string) {
		add("request-"+name, comment, expect, func(s *scene) { s.asText(edit) })
	}
	replace := func(old, new string) func(string) string {
		return func(t string) string { return strings.Replace(t, old, new, 1) }
	}
	s := newScene()
	t := ""
	s.asText(func(whole string) string { t = whole; return whole })
	at := func(s string) int { return strings.Index(t, s) }
	malformed := func(offset int, pointer string) obj {
		o := none(verifier.MalformedJSON, offset)
		if pointer != "" {
			o["pointer"] = pointer
		}
		return o
	}
	raw("truncated", "A presentation that was cut off is not completed.", malformed(len(t)-1, ""), func(t string) string { return t[:len(t)-1] })
	raw("trailing-bytes", "Bytes after the presentation.", malformed(len(t), ""), func(t string) string { return t + "x" })
	raw("byte-order-mark", "A byte order mark before the presentation.", malformed(0, ""), func(t string) string { return "\ufeff" + t })
	raw("duplicate-member", "A second holder, behind the signed one.", malformed(len(t), "/holder"),
		func(t string) string { return t[:len(t)-1] + `,"holder":"` + stranger.did() + `"}` })
	raw("duplicate-member-hidden", "A second amount in the mandate, its name written with an escape.",
		malformed(at(`"maxAmount":{"description"`)+len(`"maxAmount":{"description":"The most one booking may cost","value":500},`),
			"/verifiableCredential/0/credentialSubject/mandate/userParams/maxAmount"),
		replace(`"value":500}`, `"value":500},"\u006daxAmount":{"value":999999}`))
	raw("lone-surrogate", "Half a character in a text that is signed.", malformed(at("The most one booking"), "/verifiableCredential/0/credentialSubject/mandate/userParams/maxAmount/description"),
		replace("The most one booking", `\ud800`))
	raw("too-deep", "More than 128 levels.", merge(none(verifier.TooLarge, 128), obj{"limit": 128}), func(string) string { return strings.Repeat("[", 200) })
	add("request-too-large", "A presentation of more than 1 MiB, most of it white space.", merge(none(verifier.TooLarge, 1<<20), obj{"limit": 1 << 20}), func(s *scene) {
		s.request["presentationBytes"] = obj{"parts": arr{obj{"text": "{", "times": 1}, obj{"text": " ", "times": 1 << 20}}}
	})
	notOne := func(name, comment, body string) {
		add("request-"+name, comment, none(verifier.NotAPresentation, 0), func(s *scene) { s.request["presentationBytes"] = text(body) })
	}
	notOne("array", "A list of presentations is none.", `[{"type":"VerifiablePresentation"}]`)
	notOne("string", "A presentation in a string is none: envelopes are not opened.", `"eyJhbGciOiJFZERTQSJ9.e30.AA"`)
	notOne("empty-object", "An object without a type.", `{}`)
	notOne("type-not-strings", "A type that holds something else than strings.", `{"type":["VerifiablePresentation",7]}`)
	add("request-credential", "A credential, signed and all, is not a presentation.", none(verifier.NotAPresentation, 0),
		func(s *scene) { s.tamper = func(vp obj) { vp["type"] = arr{"VerifiableCredential"} } })

	params := func(name, comment string, bytes, expect obj) {
		add("request-params-"+name, comment, expect, func(s *scene) {
			delete(s.request, "executionParams")
			s.request["executionParamsBytes"] = bytes
		})
	}
	params("array", "Execution parameters are an object.", text(`[420.5]`), none(verifier.MalformedParams, 0))
	params("duplicate", "An amount that is there twice: one reader takes the first, another the last.", text(`{"amount":1,"amount":9999}`),
		merge(none(verifier.MalformedParams, 12), obj{"pointer": "/amount"}))
	params("duplicate-hidden", "An amount that is there twice, the second one's name written with an escape.", text(`{"amount":1,"\u0061mount":9999}`), merge(none(verifier.MalformedParams, 12), obj{"pointer": "/amount"}))
	params("not-json", "Parameters in another notation.", text(`amount=420.5`), none(verifier.MalformedParams, 0))
	params("overflow", "A number beyond the range of a double.", text(`{"amount":1e400}`), merge(none(verifier.MalformedParams, 10), obj{"pointer": "/amount"}))
	params("too-large", "Parameters of more than 1 MiB.", obj{"parts": arr{obj{"text": "{}", "times": 1}, obj{"text": " ", "times": 1 << 20}}},
		merge(none(verifier.TooLarge, 1<<20), obj{"limit": 1 << 20}))

	// Outages: neither an allow nor a deny.
	unavailable := obj{"decision": "none", "error": "unavailable"}
	add("outage-issuer", "The document of the issuer cannot be looked up now.", unavailable, func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		s.input["unavailable"] = arr{webIssuer}
	})
	add("outage-holder", "The document of the holder cannot be looked up now.", unavailable, func(s *scene) {
		s.webHeld(webDocument("did:web:holder.example", holder))
		s.input["unavailable"] = arr{"did:web:holder.example"}
	})
	add("outage-status", "The status list cannot be fetched now.", unavailable, func(s *scene) { s.listed(statusEntry(0), nil) })
	add("outage-action", "The action cannot be looked up now.", unavailable, func(s *scene) {
		referenced(s)
		s.input["actions"] = arr{obj{"id": actionID, "version": 1}}
	})
	// A lookup that must not happen cannot fail.
	add("no-lookup-of-untrusted-issuer", "The DID of an issuer that is not trusted is not looked up, so its outage does not matter.",
		denied(verifier.ReasonIssuerUntrusted, "issuer.trusted"), func(s *scene) {
			s.webIssued(webDocument(webIssuer, issuer))
			s.config()["trustedIssuers"] = arr{issuer.did()}
			s.input["unavailable"] = arr{webIssuer}
		})
	add("no-lookup-of-unproven-holder", "The DID of a holder is not looked up before the mandate that names it is proven.",
		denied(verifier.ReasonProofInvalid, "vc.proof"), func(s *scene) {
			s.webHeld(webDocument("did:web:holder.example", holder))
			s.sealed = func(vc obj) { vc["validUntil"] = "2028-01-01T00:00:00Z" }
			s.input["unavailable"] = arr{"did:web:holder.example"}
		})
	add("no-lookup-of-unlisted-holder", "The DID of a holder whom the mandate does not authorize is not looked up.",
		denied(verifier.ReasonHolderNotAuthorized, "holder.authorized"), func(s *scene) {
			s.webHeld(webDocument("did:web:holder.example", holder))
			s.authorize(arr{holder.did(), verifierDID})
			s.input["unavailable"] = arr{"did:web:holder.example"}
		})
	unlisted := func(s *scene) { s.presentation["holder"], s.vp.by = platform.did(), platform }
	add("no-lookup-of-status", "A status list is not looked up for a holder whom the mandate does not authorize.", denied(verifier.ReasonHolderNotAuthorized, "holder.authorized"), func(s *scene) {
		unlisted(s)
		s.listed(statusEntry(0), nil)
	})
	add("no-lookup-of-status-unproven", "A status list is not looked up for a holder whose key did not sign.", denied(verifier.ReasonProofInvalid, "vp.proof"), func(s *scene) {
		s.tamper = func(vp obj) { vp["name"] = "x" }
		s.listed(statusEntry(0), nil)
	})
	add("no-lookup-of-action-unproven", "An action is not looked up for a holder whose key did not sign.", denied(verifier.ReasonProofInvalid, "vp.proof"), func(s *scene) {
		s.tamper = func(vp obj) { vp["name"] = "x" }
		referenced(s)
		delete(s.input["actions"].(arr)[0].(obj), "content")
	})
	add("no-lookup-of-other-signer", "The DID of a signer who is not the holder is not looked up.", denied(verifier.ReasonHolderMismatch, "holder.binding"), func(s *scene) {
		s.vp.method = "did:web:evil.example#key-1"
		s.input["unavailable"] = arr{"did:web:evil.example"}
	})
	return out
}
