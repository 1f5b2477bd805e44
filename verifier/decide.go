package verifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/policy"
)

// evidence is everything that a decision rests on beside the request and the
// time. "There is none" is evidence as well; an outage never is.
type evidence struct {
	documents findings[string, *didresolve.Resolution]
	actions   findings[policy.Ref, *canonical.Doc]
	lists     findings[string, *canonical.Doc]
}

// findings are the answers to a few questions.
type findings[K comparable, T any] []finding[K, T]

type finding[K comparable, T any] struct {
	about  K
	answer answer[T]
}

// of returns the answer about a thing, if there is one.
func (f findings[K, T]) of(about K) (a answer[T], have bool) {
	for i := range f {
		if f[i].about == about {
			return f[i].answer, true
		}
	}
	return a, false
}

// put adds an answer, or replaces an earlier one about the same thing.
func (f *findings[K, T]) put(about K, a answer[T]) {
	for i := range *f {
		if (*f)[i].about == about {
			(*f)[i].answer = a
			return
		}
	}
	*f = append(*f, finding[K, T]{about, a})
}

// An answer is what was found, or the definite error that there is nothing.
type answer[T any] struct {
	value T
	err   error
	final bool   // of a document: a newer one was asked for
	raw   []byte // as received; for the Bundle
}

// A need is the evidence that a decision is missing.
type need struct {
	documents []string
	actions   []policy.Ref
	lists     []string
}

func (n *need) empty() bool { return len(n.documents)+len(n.actions)+len(n.lists) == 0 }

// document returns the document of a DID, or notes that it is needed.
func (n *need) document(ev *evidence, did string) (a answer[*didresolve.Resolution], have bool) {
	if a, have = ev.documents.of(did); !have && !slices.Contains(n.documents, did) {
		n.documents = append(n.documents, did)
	}
	return a, have
}

// newer notes that a document is needed which is newer than a, in which a key
// is missing, unless a is the answer to that.
func (n *need) newer(did string, a answer[*didresolve.Resolution]) bool {
	if !a.final && !slices.Contains(n.documents, did) {
		n.documents = append(n.documents, did)
	}
	return !a.final
}

// list returns the status list at a URL, or notes that it is needed.
func (n *need) list(ev *evidence, url string) (a answer[*canonical.Doc], have bool) {
	if a, have = ev.lists.of(url); !have && !slices.Contains(n.lists, url) {
		n.lists = append(n.lists, url)
	}
	return a, have
}

// verifiedProofs remembers which proofs were verified with which key, or fail to
// verify with it, so that deciding again with more evidence does not repeat
// signatures. It changes no outcome.
type verifiedProofs []verifiedProof

type verifiedProof struct {
	proof *dataintegrity.Proof
	key   multikey.PublicKey
}

// by returns the key with which a proof was tried last, or zero.
func (vp verifiedProofs) by(p *dataintegrity.Proof) (key multikey.PublicKey) {
	for i := range vp {
		if vp[i].proof == p {
			key = vp[i].key
		}
	}
	return key
}

// verify reports whether key made a proof of c, or of the presentation when c is
// nil. Signatures of credentials come again, those of presentations do not.
func (v *Verifier) verify(s *screened, c *credential, p *dataintegrity.Proof, key multikey.PublicKey) bool {
	if key.IsZero() {
		return false
	}
	if s.verified.by(p) == key {
		return true
	}
	if s.refuted.by(p) == key { // a newer document has the same key
		return false
	}
	var known *memo.Memo[[32]byte, struct{}]
	var id [32]byte
	if c != nil && v.memo != nil {
		if i := slices.Index(c.proofs, p); i >= 0 { // or no ID would tell it from others
			known, id = v.memo, memo.SignatureID(key.Raw(), c.sum(), i)
		}
	}
	if _, ok := known.Get(id); !ok {
		good := false
		if v.cfg.SignatureVerifier == nil {
			good = p.Verify(key)
		} else {
			message, signature := p.HashData(), p.Signature()
			good = key.VerifyWith(v.cfg.SignatureVerifier.Verify, message[:], signature[:])
		}
		if !good {
			s.refuted = append(s.refuted, verifiedProof{p, key})
			return false
		}
		known.Add(id, struct{}{})
	}
	s.verified = append(s.verified, verifiedProof{p, key})
	return true
}

