package didresolve

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// Key returns the resolver of did:key (did:key 0.9) for Ed25519. It derives the
// document from the DID: no I/O, and it does not look at the context.
//
// It reads only base58btc ("z"), at most 128 characters. The key must be a
// canonical point of the curve and not of small order. The document lists the
// key for authentication, assertionMethod, capabilityInvocation and
// capabilityDelegation; no X25519 key is derived. A version (did:key:1.1:z…) is
// ErrInvalidDID; a key of another known type, such as P-256 or X25519, is
// ErrFeatureNotSupported.
//
// It keeps the 1,024 derived documents that were used last: they never change.
func Key() Resolver { return keyResolver{memo.New[string, *Resolution](maxDerived)} }

// maxDerived is how many documents a keyResolver keeps.
const maxDerived = 1024

type keyResolver struct {
	known *memo.Memo[string, *Resolution]
}

func (r keyResolver) Resolve(_ context.Context, did string) (*Resolution, error) {
	res, ok := r.known.Get(did)
	if !ok {
		doc, err := deriveKey(did)
		if err != nil {
			return nil, err
		}
		res = &Resolution{Document: doc, Source: "did:key"}
		r.known.Add(doc.id, res) // not did, which may share the memory of a whole presentation
	}
	return share(res, nil)
}

// deriveKey makes the document of a did:key.
func deriveKey(did string) (*Document, error) {
	d, err := Parse(did)
	if err != nil {
		return nil, err
	}
	if d.Method != "key" {
		return nil, fail(ErrMethodNotSupported, "%s is not a did:key", shown(did))
	}
	// No message quotes the DID from here on: someone may have pasted a private
	// key.
	if strings.Contains(d.ID, ":") {
		return nil, fail(ErrInvalidDID, "did:key with a version")
	}
	key, err := multikey.ParsePublicKey(d.ID)
	if err != nil {
		t := ErrInvalidDID
		if isUnsupported(err) {
			t = ErrFeatureNotSupported
		}
		return nil, &Error{Type: t, Detail: "did:key", Cause: err}
	}
	doc, err := ParseDocument(keyDocument(did, d.ID))
	if err != nil {
		return nil, err
	}
	doc.methods[0].material.set(key) // decoded a moment ago
	return doc, nil
}

// keyDocument writes the document of a did:key in its canonical form. Base58 needs
// no escapes.
func keyDocument(did, multibase string) []byte {
	vm := did + "#" + multibase
	b := []byte(`{"@context":["https://www.w3.org/ns/did/v1.1"]`)
	for _, p := range [...]Purpose{AssertionMethod, Authentication, CapabilityDelegation, CapabilityInvocation} {
		b = fmt.Appendf(b, `,"%s":["%s"]`, p, vm)
	}
	return fmt.Appendf(b, `,"id":"%s","verificationMethod":[{"controller":"%s","id":"%s","publicKeyMultibase":"%s","type":"Multikey"}]}`, did, did, vm, multibase)
}

// Static returns a resolver that knows these documents and nothing else, for
// DIDs whose documents are installed by hand. A DID of which it was given
// more than one document resolves to ErrInvalidDIDDocument, not to either of
// them. A DID that it does not know is ErrNotFound when it knows others of
// that method, otherwise ErrMethodNotSupported. Nil documents are ignored.
func Static(docs ...*Document) Resolver {
	r := staticResolver{docs: map[string]*Document{}, methods: map[string]bool{}}
	for _, doc := range docs {
		id := doc.ID()
		d, err := Parse(id)
		if err != nil { // nil or zero: ParseDocument checks the id
			continue
		}
		r.methods[d.Method] = true
		if _, twice := r.docs[id]; twice {
			doc = nil
		}
		r.docs[id] = doc
	}
	return r
}

type staticResolver struct {
	docs    map[string]*Document // nil: given more than once
	methods map[string]bool
}

func (r staticResolver) Resolve(_ context.Context, did string) (*Resolution, error) {
	d, err := Parse(did)
	if err != nil {
		return nil, err
	}
	doc, found := r.docs[did]
	switch {
	case doc != nil:
		return &Resolution{Document: doc, Source: "static"}, nil
	case found:
		return nil, fail(ErrInvalidDIDDocument, "%s has more than one static document", shown(did))
	case r.methods[d.Method]:
		return nil, fail(ErrNotFound, "no static document for %s", shown(did))
	}
	return nil, fail(ErrMethodNotSupported, "no static document of method %s", shown(d.Method))
}

