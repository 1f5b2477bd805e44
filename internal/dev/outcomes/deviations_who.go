package main

import (
	"github.com/mandate-engine/mandate/verifier"
)

// method returns the first method of a document. If the document has no method,
// it returns an object that nothing reads.
func method(doc obj) obj {
	if list := doc["verificationMethod"].(arr); len(list) > 0 {
		return list[0].(obj)
	}
	return obj{}
}

// documented picks a party whose document will change. It gives the party a
// document if it has none.
func (s *scene) documented() *party {
	switch s.rng.n(5) {
	case 0, 1:
		s.holderOnWeb()
		return s.holder
	case 2:
		p := s.knows(didWeb(notarySeed + 2))
		s.cosign(p)
		if s.style == keyAlone {
			s.style = wrapped
		}
		return p
	}
	s.onWeb()
	return s.issuer
}

// changed is a deviation of the first document of somebody.
func changed(name string, change func(s *scene, p *party, doc obj)) deviation {
	return deviation{name, func(s *scene) {
		p := s.documented()
		change(s, p, p.documents[0])
	}}
}

// asked is a deviation in which a DID cannot be looked up.
func asked(name string, kind fault) deviation {
	return deviation{name, func(s *scene) { s.faults[s.documented().did] = kind }}
}

// later keeps the first document as an older one that lacks something.
func (s *scene) rotates(p *party, old obj) {
	p.documents = []obj{old, p.documents[0]}
	s.stale = true
	s.style = pick(s.rng, cached, cachedWeb, wrappedFresh, wrappedFresh, plainChain, jwkFirst, staticFirst, wrapped)
}

