package verifier

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/policy"
)

// authorize makes every check of a proven presentation but the rules: validity,
// status, who presents to whom, the presentation's own proof, and the action.
// It returns the action to evaluate, nil for none.
func (v *Verifier) authorize(p *proven, ev *evidence, n *need) *policy.Action {
	for _, c := range p.credentials {
		v.checkValidity(p, c)
	}
	checkEvidence(p)
	v.checkWho(p)
	if p.ledger.failedAt(checkHolderAuthorized) {
		return nil
	}
	// What others have signed, status lists and actions are looked up for a
	// presenter who is proven.
	v.proveHolder(p, ev, n)
	if !n.empty() || !p.ledger.passedAt(checkVPProof) || !p.ledger.passedAt(checkHolderKey) || !p.ledger.passedAt(checkHolderBinding) {
		return nil
	}
	v.proveOthers(p, ev, n)
	for _, c := range p.credentials {
		v.checkStatus(p, c, ev, n)
	}
	return v.resolveAction(p, ev, n)
}

// checkValidity: validFrom and validUntil are both inclusive (VC Data Model
// 2.0 section 4.9).
func (v *Verifier) checkValidity(p *proven, c *credential) {
	l := p.ledger
	switch {
	case c.valid.HasFrom && p.now.Before(c.valid.From.Add(-v.cfg.Leeway)):
		l.fail(checkVCValidity, ReasonCredentialNotYetValid, c.node.Get("validFrom"), "valid from %s, it is %s", stamp(c.valid.From), stamp(p.now))
	case c.valid.HasUntil && p.now.After(c.valid.Until.Add(v.cfg.Leeway)):
		l.fail(checkVCValidity, ReasonCredentialExpired, c.node.Get("validUntil"), "valid until %s, it is %s", stamp(c.valid.Until), stamp(p.now))
	case c.node.Get("validUntil").Kind() == canonical.Null:
		l.warn(checkVCValidity, c.node.Get("validUntil"), "validUntil is null: taken as absent")
	default:
		l.pass(checkVCValidity)
	}
}

// checkEvidence compares the evidence files at hand with the digests that
// credentials state. A file that no credential names is a mismatch.
func checkEvidence(p *proven) {
	if len(p.req.Evidence) == 0 {
		p.ledger.skip(checkVCEvidence, "no evidence files were supplied")
		return
	}
	named := map[string]bool{}
	for _, c := range p.credentials {
		for _, member := range []string{"evidence", "evidences"} {
			field := c.node.Get(member)
			if field.Kind() == canonical.Object {
				p.evidenceEntry(field, named)
			}
			for _, e := range field.Elements() {
				p.evidenceEntry(e, named)
			}
		}
	}
	for id := range p.req.Evidence {
		if !named[id] {
			p.ledger.fail(checkVCEvidence, ReasonEvidenceMismatch, canonical.Value{}, "no credential names the evidence %q", shorten(id))
		}
	}
	p.ledger.pass(checkVCEvidence)
}

func (p *proven) evidenceEntry(e canonical.Value, named map[string]bool) {
	id, _ := e.Get("id").String()
	file, supplied := p.req.Evidence[id]
	if !supplied {
		return
	}
	named[id] = true
	digest, _ := e.Get("digestSRI").String()
	if digest != canonical.SRI(sha256.Sum256(file)) {
		p.ledger.fail(checkVCEvidence, ReasonEvidenceMismatch, e, "the digest of the evidence is %s", canonical.SRI(sha256.Sum256(file)))
	}
}

// checkWho: who presents, to whom, for what.
func (v *Verifier) checkWho(p *proven) {
	l, m := p.ledger, p.mandate
	holderIsSubject := p.holder == m.Subject
	holderIsListed := m.Restricted && (slices.Contains(m.Authorized, p.holder) || slices.Contains(m.Grantors, p.holder))
	if holderIsSubject || holderIsListed {
		l.pass(checkHolderAuthorized)
	} else {
		l.fail(checkHolderAuthorized, ReasonHolderNotAuthorized, m.vc.node, "the mandate does not authorize the holder %q", shorten(p.holder))
	}

	switch {
	case !m.Restricted:
		l.skip(checkVerifierAuthorized, "the mandate does not restrict who may verify it")
	case slices.Contains(m.Authorized, p.req.Verifier) || p.req.Verifier == m.vc.issuer:
		l.pass(checkVerifierAuthorized)
	default:
		l.fail(checkVerifierAuthorized, ReasonVerifierNotAuthorized, m.vc.node, "the mandate does not authorize the verifier %q", shorten(p.req.Verifier))
	}

	switch p.req.Scope {
	case "":
		l.skip(checkScope, "no scope was required")
	case m.Scope:
		l.pass(checkScope)
	default:
		l.fail(checkScope, ReasonScopeMismatch, m.vc.node, "the scope is %q, not %q", shorten(m.Scope), shorten(p.req.Scope))
	}
}

