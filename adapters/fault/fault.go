// Package fault answers one question: what is wrong with a call of a service?
// It implements the errors and the strict body reader of the services in the
// other adapters.
//
// A service returns an Error if the caller can correct the call. Any other
// error is an outage, and its text is only for the operator's log. The package
// is independent of HTTP: a transport maps a Kind to a status and shows Code,
// Detail and the location.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// A Kind classifies a fault.
type Kind uint8

// The kinds, with their HTTP status. An Error with the zero Kind is an outage.
const (
	Invalid   Kind = iota + 1 // the input is invalid: 400
	Forbidden                 // a wrong one-time password: 403
	NotFound                  // absent, or hidden from the caller: 404
	Conflict                  // impossible in the current state: 409
	Mismatch                  // an idempotency key with another body: 422
	Locked                    // too many wrong one-time passwords: 423
	TooLarge                  // the input exceeds a size limit: 413
	Limited                   // too many of these calls: 429
)

// An Error is a fault that the caller can correct. Its texts contain no
// secrets and, of the input, only names.
type Error struct {
	Kind Kind
	Code string // stable, in snake_case
	// Pointer is the RFC 6901 pointer into the body. It is valid if InBody is
	// set, because "" is the body itself.
	Pointer string
	InBody  bool
	// Parameter is the name of a query or path parameter.
	Parameter string
	Detail    string
	// RetryAfter is the time after which a Limited call may succeed.
	RetryAfter time.Duration
}

// Error returns the code, the location and the detail.
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

// New returns a fault without a location.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// At returns a fault at a member of the body.
func At(kind Kind, pointer, code, format string, args ...any) *Error {
	e := New(kind, code, format, args...)
	e.Pointer, e.InBody = pointer, true
	return e
}

// Param returns an Invalid fault of a query or path parameter.
func Param(name, code, format string, args ...any) *Error {
	e := New(Invalid, code, format, args...)
	e.Parameter = name
	return e
}

// CodeOf returns the code of an error, or "" for an error without a code.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
