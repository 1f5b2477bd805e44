package request

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// keyFragment names the only key of a did:web of the service.
const keyFragment = "#key-1"

func (s *Service) random16() (b [16]byte, err error) {
	if _, err = io.ReadFull(s.cfg.Rand, b[:]); err != nil {
		err = fmt.Errorf("request: %w", err)
	}
	return b, err
}

// uuid returns a random UUID (RFC 9562 version 4).
func (s *Service) uuid() (string, error) {
	b, err := s.random16()
	return formatUUID(b, 4), err
}

func formatUUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// urn returns a new urn:via:… identifier.
func (s *Service) urn(kind string) (string, error) {
	id, err := s.uuid()
	return "urn:via:" + kind + ":" + id, err
}

func (s *Service) hex(bytes int) (string, error) {
	b, err := s.random16()
	return hex.EncodeToString(b[:min(bytes, len(b))]), err
}

// objectID returns a new request ID: 4 bytes of seconds, as in an ObjectId,
// and 8 random bytes.
func (s *Service) objectID() (string, error) {
	b, err := s.random16()
	seconds := uint32(s.now().Unix())
	return fmt.Sprintf("%08x%x", seconds, b[:8]), err
}

// checkObjectID refuses an ID other than 24 hexadecimal digits.
func checkObjectID(parameter, id string) error {
	if b, err := hex.DecodeString(id); err != nil || len(b) != 12 {
		return fault.Param(parameter, "invalid_id", "is not 24 hexadecimal digits")
	}
	return nil
}

// digits returns n random digits.
func (s *Service) digits(n int64) (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil)
	b, err := s.random16() // with so many bits the remainder is nearly uniform
	return fmt.Sprintf("%0*d", n, new(big.Int).Mod(new(big.Int).SetBytes(b[:]), limit)), err
}

// newDID makes a key and a DID for it.
func (s *Service) newDID(ctx context.Context, kind string) (string, store.CustodyKey, error) {
	public, handle, err := s.cfg.Keys.NewKey(ctx)
	key := store.CustodyKey{Public: public, Handle: handle}
	if err != nil {
		return "", key, fmt.Errorf("request: %w", err)
	}
	if s.cfg.PublicHost != "" {
		id, err := s.uuid()
		did := "did:web:" + strings.ReplaceAll(s.cfg.PublicHost, ":", "%3A") + ":" + kind + ":" + id
		if _, bad := didresolve.WebURL(did); err == nil && bad != nil {
			err = fmt.Errorf("request: PublicHost %.100q: %w", s.cfg.PublicHost, bad)
		}
		return did, key, err
	}
	m, err := multibase(public)
	return "did:key:" + m, key, err
}

func multibase(public ed25519.PublicKey) (string, error) {
	k, err := multikey.NewPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	return k.String(), nil
}

// Resolve implements [didresolve.Resolver] for the did:web DIDs of the
// service, its tenants and their users. It reads the store and does not use
// the network. Serve the documents at the URLs of did:web as well.
func (s *Service) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	if !strings.HasPrefix(did, "did:web:") {
		return nil, &didresolve.Error{Type: didresolve.ErrMethodNotSupported, Detail: "not of this service"}
	}
	var public ed25519.PublicKey
	err := s.cfg.Store.View(ctx, func(tx store.Tx) error {
		t, err := tx.TenantByDID(did)
		if err == nil {
			public = t.Key.Public
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		u, err := tx.UserByDID(did)
		public = u.Key.Public
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, &didresolve.Error{Type: didresolve.ErrNotFound, Detail: "not of this service"}
	}
	if err != nil {
		return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "the store does not answer", Retryable: true, Cause: err}
	}
	m, err := multibase(public)
	if err != nil {
		return nil, err
	}
	method := did + keyFragment
	b, err := canonical.Marshal(object{
		"@context":           []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		"id":                 did,
		"verificationMethod": []object{{"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": m}},
		"authentication":     []string{method},
		"assertionMethod":    []string{method},
	})
	if err != nil {
		return nil, err
	}
	doc, err := didresolve.ParseDocument(b)
	if err != nil {
		return nil, err
	}
	return &didresolve.Resolution{Document: doc, Source: "store"}, nil
}
