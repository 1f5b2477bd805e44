package dataintegrity

import (
	"bytes"
	"crypto/ed25519"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// maxDomains bounds the domains one proof may list.
const maxDomains = 16

// Parse reads the proofs of a document and checks everything about them that
// needs no key: that there are any, their number, type, cryptosuite, members
// and encodings, that the document's @context begins with the proof's, and that
// the proofs that proofs name are there.
//
// With viaProfile it also accepts, when `proof` is absent, a non-empty array
// `proofs`, which then takes the place of `proof` in every step.
//
// It returns at least one proof, or an error.
func Parse(doc canonical.Value, viaProfile bool) ([]*Proof, *Error) {
	form, field, err := find(doc, viaProfile)
	if err != nil {
		return nil, err
	}
	if field.Kind() == canonical.Array && field.Len() > maxProofs {
		return nil, refuse(TooMany, field, "more proofs than the limit of %d", maxProofs)
	}
	var proofs []*Proof
	for node := range vcdm.Many(field) {
		p, err := parseProof(doc, node, form)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, p)
	}
	if bad := link(proofs, form); bad != nil {
		return nil, bad
	}
	return proofs, nil
}

func memberOf(f Form) string {
	if f == FormVIA {
		return "proofs"
	}
	return "proof"
}

// find returns the member with the proofs of a document: an object, or an array that
// is not empty (DI section 2.1.2, 4.5 step 1).
func find(doc canonical.Value, viaProfile bool) (Form, canonical.Value, *Error) {
	if doc.Kind() != canonical.Object {
		return "", doc, refuse(Missing, doc, "the document is no object")
	}
	proof := doc.Get("proof")
	if viaProfile {
		if proofs := doc.Get("proofs"); proofs.Kind() != canonical.Absent {
			switch {
			case proof.Kind() != canonical.Absent:
				return "", proofs, refuse(Ambiguous, proofs, "proof and proofs are both present")
			case proofs.Kind() == canonical.Array && proofs.Len() > 0:
				return FormVIA, proofs, nil
			default:
				return "", proofs, refuse(Missing, doc, "no proof, and proofs is no array with a proof in it")
			}
		}
	}
	switch proof.Kind() {
	case canonical.Absent, canonical.Null:
		return "", proof, refuse(Missing, doc, "no proof")
	case canonical.Object:
		return FormW3C, proof, nil
	case canonical.Array:
		if proof.Len() == 0 {
			return "", proof, refuse(Missing, proof, "proof is an empty array")
		}
		return FormW3C, proof, nil
	}
	return "", proof, refuse(Invalid, proof, "proof is of type %s", proof.Kind())
}

// parseProof reads one proof of a document.
func parseProof(doc, node canonical.Value, form Form) (*Proof, *Error) {
	if node.Kind() != canonical.Object {
		return nil, refuse(Invalid, node, "a proof is of type %s, not an object", node.Kind())
	}
	r, p := jsonread.New(node), &Proof{Form: form, doc: doc, node: node}

	// The suite comes first: the members of another one are its own business.
	if typ := r.Filled("type"); r.Err() == nil && typ != ProofType {
		return nil, refuse(Unsupported, node, "proof type is %q", quote.Cut(typ, maxShown))
	}
	if suite := r.Filled("cryptosuite"); r.Err() == nil && suite != Cryptosuite {
		return nil, refuse(Unsupported, node, "cryptosuite is %q", quote.Cut(suite, maxShown))
	}
	p.VerificationMethod = r.Filled("verificationMethod")
	p.Purpose = r.Filled("proofPurpose")
	value := r.Filled("proofValue")
	p.ID = r.TextIf("id")
	p.Nonce = r.TextIf("nonce")
	p.Challenge, p.HasChallenge = r.TextIf("challenge"), r.Has("challenge")
	p.Domain = texts(&r, "domain", maxDomains)
	p.Created = r.TimeIf("created")
	p.Expires = r.TimeIf("expires")
	if bad := invalid(r.Fault()); bad != nil {
		return nil, bad
	}
	if r.Has("id") && !vcdm.IsURL(p.ID) {
		return nil, refuse(Invalid, node.Get("id"), "the proof's id is no URL")
	}
	// vc-di-eddsa section 3.3.2: base58btc, the only encoding that the suite knows.
	signature, err := multikey.DecodeBase58(value, ed25519.SignatureSize)
	if err != nil {
		return nil, refuse(Invalid, node.Get("proofValue"), "%v", err)
	}
	p.signature = [ed25519.SignatureSize]byte(signature)
	var bad *Error
	p.edits, bad = signedEdits(p.twoEdits[:0], doc, node, form)
	return p, bad
}

// signedEdits appends the edits that turn doc into what the proof signed.
//
// vc-di-eddsa section 3.3.2 step 4: when the proof has an @context, the
// document's must begin with all its values, in order; and the document is
// hashed with the proof's in place of its own, as it stands there.
func signedEdits(edits []canonical.Edit, doc, node canonical.Value, form Form) ([]canonical.Edit, *Error) {
	edits = append(edits, canonical.Omit(memberOf(form)))
	context := node.Get("@context")
	if context.Kind() == canonical.Absent {
		return edits, nil
	}
	var buf, docBuf [4]canonical.Value // as a rule there are two
	want, ok := contextList(buf[:0], context)
	if !ok || len(want) == 0 {
		return nil, refuse(Invalid, context, "the proof's @context is neither a string nor a list with an entry")
	}
	have, ok := contextList(docBuf[:0], doc.Get("@context"))
	if !ok || len(have) < len(want) {
		return nil, refuse(Invalid, context, "the document's @context does not begin with the proof's")
	}
	for i := range want {
		if !same(have[i], want[i]) {
			return nil, refuse(Invalid, want[i], "the document's @context does not begin with the proof's")
		}
	}
	return append(edits, canonical.Replace("@context", context)), nil
}

// same reports whether two values have the same canonical form.
func same(a, b canonical.Value) bool {
	s, ok := a.String()
	t, text := b.String()
	if ok && text {
		return s == t
	}
	return bytes.Equal(a.AppendCanonical(nil), b.AppendCanonical(nil))
}

// contextList appends the entries of an @context to list; a string or an object is
// one.
func contextList(list []canonical.Value, v canonical.Value) ([]canonical.Value, bool) {
	switch v.Kind() {
	case canonical.String, canonical.Object:
		return append(list, v), true
	case canonical.Array:
		for _, e := range v.Elements() {
			list = append(list, e)
		}
		return list, true
	}
	return nil, false
}

// invalid turns a fault of a proof's members into an error, nil into nil.
func invalid(f *jsonread.Fault) *Error {
	if f == nil {
		return nil
	}
	return refuse(Invalid, f.At, "%s", f.Message)
}

// texts reads a string, or a list of at most max strings; nil when it is absent.
func texts(r *jsonread.Reader, name string, max int) []string {
	v := r.At.Get(name)
	if s, ok := v.String(); ok {
		return []string{s}
	}
	if v.Kind() != canonical.Absent && (v.Kind() != canonical.Array || v.Len() == 0 || v.Len() > max) {
		r.Fail(v, "%s is neither a string nor a list of 1 to %d strings", name, max)
	}
	return r.TextsIf(name)
}
