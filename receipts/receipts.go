// Package receipts makes and verifies signed receipts of decisions, which anyone can
// check offline and years later.
//
// A receipt is a W3C Verifiable Credential (VC Data Model 2.0) with an
// eddsa-jcs-2022 proof over every field, so any Data Integrity verifier accepts
// it. [Sign] makes the receipt of an allow or a deny, [SignRecord] that of another
// event, and [Verify] checks either.
//
// A receipt proves that the holder of its key signed this decision, on this
// presentation, with these parameters, at the stated time. It does not prove that
// the action happened, that the decision was right, that the operator recorded
// every decision, or that the stated time is true.
//
// A receipt contains no parameters. It contains a salted commitment to them, which
// anyone with the salt and the parameters can check (see [Commitment]).
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

// The credential type of a receipt, its contexts, and the beginning of its id. The
// second context defines all terms that the first does not, so that JSON-LD
// processors accept the receipt.
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

// A Signer makes the Ed25519 signatures of receipts. Implementations must be safe
// for concurrent use and must return when ctx is done.
type Signer interface {
	// VerificationMethod returns the absolute DID URL of the signing key, such
	// as did:web:example.com#key-1. The part before # is the receipts' issuer.
	VerificationMethod() string
	// Sign returns the 64-byte RFC 8032 signature of message, which it does not
	// hash first. The signature is not verified, as that would cost more than
	// signing.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// A KeySigner signs with a key in memory.
type KeySigner struct {
	method string
	key    ed25519.PrivateKey
}

// NewKeySigner returns a Signer for key. method is the DID URL under which
// verifiers find the public key; if it is empty, the did:key of the key.
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

// splitMethod splits a DID URL into the DID and the fragment. It refuses URLs with
// a path or a query, and without a fragment.
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

// A Body is the content of a decision's receipt. Empty optional fields are left
// out.
type Body struct {
	ID         string    // urn:via:receipt:…, required
	Time       time.Time // required; recorded to the millisecond, in UTC
	Event      Event     // required
	Decision   string    // required: "allow" if the event is Approved, else "deny"
	Reason     string    // reason code; required on a deny, empty on an allow
	Credential string    // id of the mandate, if it was proven

	Request     Request
	Policy      *Policy // nil when no action was evaluated
	Checks      []Check
	Evaluations []Evaluation
	Engine      Engine
}

// A Request identifies the judged request by digests.
type Request struct {
	Tool               string
	ParamsCommitment   string // see Commitment
	PresentationDigest string // SRI of the canonical form, proof included
	MandateDigest      string // SRI of the canonical form, proof included
	Holder, Verifier   string // Holder is proven, or empty
	// UnverifiedCredential and UnverifiedHolder are claims of the presentation, if
	// it was denied before they could be proven.
	UnverifiedCredential, UnverifiedHolder string
	Domain                                 []string
	ChallengeDigest                        string // SRI of the challenge's bytes
	ParamsBound                            bool   // the challenge names the parameters
	ProofForm                              string // "w3c" or "via"
	Modes                                  []string
	Insecure                               []string // the settings that weaken a check
}

// A Policy identifies the action whose rules were evaluated.
type Policy struct {
	ID      string
	Version int64 // 0 if the mandate has none
	Digest  string
	Profile string
}

// A Check is the outcome of one check. Finding is nil for most checks.
type Check struct {
	Check, Result, Code string
	Finding             *Finding
}

// A Finding is a key or a status list that was looked up for a decision.
//
// For a key, DID is the DID of its document, DocumentDigest the SRI of the
// document's canonical form, Source and RetrievedAt how and when the document was
// retrieved, and Key the key as Multikey. With Key the decision can be checked
// again after the document has changed. Key is empty if no key was found, or the
// document only lists it. The result of the check is whether the key was accepted.
//
// For a status list, DID is the issuer, Source the SRI of the list's canonical
// form, and AsOf its validFrom.
//
// Empty fields are left out.
type Finding struct {
	DID, DocumentDigest, Source string
	Key                         string
	RetrievedAt, AsOf           time.Time
}

// An Evaluation is the outcome of one rule. It contains no parameter values: only
// the caller gets those.
type Evaluation struct{ Rule, Result, Code string }

// An Engine names the software that decided.
type Engine struct{ Name, Version string }

// A Receipt is a signed receipt. It holds the signed bytes.
type Receipt struct {
	id    string
	time  time.Time
	bytes []byte
}

// ID returns the receipt's urn:via:receipt: identifier.
func (r *Receipt) ID() string { return r.id }

// Time returns the time stated in the receipt, to the millisecond.
func (r *Receipt) Time() time.Time { return r.time }

// Bytes returns a copy of the signed document, in canonical form. Store and export
// these bytes unchanged.
func (r *Receipt) Bytes() []byte { return append([]byte(nil), r.bytes...) }

// AppendBinary implements [encoding.BinaryAppender]. It appends the signed document.
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
