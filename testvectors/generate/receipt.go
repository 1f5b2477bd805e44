package main

import (
	"context"
	"time"

	"github.com/mandate-engine/mandate/receipts"
)

const (
	receiptID   = "urn:via:receipt:c4bb2c9d-9b37-448b-8f1a-4ac5793945be"
	recorderWeb = "did:web:recorder.example"
)

// receiptBody returns a valid allow.
func receiptBody() receipts.Body {
	return receipts.Body{
		ID:         receiptID,
		Time:       must(time.Parse(time.RFC3339, now)),
		Event:      receipts.Approved,
		Decision:   "allow",
		Credential: mandateID,
		Request: receipts.Request{
			ParamsCommitment:   sriOfText("params"),
			PresentationDigest: sriOfText("presentation"),
			Holder:             holder.did(),
			Verifier:           verifierDID,
			Domain:             []string{verifierDID},
			ProofForm:          "w3c",
			Modes:              []string{"issuer:strict"},
		},
		Checks:      []receipts.Check{{Check: "vp.proof", Result: "pass"}},
		Evaluations: []receipts.Evaluation{{Rule: "amount-cap", Result: "pass", Code: "ok"}},
		Engine:      receipts.Engine{Name: "mandate", Version: "0.1.0"},
	}
}

func deniedBody() receipts.Body {
	b := receiptBody()
	b.Event, b.Decision, b.Reason = receipts.Denied, "deny", "rule_failed"
	b.Evaluations[0] = receipts.Evaluation{Rule: "amount-cap", Result: "fail", Code: "failed"}
	return b
}

func signReceipt(b receipts.Body, method string) obj {
	return parse(must(receipts.Sign(context.Background(), b, recorder.as(method))).Bytes())
}

