package main

import (
	"context"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/verifier"
)

// The constants of every scene.
const (
	mandateID   = "urn:via:credential:7f9c2ba4-e88f-427d-9c1b-2f3d4e5a6b7c"
	secondID    = "urn:via:credential:0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6"
	actionID    = "urn:via:action:6b1f2a34-0d5c-4a53-9d0b-6a6d4e1f7c11"
	verifierDID = "did:web:verifier.example"
	scopeHotel  = "payments.hotel"
)

// A scene is one valid request, in which an edit introduces one fault. The
// scene signs the changes of edits, but not those of tamper.
type scene struct {
	credential obj // the mandate, unsigned
	vc         proofForm
	sealed     func(vc obj) // edits the signed mandate
	second     any          // another signed credential, a list of them, or nil
	single     bool         // verifiableCredential is a credential, not a list

	presentation obj // unsigned, without the credentials
	vp           proofForm
	tamper       func(vp obj) // edits the signed presentation

	input   obj // now, config, and the world
	request obj // all members except the presentation
}

// content returns a small action: one rule, every field declared.
func content() obj {
	return obj{
		"name":            "book_hotel",
		"profile":         "via-cel/1",
		"userParams":      obj{"maxAmount": obj{"type": "number", "required": true}},
		"executionParams": obj{"amount": obj{"type": "number", "required": true}},
		"rules":           arr{obj{"name": "amount-cap", "expression": "executionParams.amount <= userParams.maxAmount"}},
	}
}

// capped returns the evaluations of the rule of content.
func capped(result, code string) arr { return arr{evaluation("amount-cap", result, code)} }

func evaluation(rule, result, code string) obj {
	return obj{"rule": rule, "result": result, "code": code}
}

func newScene() *scene {
	return &scene{
		credential: obj{
			"@context":   arr{contextV2, contextVIA},
			"id":         mandateID,
			"type":       arr{"VerifiableCredential", "VIAMandate"},
			"issuer":     issuer.did(),
			"validFrom":  "2026-01-01T00:00:00Z",
			"validUntil": "2027-01-01T00:00:00Z",
			"credentialSubject": obj{
				"id": subject.did(),
				"mandate": obj{
					"grantor":    arr{subject.did()},
					"scope":      scopeHotel,
					"context":    obj{"authorizedDIDs": arr{holder.did(), verifierDID}},
					"action":     obj{"id": actionID, "version": 1, "content": content()},
					"userParams": obj{"maxAmount": obj{"value": 500, "description": "The most one booking may cost"}},
				},
			},
		},
		vc: proofForm{by: issuer},
		presentation: obj{
			"@context": arr{contextV2},
			"type":     arr{"VerifiablePresentation"},
			"holder":   holder.did(),
		},
		vp:      proofForm{by: holder, set: obj{"domain": verifierDID}},
		input:   obj{"now": now, "config": obj{"trustedIssuers": arr{issuer.did()}, "verifier": verifierDID}},
		request: obj{"executionParams": obj{"amount": 420.5}},
	}
}

func (s *scene) mandate() obj { return s.credential["credentialSubject"].(obj)["mandate"].(obj) }
func (s *scene) action() obj  { return s.mandate()["action"].(obj) }
func (s *scene) content() obj { return s.action()["content"].(obj) }
func (s *scene) rule() obj    { return s.content()["rules"].(arr)[0].(obj) }
func (s *scene) config() obj  { return s.input["config"].(obj) }

// params sets the execution parameters.
func (s *scene) params(p obj) { s.request["executionParams"] = p }

// authorize sets authorizedDIDs.
func (s *scene) authorize(list any) { s.mandate()["context"] = obj{"authorizedDIDs": list} }

// bind sets members of the presentation's proof.
func (s *scene) bind(set obj) { s.vp.set = merge(s.vp.set, set) }

// webIssued makes a did:web with this document the issuer.
func (s *scene) webIssued(document obj) {
	s.credential["issuer"] = webIssuer
	s.config()["trustedIssuers"] = arr{webIssuer}
	s.vc.method = webIssuer + "#key-1"
	s.input["didDocuments"] = arr{document}
}

// webHeld makes a did:web with this document the holder.
func (s *scene) webHeld(document obj) {
	did := document["id"].(string)
	s.presentation["holder"] = did
	s.authorize(arr{did, verifierDID})
	s.vp.method = did + "#key-1"
	s.input["didDocuments"] = arr{document}
}

// signedCredential returns the mandate as it appears in the presentation.
// Package signing signs it, or proofForm, if package signing refuses to.
func (s *scene) signedCredential() obj {
	var vc obj
	signed, err := signing.Credential(context.Background(), must(canonical.Marshal(s.credential)), s.vc.by.as(s.vc.method),
		signing.Options{Created: must(time.Parse(time.RFC3339, signedAt))})
	if s.vc.set == nil && err == nil {
		vc = parse(signed)
	} else {
		vc = s.vc.secured(s.credential, "assertionMethod")
	}
	if s.sealed != nil {
		s.sealed(vc)
	}
	return vc
}

// signed returns the presentation as the verifier receives it.
func (s *scene) signed() obj {
	vp := clone(s.presentation)
	credentials := arr{s.signedCredential()}
	switch second := s.second.(type) {
	case nil:
	case arr:
		credentials = append(credentials, second...)
	default:
		credentials = append(credentials, second)
	}
	if vp["verifiableCredential"] = any(credentials); s.single {
		vp["verifiableCredential"] = credentials[0]
	}
	vp = s.vp.secured(vp, "authentication")
	if s.tamper != nil {
		s.tamper(vp)
	}
	return vp
}

// vector returns the case of the scene.
func (s *scene) vector(name, comment string, expect obj) vector {
	request := clone(s.request)
	if request["presentationBytes"] == nil {
		request["presentation"] = s.signed()
	}
	input := clone(s.input)
	input["request"] = request
	return vector{"verify/" + name, comment, input, expect}
}

// asText sets the presentation as text, which edit can change byte by byte.
func (s *scene) asText(edit func(string) string) {
	s.request["presentationBytes"] = text(edit(string(must(canonical.Marshal(s.signed())))))
}

// allowed returns the expected outcome of an allow of the usual mandate.
func allowed() obj {
	return obj{
		"decision":     "allow",
		"credentialId": mandateID,
		"paramsBound":  false,
		"proofForm":    "w3c",
		"evaluations":  capped("pass", "ok"),
	}
}

// denied returns the expected outcome of a deny. more may contain evaluations
// or faults.
func denied(reason verifier.Reason, check string, more ...obj) obj {
	o := obj{"decision": "deny", "reason": string(reason), "check": check}
	for _, m := range more {
		o = merge(o, m)
	}
	return o
}

// none returns the expected outcome of a request without a decision.
func none(kind verifier.RequestKind, offset int) obj {
	return obj{"decision": "none", "error": string(kind), "offset": offset}
}

func fault(pointer, code string) obj { return obj{"pointer": pointer, "code": code} }

func faults(list ...obj) obj {
	all := arr{}
	for _, f := range list {
		all = append(all, f)
	}
	return obj{"faults": all}
}

// plainCredential returns a credential other than a mandate, signed by p.
func plainCredential(p party, edit func(obj)) obj {
	doc := obj{
		"@context":          arr{contextV2},
		"id":                secondID,
		"type":              arr{"VerifiableCredential"},
		"issuer":            p.did(),
		"credentialSubject": obj{"id": subject.did(), "name": "x"},
	}
	if edit != nil {
		edit(doc)
	}
	return proofForm{by: p}.secured(doc, "assertionMethod")
}
