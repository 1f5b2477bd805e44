// Package fault answers one question: what is wrong with a call of a service?
//
// The services of the other adapters return its Error for whatever the caller
// can do something about; any other error of theirs is an outage, whose text is
// for the operator's log alone. It knows nothing of HTTP: a transport maps a
// Kind to a status and shows Code, Detail, and where the fault is.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// A Kind says who has to do what about a fault.
type Kind uint8

// The kinds. The zero value is none: an Error without a kind is an outage.
const (
	Invalid   Kind = iota + 1 // the input is at fault: 400
	Forbidden                 // a wrong one-time password: 403
	NotFound                  // there is none, or none that the caller may know of: 404
	Conflict                  // not as things stand: 409
	Mismatch                  // an idempotency key with another body: 422
	Locked                    // too many wrong one-time passwords: 423
	TooLarge                  // the input is larger than is read: 413
	Limited                   // too many of these calls: 429
)

// An Error is a fault that the caller can do something about. Its texts hold no
// secrets, and of the input only names.
type Error struct {
	Kind Kind
	Code string // stable, in snake_case
	// Pointer is the RFC 6901 pointer into the body; it counts when InBody is
	// set, since "" is the body itself.
	Pointer string
	InBody  bool
	// Parameter is the name of a query or path parameter.
	Parameter string
	Detail    string
	// RetryAfter is after how long a Limited call may succeed.
	RetryAfter time.Duration
}

// Error returns the code, the place and the detail.
func (e *Error) Error() string {
	where := ""
	switch {
	case e.Parameter != "":
		where = " (" + e.Parameter + ")"
	case e.InBody:
		where = fmt.Sprintf(" (%q)", e.Pointer)
	}
	return e.Code + where + ": " + e.Detail
}

// New returns a fault without a place.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// At returns a fault of a member of the body.
func At(kind Kind, pointer, code, format string, args ...any) *Error {
	e := New(kind, code, format, args...)
	e.Pointer, e.InBody = pointer, true
	return e
}

// Param returns a fault of a query or path parameter, Invalid.
func Param(name, code, format string, args ...any) *Error {
	e := New(Invalid, code, format, args...)
	e.Parameter = name
	return e
}

// CodeOf returns the code of an error, "" when it is none of a caller.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
