package didresolve

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// Key returns the resolver of did:key (did:key 0.9) for Ed25519. The resolver
// derives the document from the DID, without I/O and without regard to the
// context.
//
// It reads only base58btc ("z"), at most 128 characters. The key must be a
// canonical point of the curve and not of small order. The document lists the
// key for authentication, assertionMethod, capabilityInvocation and
// capabilityDelegation. The resolver does not derive an X25519 key. A version
// (did:key:1.1:z…) is ErrInvalidDID. A key of another known type, such as P-256
// or X25519, is ErrFeatureNotSupported.
//
// The resolver keeps the 1,024 most recently used documents, which never change.
func Key() Resolver { return keyResolver{memo.New[string, *Resolution](maxDerived)} }

// maxDerived is the maximum number of documents that a keyResolver keeps.
const maxDerived = 1024

type keyResolver struct {
	derived *memo.Memo[string, *Resolution]
}

func (r keyResolver) Resolve(_ context.Context, did string) (*Resolution, error) {
	res, ok := r.derived.Get(did)
	if !ok {
		doc, err := deriveKey(did)
		if err != nil {
			return nil, err
		}
		res = &Resolution{Document: doc, Source: "did:key"}
		r.derived.Add(doc.id, res) // not did, which may share the memory of a whole presentation
	}
	return clone(res, nil)
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
	// No message quotes the DID from here on: the id may be a pasted private key.
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
	m := &doc.methods[0]
	m.material.set(key, m.id[len(did)+1:]) // decoded above
	return doc, nil
}

// keyDocument returns the canonical form of the document of a did:key. Base58
// needs no JSON escapes.
func keyDocument(did, multibase string) []byte {
	vm := did + "#" + multibase
	return []byte(`{"@context":["https://www.w3.org/ns/did/v1.1"],"assertionMethod":["` + vm + `"],"authentication":["` + vm +
		`"],"capabilityDelegation":["` + vm + `"],"capabilityInvocation":["` + vm + `"],"id":"` + did +
		`","verificationMethod":[{"controller":"` + did + `","id":"` + vm + `","publicKeyMultibase":"` + multibase + `","type":"Multikey"}]}`)
}

// Static returns a resolver of exactly these documents. A DID with more than
// one document resolves to ErrInvalidDIDDocument. An unknown DID resolves to
// ErrNotFound if docs has another DID of its method, otherwise to
// ErrMethodNotSupported. Static ignores nil documents.
func Static(docs ...*Document) Resolver {
	r := staticResolver{docs: map[string]*Document{}, methods: map[string]bool{}}
	for _, doc := range docs {
		id := doc.ID()
		d, err := Parse(id)
		if err != nil { // nil or zero; ParseDocument has checked all others
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
	docs    map[string]*Document // nil if the DID has more than one
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

// Chain returns a resolver that calls rs in order and returns the first
// document. After ErrNotFound and ErrMethodNotSupported it calls the next
// resolver. It returns every other error, outages included, because a later
// resolver could have an older document. If no resolver has a document, Chain
// returns ErrNotFound if one of them did, otherwise ErrMethodNotSupported. So
// does a Chain without resolvers. If the id of a document is not the DID, Chain
// returns ErrInvalidDocumentID.
func Chain(rs ...Resolver) Resolver { return chain(slices.Clone(rs)) }

type chain []Resolver

func (c chain) Resolve(ctx context.Context, did string) (*Resolution, error) {
	return c.resolve(ctx, did, nil)
}

// Refresh implements [Refresher]. It calls Resolve of a resolver without
// Refresh, because prior may come from another resolver.
func (c chain) Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	return c.resolve(ctx, did, prior)
}

func (c chain) resolve(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	d, err := Parse(did)
	if err != nil {
		return nil, err
	}
	last := error(fail(ErrMethodNotSupported, "no resolver for method %s", shown(d.Method)))
	notFound := false // a resolver returned ErrNotFound
	for i, r := range c {
		if err := ctx.Err(); err != nil {
			return nil, &Error{Type: ErrInternal, Retryable: true, Cause: err}
		}
		if r == nil {
			return nil, fail(ErrInternal, "resolver %d of the chain is nil", i)
		}
		res, err := refreshOrResolve(ctx, r, did, prior)
		switch TypeOf(err) {
		case "":
			return validate(did, res)
		case ErrNotFound:
			last, notFound = err, true
		case ErrMethodNotSupported:
			if !notFound {
				last = err
			}
		default:
			return nil, err
		}
	}
	return nil, last
}

// refreshOrResolve calls Refresh if prior is not nil and r is a Refresher,
// otherwise Resolve.
func refreshOrResolve(ctx context.Context, r Resolver, did string, prior *Resolution) (*Resolution, error) {
	if refresher, ok := r.(Refresher); ok && prior != nil {
		return refresher.Refresh(ctx, did, prior)
	}
	return r.Resolve(ctx, did)
}

// Pinned returns a resolver that calls next. For a DID in pins it accepts only
// the document with that digest, the SHA-256 of the canonical form
// ([Document.Digest]); any other document is [ErrPinMismatch], and a [Chain]
// does not call a later resolver after it. For other DIDs it returns the result
// of next. Put Pinned around all other resolvers: a resolver next to it in a
// Chain bypasses the pins.
//
// When the owner of a pinned DID rotates a key, every signature of the owner
// fails until the pin is changed. This is the purpose of a pin.
func Pinned(pins map[string][sha256.Size]byte, next Resolver) Resolver {
	return pinned{maps.Clone(pins), next}
}

type pinned struct {
	pins map[string][sha256.Size]byte
	next Resolver
}

func (p pinned) Resolve(ctx context.Context, did string) (*Resolution, error) {
	return p.resolve(ctx, did, nil)
}

// Refresh implements [Refresher].
func (p pinned) Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	return p.resolve(ctx, did, prior)
}

func (p pinned) resolve(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	if p.next == nil {
		return nil, fail(ErrInternal, "there is no resolver behind the pins")
	}
	pin, ok := p.pins[did]
	res, err := refreshOrResolve(ctx, p.next, did, prior)
	if err != nil || !ok {
		return res, err
	}
	if res, err = validate(did, res); err != nil {
		return nil, err
	}
	if got := res.Document.Digest(); got != pin {
		return nil, fail(ErrPinMismatch, "the document of %s has the digest %x, pinned is %x", shown(did), got, pin)
	}
	out := *res
	out.Source = "pinned " + strings.TrimPrefix(res.Source, "pinned ") // res may be a prior result of p
	return &out, nil
}

// validate checks the result of a resolver: there must be a document, and its id
// must be the DID (DID Resolution v1 §4.4).
func validate(did string, res *Resolution) (*Resolution, error) {
	if res == nil || res.Document == nil {
		return nil, fail(ErrInternal, "a resolver returned neither a document nor an error")
	}
	if id := res.Document.ID(); id != did {
		return nil, fail(ErrInvalidDocumentID, "document of %s has the id %s", shown(did), shown(id))
	}
	return res, nil
}
