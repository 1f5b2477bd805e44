package verifier

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/policy"
)

// A decision is what is known so far about one request. Every stage takes it, and
// adds what it found.
type decision struct {
	v *Verifier

	// What was asked: read sets it.
	req          Request         // with defaults, and without the bytes of presentation and parameters
	original     *Request        // with defaults and a copy of the bytes; nil unless a Bundle is kept
	now          time.Time       // the only time that counts
	root, params canonical.Value // the presentation and the parameters, both objects

	// What the presentation claims: checkForm sets it. Nothing of it is proven.
	proofs      []*dataintegrity.Proof // of the presentation
	holder      string                 // "" when the form is bad
	credentials []*credential
	mandate     *mandate // nil when no single mandate could be read
	contexts    []bool   // what the ContextChecker said, in order
	broken      error    // the ContextChecker panicked

	answers    map[lookup]answer // found so far
	rounds     int               // of lookups
	looked     [ofAction + 1]int // lookups of each kind
	signatures []signature       // that were computed
	findings

	// What the rules said, once they ran.
	ruled       *policy.Action // nil when no rules ran
	evaluations []policy.Evaluation
	faults      []policy.Fault
}

// findings are what the stages have found. A stage that judges again starts from the
// findings of the stage before it.
type findings struct {
	ledger
	keys      []usedKey
	others    int           // proofs of credentials that are not by their issuers
	usedLists []*credential // status lists that were read

	missedLists   []string      // URLs of status lists that were not looked up yet
	unprovenLists []*credential // whose proofs await a lookup
	action        *policy.Action
}

// A credential is one credential of a presentation, or a status list. Nothing of it
// is proven until proven is set.
type credential struct {
	node   canonical.Value
	issuer string
	proofs []*dataintegrity.Proof // nil when their form is bad
	valid  vcdm.Period
	proven bool // a proof by the issuer was verified
	digest [sha256.Size]byte
	hashed bool
}

// sum returns the digest of the credential as it was presented, with its proofs.
func (c *credential) sum() [sha256.Size]byte {
	if !c.hashed {
		c.digest, c.hashed = c.node.SHA256(), true
	}
	return c.digest
}

// A mandate is what the selected credential says.
type mandate struct {
	viamandate.Mandate
	vc *credential
}

func (m *mandate) ref() policy.Ref {
	return policy.Ref{ID: m.ActionID, Version: m.Version, Digest: m.Digest}
}

// A usedKey is a key that a decision rests on, or that it refused.
type usedKey struct {
	resolution *didresolve.Resolution
	accepted   bool
	text       string // the key as Multikey; "" when the document has none, or only lists it
}

// A signature says whether a key made a proof.
type signature struct {
	proof *dataintegrity.Proof
	key   multikey.PublicKey
	good  bool
}

// verifies reports whether key made a proof of c, or of the presentation when c is
// nil. It computes a signature once for each decision, and that of a credential
// once for as long as the memo remembers it: the same mandate is presented again
// and again.
func (d *decision) verifies(c *credential, p *dataintegrity.Proof, key multikey.PublicKey) bool {
	if key.IsZero() {
		return false
	}
	for _, s := range d.signatures {
		if s.proof == p && s.key == key {
			return s.good
		}
	}
	var id [sha256.Size]byte
	good, index := false, -1
	if c != nil {
		index = slices.Index(c.proofs, p)
	}
	if index >= 0 { // other proofs are not remembered: the ID names a proof by its index
		id = memo.SignatureID(key.Raw(), c.sum(), index)
		_, good = d.v.memo.Get(id)
	}
	if !good {
		if other := d.v.cfg.SignatureVerifier; other == nil {
			message, sig := p.HashData(), p.Signature()
			good = key.Verify(message[:], sig[:])
		} else { // with copies of its own, which leave the stack
			message, sig := p.HashData(), p.Signature()
			good = key.VerifyWith(other.Verify, message[:], sig[:])
		}
		if good && index >= 0 {
			d.v.memo.Add(id, struct{}{})
		}
	}
	d.signatures = append(d.signatures, signature{p, key, good})
	return good
}

// verified reports whether some key made a proof.
func (d *decision) verified(p *dataintegrity.Proof) bool {
	return slices.ContainsFunc(d.signatures, func(s signature) bool { return s.proof == p && s.good })
}

// allVerified reports whether every proof that was presented has been verified.
func (d *decision) allVerified() bool {
	unverified := func(p *dataintegrity.Proof) bool { return !d.verified(p) }
	return !slices.ContainsFunc(d.proofs, unverified) &&
		!slices.ContainsFunc(d.credentials, func(c *credential) bool { return slices.ContainsFunc(c.proofs, unverified) })
}

// allows reports whether the decision is an allow: every check that must pass has
// passed, none has failed, every proof was verified, and the rules ran.
func (d *decision) allows() bool {
	return d.mayAllow() && d.allVerified() && d.results[checkRules] != notRun
}

// credentialID returns the id of the mandate. It is a copy: a part of the
// presentation's text would keep all of it in memory.
func (d *decision) credentialID() string {
	if d.mandate == nil {
		return ""
	}
	return strings.Clone(d.mandate.ID)
}

// controllerOf returns the DID of the key that a proof names.
func controllerOf(p *dataintegrity.Proof) string {
	i := strings.IndexFunc(p.VerificationMethod, func(c rune) bool { return c == '#' || c == '?' || c == '/' })
	if i < 0 {
		return p.VerificationMethod
	}
	return p.VerificationMethod[:i]
}
