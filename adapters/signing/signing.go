// Package signing answers one question: how is what the verifier checks made?
// It implements signing with eddsa-jcs-2022 proofs, and status lists.
//
// It signs credentials, presentations and any other JSON document. It parses
// its input as strictly as the verifier does, so that the verifier can read
// every signed document.
package signing

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/receipts"
)

const contextV2 = "https://www.w3.org/ns/credentials/v2"

// A Signer signs with one key. [receipts.NewKeySigner] returns a Signer for a
// key in memory.
type Signer = receipts.Signer

// Options are the members of a proof. Empty options are left out.
type Options struct {
	// Purpose is the proof purpose. Credential and Presentation set it.
	Purpose string
	// Created and Expires are written in UTC with a precision of seconds. A
	// verifier accepts a presentation without a challenge only if it has
	// Created.
	Created, Expires time.Time
	// Challenge is the challenge from the verifier.
	Challenge string
	// Domain is the audience of the document: the DID of the verifier.
	Domain []string
	// Nonce is free text.
	Nonce string
	// ID is a URL that names the proof, so that other proofs can reference it.
	ID string
	// Previous names proofs of the document that this proof also signs (a
	// proof chain). If one of them is removed, this proof becomes invalid.
	// Needs Add.
	Previous []string
	// Add adds the proof to the existing proofs of the document (a proof set).
	// It does not verify them. Without Add, a document with a proof is
	// refused.
	Add bool
}

// Document signs any JSON object and returns it in canonical form with the
// proof. It does not check the content. With Add, a party other than the
// issuer, such as a grantor, can also sign a credential.
func Document(ctx context.Context, document []byte, signer Signer, o Options) ([]byte, error) {
	d, err := canonical.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return sign(ctx, d.Root(), signer, o)
}

func sign(ctx context.Context, doc canonical.Value, signer Signer, o Options) ([]byte, error) {
	if signer == nil {
		return nil, errors.New("signing: no signer")
	}
	out, err := proofs.Create(ctx, doc, signer, proofs.Options(o))
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return out, nil
}

// Credential signs a W3C Verifiable Credential for assertionMethod. Its issuer
// must be the DID of the signer, because verifiers accept no other by default.
// Otherwise Credential checks only @context, type and credentialSubject.
func Credential(ctx context.Context, credential []byte, signer Signer, o Options) ([]byte, error) {
	d, err := canonical.Parse(credential)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	doc := d.Root()
	if err := checkKind(doc, "VerifiableCredential"); err != nil {
		return nil, err
	}
	if k := doc.Get("credentialSubject").Kind(); k != canonical.Object && k != canonical.Array {
		return nil, errors.New("signing: the credential has no credentialSubject")
	}
	issuer := doc.Get("issuer")
	if issuer.Kind() == canonical.Object {
		issuer = issuer.Get("id")
	}
	if id, _ := issuer.String(); id != DID(signer) {
		return nil, fmt.Errorf("signing: the issuer is %.100q, the key is of %.100q", id, DID(signer))
	}
	if doc.Get("proofs").Kind() != canonical.Absent {
		return nil, errors.New("signing: the credential already has proofs; beside a proof they would make it ambiguous")
	}
	o.Purpose = dataintegrity.AssertionMethod
	return sign(ctx, doc, signer, o)
}

// Presentation makes a W3C Verifiable Presentation of signed credentials and
// signs it for authentication. An empty holder means the DID of the signer.
// Each credential must have a proof, which is not verified.
func Presentation(ctx context.Context, holder string, credentials [][]byte, signer Signer, o Options) ([]byte, error) {
	if signer == nil {
		return nil, errors.New("signing: no signer")
	}
	if holder == "" {
		holder = DID(signer)
	}
	switch {
	case len(credentials) == 0:
		return nil, errors.New("signing: a presentation needs a credential")
	case len(credentials) > vcdm.MaxCredentials:
		return nil, fmt.Errorf("signing: %d credentials, verifiers accept %d", len(credentials), vcdm.MaxCredentials)
	case !vcdm.IsURL(holder):
		return nil, fmt.Errorf("signing: the holder %.100q is no URL", holder)
	}
	values := make([]canonical.Value, 0, len(credentials))
	for i, c := range credentials {
		d, err := canonical.Parse(c)
		if err != nil {
			return nil, fmt.Errorf("signing: credential %d: %w", i, err)
		}
		if err := checkKind(d.Root(), "VerifiableCredential"); err != nil {
			return nil, fmt.Errorf("credential %d: %w", i, err)
		}
		if _, bad := dataintegrity.Parse(d.Root(), true); bad != nil {
			return nil, fmt.Errorf("signing: credential %d is not signed: %w", i, bad)
		}
		values = append(values, d.Root())
	}
	b, err := canonical.Marshal(map[string]any{
		"@context":             []string{contextV2},
		"type":                 []string{"VerifiablePresentation"},
		"holder":               holder,
		"verifiableCredential": values,
	})
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	d, err := canonical.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	o.Purpose = dataintegrity.Authentication
	return sign(ctx, d.Root(), signer, o)
}

// checkKind checks @context and type.
func checkKind(doc canonical.Value, kind string) error {
	if doc.Kind() != canonical.Object {
		return fmt.Errorf("signing: the document is of type %s, not an object", doc.Kind())
	}
	if first, _ := doc.Get("@context").Index(0).String(); first != contextV2 {
		return fmt.Errorf("signing: @context is not a list that begins with %s", contextV2)
	}
	var types []string
	if s, ok := doc.Get("type").String(); ok {
		types = append(types, s)
	}
	for _, e := range doc.Get("type").Elements() {
		s, _ := e.String()
		types = append(types, s)
	}
	if !slices.Contains(types, kind) {
		return fmt.Errorf("signing: type does not name %s", kind)
	}
	return nil
}

// DID returns the DID of a signer's key.
func DID(signer Signer) string {
	if signer == nil {
		return ""
	}
	did, _, _ := strings.Cut(signer.VerificationMethod(), "#")
	return did
}

// A KeyPair is an Ed25519 key in the text encodings of W3C documents.
type KeyPair struct {
	DID                string // did:key
	PublicKeyMultibase string
	// SecretKeyMultibase is the private key. Keep it out of logs.
	SecretKeyMultibase string
}

// NewKeyPair returns the text encodings of a key.
func NewKeyPair(key ed25519.PrivateKey) (KeyPair, error) {
	if len(key) != ed25519.PrivateKeySize {
		return KeyPair{}, fmt.Errorf("signing: private key has %d bytes, want %d", len(key), ed25519.PrivateKeySize)
	}
	public, err := multikey.NewPublicKey(key[ed25519.SeedSize:])
	if err != nil {
		return KeyPair{}, fmt.Errorf("signing: %w", err)
	}
	return KeyPair{
		DID:                "did:key:" + public.String(),
		PublicKeyMultibase: public.String(),
		SecretKeyMultibase: multikey.EncodePrivateKey(key),
	}, nil
}

// ParsePrivateKey parses a secretKeyMultibase: base58btc, prefix 8026, and a
// 32-byte Ed25519 seed.
func ParsePrivateKey(secretKeyMultibase string) (ed25519.PrivateKey, error) {
	key, err := multikey.ParsePrivateKey(secretKeyMultibase)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return key, nil
}
