package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// The examples of the published documentation of VIA mandates, unchanged, with
// the verdict of this corpus on each.

// publishedRequest is the body of POST /credential/verify in that
// documentation.
const publishedRequest = `{"presentation":{"@context":["https://www.w3.org/ns/credentials/v2","https://via.humanos.dev/ns/v1"],"type":["VerifiablePresentation"],"holder":"did:via:humanos:user-550e8400-e29b-41d4-a716-446655440000","verifiableCredential":{"@context":["https://www.w3.org/ns/credentials/v2","https://via.humanos.dev/ns/v1"],"id":"did:web:humanos.techcredential:uuid","type":["VerifiableCredential","VIAMandate"],"issuer":"did:web:humanos.tech","validFrom":"2025-01-01T00:00:00Z","validUntil":null,"credentialSubject":{"id":"did:web:humanostech:issuer-uuid","mandate":{"grantor":["did:web:humanos:contact:"],"scope":"humanos.credential.request","context":{"authorizedDIDs":["did:web:humanos.tech:issuer-uuid","did:web:humanos.tech:agent:uuid"]}}},"evidences":[{"id":"did:web:humanos.tech::evidence:uuid","digestSRI":"sha256-abc123","location":"https://api.humanos.dev/evidences/did:web:humanos.tech::evidence:uuid"}],"proofs":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","verificationMethod":"did:web:humanos.tech:platform:550e8400-e29b-41d4-a716-446655440000#key-1","created":"2026-05-02T10:15:30.000Z","proofPurpose":"assertionMethod","proofValue":"z2pcVdSdoMTrkYP9rVdz..."}]},"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","created":"2026-05-02T10:15:30.000Z","verificationMethod":"did:web:humanos","proofPurpose":"authentication","proofValue":"z2pcVdSdoMTrkYP9rVdz..."}},"executionParams":{}}`

