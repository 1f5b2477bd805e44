package httpapi

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/verifier"
)

// Config configures a Server. Keys is required. A nil service has no routes.
type Config struct {
	// Keys identifies callers.
	Keys Keys
	// Verifier decides POST /credential/verify. The tenant of the key is the
	// verifier of each request.
	Verifier *verifier.Verifier
	// Receipts stores the receipts that Verifier signs. It is required if
	// Verifier is set.
	Receipts Receipts
	// Requests implements the request flow.
	Requests *request.Service
	// PublicURL and PublicHost must be those of Requests. They determine the
	// URLs of status lists and the DIDs whose documents are served.
	PublicURL, PublicHost string
	// Passports implements the passport flow.
	Passports *passport.Service
	// Ready returns an error if the server cannot work at present, for
	// /readyz. The error is logged and not sent to the caller. Nil means
	// always ready.
	Ready func(context.Context) error

	// CreatesPerMinute is the number of requests or passports that a key may
	// create in a minute, and in one burst. Replays by Idempotency-Key do not
	// count. Zero means DefaultCreatesPerMinute.
	CreatesPerMinute int
	// CallsPerMinute is the same limit for calls of any kind. Zero means
	// DefaultCallsPerMinute.
	CallsPerMinute int
	// MaxConcurrent is the number of calls served at a time, without health
	// and public documents. Further calls get 503. Each call can hold a body
	// of 12 MiB. Zero means DefaultMaxConcurrent.
	MaxConcurrent int

	// Log gets one line per call, without path, query, header or body. Nil
	// means no log.
	Log *slog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Rand is the source of X-Request-Id. Nil means crypto/rand.
	Rand io.Reader
}
