package main

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// list is a deviation of a status list that the mandate has an entry in.
func list(name string, change func(*scene, *statusList)) deviation {
	return deviation{name, func(s *scene) { change(s, s.listFor(pick(s.rng, "revocation", "suspension"), 1)) }}
}

// entryOf returns the entry that listFor has made.
func (s *scene) entryOf() obj { return object(s.mandate().doc["credentialStatus"]) }

// The status says no, or cannot be known.
var statusDeviations = []deviation{
	{"revoked", func(s *scene) { s.listFor("revocation", 2) }},
	{"suspended", func(s *scene) { s.listFor("suspension", 2) }},
	{"to be refreshed", func(s *scene) { s.listFor("refresh", 2) }},
	{"other purpose set", func(s *scene) { s.listFor("mood", 2) }},
	{"second credential revoked", func(s *scene) {
		c := s.second(s.issuer)
		c.proofs[0].by = s.mandate().proofs[0].by
		c.doc["credentialStatus"] = s.entry(c, "z", "revocation", 2)
		s.none["status"] = false
	}},
	{"suspended and revoked", func(s *scene) {
		s.none["status"] = false
		s.mandate().doc["credentialStatus"] = arr{s.entry(s.mandate(), "y", "suspension", 2), s.entry(s.mandate(), "z", "revocation", 2)}
	}},
	{"message", func(s *scene) {
		l := s.listFor("message", pick(s.rng, 0, 1, 2, 3))
		l.doc["credentialSubject"].(obj)["encodedList"] = twoBits
		e := s.entryOf()
		e["statusSize"] = 2
		if e["statusMessage"] = (arr{}); s.rng.chance(80) {
			for i := range 4 {
				e["statusMessage"] = append(e["statusMessage"].(arr), obj{"status": "0x" + strconv.Itoa(i), "message": "m" + strconv.Itoa(i)})
			}
		}
	}},
	list("list not there", func(s *scene, l *statusList) { delete(s.lists, l.doc["id"].(string)) }),
	list("list out of reach", func(s *scene, l *statusList) { l.raw, l.out = nil, true }),
	list("list malformed", func(s *scene, l *statusList) { l.raw, l.out = []byte(pick(s.rng, "", "{", "[]", "{}", "x")), true }),
	list("list of another issuer", func(s *scene, l *statusList) {
		l.doc["issuer"], l.proofs[0].by = didKey(strangerSeed).did, didKey(strangerSeed)
	}),
	list("list signed by a stranger", func(s *scene, l *statusList) { l.proofs[0].by = s.anyParty(strangerSeed) }),
	list("list with a bad signature", func(s *scene, l *statusList) { l.proofs[0].breaks = true }),
	list("list cosigned badly", func(s *scene, l *statusList) {
		l.proofs = append(l.proofs, &proof{by: s.anyParty(notarySeed), breaks: true})
	}),
	list("list cosigned by one out of order", func(s *scene, l *statusList) {
		p := s.knows(didWeb(notarySeed))
		s.faults[p.did] = pick(s.rng, outage, gone, notThere)
		l.proofs = append(l.proofs, &proof{by: p})
	}),
	list("list without proof", func(s *scene, l *statusList) { l.proofs = nil }),
	list("list for another URL", func(s *scene, l *statusList) { l.doc["id"] = "https://status.example/other" }),
	list("list of another type", func(s *scene, l *statusList) { l.doc["type"] = arr{"VerifiableCredential"} }),
	list("list for another purpose", func(s *scene, l *statusList) { l.doc["credentialSubject"].(obj)["statusPurpose"] = "x" }),
	list("list too short", func(s *scene, l *statusList) { l.doc["credentialSubject"].(obj)["encodedList"] = tooFew }),
	list("list cannot be decompressed", func(s *scene, l *statusList) {
		l.doc["credentialSubject"].(obj)["encodedList"] = pick(s.rng, "x", "u", "uAAAA", oneBit[:40], oneBit[:len(oneBit)-4])
	}),
	list("list over but for the leeway", func(s *scene, l *statusList) {
		s.cfg.Leeway = seconds(5)
		l.doc["validUntil"] = pick(s.rng, "2026-05-02T10:15:56Z", "2026-05-02T10:15:55Z")
	}),
	list("list not yet but for the leeway", func(s *scene, l *statusList) {
		s.cfg.Leeway = seconds(5)
		l.doc["validFrom"] = pick(s.rng, "2026-05-02T10:16:04Z", "2026-05-02T10:16:06Z")
	}),
	list("list without an end", func(s *scene, l *statusList) { delete(l.doc, "validUntil") }),
	list("list over", func(s *scene, l *statusList) {
		l.doc["validUntil"] = pick(s.rng, "2026-05-02T10:15:58Z", "2026-05-02T10:16:00Z")
	}),
	list("list not yet", func(s *scene, l *statusList) {
		l.doc["validFrom"] = pick(s.rng, "2026-05-02T10:16:01Z", "2026-05-02T10:17:30Z")
	}),
	list("list old", func(s *scene, l *statusList) { s.cfg.MaxStatusAge = seconds(pick(s.rng, 60, 76*60, 3600)) }),
	list("list without a time, age limited", func(s *scene, l *statusList) { delete(l.doc, "validFrom"); s.cfg.MaxStatusAge = seconds(60) }),
	list("list with a context unknown", func(s *scene, l *statusList) { l.doc["@context"] = arr{contextV2, "https://other.example"} }),
	list("list proof purpose", func(s *scene, l *statusList) { l.proofs[0].put("proofPurpose", "authentication") }),
	list("list proof over", func(s *scene, l *statusList) { l.proofs[0].put("expires", "2026-05-02T10:00:00Z") }),
	list("list proof from the future", func(s *scene, l *statusList) { l.proofs[0].put("created", "2026-05-02T10:20:00Z") }),
	list("index beyond the list", func(s *scene, l *statusList) {
		s.entryOf()["statusListIndex"] = anyOf(s.rng, "131072", "-1", "01", 1, "x")
	}),
	list("entry of another type", func(s *scene, l *statusList) { s.entryOf()["type"] = "Other" }),
	list("entry without list", func(s *scene, l *statusList) { delete(s.entryOf(), "statusListCredential") }),
	list("no source of lists", func(s *scene, l *statusList) { s.none["status"] = true }),
	list("source of lists out of order", func(s *scene, l *statusList) { s.sources["status"] = pick(s.rng, outage, panics, cancels) }),
	list("revoked holder, bad presentation", func(s *scene, l *statusList) { s.entryOf()["statusListIndex"] = "2"; s.held().breaks = true }),
	list("list in the VIA form", func(s *scene, l *statusList) { l.via = true }),
	{"many entries", func(s *scene) {
		s.none["status"] = false
		entries := arr{}
		for i := range pick(s.rng, 3, 4, 5) {
			entries = append(entries, s.entry(s.mandate(), string(rune('m'+i)), "revocation", i+3))
		}
		s.mandate().doc["credentialStatus"] = entries
	}},
	{"many lists", func(s *scene) {
		s.none["status"] = false
		for i := range 2 {
			c := s.second(s.issuer)
			c.proofs[0].by = s.mandate().proofs[0].by
			c.doc["credentialStatus"] = arr{s.entry(c, "q"+strconv.Itoa(i), "revocation", 1), s.entry(c, "p"+strconv.Itoa(i), "suspension", 1)}
		}
		s.mandate().doc["credentialStatus"] = s.entry(s.mandate(), "o", "revocation", 1)
	}},
	{"status malformed", func(s *scene) { s.mandate().doc["credentialStatus"] = anyOf(s.rng, "x", arr{}, obj{}, nil, arr{1}) }},
}

