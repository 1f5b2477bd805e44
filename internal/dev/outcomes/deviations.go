package main

import (
	"slices"

	"github.com/mandate-engine/mandate/verifier"
)

// A deviation makes one thing wrong, or at least unusual.
type deviation struct {
	name  string
	apply func(*scene)
}

// deviations are all of them. Each generated case has a few.
var deviations = slices.Concat(keyDeviations, webDeviations, proofDeviations, signerDeviations,
	formDeviations, mandateDeviations, bindingDeviations, statusDeviations, actionDeviations,
	paramDeviations, seamDeviations, limitDeviations)

// anyBad returns a party whose key cannot verify a proof.
func (s *scene) anyBad(seed byte) *party { return s.knows(pick(s.rng, badKeys(seed)...)) }

// issuedBy makes a party the issuer.
func (s *scene) issuedBy(p *party) {
	for i, did := range s.cfg.TrustedIssuers {
		if did == s.issuer.did {
			s.cfg.TrustedIssuers[i] = p.did
		}
	}
	for _, c := range s.creds {
		for _, q := range c.proofs {
			if q.by == s.issuer {
				q.by = p
			}
		}
		if c.doc["issuer"] == s.issuer.did {
			c.doc["issuer"] = p.did
		}
	}
	s.issuer = p
}

// heldBy puts a party in the place of the holder.
func (s *scene) heldBy(p *party) {
	for _, q := range s.proofs {
		if q.by == s.holder {
			q.by = p
		}
	}
	if s.vp["holder"] == s.holder.did {
		s.vp["holder"] = p.did
	}
	if subject := s.subjectNode(); subject["id"] == s.holder.did {
		subject["id"] = p.did
	}
	replaceText(s.terms(), s.holder.did, p.did)
	s.holder = p
}

// replaceText replaces a text wherever it is in lists.
func replaceText(v any, from, to string) {
	switch v := v.(type) {
	case obj:
		for _, m := range v {
			replaceText(m, from, to)
		}
	case arr:
		for i, e := range v {
			if e == from {
				v[i] = to
			}
			replaceText(e, from, to)
		}
	}
}

// The keys that parties sign with are no good.
var keyDeviations = []deviation{
	{"bad issuer key", func(s *scene) { s.issuedBy(s.anyBad(1)) }},
	{"issuer off the curve", func(s *scene) { s.issuedBy(rawKey(offCurve, 1)) }},
	{"issuer off the curve, signatures all true", func(s *scene) { s.issuedBy(rawKey(offCurve2, 1)); s.sources["signatures"] = says }},
	{"bad holder key", func(s *scene) { s.heldBy(s.anyBad(2)) }},
	{"holder off the curve", func(s *scene) { s.heldBy(rawKey(offCurve, 2)) }},
	{"holder off the curve, signatures all true", func(s *scene) { s.heldBy(rawKey(offCurve2, 2)); s.sources["signatures"] = says }},
	{"bad cosigner key", func(s *scene) { s.cosign(s.anyBad(notarySeed)) }},
	{"cosigner off the curve", func(s *scene) { s.cosign(rawKey(offCurve, notarySeed)) }},
	{"cosigner off the curve, signatures all true", func(s *scene) { s.cosign(rawKey(offCurve, notarySeed)); s.sources["signatures"] = says }},
	{"cosigner off the curve, holder of small order", func(s *scene) {
		s.cosign(rawKey(offCurve, notarySeed))
		s.heldBy(rawKey(identity, 2))
	}},
	{"grantor off the curve", func(s *scene) {
		g := rawKey(offCurve, grantorSeed)
		s.grantedBy(1, g)
	}},
	{"bad grantor key", func(s *scene) { s.grantedBy(1, s.anyBad(grantorSeed)) }},
	{"two grantors, one off the curve", func(s *scene) {
		s.grantedBy(verifier.AllGrantors, didKey(grantorSeed), rawKey(offCurve, grantorSeed+1))
	}},
	{"mapped signer off the curve", func(s *scene) { s.mappedBy(rawKey(offCurve, mappedSeed)) }},
	{"bad mapped signer", func(s *scene) { s.mappedBy(s.anyBad(mappedSeed)) }},
	{"listed key off the curve", func(s *scene) { s.listedBy(rawKey(offCurve, listedSeed)) }},
	{"listed key in a bad document", func(s *scene) { s.listedBy(s.anyBad(listedSeed)) }},
	{"presenter off the curve", func(s *scene) { s.presentedBy(rawKey(offCurve, presenterSeed)) }},
	{"bad presenter", func(s *scene) { s.presentedBy(s.anyBad(presenterSeed)) }},
	{"two off the curve", func(s *scene) {
		s.cosign(rawKey(offCurve, notarySeed))
		s.cosign(rawKey(offCurve2, notarySeed+1))
	}},
	{"off the curve and of an unknown method", func(s *scene) {
		s.cosign(rawKey(offCurve, notarySeed))
		s.cosign(&party{did: "did:example:x", method: "did:example:x#k", key: seedKey(notarySeed)})
	}},
	{"off the curve and out of order", func(s *scene) {
		s.cosign(rawKey(offCurve, notarySeed))
		p := s.knows(didWeb(notarySeed + 1))
		s.cosign(p)
		s.faults[p.did] = outage
	}},
	{"second credential off the curve", func(s *scene) {
		p := rawKey(offCurve, secondIssuerSeed)
		s.second(p)
		s.trust(p.did)
	}},
	{"list signed off the curve", func(s *scene) {
		s.listFor("revocation", 1).proofs[0].by = rawKey(offCurve, 1)
	}},
	{"list cosigned off the curve", func(s *scene) {
		l := s.listFor("revocation", 1)
		l.proofs = append(l.proofs, &proof{by: rawKey(offCurve, notarySeed)})
	}},
	{"list cosigned by a stranger", func(s *scene) {
		l := s.listFor("revocation", 1)
		l.proofs = append(l.proofs, &proof{by: s.anyParty(strangerSeed)})
	}},
	{"everybody off the curve, signatures all true", func(s *scene) {
		s.issuedBy(rawKey(offCurve, 1))
		s.heldBy(rawKey(offCurve2, 2))
		s.cosign(rawKey(identity, notarySeed))
		s.sources["signatures"] = says
	}},
}

