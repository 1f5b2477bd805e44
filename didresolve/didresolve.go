// Package didresolve answers one question: which key does this DID URL name
// for this purpose, at this time?
//
// It works in two steps that may be far apart. A [Resolver] finds the
// document of a DID; only that step may do I/O, and nothing in this package
// does any. [Document.VerificationMethod] is pure: it picks one key out of a
// document, by the "Retrieve Verification Method" steps of Controlled
// Identifiers 1.0 §3.3, and repeating it on a stored document gives the same
// answer.
//
// There is no "first key of the document" and no guessing: a key is found by
// its full id, counts only for the purposes that the document lists it
// under, and only before it expires or is revoked. What a key signed, and
// whether its controller may say it, is for the caller to judge.
package didresolve

import (
	"context"
	"time"
)

// Resolver finds the document of a DID. Implementations are safe for
// concurrent use.
//
// Resolve returns either a Resolution whose Document has the id did, byte
// for byte, or an error. The error is an [*Error] where the resolver can say
// something about the DID itself; [TypeOf] reads any other error as an
// outage. A deactivated DID is the error [ErrDeactivated], so that no caller
// can overlook it. Package resolvertest checks an implementation.
type Resolver interface {
	Resolve(ctx context.Context, did string) (*Resolution, error)
}

// Resolution is a document and where it came from. Receipts record it,
// because most DID methods keep no history that could be asked later.
type Resolution struct {
	// Document is never nil in a Resolution that comes without an error.
	Document *Document
	// Source says where the document is from: "did:key", "did:jwk",
	// "static", or a URL; "pinned " before it when its digest was given.
	// A [Cache] keeps it: RetrievedAt tells that an answer was kept.
	Source string
	// RetrievedAt is when the document was fetched, or confirmed to be
	// the current one. It is zero when it was derived from the DID or
	// supplied by the caller.
	RetrievedAt time.Time
	// KeepFor is how long the source lets the document be kept. Zero means
	// that it does not say, negative that it must not be kept.
	KeepFor time.Duration
	// ETag is how the source calls this state of the document, or empty.
	ETag string
}

// Refresher is a [Resolver] that can be asked for something newer than an
// answer at hand.
type Refresher interface {
	Resolver
	// Refresh is Resolve for a caller to whom prior is not enough: it is
	// old, or lacks a key. The document in the answer is that of prior when
	// it is still the current one, or when it is too early to ask again.
	// prior is not nil and is not modified.
	Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error)
}

// Lookup asks r for the document of did, and checks that the answer is one:
// its document has that id. With a prior answer, not nil, it asks for a newer
// one; prior itself is the answer when r is no [Refresher].
//
// A document that was kept may lack a key which its owner has added since.
// Whoever misses one calls Lookup again, once, with what it was given.
func Lookup(ctx context.Context, r Resolver, did string, prior *Resolution) (*Resolution, error) {
	res := prior
	var err error
	if prior == nil {
		res, err = r.Resolve(ctx, did)
	} else if newer, ok := r.(Refresher); ok {
		res, err = newer.Refresh(ctx, did, prior)
	}
	if err != nil {
		return nil, err
	}
	return answer(did, res)
}
