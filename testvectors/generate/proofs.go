package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
)

const (
	contextV2  = "https://www.w3.org/ns/credentials/v2"
	contextVIA = "https://via.humanos.dev/ns/v1"
	contextDI  = "https://w3id.org/security/data-integrity/v2"
	signedAt   = "2026-05-02T10:15:30Z"
	now        = "2026-05-02T10:16:00Z"
)

// The example of vc-di-eddsa 1.0, section B.2 (representation:
// eddsa-jcs-2022). The section states every intermediate value.
func recommendation() vector {
	const document = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],` +
		`"credentialSubject":{"alumniOf":"The School of Examples","id":"did:example:abcdefgh"},` +
		`"description":"A minimum viable example of an Alumni Credential.","id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",` +
		`"issuer":"https://vc.example/issuers/5678","name":"Alumni Credential","type":["VerifiableCredential","AlumniCredential"],` +
		`"validFrom":"2023-01-01T00:00:00Z"}`
	const config = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],` +
		`"created":"2023-02-24T23:36:38Z","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","type":"DataIntegrityProof",` +
		`"verificationMethod":"did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"}`
	doc, proof := parse([]byte(document)), parse([]byte(config))
	proof["proofValue"] = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
	doc["proof"] = proof
	return vector{"dataintegrity/recommendation", "The example of the Recommendation vc-di-eddsa, with every intermediate value.",
		obj{"document": doc, "publicKeyMultibase": published, "purpose": "assertionMethod"},
		obj{
			"verified":         true,
			"verifiedDocument": document,
			"proofConfig":      config,
			"proofConfigHash":  "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db",
			"documentHash":     "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19",
			"signatureHex":     "407cd12654b33d718ecbb99179a1506daaa849450bf3fc523cce3e1c96f8b80351da3f253d725c6f00b07c9e5448d50b3ef78012b9ab54255116d069c6dd2808",
		}}
}

// note returns a small document that is not a credential.
func note() obj {
	return obj{
		"@context":          arr{contextV2, contextVIA},
		"id":                "urn:uuid:0b1c6a52-3e4d-4f5a-8b6c-7d8e9fa0b1c2",
		"type":              arr{"VerifiableCredential"},
		"issuer":            issuer.did(),
		"credentialSubject": obj{"id": subject.did(), "limit": 100},
	}
}

// verifies returns the expected outcome of a verified proof of doc.
func verifies(doc, proof obj) obj {
	doc, config := maps.Clone(doc), maps.Clone(proof)
	delete(doc, "proof")
	delete(doc, "proofs")
	delete(config, "proofValue")
	if context, ok := config["@context"]; ok {
		doc["@context"] = context
	}
	hashes := hex.EncodeToString(hashData(doc, config))
	return obj{
		"verified":         true,
		"verifiedDocument": string(must(canonical.Marshal(doc))),
		"proofConfig":      string(must(canonical.Marshal(config))),
		"proofConfigHash":  hashes[:64],
		"documentHash":     hashes[64:],
		"signatureHex":     hex.EncodeToString(must(multikey.DecodeBase58(proof["proofValue"].(string), 64))),
	}
}

