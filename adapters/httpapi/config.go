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

// Config configures a Server. Keys is required; routes whose service is nil do
// not exist.
type Config struct {
	// Keys finds out who calls.
	Keys Keys
	// Verifier decides POST /credential/verify, each time on behalf of the
	// tenant that calls.
	Verifier *verifier.Verifier
	// Receipts keeps what Verifier signs, and is required with it.
	Receipts Receipts
	// Requests has the request flow.
	Requests *request.Service
	// PublicURL and PublicHost are those of Requests: its status lists and the
	// DIDs whose documents are served are named by them.
	PublicURL, PublicHost string
	// Passports has the passport flow.
	Passports *passport.Service
	// Ready says why the server cannot work at present, for /readyz. What it
	// says is logged, not told. Nil means that it always can.
	Ready func(context.Context) error

	// CreatesPerMinute is how many requests or passports a key may create in a
	// minute, and in one burst; what an Idempotency-Key answers again does not
	// count. Zero means DefaultCreatesPerMinute.
	CreatesPerMinute int
	// CallsPerMinute is the same of calls of any kind. Zero means
	// DefaultCallsPerMinute.
	CallsPerMinute int
	// MaxConcurrent is how many calls are carried out at a time, health and
	// public documents apart; more are answered 503. Each can hold a body of 12
	// MiB. Zero means DefaultMaxConcurrent.
	MaxConcurrent int

	// Log gets one line for each call, without path, query, header or body.
	// Nil means none.
	Log *slog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Rand is the source of X-Request-Id. Nil means crypto/rand.
	Rand io.Reader
}