// proven is a screened presentation whose credentials are all proven to be of
// their issuers. Only prove makes one.
type proven struct {
	*screened
	evidence *evidence
	ledger   *ledger
	keys     []usedKey
	lists    []*credential // the status lists that were read
	others   []otherProof  // of credentials; not proven yet

	statusChecks int // entries that were looked at
}

// An otherProof is a proof of a credential that is not by its issuer.
type otherProof struct {
	credential *credential
	proof      *dataintegrity.Proof
}

// newerOf notes that a newer document is needed of the key of a proof, which did
// not verify: its owner may have put another key under that name.
func (n *need) newerOf(ev *evidence, proof *dataintegrity.Proof) bool {
	did := controllerOf(proof)
	a, _ := ev.documents.of(did)
	return n.newer(did, a)
}

// A usedKey is a key that a decision rests on.
type usedKey struct {
	resolution *didresolve.Resolution
	accepted   bool
	text       string // the key as Multikey; "" when none was found, or the document only lists it
}

// decide takes the decision, or says what evidence it needs for that. It is a
// pure function of its arguments but for ctx, whose end is an error.
func (v *Verifier) decide(ctx context.Context, s *screened, ev *evidence) (*verdict, *need, error) {
	n := &need{}
	p, denied := v.prove(s, ev, n)
	if denied != nil {
		return denied, nil, nil
	}
	if !n.empty() {
		return nil, n, nil
	}
	action := v.authorize(p, ev, n)
	if !n.empty() {
		return nil, n, nil
	}
	if p.ledger.failed() {
		return p.verdict(nil), nil, nil
	}
	verdict, err := v.evaluate(ctx, p, action)
	return verdict, nil, err
}

// prove checks that every credential is signed by its issuer. It returns the
// proven presentation, a verdict that denies, or neither when evidence is
// missing. What others have signed beside the issuer comes later: anybody can
// add a proof to a set, and have a DID of his own looked up for it.
func (v *Verifier) prove(s *screened, ev *evidence, n *need) (*proven, *verdict) {
	p := &proven{screened: s, ledger: s.ledger.clone(), evidence: ev}
	for _, c := range s.credentials {
		if len(c.proofs) == 0 { // the screen has refused it; nothing proven is not success
			p.ledger.fail(checkVCProof, ReasonCredentialUnsecured, c.node, "no proof")
		}
		v.proveIssuer(p, c, ev, n)
	}
	v.checkGrantors(p)
	switch {
	case p.ledger.failed():
		return nil, p.verdict(nil)
	case !n.empty():
		return nil, nil
	}
	if len(p.others) == 0 { // otherwise proveOthers says so
		p.ledger.pass(checkVCProof)
	}
	return p, nil
}

// proveIssuer verifies the proofs of a credential that are its issuer's, and
// sets the others aside.
func (v *Verifier) proveIssuer(p *proven, c *credential, ev *evidence, n *need) {
	var byIssuer int
	var stranger string // why a proof is not the issuer's
	c.proven = false
	for _, proof := range c.proofs {
		if why, detail := p.badMethod(proof); why != "" {
			p.ledger.fail(checkIssuerKey, why, c.node, "%s", detail)
			return
		}
		// Whose key it claims to be is settled first, so that no DID is looked up
		// which the issuer has not vouched for.
		why, have := v.notOfIssuer(p, c, proof, ev, n)
		switch {
		case !have:
			return
		case why != "":
			stranger = why
			p.others = append(p.others, otherProof{c, proof})
			continue
		}
		byIssuer++
		c.proven = v.proof(p, checkIssuerKey, c, proof, ev, n) || c.proven
	}
	if byIssuer == 0 {
		p.ledger.fail(checkIssuerBinding, ReasonIssuerMismatch, c.node, "%s", stranger)
	} else {
		p.ledger.pass(checkIssuerBinding)
	}
}

