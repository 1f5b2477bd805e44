package jsonld

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/internal/quote"
)

// A Kind is the reason for refusing a document. The texts are stable. The zero
// Kind is not a reason.
type Kind string

// The kinds of refusal.
const (
	UndefinedTerm   Kind = "undefined_term"   // no context defines a member
	UndefinedType   Kind = "undefined_type"   // no context defines a type
	RedefinedTerm   Kind = "redefined_term"   // a protected term has another meaning or none
	UnknownContext  Kind = "unknown_context"  // the Checker does not have a context
	InvalidContext  Kind = "invalid_context"  // JSON-LD or this package does not allow a context
	InvalidDocument Kind = "invalid_document" // the document is not valid JSON-LD
	TooLarge        Kind = "too_large"        // over a limit

	// The following kinds do not depend on the document alone.

	Timeout Kind = "timeout" // the check took too long
	Busy    Kind = "busy"    // earlier checks still occupy all slots
	Broken  Kind = "broken"  // the processor panicked, or the Checker is the zero Checker
)

// An Error describes a refusal and its location.
type Error struct {
	Kind Kind
	// Term is the name, type or context URL that caused the error, or empty.
	// It comes from the document and may have any length.
	Term string
	// Pointer is the RFC 6901 pointer, from the root of the document, of the
	// member, type or context. For a fault in the context of a term or type,
	// it points to the value to which that context applies. If the location is
	// unknown, it points to the document. It comes from the document.
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

// maxShown bounds the text from the document in a message.
const maxShown = 120
