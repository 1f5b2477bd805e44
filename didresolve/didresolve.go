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
	// Source says who answered: "did:key", "static", or a URL.
	Source string
	// RetrievedAt is when the document was fetched. It is zero when it
	// was derived from the DID or supplied by the caller.
	RetrievedAt time.Time
}
