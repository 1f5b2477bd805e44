// Package vault answers one question: how are secrets kept at rest? It
// implements encryption of secrets with AES-256-GCM under one key-encryption
// key.
//
// The operator supplies the key-encryption key. It is never stored next to the
// secrets. Each secret is bound to a context, so it does not open if it is
// moved to another place. An attacker with the key-encryption key and the
// database has all secrets.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/receipts"
)

// A KeyStore creates keys and signs with them. The caller stores the handle of
// a key next to the public key. A handle is a sealed key of a Vault, or the
// name of a key in a hardware module.
type KeyStore interface {
	NewKey(ctx context.Context) (public ed25519.PublicKey, handle []byte, err error)
	// Signer returns a signer with the key of a handle, which must match
	// public. method is the DID URL of the key; "" means its did:key.
	Signer(ctx context.Context, public ed25519.PublicKey, handle []byte, method string) (receipts.Signer, error)
}

const (
	keySize = 32
	// format is the first byte of what Seal returns.
	format = 1
	// iterations of PBKDF2-HMAC-SHA256 for passphrases (OWASP, 2023).
	iterations = 600_000
	// minPassphrase is the shortest passphrase, in bytes.
	minPassphrase = 12
	keyContext    = "signing key"
)

// A Vault seals secrets under one key-encryption key. It is a [KeyStore] whose
// handles are the sealed keys. It is safe for concurrent use.
type Vault struct {
	aead cipher.AEAD
	mac  []byte
}

// New returns a vault under a key-encryption key: 32 bytes in hex or base64,
// or a passphrase of at least 12 bytes, from which New derives a key with
// salt. The salt has at least 16 bytes and must always be the same.
func New(kek, salt []byte) (*Vault, error) {
	if len(salt) < 16 {
		return nil, errors.New("vault: a salt has at least 16 bytes")
	}
	root, err := rootKey(string(kek), salt)
	if err != nil {
		return nil, err
	}
	sealing, err := hkdf.Key(sha256.New, root, salt, "mandate vault: seal", keySize)
	mac, err2 := hkdf.Key(sha256.New, root, salt, "mandate vault: mac", keySize)
	block, err3 := aes.NewCipher(sealing)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return &Vault{aead, mac}, nil
}

func rootKey(kek string, salt []byte) ([]byte, error) {
	if b, err := hex.DecodeString(kek); err == nil && len(b) == keySize {
		return b, nil
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(kek); err == nil && len(b) == keySize {
			return b, nil
		}
	}
	if len(kek) < minPassphrase {
		return nil, fmt.Errorf("vault: the key-encryption key is neither 32 bytes in hex or base64, nor a passphrase of at least %d bytes", minPassphrase)
	}
	return pbkdf2.Key(sha256.New, kek, salt, iterations, keySize)
}

// ErrWrongKey means that a store was sealed under another key-encryption key.
var ErrWrongKey = errors.New("vault: the key-encryption key is not the one of this store")

// Open returns the vault of a store under a key-encryption key: see [New]. The
// first Open stores the salt and a value that identifies the key. Later Opens
// return ErrWrongKey for another key.
func Open(ctx context.Context, s store.Store, kek []byte) (*Vault, error) {
	const saltName, checkName, checked = "vault.salt", "vault.check", "mandate"
	var salt, check []byte
	read := func(t store.Tx) (err error) {
		if salt, err = t.Setting(saltName); err == nil {
			check, err = t.Setting(checkName)
		}
		return err
	}
	err := s.View(ctx, read)
	if errors.Is(err, store.ErrNotFound) {
		fresh := make([]byte, keySize)
		rand.Read(fresh)
		v, bad := New(kek, fresh) // outside the transaction, because it is slow
		if bad != nil {
			return nil, bad
		}
		sealed, bad := v.Seal(checkName, []byte(checked))
		err = s.Update(ctx, func(t store.Tx) error {
			if err := read(t); !errors.Is(err, store.ErrNotFound) {
				return err // another process was first
			}
			salt, check = fresh, sealed
			return errors.Join(bad, t.PutSetting(saltName, salt), t.PutSetting(checkName, check))
		})
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	v, err := New(kek, salt)
	if err != nil {
		return nil, err
	}
	if got, err := v.Open(checkName, check); err != nil || string(got) != checked {
		return nil, ErrWrongKey
	}
	return v, nil
}

// Seal encrypts a secret. The result is one byte for the format, a random
// nonce of 12 bytes, and the ciphertext. Only Open with the same context
// decrypts it.
func (v *Vault) Seal(context string, secret []byte) ([]byte, error) {
	if v == nil || v.aead == nil {
		return nil, errors.New("vault: it has no key")
	}
	out := make([]byte, 1+v.aead.NonceSize(), 1+v.aead.NonceSize()+len(secret)+v.aead.Overhead())
	out[0] = format
	rand.Read(out[1:])
	return v.aead.Seal(out, out[1:], secret, []byte(context)), nil
}

// Open decrypts what Seal returned.
func (v *Vault) Open(context string, sealed []byte) ([]byte, error) {
	if v == nil || v.aead == nil {
		return nil, errors.New("vault: it has no key")
	}
	n := 1 + v.aead.NonceSize()
	if len(sealed) < n || sealed[0] != format {
		return nil, errors.New("vault: this is nothing that was sealed")
	}
	secret, err := v.aead.Open(nil, sealed[1:n], sealed[n:], []byte(context))
	if err != nil {
		return nil, errors.New("vault: sealed under another key, for another context, or changed")
	}
	return secret, nil
}

// MAC returns 32 bytes that depend on the key, the context and the data:
// HMAC-SHA-256. Compare them in constant time.
func (v *Vault) MAC(context string, data []byte) []byte {
	m := hmac.New(sha256.New, v.mac)
	fmt.Fprintf(m, "%d:%s:", len(context), context)
	m.Write(data)
	return m.Sum(nil)
}

// NewKey implements [KeyStore].
func (v *Vault) NewKey(context.Context) (ed25519.PublicKey, []byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("vault: %w", err)
	}
	handle, err := v.Seal(keyContext+string(public), private.Seed())
	return public, handle, err
}

// Signer implements [KeyStore].
func (v *Vault) Signer(_ context.Context, public ed25519.PublicKey, handle []byte, method string) (receipts.Signer, error) {
	seed, err := v.Open(keyContext+string(public), handle)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, errors.New("vault: what was sealed is no key")
	}
	private := ed25519.NewKeyFromSeed(seed)
	if !public.Equal(private.Public()) {
		return nil, errors.New("vault: the key is not that of the public key")
	}
	return receipts.NewKeySigner(private, method)
}