// Chain returns a resolver that asks rs in order and takes the first answer.
// It goes on to the next only when one says ErrNotFound or
// ErrMethodNotSupported; any other error, an outage above all, ends the
// search, because a later resolver could hold an older document. When none
// is left the answer is ErrNotFound if any gave it. A Chain of nothing
// resolves nothing. A document with another id than the DID is
// ErrInvalidDocumentID.
func Chain(rs ...Resolver) Resolver { return chain(slices.Clone(rs)) }

type chain []Resolver

func (c chain) Resolve(ctx context.Context, did string) (*Resolution, error) {
	return c.ask(ctx, did, nil)
}

// Refresh implements [Refresher]. Resolvers that are none are asked as the
// first time, since prior may be from another.
func (c chain) Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	return c.ask(ctx, did, prior)
}

func (c chain) ask(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	d, err := Parse(did)
	if err != nil {
		return nil, err
	}
	last := error(fail(ErrMethodNotSupported, "no resolver for method %s", shown(d.Method)))
	found := false // some resolver knows the method, but not the DID
	for i, r := range c {
		if err := ctx.Err(); err != nil {
			return nil, &Error{Type: ErrInternal, Retryable: true, Cause: err}
		}
		if r == nil {
			return nil, fail(ErrInternal, "resolver %d of the chain is nil", i)
		}
		res, err := ask(ctx, r, did, prior)
		switch TypeOf(err) {
		case "":
			return answer(did, res)
		case ErrNotFound:
			last, found = err, true
		case ErrMethodNotSupported:
			if !found {
				last = err
			}
		default:
			return nil, err
		}
	}
	return nil, last
}

// ask is Refresh where there is a prior answer and r can, else Resolve.
func ask(ctx context.Context, r Resolver, did string, prior *Resolution) (*Resolution, error) {
	if newer, ok := r.(Refresher); ok && prior != nil {
		return newer.Refresh(ctx, did, prior)
	}
	return r.Resolve(ctx, did)
}

// Pinned returns a resolver that asks next, and takes no document of a DID in
// pins but the one with that digest, the SHA-256 of its canonical form
// ([Document.Digest]). Another one is [ErrPinMismatch], which a [Chain] does
// not look behind. DIDs that are not in pins are answered as next answers
// them, so put Pinned around everything: beside it, in a Chain, is a way past.
//
// A pin stays when the owner rotates a key: until it is changed, nothing that
// the owner signs is accepted, and that is what a pin is for.
func Pinned(pins map[string][sha256.Size]byte, next Resolver) Resolver {
	return pinned{maps.Clone(pins), next}
}

type pinned struct {
	pins map[string][sha256.Size]byte
	next Resolver
}

func (p pinned) Resolve(ctx context.Context, did string) (*Resolution, error) {
	return p.ask(ctx, did, nil)
}

// Refresh implements [Refresher].
func (p pinned) Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	return p.ask(ctx, did, prior)
}

func (p pinned) ask(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	if p.next == nil {
		return nil, fail(ErrInternal, "there is no resolver behind the pins")
	}
	pin, ok := p.pins[did]
	res, err := ask(ctx, p.next, did, prior)
	if err != nil || !ok {
		return res, err
	}
	if res, err = answer(did, res); err != nil {
		return nil, err
	}
	if got := res.Document.Digest(); got != pin {
		return nil, fail(ErrPinMismatch, "the document of %s has the digest %x, pinned is %x", shown(did), got, pin)
	}
	out := *res
	out.Source = "pinned " + strings.TrimPrefix(res.Source, "pinned ") // of a prior answer of its own, once
	return &out, nil
}

// answer checks what a resolver outside this package says (DID Resolution v1
// §4.4: the document's id is the DID).
func answer(did string, res *Resolution) (*Resolution, error) {
	if res == nil || res.Document == nil {
		return nil, fail(ErrInternal, "a resolver returned neither a document nor an error")
	}
	if id := res.Document.ID(); id != did {
		return nil, fail(ErrInvalidDocumentID, "document of %s has the id %s", shown(did), shown(id))
	}
	return res, nil
}
