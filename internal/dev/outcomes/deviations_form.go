package main

import (
	"bytes"
	"strings"
	"time"
)

// anyProof picks a proof of the mandate.
func (s *scene) anyProof() *proof { return pick(s.rng, s.mandate().proofs...) }

// anyCredential picks one.
func (s *scene) anyCredential() *credential { return pick(s.rng, s.creds...) }

// vcProof is a deviation of some proof of the mandate, before it is made.
func vcProof(name, member string, values ...any) deviation {
	return deviation{name, func(s *scene) { s.anyProof().put(member, anyOf(s.rng, values...)) }}
}

// vpProof is one of the proof of the presentation.
func vpProof(name, member string, values ...any) deviation {
	return deviation{name, func(s *scene) { pick(s.rng, s.proofs...).put(member, anyOf(s.rng, values...)) }}
}

// vcMember is a deviation of a member of a credential.
func vcMember(name, member string, values ...any) deviation {
	return deviation{name, func(s *scene) {
		doc := pick(s.rng, s.creds...).doc
		if doc[member] = anyOf(s.rng, values...); doc[member] == absent {
			delete(doc, member)
		}
	}}
}

// vpMember is one of the presentation.
func vpMember(name, member string, values ...any) deviation {
	return deviation{name, func(s *scene) {
		if s.vp[member] = anyOf(s.rng, values...); s.vp[member] == absent {
			delete(s.vp, member)
		}
	}}
}

// absent takes a member out.
const absent = "\x00absent"

// afterVC changes a signed credential, afterVP the signed presentation, and
// afterAll its bytes.
func afterVC(name string, change func(*scene, obj)) deviation {
	return deviation{name, func(s *scene) {
		c := pick(s.rng, s.creds...)
		c.tamper = append(c.tamper, func(vc obj) { change(s, vc) })
	}}
}

func afterVP(name string, change func(*scene, obj)) deviation {
	return deviation{name, func(s *scene) { s.tamper = append(s.tamper, func(vp obj) { change(s, vp) }) }}
}

func afterAll(name string, change func(*scene, []byte) []byte) deviation {
	return deviation{name, func(s *scene) { s.bytes = append(s.bytes, func(b []byte) []byte { return change(s, b) }) }}
}

// eachProof changes the signed proofs of a document.
func eachProof(doc obj, change func(i int, p obj)) {
	for _, member := range []string{"proof", "proofs"} {
		switch v := doc[member].(type) {
		case obj:
			change(0, v)
		case arr:
			for i, e := range v {
				if p, ok := e.(obj); ok {
					change(i, p)
				}
			}
		}
	}
}

