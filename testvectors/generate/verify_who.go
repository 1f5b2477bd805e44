package main

import (
	"github.com/mandate-engine/mandate/verifier"
	"strconv"
)

// whoVectors returns cases of issuer, presenter and audience.
func whoVectors() []vector {
	var out []vector
	add := collect(&out)

	untrusted := denied(verifier.ReasonIssuerUntrusted, "issuer.trusted")
	add("issuer-untrusted", "A sound mandate of an issuer that the verifier does not trust.", untrusted,
		func(s *scene) { s.config()["trustedIssuers"] = arr{stranger.did()} })
	add("issuer-case-variant", "Issuer, the trusted one, beside issuer, who signed: a spelling that counts for some readers.", denied(verifier.ReasonMalformedCredential, "mandate.shape"), func(s *scene) {
		s.credential["issuer"], s.credential["Issuer"] = stranger.did(), issuer.did()
		s.vc.by = stranger
	})
	add("issuer-trust-is-exact", "Trust in a DID is no trust in the DIDs that begin with it.", untrusted, func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		s.config()["trustedIssuers"] = arr{webIssuer}
		s.credential["issuer"] = webIssuer + ":platform:1"
	})
	mismatch := denied(verifier.ReasonIssuerMismatch, "issuer.binding")
	add("issuer-mismatch", "A stranger signed in the name of the issuer.", mismatch, func(s *scene) { s.vc = proofForm{by: stranger, set: obj{}} })
	add("issuer-platform-key", "A platform whose DID begins with the issuer's signed in its name: DIDs have no hierarchy.", mismatch, func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		s.vc.method = webIssuer + ":platform:1#key-1"
	})
	add("issuer-listed-strict", "The issuer's document lists the platform's key, and the configuration does not let that count.", mismatch, func(s *scene) {
		s.webIssued(merge(webDocument(webIssuer, issuer), obj{"assertionMethod": arr{platform.method()}}))
		s.vc = proofForm{by: platform}
	})
	add("issuer-not-listed", "The configuration lets listed keys count, and the issuer's document does not list this one.", mismatch, func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		s.vc = proofForm{by: platform}
		s.config()["issuerBinding"] = "listed"
	})

	notHolder := denied(verifier.ReasonHolderMismatch, "holder.binding")
	add("holder-mismatch", "Somebody else signed the presentation of the holder.", notHolder, func(s *scene) { s.vp.by = stranger })
	add("holder-replaced", "The holder of a signed presentation was replaced by another who is authorized.", notHolder, func(s *scene) {
		s.authorize(arr{holder.did(), platform.did(), verifierDID})
		s.tamper = func(vp obj) { vp["holder"] = platform.did() }
	})
	add("presentation-signer-other-holder", "The platform may sign for another holder.", notHolder, func(s *scene) {
		s.vp.by = platform
		s.config()["presentationSigners"] = arr{obj{"signer": platform.did(), "holders": arr{subject.did()}}}
	})
	notAuthorized := denied(verifier.ReasonHolderNotAuthorized, "holder.authorized")
	add("holder-not-authorized", "A stranger presents a mandate that it found.", notAuthorized, func(s *scene) {
		s.presentation["holder"], s.vp.by = stranger.did(), stranger
	})
	add("holder-authorized-empty", "authorizedDIDs is there and empty: nobody but subject and grantors.", notAuthorized, func(s *scene) { s.authorize(arr{}) })
	add("holder-not-the-subject", "Without authorizedDIDs only the subject may present.", notAuthorized, func(s *scene) { delete(s.mandate(), "context") })
	add("grantor-without-list", "Without authorizedDIDs a grantor who is not the subject may not present.", notAuthorized, func(s *scene) {
		delete(s.mandate(), "context")
		s.mandate()["grantor"] = arr{holder.did()}
	})
	notVerifier := denied(verifier.ReasonVerifierNotAuthorized, "verifier.authorized")
	add("verifier-not-authorized", "The mandate does not let this verifier verify it.", notVerifier, func(s *scene) {
		s.request["verifier"] = "did:web:other.example"
		s.bind(obj{"domain": "did:web:other.example"})
	})
	add("verifier-authorized-empty", "authorizedDIDs is there and empty, and the subject presents: the verifier is still not in it.", notVerifier, func(s *scene) {
		s.authorize(arr{})
		s.presentation["holder"], s.vp.by = subject.did(), subject
	})
	add("scope-other", "The mandate is for another scope than the request demands.", denied(verifier.ReasonScopeMismatch, "scope"),
		func(s *scene) { s.request["scope"] = "payments.flight" })
	add("scope-prefix", "A scope is compared as a whole: payments does not include payments.hotel, nor the other way round.",
		denied(verifier.ReasonScopeMismatch, "scope"), func(s *scene) { s.request["scope"] = "payments" })
	return out
}

