package didresolve

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// JWK returns the resolver of did:jwk, for public JWKs of Ed25519, X25519,
// P-256 and P-384. The resolver derives the document from the DID, without I/O
// and without regard to the context. Only Ed25519 keys can verify proofs. The
// resolver checks keys of the other types too, and includes them in the
// document.
//
// The id must be the strict base64url of a JSON object without duplicate
// members. A DID has at most 2,048 characters, so a JWK has at most about 1,500
// bytes, ten times what these keys need. Other keys are ErrInvalidDID, and so
// are private and symmetric keys. The use of the JWK decides where the document
// lists the key, #0: "sig" means every relationship except keyAgreement, "enc"
// only keyAgreement, and a JWK without use is listed in all.
func JWK() Resolver { return jwkResolver{} }

type jwkResolver struct{}

func (jwkResolver) Resolve(_ context.Context, did string) (*Resolution, error) {
	d, err := Parse(did)
	if err != nil {
		return nil, err
	}
	if d.Method != "jwk" {
		return nil, fail(ErrMethodNotSupported, "%s is not a did:jwk", shown(did))
	}
	// No message quotes the DID from here on: the id may be a pasted private key.
	text, err := base64.RawURLEncoding.Strict().DecodeString(d.ID)
	if err != nil {
		return nil, fail(ErrInvalidDID, "did:jwk: not base64url without padding")
	}
	parsed, err := canonical.Limits{MaxBytes: maxDID, MaxDepth: 4, MaxValues: 64}.Parse(text)
	if err != nil {
		return nil, fail(ErrInvalidDID, "did:jwk: not a strict JSON document")
	}
	jwk := parsed.Root()
	if err := checkJWK(jwk); err != nil {
		return nil, &Error{Type: ErrInvalidDID, Detail: "did:jwk", Cause: err}
	}
	id := did + "#0"
	document := map[string]any{
		"@context": []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"},
		"id":       did,
		"verificationMethod": []any{map[string]any{
			"id": id, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk,
		}},
	}
	for _, p := range relationships() {
		// checkJWK has checked that use is absent, sig or enc.
		if use := jwk.Get("use"); use.Kind() == canonical.Absent || isOneOf(use, "enc") == (p == keyAgreement) {
			document[string(p)] = []string{id}
		}
	}
	b, err := canonical.Marshal(document)
	if err != nil { // not reached: a parsed JWK has a canonical form
		return nil, &Error{Type: ErrInvalidDID, Detail: "did:jwk", Cause: err}
	}
	doc, err := ParseDocument(b)
	if err != nil { // with "#0" the id of the key may exceed 2 KiB
		return nil, &Error{Type: ErrInvalidDID, Detail: "did:jwk", Cause: err}
	}
	return &Resolution{Document: doc, Source: "did:jwk"}, nil
}

// checkJWK checks that jwk is a valid public key of one of the four types. The
// error quotes nothing of it.
func checkJWK(jwk canonical.Value) error {
	if jwk.Kind() != canonical.Object {
		return errors.New("the JWK is not an object")
	}
	if hasSecret(jwk) {
		return errSecret
	}
	if caseVariant(jwk, "kty", "crv", "x", "y", "use", "key_ops", "alg") != "" {
		return errors.New("a member differs from one of a JWK by letter case alone")
	}
	if use := jwk.Get("use"); use.Kind() != canonical.Absent && !isOneOf(use, "sig", "enc") {
		return errors.New("use is neither sig nor enc")
	}
	kty, _ := jwk.Get("kty").String()
	crv, _ := jwk.Get("crv").String()
	switch kty + " " + crv {
	case "OKP Ed25519":
		raw, err := coordinate(jwk, "x", 32)
		if err == nil {
			_, err = multikey.NewPublicKey(raw)
		}
		return err
	case "OKP X25519":
		_, err := coordinate(jwk, "x", 32)
		return err
	case "EC P-256":
		return checkPoint(jwk, ecdh.P256(), 32)
	case "EC P-384":
		return checkPoint(jwk, ecdh.P384(), 48)
	}
	return errors.New("the JWK is none of Ed25519, X25519, P-256 and P-384")
}

// checkPoint checks that x and y are the coordinates of a point of the curve.
func checkPoint(jwk canonical.Value, curve ecdh.Curve, size int) error {
	x, err := coordinate(jwk, "x", size)
	if err != nil {
		return err
	}
	y, err := coordinate(jwk, "y", size)
	if err != nil {
		return err
	}
	if _, err := curve.NewPublicKey(append(append([]byte{4}, x...), y...)); err != nil {
		return errors.New("the JWK is not a point of its curve")
	}
	return nil
}

// coordinate reads a member of exactly size bytes in base64url. Strict refuses
// non-zero trailing bits. The decoder skips line breaks, but then a text of the
// right length decodes to too few bytes.
func coordinate(jwk canonical.Value, name string, size int) ([]byte, error) {
	s, _ := jwk.Get(name).String()
	if want := base64.RawURLEncoding.EncodedLen(size); len(s) != want {
		return nil, fmt.Errorf("JWK %s has %d characters, want %d", name, len(s), want)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != size {
		return nil, fmt.Errorf("JWK %s is not base64url", name)
	}
	return raw, nil
}
