package main

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// Compressed status lists whose first byte is 1: 262,144 bits; 131,072 bits
// with a wrong checksum; 131,072 bits without the last four bytes; and 131,072
// bits in zlib format.
const (
	listWide    = "uH4sIAAAAAAAC_-3BAQEAAACCoPx_uiNAAwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAOisb7LwCAAAA"
	listChanged = "uH4sIAAAAAAAC_-3BIQEAAAACIP1_2hkWoAEAAAAAAAAAAAAAAAAAAADeBjj7xTYAQAAA"
	listCut     = "uH4sIAAAAAAAC_-3BIQEAAAACIP1_2hkWoAEAAAAAAAAAAAAAAAAAAADeBjn7xTY"
	listZlib    = "ueNrtwSEBAAAAAiD9f9oZFqABAAAAAAAAAAAAAAAAAAAA3gaAAAAC"
)

// listNine holds 131,072 entries of nine bits, all clear.
const listNine = "uH4sIAAAAAAAC_-3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAFwMeu7ifAEACAA"

// zeros are 16 MiB and one byte, compressed. The output of gzip writers may
// change between versions, so the file is stored.
//
//go:embed zeros.gz
var zeros []byte

// modelVectors returns cases of members of credentials that other parties
// read. A verifier that ignores faults in them would accept a signature over
// them.
func modelVectors() []vector {
	var out []vector
	add := collect(&out)
	broken := func(name, comment string, edit func(vc obj)) {
		add("vc-"+name, comment, denied(verifier.ReasonMalformedCredential, "vc.structure"), func(s *scene) { edit(s.credential) })
	}
	sound := func(name, comment string, edit func(vc obj)) {
		add("allow-vc-"+name, comment, allowed(), func(s *scene) { edit(s.credential) })
	}
	value := func(text string, more obj) obj { return merge(obj{"@value": text, "@language": "ar"}, more) }

	broken("subject-absent", "A credential about nobody.", func(vc obj) { delete(vc, "credentialSubject") })
	broken("subject-empty-list", "Checking every subject of none must not succeed.", func(vc obj) { vc["credentialSubject"] = arr{} })
	broken("subject-string", "A subject is an object with claims, not its id.", func(vc obj) { vc["credentialSubject"] = subject.did() })
	broken("subject-list-string", "Each subject in a list is an object.", func(vc obj) { vc["credentialSubject"] = arr{vc["credentialSubject"], subject.did()} })
	broken("subject-second-empty", "A second subject about which nothing is said.", func(vc obj) { vc["credentialSubject"] = arr{vc["credentialSubject"], obj{}} })
	broken("subject-id-not-a-url", "The id of a subject is a URL.", func(vc obj) { vc["credentialSubject"].(obj)["id"] = "Alice" })
	broken("context-not-a-url", "A context is a URL, not a name.", func(vc obj) { vc["@context"] = arr{contextV2, "via"} })
	broken("context-number", "A context is a URL or an object.", func(vc obj) { vc["@context"] = arr{contextV2, 1} })
	broken("context-empty-list", "A list of contexts without the base context.", func(vc obj) { vc["@context"] = arr{} })
	broken("type-empty-text", "A type has a name.", func(vc obj) { vc["type"] = arr{"VerifiableCredential", "VIAMandate", ""} })
	broken("id-space", "A URL has no white space.", func(vc obj) { vc["id"] = "urn:via:credential: 1" })
	sound("id-scheme", "Any scheme will do, in any case.", func(vc obj) { vc["id"] = "X-Via+1.0:credential" })
	out[len(out)-1].expect["credentialId"] = "X-Via+1.0:credential"
	broken("id-scheme-digit", "A scheme begins with a letter.", func(vc obj) { vc["id"] = "1via:credential" })
	broken("id-scheme-alone", "Behind a scheme there is something.", func(vc obj) { vc["id"] = "urn:" })
	broken("name-number", "A name is text.", func(vc obj) { vc["name"] = 7 })
	broken("name-list-number", "Each name in a list is text.", func(vc obj) { vc["name"] = arr{"Hotel", 7} })
	broken("description-unknown-member", "A language value has no other members.", func(vc obj) { vc["description"] = value("x", obj{"value": "y"}) })
	broken("description-direction", "A direction is ltr or rtl.", func(vc obj) { vc["description"] = value("x", obj{"@direction": "auto"}) })
	broken("description-without-value", "A language value has a value.", func(vc obj) { vc["description"] = obj{"@language": "en"} })
	broken("issuer-name-number", "The name of an issuer is text as well.", func(vc obj) { vc["issuer"] = obj{"id": vc["issuer"], "name": arr{obj{}}} })
	sound("texts", "Names and descriptions, also in languages, and of the issuer.", func(vc obj) {
		vc["name"], vc["description"] = "Hotel", arr{"Hotel", value("فندق", obj{"@direction": "rtl"})}
		vc["issuer"] = obj{"id": vc["issuer"], "name": value("شركة", nil)}
	})
	broken("status-empty-list", "Checking every status of none must not succeed.", func(vc obj) { vc["credentialStatus"] = arr{} })
	broken("status-string", "A status is an object, not the list it stands in.", func(vc obj) { vc["credentialStatus"] = listURL })
	broken("status-null", "null is a status that nobody can check, not the absence of one.", func(vc obj) { vc["credentialStatus"] = nil })
	broken("schema-without-id", "A schema is found by its id.", func(vc obj) { vc["credentialSchema"] = obj{"type": "JsonSchema"} })
	broken("schema-untyped", "Nobody can apply a schema of no type.", func(vc obj) { vc["credentialSchema"] = obj{"id": "https://issuer.example/schema"} })
	broken("terms-untyped", "Terms of no type could forbid anything.", func(vc obj) { vc["termsOfUse"] = obj{"id": "https://issuer.example/terms"} })
	broken("evidence-untyped", "evidence, the member of the data model, has a type.", func(vc obj) { vc["evidence"] = arr{obj{"id": "urn:via:evidence:1"}} })
	broken("evidences-string", "evidences holds objects.", func(vc obj) { vc["evidences"] = arr{"urn:via:evidence:1"} })
	broken("related-without-digest", "A related resource without a digest could be replaced.", func(vc obj) {
		vc["relatedResource"] = obj{"id": "https://issuer.example/terms"}
	})
	broken("related-digest-empty", "An empty digest fits nothing.", func(vc obj) {
		vc["relatedResource"] = obj{"id": "https://issuer.example/terms", "digestSRI": ""}
	})
	broken("related-without-id", "A digest of a resource that is not named.", func(vc obj) { vc["relatedResource"] = obj{"digestSRI": sriOfText("x")} })
	broken("related-twice", "Two digests of one resource: nobody can say which one counts.", func(vc obj) {
		one := obj{"id": "https://issuer.example/terms", "digestSRI": sriOfText("x")}
		vc["relatedResource"] = arr{one, merge(one, obj{"digestSRI": sriOfText("y")})}
	})
	sound("members", "A schema, terms, and resources with their digests: signed, and judged by others.", func(vc obj) {
		vc["credentialSchema"] = obj{"id": "https://issuer.example/schema", "type": "JsonSchema"}
		vc["termsOfUse"] = arr{obj{"type": "IssuerPolicy"}}
		vc["relatedResource"] = arr{obj{"id": "https://issuer.example/terms", "digestSRI": sriOfText("x")}, obj{"id": "https://issuer.example/logo", "digestMultibase": "zQmX"}}
	})
	sound("subject-list", "The one subject may stand in a list.", func(vc obj) { vc["credentialSubject"] = arr{vc["credentialSubject"]} })
	sound("without-validity", "Without validFrom and validUntil a mandate has no beginning and no end.", func(vc obj) { delete(vc, "validFrom"); delete(vc, "validUntil") })
	add("vp-credential-number", "verifiableCredential is no number.", denied(verifier.ReasonMalformedPresentation, "vp.structure"),
		func(s *scene) { s.tamper = func(vp obj) { vp["verifiableCredential"] = 1 } })
	add("vp-id-not-a-url", "The id of a presentation is a URL.", denied(verifier.ReasonMalformedPresentation, "vp.structure"), func(s *scene) { s.presentation["id"] = "vp-1" })
	add("second-credential-enveloped", "An enveloped credential beside the mandate.", denied(verifier.ReasonCredentialEnveloped, "vc.structure"), func(s *scene) {
		s.second = obj{"@context": contextV2, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,eyJhbGciOiJFZERTQSJ9.e30.AA"}
	})
	return append(append(out, entryVectors()...), partyVectors()...)
}

// entryVectors returns cases of entries with several bits, and of broken
// lists.
func entryVectors() []vector {
	var out []vector
	add := collect(&out)
	unknown := denied(verifier.ReasonStatusUnknown, "vc.status")
	encoded := func(text string) func(l obj) {
		return func(l obj) { l["credentialSubject"].(obj)["encodedList"] = text }
	}
	list := func(name, comment string, expect obj, entry any, edit func(l obj)) {
		add(name, comment, expect, func(s *scene) { s.listed(entry, statusList(edit)) })
	}
	wide := func(index string) obj {
		return merge(statusEntry(0), obj{"statusListIndex": index, "statusSize": 2, "statusMessage": messagesFor(4)})
	}
	list("status-two-bits", "Entry 3 of two bits is not clear: bits 6 and 7.", denied(verifier.ReasonCredentialRevoked, "vc.status"), wide("3"), encoded(listWide))
	list("allow-status-two-bits", "Entry 7 of two bits is clear: bits 14 and 15, not bit 7, which is set.", allowed(), wide("7"), encoded(listWide))
	list("allow-status-last-bit", "The last entry of the list.", allowed(), merge(statusEntry(0), obj{"statusListIndex": "131071"}), nil)
	list("status-two-bits-outside", "The list has 131,072 entries of two bits, and no more.", unknown, wide("131072"), encoded(listWide))
	list("status-two-bits-too-short", "Two bits an entry make 65,536 entries of this list, which are too few.", unknown, wide("3"), nil)
	list("status-size-zero", "Entries of no bits are always clear.", unknown, merge(statusEntry(7), obj{"statusSize": 0}), nil)
	list("status-size-nine", "Entries have at most eight bits, however long the list is.", unknown,
		merge(statusEntry(0), obj{"statusSize": 9, "statusMessage": messagesFor(512)}), encoded(listNine))
	list("status-size-fraction", "Entries have a whole number of bits.", unknown, merge(statusEntry(0), obj{"statusSize": 1.5}), nil)
	list("status-size-string", "A size is a number.", unknown, merge(statusEntry(0), obj{"statusSize": "1"}), nil)
	list("status-index-plus", "+7 is another spelling of 7.", unknown, merge(statusEntry(0), obj{"statusListIndex": "+7"}), nil)
	list("status-purpose-empty", "A status for no purpose says nothing when it is clear.", unknown, merge(statusEntry(0), obj{"statusPurpose": ""}),
		func(l obj) { l["credentialSubject"].(obj)["statusPurpose"] = "" })
	list("status-list-not-a-url", "A list is named by a URL.", unknown, merge(statusEntry(0), obj{"statusListCredential": "list"}), nil)
	list("status-message-value", "The messages are for other values than those of one bit.", unknown,
		merge(statusEntry(0), obj{"statusMessage": arr{obj{"status": "0x0", "message": "a"}, obj{"status": "0x2", "message": "b"}}}), nil)
	list("status-message-decimal", "The value of a message is hexadecimal and begins with 0x.", unknown,
		merge(statusEntry(0), obj{"statusMessage": arr{obj{"status": "0", "message": "a"}, obj{"status": "1", "message": "b"}}}), nil)
	purposes := func(l obj) { l["credentialSubject"].(obj)["statusPurpose"] = arr{"suspension", "revocation"} }
	list("allow-status-purposes", "A list for two purposes, one of them the entry's.", allowed(), statusEntry(0), purposes)
	list("status-purposes", "A list for two purposes, one of them the entry's, in which the bit is set.", denied(verifier.ReasonCredentialRevoked, "vc.status"), statusEntry(7), purposes)
	list("status-list-no-prefix", "A list in base64url without the u of multibase.", unknown, statusEntry(0), encoded(listFull[1:]))
	list("status-list-base58", "A list in another encoding than base64url.", unknown, statusEntry(0), encoded("z"+listFull[1:]))
	list("status-list-line-break", "Lenient decoders pass over line breaks in base64.", unknown, statusEntry(0), encoded(listFull[:20]+"\n"+listFull[20:]))
	list("status-list-padded", "base64url without padding.", unknown, statusEntry(0), encoded(listFull+"="))
	list("status-list-not-there", "A list without bits.", unknown, statusEntry(0), func(l obj) { delete(l["credentialSubject"].(obj), "encodedList") })
	list("status-list-cut-short", "A list that ends early: the bits that are missing are not clear.", unknown, statusEntry(0), encoded(listCut))
	list("status-list-checksum", "A list whose checksum is that of other bits.", unknown, statusEntry(0), encoded(listChanged))
	list("status-list-zlib", "A list in the format of zlib, which is not that of GZIP.", unknown, statusEntry(0), encoded(listZlib))
	list("status-list-huge", "16 kB that decompress to more than 16 MiB.", unknown, statusEntry(0), encoded("u"+base64.RawURLEncoding.EncodeToString(zeros)))
	add("allow-status-four-entries", "Four status entries on one credential are the limit.", allowed(), func(s *scene) {
		s.listed(arr{statusEntry(0), statusEntry(1), statusEntry(2), statusEntry(3)}, statusList(nil))
	})
	add("status-second-credential", "The mandate is in order, the credential beside it is revoked.", denied(verifier.ReasonCredentialRevoked, "vc.status"), func(s *scene) {
		s.listed(statusEntry(0), statusList(nil))
		s.second = plainCredential(issuer, func(vc obj) { vc["credentialStatus"] = statusEntry(7) })
	})
	add("status-too-many-of-all", "Of 17 status entries on five credentials, 16 are looked at.", unknown, func(s *scene) {
		four := arr{statusEntry(0), statusEntry(1), statusEntry(2), statusEntry(3)}
		s.listed(four, statusList(nil))
		others := arr{}
		for _, entries := range []any{four, four, four, statusEntry(4)} {
			others = append(others, plainCredential(issuer, func(vc obj) {
				vc["id"], vc["credentialStatus"] = fmt.Sprint("urn:uuid:", len(others)), entries
			}))
		}
		s.second = others
	})
	return out
}

// partyVectors returns cases of the rights of parties, and of evidence.
func partyVectors() []vector {
	var out []vector
	add := collect(&out)
	add("holder-is-issuer", "The issuer may verify its mandates, and not present them.", denied(verifier.ReasonHolderNotAuthorized, "holder.authorized"),
		func(s *scene) { s.presentation["holder"], s.vp.by = issuer.did(), issuer })
	add("holder-is-verifier", "authorizedDIDs is one list: whom it lets verify, it lets present.", allowed(), func(s *scene) {
		s.presentation["holder"], s.vp.by = platform.did(), platform
		s.authorize(arr{verifierDID, platform.did()})
	})
	out[len(out)-1].id = "verify/allow-holder-is-listed-verifier"
	add("verifier-is-subject", "The subject may present, and not verify.", denied(verifier.ReasonVerifierNotAuthorized, "verifier.authorized"), func(s *scene) {
		s.request["verifier"] = subject.did()
		s.bind(obj{"domain": subject.did()})
	})
	add("issuer-listed-unknown", "Keys that the issuer's document lists count, and there is no such document.", denied(verifier.ReasonDIDNotFound, "issuer.key"), func(s *scene) {
		s.webIssued(webDocument("did:web:other.example", issuer))
		s.vc = proofForm{by: platform}
		s.config()["issuerBinding"] = "listed"
	})
	add("vc-proof-set-eight-signers", "Keys of eight DIDs are looked up, the holder's among them.", allowed(), func(s *scene) {
		s.sealed = func(vc obj) {
			proofs := arr{vc["proof"]}
			for p := party(20); p < 26; p++ {
				proofs = append(proofs, proofForm{by: p}.prove(s.credential, "assertionMethod"))
			}
			vc["proof"] = proofs
		}
	})
	out[len(out)-1].id = "verify/allow-vc-proof-set-eight-signers"
	add("vc-proof-set-key-revoked", "The notary's key was revoked at this instant.", denied(verifier.ReasonKeyRevoked, "vc.proof"), func(s *scene) {
		doc := webDocument("did:web:notary.example", platform)
		doc["verificationMethod"].(arr)[0].(obj)["revoked"] = now
		s.input["didDocuments"] = arr{doc}
		s.sealed = func(vc obj) {
			vc["proof"] = arr{vc["proof"], proofForm{by: platform, method: "did:web:notary.example#key-1"}.prove(s.credential, "assertionMethod")}
		}
	})
	add("holder-did-deactivated", "The holder has deactivated its DID.", denied(verifier.ReasonDIDDeactivated, "holder.key"), func(s *scene) {
		s.webHeld(webDocument("did:web:holder.example", holder))
		s.input["deactivated"] = arr{"did:web:holder.example"}
	})
	add("holder-did-method", "The mandate names a holder whose DID nobody here can resolve.", denied(verifier.ReasonDIDMethodNotSupported, "holder.key"), func(s *scene) {
		s.webHeld(webDocument("did:via:humanos:agent", holder))
		delete(s.input, "didDocuments")
	})
	evidence := func(name, comment string, expect obj, edit func(s *scene, entry obj)) {
		add(name, comment, expect, func(s *scene) {
			s.evidence("report", "report")
			edit(s, s.credential["evidences"].(arr)[0].(obj))
		})
	}
	mismatch := denied(verifier.ReasonEvidenceMismatch, "vc.evidence")
	evidence("allow-evidence-of-two", "Two are stated, and one is at hand.", allowed(), func(s *scene, entry obj) {
		s.credential["evidences"] = arr{merge(entry, obj{"id": "urn:via:evidence:2", "digestSRI": sriOfText("x")}), entry}
	})
	evidence("allow-evidence-member", "In the member evidence of the data model, as one object.", allowed(), func(s *scene, entry obj) {
		delete(s.credential, "evidences")
		s.credential["evidence"] = merge(entry, obj{"type": "Evidence"})
	})
	evidence("evidence-without-digest", "Evidence that is named and has no digest could be anything.", mismatch, func(_ *scene, entry obj) { delete(entry, "digestSRI") })
	evidence("evidence-stated-twice", "Two digests under one id, of which one fits.", mismatch, func(s *scene, entry obj) {
		s.credential["evidences"] = arr{entry, merge(entry, obj{"digestSRI": sriOfText("x")})}
	})
	evidence("evidence-of-digest-prefix", "A digest that only begins like the one that is stated.", mismatch, func(_ *scene, entry obj) {
		entry["digestSRI"] = strings.TrimSuffix(entry["digestSRI"].(string), "=")
	})
	return out
}
