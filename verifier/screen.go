package verifier

import (
	"errors"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/internal/viamandate"
)

// screened is a presentation whose form is sound and whose credentials all
// claim to be of trusted issuers. Nothing in it is proven. Only screen makes
// one.
type screened struct {
	*parsed
	ledger      *ledger
	proofs      []*dataintegrity.Proof // of the presentation, at least one
	holder      string                 // who claims to present; never empty
	credentials []*credential          // at least one
	mandate     *mandate
	verified    verifiedProofs
	refuted     verifiedProofs
	sound       []*dataintegrity.Proof // those whose verificationMethod names a key
	statusLists map[string]*credential // by URL; nothing in them is proven
	broken      error                  // the ContextChecker panicked
	contexts    []bool                 // what it said otherwise
}

// screen makes every check that needs nothing from outside. It returns either
// a screened presentation, the verdict that denies it, or, when the
// ContextChecker broke down, an error.
func (v *Verifier) screen(p *parsed) (*screened, *verdict, error) {
	s := &screened{parsed: p, ledger: &ledger{}}
	v.screenPresentation(s)
	v.screenCredentials(s)
	if s.broken != nil {
		return nil, nil, s.broken
	}
	if s.ledger.failed() {
		return nil, s.deny(s.ledger), nil
	}
	if len(s.proofs) == 0 || len(s.credentials) == 0 || s.mandate == nil || s.holder == "" {
		// No check lets this happen. If one did, nothing would be proven.
		return nil, nil, noRetry(errors.New("a presentation passed the screen without proof, credential, mandate or holder"))
	}
	return s, nil, nil
}

func (v *Verifier) screenPresentation(s *screened) {
	l := s.ledger
	if f := vcdm.CheckPresentation(s.root); f != nil {
		l.fail(checkVPStructure, ReasonMalformedPresentation, f.At, "%s", f.Detail)
	} else {
		l.pass(checkVPStructure)
	}
	v.screenContext(s, s.root, checkVPContext)

	proofs, bad := dataintegrity.Parse(s.root, false)
	if bad != nil {
		l.failAt(checkVPProofForm, Reason(bad.Code), bad.Pointer, bad.Detail)
		return
	}
	s.proofs = proofs
	s.holder, _ = vcdm.ID(s.root.Get("holder"))
	if s.root.Get("holder").Kind() == canonical.Absent {
		// VC Data Model 2.0 section 4.13: whoever controls the key presents.
		if why, detail := badMethodURL(proofs[0].VerificationMethod); why != "" {
			l.fail(checkVPProofForm, why, s.root.Get("proof"), "there is no holder, and %s", detail)
			return
		}
		s.holder = controllerOf(proofs[0])
	}
	for _, p := range proofs {
		v.screenPresentationProof(s, p)
	}
}

// controllerOf returns the DID of the key that a proof names.
func controllerOf(p *dataintegrity.Proof) string {
	for i := range len(p.VerificationMethod) {
		if c := p.VerificationMethod[i]; c == '#' || c == '?' || c == '/' {
			return p.VerificationMethod[:i]
		}
	}
	return p.VerificationMethod
}

func (v *Verifier) screenPresentationProof(s *screened, p *dataintegrity.Proof) {
	l := s.ledger
	l.proof(checkVPProofForm, p.CheckPurpose(dataintegrity.Authentication), p.CheckExpiry(s.now, v.cfg.Leeway))

	if s.req.Challenge == "" {
		l.skip(checkVPChallenge, "no challenge was expected")
	} else {
		l.proof(checkVPChallenge, p.CheckChallenge(s.req.Challenge))
	}
	if p.Domain == nil && v.cfg.InsecureAllowUnbound {
		l.skip(checkVPDomain, "unbound presentations are allowed")
	} else {
		l.proof(checkVPDomain, p.CheckDomain(s.req.Domain))
	}
	l.proof(checkVPFreshness, p.CheckCreated(s.now, v.cfg.MaxFuture))
	if s.req.Challenge == "" {
		switch {
		case p.Created == nil:
			l.fail(checkVPFreshness, ReasonPresentationStale, s.root.Get("proof"), "neither a challenge nor a created time shows when it was made")
		case p.Created.Before(s.now.Add(-v.cfg.MaxAge)):
			l.fail(checkVPFreshness, ReasonPresentationStale, s.root.Get("proof"), "created at %s, more than %s before %s",
				stamp(*p.Created), v.cfg.MaxAge, stamp(s.now))
		}
	}
}

