// Package multikey implements the Multikey format (Controlled Identifiers 1.0)
// for Ed25519 keys, and the verification of Ed25519 signatures (RFC 8032).
//
// It reads only base58btc multibase. It verifies more strictly than
// crypto/ed25519: every common implementation accepts the signatures that it
// accepts. It does not check who owns a key, nor the purpose of a key.
package multikey

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
)

// Multicodec prefixes of Multikey values. Other encodings of the same code,
// which are longer varints, are refused.
const (
	codecEd25519Public  = "\xed\x01"
	codecEd25519Private = "\x80\x26"
)

// maxMultikey is the maximum length of Multikey text. Ed25519 keys have 48
// characters. The limit leaves room for other key types, P-521 with 96 for
// example, so that the error can name them. RSA and BLS12-381 G2 keys are
// longer and are refused by their length.
const maxMultikey = 128

// ErrUnsupported matches the error of ParsePublicKey for a Multikey of a
// known key type other than Ed25519. ParsePublicKey checks that a P-256 or
// P-384 key is a compressed point of its curve; of other types it checks
// only the prefix.
var ErrUnsupported = errors.New("multikey: key type is not supported")

// PublicKey is a checked Ed25519 public key. Compare keys with ==. The zero
// value verifies nothing.
type PublicKey struct {
	raw [ed25519.PublicKeySize]byte // never all zero in a checked key: that is a point of order 4
}

// NewPublicKey returns the key with the RFC 8032 encoding raw. It refuses
// a length other than 32 bytes, a y coordinate not below the field prime, a
// point of small order (one signature would fit many messages) and a y
// without a point on the curve.
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
// base58btc of ed01 and 32 bytes. For another known key type the error
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

// codecError returns the error for a Multikey with a prefix other than that
// of Ed25519 public keys. It quotes only the prefix: the rest may be a
// secret.
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
		return fmt.Errorf("multikey: prefix %x is not a known key type", codec)
	}
	if curve != nil {
		if x, _ := elliptic.UnmarshalCompressed(curve, key); x == nil {
			return fmt.Errorf("multikey: %s public key refused: not a compressed point of the curve", name)
		}
	}
	return fmt.Errorf("%w: %s (prefix %x), want Ed25519 (prefix %x)", ErrUnsupported, name, codec, codecEd25519Public)
}

// IsZero reports whether k is the zero value.
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

// String returns the Multikey form, which begins with z6Mk. For the zero
// value it returns the empty string.
func (k PublicKey) String() string {
	if k.IsZero() {
		return ""
	}
	return EncodeBase58(append([]byte(codecEd25519Public), k.raw[:]...))
}

// Verify reports whether sig is a signature of message by k: pure Ed25519,
// RFC 8032 §5.1.7 without the cofactor. It also refuses a signature if its R
// is of small order or not canonically encoded, as the strictest common
// implementations do. It never panics.
func (k PublicKey) Verify(message, sig []byte) bool {
	return k.precheck(sig) && ed25519.Verify(k.raw[:], message, sig) // ed25519.Verify refuses S >= L
}

// VerifyWith is Verify with another implementation of ed25519.Verify. It
// calls verify only for signatures of 64 bytes.
func (k PublicKey) VerifyWith(verify func(key ed25519.PublicKey, message, sig []byte) bool, message, sig []byte) bool {
	return k.precheck(sig) && verify(k.Bytes(), message, sig)
}

// precheck makes the checks that ed25519.Verify lacks: k is a checked key,
// sig has 64 bytes, and its R is canonically encoded and not of small order.
func (k PublicKey) precheck(sig []byte) bool {
	return !k.IsZero() && len(sig) == ed25519.SignatureSize && weakPoint([32]byte(sig[:32])) == ""
}

// ParsePrivateKey reads an Ed25519 private key in Multikey form: z and
// the base58btc of 8026 and the 32-byte seed of RFC 8032 §5.1.5. Errors
// never quote the text.
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

// EncodePrivateKey is the inverse of ParsePrivateKey. The result contains
// the secret. It is the empty string if key does not have 64 bytes.
func EncodePrivateKey(key ed25519.PrivateKey) string {
	if len(key) != ed25519.PrivateKeySize {
		return ""
	}
	return EncodeBase58(append([]byte(codecEd25519Private), key.Seed()...))
}
