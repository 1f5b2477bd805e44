package canonical

import (
	"crypto/sha256"
	"encoding/base64"
)

// SRI returns the Subresource Integrity form of a SHA-256 digest: "sha256-"
// and padded base64. Compare digests in this form as text. This refuses other
// algorithms, lists of digests, options and other base64 spellings.
func SRI(sum [sha256.Size]byte) string {
	const prefix = "sha256-"
	var text [len(prefix) + (sha256.Size+2)/3*4]byte
	copy(text[:], prefix)
	base64.StdEncoding.Encode(text[len(prefix):], sum[:])
	return string(text[:])
}