// proof records the outcome of checks of one proof.
func (l *ledger) proof(c check, results ...*dataintegrity.Error) {
	for _, bad := range results {
		if bad != nil {
			l.failAt(c, Reason(bad.Code), bad.Pointer, bad.Detail)
			return
		}
	}
	l.pass(c)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// screenContext checks the URLs of an @context, and asks the ContextChecker.
func (v *Verifier) screenContext(s *screened, doc canonical.Value, c check) {
	if entry, found := vcdm.UnknownContext(doc, v.contexts); found {
		what := "an inline context"
		if url, ok := entry.String(); ok {
			what = shorten(url)
		}
		s.ledger.fail(c, ReasonContextNotAllowed, entry, "%q is not among the accepted contexts", what)
		return
	}
	if v.cfg.ContextChecker != nil {
		_, err := guard("context checker", func() (struct{}, error) { return struct{}{}, v.cfg.ContextChecker.CheckContext(doc) })
		var panicked *NoDecisionError
		if errors.As(err, &panicked) {
			s.broken = err
			return
		}
		if s.contexts = append(s.contexts, err == nil); err != nil {
			s.ledger.fail(c, ReasonContextNotAllowed, doc, "%s", shorten(err.Error()))
			return
		}
	}
	s.ledger.pass(c)
}

func (v *Verifier) screenCredentials(s *screened) {
	field := s.root.Get("verifiableCredential")
	if field.Kind() == canonical.Object {
		v.screenCredential(s, field)
	}
	for i, e := range field.Elements() {
		if i == vcdm.MaxCredentials {
			break // more of them have failed vp.structure
		}
		if e.Kind() == canonical.Object {
			v.screenCredential(s, e)
		}
	}
	v.selectMandate(s)
	// One more than can be looked up could never be decided on.
	controllers := make([]string, 0, maxDIDs)
	count := func(proofs []*dataintegrity.Proof) {
		for _, p := range proofs {
			if did := controllerOf(p); !slices.Contains(controllers, did) {
				controllers = append(controllers, did)
			}
		}
	}
	count(s.proofs)
	for _, c := range s.credentials {
		count(c.proofs)
	}
	if len(controllers) > maxDIDs {
		s.ledger.fail(checkVCProofForm, ReasonTooManyProofs, field, "keys of %d DIDs have signed, at most %d are looked up", len(controllers), maxDIDs)
	}
}

// screenCredential adds a credential to those that are screened.
func (v *Verifier) screenCredential(s *screened, node canonical.Value) {
	l, c := s.ledger, &credential{node: node}
	s.credentials = append(s.credentials, c)
	if f := vcdm.CheckCredential(node, !v.cfg.W3COnly); f == nil {
		l.pass(checkVCStructure)
	} else if f.Enveloped {
		l.fail(checkVCStructure, ReasonCredentialEnveloped, f.At, "%s", f.Detail)
		return // nothing else in it means anything here
	} else {
		l.fail(checkVCStructure, ReasonMalformedCredential, f.At, "%s", f.Detail)
	}
	v.screenContext(s, node, checkVCContext)
	c.issuer, _ = vcdm.ID(node.Get("issuer"))
	c.valid, _ = vcdm.Validity(node, !v.cfg.W3COnly)

	proofs, bad := dataintegrity.Parse(node, !v.cfg.W3COnly)
	if bad != nil {
		code := Reason(bad.Code)
		if bad.Code == dataintegrity.Missing {
			code = ReasonCredentialUnsecured
		}
		l.failAt(checkVCProofForm, code, bad.Pointer, bad.Detail)
	} else {
		c.proofs = proofs
		for _, p := range proofs {
			l.proof(checkVCProofForm, p.CheckPurpose(dataintegrity.AssertionMethod), p.CheckExpiry(s.now, v.cfg.Leeway),
				p.CheckCreated(s.now, v.cfg.MaxFuture))
		}
	}
	if !v.trusted[c.issuer] && !v.cfg.InsecureTrustAnyIssuer {
		l.fail(checkIssuerTrusted, ReasonIssuerUntrusted, node.Get("issuer"), "%q is not a trusted issuer", shorten(c.issuer))
	} else {
		l.pass(checkIssuerTrusted)
	}
}

// selectMandate finds the one mandate to decide on, and reads it.
func (v *Verifier) selectMandate(s *screened) {
	l := s.ledger
	var candidate *credential
	candidates := 0
	for _, c := range s.credentials {
		if !viamandate.Is(c.node) {
			continue
		}
		if id, _ := c.node.Get("id").String(); s.req.Mandate == "" || id == s.req.Mandate {
			candidate = c
			candidates++
		}
	}
	switch {
	case candidates == 0 && s.req.Mandate != "":
		l.fail(checkMandateSelect, ReasonNoMandate, s.root, "no mandate has the id %q", shorten(s.req.Mandate))
		return
	case candidates == 0:
		l.fail(checkMandateSelect, ReasonNoMandate, s.root, "no credential is a VIAMandate")
		return
	case candidates > 1:
		l.fail(checkMandateSelect, ReasonAmbiguousMandate, s.root, "%d mandates, and the request does not name one of them", candidates)
		return
	}
	l.pass(checkMandateSelect)
	m := &mandate{vc: candidate}
	if f := m.Read(candidate.node); f != nil {
		l.fail(checkMandateShape, ReasonMalformedCredential, f.At, "%s", f.Detail)
		return
	}
	l.pass(checkMandateShape)
	s.mandate = m
}
