// Package proofs creates eddsa-jcs-2022 proofs (Data Integrity EdDSA Cryptosuites
// v1.0 section 3.3.1), alone, in sets and in chains (Verifiable Credential Data
// Integrity 1.0 section 2.1). Package dataintegrity verifies them.
package proofs

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// A Signer makes Ed25519 signatures (RFC 8032) with one key.
type Signer interface {
	// VerificationMethod returns the absolute DID URL of the key.
	VerificationMethod() string
	// Sign returns the 64-byte signature of message, which it does not hash first.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// Options are the members of a proof. Empty ones are left out.
type Options struct {
	Purpose   string // required
	Created   time.Time
	Expires   time.Time
	Challenge string
	Domain    []string // a single domain becomes a string, several an array
	Nonce     string
	ID        string
	// Previous are the ids of existing proofs that this one also signs. It
	// requires Add.
	Previous []string
	// Add keeps the proofs that the document has and adds one. If it is false,
	// Create refuses a document that has a proof.
	Add bool
}

// Create signs a document and returns its canonical form with the proof in it
// (vc-di-eddsa section 3.3.1, DI section 4.3). The document must be an object.
// If it has proofs, [dataintegrity.Parse] must accept them; Create does not
// verify them. Times are written in UTC, to the second.
func Create(ctx context.Context, doc canonical.Value, signer Signer, o Options) ([]byte, error) {
	method := signer.VerificationMethod() // called once, as keys may rotate between two calls
	switch {
	case doc.Kind() != canonical.Object:
		return nil, fmt.Errorf("proofs: only an object can be signed, not %s", doc.Kind())
	case !o.Add && doc.Get("proof").Kind() != canonical.Absent:
		return nil, errors.New("proofs: the document already has a proof")
	case o.Purpose == "" || method == "":
		return nil, errors.New("proofs: a proof needs a purpose and a verification method")
	}
	config := map[string]any{
		"type":               dataintegrity.ProofType,
		"cryptosuite":        dataintegrity.Cryptosuite,
		"verificationMethod": method,
		"proofPurpose":       o.Purpose,
	}
	if c := doc.Get("@context"); c.Kind() != canonical.Absent {
		config["@context"] = c
	}
	setIfAny := func(name, value string) {
		if value != "" {
			config[name] = value
		}
	}
	setIfAny("challenge", o.Challenge)
	setIfAny("nonce", o.Nonce)
	setIfAny("id", o.ID)
	if !o.Created.IsZero() {
		setIfAny("created", seconds(o.Created))
	}
	if !o.Expires.IsZero() {
		setIfAny("expires", seconds(o.Expires))
	}
	for name, list := range map[string][]string{"domain": o.Domain, "previousProof": o.Previous} {
		switch len(list) {
		case 0:
		case 1:
			config[name] = list[0]
		default:
			config[name] = list
		}
	}
	data, err := hashData(doc, config, o)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(ctx, data[:])
	if err != nil {
		return nil, fmt.Errorf("proofs: signing: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("proofs: the signer returned %d bytes, want %d", len(signature), ed25519.SignatureSize)
	}
	config["proofValue"] = multikey.EncodeBase58(signature)
	edit, err := proofEdit(doc, config)
	if err != nil {
		return nil, err
	}
	return doc.AppendCanonical(nil, edit), nil
}

// hashData returns the bytes that the proof signs. If there are other proofs, or
// the proof has an id, it first parses the document with the proof in place and a
// signature of zeros: this resolves previousProof, and refuses to sign what
// verifiers could not read.
func hashData(doc canonical.Value, config map[string]any, o Options) ([2 * sha256.Size]byte, error) {
	if !o.Add && o.ID == "" && len(o.Previous) == 0 {
		node, err := parse(canonical.Marshal(config))
		return dataintegrity.HashData(doc, node), err
	}
	draft := maps.Clone(config)
	draft["proofValue"] = multikey.EncodeBase58(make([]byte, ed25519.SignatureSize))
	edit, err := proofEdit(doc, draft)
	if err != nil {
		return [2 * sha256.Size]byte{}, err
	}
	whole, err := parse(doc.AppendCanonical(nil, edit), nil)
	if err != nil {
		return [2 * sha256.Size]byte{}, err
	}
	proofs, bad := dataintegrity.Parse(whole, false)
	if bad != nil {
		return [2 * sha256.Size]byte{}, bad
	}
	return proofs[len(proofs)-1].HashData(), nil
}

// proofEdit returns the edit that adds a proof to a document, after all others.
func proofEdit(doc canonical.Value, proof map[string]any) (canonical.Edit, error) {
	node, err := parse(canonical.Marshal(proof))
	switch present := doc.Get("proof"); present.Kind() {
	case canonical.Absent:
		return canonical.Replace("proof", node), err
	case canonical.Array:
		var all []canonical.Value
		for _, e := range present.Elements() {
			all = append(all, e)
		}
		return canonical.ReplaceAll("proof", append(all, node)), err
	default:
		return canonical.ReplaceAll("proof", []canonical.Value{present, node}), err
	}
}

func parse(b []byte, err error) (canonical.Value, error) {
	if err == nil {
		var d *canonical.Doc
		if d, err = canonical.Parse(b); err == nil {
			return d.Root(), nil
		}
	}
	return canonical.Value{}, fmt.Errorf("proofs: %w", err)
}

func seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
