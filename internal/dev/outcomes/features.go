package main

import (
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/verifier"
)

// Parties beside issuer, holder and subject, by the seeds of their keys.
const (
	strangerSeed byte = iota + 10
	mappedSeed
	listedSeed
	presenterSeed
	secondIssuerSeed
	notarySeed                    // and the next two
	grantorSeed  = notarySeed + 3 // and the next two
	attackerSeed = grantorSeed + 3
)

// vary changes what may be one way or the other. The scene stays allowed.
func (s *scene) vary() {
	r := s.rng
	s.style = resolverStyle(r.n(int(styles)))
	if s.style == keyAlone && (len(s.known) > 0 || r.chance(50)) || r.chance(20) {
		s.style = plainChain
	}
	s.verify = r.chance(30)
	s.check = pick(r, 0, 0, 0, 99)
	s.cfg.MaxCachedCredentials = pick(r, 0, 0, 0, -1, 1)
	s.varyIssuer()
	s.varyMandate()
	s.varyAction()
	s.varyMore()
	s.varyStatus()
	s.varyPresentation()
	s.varyTime()
	s.stale = r.chance(20)
	s.forgets = r.chance(3)
}

// varyIssuer decides who signs for the issuer, and who beside it.
func (s *scene) varyIssuer() {
	r, m := s.rng, s.mandate()
	switch r.n(8) {
	case 0:
		p := s.anyParty(mappedSeed)
		s.cfg.IssuerBinding, s.cfg.IssuerSigners = verifier.IssuerMapped, map[string][]string{p.did: {s.issuer.did}}
		if r.chance(80) {
			m.proofs[0].by = p
		}
	case 1:
		s.list(r.chance(80))
	}
	if s.cfg.TrustedIssuers = append(s.cfg.TrustedIssuers, didKey(secondIssuerSeed).did); r.chance(5) {
		s.cfg.TrustedIssuers, s.cfg.InsecureTrustAnyIssuer = nil, true
	}
	for i := range pick(r, 0, 0, 0, 0, 1, 1, 2, 3) {
		s.cosign(s.anyParty(notarySeed + byte(i)))
	}
	if len(m.proofs) > 1 && r.chance(40) {
		s.chain()
	}
	if m.via = r.chance(20); m.via {
		for _, p := range m.proofs {
			p.previous = nil
		}
	}
	m.single = r.chance(80)
	s.cfg.W3COnly = !m.via && r.chance(10)
}

// list has the issuer's document list another key, with which the mandate is
// signed.
func (s *scene) list(sign bool) {
	s.cfg.IssuerBinding = verifier.IssuerListed
	if s.issuer.documents == nil {
		return
	}
	p := s.anyParty(listedSeed)
	doc := s.issuer.documents[0]
	doc["assertionMethod"] = append(doc["assertionMethod"].(arr), p.method)
	if sign {
		s.mandate().proofs[0].by = p
	}
}

// cosign adds a proof of the mandate, before the others or after them.
func (s *scene) cosign(p *party) *proof {
	m, added := s.mandate(), &proof{by: p}
	if s.rng.chance(30) && m.proofs[0].previous == nil {
		m.proofs = append([]*proof{added}, m.proofs...)
	} else {
		m.proofs = append(m.proofs, added)
	}
	return added
}

// chain has the last proof of the mandate build on one or all of the others.
func (s *scene) chain() {
	list := s.mandate().proofs
	last := list[len(list)-1]
	for i, p := range list[:len(list)-1] {
		p.put("id", "urn:proof:"+strconv.Itoa(i))
		if i == 0 || s.rng.chance(50) {
			last.previous = append(last.previous, i)
		}
	}
}

