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
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/jsonwrite"
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
	method, issuer string
	key            ed25519.PrivateKey
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
	issuer, _, err := splitMethod(method)
	if err != nil {
		return nil, err
	}
	return &KeySigner{method: method, issuer: issuer, key: append(ed25519.PrivateKey(nil), key...)}, nil
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

// MaxBytes bounds a receipt: no log takes a longer entry.
const MaxBytes = 65_535

// proofMembers bounds what the names and the proofValue add to the rest.
const proofMembers = 128

// contexts are the @context of every receipt, and of its proof.
const contexts = `["` + contextCredential + `","` + contextUndefined + `"]`

// sign writes the receipt of a body or of a record, and its proof, and signs it: what package
// proofs would make of the same document, for the one form that receipts have (vc-di-eddsa
// section 3.3.1).
func sign(ctx context.Context, id string, at time.Time, engine Engine, signer Signer, body *Body, record *Record) (*Receipt, error) {
	method := signer.VerificationMethod() // once: issuer and proof have to name the same key while keys rotate
	var issuer string
	var err error
	if own, ok := signer.(*KeySigner); ok && own.issuer != "" {
		issuer = own.issuer // it was read when the signer was made
	} else if issuer, _, err = splitMethod(method); err != nil {
		return nil, err
	}
	if err := checkEnvelope(id, at, engine); err != nil {
		return nil, err
	}
	at = at.UTC()
	var digits [len(`"`) + len(millis)]byte
	seconds := append(appendMillis(append(digits[:0], '"'), at)[:len(`"2006-01-02T15:04:05`)], `Z"`...)
	work := borrow()
	w := jsonwrite.Writer{Dst: append(work.text[:0], '{')}
	w.Raw("@context", []byte(contexts))
	w.Object("credentialSubject")
	if body != nil {
		err = body.write(&w)
	} else {
		err = record.write(&w)
	}
	if err != nil {
		return nil, err
	}
	w.Close('}')
	w.Must("id", id)
	w.Must("issuer", issuer)
	place := len(w.Dst) // of the proof; what follows it is written first
	writeTime(&w, "timestamp", at)
	w.Raw("type", []byte(`["VerifiableCredential","`+receiptType+`"]`))
	w.Raw("validFrom", seconds) // truncated, so never after the timestamp
	w.Close('}')
	end := len(w.Dst) // of the document without its proof

	w.Open('{')
	w.Raw("@context", []byte(contexts))
	w.Raw("created", seconds)
	w.Must("cryptosuite", dataintegrity.Cryptosuite)
	w.Must("proofPurpose", dataintegrity.AssertionMethod)
	value := len(w.Dst) // the place of proofValue
	w.Must("type", dataintegrity.ProofType)
	w.Must("verificationMethod", method)
	w.Close('}')
	if errors.Is(w.Err, errBody) {
		return nil, w.Err
	} else if w.Err != nil {
		return nil, fmt.Errorf("receipts: %w", w.Err)
	}
	if n := len(w.Dst) + proofMembers; n > MaxBytes {
		return nil, fmt.Errorf("%w: a receipt of some %d bytes, at most %d fit into a log", errBody, n, MaxBytes)
	}

	config, document := sha256.Sum256(w.Dst[end:]), sha256.Sum256(w.Dst[:end])
	message := append(append(make([]byte, 0, len(config)+len(document)), config[:]...), document[:]...) // the signer may keep it
	signature, err := signer.Sign(ctx, message)
	if err != nil {
		return nil, fmt.Errorf("receipts: signing: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("receipts: the signer returned %d bytes, want %d", len(signature), ed25519.SignatureSize)
	}
	finish := len(w.Dst)
	w.Dst = append(append(w.Dst, `,"proof":`...), w.Dst[end:value]...)
	w.Dst = append(append(append(w.Dst, `,"proofValue":"`...), multikey.EncodeBase58(signature)...), '"')
	w.Dst = append(append(w.Dst, w.Dst[value:finish]...), w.Dst[place:end]...)
	size := place + copy(w.Dst[place:], w.Dst[finish:])
	out := bytes.Clone(w.Dst[:size])
	work.giveBack(w.Dst)
	return &Receipt{id: id, time: at.Truncate(time.Millisecond), bytes: out}, nil
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
