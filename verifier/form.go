package verifier

import (
	"errors"
	"fmt"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/internal/viamandate"
)

// checkForm makes every check that looks nothing up: the data model, contexts, the
// form of proofs, challenge, domain, age, whether the issuers are trusted at all,
// and which mandate is asked about. It returns an error when the ContextChecker
// panicked.
func (d *decision) checkForm() error {
	d.checkPresentation()
	d.readCredentials()
	if d.broken != nil {
		return d.broken
	}
	if !d.failed() && (len(d.proofs) == 0 || len(d.credentials) == 0 || d.mandate == nil || d.holder == "") {
		// No check lets this through. Without this test, nothing would be proven.
		return noRetry(errors.New("a presentation passed the screen without proof, credential, mandate or holder"))
	}
	return nil
}

func (d *decision) checkPresentation() {
	if f := vcdm.CheckPresentation(d.root); f != nil {
		d.fail(checkVPStructure, ReasonMalformedPresentation, f.At, "%s", f.Detail)
	} else {
		d.pass(checkVPStructure)
	}
	d.checkContext(d.root, checkVPContext)
	proofs, bad := dataintegrity.Parse(d.root, false)
	if bad != nil {
		d.failAt(checkVPProofForm, Reason(bad.Code), bad.Pointer, bad.Detail)
		return
	}
	d.proofs = proofs
	d.holder, _ = vcdm.ID(d.root.Get("holder"))
	if d.root.Get("holder").Kind() == canonical.Absent {
		// VC Data Model 2.0 section 4.13: without a holder, the signer presents.
		if why, detail := badMethodURL(proofs[0].VerificationMethod); why != "" {
			d.fail(checkVPProofForm, why, d.root.Get("proof"), "there is no holder, and %s", detail)
			return
		}
		d.holder = controllerOf(proofs[0])
	}
	for _, p := range proofs {
		d.checkPresentationProof(p)
	}
}

func (d *decision) checkPresentationProof(p *dataintegrity.Proof) {
	cfg := &d.v.cfg
	d.checkProof(checkVPProofForm, p.CheckPurpose(dataintegrity.Authentication), p.CheckExpiry(d.now, cfg.Leeway))

	if d.req.Challenge == "" {
		d.skip(checkVPChallenge, "no challenge was expected")
	} else {
		d.checkProof(checkVPChallenge, p.CheckChallenge(d.req.Challenge))
	}
	if p.Domain == nil && cfg.InsecureAllowUnbound {
		d.skip(checkVPDomain, "unbound presentations are allowed")
	} else {
		d.checkProof(checkVPDomain, p.CheckDomain(d.req.Domain))
	}
	d.checkProof(checkVPFreshness, p.CheckCreated(d.now, cfg.MaxFuture))
	if d.req.Challenge == "" {
		switch {
		case p.Created == nil:
			d.fail(checkVPFreshness, ReasonPresentationStale, d.root.Get("proof"), "neither a challenge nor a created time shows when it was made")
		case p.Created.Before(d.now.Add(-cfg.MaxAge)):
			d.fail(checkVPFreshness, ReasonPresentationStale, d.root.Get("proof"), "created at %s, more than %s before %s",
				stamp(*p.Created), cfg.MaxAge, stamp(d.now))
		}
	}
}

