// Package dataintegrity answers one question: did the holder of this key sign
// this document? It implements the cryptosuite eddsa-jcs-2022 of Data
// Integrity EdDSA Cryptosuites v1.0 (https://www.w3.org/TR/vc-di-eddsa/) on
// the algorithms of Verifiable Credential Data Integrity 1.0
// (https://www.w3.org/TR/vc-data-integrity/, "DI" below).
//
// It does not find keys, judge who may sign, or look at anything in a document
// but its proof and its @context.
package dataintegrity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/quote"
)

// The one proof type and cryptosuite there is. They are compared with, never
// chosen by, the document.
const (
	ProofType   = "DataIntegrityProof"
	Cryptosuite = "eddsa-jcs-2022"
)

// Proof purposes.
const (
	AssertionMethod = "assertionMethod"
	Authentication  = "authentication"
)

// maxProofs is how many proofs one document may carry: each one hashes the
// document, and may name a key that has to be looked up.
const maxProofs = 16

// A Form says which member of a document carries its proofs.
type Form string

// The forms.
const (
	FormW3C Form = "w3c" // `proof`, an object or an array
	FormVIA Form = "via" // `proofs`, an array
)

// A Code says why a proof was refused. The texts are the reason codes of
// decisions.
type Code string

// The codes.
const (
	Missing           Code = "proof_missing" // absent, null or []
	Invalid           Code = "proof_invalid"
	TooMany           Code = "too_many_proofs"
	Unsupported       Code = "unsupported_cryptosuite"
	Ambiguous         Code = "credential_ambiguous_proof" // `proof` beside `proofs`
	PurposeMismatch   Code = "proof_purpose_mismatch"
	ChallengeMismatch Code = "challenge_mismatch"
	DomainMismatch    Code = "domain_mismatch"
	Expired           Code = "proof_expired"
	FromFuture        Code = "proof_from_future"
)

// maxShown bounds texts of the input in messages, in bytes.
const maxShown = 80

// An Error says which proof was refused, where, and why.
type Error struct {
	Code    Code
	Pointer string // RFC 6901, in the document that was parsed
	Detail  string
}

func (e *Error) Error() string {
	return fmt.Sprintf("dataintegrity: %s at %q: %s", e.Code, quote.Cut(e.Pointer, maxShown), e.Detail)
}

func refuse(code Code, at canonical.Value, format string, args ...any) *Error {
	return &Error{Code: code, Pointer: at.Pointer(), Detail: fmt.Sprintf(format, args...)}
}

// A Proof is one proof whose form was checked. Only [Parse] makes one. It is for
// one goroutine at a time.
// Its members are claims until [Proof.Verify] has returned true.
type Proof struct {
	ID                 string
	VerificationMethod string
	Purpose            string
	Created, Expires   *time.Time // nil when absent
	Challenge          string
	HasChallenge       bool
	Domain             []string // nil when absent
	Nonce              string
	Form               Form
	// Previous are the proofs that this one signs together with the document, in
	// document order. They have to verify as well. Parse has checked that they are
	// in the document and form no cycle.
	Previous []*Proof

	doc, node canonical.Value
	signature [ed25519.SignatureSize]byte
	// edits turn doc into the document that was signed: the first one is about
	// the proofs, a second one about @context.
	edits    []canonical.Edit
	twoEdits [2]canonical.Edit     // the memory of edits
	data     [2 * sha256.Size]byte // once hashed
	hashed   bool
}

// HashData returns the 64 bytes that are signed: the SHA-256 of the proof
// configuration, then that of the document (vc-di-eddsa section 3.3.4).
func (p *Proof) HashData() [2 * sha256.Size]byte {
	if !p.hashed {
		p.data, p.hashed = HashData(p.doc, p.node, p.edits...), true
	}
	return p.data
}

// Signature returns the signature: 64 bytes, not verified.
func (p *Proof) Signature() [ed25519.SignatureSize]byte {
	return p.signature
}

// HashData returns what the first proof of a document signs. A proofValue in
// config does not count. edits turn doc into the document that is hashed.
func HashData(doc, config canonical.Value, edits ...canonical.Edit) (data [2 * sha256.Size]byte) {
	first, second := config.SHA256(canonical.Omit("proofValue")), doc.SHA256(edits...)
	copy(data[:sha256.Size], first[:])
	copy(data[sha256.Size:], second[:])
	return data
}

// Verify reports whether key signed the document, and the proofs in Previous as
// they stand. It does not verify those, and it does not look at time, purpose,
// challenge or domain, nor at whose key it is.
func (p *Proof) Verify(key multikey.PublicKey) bool {
	data := p.HashData()
	return key.Verify(data[:], p.signature[:])
}

// VerifiedDocument returns the canonical form of the document that was signed,
// without its proofs: what may be believed once Verify has returned true. Its
// @context is the proof's, which may be shorter than the one received.
func (p *Proof) VerifiedDocument() []byte {
	return p.doc.AppendCanonical(nil, append(slices.Clone(p.edits), canonical.Omit(memberOf(p.Form)))...)
}

// VerifiedDocument returns what all proofs of a document signed: that of the
// proof with the shortest @context. There must be at least one.
func VerifiedDocument(proofs []*Proof) []byte {
	shorter := func(a, b *Proof) int { return len(a.VerifiedDocument()) - len(b.VerifiedDocument()) }
	return slices.MinFunc(proofs, shorter).VerifiedDocument()
}

// CheckPurpose compares the purpose (DI section 4.4 step 6).
func (p *Proof) CheckPurpose(want string) *Error {
	if p.Purpose != want {
		return refuse(PurposeMismatch, p.node, "purpose is %q, want %q", quote.Cut(p.Purpose, maxShown), want)
	}
	return nil
}

// CheckChallenge compares the challenge; an absent one never matches (DI
// section 4.4 step 8).
func (p *Proof) CheckChallenge(want string) *Error {
	switch {
	case !p.HasChallenge:
		return refuse(ChallengeMismatch, p.node, "no challenge, want %q", quote.Cut(want, maxShown))
	case p.Challenge != want:
		return refuse(ChallengeMismatch, p.node, "challenge is %q, want %q", quote.Cut(p.Challenge, maxShown), quote.Cut(want, maxShown))
	}
	return nil
}

// CheckDomain compares the domains as sets, not as a set and a member of it
// (DI section 4.4 step 7). An absent domain matches nothing.
func (p *Proof) CheckDomain(want []string) *Error {
	if len(p.Domain) == 0 {
		return refuse(DomainMismatch, p.node, "no domain, want %q", want)
	}
	if !subset(p.Domain, want) || !subset(want, p.Domain) {
		return refuse(DomainMismatch, p.node, "domain is %.200q, want %q", p.Domain, want)
	}
	return nil
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// CheckExpiry refuses a proof at and after its expires, tolerance allowed for.
func (p *Proof) CheckExpiry(now time.Time, leeway time.Duration) *Error {
	if p.Expires != nil && !now.Before(p.Expires.Add(leeway)) {
		return refuse(Expired, p.node, "expired at %s, it is %s", stamp(*p.Expires), stamp(now))
	}
	return nil
}

// CheckCreated refuses a proof created more than ahead after now. An absent
// created passes.
func (p *Proof) CheckCreated(now time.Time, ahead time.Duration) *Error {
	if p.Created != nil && p.Created.After(now.Add(ahead)) {
		return refuse(FromFuture, p.node, "created at %s, it is %s", stamp(*p.Created), stamp(now))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