// The action is not what it should be.
var actionDeviations = []deviation{
	{"no action", func(s *scene) { delete(s.terms(), "action"); s.cfg.AllowActionless = s.rng.chance(50) }},
	{"no action and no parameters", func(s *scene) { delete(s.terms(), "action"); s.params, s.cfg.AllowActionless = nil, true }},
	{"digest of another action", func(s *scene) { s.withAction()["digestSRI"] = sri([]byte("another")) }},
	{"reference without a digest", func(s *scene) { delete(s.reference(), "digestSRI"); s.cfg.InsecureUnpinnedActions = false }},
	{"reference to nothing", func(s *scene) { s.reference(); s.actions = nil }},
	{"reference without a source", func(s *scene) { s.reference(); s.none["actions"] = true }},
	{"reference to what is out of reach", func(s *scene) { s.reference(); s.actions[0].content = nil }},
	{"source of actions out of order", func(s *scene) { s.reference(); s.sources["actions"] = pick(s.rng, outage, panics, cancels) }},
	{"reference to what is malformed", func(s *scene) {
		delete(s.reference(), "digestSRI")
		s.cfg.InsecureUnpinnedActions = true
		s.actions[0].content = []byte(pick(s.rng, "", "{", "[]", "{}", "null", `{"name":"x"}`))
	}},
	{"reference to another version", func(s *scene) { s.reference()["version"] = 2 }},
	{"reference to an action that was changed", func(s *scene) {
		s.reference()
		s.actions[0].content = bytes.Replace(s.actions[0].content, []byte("book_hotel"), []byte("book_motel"), 1)
	}},
	{"action that does not compile", func(s *scene) {
		s.rule()["expression"] = pick(s.rng, "executionParams.amount <=", "1", "x == 1", "executionParams.amout <= 5")
	}},
	{"action with a member more", func(s *scene) { s.inline()["more"] = 1 }},
	{"action of another profile", func(s *scene) { s.inline()["profile"] = "via-cel/9" }},
	{"action malformed", func(s *scene) {
		s.terms()["action"] = anyOf(s.rng, "x", obj{}, nil, obj{"id": 1}, obj{"id": actionID, "version": 1.5})
	}},
	{"no action, other faults", func(s *scene) { delete(s.terms(), "action"); s.req.Scope = "other" }},
}