// Documents and their resolvers are no good.
var webDeviations = []deviation{
	changed("key revoked", func(s *scene, p *party, doc obj) { method(doc)["revoked"] = "2026-05-02T10:00:00Z" }),
	changed("key revoked later", func(s *scene, p *party, doc obj) { method(doc)["revoked"] = "2026-06-02T10:00:00Z" }),
	changed("key expired", func(s *scene, p *party, doc obj) { method(doc)["expires"] = "2026-05-02T10:16:00Z" }),
	changed("key dates malformed", func(s *scene, p *party, doc obj) { method(doc)["expires"] = "tomorrow" }),
	changed("key of another controller", func(s *scene, p *party, doc obj) { method(doc)["controller"] = "did:web:other.example" }),
	changed("key for other purposes", func(s *scene, p *party, doc obj) {
		doc["assertionMethod"], doc["authentication"] = doc["capabilityInvocation"], arr{}
		if p == s.issuer {
			doc["authentication"], doc["assertionMethod"] = doc["capabilityInvocation"], arr{}
		}
	}),
	changed("key embedded", func(s *scene, p *party, doc obj) {
		embedded := method(doc)
		doc["verificationMethod"] = arr{}
		delete(doc, "capabilityInvocation")
		doc["authentication"], doc["assertionMethod"] = arr{embedded}, arr{}
		if p != s.holder {
			doc["assertionMethod"], doc["authentication"] = doc["authentication"], arr{}
		}
	}),
	changed("key embedded for the other purpose", func(s *scene, p *party, doc obj) {
		embedded := method(doc)
		doc["verificationMethod"] = arr{}
		delete(doc, "capabilityInvocation")
		doc["authentication"], doc["assertionMethod"] = arr{embedded}, arr{}
		if p == s.holder {
			doc["assertionMethod"], doc["authentication"] = doc["authentication"], arr{}
		}
	}),
	changed("key with a secret", func(s *scene, p *party, doc obj) { method(doc)["secretKeyMultibase"] = "z1" }),
	changed("key not there", func(s *scene, p *party, doc obj) { method(doc)["id"] = p.did + "#k2" }),
	changed("another key", func(s *scene, p *party, doc obj) {
		method(doc)["publicKeyMultibase"] = multibase("ed01", public(seedKey(attackerSeed)))
	}),
	changed("two documents", func(s *scene, p *party, doc obj) { p.documents = append(p.documents, clone(doc)) }),
	{"kept document lacks the key", func(s *scene) {
		p := s.documented()
		old := webDocument(p.did, public(seedKey(attackerSeed)))
		method(old)["id"] = p.did + "#k0"
		s.rotates(p, old)
	}},
	{"kept document has the key as another", func(s *scene) {
		p := s.documented()
		s.rotates(p, webDocument(p.did, public(seedKey(attackerSeed))))
	}},
	{"kept document has the key off the curve", func(s *scene) {
		p := s.documented()
		s.rotates(p, webDocument(p.did, offCurve))
	}},
	{"kept document does not list the key", func(s *scene) {
		s.listedBy(s.anyParty(listedSeed))
		s.rotates(s.issuer, webDocument(s.issuer.did, public(s.issuer.key)))
	}},
	{"kept document is not up to date, nor is the next", func(s *scene) {
		p := s.documented()
		old, next := webDocument(p.did, offCurve), webDocument(p.did, public(seedKey(attackerSeed)))
		p.documents[0] = next
		s.rotates(p, old)
	}},
	{"the next document has lost the key", func(s *scene) {
		s.onWeb()
		first := webDocument(s.issuer.did, public(s.issuer.key))
		p := *s.issuer
		p.method, p.documents = p.did+"#k2", nil
		s.mandate().proofs = append(s.mandate().proofs, &proof{by: &p})
		next := s.issuer.documents[0]
		id := s.issuer.did + pick(s.rng, "#k2", "#k3")
		method(next)["id"] = id
		for _, purpose := range []string{"authentication", "assertionMethod"} {
			next[purpose] = arr{id}
		}
		s.rotates(s.issuer, first)
	}},
	{"two kept documents lack the key", func(s *scene) {
		s.onWeb()
		s.holderOnWeb()
		for _, p := range []*party{s.issuer, s.holder} {
			old := webDocument(p.did, public(seedKey(attackerSeed)))
			if s.rng.chance(50) {
				method(old)["id"] = p.did + "#k0"
			}
			s.rotates(p, old)
		}
	}},
	{"kept document lacks the key, then an outage", func(s *scene) {
		p := s.documented()
		old := webDocument(p.did, public(seedKey(attackerSeed)))
		s.rotates(p, old)
		s.faults["refresh "+p.did] = pick(s.rng, outage, gone, later, notThere)
	}},
	{"listed key not listed", func(s *scene) {
		s.listedBy(s.anyParty(listedSeed))
		s.issuer.documents[0]["assertionMethod"] = arr{s.issuer.method}
	}},
	{"listed key revoked in its document", func(s *scene) {
		p := s.knows(didWeb(listedSeed))
		s.listedBy(p)
		method(p.documents[0])["revoked"] = "2026-05-02T10:00:00Z"
	}},
	{"listed by an issuer that is out of order", func(s *scene) {
		s.listedBy(s.anyParty(listedSeed))
		s.faults[s.issuer.did] = pick(s.rng, outage, gone, notThere)
	}},
	asked("outage", outage), asked("panic", panics), asked("wrong id", wrongID), asked("no answer", noAnswer), asked("not there", notThere),
	asked("deactivated", gone), asked("come back later", later), asked("never", never), asked("malformed document", malformed), asked("cancelled lookup", cancels),
	{"did:key out of order", func(s *scene) {
		s.style = pick(s.rng, wrapped, wrappedFresh, cached, pinnedAll)
		s.faults[pick(s.rng, s.issuer, s.holder).did] = pick(s.rng, outage, panics, wrongID, noAnswer, notThere, gone, malformed)
	}},
	{"pinned to another document", func(s *scene) {
		s.style = pinnedAll
		s.pins[s.documented().did] = "another"
		s.style = pinnedAll
	}},
	{"unknown did:web", func(s *scene) {
		s.issuedBy(&party{did: "did:web:nobody.example", method: "did:web:nobody.example#k", key: seedKey(1)})
	}},
	{"holder of an unknown method", func(s *scene) { s.heldBy(&party{did: "did:example:h", method: "did:example:h#k", key: seedKey(2)}) }},
	{"issuer of an unknown method", func(s *scene) { s.issuedBy(&party{did: "did:example:i", method: "did:example:i#k", key: seedKey(1)}) }},
	{"only did:key is resolved", func(s *scene) { s.style = keyAlone }},
}