func receiptVectors() []vector {
	var out []vector
	input := func(receipt any) obj {
		return obj{"receipt": receipt, "issuers": arr{recorder.did()}, "now": "2026-06-01T00:00:00Z"}
	}
	verified := func(more obj) obj {
		return merge(obj{"verdict": "verified", "id": receiptID, "issuer": recorder.did(), "event": "VERIFICATION_APPROVED", "decision": "allow",
			"credentialId": mandateID, "completeness": "unproven"}, more)
	}
	notVerified := obj{"verdict": "not_verified"}
	add := func(name, comment string, in, expect obj) {
		out = append(out, vector{"receipt/" + name, comment, in, expect})
	}
	// tampered changes a signed receipt of a deny. forged signs the changed
	// receipt.
	subjectOf := func(r obj) obj { return r["credentialSubject"].(obj) }
	tampered := func(name, comment string, edit func(r obj)) {
		r := signReceipt(deniedBody(), "")
		edit(r)
		add(name, comment, input(r), notVerified)
	}
	forged := func(name, comment string, form proofForm, edit func(r obj)) {
		r := signReceipt(receiptBody(), "")
		delete(r, "proof")
		edit(r)
		add(name, comment, input(form.secured(r, "assertionMethod")), notVerified)
	}
	own := proofForm{by: recorder}

	add("allow", "The receipt of an allow, a month later.", input(signReceipt(receiptBody(), "")), verified(nil))
	add("deny", "The receipt of a deny, which is as strong.", input(signReceipt(deniedBody(), "")),
		verified(obj{"event": "VERIFICATION_DENIED", "decision": "deny", "reason": "rule_failed"}))
	web := input(signReceipt(receiptBody(), recorderWeb+"#key-1"))
	web["issuers"], web["didDocuments"] = arr{recorderWeb}, arr{webDocument(recorderWeb, recorder)}
	add("did-web", "An issuer whose document is at hand.", web, verified(obj{"issuer": recorderWeb}))

	tampered("flipped", "A deny that was made an allow, in all three members that say so.", func(r obj) {
		s := subjectOf(r)
		s["decision"], s["event"] = "allow", "VERIFICATION_APPROVED"
		delete(s, "reason")
	})
	tampered("evaluation-changed", "An evaluation was changed: every field is covered.", func(r obj) {
		subjectOf(r)["evaluations"].(arr)[0].(obj)["result"] = "error"
	})
	tampered("time-changed", "The time was changed.", func(r obj) { r["timestamp"] = "2026-05-02T10:16:00.001Z" })
	tampered("unsigned", "A receipt without a proof.", func(r obj) { delete(r, "proof") })
	tampered("context-appended", "A context after those that were signed gives the words of a receipt another meaning, and no signature notices.", func(r obj) {
		r["@context"] = append(r["@context"].(arr), contextVIA)
	})
	tampered("via-proofs", "The VIA form is for credentials of others; receipts have a proof.", func(r obj) { r["proofs"] = arr{r["proof"]}; delete(r, "proof") })
	tampered("proof-empty-array", "An empty array is no proof.", func(r obj) { r["proof"] = arr{} })

	forged("event-and-decision", "Signed by the right key: an event and a decision that contradict each other.", own, func(r obj) { subjectOf(r)["decision"] = "deny" })
	forged("allow-with-reason", "Signed by the right key: an allow with a reason to deny.", own, func(r obj) { subjectOf(r)["reason"] = "rule_failed" })
	forged("unknown-event", "Signed by the right key: an event that this version does not know.", own, func(r obj) { subjectOf(r)["event"] = "VERIFICATION_ALLOWED" })
	forged("other-type", "Signed by the right key: a credential that is no receipt.", own, func(r obj) { r["type"] = arr{"VerifiableCredential"} })
	forged("purpose", "Signed by the right key, to authenticate.", proofForm{by: recorder, set: obj{"proofPurpose": "authentication"}}, func(obj) {})
	forged("stranger-in-its-name", "A stranger's signature under the name of the issuer.", proofForm{by: stranger}, func(obj) {})
	forged("stranger-as-issuer", "A stranger's receipt in its own name: nobody pinned it.", proofForm{by: stranger}, func(r obj) { r["issuer"] = stranger.did() })
	forged("created-ahead", "A proof created after the time at which it is judged.", proofForm{by: recorder, set: obj{"created": "2026-06-01T00:01:01Z"}}, func(obj) {})

	const outcomeID = "urn:via:receipt:0a4e3b0f-7a0f-4b2a-9d0c-1f3f5c1f8a11"
	link := obj{"id": receiptID, "digest": sriOfText("receipt")}
	outcome := func(event string, edit func(subject obj)) obj {
		r := signReceipt(receiptBody(), "")
		delete(r, "proof")
		r["id"] = outcomeID
		r["credentialSubject"] = obj{"event": event, "outcomeOf": link, "engine": obj{"name": "mandate", "version": "0.1.0"}}
		edit(subjectOf(r))
		return own.secured(r, "assertionMethod")
	}
	for name, event := range map[string]string{"completed": "ACTION_COMPLETED", "failed": "ACTION_FAILED", "unknown": "ACTION_OUTCOME_UNKNOWN"} {
		add("outcome-"+name, "What became of an action that was allowed, "+event+": no decision of its own.", input(outcome(event, func(obj) {})),
			obj{"verdict": "verified", "id": outcomeID, "issuer": recorder.did(), "event": event, "outcomeOf": receiptID, "completeness": "unproven"})
	}
	add("mandate-revoked", "A receipt of something else than a decision, about a mandate.", input(outcome("MANDATE_REVOKED", func(s obj) { delete(s, "outcomeOf"); s["id"] = mandateID })),
		obj{"verdict": "verified", "id": outcomeID, "issuer": recorder.did(), "event": "MANDATE_REVOKED", "credentialId": mandateID, "completeness": "unproven"})
	refused := func(name, comment, event string, edit func(subject obj)) {
		add(name, comment, input(outcome(event, edit)), notVerified)
	}
	refused("outcome-of-nothing", "An outcome that names no decision.", "ACTION_COMPLETED", func(s obj) { delete(s, "outcomeOf") })
	refused("outcome-without-digest", "A decision is named by its bytes too: another document could have its id.", "ACTION_COMPLETED", func(s obj) { s["outcomeOf"] = obj{"id": receiptID} })
	refused("outcome-that-allows", "An outcome that says allow: readers of decision alone would take it for one.", "ACTION_COMPLETED", func(s obj) { s["decision"] = "allow" })
	refused("revocation-of-an-action", "The outcome of an action under an event that is none.", "MANDATE_REVOKED", func(obj) {})

	nobody := input(signReceipt(receiptBody(), ""))
	nobody["issuers"] = arr{}
	add("nobody-pinned", "Without a pinned issuer nobody is believed.", nobody, notVerified)
	revoked := clone(web)
	revoked["didDocuments"].(arr)[0].(obj)["verificationMethod"].(arr)[0].(obj)["revoked"] = "2026-05-20T00:00:00Z"
	add("key-revoked", "The key was revoked after the receipt was signed, and nothing proves that it was signed before.", revoked, notVerified)
	unknown := clone(web)
	unknown["didDocuments"] = arr{webDocument("did:web:other.example", recorder)}
	add("did-unknown", "The pinned issuer has no document.", unknown, notVerified)
	outage := clone(web)
	outage["unavailable"] = arr{recorderWeb}
	add("outage", "The document cannot be looked up now: that says nothing about the receipt.", outage, obj{"verdict": "unavailable"})
	duplicate := input(nil)
	delete(duplicate, "receipt")
	duplicate["receiptBytes"] = text(`{"decision":"deny","decision":"allow"}`)
	add("duplicate-member", "A receipt is read as strictly as everything else.", duplicate, notVerified)
	return out
}
