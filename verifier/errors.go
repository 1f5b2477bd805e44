package verifier

import (
	"errors"
	"fmt"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
)

// A RequestKind says why a request cannot be judged. The texts are stable.
type RequestKind string

// The kinds of requests that cannot be judged.
const (
	MalformedJSON    RequestKind = "malformed_json"
	NotAPresentation RequestKind = "not_a_presentation" // no object, or without the type VerifiablePresentation
	MalformedParams  RequestKind = "malformed_params"   // no JSON object
	TooLarge         RequestKind = "too_large"
)

// A RequestError says that a request cannot be judged: no decision was taken.
type RequestError struct {
	Kind    RequestKind
	Offset  int    // byte offset in the presentation or the parameters, or -1
	Pointer string // RFC 6901
	Limit   int    // the limit that was exceeded, or 0
	Detail  string
	cause   error
}

func (e *RequestError) Error() string {
	return fmt.Sprintf("verifier: %s: %s", e.Kind, e.Detail)
}

// Unwrap returns the [*canonical.Error], when there is one.
func (e *RequestError) Unwrap() error { return e.cause }

// unreadable turns a parse error into a RequestError of the kind.
func unreadable(kind RequestKind, err error) *RequestError {
	out := &RequestError{Kind: kind, Offset: -1, Detail: err.Error(), cause: err}
	var e *canonical.Error
	if errors.As(err, &e) {
		out.Offset, out.Pointer, out.Limit = e.Offset, shorten(e.Pointer), e.Limit
		if e.Limit > 0 {
			out.Kind = TooLarge
		}
	}
	return out
}

// A NoDecisionError says that something the decision needs could not be found
// out. It is neither an allow nor a deny.
type NoDecisionError struct {
	// Looking names what was looked up, such as the resolver; it may be empty.
	Looking string
	// Retryable reports whether the same request may be decided later, and
	// RetryAfter when at the earliest, if that is known.
	Retryable  bool
	RetryAfter time.Duration
	cause      error
}

func (e *NoDecisionError) Error() string {
	if e.Looking == "" {
		return fmt.Sprintf("verifier: no decision: %v", e.cause)
	}
	return fmt.Sprintf("verifier: no decision: %s: %v", e.Looking, e.cause)
}

// Unwrap returns the cause.
func (e *NoDecisionError) Unwrap() error { return e.cause }

// noDecision returns the error for a cause, and the cause itself if it is one already.
func noDecision(looking string, cause error) *NoDecisionError {
	var e *NoDecisionError
	if errors.As(cause, &e) {
		return e
	}
	e = &NoDecisionError{Looking: looking, Retryable: true, cause: cause}
	var did *didresolve.Error
	if errors.As(cause, &did) {
		e.Retryable, e.RetryAfter = did.Retryable, did.RetryAfter
	}
	return e
}

// guard calls an implementation of one of the Config's interfaces, or the engine
// itself. A panic is an error like any other: the host goes on, without an allow.
func guard[T any](name string, call func() (T, error)) (out T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = noDecision(name, fmt.Errorf("panic: %v", r))
		}
	}()
	return call()
}

// noRetry returns an error without a decision that asking again does not change.
func noRetry(cause error) error {
	e := noDecision("", cause)
	e.Retryable = false
	return e
}
