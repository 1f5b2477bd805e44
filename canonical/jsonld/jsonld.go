// Package jsonld answers one question: is every term of this document defined
// by its contexts? It implements that check with the expansion algorithm of
// JSON-LD 1.1.
//
// A JSON-LD processor silently drops every member and type that the contexts
// do not define. The signed document then says more than the processor reads.
// A [Checker] refuses such documents. It also refuses documents whose own
// contexts redefine a protected term (JSON-LD 1.1 section 4.1.11).
//
// A Checker never fetches anything. It knows the contexts
//
//   - https://www.w3.org/ns/credentials/v2
//   - https://www.w3.org/ns/credentials/undefined-terms/v2
//   - https://w3id.org/security/data-integrity/v2
//   - https://via.humanos.dev/ns/v1
//
// and those given to [New]. It refuses every other URL, and @import, @base and
// @propagate in contexts embedded in the document.
//
// # What is not checked
//
// The content of https://via.humanos.dev/ns/v1 is not public. Unless [New] is
// given its content, a document with this context may have any members and
// types in addition to those that the other contexts define, including
// misspelt ones. The check does not look below such a member, except at the
// contexts there. The terms of the other contexts stay protected.
//
// The check covers only the names of members and types. It does not cover the
// values of identifiers, of terms with the type @vocab and of JSON literals
// (@json). It does not check that the document is a credential, or its proof.
package jsonld

import (
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// DefaultTimeout is the default limit on one check. A credential takes about a
// millisecond.
const DefaultTimeout = 2 * time.Second

// Limits on one document. Each definition read or copied, and each 64 bytes of
// expanded names, is one unit of work. Work grows with members times contexts,
// so the size of a document does not bound it.
const (
	maxBytes        = 1 << 20
	maxValues       = 1 << 14
	maxDepth        = 64      // credentials nest about ten deep; json-gold recurses
	maxContexts     = 256     // @context entries in the whole document: 16 credentials with their proofs have 66
	maxTerms        = 1000    // defined in the document itself
	maxContextBytes = 1 << 16 // of names and texts in those contexts: each is a prefix of many names
	maxWork         = 1 << 19 // half a second; 16 mandates take a tenth of it
	maxRunning      = 8       // checks at a time, including late checks
)

// A Checker checks documents against contexts. [New] returns a Checker. The
// zero Checker refuses every document. A Checker is safe for concurrent use.
type Checker struct {
	// Timeout is the time for which a caller waits for one check. Zero or less
	// means DefaultTimeout. Set it before the first use.
	Timeout time.Duration

	known   library
	running chan struct{} // one slot per check
	// Tests replace these. nil means the system clock and json-gold.
	now    func() time.Time
	after  func(time.Duration) (expired <-chan time.Time, stop func())
	expand func(l library, tree map[string]any) *Error
}

// New returns a Checker with the contexts of the package and extra: context
// documents by URL, in strict JSON of at most 1 MiB. extra must not replace
// built-in W3C contexts. Its contexts may refer to each other, but not in a
// circle. The caller must trust them: New only checks their form. Its error
// names the URL and wraps a [*Error] or a [*canonical.Error].
func New(extra map[string][]byte) (*Checker, error) {
	known, err := newLibrary(extra)
	if err != nil {
		return nil, err
	}
	return &Checker{known: known, running: make(chan struct{}, maxRunning)}, nil
}

// CheckContext checks a document, which must be an object. It returns nil if
// every member name and type expands to an absolute IRI or is a JSON-LD
// keyword, no protected term is redefined, and the document can be expanded
// (JSON-LD 1.1 Processing Algorithms section 5.1). The error is always an
// [*Error] for the first fault found.
//
// At most 8 checks run at a time. Others wait, within their own Timeout. After
// a timeout, a check may continue for a moment with a copy of the document.
func (c *Checker) CheckContext(document canonical.Value) error {
	if err := c.check(document); err != nil {
		err.Pointer = document.Pointer() + err.Pointer
		return err
	}
	return nil
}