// Compressed status lists of 131,072 bits and of eight bits fewer. Only the
// eighth bit (index 7) is set.
const (
	listURL   = "https://issuer.example/status/1"
	listFull  = "uH4sIAAAAAAAC_-3BIQEAAAACIP1_2hkWoAEAAAAAAAAAAAAAAAAAAADeBjn7xTYAQAAA"
	listShort = "uH4sIAAAAAAAC_-3BIQEAAAACIP1_2hkWoAEAAAAAAAAAAAAAAAAAAADOBoy_28n_PwAA"
)

func statusEntry(index int) obj {
	return obj{
		"type":                 "BitstringStatusListEntry",
		"statusPurpose":        "revocation",
		"statusListIndex":      []string{"0", "1", "2", "3", "4", "5", "6", "7"}[index],
		"statusListCredential": listURL,
	}
}

// statusList returns a signed status list credential after an edit.
func statusList(edit func(list obj)) obj {
	doc := obj{
		"@context":          arr{contextV2},
		"id":                listURL,
		"type":              arr{"VerifiableCredential", "BitstringStatusListCredential"},
		"issuer":            issuer.did(),
		"validFrom":         "2026-05-02T00:00:00Z",
		"validUntil":        "2026-05-03T00:00:00Z",
		"credentialSubject": obj{"id": listURL + "#list", "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": listFull},
	}
	if edit != nil {
		edit(doc)
	}
	return proofForm{by: issuer}.secured(doc, "assertionMethod")
}

// listed gives the mandate a status and publishes a list. A nil list is
// unavailable.
func (s *scene) listed(entry any, list obj) {
	s.credential["credentialStatus"] = entry
	published := obj{"url": listURL}
	if list != nil {
		published["credential"] = list
	}
	s.input["statusLists"] = arr{published}
}