// Somebody else has signed, or nobody.
var signerDeviations = []deviation{
	{"issuer not trusted", func(s *scene) {
		s.cfg.InsecureTrustAnyIssuer, s.cfg.TrustedIssuers = false, []string{didKey(strangerSeed).did}
	}},
	{"any issuer trusted, stranger signs", func(s *scene) {
		s.issuedBy(s.anyParty(strangerSeed))
		s.cfg.InsecureTrustAnyIssuer, s.cfg.TrustedIssuers = true, nil
	}},
	{"stranger signs for the issuer", func(s *scene) { s.signedBy(s.anyParty(strangerSeed)) }},
	{"stranger signs in the issuer's name", func(s *scene) {
		p := *s.issuer
		p.key = seedKey(attackerSeed)
		s.signedBy(&p)
	}},
	{"mapped the other way round", func(s *scene) {
		p := s.anyParty(mappedSeed)
		s.mappedBy(p)
		s.cfg.IssuerSigners = map[string][]string{s.issuer.did: {p.did}}
	}},
	{"mapped to somebody else", func(s *scene) {
		p := s.anyParty(mappedSeed)
		s.mappedBy(p)
		s.cfg.IssuerSigners = map[string][]string{p.did: {didKey(strangerSeed).did}}
	}},
	{"mapped, both sign", func(s *scene) {
		s.mandate().proofs = append(s.mandate().proofs, &proof{by: s.issuer})
		s.mappedBy(s.anyParty(mappedSeed))
		s.mandate().proofs = append(s.mandate().proofs, &proof{by: s.issuer})
	}},
	{"holder not authorized", func(s *scene) {
		s.terms()["context"] = obj{"authorizedDIDs": arr{verifierDID}}
		s.terms()["grantor"] = arr{s.subject.did}
	}},
	{"holder not authorized, strange cosigner", func(s *scene) {
		s.terms()["context"] = obj{"authorizedDIDs": arr{verifierDID}}
		p := s.knows(didWeb(notarySeed))
		s.cosign(p)
		s.faults[p.did] = outage
	}},
	{"nobody authorized", func(s *scene) { s.terms()["context"] = obj{"authorizedDIDs": arr{}} }},
	{"no restriction, not the subject", func(s *scene) { delete(s.terms(), "context") }},
	{"verifier not authorized", func(s *scene) { s.terms()["context"] = obj{"authorizedDIDs": arr{s.holder.did}} }},
	{"the issuer verifies", func(s *scene) {
		s.terms()["context"] = obj{"authorizedDIDs": arr{s.holder.did}}
		s.req.Verifier = s.issuer.did
		s.held().put("domain", s.issuer.did)
		s.req.Domain = nil
	}},
	{"holder signs as a stranger", func(s *scene) { s.held().by = s.anyParty(strangerSeed) }},
	{"stranger signs in the holder's name", func(s *scene) {
		p := *s.held().by
		p.key = seedKey(attackerSeed)
		s.held().by = &p
	}},
	{"stranger signs beside the holder", func(s *scene) {
		s.proofs = append(s.proofs, &proof{by: s.anyParty(strangerSeed), set: clone(s.held().set)})
	}},
	{"stranger presents", func(s *scene) { s.vp["holder"] = didKey(strangerSeed).did; s.held().by = didKey(strangerSeed) }},
	{"presenter mapped to somebody else", func(s *scene) {
		p := s.anyParty(presenterSeed)
		s.presentedBy(p)
		s.cfg.PresentationSigners = map[string][]string{p.did: {didKey(strangerSeed).did}}
	}},
	{"presenter and holder sign", func(s *scene) {
		s.presentedBy(s.anyParty(presenterSeed))
		s.proofs = append(s.proofs, &proof{by: s.holder, set: clone(s.held().set)})
	}},
	{"grantors missing", func(s *scene) { s.cfg.GrantorProofs = pick(s.rng, 1, 2, verifier.AllGrantors) }},
	{"grantors missing and signature bad", func(s *scene) {
		s.cfg.GrantorProofs = 1
		s.terms()["grantor"] = arr{didKey(strangerSeed).did}
		s.mandate().proofs[0].breaks = true
	}},
	{"grantor's proof bad", func(s *scene) {
		s.grantedBy(1, s.anyParty(grantorSeed))
		list := s.mandate().proofs
		list[len(list)-1].breaks = true
	}},
	{"grantor's key unknown", func(s *scene) {
		s.grantedBy(1, &party{did: "did:web:nobody.example", method: "did:web:nobody.example#k", key: seedKey(grantorSeed)})
	}},
	{"two grantors of three", func(s *scene) {
		s.grantedBy(2, s.anyParty(grantorSeed), s.anyParty(grantorSeed+1))
		s.terms()["grantor"] = append(s.terms()["grantor"].(arr), s.holder.did)
	}},
	{"one grantor of all", func(s *scene) {
		s.grantedBy(verifier.AllGrantors, s.anyParty(grantorSeed))
		s.terms()["grantor"] = append(s.terms()["grantor"].(arr), didKey(strangerSeed).did)
	}},
	{"all of no grantors", func(s *scene) { s.terms()["grantor"] = arr{}; s.cfg.GrantorProofs = verifier.AllGrantors }},
	{"no grantors", func(s *scene) { delete(s.terms(), "grantor") }},
	{"issuer is the grantor", func(s *scene) { s.terms()["grantor"] = arr{s.issuer.did}; s.cfg.GrantorProofs = verifier.AllGrantors }},
}
