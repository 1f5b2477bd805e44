package canonical

import (
	"crypto/sha256"
	"encoding/base64"
)

// SRI returns the Subresource Integrity form of a SHA-256 digest: "sha256-"
// and padded base64. Compare digests in this form, text with text: then no
// other algorithm, list of digests, option or spelling of the base64 counts.
func SRI(sum [sha256.Size]byte) string {
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
