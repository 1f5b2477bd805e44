package verifier

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// A SignatureVerifier verifies Ed25519 signatures. It is asked about keys that are
// points of the curve and not of small order, and about signatures of 64 bytes
// whose R is neither of small order nor spelled in another way. It must decide
// like crypto/ed25519: without the cofactor, S below L, and each signature for
// itself, since verifying in batches accepts what that does not. Implementations
// must be safe for concurrent use.
type SignatureVerifier interface {
	Verify(key ed25519.PublicKey, message, signature []byte) bool
}

// A ContextChecker decides whether the terms of a document mean what their
// names say, beyond the URLs of its @context, which are always checked.
// Implementations must be safe for concurrent use and must not fetch anything.
type ContextChecker interface {
	// CheckContext returns an error when the document must not be relied on.
	CheckContext(document canonical.Value) error
}

// A StatusSource hands out status list credentials. Implementations must be
// safe for concurrent use.
type StatusSource interface {
	// StatusList returns the status list credential published at url, as
	// received: the engine verifies it. ErrNoStatusList means that there is
	// none, which denies; any other error means an outage, and there is no
	// decision.
	StatusList(ctx context.Context, url string) ([]byte, error)
}

// ErrNoStatusList is what a [StatusSource] returns for a list it knows not to
// exist.
var ErrNoStatusList = errors.New("verifier: no such status list")

// A Replay remembers which presentations were used. Implementations must be
// safe for concurrent use, and by all processes that share one verifier.
type Replay interface {
	// Use records that key is used up, atomically, and reports whether it was
	// not before. The key has to be remembered until the time until, or for
	// good when that is zero; now is the time of the decision. A store that
	// cannot take another key returns an error; it never forgets one early.
	Use(ctx context.Context, key [sha256.Size]byte, now, until time.Time) (first bool, err error)
}