// statusVectors returns cases of the status of credentials and of evidence.
func statusVectors() []vector {
	var out []vector
	add := collect(&out)
	const check = "vc.status"
	unknown := denied(verifier.ReasonStatusUnknown, check)
	list := func(name, comment string, expect, entry obj, edit func(list obj)) {
		add("status-"+name, comment, expect, func(s *scene) { s.listed(entry, statusList(edit)) })
	}
	list("revoked", "The bit of the credential is set.", denied(verifier.ReasonCredentialRevoked, check), statusEntry(7), nil)
	list("suspended", "The bit is set in a list of suspensions.", denied(verifier.ReasonCredentialSuspended, check),
		merge(statusEntry(7), obj{"statusPurpose": "suspension"}), func(l obj) { l["credentialSubject"].(obj)["statusPurpose"] = "suspension" })
	list("stale", "The list was valid until a second ago.", denied(verifier.ReasonStatusStale, check), statusEntry(0), func(l obj) { l["validUntil"] = "2026-05-02T10:15:59Z" })
	list("not-yet-valid", "The list is valid from a second from now.", denied(verifier.ReasonStatusStale, check), statusEntry(0), func(l obj) { l["validFrom"] = "2026-05-02T10:16:01Z" })
	aged := func(name, comment string, expect obj, edit func(l obj)) {
		add(name, comment, expect, func(s *scene) {
			s.config()["maxStatusAgeSeconds"] = 3600
			s.listed(statusEntry(0), statusList(edit))
		})
	}
	aged("status-too-old", "The list was issued ten hours ago, and may be one hour old.", denied(verifier.ReasonStatusStale, check), nil)
	aged("status-age-unknown", "A list that does not say when it was issued may be of any age.", denied(verifier.ReasonStatusStale, check), func(l obj) { delete(l, "validFrom") })
	aged("allow-status-hour-old", "The list was issued an hour ago, to the second.", allowed(), func(l obj) { l["validFrom"] = "2026-05-02T09:16:00Z" })
	subject := func(name string, value any) func(l obj) {
		return func(l obj) { l["credentialSubject"].(obj)[name] = value }
	}
	add("allow-status-ttl", "A ttl is a hint when to fetch a list again: it bounds nothing.", allowed(), func(s *scene) { s.listed(statusEntry(0), statusList(subject("ttl", 1))) })
	list("ttl-string", "A ttl is a number.", unknown, statusEntry(0), subject("ttl", "1"))
	list("ttl-negative", "A ttl is not negative.", unknown, statusEntry(0), subject("ttl", -1))
	messages := func(n ...string) arr {
		out := arr{}
		for _, s := range n {
			out = append(out, obj{"status": s, "message": "m" + s})
		}
		return out
	}
	add("allow-status-message", "The message of the value 0 is not looked at.", allowed(), func(s *scene) {
		s.listed(merge(statusEntry(0), obj{"statusPurpose": "message", "statusMessage": messages("0x0", "0x1")}), statusList(subject("statusPurpose", "message")))
	})
	list("message-set", "A message says something about the credential that this version does not understand.", unknown,
		merge(statusEntry(7), obj{"statusPurpose": "message", "statusMessage": messages("0x0", "0x1")}), subject("statusPurpose", "message"))
	list("message-too-few", "One message for two values.", unknown, merge(statusEntry(0), obj{"statusMessage": messages("0x0")}), nil)
	list("message-twice", "Two messages for one value.", unknown, merge(statusEntry(0), obj{"statusMessage": messages("0x0", "0x0")}), nil)
	list("size-without-messages", "Values of two bits, and nobody says what they mean.", unknown, merge(statusEntry(0), obj{"statusSize": 2}),
		func(l obj) { l["credentialSubject"].(obj)["encodedList"] = listWide })
	list("list-is-array", "A status list that is an array and no credential.", unknown, statusEntry(0), nil)
	out[len(out)-1].input["statusLists"] = arr{obj{"url": listURL, "credential": arr{}}}
	add("status-list-key-unknown", "The list names a key that the issuer's document does not hold.", unknown, func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		l := statusList(nil)
		delete(l, "proof")
		l["issuer"] = webIssuer
		s.listed(statusEntry(0), proofForm{by: issuer, method: webIssuer + "#key-9"}.secured(l, "assertionMethod"))
	})
	list("unknown-type", "A kind of status that this version does not know might revoke.", unknown, merge(statusEntry(0), obj{"type": "StatusList2021Entry"}), nil)
	list("unknown-purpose", "A set bit whose purpose nobody knows.", unknown,
		merge(statusEntry(7), obj{"statusPurpose": "message"}), func(l obj) { l["credentialSubject"].(obj)["statusPurpose"] = "message" })
	list("other-purpose", "The list is for another purpose than the entry says.", unknown, merge(statusEntry(0), obj{"statusPurpose": "suspension"}), nil)
	list("index-number", "An index is written as a string.", unknown, merge(statusEntry(0), obj{"statusListIndex": 0}), nil)
	list("index-negative", "An index is a whole number from 0.", unknown, merge(statusEntry(0), obj{"statusListIndex": "-1"}), nil)
	list("index-outside", "The list has no such bit.", unknown, merge(statusEntry(0), obj{"statusListIndex": "131072"}), nil)
	list("id-of-list", "The id of an entry is not that of its list.", unknown, merge(statusEntry(0), obj{"id": listURL}), nil)
	list("too-short", "A list of fewer than 131,072 entries shows who asks for whom.", unknown, statusEntry(0), func(l obj) {
		l["credentialSubject"].(obj)["encodedList"] = listShort
	})
	list("not-gzip", "A list that is not compressed with GZIP.", unknown, statusEntry(0), func(l obj) { l["credentialSubject"].(obj)["encodedList"] = "uAAAA" })
	list("size-8", "With eight bits an entry, the list holds 16,384 entries, which are too few.", unknown, merge(statusEntry(0), obj{"statusSize": 8, "statusMessage": messagesFor(256)}), nil)
	add("status-revoked-among-two", "Of two entries the second is set.", denied(verifier.ReasonCredentialRevoked, check), func(s *scene) {
		s.listed(arr{statusEntry(0), statusEntry(7)}, statusList(nil))
	})
	add("status-no-source", "The credential has a status, and the verifier no source of status lists.", unknown, func(s *scene) { s.credential["credentialStatus"] = statusEntry(0) })
	add("status-not-found", "There is no such list.", unknown, func(s *scene) {
		s.listed(statusEntry(0), statusList(nil))
		s.input["statusLists"] = arr{}
	})
	add("status-unsigned", "A list that nobody signed.", unknown, func(s *scene) {
		l := statusList(nil)
		delete(l, "proof")
		s.listed(statusEntry(0), l)
	})
	add("status-changed", "The list was changed after signing.", unknown, func(s *scene) {
		l := statusList(nil)
		l["credentialSubject"].(obj)["encodedList"] = listShort
		s.listed(statusEntry(0), l)
	})
	signedList := func(name, comment string, form proofForm, edit func(l obj)) {
		add("status-"+name, comment, unknown, func(s *scene) {
			l := statusList(edit)
			delete(l, "proof")
			purpose := "assertionMethod"
			if p, ok := form.set["proofPurpose"].(string); ok {
				purpose = p
			}
			s.listed(statusEntry(0), form.secured(l, purpose))
		})
	}
	signedList("signed-by-stranger", "A stranger signed a list in the name of the issuer.", proofForm{by: stranger, set: obj{}}, nil)
	signedList("proof-purpose", "A list is asserted, not authenticated with.", proofForm{by: issuer, set: obj{"proofPurpose": "authentication"}}, nil)
	signedList("proof-expired", "The proof of the list has expired.", proofForm{by: issuer, set: obj{"expires": "2026-05-02T10:16:00Z"}}, nil)
	signedList("proof-from-future", "The proof of the list was made a minute and a second from now.", proofForm{by: issuer, set: obj{"created": "2026-05-02T10:17:01Z"}}, nil)
	signedList("no-fragment", "The proof of the list names no key.", proofForm{by: issuer, method: issuer.did(), set: obj{}}, nil)
	list("other-list", "Another list of the issuer, in which the bit is clear, is handed out for the one that the credential names.", unknown, statusEntry(0),
		func(l obj) { l["id"] = "https://issuer.example/status/2" })
	list("list-without-id", "A list that does not say which one it is could be any of the issuer's.", unknown, statusEntry(0), func(l obj) { delete(l, "id") })
	list("list-type", "A credential that is no status list.", unknown, statusEntry(0), func(l obj) { l["type"] = arr{"VerifiableCredential"} })
	list("list-malformed", "A list whose validFrom is no time.", unknown, statusEntry(0), func(l obj) { l["validFrom"] = "yesterday" })
	list("list-context", "A list in a context that is not known.", unknown, statusEntry(0), func(l obj) { l["@context"] = arr{contextV2, "https://evil.example/v1"} })
	list("index-leading-zeros", "007 is another spelling of 7, which other readers may take for another index.", unknown, merge(statusEntry(0), obj{"statusListIndex": "007"}), nil)
	add("status-too-many-entries", "Five status entries on one credential are more than the limit.", unknown, func(s *scene) {
		s.listed(arr{statusEntry(0), statusEntry(1), statusEntry(2), statusEntry(3), statusEntry(4)}, statusList(nil))
	})
	add("status-other-trusted-issuer", "A list that another issuer signed, whose mandates count as well: it cannot clear somebody else's credential.", unknown, func(s *scene) {
		l := statusList(nil)
		delete(l, "proof")
		l["issuer"] = stranger.did()
		s.config()["trustedIssuers"] = arr{issuer.did(), stranger.did()}
		s.listed(statusEntry(0), proofForm{by: stranger}.secured(l, "assertionMethod"))
	})
	add("status-other-issuer", "A list that a stranger signed in its own name.", unknown, func(s *scene) {
		l := statusList(nil)
		delete(l, "proof")
		l["issuer"] = stranger.did()
		s.listed(statusEntry(0), proofForm{by: stranger}.secured(l, "assertionMethod"))
	})
	add("evidence-digest", "The evidence at hand is not the one that the credential states.", denied(verifier.ReasonEvidenceMismatch, "vc.evidence"),
		func(s *scene) { s.evidence("report", "another report") })
	add("evidence-not-named", "No credential names the evidence at hand.", denied(verifier.ReasonEvidenceMismatch, "vc.evidence"),
		func(s *scene) { s.request["evidence"] = arr{obj{"id": "urn:via:evidence:2", "text": "report"}} })
	return out
}

// messagesFor returns a message for each of the values.
func messagesFor(values int64) arr {
	out := arr{}
	for i := range values {
		out = append(out, obj{"status": "0x" + strconv.FormatInt(i, 16), "message": "m"})
	}
	return out
}