// varyMandate decides who grants, and who may present.
func (s *scene) varyMandate() {
	r, terms := s.rng, s.terms()
	switch r.n(6) {
	case 0:
		delete(terms, "context")
		s.mandate().doc["credentialSubject"].(obj)["id"] = s.holder.did
	case 1:
		terms["context"] = obj{"authorizedDIDs": arr{s.holder.did, verifierDID, didKey(strangerSeed).did}}
	case 2: // grantors may present, too
		terms["context"] = obj{"authorizedDIDs": arr{verifierDID}}
		terms["grantor"] = arr{s.subject.did, s.holder.did}
	}
	if r.chance(25) {
		var grantors arr
		for i := range pick(r, 1, 1, 2, 3) {
			g := s.anyParty(grantorSeed + byte(i))
			grantors = append(grantors, g.did)
			s.mandate().proofs = append(s.mandate().proofs, &proof{by: g}) // at the end, where it is in no chain
		}
		s.cfg.GrantorProofs = pick(r, 1, len(grantors), verifier.AllGrantors)
		if list, ok := terms["grantor"].(arr); ok && len(list) > 1 && s.cfg.GrantorProofs != verifier.AllGrantors {
			grantors = append(grantors, s.holder.did)
		} else if ok && len(list) > 1 {
			terms["context"] = obj{"authorizedDIDs": arr{s.holder.did, verifierDID}}
		}
		terms["grantor"] = grantors
	}
	if r.chance(30) {
		s.req.Scope = scopeHotel
	}
	if r.chance(10) {
		s.mandate().doc["validUntil"] = nil
		s.cfg.W3COnly = false
	}
	if r.chance(15) {
		file := []byte("an invoice")
		s.mandate().doc["evidence"] = arr{obj{"id": "urn:evidence:1", "type": arr{"Evidence"}, "digestSRI": sri(file)}}
		if r.chance(70) {
			s.req.Evidence = map[string][]byte{"urn:evidence:1": file}
		}
	}
}

// varyAction decides where the action comes from.
func (s *scene) varyAction() {
	r, node := s.rng, s.node()
	content := hotel()
	if r.chance(25) {
		content = toolbox()
		s.params = obj{"amount": pick(r, 420.5, 500), "currency": "EUR", "tool": pick(r, "book", "cancel")}
	}
	node["content"] = content
	switch r.n(8) {
	case 0:
		node["digestSRI"] = sri(jcs(content))
	case 1, 2:
		delete(node, "content")
		node["digestSRI"] = sri(jcs(content))
		s.actions = []action{{actionID, 1, jcs(content)}}
	case 3:
		delete(node, "content")
		s.cfg.InsecureUnpinnedActions = true
		s.actions = []action{{actionID, 1, jcs(content)}}
		if r.chance(30) {
			delete(node, "version")
		}
	case 4:
		if r.chance(40) {
			delete(s.terms(), "action")
			delete(s.terms(), "userParams")
			s.cfg.AllowActionless, s.params = true, nil
		}
	}
}

// varyMore adds credentials beside the mandate.
func (s *scene) varyMore() {
	r := s.rng
	for i := range pick(r, 0, 0, 0, 0, 0, 1, 1, 2) {
		by := s.issuer
		if r.chance(60) {
			by = didKey(secondIssuerSeed)
		}
		c := &credential{single: true, proofs: []*proof{{by: by}}, doc: obj{
			"@context": arr{contextV2}, "id": secondID + strconv.Itoa(i), "type": arr{"VerifiableCredential"},
			"issuer": by.did, "credentialSubject": obj{"id": s.subject.did, "name": "x"}}}
		if r.chance(30) { // another mandate
			c.doc = clone(s.mandate().doc)
			c.doc["id"], c.doc["issuer"] = secondID+strconv.Itoa(i), by.did
			s.req.Mandate = mandateID
			delete(c.doc, "credentialStatus")
			if c.doc["validUntil"] == nil {
				s.cfg.W3COnly = false
			}
		} else if r.chance(20) {
			c.proofs = append(c.proofs, &proof{by: didKey(notarySeed)})
		}
		s.creds = append(s.creds, c)
	}
	if r.chance(10) {
		s.req.Mandate = mandateID
	}
}

const listURL = "https://status.example/lists/"

// The bits of a list: entry 2 is set. And those of one with two bits for each
// entry: entry 1 has 1, 2 has 2 and 3 has 3. They are compressed already, since
// compress/gzip may do it otherwise one day.
const (
	oneBit  = "uH4sIAAAAAAACA-3BIQEAAAACIKf4f6UzLEADAAAAAAAAAAAAAAAAAAAAvA1-s-l1AEAAAA"
	twoBits = "uH4sIAAAAAAACA-3BgQAAAADDoHvM3_MiVQMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADvDNs10AgAAA"
	tooFew  = "uH4sIAAAAAAACA2NgoD0AAMrGiJlkAAAA"
)

// varyStatus gives credentials a status in which they are in order.
func (s *scene) varyStatus() {
	if s.rng.chance(70) {
		return
	}
	for i, c := range s.creds {
		if i > 0 && s.rng.chance(50) {
			continue
		}
		switch s.rng.n(4) {
		case 0:
			c.doc["credentialStatus"] = s.entry(c, "a", "suspension", 1)
		case 1:
			c.doc["credentialStatus"] = arr{s.entry(c, "a", "revocation", 1), s.entry(c, "b", "suspension", 3)}
		case 2:
			c.doc["credentialStatus"] = s.entry(c, "r", "refresh", pick(s.rng, 1, 2))
		default:
			c.doc["credentialStatus"] = s.entry(c, "a", "revocation", 5)
		}
	}
}

