// Package passport answers one question: who is this identity, and who vouches
// for its key? It makes key pairs in custody with a did:key, and registers them
// in the log of receipts, which is a log of one operator, not a ledger of many.
package passport

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/receipts"
)

// Config configures a Service. Store, Keys and Signer are required.
type Config struct {
	Store  store.Store
	Keys   vault.KeyStore
	Signer receipts.Signer // signs the receipts of registrations
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Rand makes ids. Nil means crypto/rand.
	Rand io.Reader
}

// A Service is safe for concurrent use. Its errors are those of package request's.
type Service struct{ cfg Config }

// New checks cfg.
func New(cfg Config) (*Service, error) { return nil, errors.ErrUnsupported }

// Create makes a passport, and returns the JSON of data: POST /v1/passports.
func (s *Service) Create(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Get returns the JSON of data: what Create answered, and registration, the
// receipt with its proof of inclusion: GET /v1/passports/{id}.
func (s *Service) Get(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
