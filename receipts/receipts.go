// Package receipts answers one question: what can a stranger check, offline
// and years later, about a decision that was taken here?
//
// A receipt is a W3C Verifiable Credential (VC Data Model 2.0) secured with an
// eddsa-jcs-2022 proof over every field, so that any Data Integrity verifier
// accepts it. Allows and denies get receipts of the same strength.
//
// A receipt proves that the holder of its key signed this decision, on this
// presentation, with these parameters, at the time it states. It does not
// prove that the action happened, that the decision was right, that the
// operator recorded every decision, or that the stated time is the true one.
//
// Parameters never stand in a receipt: a salted commitment does, which the
// holder of the salt can open (see [Commitment]).
package receipts

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// The credential type of a receipt, and its contexts. The second one gives
// every other term a meaning, so that JSON-LD processors accept the receipt.
const (
	receiptType       = "VerificationReceipt"
	contextCredential = "https://www.w3.org/ns/credentials/v2"
	contextUndefined  = "https://www.w3.org/ns/credentials/undefined-terms/v2"
	idPrefix          = "urn:via:receipt:"
)

// An Event says what a receipt records.
type Event string

// The events of a decision.
const (
	Approved Event = "VERIFICATION_APPROVED"
	Denied   Event = "VERIFICATION_DENIED"
)

// A Signer makes the Ed25519 signatures of receipts. Implementations must be
// safe for concurrent use and must honour ctx.
type Signer interface {
	// VerificationMethod returns the absolute DID URL of the signing key, such
	// as did:web:example.com#key-1. The part before # is the receipts' issuer.
	VerificationMethod() string
	// Sign returns the 64-byte RFC 8032 signature of message itself. It is not
	// verified again: that would cost more than signing did.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// A KeySigner signs with a key in memory.
type KeySigner struct {
	method string
	key    ed25519.PrivateKey
}

// NewKeySigner returns a Signer for key. method is the DID URL under which
// verifiers find its public half; empty means the did:key of the key itself.
func NewKeySigner(key ed25519.PrivateKey, method string) (*KeySigner, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("receipts: private key has %d bytes, want %d", len(key), ed25519.PrivateKeySize)
	}
	public, err := multikey.NewPublicKey(key[ed25519.SeedSize:])
	if err != nil {
		return nil, fmt.Errorf("receipts: %w", err)
	}
	own := "did:key:" + public.String() + "#" + public.String()
	switch {
	case method == "":
		method = own
	case strings.HasPrefix(method, "did:key:") && method != own:
		return nil, fmt.Errorf("receipts: %.100q is another key", method)
	}
	if _, _, err := splitMethod(method); err != nil {
		return nil, err
	}
	return &KeySigner{method: method, key: append(ed25519.PrivateKey(nil), key...)}, nil
}

// splitMethod splits an absolute DID URL with a fragment and nothing else.
func splitMethod(method string) (did, fragment string, err error) {
	did, fragment, ok := strings.Cut(method, "#")
	if _, bad := didresolve.Parse(did); !ok || fragment == "" || bad != nil {
		return "", "", fmt.Errorf("receipts: verification method %.100q is no DID URL with a fragment", method)
	}
	return did, fragment, nil
}

// VerificationMethod implements [Signer].
func (s *KeySigner) VerificationMethod() string { return s.method }

// Sign implements [Signer]. It fails when ctx is done.
func (s *KeySigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return ed25519.Sign(s.key, message), nil
}

// A Body is what a receipt says. Empty optional fields are left out.
type Body struct {
	ID         string    // urn:via:receipt:…, required
	Time       time.Time // required; recorded to the millisecond, in UTC
	Event      Event     // required
	Decision   string    // "allow" or "deny", required, and of the event
	Reason     string    // reason code, on a deny
	Credential string    // id of the mandate that was decided on, when it was proven

	Request     Request
	Policy      *Policy // nil when no action was evaluated
	Checks      []Check
	Evaluations []Evaluation
	Engine      Engine
}

// A Request identifies what was judged, without repeating it.
type Request struct {
	Tool               string
	ParamsCommitment   string // see Commitment
	PresentationDigest string // SRI of the canonical form, proof included
	MandateDigest      string // SRI of the canonical form, proof included
	Holder, Verifier   string // Holder is proven
	// UnverifiedCredential and UnverifiedHolder are what a presentation claimed
	// that was denied before they were proven.
	UnverifiedCredential, UnverifiedHolder string
	Domain                                 []string
	ChallengeDigest                        string // SRI of the challenge's bytes
	ParamsBound                            bool   // the challenge names the parameters
	ProofForm                              string // "w3c" or "via"
	Modes                                  []string
	Insecure                               []string // settings in force that weaken a check
}

// A Policy identifies the action whose rules were evaluated.
type Policy struct {
	ID      string
	Version int64 // 0 when the mandate states none
	Digest  string
	Profile string
}

// A Check is the outcome of one check, with the evidence it rests on, nil for
// most.
type Check struct {
	Check, Result, Code string
	Evidence            *Evidence
}

// An Evidence is what was looked up for a decision.
//
// For a key: the DID, the SRI of its document's canonical form, the time
// and the way it was retrieved, and Key, as Multikey, so that the decision
// can be checked again when the document is another; the check's result is
// whether the key was accepted. Without Key the document only named the key.
// For a status list: its issuer, as Source the SRI of its canonical form,
// and as AsOf its validFrom. Empty fields are left out.
type Evidence struct {
	DID, DocumentDigest, Source string
	Key                         string
	RetrievedAt, AsOf           time.Time
}

// An Evaluation is the outcome of one rule. It holds no values: those are for
// the caller, in the answer.
type Evaluation struct{ Rule, Result, Code string }

// An Engine names the software that decided.
type Engine struct{ Name, Version string }

// A Receipt is a signed receipt: exact bytes, never rebuilt.
type Receipt struct {
	id    string
	time  time.Time
	bytes []byte
}

// ID returns the receipt's urn:via:receipt: identifier.
func (r *Receipt) ID() string { return r.id }

// Time returns the time the receipt states, to the millisecond.
func (r *Receipt) Time() time.Time { return r.time }

// Bytes returns a copy of the signed document, which is in canonical form.
// These bytes are the receipt: store and export them as they are.
func (r *Receipt) Bytes() []byte { return append([]byte(nil), r.bytes...) }

// AppendBinary implements [encoding.BinaryAppender]: it appends what Bytes returns.
func (r *Receipt) AppendBinary(b []byte) ([]byte, error) { return append(b, r.bytes...), nil }

// Sign builds the receipt of body and signs it.
func Sign(ctx context.Context, body Body, signer Signer) (*Receipt, error) {
	return sign(ctx, body.ID, body.Time, body.Engine, signer, &body, nil)
}

// NewID makes a receipt id from 16 random bytes (RFC 9562 version 4).
func NewID(random [16]byte) string {
	random[6] = random[6]&0x0f | 0x40
	random[8] = random[8]&0x3f | 0x80
	var text [len(idPrefix) + 37]byte
	out := append(text[:0], idPrefix...)
	for _, part := range [...][]byte{random[:4], random[4:6], random[6:8], random[8:10], random[10:]} {
		out = append(hex.AppendEncode(out, part), '-')
	}
	return string(out[:len(out)-1])
}
