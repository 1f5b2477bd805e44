// Package jsonld answers one question: is every term of this document defined
// by its contexts?
//
// A JSON-LD processor drops, without a word, every member and type that the
// contexts do not define: what was signed then says more than what such a
// processor reads. A [Checker] refuses those documents, and those whose own
// contexts give another meaning to a protected term (JSON-LD 1.1 section 4.1.11).
//
// It never fetches anything. It knows the contexts
//
//   - https://www.w3.org/ns/credentials/v2
//   - https://www.w3.org/ns/credentials/undefined-terms/v2
//   - https://w3id.org/security/data-integrity/v2
//   - https://via.humanos.dev/ns/v1
//
// and those given to [New]; every other URL is refused, as are @import, @base
// and @propagate in contexts that stand in the document.
//
// # What is not checked
//
// The content of https://via.humanos.dev/ns/v1 is not public. Unless [New] is
// given it, a document that uses it may hold any member and any type beside
// those that the other contexts define, misspelt ones included, and what
// stands below such a member is not looked at, but for the contexts there.
// The terms of the other contexts stay protected.
//
// Only names of members and types are checked. The values of identifiers, of
// terms with the type @vocab and of JSON literals (@json) are not, nor is
// whether the document is a credential, nor anything of its proof.
package jsonld

import (
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// DefaultTimeout is how long one check may take, in a Checker that says nothing
// else. A credential takes about a millisecond.
const DefaultTimeout = 2 * time.Second

// What one document may cost. The work counts definitions that are read or
// copied, and 64 bytes of expanded names as one: it grows with members times
// contexts, which the size of a document does not bound.
const (
	maxBytes        = 1 << 20
	maxValues       = 1 << 14
	maxDepth        = 64      // credentials nest about ten deep; json-gold recurses
	maxContexts     = 256     // entries of @context, in the whole document: 16 credentials with their proofs take 66
	maxTerms        = 1000    // defined in the document itself
	maxContextBytes = 1 << 16 // of names and texts in those contexts: each is a prefix of many names
	maxWork         = 1 << 19 // half a second; 16 mandates take a tenth of it
	maxRunning      = 8       // checks at a time, those that nobody waits for any longer included
)

// A Checker checks documents against contexts. [New] makes one; the zero
// Checker refuses every document. It is safe for concurrent use.
type Checker struct {
	// Timeout is how long a caller waits for one check. Zero or less means
	// DefaultTimeout. Set it before the first use.
	Timeout time.Duration

	known   library
	running chan struct{} // a slot for each check
	// Replaced by tests: nil means the clock, and json-gold.
	now    func() time.Time
	after  func(time.Duration) (expired <-chan time.Time, stop func())
	expand func(l library, tree map[string]any) *Error
}

// New returns a Checker that knows extra beside the contexts of the package:
// context documents by their URL, in strict JSON of at most 1 MiB. They must
// not be those of the W3C that are built in; may refer to each other, but not
// in a circle; and are the caller's to trust: only what is wrong with their
// form is an error here, naming the URL, and wrapping a [*Error] or a
// [*canonical.Error].
func New(extra map[string][]byte) (*Checker, error) {
	known, err := newLibrary(extra)
	if err != nil {
		return nil, err
	}
	return &Checker{known: known, running: make(chan struct{}, maxRunning)}, nil
}

// CheckContext returns nil when every name of a member and every type in the
// document, which must be an object, expands to an absolute IRI or is a keyword
// of JSON-LD, no protected term has another meaning, and the document can be
// expanded (JSON-LD 1.1 Processing Algorithms section 5.1). The error is always
// an [*Error], about the first fault that was found.
//
// At most 8 checks run at a time; others wait for them, within their own
// Timeout. A check that is late may go on for a moment after CheckContext has
// returned, with a copy of the document.
func (c *Checker) CheckContext(document canonical.Value) error {
	if err := c.check(document); err != nil {
		err.Pointer = document.Pointer() + err.Pointer
		return err
	}
	return nil
}
