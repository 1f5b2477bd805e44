// Package secure answers one question: how is the proof of a document made? It
// makes what package dataintegrity verifies: eddsa-jcs-2022 proofs of Data
// Integrity EdDSA Cryptosuites v1.0, one by one, in sets and in chains.
package secure

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

// A Signer makes Ed25519 signatures (RFC 8032, pure) with one key.
type Signer interface {
	// VerificationMethod returns the absolute DID URL of the key.
	VerificationMethod() string
	// Sign signs the message as it is, without hashing it first.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// Options are the members of a proof. Empty ones are left out.
type Options struct {
	Purpose   string // required
	Created   time.Time
	Expires   time.Time
	Challenge string
	Domain    []string // one domain is written as a string
	Nonce     string
	ID        string
	// Previous are the ids of proofs in the document that this one signs with
	// it. They call for Add.
	Previous []string
	// Add puts the proof beside those that the document has. Without it, a
	// document with a proof is refused.
	Add bool
}

// Create signs a document and returns its canonical form with the proof in it
// (vc-di-eddsa section 3.3.1, DI section 4.3). The document must be an object,
// and one that [dataintegrity.Parse] accepts if it has a proof. Times are written in UTC, to
// the second.
func Create(ctx context.Context, doc canonical.Value, signer Signer, o Options) ([]byte, error) {
	method := signer.VerificationMethod() // once: it may change between two calls
	switch {
	case doc.Kind() != canonical.Object:
		return nil, fmt.Errorf("secure: only an object can be signed, not %s", doc.Kind())
	case !o.Add && doc.Get("proof").Kind() != canonical.Absent:
		return nil, errors.New("secure: the document already has a proof")
	case o.Purpose == "" || method == "":
		return nil, errors.New("secure: a proof needs a purpose and a verification method")
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
	put := func(name, value string) {
		if value != "" {
			config[name] = value
		}
	}
	put("challenge", o.Challenge)
	put("nonce", o.Nonce)
	put("id", o.ID)
	if !o.Created.IsZero() {
		put("created", seconds(o.Created))
	}
	if !o.Expires.IsZero() {
		put("expires", seconds(o.Expires))
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
		return nil, fmt.Errorf("secure: signing: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("secure: the signer returned %d bytes, want %d", len(signature), ed25519.SignatureSize)
	}
	config["proofValue"] = multikey.EncodeBase58(signature)
	edit, err := proofEdit(doc, config)
	if err != nil {
		return nil, err
	}
	return doc.AppendCanonical(nil, edit), nil
}

// hashData returns what the proof signs. One that stands beside others, or has a
// name, is read in its place first, with a signature of zeros, so that nothing
// is signed that could not be read.
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

// proofEdit puts one more proof into a document, as the last.
func proofEdit(doc canonical.Value, proof map[string]any) (canonical.Edit, error) {
	node, err := parse(canonical.Marshal(proof))
	switch had := doc.Get("proof"); had.Kind() {
	case canonical.Absent:
		return canonical.Replace("proof", node), err
	case canonical.Array:
		var all []canonical.Value
		for _, e := range had.Elements() {
			all = append(all, e)
		}
		return canonical.ReplaceAll("proof", append(all, node)), err
	default:
		return canonical.ReplaceAll("proof", []canonical.Value{had, node}), err
	}
}

func parse(b []byte, err error) (canonical.Value, error) {
	if err == nil {
		var d *canonical.Doc
		if d, err = canonical.Parse(b); err == nil {
			return d.Root(), nil
		}
	}
	return canonical.Value{}, fmt.Errorf("secure: %w", err)
}

func seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
