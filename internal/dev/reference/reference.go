// Package reference implements a second, independent verifier for the cases of
// the conformance corpus, written from the documents.
//
// It is for comparison, not for use. It uses maps instead of a tree, another
// library for canonical forms, big integers for curve points, and its own
// interpreter for rules. It does not cache and is slow. It shares no code with
// the engine. So a mistake stays undetected only if both make it.
package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// ErrNotCovered is the error of Decide for a case that this package does not
// support: another area, or a rule outside its subset of the language.
var ErrNotCovered = errors.New("reference: not covered")

// Decide returns the outcome of a case file in the format of its member
// expect, with these exceptions: offset, pointer and limit of invalid JSON;
// the kind of a refusal in the area canonical, which is "refused" here; and
// the issues and warnings of a content in the area policy.
func Decide(file []byte) (map[string]any, error) {
	v, err := parse(file)
	if err != nil {
		return nil, err
	}
	in := toObject(member(v, "input"))
	switch text(v, "area") {
	case "verify":
		return verify(in)
	case "dataintegrity":
		return dataintegrity(in), nil
	case "policy":
		return policy(in)
	case "receipt":
		return receipt(in)
	case "canonical":
		v, err := parse(bytesOf(in))
		if err != nil {
			return object{"kind": "refused"}, nil
		}
		sum := sha256.Sum256(canon(v))
		return object{"canonical": string(canon(v)), "sha256": hex.EncodeToString(sum[:])}, nil
	case "digests":
		return digests(in), nil
	case "ed25519":
		return object{"valid": verifyEd25519(unhex(text(in, "publicKeyHex")), unhex(text(in, "messageHex")), unhex(text(in, "signatureHex")))}, nil
	case "time":
		t, ok := instant(text(in, "text"))
		if !ok {
			return object{"error": "invalid"}, nil
		}
		return object{"unixSeconds": float64(t.Unix()), "nanoseconds": float64(t.Nanosecond())}, nil
	case "log":
		return logs(in), nil
	case "multikey":
		key, other := multikey(text(in, "multikey"))
		switch {
		case other:
			return object{"error": "unsupported"}, nil
		case key == nil:
			return object{"error": "invalid"}, nil
		}
		return object{"publicKeyHex": hex.EncodeToString(key)}, nil
	}
	return nil, ErrNotCovered
}

// documentOf returns a document of a case, parsed.
func documentOf(in object, name string) any {
	v, err := parse(document(in, name))
	if err != nil {
		return nil
	}
	return v
}

func digests(in object) object {
	switch text(in, "op") {
	case "actionHash":
		return object{"digest": actionHash(text(in, "mandateId"), text(in, "action"), documentOf(in, "params"))}
	case "paramsCommitment":
		return object{"digest": sri(canon(object{"params": documentOf(in, "params"), "salt": in["salt"]}))}
	}
	return object{"digest": sri(canon(documentOf(in, "document")))}
}

// clock returns the time of a case, or a default.
func clock(in object) time.Time {
	if !has(in, "now") {
		return time.Date(2026, 5, 2, 10, 16, 0, 0, time.UTC)
	}
	t, _ := instant(text(in, "now"))
	return t
}

func dataintegrity(in object) object {
	refused := func(code string) object { return object{"verified": false, "code": code} }
	doc, isObject := documentOf(in, "document").(object)
	if !isObject {
		return refused("proof_missing")
	}
	proofs, _, code := parseProofs(doc, flag(in, "viaProfile"))
	if code != "" {
		return refused(code)
	}
	now, results := clock(in), []any{}
	shortest := proofs[0]
	for _, p := range proofs {
		domain, _ := texts(in["domain"])
		key, _ := multikey(text(in, "publicKeyMultibase"))
		for _, k := range list(in, "keys") {
			if text(k, "verificationMethod") == p.method {
				key, _ = multikey(text(k, "publicKeyMultibase"))
			}
		}
		switch {
		case has(in, "purpose") && p.purpose != text(in, "purpose"):
			return refused("proof_purpose_mismatch")
		case has(in, "domain") && !sameSet(p.domain, domain):
			return refused("domain_mismatch")
		case has(in, "challenge") && p.node["challenge"] != in["challenge"]:
			return refused("challenge_mismatch")
		case p.expired(now, 0):
			return refused("proof_expired")
		case p.fromFuture(now, time.Minute):
			return refused("proof_from_future")
		case !p.verifies(key):
			return refused("proof_invalid")
		}
		if contexts(p) < contexts(shortest) {
			shortest = p
		}
		results = append(results, object{"proofConfigHash": hex.EncodeToString(p.data[:32]), "documentHash": hex.EncodeToString(p.data[32:]),
			"signatureHex": hex.EncodeToString(p.signature)})
	}
	verified := string(canon(without(shortest.hashed, "proof")))
	if has(in, "keys") {
		return object{"verified": true, "verifiedDocument": verified, "proofs": results}
	}
	o := results[0].(object)
	o["verified"], o["verifiedDocument"], o["proofConfig"] = true, verified, string(canon(without(proofs[0].node, "proofValue")))
	return o
}

