// Package multikey answers one question: which bytes and which Ed25519 key
// does this Multikey text stand for, and does that key prove a signature?
//
// It reads only base58btc multibase (Controlled Identifiers 1.0) and verifies only
// Ed25519, more strictly than crypto/ed25519: a signature that it accepts
// is accepted by every implementation in common use. Whose key it is, and
// what it may be used for, is for the caller to find out.
package multikey

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
)

// Multicodec prefixes of Multikey values, as the exact two bytes: a
// longer varint spelling of the same code is refused.
const (
	codecEd25519Public  = "\xed\x01"
	codecEd25519Private = "\x80\x26"
)

// maxMultikey bounds the Multikey text that is decoded so that an error
// can name its key type. Ed25519 takes 48 characters, P-521 96. RSA and
// BLS12-381 G2 keys exceed it and are refused by length.
const maxMultikey = 128

// ErrUnsupported is matched by the error of ParsePublicKey for a Multikey
// that is well formed so far as it was read, and whose key type is known
// but is not Ed25519. Keys of P-256 and P-384 are read in full: theirs are
// points of the curve.
var ErrUnsupported = errors.New("multikey: key type is not supported")

// PublicKey is an Ed25519 public key that was checked when it was made.
// It is comparable; two are equal when they are the same key. The zero
// value verifies nothing.
type PublicKey struct {
	raw [ed25519.PublicKeySize]byte // all zero is a point of order 4, so no checked key
}

// NewPublicKey returns the key whose RFC 8032 encoding is raw. It refuses
// any length but 32 bytes, a y coordinate not below the field prime, a
// point of small order (under which one signature fits many messages) and
// a y that no point of the curve has.
func NewPublicKey(raw []byte) (PublicKey, error) {
	if len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("multikey: Ed25519 public key has %d bytes, want %d", len(raw), ed25519.PublicKeySize)
	}
	k := PublicKey{[ed25519.PublicKeySize]byte(raw)}
	if why := weakPoint(k.raw); why != "" {
		return PublicKey{}, fmt.Errorf("multikey: Ed25519 public key refused: %s", why)
	}
	if !onCurve(k.raw) {
		return PublicKey{}, errors.New("multikey: Ed25519 public key refused: not on the curve")
	}
	return k, nil
}

// ParsePublicKey reads an Ed25519 key in Multikey form: z and the
// base58btc of ed01 and 32 bytes. The error for another known key type
// names the type and matches ErrUnsupported.
func ParsePublicKey(multikey string) (PublicKey, error) {
	b, err := decode(multikey, maxMultikey)
	if err != nil {
		return PublicKey{}, err
	}
	if len(b) < 2 {
		return PublicKey{}, errors.New("multikey: no room for a key type")
	}
	if string(b[:2]) != codecEd25519Public {
		return PublicKey{}, codecError(string(b[:2]), b[2:])
	}
	return NewPublicKey(b[2:])
}

// codecError explains why a Multikey with this prefix is no Ed25519
// public key. Only the prefix is quoted: the rest may be a secret.
func codecError(codec string, key []byte) error {
	var name string
	var curve elliptic.Curve
	switch codec {
	case codecEd25519Private, "\x81\x26", "\x82\x26", "\x86\x26", "\x87\x26":
		return fmt.Errorf("multikey: prefix %x marks a private key", codec)
	case "\x80\x24":
		name, curve = "P-256", elliptic.P256()
	case "\x81\x24":
		name, curve = "P-384", elliptic.P384()
	case "\x82\x24":
		name = "P-521"
	case "\x83\x24":
		name = "Ed448"
	case "\x86\x24":
		name = "SM2"
	case "\xec\x01":
		name = "X25519"
	case "\xe7\x01":
		name = "secp256k1"
	case "\xea\x01":
		name = "BLS12-381 G1"
	default:
		return fmt.Errorf("multikey: prefix %x is no known key type", codec)
	}
	if curve != nil {
		if x, _ := elliptic.UnmarshalCompressed(curve, key); x == nil {
			return fmt.Errorf("multikey: %s public key refused: no compressed point of the curve", name)
		}
	}
	return fmt.Errorf("%w: %s (prefix %x), want Ed25519 (prefix %x)", ErrUnsupported, name, codec, codecEd25519Public)
}

// IsZero reports whether k is the zero value, which is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// Bytes returns a copy of the 32 bytes of the RFC 8032 encoding, nil for
// the zero value.
func (k PublicKey) Bytes() []byte {
	if k.IsZero() {
		return nil
	}
	return k.raw[:]
}

// Raw returns the 32 bytes of the RFC 8032 encoding, all zero for the zero value.
func (k PublicKey) Raw() [ed25519.PublicKeySize]byte { return k.raw }

// String returns the Multikey form, which begins z6Mk, and the empty
// string for the zero value.
func (k PublicKey) String() string {
	if k.IsZero() {
		return ""
	}
	return EncodeBase58(append([]byte(codecEd25519Public), k.raw[:]...))
}

// Verify reports whether sig is k's signature of message: pure Ed25519,
// RFC 8032 §5.1.7 without the cofactor. It also refuses a signature whose
// R is of small order or not canonically encoded, which keeps the verdict
// equal to that of the strictest common implementations. It never panics.
func (k PublicKey) Verify(message, sig []byte) bool {
	return k.sound(sig) && ed25519.Verify(k.raw[:], message, sig) // which refuses S >= L itself
}

// VerifyWith is Verify with another implementation of crypto/ed25519.Verify,
// which is asked only about signatures of 64 bytes.
func (k PublicKey) VerifyWith(verify func(key ed25519.PublicKey, message, sig []byte) bool, message, sig []byte) bool {
	return k.sound(sig) && verify(k.Bytes(), message, sig)
}

// sound reports whether k is a key and sig may be a signature.
func (k PublicKey) sound(sig []byte) bool {
	return !k.IsZero() && len(sig) == ed25519.SignatureSize && weakPoint([32]byte(sig[:32])) == ""
}

// ParsePrivateKey reads an Ed25519 private key in Multikey form: z and
// the base58btc of 8026 and the 32-byte seed of RFC 8032 §5.1.5. Its
// errors never quote the text.
func ParsePrivateKey(multikey string) (ed25519.PrivateKey, error) {
	b, err := DecodeBase58(multikey, 2+ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("multikey: private key: %w", err)
	}
	if string(b[:2]) != codecEd25519Private {
		return nil, fmt.Errorf("multikey: private key: prefix is not %x", codecEd25519Private)
	}
	return ed25519.NewKeyFromSeed(b[2:]), nil
}

// EncodePrivateKey is the inverse of ParsePrivateKey. The text is the
// secret itself. It returns the empty string for a key that is not 64
// bytes long.
func EncodePrivateKey(key ed25519.PrivateKey) string {
	if len(key) != ed25519.PrivateKeySize {
		return ""
	}
	return EncodeBase58(append([]byte(codecEd25519Private), key.Seed()...))
}
