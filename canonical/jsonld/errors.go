package jsonld

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/internal/quote"
)

// A Kind says why a document was refused. The texts are stable. The zero Kind
// is none of them.
type Kind string

// The kinds of refusal.
const (
	UndefinedTerm   Kind = "undefined_term"   // a member that no context defines
	UndefinedType   Kind = "undefined_type"   // a type that no context defines
	RedefinedTerm   Kind = "redefined_term"   // a protected term, given another meaning or none
	UnknownContext  Kind = "unknown_context"  // a context that the Checker does not know
	InvalidContext  Kind = "invalid_context"  // a context that JSON-LD, or this package, does not allow
	InvalidDocument Kind = "invalid_document" // JSON-LD cannot be read from it
	TooLarge        Kind = "too_large"        // over a limit

	// The kinds below say nothing about the document.

	Timeout Kind = "timeout" // the check took too long
	Busy    Kind = "busy"    // other checks took too long
	Broken  Kind = "broken"  // the processor panicked, or the Checker is the zero one
)

// An Error says what was refused and where.
type Error struct {
	Kind Kind
	// Term is the name, the type or the URL of the context that the error is
	// about, or empty. It comes from the document, of any length.
	Term string
	// Pointer is the RFC 6901 pointer, from the root of the document: of the
	// member, the type or the context; of the value to which a context of its
	// term or type applies, for a fault in that; of the document when the place
	// is not known. It comes from the document.
	Pointer string

	detail string
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "jsonld: %s", e.Kind)
	if e.Term != "" {
		fmt.Fprintf(&b, " %s", quote.Text(e.Term, maxShown))
	}
	if e.Pointer != "" {
		q := quote.Text(e.Pointer, maxShown)
		end := strings.LastIndexByte(q, '"')
		fmt.Fprintf(&b, " at %s", q[1:end]+q[end+1:])
	}
	if e.detail != "" {
		fmt.Fprintf(&b, ": %s", e.detail)
	}
	return b.String()
}

// maxShown bounds how much of a text of the document stands in a message.
const maxShown = 120