// Proofs are no good.
var proofDeviations = []deviation{
	{"signature bad", func(s *scene) { s.anyProof().breaks = true }},
	{"signature of the issuer bad among others", func(s *scene) {
		for _, p := range s.mandate().proofs {
			p.breaks = p.by == s.issuer
		}
		s.cosign(s.anyParty(notarySeed))
	}},
	{"signature of the presentation bad", func(s *scene) { pick(s.rng, s.proofs...).breaks = true }},
	{"signature of a cosigner bad", func(s *scene) { s.cosign(s.anyParty(notarySeed)).breaks = true }},
	{"signatures of a cosigner and the holder bad", func(s *scene) { s.cosign(s.anyParty(notarySeed)).breaks = true; s.held().breaks = true }},
	{"signature of the second credential bad", func(s *scene) {
		p := s.anyParty(secondIssuerSeed)
		s.trust(p.did)
		s.second(p).proofs[0].breaks = true
	}},
	{"second credential of an issuer that is out of order", func(s *scene) {
		p := s.knows(didWeb(secondIssuerSeed))
		s.trust(p.did)
		s.second(p)
		s.faults[p.did] = pick(s.rng, outage, later)
	}},
	{"second credential by a stranger", func(s *scene) { s.second(s.anyParty(strangerSeed)) }},
	{"signatures all true", func(s *scene) { s.sources["signatures"] = says }},
	{"signatures all false", func(s *scene) { s.sources["signatures"] = saysNot }},
	{"signature verifier panics", func(s *scene) { s.sources["signatures"] = panics }},
	{"chain without its first", func(s *scene) {
		s.cosign(s.anyParty(notarySeed))
		s.chain()
		s.mandate().tamper = append(s.mandate().tamper, func(vc obj) {
			if list, ok := vc["proof"].(arr); ok {
				vc["proof"] = list[1:]
			}
		})
	}},
	{"chain with a bad first", func(s *scene) {
		s.cosign(s.anyParty(notarySeed))
		s.chain()
		s.mandate().via = false
		s.mandate().proofs[0].breaks = true
	}},
	{"chain", func(s *scene) { s.mandate().via = false; s.cosign(s.anyParty(notarySeed)); s.chain() }},
	vcProof("vc purpose", "proofPurpose", "authentication", "capabilityInvocation", "x"),
	vcProof("vc proof expired", "expires", "2026-05-02T10:15:59Z", "2026-05-02T10:16:00Z"),
	vcProof("vc proof from the future", "created", "2026-05-02T10:17:01Z", "2026-05-02T10:16:59Z", "2027-01-01T00:00:00Z"),
	vcProof("vc proof without created", "created", nil),
	vcProof("vc suite", "cryptosuite", "eddsa-rdfc-2022", "ecdsa-jcs-2019", nil),
	vcProof("vc proof type", "type", "Ed25519Signature2020", nil),
	vcProof("vc proof context", "@context", nil, contextV2, arr{contextV2, "https://other.example"}),
	vcProof("vc method", "verificationMethod", "did:key:z6Mk", "no url", nil, "did:web:x.example/path#k", "did:web:x.example?v=1#k", "did:web:x.example", "did:web:x.example#k"),
	vcProof("vc proof member", "more", "x", 1),
	vpProof("vp purpose", "proofPurpose", "assertionMethod", "x"),
	vpProof("vp proof expired", "expires", "2026-05-02T10:15:59Z", "2026-05-02T10:16:00Z"),
	vpProof("vp created", "created", nil, "2026-05-02T10:10:59Z", "2026-05-02T10:11:00Z", "2026-05-02T10:11:01Z", "2026-05-02T10:15:29Z", "2026-05-02T10:16:59Z", "2026-05-02T10:17:01Z", "2026-05-02T09:16:00Z"),
	vpProof("vp suite", "cryptosuite", "eddsa-rdfc-2022", nil),
	vpProof("vp method", "verificationMethod", "did:key:z6Mk", "no url", nil, "did:web:x.example/path#k", "did:web:x.example", "did:web:x.example#k"),
	vpProof("vp domain", "domain", nil, "did:web:other.example", arr{verifierDID, "did:web:other.example"}, arr{}, "", arr{verifierDID}),
	vpProof("vp challenge", "challenge", nil, "another", "", "n~sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "~sha256-"),
	afterVC("vc without proof", func(s *scene, vc obj) { delete(vc, "proof"); delete(vc, "proofs") }),
	afterVC("vc proof null", func(s *scene, vc obj) { vc["proof"] = anyOf(s.rng, nil, arr{}, obj{}, "x", arr{1}) }),
	afterVC("vc proof and proofs", func(s *scene, vc obj) {
		if vc["proof"] == nil {
			vc["proof"] = vc["proofs"]
		} else {
			vc["proofs"] = arr{vc["proof"]}
		}
	}),
	afterVC("vc proof value", func(s *scene, vc obj) {
		eachProof(vc, func(_ int, p obj) {
			p["proofValue"] = anyOf(s.rng, "z1", "uAAAA", "", nil, 1, p["proofValue"].(string)+"1")
		})
	}),
	afterVC("vc proof twice", func(s *scene, vc obj) {
		if p, ok := vc["proof"].(obj); ok {
			vc["proof"] = arr{p, p}
		}
	}),
	afterVC("vc proof seventeen times", func(s *scene, vc obj) {
		var list arr
		eachProof(vc, func(_ int, p obj) {
			for range 17 {
				list = append(list, p)
			}
		})
		vc["proof"] = list
		delete(vc, "proofs")
	}),
	{"vp without holder, method no good", func(s *scene) {
		delete(s.vp, "holder")
		s.held().put("verificationMethod", pick(s.rng, "did:web:x.example", "no url", "did:web:x.example/p#k", "did:web:x.example?q#k", "did:x:#k"))
	}},
	{"vp without holder", func(s *scene) { delete(s.vp, "holder") }},
	afterVP("vp proof seventeen times", func(s *scene, vp obj) {
		var list arr
		eachProof(vp, func(_ int, p obj) {
			for range 17 {
				list = append(list, p)
			}
		})
		vp["proof"] = list
	}),
	afterVP("vp without proof", func(s *scene, vp obj) { delete(vp, "proof") }),
	afterVP("vp proofs", func(s *scene, vp obj) { vp["proofs"] = arr{vp["proof"]}; delete(vp, "proof") }),
	afterVP("vp proof null", func(s *scene, vp obj) { vp["proof"] = anyOf(s.rng, nil, arr{}, obj{}, "x") }),
	afterVP("vp proof value", func(s *scene, vp obj) {
		eachProof(vp, func(_ int, p obj) { p["proofValue"] = anyOf(s.rng, "z1", base58(make([]byte, 64)), "") })
	}),
}

// The documents are malformed, or changed after they were signed.
var formDeviations = []deviation{
	vcMember("vc context", "@context", absent, arr{}, contextV2, arr{contextVIA, contextV2}, arr{contextV2, "https://other.example"}, arr{contextV2, obj{"x": "urn:x"}}),
	{"context accepted", func(s *scene) {
		s.mandate().doc["@context"] = arr{contextV2, contextVIA, "https://other.example"}
		s.cfg.Contexts = []string{"https://other.example"}
	}},
	vcMember("vc type", "type", absent, "VerifiableCredential", arr{"VIAMandate"}, arr{}, 1, arr{"VerifiableCredential", "EnvelopedVerifiableCredential"}, "EnvelopedVerifiableCredential"),
	vcMember("vc id", "id", absent, "no url", 1, nil),
	vcMember("vc issuer", "issuer", absent, "no url", 1, arr{}, obj{"name": "x"}),
	vcMember("vc validFrom", "validFrom", absent, "2026-05-02T10:16:01Z", "2026-05-02T10:16:30Z", "2027-01-01T00:00:00Z", "yesterday", 1),
	vcMember("vc validUntil", "validUntil", absent, nil, "2026-05-02T10:16:00Z", "2026-05-02T10:15:30Z", "2026-05-02T10:15:58Z", "2025-01-01T00:00:00Z", "never"),
	vcMember("vc subject", "credentialSubject", absent, obj{}, arr{}, "x", nil),
	vcMember("vc other member", "termsOfUse", obj{"type": "x"}, "x", arr{obj{"type": "x"}}),
	vcMember("vc old member", "expirationDate", "2026-05-02T10:15:30Z"),
	vcMember("vc misspelt member", "validuntil", "2026-05-02T10:15:30Z"),
	{"null validUntil, W3C only", func(s *scene) { s.mandate().doc["validUntil"] = nil; s.cfg.W3COnly = true }},
	{"proofs, W3C only", func(s *scene) { s.mandate().via = true; s.cfg.W3COnly = true }},
	{"issuer as an object", func(s *scene) { s.mandate().doc["issuer"] = obj{"id": s.issuer.did, "name": "x"} }},
	{"subject in a list", func(s *scene) { s.wrap = true }},
	vpMember("vp context", "@context", absent, arr{}, contextV2, arr{contextV2, "https://other.example"}),
	vpMember("vp type", "type", absent, "VerifiablePresentation", arr{"Other"}, arr{"VerifiablePresentation", "Other"}),
	vpMember("vp holder", "holder", absent, "no url", 1, obj{"id": "did:x:y"}, ""),
	vpMember("vp id", "id", "no url", 1),
	afterVP("no credentials", func(s *scene, vp obj) {
		vp["verifiableCredential"] = anyOf(s.rng, arr{}, nil, "x", arr{"x"}, arr{1})
	}),
	afterVP("no credentials at all", func(s *scene, vp obj) { delete(vp, "verifiableCredential") }),
	afterVP("too many credentials", func(s *scene, vp obj) {
		if list, ok := vp["verifiableCredential"].(arr); ok {
			for range 20 {
				list = append(list, list[0])
			}
			vp["verifiableCredential"] = list
		}
	}),
	afterVP("the mandate twice", func(s *scene, vp obj) {
		if list, ok := vp["verifiableCredential"].(arr); ok {
			vp["verifiableCredential"] = append(list, list[0])
		}
	}),
	afterVP("enveloped credential", func(s *scene, vp obj) {
		vp["verifiableCredential"] = arr{obj{"@context": contextV2, "id": "data:application/vc+jwt,x", "type": "EnvelopedVerifiableCredential"}}
	}),
	afterVP("vp member more", func(s *scene, vp obj) { vp["more"] = "x" }),
	afterVC("vc member more", func(s *scene, vc obj) { vc["more"] = "x" }),
	afterVC("vc cap raised", func(s *scene, vc obj) {
		if subject, ok := vc["credentialSubject"].(obj); ok {
			if m, ok := subject["mandate"].(obj); ok {
				m["userParams"] = obj{"maxAmount": obj{"value": 9999}, "currency": obj{"value": "EUR"}}
			}
		}
	}),
	afterAll("a byte flipped", func(s *scene, b []byte) []byte {
		b[s.rng.n(len(b))] ^= 1 << s.rng.n(7)
		return b
	}),
	afterAll("a byte flipped in a value", func(s *scene, b []byte) []byte {
		if i := bytes.Index(b, []byte(pick(s.rng, `"proofValue":"z`, `"created":"2026-0`, `"scope":"`, `"id":"urn:via`, `did:key:z6M`, `"value":`))); i >= 0 {
			b[i+10+s.rng.n(8)] ^= 1
		}
		return b
	}),
	afterAll("a byte dropped", func(s *scene, b []byte) []byte {
		i := s.rng.n(len(b))
		return append(b[:i:i], b[i+1:]...)
	}),
	afterAll("a byte twice", func(s *scene, b []byte) []byte {
		i := s.rng.n(len(b))
		return append(b[:i+1:i+1], b[i:]...)
	}),
	afterAll("cut short", func(s *scene, b []byte) []byte { return b[:s.rng.n(len(b))] }),
	afterAll("a member twice", func(s *scene, b []byte) []byte {
		name := pick(s.rng, `"holder":`, `"type":`, `"issuer":`, `"proof":`, `"id":`)
		return bytes.Replace(b, []byte(name), []byte(name+`"x",`+name), 1)
	}),
	afterAll("something behind", func(s *scene, b []byte) []byte { return append(b, pick(s.rng, " ", "\n", "x", "{}")...) }),
	afterAll("white space", func(s *scene, b []byte) []byte { return bytes.ReplaceAll(b, []byte(`",`), []byte("\" ,\n")) }),
	afterAll("an escape", func(s *scene, b []byte) []byte {
		return bytes.Replace(b, []byte(`"holder"`), []byte(`"\u0068older"`), 1)
	}),
	afterAll("a lone surrogate", func(s *scene, b []byte) []byte { return bytes.Replace(b, []byte(scopeHotel), []byte(`\ud800`), 1) }),
	afterAll("no UTF-8", func(s *scene, b []byte) []byte { return bytes.Replace(b, []byte(scopeHotel), []byte("\xff"), 1) }),
	afterAll("no object", func(s *scene, b []byte) []byte { return []byte(pick(s.rng, "[]", "null", `"x"`, "1", "", "{}")) }),
}

// What the mandate says is malformed, or there is none.
var mandateDeviations = []deviation{
	{"no mandate", func(s *scene) { s.mandate().doc["type"] = arr{"VerifiableCredential"} }},
	{"mandate named that is not there", func(s *scene) { s.req.Mandate = pick(s.rng, "urn:x:1", secondID) }},
	{"two mandates, none named", func(s *scene) {
		c := s.second(s.issuer)
		c.doc = clone(s.mandate().doc)
		c.doc["id"] = secondID
		c.proofs[0].by = s.mandate().proofs[0].by
		s.req.Mandate = ""
	}},
	{"two mandates, the second named", func(s *scene) {
		c := s.second(s.issuer)
		c.doc = clone(s.mandate().doc)
		c.doc["id"] = secondID
		c.proofs = s.mandate().proofs
		s.req.Mandate = secondID
	}},
	{"scope wanted", func(s *scene) { s.req.Scope = "payments.flight" }},
	{"scope missing", func(s *scene) { delete(s.terms(), "scope") }},
	{"scope empty", func(s *scene) { s.terms()["scope"] = anyOf(s.rng, "", 1, nil) }},
	{"grantors malformed", func(s *scene) { s.terms()["grantor"] = anyOf(s.rng, "did:x:y", arr{1}, nil) }},
	{"authorized malformed", func(s *scene) {
		s.terms()["context"] = anyOf(s.rng, obj{"authorizedDIDs": "x"}, arr{}, obj{"authorizedDids": arr{}}, nil)
	}},
	{"mandate member more", func(s *scene) { s.terms()["limit"] = 5 }},
	{"long identifier", func(s *scene) { s.mandate().doc["id"] = "urn:x:" + strings.Repeat("x", pick(s.rng, 300, 2042, 2043)) }},
	{"long holder", func(s *scene) { s.vp["holder"] = "did:x:" + strings.Repeat("y", pick(s.rng, 300, 2042, 2043)) }},
	{"subject without id", func(s *scene) { delete(s.subjectNode(), "id") }},
	{"evidence not right", func(s *scene) {
		s.mandate().doc["evidence"] = obj{"id": "urn:evidence:1", "type": arr{"Evidence"}, "digestSRI": sri([]byte("another"))}
		s.req.Evidence = map[string][]byte{"urn:evidence:1": []byte("an invoice")}
	}},
	{"evidence not named", func(s *scene) { s.req.Evidence = map[string][]byte{"urn:evidence:9": []byte("an invoice")} }},
	{"evidences", func(s *scene) {
		file := []byte("a photograph")
		delete(s.mandate().doc, "evidence")
		s.mandate().doc["evidences"] = arr{obj{"id": "urn:evidence:2", "type": arr{"Evidence"}, "digestSRI": sri(file)}, "x"}
		s.req.Evidence = map[string][]byte{"urn:evidence:2": file}
	}},
}

// What the presentation is bound to, and when.
var bindingDeviations = []deviation{
	{"challenge expected", func(s *scene) { s.req.Challenge = "expected" }},
	{"challenge right", func(s *scene) {
		s.req.Challenge = "expected"
		for _, p := range s.proofs {
			p.put("challenge", "expected")
		}
	}},
	{"challenge and old", func(s *scene) {
		s.req.Challenge = "expected"
		for _, p := range s.proofs {
			p.put("challenge", "expected")
			p.put("created", anyOf(s.rng, nil, "2026-01-01T00:00:00Z", "2026-05-02T10:10:00Z"))
		}
	}},
	{"bound to other parameters", func(s *scene) {
		s.held().put("challenge", s.boundTo("n"))
		s.params = obj{"amount": 1, "currency": "EUR"}
		s.req.Challenge = ""
	}},
	{"bound", func(s *scene) {
		s.req.Challenge = ""
		for _, p := range s.proofs {
			p.put("challenge", s.boundTo("n~x"))
		}
		s.cfg.RequireParamsBinding = s.rng.chance(50)
	}},
	{"bound without a nonce", func(s *scene) {
		s.req.Challenge = ""
		for _, p := range s.proofs {
			p.put("challenge", s.boundTo("")[pick(s.rng, 0, 0, 1):])
		}
		s.cfg.RequireParamsBinding = s.rng.chance(50)
	}},
	{"bound, and by another proof to something else", func(s *scene) {
		s.req.Challenge = ""
		second := &proof{by: s.held().by, set: clone(s.held().set)}
		s.proofs = append(s.proofs, second)
		pick(s.rng, s.proofs...).put("challenge", s.boundTo("n"))
		if s.rng.chance(70) {
			pick(s.rng, s.proofs...).put("challenge", "n~sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		}
		s.cfg.RequireParamsBinding = s.rng.chance(50)
	}},
	{"validity over but for the leeway", func(s *scene) {
		s.cfg.Leeway = seconds(5)
		s.anyCredential().doc["validUntil"] = pick(s.rng, "2026-05-02T10:15:56Z", "2026-05-02T10:15:55Z")
	}},
	{"validity not yet but for the leeway", func(s *scene) {
		s.cfg.Leeway = seconds(5)
		s.anyCredential().doc["validFrom"] = pick(s.rng, "2026-05-02T10:16:04Z", "2026-05-02T10:16:06Z")
	}},
	{"proof over but for the leeway", func(s *scene) {
		s.cfg.Leeway = seconds(5)
		pick(s.rng, s.anyProof(), s.held()).put("expires", pick(s.rng, "2026-05-02T10:15:56Z", "2026-05-02T10:15:55Z"))
	}},
	{"binding required", func(s *scene) { s.cfg.RequireParamsBinding = true }},
	{"another domain expected", func(s *scene) { s.req.Domain = []string{"https://other.example"} }},
	{"domains expected", func(s *scene) { s.req.Domain = []string{verifierDID, "https://other.example"} }},
	{"unbound", func(s *scene) { s.held().put("domain", nil); s.cfg.InsecureAllowUnbound = s.rng.chance(50) }},
	{"another verifier", func(s *scene) { s.req.Verifier = "did:web:other.example" }},
	{"no verifier", func(s *scene) { s.req.Verifier, s.cfg.Verifier = "", "" }},
	{"replays allowed", func(s *scene) { s.cfg.InsecureAllowReplay = true }},
	{"later", func(s *scene) {
		s.now = s.now.Add(pick(s.rng, time.Second, 4*time.Minute+29*time.Second, 5*time.Minute, time.Hour, 300*24*time.Hour))
	}},
	{"earlier", func(s *scene) {
		s.now = s.now.Add(-pick(s.rng, time.Second, 30*time.Second, 91*time.Second, time.Hour, 150*24*time.Hour))
	}},
}
