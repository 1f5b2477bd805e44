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
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/jsonwrite"
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
	out, err := create(ctx, doc, signer, o)
	if err != nil {
		return nil, fmt.Errorf("proofs: %w", err)
	}
	return out, nil
}

func create(ctx context.Context, doc canonical.Value, signer Signer, o Options) ([]byte, error) {
	switch {
	case doc.Kind() != canonical.Object:
		return nil, fmt.Errorf("only an object can be signed, not %s", doc.Kind())
	case !o.Add && doc.Get("proof").Kind() != canonical.Absent:
		return nil, errors.New("the document already has a proof")
	}
	var contexts []byte
	if c := doc.Get("@context"); c.Kind() != canonical.Absent {
		contexts = c.AppendCanonical(nil)
	}
	draft, err := NewDraft(nil, string(contexts), signer.VerificationMethod(), o)
	if err != nil {
		return nil, err
	}
	var digest [sha256.Size]byte
	if o.Add || o.ID != "" || len(o.Previous) > 0 {
		if digest, err = draft.digestOf(doc); err != nil {
			return nil, err
		}
	} else {
		digest = doc.SHA256()
	}
	proof, err := draft.AppendSigned(ctx, nil, signer, digest)
	if err != nil {
		return nil, err
	}
	edit, err := addProof(doc, proof)
	if err != nil {
		return nil, err
	}
	return doc.AppendCanonical(nil, edit), nil
}

// A Draft is a proof that is not signed yet.
type Draft struct {
	config []byte // the proof configuration (vc-di-eddsa section 3.3.5), in canonical form
	value  int    // the offset in config where the member proofValue goes
}

// NewDraft returns the draft of a proof by the key with that verification method.
// contexts is the @context of the document, in canonical form, or empty if it has
// none. The draft is written to the memory behind buf, or to new memory if it
// does not fit.
//
// NewDraft does not see the document, so it ignores Add. Errors of a Draft have no
// package prefix: they are part of what the caller reports.
func NewDraft(buf []byte, contexts, method string, o Options) (Draft, error) {
	if o.Purpose == "" || method == "" {
		return Draft{}, errors.New("a proof needs a purpose and a verification method")
	}
	w := jsonwrite.Writer{Dst: append(buf[:0], '{')}
	if contexts != "" {
		w.Name("@context")
		w.Dst = append(w.Dst, contexts...)
	}
	w.Put("challenge", o.Challenge)
	putTime(&w, "created", o.Created)
	w.Must("cryptosuite", dataintegrity.Cryptosuite)
	putList(&w, "domain", o.Domain)
	putTime(&w, "expires", o.Expires)
	w.Put("id", o.ID)
	w.Put("nonce", o.Nonce)
	putList(&w, "previousProof", o.Previous)
	w.Must("proofPurpose", o.Purpose)
	value := len(w.Dst)
	w.Must("type", dataintegrity.ProofType)
	w.Must("verificationMethod", method)
	w.Close('}')
	return Draft{w.Dst, value}, w.Err
}

// putTime writes a member that is a time in UTC, to the second, unless t is zero.
func putTime(w *jsonwrite.Writer, name string, t time.Time) {
	if !t.IsZero() {
		w.Name(name)
		w.Dst = append(t.UTC().AppendFormat(append(w.Dst, '"'), time.RFC3339), '"')
	}
}

// putList writes a member that is a string, if list has one element, or an array,
// if it has several.
func putList(w *jsonwrite.Writer, name string, list []string) {
	switch len(list) {
	case 0:
	case 1:
		w.Must(name, list[0])
	default:
		w.Texts(name, list)
	}
}

// Len returns the length of the draft. The proof is longer, by less than 128
// bytes.
func (d Draft) Len() int { return len(d.config) }

// AppendSigned signs the draft and appends the proof, in canonical form, to dst
// (vc-di-eddsa sections 3.3.4 and 3.3.6). document is the SHA-256 of the canonical
// form of the document without this proof. The signature is not verified.
func (d Draft) AppendSigned(ctx context.Context, dst []byte, signer Signer, document [sha256.Size]byte) ([]byte, error) {
	config := sha256.Sum256(d.config)
	message := append(append(make([]byte, 0, len(config)+len(document)), config[:]...), document[:]...) // the signer may keep it
	signature, err := signer.Sign(ctx, message)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("the signer returned %d bytes, want %d", len(signature), ed25519.SignatureSize)
	}
	return d.appendProof(dst, signature), nil
}

// appendProof appends the proof with that signature to dst.
func (d Draft) appendProof(dst, signature []byte) []byte {
	dst = append(append(dst, d.config[:d.value]...), `,"proofValue":"`...)
	dst = append(append(dst, multikey.EncodeBase58(signature)...), '"')
	return append(dst, d.config[d.value:]...)
}

// digestOf returns the SHA-256 of what the proof signs of doc, a document that may
// have proofs already: the proofs in Options.Previous are signed with it. To find
// them, digestOf puts the proof into the document with a signature of zeros and
// parses that. So nothing is signed that verifiers could not read.
func (d Draft) digestOf(doc canonical.Value) (digest [sha256.Size]byte, err error) {
	edit, err := addProof(doc, d.appendProof(nil, make([]byte, ed25519.SignatureSize)))
	if err != nil {
		return digest, err
	}
	whole, err := canonical.Parse(doc.AppendCanonical(nil, edit))
	if err != nil {
		return digest, err
	}
	list, bad := dataintegrity.Parse(whole.Root(), false)
	if bad != nil {
		return digest, bad
	}
	data := list[len(list)-1].HashData()
	return [sha256.Size]byte(data[sha256.Size:]), nil
}

// addProof returns the edit that adds a proof to a document, after all others.
func addProof(doc canonical.Value, proof []byte) (canonical.Edit, error) {
	parsed, err := canonical.Parse(proof)
	if err != nil {
		return canonical.Edit{}, err
	}
	switch present := doc.Get("proof"); present.Kind() {
	case canonical.Absent:
		return canonical.Replace("proof", parsed.Root()), nil
	case canonical.Array:
		var all []canonical.Value
		for _, e := range present.Elements() {
			all = append(all, e)
		}
		return canonical.ReplaceAll("proof", append(all, parsed.Root())), nil
	default:
		return canonical.ReplaceAll("proof", []canonical.Value{present, parsed.Root()}), nil
	}
}
