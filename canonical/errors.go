package canonical

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/internal/quote"
)

// A Kind is the reason of an [Error]. The texts are stable.
type Kind string

// The kinds.
const (
	Syntax           Kind = "syntax"              // not RFC 8259 JSON
	TrailingData     Kind = "trailing_data"       // bytes after the value
	InvalidUTF8      Kind = "invalid_utf8"        // RFC 8259 section 8.1
	LoneSurrogate    Kind = "lone_surrogate"      // \ud800 without a low surrogate
	Noncharacter     Kind = "noncharacter"        // U+FDD0..U+FDEF, U+xxFFFE, U+xxFFFF
	DuplicateKey     Kind = "duplicate_key"       // RFC 7493 section 2.3
	NumberOutOfRange Kind = "number_out_of_range" // overflows a double
	TooDeep          Kind = "too_deep"
	TooLarge         Kind = "too_large" // the document, or one number in it
	TooManyValues    Kind = "too_many_values"

	// Only Marshal and AppendString return the following kinds.

	UnsafeInteger    Kind = "unsafe_integer"    // beyond 2^53-1: write it as a string
	UnsupportedValue Kind = "unsupported_value" // NaN, infinity, or a Go type without a JSON form
)

// An Error says what is wrong with a document or value, and where.
type Error struct {
	Kind Kind
	// Offset is a byte offset in the input. For a duplicate key it is the
	// opening quote of the repeated name. For a lone surrogate, a
	// noncharacter, a bad escape, a bad literal and a number out of range it is
	// the first byte. Otherwise it is the first byte that cannot continue the
	// document, or the length of an incomplete document. Marshal sets it to -1.
	Offset int
	// Pointer is the RFC 6901 pointer of the value in which parsing stopped,
	// or of the repeated member. Its text comes from the input.
	Pointer string
	// Limit is the exceeded limit, or 0.
	Limit int

	detail string
	path   []string // pointer tokens, innermost first, until finish
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "canonical: %s", e.Kind)
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " at byte %d", e.Offset)
	}
	if e.Pointer != "" {
		q := quote.Text(e.Pointer, maxShown)
		end := strings.LastIndexByte(q, '"')
		fmt.Fprintf(&b, " (%s)", q[1:end]+q[end+1:])
	}
	if e.detail != "" {
		fmt.Fprintf(&b, ": %s", e.detail)
	}
	if e.Limit > 0 {
		fmt.Fprintf(&b, ": the limit is %d", e.Limit)
	}
	return b.String()
}

// maxShown is the maximum length of a pointer in a message, in bytes.
const maxShown = 120

// within adds token, the member or element that contains the error, to the path.
func (e *Error) within(token string) *Error {
	e.path = append(e.path, token)
	return e
}

// finish converts the path into Pointer.
func (e *Error) finish() *Error {
	var b strings.Builder
	for i := len(e.path) - 1; i >= 0; i-- {
		b.WriteByte('/')
		pointerEscaper.WriteString(&b, e.path[i])
	}
	e.Pointer, e.path = b.String(), nil
	return e
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")