// notOfIssuer says why a proof does not count as its issuer's, "" when it does.
func (v *Verifier) notOfIssuer(p *proven, c *credential, proof *dataintegrity.Proof, ev *evidence, n *need) (why string, have bool) {
	did := controllerOf(proof)
	switch {
	case did == c.issuer:
		return "", true
	case v.cfg.IssuerBinding == IssuerMapped && slices.Contains(v.cfg.IssuerSigners[did], c.issuer):
		return "", true
	case v.cfg.IssuerBinding != IssuerListed:
		return fmt.Sprintf("the key %q is not of the issuer %q", shorten(proof.VerificationMethod), shorten(c.issuer)), true
	}
	issuer, have := n.document(ev, c.issuer)
	if !have {
		return "", false
	}
	if issuer.err != nil {
		p.ledger.did(checkIssuerKey, c.node, issuer.err)
		return "", false
	}
	if !issuer.value.Document.Lists(proof.VerificationMethod, didresolve.AssertionMethod) {
		if n.newer(c.issuer, issuer) {
			return "", false
		}
		return fmt.Sprintf("the document of the issuer %q does not list the key %q", shorten(c.issuer), shorten(proof.VerificationMethod)), true
	}
	p.keys = append(p.keys, usedKey{resolution: issuer.value, accepted: true})
	return "", true
}

// proof verifies one proof of a credential, and records the check of its key; a
// proof that is no good fails vc.proof, and one that is good says nothing of the
// others yet.
func (v *Verifier) proof(p *proven, keyCheck check, c *credential, proof *dataintegrity.Proof, ev *evidence, n *need) bool {
	key, have := p.key(keyCheck, c.node, proof, didresolve.AssertionMethod, ev, n)
	if have && keyCheck != checkVCProof {
		p.ledger.pass(keyCheck)
	}
	if have && !v.verify(p.screened, c, proof, key) {
		if n.newerOf(ev, proof) {
			return false
		}
		p.ledger.fail(checkVCProof, ReasonProofInvalid, c.node, "the signature does not fit the credential and the key %q", shorten(proof.VerificationMethod))
		return false
	}
	return have
}

// checkGrantors asks for the proofs of grantors that the Config wants. Here they
// only have to be there; like all proofs, they have to verify before anything is
// allowed.
func (v *Verifier) checkGrantors(p *proven) {
	if v.cfg.GrantorProofs == 0 {
		p.ledger.skip(checkGrantorProofs, "no proofs of grantors are required")
		return
	}
	grantors, signed := map[string]bool{}, map[string]bool{}
	for _, g := range p.mandate.Grantors {
		grantors[g] = true
	}
	for _, proof := range p.mandate.vc.proofs {
		if did := controllerOf(proof); grantors[did] {
			signed[did] = true
		}
	}
	want := v.cfg.GrantorProofs
	if want == AllGrantors {
		want = max(len(grantors), 1) // all of none is not all
	}
	if len(signed) < want {
		p.ledger.fail(checkGrantorProofs, ReasonGrantorProofMissing, p.mandate.vc.node, "%d of %d grantors have signed, %d must", len(signed), len(grantors), want)
	}
}

// proveOthers verifies what others than issuers have signed, for a presenter who
// is proven. Together with what prove saw to, every proof of a credential is then
// good.
func (v *Verifier) proveOthers(p *proven, ev *evidence, n *need) {
	good := 0
	for _, o := range p.others {
		if v.proof(p, checkVCProof, o.credential, o.proof, ev, n) {
			good++
		}
	}
	if good < len(p.others) {
		return
	}
	p.ledger.pass(checkVCProof)
	if v.cfg.GrantorProofs != 0 {
		p.ledger.pass(checkGrantorProofs)
	}
}

// allProven reports whether every proof that was presented has been verified.
func (p *proven) allProven() bool {
	not := func(proof *dataintegrity.Proof) bool { return p.verified.by(proof).IsZero() }
	return !slices.ContainsFunc(p.proofs, not) &&
		!slices.ContainsFunc(p.credentials, func(c *credential) bool { return slices.ContainsFunc(c.proofs, not) })
}

// badMethod is badMethodURL of a proof, which is asked once.
func (s *screened) badMethod(proof *dataintegrity.Proof) (why Reason, detail string) {
	if !slices.Contains(s.sound, proof) {
		if why, detail = badMethodURL(proof.VerificationMethod); why == "" {
			s.sound = append(s.sound, proof)
		}
	}
	return why, detail
}