// entry returns an entry of a list of the issuer of c, and makes the list. Only
// entry 2 is set.
func (s *scene) entry(c *credential, name, purpose string, index int) obj {
	issuer, _ := c.doc["issuer"].(string)
	url := listURL + name + "/" + purpose + "/" + strconv.Itoa(len(issuer))
	if issuer == s.issuer.did {
		url = listURL + name + "/" + purpose
	}
	if s.lists[url] == nil {
		by := c.proofs[0].by
		for _, p := range c.proofs {
			if p.by.did == issuer {
				by = p.by
			}
		}
		if by.did != issuer && s.issuer.did == issuer && s.cfg.IssuerBinding == verifier.IssuerStrict {
			by = s.issuer
		}
		s.lists[url] = &statusList{credential: credential{single: true, proofs: []*proof{{by: by}}, doc: obj{
			"@context": arr{contextV2}, "id": url, "type": arr{"VerifiableCredential", "BitstringStatusListCredential"}, "issuer": issuer,
			"validFrom": "2026-05-02T09:00:00Z", "validUntil": "2026-05-03T00:00:00Z",
			"credentialSubject": obj{"id": url + "#list", "type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": oneBit}}}}
	}
	return obj{"type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": strconv.Itoa(index), "statusListCredential": url}
}

// varyPresentation decides what the presentation is bound to, and who signs it.
func (s *scene) varyPresentation() {
	r := s.rng
	if r.chance(15) {
		p := s.anyParty(presenterSeed)
		s.cfg.PresentationSigners = map[string][]string{p.did: {s.holder.did}}
		if r.chance(70) {
			s.held().by = p
		}
	} else if r.chance(10) {
		delete(s.vp, "holder")
	}
	switch r.n(6) {
	case 0, 1:
		s.held().put("challenge", "c-1")
		s.req.Challenge = "c-1"
		if r.chance(20) {
			s.cfg.ChallengeLifetime = time.Hour
		}
	case 2:
		s.held().put("challenge", s.boundTo("n-1"))
		if s.cfg.RequireParamsBinding = r.chance(50); r.chance(50) {
			s.req.Challenge = s.held().set["challenge"].(string)
		}
	case 3:
		s.held().put("challenge", "nobody asked")
	}
	switch r.n(6) {
	case 0:
		s.held().put("domain", arr{verifierDID, "https://verifier.example"})
		s.req.Domain = []string{"https://verifier.example", verifierDID}
	case 1:
		s.cfg.InsecureAllowUnbound = true
		if r.chance(60) {
			s.held().put("domain", nil)
		}
	case 2:
		s.cfg.Verifier, s.req.Verifier = "", verifierDID
	}
	if r.chance(15) {
		second := &proof{by: s.held().by, set: clone(s.held().set)}
		if r.chance(50) {
			second.put("nonce", "n")
		}
		s.proofs = append(s.proofs, second)
	}
	if r.chance(10) {
		s.vp["id"] = "urn:presentation:1"
	}
	s.cfg.InsecureAllowReplay = r.chance(10)
	s.none["replay"] = r.chance(5)
	s.none["actions"] = len(s.actions) == 0 && r.chance(30)
	s.none["status"] = len(s.lists) == 0 && r.chance(30)
}

// varyTime moves the clock within what is tolerated.
func (s *scene) varyTime() {
	r := s.rng
	s.cfg.Leeway = pick(r, 0, 0, 0, 5*time.Second, time.Minute)
	s.cfg.MaxAge = pick(r, 0, 0, 0, 31*time.Second, time.Hour)
	s.cfg.MaxFuture = pick(r, 0, 0, 0, time.Second)
	s.cfg.MaxStatusAge = pick(r, 0, 0, 0, 2*time.Hour)
	if r.chance(10) {
		s.mandate().doc["validFrom"] = pick(r, "2026-05-02T10:16:00Z", "2026-05-02T12:16:00+02:00", "2026-05-02T10:16:00.123456789Z")
	}
	if r.chance(10) && s.mandate().doc["validUntil"] != nil {
		s.mandate().doc["validUntil"] = pick(r, "2026-05-02T10:16:00.2Z", "2026-05-02T10:16:00.123456789Z")
	}
	if r.chance(10) {
		s.held().put("expires", pick(r, "2026-05-02T10:16:01Z", "2026-05-02T10:17:00Z"))
	}
}
