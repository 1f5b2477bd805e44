// Package vault answers one question: how are secrets kept at rest?
package vault

import (
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/mandate-engine/mandate/receipts"
)

// A KeyStore makes keys and signs with them. What it needs to find a key again
// is the handle, which others keep beside the public key: a sealed key of a
// Vault, or the name of a key in a hardware module.
type KeyStore interface {
	NewKey(ctx context.Context) (public ed25519.PublicKey, handle []byte, err error)
	// Signer returns a signer with the key of a handle, which has to be that of
	// public. method is the DID URL of the key; "" means its did:key.
	Signer(ctx context.Context, public ed25519.PublicKey, handle []byte, method string) (receipts.Signer, error)
}

// A Vault seals secrets under one key-encryption key. It is a KeyStore.
type Vault struct{}

// Seal encrypts a secret. Only Open with the same context reads it again.
func (v *Vault) Seal(context string, secret []byte) ([]byte, error) { return nil, errors.ErrUnsupported }

// Open decrypts what Seal returned.
func (v *Vault) Open(context string, sealed []byte) ([]byte, error) { return nil, errors.ErrUnsupported }

// MAC returns 32 bytes that depend on the key, the context and the data.
func (v *Vault) MAC(context string, data []byte) []byte { return nil }

// NewKey implements [KeyStore].
func (v *Vault) NewKey(ctx context.Context) (ed25519.PublicKey, []byte, error) {
	return nil, nil, errors.ErrUnsupported
}

// Signer implements [KeyStore].
func (v *Vault) Signer(ctx context.Context, public ed25519.PublicKey, handle []byte, method string) (receipts.Signer, error) {
	return nil, errors.ErrUnsupported
}

// New returns a vault under a key-encryption key: 32 bytes, in hex or base64, or
// a passphrase, from which one is derived with salt.
func New(kek, salt []byte) (*Vault, error) { return nil, errors.ErrUnsupported }

// ReadKEK finds the key-encryption key: the variable MANDATE_KEK itself, or the
// file that MANDATE_KEK_FILE names, or what the command in MANDATE_KEK_COMMAND
// prints; without any, the file, which it makes with mode 0600. made says so.
func ReadKEK(ctx context.Context, getenv func(string) string, file string) (kek []byte, made bool, err error) {
	return nil, false, errors.ErrUnsupported
}