// withAction returns the node of the action, and makes one when there is none.
func (s *scene) withAction() obj {
	if s.node() == nil {
		s.terms()["action"] = obj{"id": actionID, "version": 1, "content": hotel()}
		s.terms()["userParams"] = obj{"maxAmount": obj{"value": 500}, "currency": obj{"value": "EUR"}}
		s.params = obj{"amount": 420.5, "currency": "EUR"}
	}
	if node := s.node(); node != nil {
		return node
	}
	// The mandate has been removed. The caller changes an object that nothing reads.
	return obj{"content": hotel()}
}

// inline returns the content of an action that is in the mandate.
func (s *scene) inline() obj {
	node := s.withAction()
	if _, ok := node["content"].(obj); !ok {
		node["content"] = hotel()
		if p, ok := s.params.(obj); ok {
			delete(p, "tool")
		}
	}
	delete(node, "digestSRI")
	return node["content"].(obj)
}

func (s *scene) rule() obj {
	rules, _ := s.inline()["rules"].(arr)
	return object(rules[0])
}

// reference makes the action one by reference.
func (s *scene) reference() obj {
	node := s.withAction()
	if content, ok := node["content"].(obj); ok {
		delete(node, "content")
		node["digestSRI"] = sri(jcs(content))
		s.actions = []action{{actionID, 1, jcs(content)}}
	}
	s.none["actions"] = false
	return node
}

// param is a deviation of one execution parameter.
func param(name, member string, values ...any) deviation {
	return deviation{name, func(s *scene) {
		p, ok := s.params.(obj)
		if !ok {
			p = obj{"amount": 1}
		}
		if p[member] = anyOf(s.rng, values...); p[member] == absent {
			delete(p, member)
		}
		s.params = p
	}}
}