// checkProof records the outcome of checks of one proof.
func (d *decision) checkProof(c check, results ...*dataintegrity.Error) {
	for _, bad := range results {
		if bad != nil {
			d.failAt(c, Reason(bad.Code), bad.Pointer, bad.Detail)
			return
		}
	}
	d.pass(c)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// checkContext checks the URLs of an @context, and asks the ContextChecker.
func (d *decision) checkContext(doc canonical.Value, c check) {
	if entry, found := vcdm.UnknownContext(doc, d.v.contexts); found {
		what := "an inline context"
		if url, ok := entry.String(); ok {
			what = shorten(url)
		}
		d.fail(c, ReasonContextNotAllowed, entry, "%q is not among the accepted contexts", what)
		return
	}
	if checker := d.v.cfg.ContextChecker; checker != nil {
		_, err := guard("context checker", func() (struct{}, error) { return struct{}{}, checker.CheckContext(doc) })
		var panicked *NoDecisionError
		if errors.As(err, &panicked) {
			d.broken = err
			return
		}
		if d.contexts = append(d.contexts, err == nil); err != nil {
			d.fail(c, ReasonContextNotAllowed, doc, "%s", shorten(err.Error()))
			return
		}
	}
	d.pass(c)
}

func (d *decision) readCredentials() {
	field := d.root.Get("verifiableCredential")
	count := 0
	for node := range vcdm.Many(field) {
		if count++; count > vcdm.MaxCredentials {
			break // vp.structure has failed
		}
		if node.Kind() == canonical.Object {
			d.readCredential(node)
		}
	}
	d.selectMandate()

	// A presentation that names more DIDs than can be looked up could never be
	// decided on.
	dids := make([]string, 0, maxDIDs)
	for _, c := range append([]*credential{{proofs: d.proofs}}, d.credentials...) {
		for _, p := range c.proofs {
			dids = append(dids, controllerOf(p))
		}
	}
	if n := len(unique(dids)); n > maxDIDs {
		d.fail(checkVCProofForm, ReasonTooManyProofs, field, "keys of %d DIDs have signed, at most %d are looked up", n, maxDIDs)
	}
}

// readCredential adds a credential to those of the decision.
func (d *decision) readCredential(node canonical.Value) {
	cfg, c := &d.v.cfg, &credential{node: node}
	d.credentials = append(d.credentials, c)
	if f := vcdm.CheckCredential(node, !cfg.W3COnly); f == nil {
		d.pass(checkVCStructure)
	} else if f.Enveloped {
		d.fail(checkVCStructure, ReasonCredentialEnveloped, f.At, "%s", f.Detail)
		return // nothing else in it means anything here
	} else {
		d.fail(checkVCStructure, ReasonMalformedCredential, f.At, "%s", f.Detail)
	}
	d.checkContext(node, checkVCContext)
	c.issuer, _ = vcdm.ID(node.Get("issuer"))
	c.valid, _ = vcdm.Validity(node, !cfg.W3COnly)

	proofs, bad := dataintegrity.Parse(node, !cfg.W3COnly)
	if bad != nil {
		code := Reason(bad.Code)
		if bad.Code == dataintegrity.Missing {
			code = ReasonCredentialUnsecured
		}
		d.failAt(checkVCProofForm, code, bad.Pointer, bad.Detail)
	} else {
		c.proofs = proofs
		for _, p := range proofs {
			d.checkProof(checkVCProofForm, p.CheckPurpose(dataintegrity.AssertionMethod), p.CheckExpiry(d.now, cfg.Leeway),
				p.CheckCreated(d.now, cfg.MaxFuture))
		}
	}
	if !d.v.trusted[c.issuer] && !cfg.InsecureTrustAnyIssuer {
		d.fail(checkIssuerTrusted, ReasonIssuerUntrusted, node.Get("issuer"), "%q is not a trusted issuer", shorten(c.issuer))
	} else {
		d.pass(checkIssuerTrusted)
	}
}

// selectMandate finds the one mandate to decide on, and reads it.
func (d *decision) selectMandate() {
	var candidate *credential
	candidates := 0
	for _, c := range d.credentials {
		if !viamandate.Is(c.node) {
			continue
		}
		if id, _ := c.node.Get("id").String(); d.req.Mandate == "" || id == d.req.Mandate {
			candidate = c
			candidates++
		}
	}
	switch {
	case candidates == 1:
		d.pass(checkMandateSelect)
		d.readMandate(candidate)
	case candidates > 1:
		d.fail(checkMandateSelect, ReasonAmbiguousMandate, d.root, "%d mandates, and the request does not name one of them", candidates)
	case d.req.Mandate != "":
		d.fail(checkMandateSelect, ReasonNoMandate, d.root, "no mandate has the id %q", shorten(d.req.Mandate))
	default:
		d.fail(checkMandateSelect, ReasonNoMandate, d.root, "no credential is a VIAMandate")
	}
}

func (d *decision) readMandate(c *credential) {
	m := &mandate{vc: c}
	if f := m.Read(c.node); f != nil {
		d.fail(checkMandateShape, ReasonMalformedCredential, f.At, "%s", f.Detail)
		return
	}
	d.pass(checkMandateShape)
	d.mandate = m
}

// badMethodURL refuses what cannot name a key, before anything is looked up.
func badMethodURL(url string) (why Reason, detail string) {
	u, err := didresolve.ParseURL(url)
	switch {
	case err != nil:
		return ReasonVerificationMethodInvalid, err.Error()
	case u.Fragment == "":
		return ReasonVerificationMethodInvalid, fmt.Sprintf("%q has no fragment, so it names no key", shorten(url))
	case u.Path != "" || u.Query != "":
		return ReasonVerificationMethodInvalid, fmt.Sprintf("%q has a path or a query", shorten(url))
	}
	return "", ""
}
