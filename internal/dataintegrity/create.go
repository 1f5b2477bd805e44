package dataintegrity

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/mandate-engine/mandate/canonical"
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
}

// Create signs a document and returns its canonical form with the proof in it
// (vc-di-eddsa section 3.3.1). The document must be an object without proof.
// Times are written in UTC, to the second.
func Create(ctx context.Context, doc canonical.Value, signer Signer, o Options) ([]byte, error) {
	method := signer.VerificationMethod() // once: it may change between two calls
	switch {
	case doc.Kind() != canonical.Object:
		return nil, fmt.Errorf("dataintegrity: only an object can be signed, not %s", doc.Kind())
	case doc.Get("proof").Kind() != canonical.Absent:
		return nil, errors.New("dataintegrity: the document already has a proof")
	case o.Purpose == "" || method == "":
		return nil, errors.New("dataintegrity: a proof needs a purpose and a verification method")
	}
	config := map[string]any{
		"type":               proofType,
		"cryptosuite":        Cryptosuite,
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
	if !o.Created.IsZero() {
		put("created", seconds(o.Created))
	}
	if !o.Expires.IsZero() {
		put("expires", seconds(o.Expires))
	}
	switch len(o.Domain) {
	case 0:
	case 1:
		config["domain"] = o.Domain[0]
	default:
		config["domain"] = o.Domain
	}

	node, err := parseMap(config)
	if err != nil {
		return nil, err
	}
	p := Proof{doc: doc, node: node}
	data := p.HashData()
	signature, err := signer.Sign(ctx, data[:])
	if err != nil {
		return nil, fmt.Errorf("dataintegrity: signing: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("dataintegrity: the signer returned %d bytes, want %d", len(signature), ed25519.SignatureSize)
	}
	config["proofValue"] = multikey.EncodeBase58(signature)
	if node, err = parseMap(config); err != nil {
		return nil, err
	}
	return doc.AppendCanonical(nil, canonical.Replace("proof", node)), nil
}

func parseMap(m map[string]any) (canonical.Value, error) {
	b, err := canonical.Marshal(m)
	if err != nil {
		return canonical.Value{}, fmt.Errorf("dataintegrity: %w", err)
	}
	d, err := canonical.Parse(b)
	if err != nil {
		return canonical.Value{}, fmt.Errorf("dataintegrity: %w", err)
	}
	return d.Root(), nil
}

func seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
