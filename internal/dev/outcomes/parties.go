package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/big"

	"github.com/mandate-engine/mandate/canonical"
)

type (
	obj = map[string]any
	arr = []any
)

// A party has a DID and a key. document is nil where the DID says it all.
type party struct {
	did, method string
	key         ed25519.PrivateKey
	documents   []obj // what is handed out first, and when it is asked for again
}

func seedKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(key ed25519.PrivateKey) []byte { return key.Public().(ed25519.PublicKey) }

// didKey is a party whose DID is its key.
func didKey(seed byte) *party { return rawKey(public(seedKey(seed)), seed) }

// rawKey is a party whose did:key has these bytes. It signs with another key when
// they are not its own.
func rawKey(raw []byte, seed byte) *party { return multicodecKey("ed01", raw, seed) }

func multicodecKey(codec string, raw []byte, seed byte) *party {
	text := multibase(codec, raw)
	return &party{did: "did:key:" + text, method: "did:key:" + text + "#" + text, key: seedKey(seed)}
}

func multibase(codec string, raw []byte) string {
	return base58(append(must(hex.DecodeString(codec)), raw...))
}

// didJWK is a party whose DID is its key as a JWK.
func didJWK(seed byte) *party { return rawJWK(public(seedKey(seed)), seed) }

func rawJWK(raw []byte, seed byte) *party {
	jwk := fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":"%s"}`, base64.RawURLEncoding.EncodeToString(raw))
	did := "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(jwk))
	return &party{did: did, method: did + "#0", key: seedKey(seed)}
}

// didWeb is a party whose document has to be looked up.
func didWeb(seed byte) *party {
	did := fmt.Sprintf("did:web:p%d.example", seed)
	p := &party{did: did, method: did + "#k1", key: seedKey(seed)}
	p.documents = []obj{webDocument(did, public(p.key))}
	return p
}

// webDocument is a document with one key, for everything.
func webDocument(did string, raw []byte) obj {
	doc := obj{
		"@context":           arr{"https://www.w3.org/ns/did/v1"},
		"id":                 did,
		"verificationMethod": arr{webMethod(did, "k1", raw)},
	}
	for _, purpose := range []string{"authentication", "assertionMethod", "capabilityInvocation"} {
		doc[purpose] = arr{did + "#k1"}
	}
	return doc
}

func webMethod(did, name string, raw []byte) obj {
	return obj{"id": did + "#" + name, "type": "Multikey", "controller": did, "publicKeyMultibase": multibase("ed01", raw)}
}

// Encodings that are no good as keys.
var (
	offCurve     = append([]byte{2}, make([]byte, 31)...)
	offCurve2    = append([]byte{7}, make([]byte, 31)...)
	identity     = append([]byte{1}, make([]byte, 31)...)
	orderFour    = make([]byte, 32)
	notCanonical = append(append([]byte{0xf0}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)
)

// badKeys are parties whose key cannot be used, each in a way of its own.
func badKeys(seed byte) []*party {
	webBad := func(raw []byte) *party {
		p := didWeb(seed)
		p.documents = []obj{webDocument(p.did, raw)}
		return p
	}
	versioned := didKey(seed)
	versioned = &party{did: "did:key:1.1:" + versioned.did[len("did:key:"):], key: versioned.key}
	versioned.method = versioned.did + "#k"
	otherFragment := didKey(seed)
	otherFragment.method = otherFragment.did + "#other"
	return []*party{
		rawKey(offCurve, seed), rawKey(offCurve2, seed), rawKey(identity, seed), rawKey(orderFour, seed), rawKey(notCanonical, seed),
		rawJWK(offCurve, seed), rawJWK(identity, seed), webBad(offCurve), webBad(identity), webBad(offCurve[:31]),
		multicodecKey("ec01", public(seedKey(seed)), seed), multicodecKey("ed01", public(seedKey(seed))[:31], seed),
		multicodecKey("8024", append([]byte{2}, bytes.Repeat([]byte{1}, 32)...), seed), versioned, otherFragment,
	}
}

const digits58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58 returns base58btc as Multibase text.
func base58(b []byte) string {
	n, base, digit := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, digit)
		out = append(out, digits58[digit.Int64()])
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		out = append(out, digits58[0])
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return "z" + string(out)
}

// A proof is one to be made.
type proof struct {
	by       *party
	set      obj // members to set; nil takes one out
	previous []int
	breaks   bool // the signature fits nothing
}

// config returns the proof configuration (vc-di-eddsa section 3.3.5).
func (p *proof) config(doc obj, purpose string) obj {
	c := obj{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": signedAt,
		"verificationMethod": p.by.method, "proofPurpose": purpose}
	if context, ok := doc["@context"]; ok {
		c["@context"] = context
	}
	for name, value := range p.set {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// prove returns the proof of a document that has none, together with proofs
// before it (vc-di-eddsa section 3.3.4, and what dataintegrity takes for a chain).
func (p *proof) prove(doc obj, purpose string, made []obj) obj {
	c := p.config(doc, purpose)
	signed := maps.Clone(doc)
	if len(p.previous) > 0 {
		var ids, nodes arr
		for _, i := range p.previous {
			ids, nodes = append(ids, made[i]["id"]), append(nodes, made[i])
		}
		c["previousProof"] = ids
		signed["proof"] = nodes
	}
	if context, ok := c["@context"]; ok {
		signed["@context"] = context
	}
	first, second := sha256.Sum256(jcs(c)), sha256.Sum256(jcs(signed))
	signature := ed25519.Sign(p.by.key, append(first[:], second[:]...))
	if p.breaks {
		signature[5] ^= 1
	}
	c["proofValue"] = base58(signature)
	return c
}

// secured returns the document with its proofs, in the member of that name.
func secured(doc obj, member, purpose string, single bool, proofs []*proof) obj {
	var made []obj
	var list arr
	for _, p := range proofs {
		m := p.prove(doc, purpose, made)
		made, list = append(made, m), append(list, m)
	}
	out := maps.Clone(doc)
	switch {
	case len(list) == 1 && single:
		out[member] = list[0]
	case len(list) > 0:
		out[member] = list
	}
	return clone(out)
}

func jcs(v any) []byte { return must(canonical.Marshal(v)) }

// clone copies a tree of objects, lists and values that are never changed.
func clone(v obj) obj { return deep(v).(obj) }

func deep(v any) any {
	switch v := v.(type) {
	case obj:
		out := make(obj, len(v))
		for name, m := range v {
			out[name] = deep(m)
		}
		return out
	case arr:
		out := make(arr, len(v))
		for i, e := range v {
			out[i] = deep(e)
		}
		return out
	}
	return v
}