// badMethodURL refuses what cannot name a key, before anything is looked up.
func badMethodURL(url string) (Reason, string) {
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

// key returns the key of a proof, judged by the verifier's clock, or fails check
// c.
func (p *proven) key(c check, at canonical.Value, proof *dataintegrity.Proof, purpose didresolve.Purpose, ev *evidence, n *need) (multikey.PublicKey, bool) {
	a, have := n.document(ev, controllerOf(proof))
	if !have {
		return multikey.PublicKey{}, false
	}
	if a.err != nil {
		p.ledger.did(c, at, a.err)
		return multikey.PublicKey{}, false
	}
	method, err := a.value.Document.VerificationMethod(proof.VerificationMethod, purpose, p.now)
	if didresolve.TypeOf(err) == didresolve.ErrMethodNotFound && n.newer(a.value.Document.ID(), a) {
		return multikey.PublicKey{}, false
	}
	p.keys = append(p.keys, usedKey{a.value, err == nil, method.Multikey()})
	if err != nil {
		p.ledger.did(c, at, err)
		return multikey.PublicKey{}, false
	}
	return method.Key(), true
}

// did records why a DID or a key of it cannot be used.
func (l *ledger) did(c check, at canonical.Value, err error) {
	l.fail(c, KeyReason(err), at, "%s", shorten(err.Error()))
}

// KeyReason returns the reason of a deny for a definite error of package
// didresolve. What it does not know, an outage included, is did_invalid: ask
// [didresolve.TypeOf] first whether anything was decided.
func KeyReason(err error) Reason {
	switch didresolve.TypeOf(err) {
	case didresolve.ErrNotFound:
		return ReasonDIDNotFound
	case didresolve.ErrDeactivated:
		return ReasonDIDDeactivated
	case didresolve.ErrMethodNotSupported:
		return ReasonDIDMethodNotSupported
	case didresolve.ErrKeyRevoked:
		return ReasonKeyRevoked
	case didresolve.ErrKeyExpired:
		return ReasonKeyExpired
	case didresolve.ErrInvalidRelationship, didresolve.ErrMethodNotFound:
		return ReasonKeyNotAuthorized
	case didresolve.ErrInvalidVerificationMethod, didresolve.ErrInvalidVerificationMethodURL, didresolve.ErrInvalidDIDURL, didresolve.ErrFeatureNotSupported:
		return ReasonVerificationMethodInvalid
	}
	return ReasonDIDInvalid
}

// evaluate runs the rules of an authorized request.
func (v *Verifier) evaluate(ctx context.Context, p *proven, action *policy.Action) (*verdict, error) {
	l := p.ledger
	if action == nil {
		// AllowActionless; authorize has checked that there are no parameters.
		if p.mandate.Action.Kind() != canonical.Absent || !l.allows() {
			return nil, noRetry(errors.New("there is neither an action nor a check that failed"))
		}
		l.skip(checkRules, "the mandate has no action")
		return p.verdict(nil), nil
	}
	d, err := action.Evaluate(ctx, policy.Input{UserParams: p.mandate.UserParams, ExecutionParams: p.params, Now: p.now})
	if err != nil {
		return nil, noDecision("rules", err)
	}
	to, known := policyReasons[d.Reason]
	if !known { // an allow, or what this version does not know
		to.check, to.reason = checkRules, ReasonRuleError
	}
	for _, c := range []check{checkUserParams, checkExecutionParams} {
		if to.check > c {
			l.pass(c)
		}
	}
	if d.Allow && d.Reason == "" {
		l.pass(checkRules)
	} else {
		l.failAt(to.check, to.reason, "", explain(d))
	}
	out := p.verdict(action)
	out.evaluations, out.faults = d.Evaluations, d.Faults
	return out, nil
}

// explain says in a sentence what failed.
func explain(d *policy.Decision) string {
	var parts []string
	for _, f := range d.Faults {
		parts = append(parts, fmt.Sprintf("%s: %s", orRoot(f.Pointer), f.Message))
	}
	for _, e := range d.Evaluations {
		if e.Result == policy.ResultFail || e.Result == policy.ResultError {
			parts = append(parts, e.Rule+": "+e.Reason)
		}
	}
	const most = 3
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("and %d more", len(parts)-most))
	}
	return strings.Join(parts, "; ")
}

func orRoot(pointer string) string {
	if pointer == "" {
		return "the parameters"
	}
	return pointer
}

// errNoAction marks a referenced action that does not exist.
var errNoAction = errors.New("there is no such action")