// proveHolder checks that the presentation is signed by its holder, or by a
// signer that the Config maps to the holder.
func (v *Verifier) proveHolder(p *proven, ev *evidence, n *need) {
	l := p.ledger
	for _, proof := range p.proofs {
		if why, detail := p.badMethod(proof); why != "" {
			l.fail(checkHolderKey, why, p.root.Get("proof"), "%s", detail)
			continue
		}
		// First whose key it claims to be: a stranger's DID is not looked up.
		signer := controllerOf(proof)
		if signer != p.holder && !slices.Contains(v.cfg.PresentationSigners[signer], p.holder) {
			l.fail(checkHolderBinding, ReasonHolderMismatch, p.root.Get("proof"), "the key %q is not of the holder %q", shorten(proof.VerificationMethod), shorten(p.holder))
			continue
		}
		l.pass(checkHolderBinding)
		key, have := p.key(checkHolderKey, p.root.Get("proof"), proof, didresolve.Authentication, ev, n)
		if !have {
			continue
		}
		l.pass(checkHolderKey)
		if v.verify(p.screened, nil, proof, key) {
			l.pass(checkVPProof)
		} else if !n.newerOf(ev, proof) {
			l.fail(checkVPProof, ReasonProofInvalid, p.root.Get("proof"), "the signature does not fit the presentation and the key %q", shorten(proof.VerificationMethod))
		}
	}
}

// resolveAction finds, pins and compiles the mandate's action.
func (v *Verifier) resolveAction(p *proven, ev *evidence, n *need) *policy.Action {
	l, m := p.ledger, p.mandate
	if m.Action.Kind() == canonical.Absent {
		switch {
		case !v.cfg.AllowActionless:
			l.fail(checkActionRequired, ReasonActionRequired, m.vc.node, "the mandate has no action")
		case p.params.Len() > 0:
			l.fail(checkActionRequired, ReasonActionRequired, m.vc.node, "the mandate has no action that could judge the execution parameters")
		default:
			l.warn(checkActionRequired, m.vc.node, "the mandate has no action: nothing restricts what it is used for")
			v.checkParamsBound(p, "")
		}
		return nil
	}
	l.pass(checkActionRequired)
	content, ok := v.actionContent(p, ev, n)
	if !ok {
		return nil
	}
	action, err := v.actions.Compile(content)
	if err != nil {
		l.fail(checkActionCompile, ReasonActionInvalid, m.Action, "%s", shorten(err.Error()))
		return nil
	}
	l.pass(checkActionCompile)
	name := action.Name()
	if action.HasTools() {
		name, _ = p.params.Get("tool").String()
	}
	v.checkParamsBound(p, name)
	return action
}

// actionContent returns the content of the action, checked against its digest.
func (v *Verifier) actionContent(p *proven, ev *evidence, n *need) (canonical.Value, bool) {
	l, m := p.ledger, p.mandate
	content := m.Content
	if content.Kind() == canonical.Absent {
		if m.Digest == "" && !v.cfg.InsecureUnpinnedActions {
			l.fail(checkActionDigest, ReasonActionDigestMismatch, m.Action, "the action is referenced without a digest")
			return content, false
		}
		a, have := ev.actions.of(m.ref())
		switch {
		case v.cfg.Actions == nil:
			l.fail(checkActionSource, ReasonActionUnavailable, m.Action, "the action is referenced, and there is no source of actions")
			return content, false
		case !have:
			n.actions = append(n.actions, m.ref())
			return content, false
		case errors.Is(a.err, errNoAction):
			l.fail(checkActionSource, ReasonActionUnavailable, m.Action, "%v", a.err)
			return content, false
		case a.err != nil:
			l.fail(checkActionCompile, ReasonActionInvalid, m.Action, "the referenced action: %v", a.err)
			return content, false
		}
		content = a.value.Root()
		l.pass(checkActionSource)
	} else {
		l.skip(checkActionSource, "the action is inline")
	}
	if m.Digest == "" {
		l.skip(checkActionDigest, "the mandate states no digest")
		return content, true
	}
	if got := canonical.SRI(content.SHA256()); got != m.Digest {
		l.fail(checkActionDigest, ReasonActionDigestMismatch, m.Action, "the digest of the action is %s, the mandate says %q", got, shorten(m.Digest))
		return content, false
	}
	l.pass(checkActionDigest)
	return content, true
}

// checkParamsBound: a challenge of the form nonce~sha256-… commits the
// presentation to one mandate, action and set of parameters.
func (v *Verifier) checkParamsBound(p *proven, action string) {
	l := p.ledger
	for _, proof := range p.proofs {
		at := strings.LastIndex(proof.Challenge, "~sha256-")
		if at < 0 {
			if v.cfg.RequireParamsBinding {
				l.fail(checkParamsBound, ReasonParamsMismatch, p.root.Get("proof"), "the challenge does not commit to parameters")
			} else {
				l.skip(checkParamsBound, "the challenge does not commit to parameters")
			}
			continue
		}
		committed := proof.Challenge[at+1:]
		hash, err := ActionHash(p.mandate.ID, action, p.params)
		switch {
		case err != nil: // unreachable: all of it was parsed
			l.fail(checkParamsBound, ReasonParamsMismatch, p.root.Get("proof"), "%v", err)
		case committed != hash:
			l.fail(checkParamsBound, ReasonParamsMismatch, p.root.Get("proof"), "the challenge commits to %q, these parameters are %s", shorten(committed), hash)
		default:
			l.pass(checkParamsBound)
		}
	}
}

// ActionHash returns what a challenge of the form nonce~sha256-… commits to:
// the SRI of JCS({"mandateId": …, "action": …, "params": …}). action is the
// tool, or the name of the action when it declares no tools.
func ActionHash(mandateID, action string, params canonical.Value) (string, error) {
	b, err := canonical.Marshal(map[string]any{"mandateId": mandateID, "action": action, "params": params})
	if err != nil {
		return "", err
	}
	return canonical.SRI(sha256.Sum256(b)), nil
}