func contexts(p *proof) int { return len(many(p.hashed["@context"])) }

func policy(in object) (object, error) {
	a, ok, outside := readAction(documentOf(in, "content"))
	if outside != "" {
		return nil, ErrNotCovered
	}
	if !ok {
		return object{"decision": "invalid"}, nil
	}
	user, exec := object{}, object{}
	for name, into := range map[string]*object{"userParams": &user, "executionParams": &exec} {
		v := documentOf(in, name)
		if *into, ok = v.(object); !ok && v != nil {
			return object{"decision": "deny", "reason": map[string]string{"userParams": "user_params_invalid", "executionParams": "execution_params_invalid"}[name],
				"faults": []any{object{"pointer": "", "code": "type"}}}, nil
		}
	}
	reason, evaluations, faults := a.decide(user, exec, clock(in))
	o := object{"decision": "deny", "reason": reason}
	if reason == "" {
		o = object{"decision": "allow"}
	}
	withRules(o, evaluations, faults)
	return o, nil
}

var recordEvents = map[string]bool{"ACTION_COMPLETED": true, "ACTION_FAILED": true, "ACTION_OUTCOME_UNKNOWN": true, "MANDATE_ISSUED": false,
	"MANDATE_REVOKED": false, "VP_CREATED": false, "VP_DENIED": false, "PASSPORT_REGISTERED": false, "LOG_GAP": false}

func receipt(in object) (object, error) {
	no := object{"verdict": "not_verified"}
	doc, _ := documentOf(in, "receipt").(object)
	subject, issuer := toObject(doc["credentialSubject"]), text(doc, "issuer")
	event, decision, reason := text(subject, "event"), text(subject, "decision"), text(subject, "reason")
	isOutcome, isRecord := recordEvents[event]
	_, timed := instant(text(doc, "timestamp"))
	fits := event == "VERIFICATION_APPROVED" && decision == "allow" && !has(subject, "reason") || event == "VERIFICATION_DENIED" && decision == "deny" && reason != ""
	of := toObject(subject["outcomeOf"])
	if isRecord {
		fits = !has(subject, "decision") && !has(subject, "reason") && has(subject, "outcomeOf") == isOutcome &&
			(!isOutcome || text(of, "digest") != "" && len(text(of, "id")) > 16 && text(of, "id")[:16] == "urn:via:receipt:")
	}
	context := `["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"]`
	if !fits || !timed || text(doc, "id") == "" || has(subject, "id") && text(subject, "id") == "" || string(canon(doc["@context"])) != context ||
		!hasType(doc, "VerifiableCredential") || !hasType(doc, "VerificationReceipt") || !slices.Contains(list(in, "issuers"), any(issuer)) {
		return no, nil
	}
	proofs, _, code := parseProofs(doc, false)
	if code != "" {
		return no, nil
	}
	for _, p := range proofs {
		if p.purpose != "assertionMethod" || p.expired(clock(in), time.Minute) || p.fromFuture(clock(in), time.Minute) || controller(p.method) != issuer {
			return no, nil
		}
		d, reason := world{in}.resolve(issuer)
		if reason == errOutage {
			return object{"verdict": "unavailable"}, nil
		}
		if reason != "" {
			return no, nil
		}
		key, reason := keyIn(d, p.method, "assertionMethod", clock(in))
		if reason != "" || !p.verifies(key) {
			return no, nil
		}
	}
	o := object{"verdict": "verified", "id": doc["id"], "issuer": issuer, "event": event, "completeness": "unproven"}
	for name, v := range map[string]string{"decision": decision, "reason": reason, "credentialId": text(subject, "id"), "outcomeOf": text(of, "id")} {
		if v != "" {
			o[name] = v
		}
	}
	return o, nil
}
