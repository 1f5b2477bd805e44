package multikey

import (
	"errors"
	"fmt"

	"github.com/multiformats/go-multibase"
)

// DecodeBase58 decodes multibase text: the letter z, then size bytes in
// base58btc. It refuses other bases, as Data Integrity and Multikey demand
// (Controlled Identifiers 1.0, "Multikey"; vc-di-eddsa 1.0, "Multikey").
//
// It refuses text that is too long for size bytes before it decodes:
// base58 decoding takes time quadratic in the length. Errors never quote
// the text, which may be a private key.
func DecodeBase58(s string, size int) ([]byte, error) {
	if size <= 0 {
		return nil, fmt.Errorf("multikey: cannot decode %d bytes", size)
	}
	b, err := decode(s, maxEncoded(size))
	if err != nil {
		return nil, err
	}
	if len(b) != size {
		return nil, fmt.Errorf("multikey: base58btc text holds %d bytes, want %d", len(b), size)
	}
	return b, nil
}

// EncodeBase58 encodes b as multibase base58btc, with the leading z. It
// takes time quadratic in len(b): use it for short data such as keys,
// signatures and digests.
func EncodeBase58(b []byte) string {
	// Encode fails only for an unknown base.
	s, err := multibase.Encode(multibase.Base58BTC, b)
	if err != nil {
		panic("multikey: base58btc is not supported")
	}
	return s
}

// maxEncoded returns the maximum length of the multibase text of size
// bytes. A byte takes log(256)/log(58) = 1.3657 base58 digits; a leading
// zero byte takes one.
func maxEncoded(size int) int {
	return 1 + (size*1366+999)/1000
}

// decode decodes multibase base58btc text of at most limit bytes. It checks
// the base itself, because multibase.Decode takes it from the text.
func decode(s string, limit int) ([]byte, error) {
	switch {
	case s == "":
		return nil, errors.New("multikey: multibase text is empty")
	case s[0] != 'z':
		return nil, fmt.Errorf("multikey: multibase prefix is %q, want 'z' (base58btc)", s[0])
	case len(s) > limit:
		return nil, fmt.Errorf("multikey: base58btc text has %d characters, want at most %d", len(s), limit)
	case len(s) == 1:
		return nil, errors.New("multikey: base58btc text holds no bytes")
	}
	_, b, err := multibase.Decode(s)
	if err != nil {
		return nil, errors.New("multikey: text is not base58btc")
	}
	return b, nil
}