func (s *scene) trust(dids ...string) {
	if !s.cfg.InsecureTrustAnyIssuer {
		s.cfg.TrustedIssuers = append(s.cfg.TrustedIssuers, dids...)
	}
}

// grantedBy has the mandate granted and signed by these, and wants proofs.
func (s *scene) grantedBy(want int, grantors ...*party) {
	var dids arr
	for _, g := range grantors {
		dids = append(dids, g.did)
		s.mandate().proofs = append(s.mandate().proofs, &proof{by: g})
	}
	s.terms()["grantor"], s.cfg.GrantorProofs = dids, want
}

// mappedBy has a party sign the mandate in the issuer's place, which is allowed.
func (s *scene) mappedBy(p *party) {
	s.cfg.IssuerBinding, s.cfg.IssuerSigners = verifier.IssuerMapped, map[string][]string{p.did: {s.issuer.did}}
	s.signedBy(p)
}

// signedBy has a party sign what the issuer signs.
func (s *scene) signedBy(p *party) {
	for _, q := range s.mandate().proofs {
		if q.by == s.issuer {
			q.by = p
		}
	}
}

// listedBy has a party sign the mandate whose key the issuer's document lists.
func (s *scene) listedBy(p *party) {
	s.onWeb()
	s.cfg.IssuerBinding, s.cfg.IssuerSigners = verifier.IssuerListed, nil
	doc := s.issuer.documents[0]
	doc["assertionMethod"] = append(doc["assertionMethod"].(arr), p.method)
	s.signedBy(p)
}

// onWeb gives the issuer a document.
func (s *scene) onWeb() {
	if s.issuer.documents == nil {
		p := s.knows(didWeb(1))
		if s.cfg.IssuerBinding == verifier.IssuerMapped {
			for did := range s.cfg.IssuerSigners {
				s.cfg.IssuerSigners[did] = []string{p.did}
			}
		}
		s.issuedBy(p)
	}
	if s.style == keyAlone {
		s.style = wrappedFresh
	}
}

// holderOnWeb gives the holder a document.
func (s *scene) holderOnWeb() {
	if s.holder.documents == nil {
		s.heldBy(s.knows(didWeb(2)))
	}
	if s.style == keyAlone {
		s.style = wrappedFresh
	}
}

// presentedBy has a party sign the presentation in the holder's place.
func (s *scene) presentedBy(p *party) {
	s.cfg.PresentationSigners = map[string][]string{p.did: {s.holder.did}}
	s.vp["holder"] = s.holder.did
	for _, q := range s.proofs {
		q.by = p
	}
}

// second adds a credential of another issuer.
func (s *scene) second(by *party) *credential {
	c := &credential{single: true, proofs: []*proof{{by: by}}, doc: obj{
		"@context": arr{contextV2}, "id": secondID, "type": arr{"VerifiableCredential"},
		"issuer": by.did, "credentialSubject": obj{"id": s.subject.did, "name": "x"}}}
	s.creds = append(s.creds, c)
	return c
}

// listFor gives the mandate an entry in a list, and returns the list.
func (s *scene) listFor(purpose string, index int) *statusList {
	e := s.entry(s.mandate(), "z", purpose, index)
	s.mandate().doc["credentialStatus"] = e
	s.none["status"] = false
	return s.lists[e["statusListCredential"].(string)]
}
