package didresolve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestErrorType(t *testing.T) {
	const did, cid = "https://www.w3.org/ns/did#", "https://w3id.org/security#"
	tests := []struct {
		typ     ErrorType
		problem string
		status  int
		legacy  string
	}{
		{ErrInvalidDID, did + "INVALID_DID", 400, "invalidDid"},
		{ErrInvalidDIDURL, did + "INVALID_DID_URL", 400, "invalidDidUrl"},
		{ErrInvalidOptions, did + "INVALID_OPTIONS", 400, ""},
		{ErrNotFound, did + "NOT_FOUND", 404, "notFound"},
		{ErrRepresentationNotSupported, did + "REPRESENTATION_NOT_SUPPORTED", 406, "representationNotSupported"},
		{ErrInvalidDIDDocument, did + "INVALID_DID_DOCUMENT", 500, "invalidDidDocument"},
		{ErrInternal, did + "INTERNAL_ERROR", 500, "internalError"},
		{ErrMethodNotSupported, did + "METHOD_NOT_SUPPORTED", 501, "methodNotSupported"},
		{ErrFeatureNotSupported, did + "FEATURE_NOT_SUPPORTED", 501, ""},
		{ErrInvalidVerificationMethodURL, cid + "INVALID_VERIFICATION_METHOD_URL", 500, ""},
		{ErrInvalidDocumentID, cid + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID", 500, ""},
		{ErrInvalidDocument, cid + "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT", 500, ""},
		{ErrInvalidVerificationMethod, cid + "INVALID_VERIFICATION_METHOD", 500, ""},
		{ErrInvalidRelationship, cid + "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD", 500, ""},
		{ErrKeyRevoked, cid + "INVALID_VERIFICATION_METHOD", 500, ""},
		{ErrKeyExpired, cid + "INVALID_VERIFICATION_METHOD", 500, ""},
		{ErrDeactivated, "about:blank", 410, "deactivated"},
	}
	for _, tt := range tests {
		e := &Error{Type: tt.typ}
		if e.Problem() != tt.problem || e.HTTPStatus() != tt.status || e.LegacyCode() != tt.legacy {
			t.Errorf("%s: got %s %d %q", tt.typ, e.Problem(), e.HTTPStatus(), e.LegacyCode())
		}
		for _, err := range []error{e, tt.typ, fmt.Errorf("outer: %w", e), fmt.Errorf("outer: %w", tt.typ)} {
			if TypeOf(err) != tt.typ || !errors.Is(err, tt.typ) {
				t.Errorf("%v: type %q", err, TypeOf(err))
			}
		}
	}
}

// TestTypeOfOutage: every error that is not a clear statement about the DID is an
// outage.
func TestTypeOfOutage(t *testing.T) {
	notFound := &Error{Type: ErrNotFound}
	tests := []struct {
		name string
		err  error
	}{
		{"unknown error", errors.New("boom")},
		{"cancelled", context.Canceled},
		{"deadline", fmt.Errorf("get: %w", context.DeadlineExceeded)},
		{"not found because of a deadline", &Error{Type: ErrNotFound, Cause: context.DeadlineExceeded}},
		{"not found because of a cancellation", &Error{Type: ErrNotFound, Cause: context.Canceled}},
		{"not found joined with a cancellation", errors.Join(notFound, context.Canceled)},
		{"not found joined with an unknown error", errors.Join(notFound, errors.New("boom"))},
		{"not found joined alone", errors.Join(notFound)},
		{"two wrapped errors", fmt.Errorf("%w, %w", notFound, errors.New("boom"))},
		{"retryable", &Error{Type: ErrNotFound, Retryable: true}},
		{"retryable, wrapped", fmt.Errorf("outer: %w", &Error{Type: ErrNotFound, Retryable: true})},
		{"zero error", &Error{}},
		{"unknown type", &Error{Type: "NOT_FOUND_AT_ALL"}},
		{"type in lower case", &Error{Type: "not_found"}},
		{"bare unknown type", ErrorType("X")},
		{"wrapped nothing", wrapsNothing{}},
	}
	for _, tt := range tests {
		if got := TypeOf(tt.err); got != ErrInternal {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
	if got := TypeOf(nil); got != "" {
		t.Errorf("nil: got %q", got)
	}
}

type wrapsNothing struct{}

func (wrapsNothing) Error() string { return "wraps nothing" }
func (wrapsNothing) Unwrap() error { return nil }

func TestErrorText(t *testing.T) {
	cause := errors.New("status 503")
	e := &Error{Type: ErrInternal, Detail: "did:web", Retryable: true, RetryAfter: time.Second, Cause: cause}
	if got := e.Error(); got != "didresolve: internal error: did:web: status 503" {
		t.Error(got)
	}
	if !errors.Is(e, cause) || !errors.Is(e, ErrInternal) || errors.Is(e, ErrNotFound) {
		t.Error("Is")
	}
	if got := (&Error{Type: ErrNotFound}).Error(); got != "didresolve: not found" {
		t.Error(got)
	}
}

func TestQuote(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a\n\x1b\u202e\"", `"a\n\x1b\u202e\""`},
		{strings.Repeat("a", 80), `"` + strings.Repeat("a", 80) + `"`},
		{strings.Repeat("a", 81), `"` + strings.Repeat("a", 80) + `"…`},
		{strings.Repeat("a", 79) + "éé", `"` + strings.Repeat("a", 79) + `"…`},
		{strings.Repeat("\xff", 1<<20), `"` + strings.Repeat(`\xff`, 80) + `"…`},
	}
	for _, tt := range tests {
		if got := shown(tt.in); got != tt.want {
			t.Errorf("%.90q: got %s", tt.in, got)
		}
	}
}
