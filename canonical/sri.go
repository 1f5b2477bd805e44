package canonical

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

const sriPrefix = "sha256-"

// SRI returns the Subresource Integrity form of a SHA-256 digest:
// "sha256-" and padded base64.
func SRI(sum [sha256.Size]byte) string {
	return sriPrefix + base64.StdEncoding.EncodeToString(sum[:])
}

// ParseSRI reads what [SRI] writes and nothing else: no other algorithm, no
// list of digests, no options, no missing padding.
func ParseSRI(s string) (sum [sha256.Size]byte, ok bool) {
	text, ok := strings.CutPrefix(s, sriPrefix)
	if !ok || len(text) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return sum, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != sha256.Size {
		return sum, false
	}
	copy(sum[:], b)
	return sum, SRI(sum) == s
}