// The parameters are not allowed, or malformed.
var paramDeviations = []deviation{
	param("amount over the cap", "amount", 500.5, 501, 1e9),
	param("amount of another type", "amount", "420", nil, true, arr{}, absent),
	param("currency", "currency", "USD", "", "eur", 1),
	param("undeclared parameter", "city", "Porto"),
	param("tool", "tool", "book", "cancel", "steal", 1, absent),
	{"two rules fail", func(s *scene) { s.inline(); s.params = obj{"amount": 501, "currency": "USD"} }},
	{"no parameters", func(s *scene) { s.params = nil }},
	{"many faults", func(s *scene) { s.params = obj{"a": 1, "b": 2, "c": 3, "d": 4, "amount": "x"} }},
	{"many rules fail", func(s *scene) {
		c := s.inline()
		for i := range pick(s.rng, 2, 3, 4) {
			c["rules"] = append(c["rules"].(arr), obj{"name": "r" + strconv.Itoa(i), "expression": "executionParams.amount < " + strconv.Itoa(i) + ".0"})
		}
	}},
	{"malformed parameters", func(s *scene) {
		s.params = []byte(pick(s.rng, "{", "[]", "null", `{"a":1,"a":2}`, `{"amount":1e999}`, "{} x", "\xff"))
	}},
	{"large parameters", func(s *scene) {
		s.params = obj{"amount": 1, "currency": strings.Repeat("x", pick(s.rng, 1000, 100_000))}
	}},
	{"user parameters", func(s *scene) {
		s.inline()
		s.terms()["userParams"] = anyOf(s.rng, obj{"maxAmount": obj{"value": 500}}, obj{"maxAmount": obj{"value": 500}, "currency": obj{"value": 7}}, obj{}, obj{"maxAmount": obj{"value": "500"}, "currency": obj{"value": "EUR"}}, obj{"maxAmount": 500, "currency": "EUR"}, "x")
	}},
	{"a rule that fails with an error", func(s *scene) {
		s.rule()["expression"] = "executionParams.amount / 2.0 <= userParams.maxAmount && executionParams.nights <= 7.0"
	}},
	{"a rule on a parameter that is not there", func(s *scene) {
		s.rule()["expression"] = pick(s.rng, "executionParams.nights > 7.0", "executionParams.nights <= 7.0 || executionParams.amount > 1.0")
	}},
	{"a rule that forbids", func(s *scene) {
		s.inline()["rules"] = append(s.inline()["rules"].(arr), obj{"name": "no", "effect": "forbid", "expression": pick(s.rng, "executionParams.amount > 400.0", "executionParams.amount > 450.0")})
	}},
	{"a rule on the clock", func(s *scene) { s.rule()["expression"] = `now > timestamp("2026-05-02T10:16:00Z")` }},
}

// Interfaces are out of order.
var seamDeviations = []deviation{
	{"checker refuses", func(s *scene) { s.check, s.sources["checker"] = 1+s.rng.n(len(s.creds)+1), refuses }},
	{"checker panics", func(s *scene) { s.check, s.sources["checker"] = 1+s.rng.n(len(s.creds)+1), panics }},
	{"replay out of order", func(s *scene) { s.sources["replay"], s.none["replay"] = pick(s.rng, outage, panics), false }},
	{"replay cancels", func(s *scene) { s.sources["replay"], s.none["replay"] = cancels, false }},
	{"signer out of order", func(s *scene) { s.sources["signer"] = pick(s.rng, outage, panics, malformed, cancels) }},
	{"clock panics", func(s *scene) { s.sources["clock"] = pick(s.rng, panics, malformed, cancels) }},
	{"cancelled by the checker", func(s *scene) { s.check, s.sources["checker"] = 1, cancels }},
	{"cancelled while signatures are verified", func(s *scene) { s.sources["signatures"], s.at = cancels, pick(s.rng, 1, 2, 2, 2, 3) }},
	{"cancelled while signatures are verified, no action", func(s *scene) {
		s.sources["signatures"], s.at = cancels, pick(s.rng, 2, 2, 3)
		delete(s.terms(), "action")
		s.params, s.cfg.AllowActionless = nil, true
	}},
	{"cancelled by the checker, not for this verifier", func(s *scene) {
		s.check, s.sources["checker"] = 1, cancels
		s.held().put("domain", "did:web:other.example")
	}},
	{"random source out of order", func(s *scene) { s.sources["rand"] = pick(s.rng, outage, panics) }},
	{"cancelled", func(s *scene) { s.sources["caller"] = cancels }},
}

