package receipts

import (
	"encoding/base64"
	"fmt"

	"github.com/mandate-engine/mandate/canonical"
)

// Commitment returns the commitment of a receipt to parameters, which does not
// reveal them: the SRI of JCS({"params": …, "salt": …}). The salt is 128 random
// bits, in base64url without padding. With the salt and the parameters, anyone can
// compute the commitment again. Without the salt it reveals nothing.
func Commitment(salt [16]byte, params canonical.Value) (string, error) {
	if params.Kind() == canonical.Absent {
		return "", fmt.Errorf("receipts: commitment: there are no parameters")
	}
	var buf [512]byte
	b := params.AppendCanonical(append(buf[:0], `{"params":`...))
	b = append(base64.RawURLEncoding.AppendEncode(append(b, `,"salt":"`...), salt[:]), `"}`...) // base64url needs no escapes
	return sri(b), nil
}

// EncodeSalt returns the text form of a salt.
func EncodeSalt(salt [16]byte) string { return base64.RawURLEncoding.EncodeToString(salt[:]) }
