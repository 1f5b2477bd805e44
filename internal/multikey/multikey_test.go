package multikey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// The key of the all-zero seed, in its published Multikey forms.
const (
	zeroSeedKey     = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
	zeroSeedKeyHex  = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
	exampleKey      = "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
	someX25519Key   = "z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW"
	privateKeyProof = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq" // published test key
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParsePublicKey(t *testing.T) {
	k, err := ParsePublicKey(zeroSeedKey)
	if err != nil {
		t.Fatal(err)
	}
	raw := unhex(t, zeroSeedKeyHex)
	if !bytes.Equal(k.Bytes(), raw) || k.String() != zeroSeedKey || k.IsZero() {
		t.Errorf("got %x, %s", k.Bytes(), k)
	}
	other, err := NewPublicKey(raw)
	if err != nil || other != k {
		t.Errorf("NewPublicKey: %v, %v", other, err)
	}
	k.Bytes()[0] ^= 1
	if !bytes.Equal(k.Bytes(), raw) {
		t.Error("Bytes does not return a copy")
	}
	if _, err := ParsePublicKey(exampleKey); err != nil {
		t.Error(err)
	}
}

func TestPublicKeyRefused(t *testing.T) {
	raw := unhex(t, zeroSeedKeyHex)
	key := func(prefix string, raw []byte) string {
		return EncodeBase58(append([]byte(prefix), raw...))
	}
	offCurve := bytes.Clone(raw)
	offCurve[0] = 2 // checked against the curve equation below
	if _, ok := decompress(offCurve); ok {
		t.Fatal("the point is on the curve")
	}
	noncanonical := bytes.Repeat([]byte{0xff}, 32) // y = p+18
	noncanonical[31] = 0x7f

	tests := []struct {
		name, text, want string
		unsupported      bool
	}{
		{"empty", "", "empty", false},
		{"z alone", "z", "no bytes", false},
		{"one byte", key("\xed", nil), "no room for a key type", false},
		{"no key", key("\xed\x01", nil), "has 0 bytes, want 32", false},
		{"31 bytes", key("\xed\x01", raw[:31]), "has 31 bytes, want 32", false},
		{"33 bytes", key("\xed\x01", append(bytes.Clone(raw), 0)), "has 33 bytes, want 32", false},
		{"no prefix", key("", raw), "not a known key type", false},
		{"long varint", key("\xed\x81\x00", raw), "not a known key type", false},
		{"prefix reversed", key("\x01\xed", raw), "not a known key type", false},
		{"identity", key("\xed\x01", append([]byte{1}, make([]byte, 31)...)), "small order", false},
		{"all zero", key("\xed\x01", make([]byte, 32)), "small order", false},
		{"order 2", key("\xed\x01", []byte(yOrder2)), "small order", false},
		{"order 8", key("\xed\x01", []byte(yOrder8a)), "small order", false},
		{"y at least p", key("\xed\x01", noncanonical), "not below the field prime", false},
		{"off the curve", key("\xed\x01", offCurve), "not on the curve", false},
		{"base64url", "u7QE7aie8zraktLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ", "prefix is 'u'", false},
		{"base16", "fed01" + zeroSeedKeyHex, "prefix is 'f'", false},
		{"trailing space", zeroSeedKey + " ", "not base58btc", false},
		{"129 characters", "z" + strings.Repeat("2", 128), "has 129 characters, want at most 128", false},
		{"X25519", someX25519Key, "X25519", true},
		{"P-256", key("\x80\x24", compressed(elliptic.P256())), "P-256", true},
		{"P-384", key("\x81\x24", compressed(elliptic.P384())), "P-384", true},
		{"P-256 off the curve", key("\x80\x24", append([]byte{2}, raw...)), "not a compressed point", false},
		{"P-256 that is not compressed", key("\x80\x24", append([]byte{4}, make([]byte, 64)...)), "not a compressed point", false},
		{"P-256 a byte short", key("\x80\x24", compressed(elliptic.P256())[:32]), "not a compressed point", false},
		{"P-256 under the codec of P-384", key("\x81\x24", compressed(elliptic.P256())), "not a compressed point", false},
		{"P-384 off the curve", key("\x81\x24", make([]byte, 49)), "not a compressed point", false},
		{"P-521", key("\x82\x24", make([]byte, 67)), "P-521", true},
		{"Ed448", key("\x83\x24", make([]byte, 57)), "Ed448", true},
		{"SM2", key("\x86\x24", append([]byte{2}, raw...)), "SM2", true},
		{"secp256k1", key("\xe7\x01", append([]byte{2}, raw...)), "secp256k1", true},
		{"BLS G1", key("\xea\x01", make([]byte, 48)), "BLS12-381 G1", true},
		{"BLS G2", key("\xeb\x01", bytes.Repeat([]byte{1}, 96)), "want at most 128", false},
		{"RSA", key("\x85\x24", bytes.Repeat([]byte{1}, 270)), "want at most 128", false},
	}
	for _, tt := range tests {
		k, err := ParsePublicKey(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "multikey: ") {
			t.Errorf("%s: got %v, %v; want error with %q", tt.name, k, err, tt.want)
		}
		if errors.Is(err, ErrUnsupported) != tt.unsupported {
			t.Errorf("%s: unsupported = %v: %v", tt.name, !tt.unsupported, err)
		}
		if !k.IsZero() {
			t.Errorf("%s: key %s with the error", tt.name, k)
		}
	}
}

// TestPrivateKeyNotQuoted: no error quotes a private key, which may be pasted in
// place of a public key.
func TestPrivateKeyNotQuoted(t *testing.T) {
	_, err := ParsePublicKey(privateKeyProof)
	if err == nil || !strings.Contains(err.Error(), "private key") {
		t.Fatalf("got %v", err)
	}
	damaged := []string{
		privateKeyProof, privateKeyProof[:40], privateKeyProof + "2", "u" + privateKeyProof[1:],
		strings.Replace(privateKeyProof, "t5", "O0", 1), zeroSeedKey,
	}
	for _, text := range damaged[1:] {
		if _, err := ParsePrivateKey(text); err == nil || leaks(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range damaged[:5] {
		if _, err := ParsePublicKey(text); err == nil || leaks(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// leaks reports whether message contains four consecutive characters of secret,
// not counting the first four, which are the same for all keys.
func leaks(message, secret string) bool {
	for i := 4; i+4 <= len(secret); i++ {
		if strings.Contains(message, secret[i:i+4]) {
			return true
		}
	}
	return false
}

func TestPrivateKey(t *testing.T) {
	priv, err := ParsePrivateKey(privateKeyProof)
	if err != nil {
		t.Fatal(err)
	}
	if got := EncodePrivateKey(priv); got != privateKeyProof {
		t.Errorf("EncodePrivateKey: %s", got)
	}
	k, err := NewPublicKey(priv.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	sig := ed25519.Sign(priv, []byte("message"))
	if !k.Verify([]byte("message"), sig) {
		t.Error("signature of the key pair does not verify")
	}
	for i := range sig {
		sig[i] ^= 1
		if k.Verify([]byte("message"), sig) {
			t.Errorf("a signature with a changed byte %d verifies", i)
		}
		sig[i] ^= 1
	}
	if _, err := ParsePrivateKey(zeroSeedKey); err == nil || !strings.Contains(err.Error(), "prefix is not 8026") {
		t.Errorf("public key: %v", err)
	}
	if EncodePrivateKey(nil) != "" || EncodePrivateKey(priv[:32]) != "" {
		t.Error("short key encoded")
	}
}

// TestVerifyWeakKeys: neither the zero value nor a point of small order verifies
// anything. With crypto/ed25519 an all-zero key and signature verify "x", and the
// identity key verifies any message.
func TestVerifyWeakKeys(t *testing.T) {
	var zero PublicKey
	if !zero.IsZero() || zero.Bytes() != nil || zero.String() != "" {
		t.Errorf("zero value: %x %q", zero.Bytes(), zero)
	}
	sig := make([]byte, 64)
	if zero.Verify([]byte("x"), sig) || zero.Verify(nil, nil) {
		t.Error("the zero value verifies")
	}
	sig[0] = 1 // R is the identity, S is 0
	identity := PublicKey{[32]byte{1}}
	if !ed25519.Verify(identity.raw[:], []byte("any"), sig) {
		t.Error("crypto/ed25519 refuses the identity key: the test is useless")
	}
	if identity.Verify([]byte("any"), sig) {
		t.Error("the identity key verifies")
	}
	k, err := ParsePublicKey(zeroSeedKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 32, 63, 65, 128} {
		if k.Verify([]byte("x"), make([]byte, n)) {
			t.Errorf("%d bytes verify", n)
		}
	}
	for _, enc := range smallOrderEncodings() {
		if k.Verify([]byte("x"), append(enc[:], make([]byte, 32)...)) {
			t.Errorf("R %x verifies", enc)
		}
	}
}

// TestVerifyZeroKeyForgery: 32 zero bytes are a point A of order 4. With
// crypto/ed25519, R = [r]B and S = r verify under A if the hash is a multiple of
// 4, so anyone can sign for that key. R is not of small order here, so only the
// check of the key can refuse.
func TestVerifyZeroKeyForgery(t *testing.T) {
	seed := make([]byte, 32)
	h := sha512.Sum512(seed)
	h[0] &= 248
	h[31] = h[31]&127 | 64
	slices.Reverse(h[:32])
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := new(big.Int).SetBytes(h[:32])
	le := s.Mod(s, order).FillBytes(make([]byte, 32))
	slices.Reverse(le)
	forged := append(bytes.Clone(ed25519.NewKeyFromSeed(seed)[32:]), le...)

	accepted := 0
	for i := range byte(64) {
		if ed25519.Verify(make([]byte, 32), []byte{i}, forged) {
			accepted++
		}
		if (PublicKey{}).Verify([]byte{i}, forged) {
			t.Errorf("message %d: the zero value verifies", i)
		}
	}
	if accepted == 0 {
		t.Error("crypto/ed25519 refuses all forgeries: the test is useless")
	}
}

// compressed returns the base point of the curve, compressed by SEC 1 §2.3.3.
func compressed(c elliptic.Curve) []byte {
	return elliptic.MarshalCompressed(c, c.Params().Gx, c.Params().Gy)
}

func FuzzParsePublicKey(f *testing.F) {
	for _, s := range []string{zeroSeedKey, exampleKey, someX25519Key, privateKeyProof, "", "z", "z6Mk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParsePublicKey(s)
		if err != nil {
			if !k.IsZero() {
				t.Fatal("a key with an error")
			}
			return
		}
		if k.String() != s {
			t.Fatalf("%q is read as %q", s, k)
		}
		if again, err := NewPublicKey(k.Bytes()); err != nil || again != k {
			t.Fatalf("%q: %v", s, err)
		}
		k.Verify([]byte("m"), make([]byte, 64))
	})
}
