package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/gowebpki/jcs"
	"github.com/multiformats/go-multibase"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// compareProofs compares the verification of proofs from bytes: both proofs of
// the sample presentation, each with the key in its did:key, and nothing else.
// "engine" uses the corresponding packages of the engine, with all their
// checks of JSON, proofs and keys. "naive" is a simple implementation.
func compareProofs(vp []byte, rounds int) []roundrobin.Row {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	message := make([]byte, 64)
	signature, public := ed25519.Sign(key, message), key.Public().(ed25519.PublicKey)
	tampered := bytes.Replace(vp, []byte(`"Porto"`), []byte(`"Paris"`), 1)
	for _, verify := range []func([]byte) error{naive, engine} {
		must(verify(vp))
		if verify(tampered) == nil {
			must(errors.New("what was tampered with verifies"))
		}
	}
	return roundrobin.Compare(rounds,
		roundrobin.Subject{Name: "2 V", Run: func() {
			for range 2 {
				if !ed25519.Verify(public, message, signature) {
					panic("does not verify")
				}
			}
		}},
		roundrobin.Subject{Name: "engine, proofs only", Run: func() { must(engine(vp)) }},
		roundrobin.Subject{Name: "naive Go", Run: func() { must(naive(vp)) }},
	)
}

// naive verifies the proofs of a presentation and of its credentials with
// maps, encoding/json, gowebpki/jcs, go-multibase and crypto/ed25519. It
// checks only the signatures.
func naive(vp []byte) error {
	var doc map[string]any
	if err := json.Unmarshal(vp, &doc); err != nil {
		return err
	}
	credentials, _ := doc["verifiableCredential"].([]any)
	for _, c := range credentials {
		vc, _ := c.(map[string]any)
		if err := naiveProof(vc); err != nil {
			return err
		}
	}
	return naiveProof(doc)
}

func naiveProof(doc map[string]any) error {
	proof, _ := doc["proof"].(map[string]any)
	value, _ := proof["proofValue"].(string)
	method, _ := proof["verificationMethod"].(string)
	_, fragment, _ := strings.Cut(method, "#")
	_, key, err := multibase.Decode(fragment)
	if err != nil {
		return err
	}
	_, signature, err := multibase.Decode(value)
	if err != nil {
		return err
	}
	if len(key) != 34 || key[0] != 0xed || key[1] != 0x01 {
		return errors.New("not an Ed25519 key")
	}
	config, err := hashWithout(proof, "proofValue")
	if err != nil {
		return err
	}
	document, err := hashWithout(doc, "proof")
	if err != nil {
		return err
	}
	if !ed25519.Verify(key[2:], append(config, document...), signature) {
		return errors.New("the signature does not fit")
	}
	return nil
}

func hashWithout(m map[string]any, name string) ([]byte, error) {
	m = maps.Clone(m)
	delete(m, name)
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	b, err = jcs.Transform(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}

func engine(vp []byte) error {
	d, err := canonical.Parse(vp)
	if err != nil {
		return err
	}
	for _, c := range d.Root().Get("verifiableCredential").Elements() {
		if err := engineProof(c); err != nil {
			return err
		}
	}
	return engineProof(d.Root())
}

func engineProof(doc canonical.Value) error {
	proofs, bad := dataintegrity.Parse(doc, false)
	if bad != nil {
		return bad
	}
	for _, p := range proofs {
		_, fragment, _ := strings.Cut(p.VerificationMethod, "#")
		key, err := multikey.ParsePublicKey(fragment)
		if err != nil {
			return err
		}
		if !p.Verify(key) {
			return fmt.Errorf("the signature of %.80q does not fit", p.VerificationMethod)
		}
	}
	return nil
}
