package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
)

// A Sealer encrypts signature secrets at rest.
type Sealer interface {
	Seal(context string, secret []byte) ([]byte, error)
	Open(context string, sealed []byte) ([]byte, error)
}

// A KeyRing creates and finds keys in a store. It implements [Keys]. It does
// not cache: after another process revokes a key, the next call with it is
// refused.
type KeyRing struct {
	Store   store.Store
	Secrets Sealer
}

// Credentials are the secrets of a new key. They are shown once: the store has
// only a hash of the token and an encrypted secret.
type Credentials struct {
	ID              string
	APIKey          string // the bearer token
	SignatureSecret string // the HMAC key: the bytes of this string
}

const noExpiry = int64(0)

// A secret is one signature secret of a key, an element of the sealed list.
type secret struct {
	text  string
	until int64 // milliseconds since 1970; noExpiry: as long as the key
}

func (r *KeyRing) seal(id string, secrets []secret) ([]byte, error) {
	list := make([]object, len(secrets))
	for i, s := range secrets {
		list[i] = object{"secret": s.text, "until": s.until}
	}
	b, err := canonical.Marshal(list)
	if err != nil {
		return nil, err
	}
	return r.Secrets.Seal("api key "+id, b)
}

// open returns the secrets that are valid at a time.
func (r *KeyRing) open(k store.APIKey, now time.Time) ([]secret, error) {
	b, err := r.Secrets.Open("api key "+k.ID, k.Secret)
	if err != nil {
		return nil, err
	}
	doc, err := canonical.Parse(b)
	if err != nil {
		return nil, errors.New("httpapi: a sealed secret cannot be read") // the error of json would quote the secret
	}
	var out []secret
	for _, e := range doc.Root().Elements() {
		text, ok := e.Get("secret").String()
		until, okUntil := e.Get("until").Float64()
		if ok && okUntil && text != "" && (int64(until) == noExpiry || now.UnixMilli() < int64(until)) {
			out = append(out, secret{text, int64(until)})
		}
	}
	return out, nil
}

// Key implements [Keys].
func (r *KeyRing) Key(ctx context.Context, token [sha256.Size]byte, now time.Time) (Key, error) {
	var k store.APIKey
	var tenant store.Tenant
	err := r.Store.View(ctx, func(tx store.Tx) (err error) {
		if k, err = tx.APIKeyByHash(token); err != nil {
			return err
		}
		tenant, err = tx.Tenant(k.TenantID)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Key{}, ErrUnknownKey
	case err != nil:
		return Key{}, err
	case k.Hash != token, !k.Revoked.IsZero(), !k.Expires.IsZero() && !now.Before(k.Expires):
		return Key{}, ErrUnknownKey
	}
	secrets, err := r.open(k, now)
	if err != nil {
		return Key{}, err
	}
	key := Key{ID: k.ID, Tenant: tenant, Strict: k.Strict, APIVersion: k.Version}
	for _, s := range secrets {
		key.Secrets = append(key.Secrets, []byte(s.text))
	}
	return key, nil
}

// token returns 32 random bytes as text.
func token(prefix string) string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Create makes a key for a tenant. It uses TenantID, Name, Strict, Version,
// Created and Expires of k.
func (r *KeyRing) Create(ctx context.Context, k store.APIKey) (Credentials, error) {
	var id [12]byte
	rand.Read(id[:])
	c := Credentials{ID: "key_" + hex.EncodeToString(id[:]), APIKey: token("mk_"), SignatureSecret: token("ms_")}
	k.ID, k.Hash, k.Revoked = c.ID, sha256.Sum256([]byte(c.APIKey)), time.Time{}
	var err error
	if k.Secret, err = r.seal(k.ID, []secret{{c.SignatureSecret, noExpiry}}); err != nil {
		return Credentials{}, err
	}
	err = r.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Tenant(k.TenantID); err != nil {
			return fmt.Errorf("httpapi: the tenant of a new key: %w", err)
		}
		return tx.PutAPIKey(k)
	})
	if err != nil {
		return Credentials{}, err
	}
	return c, nil
}

// Rotate gives a key a new signature secret. The previous secret stays valid
// for grace, so that callers can change over. Older secrets become invalid at
// once.
func (r *KeyRing) Rotate(ctx context.Context, id string, now time.Time, grace time.Duration) (Credentials, error) {
	c := Credentials{ID: id, SignatureSecret: token("ms_")}
	err := r.change(ctx, id, func(k *store.APIKey) error {
		old, err := r.open(*k, now)
		if err != nil {
			return err
		}
		secrets := []secret{{c.SignatureSecret, noExpiry}}
		if len(old) > 0 { // the first is the newest
			secrets = append(secrets, secret{old[0].text, now.Add(grace).UnixMilli()})
		}
		k.Secret, err = r.seal(id, secrets)
		return err
	})
	return c, err
}

// Revoke ends a key at once. It cannot be undone.
func (r *KeyRing) Revoke(ctx context.Context, id string, now time.Time) error {
	return r.change(ctx, id, func(k *store.APIKey) error { k.Revoked = now; return nil })
}

func (r *KeyRing) change(ctx context.Context, id string, f func(*store.APIKey) error) error {
	return r.Store.Update(ctx, func(tx store.Tx) error {
		k, err := tx.APIKey(id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return fault.New(fault.NotFound, "unknown_key", "there is no key %.100q", id)
		case err != nil:
			return err
		case !k.Revoked.IsZero():
			return fault.New(fault.Conflict, "key_revoked", "the key is revoked")
		}
		if err := f(&k); err != nil {
			return err
		}
		return tx.PutAPIKey(k)
	})
}