func proofVectors() []vector {
	out := []vector{recommendation()}
	key := issuer.multikey()
	by := proofForm{by: issuer}
	with := func(set obj) proofForm { return proofForm{by: issuer, set: set} }
	in := func(doc any) obj { return obj{"document": doc, "publicKeyMultibase": key} }
	signed := func() obj { return by.secured(note(), "assertionMethod") }

	accept := func(name, comment string, input obj, doc, proof obj) {
		out = append(out, vector{"dataintegrity/" + name, comment, input, verifies(doc, proof)})
	}
	refuse := func(name, comment string, input obj, code string) {
		out = append(out, vector{"dataintegrity/" + name, comment, input, obj{"verified": false, "code": code}})
	}
	// edited adds a case: the signed note after an edit of its proof, which is
	// refused.
	edited := func(name, comment, code string, edit func(doc, proof obj)) {
		doc := signed()
		edit(doc, doc["proof"].(obj))
		refuse(name, comment, in(doc), code)
	}
	// resigned adds a case: a proof with other members, signed with them,
	// which is refused.
	resigned := func(name, comment, code string, set obj) {
		refuse(name, comment, in(with(set).secured(note(), "assertionMethod")), code)
	}

	// Proofs that verify.
	doc := signed()
	accept("array-of-one", "An array of one proof is the same as the proof.",
		in(obj{"@context": doc["@context"], "id": doc["id"], "type": doc["type"], "issuer": doc["issuer"], "credentialSubject": doc["credentialSubject"], "proof": arr{doc["proof"]}}),
		note(), doc["proof"].(obj))
	doc = with(obj{"@context": nil}).secured(note(), "assertionMethod")
	accept("no-proof-context", "A proof without an @context leaves that of the document as it is.", in(doc), note(), doc["proof"].(obj))
	doc = signed()
	doc["@context"] = arr{contextV2, contextVIA, contextDI}
	accept("context-appended", "The document's @context may go on after that of the proof; the document that was signed has the shorter one.",
		in(doc), note(), doc["proof"].(obj))
	plain := note()
	plain["@context"] = contextV2
	doc = by.secured(plain, "assertionMethod")
	accept("context-string", "An @context that is a string stays a string in the hashed document.", in(doc), plain, doc["proof"].(obj))
	doc = by.secured(plain, "assertionMethod")
	doc["@context"] = arr{contextV2}
	accept("context-string-in-list", "For the comparison, a string is a list of one; hashed is the proof's form.", in(doc), plain, doc["proof"].(obj))
	inline := note()
	inline["@context"] = arr{contextV2, obj{"limit": "https://example.org/limit"}}
	doc = by.secured(inline, "assertionMethod")
	accept("context-inline-object", "Inline contexts are compared like any other entry; whether they are acceptable is not for the proof to say.", in(doc), inline, doc["proof"].(obj))
	doc = with(obj{"nonce": "n-1", "previousKey": "x", "expires": "2026-05-02T10:16:01Z"}).secured(note(), "assertionMethod")
	accept("more-members", "All members of the proof but proofValue are signed, also unknown ones.", in(doc), note(), doc["proof"].(obj))
	doc = with(obj{"created": nil}).secured(note(), "assertionMethod")
	accept("no-created", "created is optional.", in(doc), note(), doc["proof"].(obj))
	doc = with(obj{"created": "2026-05-01T24:00:00+14:00"}).secured(note(), "assertionMethod")
	accept("created-end-of-day", "24:00:00 is a legal xsd:dateTimeStamp, and +14:00 the largest offset.", in(doc), note(), doc["proof"].(obj))
	doc = signed()
	proof := string(must(canonical.Marshal(doc["proof"])))
	accept("spelling", "White space, the order of members, escapes and the spelling of numbers are not signed.",
		obj{"publicKeyMultibase": key, "documentBytes": text("{ \"proof\": " + proof + ",\n  \"type\": [\"VerifiableCredenti\\u0061l\"], \"issuer\": \"" + issuer.did() +
			"\",\n  \"id\": \"urn:uuid:0b1c6a52-3e4d-4f5a-8b6c-7d8e9fa0b1c2\", \"@context\": [\"" + contextV2 + "\", \"" + contextVIA +
			"\"],\n  \"credentialSubject\": { \"limit\": 1.0e2, \"id\": \"" + subject.did() + "\" } }\n")},
		note(), doc["proof"].(obj))
	doc = note()
	via := by.prove(doc, "assertionMethod")
	doc["proofs"] = arr{via}
	accept("via-proofs", "With the VIA profile, a list proofs takes the place of proof.", merge(in(doc), obj{"viaProfile": true}), note(), via)
	doc = with(obj{"domain": arr{"b.example", "a.example"}, "challenge": "c-1"}).secured(note(), "authentication")
	accept("binding", "Purpose and challenge are equal, and the domains are, as sets.",
		merge(in(doc), obj{"purpose": "authentication", "challenge": "c-1", "domain": arr{"a.example", "b.example", "a.example"}}), note(), doc["proof"].(obj))

	// No proof, or too many.
	edited("absent", "A document without proof is not secured.", "proof_missing", func(doc, _ obj) { delete(doc, "proof") })
	edited("null", "null is no proof.", "proof_missing", func(doc, _ obj) { doc["proof"] = nil })
	edited("empty-array", "An empty array is no proof: checking all of none must not succeed.", "proof_missing", func(doc, _ obj) { doc["proof"] = arr{} })
	edited("empty-object", "An object without members is a malformed proof.", "proof_invalid", func(doc, _ obj) { doc["proof"] = obj{} })
	edited("string", "A string is a malformed proof.", "proof_invalid", func(doc, proof obj) { doc["proof"] = proof["proofValue"] })
	edited("array-of-string", "A string in an array is a malformed proof.", "proof_invalid", func(doc, proof obj) { doc["proof"] = arr{proof["proofValue"]} })
	edited("case-variant", "Proof is not proof.", "proof_missing", func(doc, proof obj) { doc["Proof"] = proof; delete(doc, "proof") })
	edited("seventeen", "Seventeen copies of a good proof are too many for one document.", "too_many_proofs", func(doc, proof obj) {
		doc["proof"] = slices.Repeat(arr{proof}, 17)
	})
	refuse("via-without-profile", "Without the VIA profile a list proofs secures nothing.", in(merge(note(), obj{"proofs": arr{via}})), "proof_missing")
	refuse("via-empty", "An empty list proofs is no proof.", merge(in(merge(note(), obj{"proofs": arr{}})), obj{"viaProfile": true}), "proof_missing")
	refuse("via-object", "proofs is a list, not one proof.", merge(in(merge(note(), obj{"proofs": via})), obj{"viaProfile": true}), "proof_missing")
	refuse("via-beside-proof", "proof and proofs: nobody can say which one secures the document.",
		merge(in(merge(signed(), obj{"proofs": arr{via}})), obj{"viaProfile": true}), "credential_ambiguous_proof")

	// Members of the proof.
	resigned("type-other-suite", "A proof of an older kind, whatever its cryptosuite says.", "unsupported_cryptosuite", obj{"type": "Ed25519Signature2020"})
	resigned("suite-rdfc", "A sound proof of another cryptosuite is not skipped but refused.", "unsupported_cryptosuite", obj{"cryptosuite": "eddsa-rdfc-2022"})
	resigned("suite-case", "Names of cryptosuites are compared exactly.", "unsupported_cryptosuite", obj{"cryptosuite": "EdDSA-JCS-2022"})
	resigned("suite-array", "A cryptosuite is one string.", "proof_invalid", obj{"cryptosuite": arr{"eddsa-jcs-2022"}})
	resigned("no-method", "A proof names its key.", "proof_invalid", obj{"verificationMethod": nil})
	resigned("no-purpose", "A proof has a purpose.", "proof_invalid", obj{"proofPurpose": nil})
	resigned("id-not-a-url", "The id of a proof is a URL.", "proof_invalid", obj{"id": "one"})
	resigned("created-without-offset", "A time without an offset could be 26 different instants.", "proof_invalid", obj{"created": "2026-05-02T10:15:30"})
	resigned("created-no-such-day", "February has no 30th day.", "proof_invalid", obj{"created": "2026-02-30T10:15:30Z"})
	resigned("created-short-hour", "T9 is not T09, though lenient parsers take it.", "proof_invalid", obj{"created": "2026-05-02T9:15:30Z"})
	resigned("created-past-end-of-day", "The day ends at 24:00:00; there is no second after that.", "proof_invalid", obj{"created": "2026-05-01T24:00:01Z"})
	resigned("created-null", "null is not absent.", "proof_invalid", obj{"created": null()})
	resigned("created-ahead", "A proof created more than a minute after the clock.", "proof_from_future", obj{"created": "2026-05-02T10:17:01Z"})
	resigned("expired", "A proof is over at the instant of its expires.", "proof_expired", obj{"expires": now})
	resigned("domain-number", "A domain is a string or a list of strings.", "proof_invalid", obj{"domain": 7})
	resigned("domain-list-number", "Each domain in a list is a string.", "proof_invalid", obj{"domain": arr{"a.example", 7}})
	resigned("domain-empty-list", "A list of no domains is for nobody, and not for everybody.", "proof_invalid", obj{"domain": arr{}})
	resigned("nonce-number", "A nonce is a string.", "proof_invalid", obj{"nonce": 7})
	resigned("expires-null", "An end that is null is not the absence of one.", "proof_invalid", obj{"expires": null()})
	resigned("challenge-number", "A challenge is a string.", "proof_invalid", obj{"challenge": 7})
	resigned("previous-proof-missing", "The proof that this one builds on is not in the document.", "proof_invalid", obj{"previousProof": "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"})
	resigned("previous-proof-self", "A proof that builds on itself.", "proof_invalid",
		obj{"id": "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544", "previousProof": "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"})

	// The encoding of the signature.
	data := hashData(note(), by.config(note(), "assertionMethod"))
	signature := ed25519.Sign(issuer.key(), data)
	value := func(v any) func(doc, proof obj) {
		return func(_, proof obj) { proof["proofValue"] = v }
	}
	edited("value-absent", "A proof without a signature.", "proof_invalid", func(_, proof obj) { delete(proof, "proofValue") })
	edited("value-empty", "An empty signature.", "proof_invalid", value(""))
	edited("value-array", "A signature is one string.", "proof_invalid", value(arr{multikey.EncodeBase58(signature)}))
	edited("value-63-bytes", "The signature without its last byte.", "proof_invalid", value(multikey.EncodeBase58(signature[:63])))
	edited("value-65-bytes", "The signature and a zero byte.", "proof_invalid", value(multikey.EncodeBase58(append(slices.Clone(signature), 0))))
	edited("value-leading-one", "A leading 1 is a leading zero byte: a lenient decoder that fits it into 64 bytes accepts two spellings.",
		"proof_invalid", value("z1"+multikey.EncodeBase58(signature)[1:]))
	edited("value-base64url", "The right signature in multibase u: the suite knows base58btc alone.", "proof_invalid", value("u"+base64.RawURLEncoding.EncodeToString(signature)))
	edited("value-hex", "The right signature in multibase f.", "proof_invalid", value("f"+hex.EncodeToString(signature)))
	edited("value-no-prefix", "base58btc without the z.", "proof_invalid", value(multikey.EncodeBase58(signature)[1:]))

	// The signature itself.
	edited("signature-malleated", "S + L satisfies the same equation; RFC 8032 demands S < L.", "proof_invalid", value(multikey.EncodeBase58(malleate(signature))))
	edited("signature-small-order-r", "R is the identity: the equation holds, and strict verifiers refuse it.", "proof_invalid",
		value(multikey.EncodeBase58(smallOrderR(issuer, data))))
	edited("signature-zero", "64 zero bytes.", "proof_invalid", value(multikey.EncodeBase58(make([]byte, 64))))
	hashed := ed25519.Sign(issuer.key(), must(hex.DecodeString(sha256Hex(data))))
	edited("signature-of-hash", "The 64 bytes are signed as they are, not hashed once more.", "proof_invalid", value(multikey.EncodeBase58(hashed)))
	swapped := ed25519.Sign(issuer.key(), slices.Concat(data[32:], data[:32]))
	edited("signature-hashes-swapped", "The hash of the proof comes first, then that of the document.", "proof_invalid", value(multikey.EncodeBase58(swapped)))
	refuse("other-key", "A good proof of another key.", in(proofForm{by: stranger}.secured(note(), "assertionMethod")), "proof_invalid")

	// Changes of the document after signing.
	edited("document-changed", "A value was changed.", "proof_invalid", func(doc, _ obj) { doc["credentialSubject"].(obj)["limit"] = 1000 })
	edited("document-member-added", "A member was added.", "proof_invalid", func(doc, _ obj) { doc["name"] = "x" })
	edited("created-changed", "A member of the proof was changed.", "proof_invalid", func(_, proof obj) { proof["created"] = "2026-05-02T10:15:31Z" })
	edited("proof-member-added", "A member was added to the proof.", "proof_invalid", func(_, proof obj) { proof["nonce"] = "x" })
	edited("context-shortened", "The document's @context lacks an entry of the proof's.", "proof_invalid", func(doc, _ obj) { doc["@context"] = arr{contextV2} })
	edited("context-reordered", "The entries of @context in another order mean something else.", "proof_invalid", func(doc, _ obj) { doc["@context"] = arr{contextVIA, contextV2} })
	edited("context-inserted", "An entry was put before the proof's last.", "proof_invalid", func(doc, _ obj) { doc["@context"] = arr{contextV2, contextDI, contextVIA} })
	edited("context-absent", "The document has no @context, the proof has.", "proof_invalid", func(doc, _ obj) { delete(doc, "@context") })
	edited("proof-context-shortened", "The proof's @context was cut: the document still begins with it, and the signature no longer fits.", "proof_invalid",
		func(_, proof obj) { proof["@context"] = arr{contextV2} })
	edited("proof-context-empty", "Signed with an empty @context, which every other begins with: it would erase that of the document.", "proof_invalid",
		func(doc, _ obj) { doc["proof"] = by.prove(merge(note(), obj{"@context": arr{}}), "assertionMethod") })

	// Comparisons with expected values.
	refuse("purpose-other", "A proof made for authentication does not assert.", merge(in(by.secured(note(), "authentication")), obj{"purpose": "assertionMethod"}),
		"proof_purpose_mismatch")
	refuse("challenge-absent", "A challenge was expected and is not there.", merge(in(signed()), obj{"challenge": "c-1"}), "challenge_mismatch")
	edited("document-array", "A list of documents is none.", "proof_missing", func(obj, obj) {})
	out[len(out)-1].input["document"] = arr{signed()}
	refuse("purpose-empty", "An empty purpose is expected, which no proof has.", merge(in(signed()), obj{"purpose": ""}), "proof_purpose_mismatch")
	refuse("challenge-expected-empty", "An empty challenge is expected, and there is none.", merge(in(signed()), obj{"challenge": ""}), "challenge_mismatch")
	refuse("challenge-empty", "An empty challenge is not the one that was expected.", merge(in(with(obj{"challenge": ""}).secured(note(), "assertionMethod")), obj{"challenge": "c-1"}), "challenge_mismatch")
	refuse("domain-superset", "The proof is also for somebody else: domains are compared as sets.",
		merge(in(with(obj{"domain": arr{"a.example", "b.example"}}).secured(note(), "assertionMethod")), obj{"domain": arr{"a.example"}}), "domain_mismatch")
	return out
}

// merge returns a with the members of b added.
func merge(a, b obj) obj {
	out := obj{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// null returns JSON null, for places where nil means to leave out a member.
func null() any { return (*struct{})(nil) }
