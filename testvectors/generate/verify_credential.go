package main

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/verifier"
)

// credentialVectors returns cases of the form of credentials and the selection
// of the mandate.
func credentialVectors() []vector {
	var out []vector
	add := collect(&out)
	sealed := func(name, comment string, expect obj, edit func(vc obj)) {
		add(name, comment, expect, func(s *scene) { s.sealed = edit })
	}
	const form = "vc.proof.form"
	unsecured := denied(verifier.ReasonCredentialUnsecured, form)
	malformedProof := denied(verifier.ReasonProofInvalid, form)
	sealed("vc-proof-absent", "A credential without a proof is anybody's.", unsecured, func(vc obj) { delete(vc, "proof") })
	sealed("vc-proof-null", "null is no proof.", unsecured, func(vc obj) { vc["proof"] = nil })
	sealed("vc-proof-empty-array", "An empty array is no proof.", unsecured, func(vc obj) { vc["proof"] = arr{} })
	sealed("vc-proofs-empty", "An empty list proofs, the form of the published drafts, is no proof.", unsecured, func(vc obj) { delete(vc, "proof"); vc["proofs"] = arr{} })
	sealed("vc-proof-empty-object", "An object without members is a malformed proof.", malformedProof, func(vc obj) { vc["proof"] = obj{} })
	sealed("vc-proof-string", "A string is a malformed proof.", malformedProof, func(vc obj) { vc["proof"] = "z3FXQ" })
	sealed("vc-proof-and-proofs", "proof and proofs: nobody can say which one secures the credential.", denied(verifier.ReasonCredentialAmbiguousProof, form),
		func(vc obj) { vc["proofs"] = arr{vc["proof"]} })
	sealed("vc-proof-suite", "Another cryptosuite is not skipped but refused.", denied(verifier.ReasonUnsupportedCryptosuite, form),
		func(vc obj) { vc["proof"].(obj)["cryptosuite"] = "eddsa-rdfc-2022" })
	sealed("vc-proof-seventeen", "Seventeen copies of a good proof are too many.", denied(verifier.ReasonTooManyProofs, form),
		func(vc obj) { vc["proof"] = slices.Repeat(arr{vc["proof"]}, 17) })
	w3cOnly := func(s *scene) { s.config()["w3cOnly"] = true }
	add("vc-via-proofs-w3c-only", "A verifier that reads W3C documents alone takes a list proofs for no proof.", unsecured, func(s *scene) {
		w3cOnly(s)
		proof := s.vc.prove(s.credential, "assertionMethod")
		s.sealed = func(vc obj) { delete(vc, "proof"); vc["proofs"] = arr{proof} }
	})
	add("vc-purpose", "A proof made to authenticate does not assert.", denied(verifier.ReasonProofPurposeMismatch, form),
		func(s *scene) { s.vc.set = obj{"proofPurpose": "authentication"} })
	add("vc-proof-expired", "The credential's proof has expired, the credential has not.", denied(verifier.ReasonProofExpired, form),
		func(s *scene) { s.vc.set = obj{"expires": "2026-05-01T00:00:00Z"} })
	add("vc-proof-from-future", "The credential's proof was created tomorrow.", denied(verifier.ReasonProofFromFuture, form),
		func(s *scene) { s.vc.set = obj{"created": "2026-05-03T00:00:00Z"} })
	sealed("vc-cap-raised", "The cap was raised after signing.", denied(verifier.ReasonProofInvalid, "vc.proof"), func(vc obj) {
		vc["credentialSubject"].(obj)["mandate"].(obj)["userParams"] = obj{"maxAmount": 999999}
	})
	sealed("vc-proof-value-base64url", "The signature in an encoding that the suite does not know.", malformedProof,
		func(vc obj) { vc["proof"].(obj)["proofValue"] = "uAAAA" })
	add("second-credential-unsigned", "The mandate is signed, the credential beside it is not.", unsecured, func(s *scene) {
		second := plainCredential(issuer, nil)
		delete(second, "proof")
		s.second = second
	})
	add("second-credential-expired", "The mandate is valid, the credential beside it has expired: every one must verify.", denied(verifier.ReasonCredentialExpired, "vc.validity"),
		func(s *scene) {
			s.second = plainCredential(issuer, func(vc obj) { vc["validUntil"] = "2026-01-01T00:00:00Z" })
		})
	add("second-credential-untrusted", "The credential beside the mandate is of a stranger.", denied(verifier.ReasonIssuerUntrusted, "issuer.trusted"),
		func(s *scene) { s.second = plainCredential(stranger, nil) })

	// Structure.
	structure := func(name, comment string, edit func(vc obj)) {
		add("vc-"+name, comment, denied(verifier.ReasonMalformedCredential, "vc.structure"), func(s *scene) { edit(s.credential) })
	}
	structure("type-array-empty", "A credential without a type.", func(vc obj) { vc["type"] = arr{} })
	structure("type-not-credential", "A mandate that does not say it is a credential.", func(vc obj) { vc["type"] = arr{"VIAMandate"} })
	structure("id-not-a-url", "The id of a credential is a URL.", func(vc obj) { vc["id"] = "7f9c2ba4" })
	structure("subject-empty", "A subject about which nothing is said.", func(vc obj) { vc["credentialSubject"] = obj{} })
	structure("validity-date", "validFrom is a dateTimeStamp, not a date.", func(vc obj) { vc["validFrom"] = "2026-01-01" })
	structure("validity-no-zone", "A time without a zone could be 26 different instants.", func(vc obj) { vc["validUntil"] = "2027-01-01T00:00:00" })
	structure("validity-reversed", "Valid until before it is valid from.", func(vc obj) { vc["validFrom"], vc["validUntil"] = vc["validUntil"], vc["validFrom"] })
	structure("status-untyped", "A credentialStatus without a type.", func(vc obj) { vc["credentialStatus"] = obj{"id": "https://issuer.example/status"} })
	structure("issuer-list", "A credential has one issuer.", func(vc obj) { vc["issuer"] = arr{vc["issuer"], stranger.did()} })
	add("vc-valid-until-null-w3c-only", "A verifier that reads W3C documents alone refuses validUntil null.", denied(verifier.ReasonMalformedCredential, "vc.structure"), func(s *scene) {
		w3cOnly(s)
		s.credential["validUntil"] = nil
	})
	add("vc-enveloped", "An enveloped credential is secured by another serialization than the one at hand.", denied(verifier.ReasonCredentialEnveloped, "vc.structure"), func(s *scene) {
		s.tamper = func(vp obj) {
			vp["verifiableCredential"] = obj{"@context": contextV2, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,eyJhbGciOiJFZERTQSJ9.e30.AA"}
		}
	})
	context := denied(verifier.ReasonContextNotAllowed, "vc.context")
	add("vc-context-unknown", "A context that is not known.", context, func(s *scene) { s.credential["@context"] = arr{contextV2, "https://evil.example/ns"} })
	add("vc-context-inline", "An inline context could give maxAmount another meaning.", context,
		func(s *scene) {
			s.credential["@context"] = arr{contextV2, obj{"maxAmount": "https://evil.example/minAmount"}}
		})
	sealed("vc-context-appended-unknown", "The signature allows a longer @context; what was appended still has to be known.", context,
		func(vc obj) { vc["@context"] = arr{contextV2, contextVIA, "https://evil.example/ns"} })
	sealed("vc-context-appended-inline", "The signature allows a longer @context, and an inline one is never accepted.", context,
		func(vc obj) {
			vc["@context"] = arr{contextV2, contextVIA, obj{"maxAmount": "https://evil.example/minAmount"}}
		})

	// The selection of the mandate, and its content.
	selection := func(why verifier.Reason) obj { return denied(why, "mandate.select") }
	add("no-mandate", "A signed credential that is no mandate authorizes nothing.", selection(verifier.ReasonNoMandate),
		func(s *scene) { s.credential["type"] = arr{"VerifiableCredential", "EmployeeCredential"} })
	add("no-mandate-case", "viamandate is not VIAMandate.", selection(verifier.ReasonNoMandate), func(s *scene) { s.credential["type"] = arr{"VerifiableCredential", "viamandate"} })
	add("mandate-not-there", "The request names a mandate that is not presented.", selection(verifier.ReasonNoMandate), func(s *scene) { s.request["mandate"] = secondID })
	add("two-mandates", "Two mandates, and nobody says which one is meant.", selection(verifier.ReasonAmbiguousMandate), func(s *scene) {
		s.second = plainCredential(issuer, func(vc obj) { vc["type"] = arr{"VerifiableCredential", "VIAMandate"} })
	})
	shape := func(name, comment string, edit func(s *scene)) {
		add("mandate-"+name, comment, denied(verifier.ReasonMalformedCredential, "mandate.shape"), edit)
	}
	shape("authorized-dids-misspelt", "authorizedDids restricts nothing, though whoever signed it meant to.", func(s *scene) {
		s.mandate()["context"] = obj{"authorizedDids": arr{}}
	})
	shape("unknown-member", "A member of the mandate that this version does not know could restrict it.", func(s *scene) { s.mandate()["maxUses"] = 1 })
	shape("unknown-action-member", "A member of the action beside its content could restrict it.", func(s *scene) { s.action()["constraints"] = arr{} })
	shape("status-misspelt", "credentialstatus is not looked at, though whoever signed it meant to revoke by it.", func(s *scene) {
		s.credential["credentialstatus"] = statusEntry(7)
	})
	shape("expiration-date", "expirationDate, of version 1.1 of the data model, ends nothing here.", func(s *scene) {
		delete(s.credential, "validUntil")
		s.credential["expirationDate"] = "2026-01-02T00:00:00Z"
	})
	shape("long-id", "An id of more than 2,048 bytes has no place in a receipt.", func(s *scene) { s.credential["id"] = "urn:via:credential:" + strings.Repeat("a", 2048) })
	shape("two-subjects", "A mandate has one subject.", func(s *scene) {
		one := s.credential["credentialSubject"].(obj)
		s.credential["credentialSubject"] = arr{one, merge(one, obj{"id": stranger.did()})}
	})
	shape("without-id", "A mandate has an id, which its receipts name.", func(s *scene) { delete(s.credential, "id") })
	shape("without-subject-id", "A mandate says for whom it is.", func(s *scene) { delete(s.credential["credentialSubject"].(obj), "id") })
	shape("without-scope", "A mandate has a scope.", func(s *scene) { delete(s.mandate(), "scope") })
	shape("without-mandate", "A VIAMandate without the member mandate.", func(s *scene) { s.credential["credentialSubject"] = obj{"id": subject.did(), "name": "x"} })
	shape("action-null", "null is no action, and not the absence of one.", func(s *scene) { s.mandate()["action"] = nil })
	shape("action-version-zero", "Versions count from 1.", func(s *scene) { s.action()["version"] = 0 })
	shape("authorized-null", "authorizedDIDs null could mean nobody or anybody.", func(s *scene) { s.authorize(nil) })
	shape("authorized-string", "authorizedDIDs is a list, not one DID.", func(s *scene) { s.authorize(holder.did()) })
	shape("authorized-number", "authorizedDIDs holds strings.", func(s *scene) { s.authorize(arr{holder.did(), verifierDID, 7}) })

	// Validity.
	add("not-yet-valid", "Valid from a second from now.", denied(verifier.ReasonCredentialNotYetValid, "vc.validity"),
		func(s *scene) { s.credential["validFrom"] = "2026-05-02T10:16:01Z" })
	add("expired", "Valid until a second ago.", denied(verifier.ReasonCredentialExpired, "vc.validity"),
		func(s *scene) { s.credential["validUntil"] = "2026-05-02T10:15:59Z" })
	return out
}

// keyVectors returns cases of the keys of issuers and holders.
func keyVectors() []vector {
	var out []vector
	add := collect(&out)
	issued := func(name, comment string, why verifier.Reason, edit func(doc, method obj)) {
		add("issuer-key-"+name, comment, denied(why, "issuer.key"), func(s *scene) {
			doc := webDocument(webIssuer, issuer)
			edit(doc, doc["verificationMethod"].(arr)[0].(obj))
			s.webIssued(doc)
		})
	}
	issued("not-listed", "The issuer's document does not list the key under assertionMethod.", verifier.ReasonKeyNotAuthorized, func(doc, _ obj) { delete(doc, "assertionMethod") })
	issued("missing", "The issuer's document does not hold the key any more.", verifier.ReasonKeyNotAuthorized, func(_, method obj) { method["id"] = webIssuer + "#key-2" })
	issued("revoked", "Revoked half a minute ago, and the proof says it was created before that: a thief can date back.", verifier.ReasonKeyRevoked,
		func(_, method obj) { method["revoked"] = "2026-05-02T10:15:45Z" })
	issued("expired", "Expired at this instant.", verifier.ReasonKeyExpired, func(_, method obj) { method["expires"] = now })
	issued("two-materials", "Two key materials in one method.", verifier.ReasonVerificationMethodInvalid, func(_, method obj) { method["publicKeyBase58"] = "x" })
	issued("replaced", "The document holds another key than the one that signed, under the same id.", verifier.ReasonProofInvalid, func(_, method obj) {
		method["publicKeyMultibase"] = stranger.multikey()
	})
	out[len(out)-1].expect["check"] = "vc.proof"
	add("issuer-key-no-fragment", "The issuer's proof names a DID, not a key: there is no first key.", denied(verifier.ReasonVerificationMethodInvalid, "issuer.key"),
		func(s *scene) { s.vc.set = obj{"verificationMethod": issuer.did()} })
	add("issuer-key-x25519", "The issuer's DID is a key that signs nothing.", denied(verifier.ReasonVerificationMethodInvalid, "issuer.key"),
		func(s *scene) { issuedAs(s, "did:key:"+multibase("ec01", issuer.publicHex())) })
	add("issuer-did-invalid", "The issuer's did:key holds no key.", denied(verifier.ReasonDIDInvalid, "issuer.key"), func(s *scene) { issuedAs(s, "did:key:z6Mk") })
	add("issuer-did-unknown", "There is no document for the issuer, though there is one for another did:web.", denied(verifier.ReasonDIDNotFound, "issuer.key"), func(s *scene) {
		s.webIssued(webDocument("did:web:other.example", issuer))
	})
	add("issuer-did-method", "A DID method that nobody here can resolve.", denied(verifier.ReasonDIDMethodNotSupported, "issuer.key"),
		func(s *scene) { issuedAs(s, "did:via:humanos:platform") })
	add("issuer-did-deactivated", "The issuer has deactivated its DID.", denied(verifier.ReasonDIDDeactivated, "issuer.key"), func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		s.input["deactivated"] = arr{webIssuer}
	})
	pin := func(digest string) func(s *scene) {
		return func(s *scene) {
			s.webIssued(webDocument(webIssuer, issuer))
			s.input["pins"] = arr{obj{"did": webIssuer, "sha256": digest}}
		}
	}
	add("issuer-did-pin-mismatch", "The issuer's document would prove the mandate, and is not the one whose digest the verifier has.",
		denied(verifier.ReasonDIDInvalid, "issuer.key"), pin(strings.Repeat("0", 64)))
	document := must(canonical.Marshal(webDocument(webIssuer, issuer)))
	add("issuer-did-pinned", "The issuer's document is the one whose digest the verifier has.", allowed(), pin(fmt.Sprintf("%x", sha256.Sum256(document))))

	held := func(name, comment string, expect obj, edit func(doc, method obj)) {
		add("holder-key-"+name, comment, expect, func(s *scene) {
			doc := webDocument("did:web:holder.example", holder)
			edit(doc, doc["verificationMethod"].(arr)[0].(obj))
			s.webHeld(doc)
		})
	}
	const check = "holder.key"
	held("not-listed", "The holder's key may assert, and not authenticate.", denied(verifier.ReasonKeyNotAuthorized, check), func(doc, _ obj) { delete(doc, "authentication") })
	held("revoked", "The holder's key was revoked at this instant.", denied(verifier.ReasonKeyRevoked, check), func(_, method obj) { method["revoked"] = now })
	held("expired", "The holder's key has expired.", denied(verifier.ReasonKeyExpired, check), func(_, method obj) { method["expires"] = "2026-05-02T10:15:59Z" })
	held("replaced", "The holder's document holds another key under the same id.", denied(verifier.ReasonProofInvalid, "vp.proof"),
		func(_, method obj) { method["publicKeyMultibase"] = stranger.multikey() })
	add("holder-key-no-fragment", "The proof of the presentation names did:web:humanos, which is no key.", denied(verifier.ReasonVerificationMethodInvalid, check),
		func(s *scene) { s.bind(obj{"verificationMethod": "did:web:humanos"}) })
	add("holder-key-path", "A path in the name of a key: whatever it leads to is no DID document.", denied(verifier.ReasonVerificationMethodInvalid, check),
		func(s *scene) { s.bind(obj{"verificationMethod": holder.did() + "/keys#" + holder.multikey()}) })
	add("holder-did-unknown", "The mandate names a holder that has no document.", denied(verifier.ReasonDIDNotFound, check), func(s *scene) {
		s.webHeld(webDocument("did:web:holder.example", holder))
		s.input["didDocuments"] = arr{webDocument("did:web:other.example", holder)}
	})
	return out
}

// issuedAs makes did the issuer, with a verification method under that DID.
func issuedAs(s *scene, did string) {
	s.credential["issuer"] = did
	s.config()["trustedIssuers"] = arr{did}
	s.vc.set = obj{"verificationMethod": did + "#" + did[len("did:key:"):]}
}
