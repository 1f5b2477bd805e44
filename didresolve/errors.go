package didresolve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/internal/quote"
)

// ErrorType classifies an [Error]. Every constant is itself an error, so
// that errors.Is(err, didresolve.ErrNotFound) works.
type ErrorType string

// Error types of DID Resolution v1 §4.4.
const (
	ErrInvalidDID                 ErrorType = "INVALID_DID"
	ErrInvalidDIDURL              ErrorType = "INVALID_DID_URL"
	ErrInvalidOptions             ErrorType = "INVALID_OPTIONS"
	ErrNotFound                   ErrorType = "NOT_FOUND"
	ErrRepresentationNotSupported ErrorType = "REPRESENTATION_NOT_SUPPORTED"
	ErrInvalidDIDDocument         ErrorType = "INVALID_DID_DOCUMENT"
	ErrMethodNotSupported         ErrorType = "METHOD_NOT_SUPPORTED"
	ErrFeatureNotSupported        ErrorType = "FEATURE_NOT_SUPPORTED"
	// ErrInternal is the only type that says nothing about the DID: the
	// question could not be answered.
	ErrInternal ErrorType = "INTERNAL_ERROR"
)

// Error types of Controlled Identifiers 1.0 §3.3.
const (
	ErrInvalidVerificationMethodURL ErrorType = "INVALID_VERIFICATION_METHOD_URL"
	ErrInvalidDocumentID            ErrorType = "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"
	ErrInvalidDocument              ErrorType = "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"
	ErrInvalidVerificationMethod    ErrorType = "INVALID_VERIFICATION_METHOD"
	ErrInvalidRelationship          ErrorType = "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
)

// Error types of this package, for what the specifications express without
// an error type of its own.
const (
	ErrDeactivated ErrorType = "DEACTIVATED"
	// ErrMethodNotFound: the document is sound and does not hold the key,
	// any more or not yet.
	ErrMethodNotFound ErrorType = "VERIFICATION_METHOD_NOT_FOUND"
	ErrKeyRevoked     ErrorType = "KEY_REVOKED"
	ErrKeyExpired     ErrorType = "KEY_EXPIRED"
	// ErrPinMismatch: there is a document, and it is not the pinned one.
	ErrPinMismatch ErrorType = "PIN_MISMATCH"
)

// Error returns a short text without the package name.
func (t ErrorType) Error() string { return strings.ToLower(strings.ReplaceAll(string(t), "_", " ")) }

// Error says why a DID has no document, or a DID URL no key.
type Error struct {
	Type ErrorType
	// Detail is for people. Text that came from outside is quoted in it,
	// and cut short.
	Detail string
	// Retryable marks an outage: the same call may succeed later.
	Retryable bool
	// RetryAfter is how long to wait before that, 0 when unknown.
	RetryAfter time.Duration
	// Cause is the error underneath, or nil.
	Cause error
}

func (e *Error) Error() string {
	s := "didresolve: " + e.Type.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Is reports whether target is the error's type.
func (e *Error) Is(target error) bool {
	t, ok := target.(ErrorType)
	return ok && t == e.Type
}

func (e *Error) Unwrap() error { return e.Cause }

// Problem returns the RFC 9457 problem type URL. A deactivated DID has none
// and yields about:blank, to be read with its HTTP status. A key that is not
// there, revoked or expired yields INVALID_VERIFICATION_METHOD, and a document that is
// not the pinned one INVALID_DID_DOCUMENT, the nearest public types.
func (e *Error) Problem() string { return e.Type.facts().problem }

// HTTPStatus returns the status code of the HTTPS binding of DID Resolution
// v1. It is 500 for every type that the binding does not name, outages
// included.
func (e *Error) HTTPStatus() int { return e.Type.facts().status }

// LegacyCode returns the error string of earlier drafts of DID Resolution,
// which older tools compare, or "" when there was none.
func (e *Error) LegacyCode() string { return e.Type.facts().legacy }

// facts is how other systems write an error type.
type facts struct {
	problem string // RFC 9457 type
	status  int    // HTTP
	legacy  string // before the problem types
}

func (t ErrorType) facts() facts {
	const did, cid = "https://www.w3.org/ns/did#", "https://w3id.org/security#"
	switch t {
	case ErrInvalidDID:
		return facts{did + string(t), 400, "invalidDid"}
	case ErrInvalidDIDURL:
		return facts{did + string(t), 400, "invalidDidUrl"}
	case ErrInvalidOptions:
		return facts{did + string(t), 400, ""}
	case ErrNotFound:
		return facts{did + string(t), 404, "notFound"}
	case ErrRepresentationNotSupported:
		return facts{did + string(t), 406, "representationNotSupported"}
	case ErrInvalidDIDDocument:
		return facts{did + string(t), 500, "invalidDidDocument"}
	case ErrMethodNotSupported:
		return facts{did + string(t), 501, "methodNotSupported"}
	case ErrFeatureNotSupported:
		return facts{did + string(t), 501, ""}
	case ErrInvalidVerificationMethodURL, ErrInvalidDocumentID, ErrInvalidDocument,
		ErrInvalidVerificationMethod, ErrInvalidRelationship:
		return facts{cid + string(t), 500, ""}
	case ErrMethodNotFound, ErrKeyRevoked, ErrKeyExpired:
		return facts{cid + string(ErrInvalidVerificationMethod), 500, ""}
	case ErrDeactivated:
		return facts{"about:blank", 410, "deactivated"}
	case ErrPinMismatch:
		return facts{did + string(ErrInvalidDIDDocument), 500, ""}
	}
	// ErrInternal, and whatever this package does not know.
	return facts{did + string(ErrInternal), 500, "internalError"}
}

// TypeOf returns the type of a resolver's error, "" for nil. Anything that
// is not plainly a statement about the DID is [ErrInternal], an outage: a
// cancelled or expired context, a retryable error, an error joined with
// others, an error or a type that this package does not know.
func TypeOf(err error) ErrorType {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrInternal
	}
	// Not errors.As: it would look into joined errors and could find "not
	// found" beside an outage.
	for err != nil {
		switch e := err.(type) {
		case *Error:
			if e.Retryable {
				return ErrInternal
			}
			err = e.Type
		case ErrorType:
			if e.facts() == ErrInternal.facts() { // itself, or unknown
				return ErrInternal
			}
			return e
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		default:
			return ErrInternal
		}
	}
	return ErrInternal
}

// fail returns an *Error with a formatted detail.
func fail(t ErrorType, format string, args ...any) *Error {
	return &Error{Type: t, Detail: fmt.Sprintf(format, args...)}
}

// shown makes untrusted text fit for one line of a message.
func shown(s string) string { return quote.Text(s, 80) }
