package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"maps"
	"math/big"
	"slices"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/receipts"
)

// A party is a test key whose seed is this byte, 32 times.
type party byte

// The parties of the cases. 5, 7 and 8 are free.
const (
	issuer   party = 1
	holder   party = 2
	subject  party = 3
	platform party = 4
	stranger party = 6
	recorder party = 9 // signs receipts
)

func (p party) key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(p)}, ed25519.SeedSize))
}

func (p party) multikey() string {
	return must(signing.NewKeyPair(p.key())).PublicKeyMultibase
}

func (p party) did() string { return "did:key:" + p.multikey() }

// method returns the DID URL of the party's key in its did:key document.
func (p party) method() string { return p.did() + "#" + p.multikey() }

// as returns a signer that names its key method; "" means its did:key.
func (p party) as(method string) signing.Signer {
	return must(receipts.NewKeySigner(p.key(), method))
}

// A proofForm makes proofs that package signing refuses to make. set overrides
// members of the configuration; a nil value removes one.
type proofForm struct {
	by     party
	method string // "" means the did:key of by
	set    obj
}

// config returns the proof configuration (vc-di-eddsa section 3.3.5).
func (f proofForm) config(doc obj, purpose string) obj {
	c := obj{
		"type":               "DataIntegrityProof",
		"cryptosuite":        "eddsa-jcs-2022",
		"created":            signedAt,
		"verificationMethod": f.method,
		"proofPurpose":       purpose,
	}
	if f.method == "" {
		c["verificationMethod"] = f.by.method()
	}
	if context, ok := doc["@context"]; ok {
		c["@context"] = context
	}
	for name, value := range f.set {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// hashData returns the bytes that a proof signs (vc-di-eddsa section 3.3.4).
func hashData(doc, config obj, previous ...any) []byte {
	doc = maps.Clone(doc)
	delete(doc, "proof")
	if len(previous) > 0 {
		doc["proof"] = previous
	}
	if context, ok := config["@context"]; ok {
		doc["@context"] = context
	}
	c := sha256.Sum256(must(canonical.Marshal(config)))
	d := sha256.Sum256(must(canonical.Marshal(doc)))
	return append(c[:], d[:]...)
}

// prove returns the proof of a document.
func (f proofForm) prove(doc obj, purpose string) obj {
	config := f.config(doc, purpose)
	return withValue(config, ed25519.Sign(f.by.key(), hashData(doc, config)))
}

// after returns the proof of a document together with other proofs, whose ids
// config has in previousProof. The hashed document contains those proofs,
// whole, as its list proof. The published vectors verify under this reading of
// vc-data-integrity 1.0 section 4.5.
func (f proofForm) after(doc obj, purpose string, previous ...any) obj {
	config := f.config(doc, purpose)
	return withValue(config, ed25519.Sign(f.by.key(), hashData(doc, config, previous...)))
}

// with returns a copy of the form with one more member in set.
func (f proofForm) with(name string, value any) proofForm {
	f.set = merge(f.set, obj{name: value})
	return f
}

func withValue(config obj, signature []byte) obj {
	proof := maps.Clone(config)
	proof["proofValue"] = multikey.EncodeBase58(signature)
	return proof
}

// secured returns the document with a proof.
func (f proofForm) secured(doc obj, purpose string) obj {
	out := clone(doc)
	out["proof"] = clone(f.prove(doc, purpose))
	return out
}

// order is the order L of the base point (RFC 8032 section 5.1).
func order() *big.Int {
	l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
}

// littleEndian converts between scalars and their 32-byte encoding.
func littleEndian(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func scalarBytes(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

// malleate adds L to S. Lax verifiers accept the result as a second signature.
func malleate(signature []byte) []byte {
	s := littleEndian(signature[32:])
	return append(slices.Clone(signature[:32]), scalarBytes(s.Add(s, order()))...)
}

// smallOrderR signs with the identity as R: r = 0, so S = H(R, A, M)·a. The
// equation holds, and strict verifiers refuse the signature because of R.
func smallOrderR(p party, message []byte) []byte {
	key := p.key()
	identity := append([]byte{1}, make([]byte, 31)...)
	h := sha512.Sum512(slices.Concat(identity, key.Public().(ed25519.PublicKey), message))
	expanded := sha512.Sum512(key.Seed())
	a := expanded[:32]
	a[0] &= 248
	a[31] = a[31]&127 | 64
	s := new(big.Int).Mul(littleEndian(h[:]), littleEndian(a))
	return append(identity, scalarBytes(s.Mod(s, order()))...)
}

// multibase encodes a multicodec prefix and a body, both in hex.
func multibase(prefix, body string) string {
	return multikey.EncodeBase58(must(hex.DecodeString(prefix + body)))
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func sri(v any) string { return canonical.SRI(sha256.Sum256(must(canonical.Marshal(v)))) }

func sriOfText(s string) string { return canonical.SRI(sha256.Sum256([]byte(s))) }
