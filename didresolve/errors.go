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
// errors.Is(err, didresolve.ErrNotFound) works.
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
	// ErrInternal means that resolution failed. It is the only type that says
	// nothing about the DID.
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

// Error types of this package. The specifications have no error types for these
// cases.
const (
	ErrDeactivated ErrorType = "DEACTIVATED"
	// ErrMethodNotFound: the document is valid and does not have the key. Its
	// owner may have removed the key, or may add it later.
	ErrMethodNotFound ErrorType = "VERIFICATION_METHOD_NOT_FOUND"
	ErrKeyRevoked     ErrorType = "KEY_REVOKED"
	ErrKeyExpired     ErrorType = "KEY_EXPIRED"
	// ErrPinMismatch: the DID has a document, but not the pinned one.
	ErrPinMismatch ErrorType = "PIN_MISMATCH"
)

// Error returns the type in lower case words, without the package name.
func (t ErrorType) Error() string { return strings.ToLower(strings.ReplaceAll(string(t), "_", " ")) }

// Error says why a DID has no document, or a DID URL no key.
type Error struct {
	Type ErrorType
	// Detail is for people. It quotes and shortens untrusted text.
	Detail string
	// Retryable marks an outage: the same call may succeed later.
	Retryable bool
	// RetryAfter is how long to wait before the next call, 0 if unknown.
	RetryAfter time.Duration
	// Cause is the wrapped error, or nil.
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

// Is reports whether target is the type of e.
func (e *Error) Is(target error) bool {
	t, ok := target.(ErrorType)
	return ok && t == e.Type
}

func (e *Error) Unwrap() error { return e.Cause }

// Problem returns the RFC 9457 problem type URL. Three cases have no type of
// their own. ErrDeactivated is about:blank; the HTTP status has the meaning. The
// others are the nearest public types: ErrMethodNotFound, ErrKeyRevoked and
// ErrKeyExpired are INVALID_VERIFICATION_METHOD, and ErrPinMismatch is
// INVALID_DID_DOCUMENT.
func (e *Error) Problem() string { return e.Type.facts().problem }

// HTTPStatus returns the status code of the HTTPS binding of DID Resolution
// v1, and 500 for types that the binding does not name and for outages.
func (e *Error) HTTPStatus() int { return e.Type.facts().status }

// LegacyCode returns the error string of earlier drafts of DID Resolution, for
// older tools, or "" if the drafts had none.
func (e *Error) LegacyCode() string { return e.Type.facts().legacy }

// facts are the codes of an error type in other systems.
type facts struct {
	problem string // RFC 9457 type
	status  int    // HTTP
	legacy  string // of earlier drafts
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
	// ErrInternal and unknown types.
	return facts{did + string(ErrInternal), 500, "internalError"}
}

// TypeOf returns the type of a resolver's error, "" for nil. It returns
// [ErrInternal], an outage, for every error that is not a clear statement about
// the DID: a cancelled or expired context, a retryable error, an error joined
// with others, an unknown error and an unknown type.
func TypeOf(err error) ErrorType {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrInternal
	}
	// Not errors.As: it searches joined errors, and could find "not found"
	// next to an outage.
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

func fail(t ErrorType, format string, args ...any) *Error {
	return &Error{Type: t, Detail: fmt.Sprintf(format, args...)}
}

// shown quotes untrusted text for a message: one line of ASCII, of at most 80
// bytes of s.
func shown(s string) string { return quote.Text(s, 80) }