// publishedVectors returns cases of these examples. As strict JSON, each has
// one canonical form. Examples that are signed, or should be, also have a
// verdict.
func publishedVectors() []vector {
	var out []vector
	for _, e := range []struct{ name, comment, text string }{
		{"create-request", "What creates a request for credentials.",
			`{"contacts":["[email protected]","+1234567890"],"name":"My request","securityLevel":"CONTACT","groupIds":["1234567890"],"resourcesIds":["1234567890"],"credentials":[{"type":"DOCUMENT","name":"Document 1","scope":"payments.hotel","validFrom":"2025-01-01T00:00:00.000Z","validUntil":"2026-01-01T00:00:00.000Z","description":"Employee NDA signed on 2025-01-01","internalId":"internal-12345","data":["base64 encoded PDF"],"placements":[{"contact":"[email protected]","type":"SIGNATURE","x":123,"y":123,"width":123,"height":123,"pageIndex":123,"identityType":{}}]}],"language":"ENG","redirectUrl":"https://example.com/callback","internalId":"order-123","pubKey":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE...","authorizedDIDs":["did:web:google.com","did:web:google.pt"],"expectedDocIds":[{"contact":"[email protected]","docId":"1234567890"}]}`},
		{"create-answer", "What is answered to it.",
			`{"id":"507f1f77bcf86cd799439011","credentials":[{"id":"urn:via:credential:550e8400-e29b-41d4-a716-446655440000","name":"Credential Name","internalId":"internal-12345"}],"subjects":[{"contact":"[email protected]","id":"did:web:humanos.tech:user:013a0628-fd20-4f73-a7d0-785e9f6e79c1","code":"123456","link":"https://app.humanos.id/link/507f1f77bcf86cd799439011"}]}`},
		{"request-detail", "A request with a credential that is still a draft.",
			`{"id":"507f1f77bcf86cd799439011","securityLevel":"CONTACT","createdAt":"2025-01-15T10:30:00Z","subjects":[{"contacts":[{"id":"<string>","contact":"<string>"}],"identityStatus":"HUMANOS","organization":{"contacts":["[email protected]","+351912345678"]},"createdAt":"2023-11-07T05:31:56Z","contact":"[email protected]","internalId":"internal-12345","id":"did:web:humanos.tech:user:013a0628-fd20-4f73-a7d0-785e9f6e79c1","kyc":"PENDING"}],"credentials":[{"id":"urn:via:credential:550e8400-e29b-41d4-a716-446655440000","resourceType":"DOCUMENT","status":"DRAFT","w3cCredential":{"@context":["https://www.w3.org/ns/credentials/v2","https://via.humanos.dev/ns/v1"],"id":"did:web:humanos.techcredential:uuid","type":["VerifiableCredential","VIAMandate"],"issuer":"did:web:humanos.tech","validFrom":"2025-01-01T00:00:00Z","validUntil":null,"credentialSubject":{"id":"did:web:humanostech:issuer-uuid","mandate":{"grantor":["did:web:humanos:contact:"],"scope":"humanos.credential.request","context":{"authorizedDIDs":["did:web:humanos.tech:issuer-uuid","did:web:humanos.tech:agent:uuid"]}}},"evidences":[{"id":"did:web:humanos.tech::evidence:uuid","digestSRI":"sha256-abc123","location":"https://api.humanos.dev/evidences/did:web:humanos.tech::evidence:uuid"}],"proofs":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","verificationMethod":"did:web:humanos.tech:platform:550e8400-e29b-41d4-a716-446655440000#key-1","created":"2026-05-02T10:15:30.000Z","proofPurpose":"assertionMethod","proofValue":"z2pcVdSdoMTrkYP9rVdz..."}]},"name":"Credential Name","description":"Document to be requested on onboarding","internalId":"internal-12345","tags":["<string>"],"decisions":[{"id":"urn:via:decision:550e8400-e29b-41d4-a716-446655440001","contact":"[email protected]","accepted":true,"decidedAt":"2025-06-01T12:00:00.000Z"}]}],"name":"Employee Onboarding Request","language":"ENG","redirectUrl":"https://example.com/callback","internalId":"order-123","canceledAt":"2025-01-16T08:00:00Z"}`},
		{"request-list", "A page of requests.",
			`{"data":[{"credentials":[{"id":"507f1f77bcf86cd799439011","resourceType":"DOCUMENT","status":"PENDING","name":"Identity Document","internalId":"internal-12345"}],"id":"507f1f77bcf86cd799439011","securityLevel":"CONTACT","subjects":[{"contact":"user@example.com","did":"did:via:humanos:user-abc123","internalId":"internal-12345","name":"John Doe"}],"createdAt":"2025-01-15T10:30:00Z","name":"Employee Onboarding Request","language":"ENG","redirectUrl":"https://example.com/callback","internalId":"order-123"}],"totalPages":5}`},
		{"security-levels", "A parameter of that page.",
			`["CONTACT","ORGANIZATION_KYC"]`},
		{"verify-answer", "An allow whose rule passes with the reason that it is false: nothing in it is signed.",
			`{"decision":"allow","credentialId":"urn:via:credential:550e8400-e29b-41d4-a716-446655440000","evaluations":[{"rule":"amount-cap","result":"pass","reason":"Expression evaluated to false"}],"receipt":{"id":"urn:via:receipt:c4bb2c9d-9b37-448b-8f1a-4ac5793945be","timestamp":"2026-05-02T10:15:30.000Z"}}`},
		{"create-passport", "What creates a passport.",
			`{"type":"individual","name":"Alice Smith","metadata":{"email":"alice@example.com","organization":"optional"},"capabilities":["optional-initial-capabilities"]}`},
		{"passport", "The passport that is created.",
			`{"data":{"passportId":"passport_abc123","did":"did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH","type":"individual","name":"Alice Smith","publicKey":"0x...","createdAt":"2024-01-10T14:30:00Z"},"meta":{"timestamp":"2024-01-10T14:30:00Z","requestId":"req_create_passport_xyz"}}`},
	} {
		// Names are ASCII, numbers are integers and texts are plain, so
		// encoding/json writes the canonical form.
		var v any
		if err := json.Unmarshal([]byte(e.text), &v); err != nil {
			panic(err)
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			panic(err)
		}
		canonical := strings.TrimSuffix(b.String(), "\n")
		sum := sha256.Sum256([]byte(canonical))
		out = append(out, vector{"canonical/published-" + e.name, "A published example. " + e.comment, text(e.text),
			obj{"canonical": canonical, "sha256": hex.EncodeToString(sum[:])}})
	}
	published := func() obj { return parse([]byte(publishedRequest)) }
	presentation := func() obj { return published()["presentation"].(obj) }
	credential := func() obj { return presentation()["verifiableCredential"].(obj) }

	out = append(out,
		vector{"dataintegrity/published-credential", "A published example. Its proofValue ends in three points, which are no digits of base58.",
			obj{"document": credential(), "viaProfile": true, "publicKeyMultibase": issuer.multikey()}, obj{"verified": false, "code": "proof_invalid"}},
		vector{"receipt/published-answer", "A published example of an answer: its receipt is an id and a time, which prove nothing.",
			obj{"receipt": obj{"id": "urn:via:receipt:c4bb2c9d-9b37-448b-8f1a-4ac5793945be", "timestamp": "2026-05-02T10:15:30.000Z"}, "issuers": arr{issuer.did()}, "now": now},
			obj{"verdict": "not_verified"}},
		vector{"did/published-passport", "A published example. The DID of a passport holds its key.",
			obj{"op": "resolve", "did": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"},
			obj{"verificationMethod": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH#z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
				"publicKeyMultibase": "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"}})

	// The hosted endpoint accepts mandates without an action, and
	// presentations without a domain. The vendor's platform signs for its
	// users.
	const web, platformDID, subjectDID = "did:web:humanos.tech", "did:web:humanos.tech:platform:550e8400-e29b-41d4-a716-446655440000", "did:web:humanos.tech:issuer-uuid"
	document := func(did string, p party) obj {
		id := did + "#key-1"
		return obj{"id": did, "verificationMethod": arr{obj{"id": id, "type": "Multikey", "controller": did, "publicKeyMultibase": p.multikey()}},
			"assertionMethod": arr{id}, "authentication": arr{id}}
	}
	input := func(vp obj, edit func(config obj)) obj {
		config := obj{"trustedIssuers": arr{web}, "verifier": subjectDID, "allowActionless": true, "insecureAllowUnbound": true,
			"issuerBinding": "mapped", "issuerSigners": arr{obj{"signer": platformDID, "issuers": arr{web}}}}
		if edit != nil {
			edit(config)
		}
		return obj{"now": now, "config": config, "didDocuments": arr{document(web, issuer), document(platformDID, platform)},
			"request": obj{"presentation": vp, "executionParams": obj{}}}
	}
	signed := func(edit func(vp obj), method string) obj {
		vc, vp := credential(), presentation()
		by := proofForm{by: platform, method: platformDID + "#key-1"}
		delete(vc, "proofs")
		vc["proofs"] = arr{by.with("@context", nil).prove(vc, "assertionMethod")}
		delete(vp, "proof")
		vp["verifiableCredential"] = vc
		if edit != nil {
			edit(vp)
		}
		vp["proof"] = proofForm{by: platform, method: method}.with("@context", nil).prove(vp, "authentication")
		return vp
	}
	add := func(name, comment string, in, want obj) {
		out = append(out, vector{"verify/published-" + name, comment, in, want})
	}
	add("request", "A published example. The signature of the presentation ends in three points, which are no digits of base58.",
		input(presentation(), nil), denied(verifier.ReasonProofInvalid, "vp.proof.form"))
	add("request-signed", "A published example with signatures: its holder is none of the DIDs that it authorizes.",
		input(signed(nil, platformDID+"#key-1"), nil), denied(verifier.ReasonHolderNotAuthorized, "holder.authorized"))
	authorized := func(vp obj) { vp["holder"] = subjectDID }
	add("request-method", "A published example with signatures and an authorized holder: its proof names a DID and no key of it.",
		input(signed(authorized, "did:web:humanos"), nil), denied(verifier.ReasonVerificationMethodInvalid, "holder.key"))
	add("request-signer", "A published example, presented by a key of the platform: nothing says that it may sign for that holder.",
		input(signed(authorized, platformDID+"#key-1"), nil), denied(verifier.ReasonHolderMismatch, "holder.binding"))
	add("request-strict", "A published example under the default: the platform's key is not one of the issuer's.",
		input(signed(authorized, platformDID+"#key-1"), func(c obj) {
			delete(c, "issuerBinding")
			delete(c, "issuerSigners")
		}), denied(verifier.ReasonIssuerMismatch, "issuer.binding"))
	mayPresent := func(c obj) { c["presentationSigners"] = arr{obj{"signer": platformDID, "holders": arr{subjectDID}}} }
	add("request-allow", "A published example, where the platform may sign for both: malformed-looking ids of subjects, grantors and evidences deny nothing.",
		input(signed(authorized, platformDID+"#key-1"), mayPresent), obj{"decision": "allow", "credentialId": "did:web:humanos.techcredential:uuid",
			"paramsBound": false, "proofForm": "via", "evaluations": arr{}, "insecure": arr{"InsecureAllowUnbound"}, "warnings": arr{"vc.validity", "action.required"}})
	return out
}