// settings are wrong, but for the last: New refuses them.
var settings = []struct {
	name   string
	change func(*verifier.Config)
}{
	{"no-resolver", func(c *verifier.Config) { c.Resolver = nil }},
	{"no-signer", func(c *verifier.Config) { c.Signer = nil }},
	{"no-issuers", func(c *verifier.Config) { c.TrustedIssuers, c.InsecureTrustAnyIssuer = nil, false }},
	{"issuers-and-any", func(c *verifier.Config) { c.TrustedIssuers, c.InsecureTrustAnyIssuer = []string{verifierDID}, true }},
	{"issuer-no-did", func(c *verifier.Config) { c.TrustedIssuers, c.InsecureTrustAnyIssuer = []string{"no did"}, false }},
	{"max-age", func(c *verifier.Config) { c.MaxAge = -1 }},
	{"max-future", func(c *verifier.Config) { c.MaxFuture = -1 }},
	{"leeway", func(c *verifier.Config) { c.Leeway = -1 }},
	{"challenge-lifetime", func(c *verifier.Config) { c.ChallengeLifetime = -1 }},
	{"max-status-age", func(c *verifier.Config) { c.MaxStatusAge = -1 }},
	{"binding-unknown", func(c *verifier.Config) { c.IssuerBinding = verifier.IssuerMapped + 1 }},
	{"mapped-without-signers", func(c *verifier.Config) { c.IssuerBinding, c.IssuerSigners = verifier.IssuerMapped, nil }},
	{"signers-not-mapped", func(c *verifier.Config) {
		c.IssuerBinding, c.IssuerSigners = verifier.IssuerStrict, map[string][]string{"a": nil}
	}},
	{"grantor-proofs", func(c *verifier.Config) { c.GrantorProofs = -2 }},
	{"nothing-wrong", func(*verifier.Config) {}},
}

// There is too much of something.
var limitDeviations = []deviation{
	{"nine signers", func(s *scene) {
		for i := range 8 {
			s.cosign(didKey(100 + byte(i)))
		}
	}},
	{"eight signers", func(s *scene) {
		for i := range 6 {
			s.cosign(didKey(100 + byte(i)))
		}
	}},
	{"five documents to fetch", func(s *scene) {
		for i := range pick(s.rng, 3, 4, 5) {
			s.cosign(s.knows(didWeb(100 + byte(i))))
		}
		s.style = pick(s.rng, cached, cachedWeb)
	}},
	{"more documents than may be looked up", func(s *scene) {
		s.cfg.IssuerBinding, s.cfg.IssuerSigners = verifier.IssuerListed, nil
		for i := range 6 {
			s.cosign(s.knows(didWeb(100 + byte(i))))
		}
		s.listFor("revocation", 1).proofs[0].by = s.anyParty(strangerSeed)
	}},
	{"everything kept is old", func(s *scene) { s.allOld() }},
	{"everything kept is old, holder not authorized", func(s *scene) { s.allOld(); s.terms()["context"] = obj{"authorizedDIDs": arr{}} }},
	{"everything kept is old, some of it is new", func(s *scene) { s.allOld(); s.held().breaks = s.rng.chance(50); s.anyProof().breaks = true }},
	{"large presentation", func(s *scene) { s.vp["more"] = strings.Repeat("x", pick(s.rng, 100_000, 1<<20)) }},
	{"deep presentation", func(s *scene) {
		s.bytes = append(s.bytes, func(b []byte) []byte {
			return append(append([]byte(`{"more":`), nested(70)...), append([]byte(","), b[1:]...)...)
		})
	}},
	{"many members", func(s *scene) {
		more := obj{}
		for i := range 200 {
			more["m"+strconv.Itoa(i)] = i
		}
		s.mandate().doc["more"] = more
	}},
}

// allOld makes every stage refresh a document: the cache holds documents of the
// issuer, the holder, a second signer and the signer of the status list, and most
// of these documents lack the key that signed.
func (s *scene) allOld() {
	s.onWeb()
	s.holderOnWeb()
	notary, lister := s.knows(didWeb(notarySeed+1)), s.knows(didWeb(notarySeed+2))
	s.reference()
	if s.rng.chance(60) {
		s.cosign(notary)
	}
	if l := s.listFor("revocation", pick(s.rng, 1, 1, 2)); s.rng.chance(80) {
		l.proofs = append(l.proofs, &proof{by: lister})
	}
	for _, p := range []*party{s.issuer, s.holder, notary, lister} {
		if s.rng.chance(75) {
			old := webDocument(p.did, public(seedKey(attackerSeed)))
			if s.rng.chance(70) {
				method(old)["id"] = p.did + "#k0"
			}
			s.rotates(p, old)
		}
	}
	s.style = pick(s.rng, wrappedFresh, plainChain, jwkFirst, cached, staticFirst)
}

func nested(depth int) []byte {
	return []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
}
