// Package didresolve implements DID resolution (DID Resolution v1) and the
// retrieval of verification methods (Controlled Identifiers 1.0 §3.3). It
// answers one question: which key does this DID URL name for this purpose, at
// this time?
//
// There are two steps, and much time may pass between them. A [Resolver] finds
// the document of a DID. Only this step may do I/O, and this package does
// none. [Document.VerificationMethod] then selects one key of the document, by
// the "Retrieve Verification Method" steps. It is pure: on a stored document it
// returns the same result again.
//
// The package never guesses and has no "first key of the document". It finds a
// key by its full id, for the purposes under which the document lists it, and
// only before the key expires or is revoked. It checks neither what the key
// signed nor whether its controller may say that.
package didresolve

import (
	"context"
	"time"
)

// Resolver finds the document of a DID. Implementations are safe for
// concurrent use.
//
// Resolve returns either a Resolution whose Document has the id did, byte
// for byte, or an error. A statement about the DID itself is an [*Error];
// [TypeOf] reads any other error as an outage. A deactivated DID is the error
// [ErrDeactivated], so that no caller can overlook it. Package resolvertest
// checks an implementation.
type Resolver interface {
	Resolve(ctx context.Context, did string) (*Resolution, error)
}

// Resolution is a document and its origin. Receipts record it, because most
// DID methods keep no history.
type Resolution struct {
	// Document is not nil if the error is nil.
	Document *Document
	// Source is the origin of the document: "did:key", "did:jwk", "static", or
	// a URL. The prefix "pinned " marks a document with a pinned digest. A
	// [Cache] does not change Source: compare RetrievedAt to see that a document
	// came from a cache.
	Source string
	// RetrievedAt is when the document was fetched, or confirmed as current.
	// It is zero if the document was derived from the DID or supplied by the
	// caller.
	RetrievedAt time.Time
	// KeepFor is how long the source allows the document to be kept. Zero
	// means that the source does not say, negative that the document must not
	// be kept.
	KeepFor time.Duration
	// ETag is the source's name for this state of the document, or empty.
	ETag string
}

// Refresher is a [Resolver] that can look for a newer document than a known
// one.
type Refresher interface {
	Resolver
	// Refresh resolves did again because prior is old or lacks a key. It
	// returns the document of prior if that is still the current one, or if
	// the last fetch was too recent. prior must not be nil; Refresh does not
	// modify it.
	Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error)
}

// Lookup resolves did with r and checks that the document has that id. If prior
// is not nil, Lookup refreshes it; if r is not a [Refresher], it returns prior.
//
// A cached document may lack a key that its owner has added since. A caller
// that misses a key calls Lookup once more, with the resolution from the first
// call as prior.
func Lookup(ctx context.Context, r Resolver, did string, prior *Resolution) (*Resolution, error) {
	res := prior
	var err error
	if prior == nil {
		res, err = r.Resolve(ctx, did)
	} else if refresher, ok := r.(Refresher); ok {
		res, err = refresher.Refresh(ctx, did, prior)
	}
	if err != nil {
		return nil, err
	}
	return validate(did, res)
}
