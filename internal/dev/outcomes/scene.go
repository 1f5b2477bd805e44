package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/verifier"
)

// What every scene begins with.
const (
	contextV2   = "https://www.w3.org/ns/credentials/v2"
	contextVIA  = "https://via.humanos.dev/ns/v1"
	mandateID   = "urn:via:credential:7f9c2ba4-e88f-427d-9c1b-2f3d4e5a6b7c"
	secondID    = "urn:via:credential:0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6"
	actionID    = "urn:via:action:6b1f2a34-0d5c-4a53-9d0b-6a6d4e1f7c11"
	verifierDID = "did:web:verifier.example"
	scopeHotel  = "payments.hotel"
	signedAt    = "2026-05-02T10:15:30Z"
)

// sceneTime is when everything is decided, unless a deviation says otherwise.
var sceneTime = time.Date(2026, 5, 2, 10, 16, 0, 123456789, time.UTC)

// A credential is one to be signed. tamper changes it afterwards.
type credential struct {
	doc    obj
	proofs []*proof
	via    bool // the member proofs
	single bool // one proof is an object
	tamper []func(obj)
}

func (c *credential) signed() obj {
	member := "proof"
	if c.via {
		member = "proofs"
	}
	out := secured(c.doc, member, "assertionMethod", c.single && !c.via, c.proofs)
	for _, f := range c.tamper {
		f(out)
	}
	return out
}

// A resolverStyle says how the resolver is put together.
type resolverStyle int

const (
	plainChain   resolverStyle = iota // the engine derives did:key and did:jwk itself
	wrapped                           // every question goes through a resolver that is not ours
	wrappedFresh                      // the same, and it can be asked for newer documents
	cached                            // a cache around everything
	cachedWeb                         // a cache behind did:key and did:jwk
	pinnedAll                         // pins around everything
	staticFirst                       // did:key comes last, so that nothing is derived
	keyAlone                          // did:key and nothing else
	jwkFirst                          // did:jwk, then did:key, then the rest
	styles
)

// A scene is a request in which everything is in order, until a deviation
// changes that.
type scene struct {
	rng   *rng
	names []string // of the deviations
	issuer,
	holder, subject *party
	known   []*party // those with documents
	creds   []*credential
	vp      obj
	proofs  []*proof // of the presentation
	tamper  []func(obj)
	bytes   []func([]byte) []byte
	params  any // an obj, or bytes
	cfg     verifier.Config
	req     verifier.Request
	now     time.Time
	style   resolverStyle
	faults  map[string]fault // of DIDs
	pins    map[string]string
	stale   bool // the cache has the first documents, from a while ago
	lists   map[string]*statusList
	sources map[string]fault // of other interfaces
	actions []action
	none    map[string]bool // interfaces that are not there
	check   int             // the document that the ContextChecker is to refuse, 0 for no checker
	at      int             // the signature at which the caller gives up
	forgets bool            // bundles are not kept
	wrap    bool            // the subject of the mandate stands in a list
	verify  bool            // with a SignatureVerifier of our own
}

// A statusList is one to be signed. nil bytes of a raw one are an outage.
type statusList struct {
	credential
	raw []byte
	out bool // raw counts
}

func (s *scene) mandate() *credential { return s.creds[0] }

// subjectNode and terms return objects of the mandate. If a deviation has replaced
// one by something else, they return an object that nothing reads.
func (s *scene) subjectNode() obj { return object(s.mandate().doc["credentialSubject"]) }
func (s *scene) terms() obj       { return object(s.subjectNode()["mandate"]) }

func object(v any) obj {
	if o, ok := v.(obj); ok && o != nil {
		return o
	}
	return obj{}
}

func (s *scene) held() *proof { return s.proofs[0] }

// node returns the action, nil when the mandate has none.
func (s *scene) node() obj {
	n, _ := s.terms()["action"].(obj)
	return n
}

// knows makes the documents of a party known.
func (s *scene) knows(p *party) *party {
	if p.documents != nil {
		s.known = append(s.known, p)
	}
	return p
}

// set sets a member of a proof.
func (p *proof) put(name string, value any) {
	if p.set == nil {
		p.set = obj{}
	}
	p.set[name] = value
}

// freeze signs everything, and returns a function that makes the world: each
// time a new one, of the same bytes.
func (s *scene) freeze() func() *world {
	if subject, ok := s.mandate().doc["credentialSubject"].(obj); ok && s.wrap {
		s.mandate().doc["credentialSubject"] = arr{subject}
	}
	var credentials arr
	for _, c := range s.creds {
		credentials = append(credentials, c.signed())
	}
	vp := clone(s.vp)
	vp["verifiableCredential"] = credentials
	if len(credentials) == 1 && s.rng.chance(10) {
		vp["verifiableCredential"] = credentials[0]
	}
	vp = secured(vp, "proof", "authentication", len(s.proofs) == 1 && !s.rng.chance(15), s.proofs)
	for _, f := range s.tamper {
		f(vp)
	}
	s.req.Presentation = jcs(vp)
	for _, f := range s.bytes {
		s.req.Presentation = f(s.req.Presentation)
	}
	if b, ok := s.params.([]byte); ok {
		s.req.ExecutionParams = b
	} else if s.params != nil {
		s.req.ExecutionParams = jcs(s.params)
	}
	lists := map[string][]byte{}
	for _, url := range sorted(s.lists) {
		l := s.lists[url]
		if lists[url] = l.raw; !l.out {
			lists[url] = jcs(l.signed())
		}
	}
	documents := map[string][]*didresolve.Document{}
	for _, p := range s.known {
		for _, d := range p.documents {
			doc, err := didresolve.ParseDocument(jcs(d))
			if err != nil {
				panic(fmt.Sprintf("%v: %v", s.names, err))
			}
			documents[p.did] = append(documents[p.did], doc)
		}
	}
	return func() *world { return s.world(lists, documents) }
}

func (s *scene) world(lists map[string][]byte, documents map[string][]*didresolve.Document) *world {
	w := newWorld(s.now)
	cfg := s.cfg
	cfg.Rand, cfg.Replay, cfg.Signer, cfg.KeepBundle = w.cfg.Rand, w.cfg.Replay, w.cfg.Signer, !s.forgets
	cfg.Now = func() time.Time {
		_ = s.sources["clock"].fail(w.end)
		if s.sources["clock"] == malformed {
			return time.Time{}
		}
		return s.now
	}
	if f := s.sources["rand"]; f != "" {
		cfg.Rand = brokenReader{f}
	}
	w.replay.fault = s.sources["replay"]
	cfg.Signer.(*tracedSigner).fault = s.sources["signer"]
	if cfg.Status = nil; !s.none["status"] {
		cfg.Status = &tracedStatus{lists, s.sources["status"], w.trace, w.end}
	}
	if !s.none["actions"] {
		cfg.Actions = &tracedActions{s.actions, s.sources["actions"], w.trace, w.end}
	}
	if s.none["replay"] {
		cfg.Replay, w.replay = nil, nil
	}
	if s.check > 0 {
		cfg.ContextChecker = &tracedChecker{at: s.check, fault: s.sources["checker"], trace: w.trace, end: w.end}
	}
	if f := s.sources["signatures"]; s.verify || f != "" {
		cfg.SignatureVerifier = &tracedVerifier{s.at, f, w.trace, w.end}
	}
	cfg.Resolver = s.resolver(w, documents)
	w.cfg, w.req = cfg, s.req
	if s.sources["caller"] == cancels {
		w.end()
	}
	return w
}

// boundTo returns a challenge that commits to the parameters.
func (s *scene) boundTo(nonce string) string {
	name, _ := s.content()["name"].(string)
	if _, ok := s.content()["tools"]; ok {
		params, _ := s.params.(obj)
		name, _ = params["tool"].(string)
	}
	params, _ := s.params.(obj)
	if params == nil {
		params = obj{}
	}
	d := must(canonical.Parse(jcs(params)))
	id, _ := s.mandate().doc["id"].(string)
	return nonce + "~" + must(viamandate.ActionHash(id, name, d.Root()))
}

// content returns the content of the action, be it inline or not.
func (s *scene) content() obj {
	if n := s.node(); n != nil {
		if c, ok := n["content"].(obj); ok {
			return c
		}
	}
	for _, a := range s.actions {
		if a.content != nil && strings.HasPrefix(string(a.content), "{") {
			if d, err := canonical.Parse(a.content); err == nil {
				name, _ := d.Root().Get("name").String()
				out := obj{"name": name}
				if d.Root().Get("tools").Kind() != canonical.Absent {
					out["tools"] = true
				}
				return out
			}
		}
	}
	return obj{}
}

func sri(b []byte) string { return canonical.SRI(sha256.Sum256(b)) }
