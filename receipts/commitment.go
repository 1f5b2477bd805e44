package receipts

import (
	"encoding/base64"
	"fmt"

	"github.com/mandate-engine/mandate/canonical"
)

// Commitment binds a receipt to parameters without showing them: the SRI of
// JCS({"params": …, "salt": …}), the salt 128 random bits in base64url without
// padding. Whoever is given the salt and the parameters can compute it again;
// whoever is not learns nothing from it.
func Commitment(salt [16]byte, params canonical.Value) (string, error) {
	if params.Kind() == canonical.Absent {
		return "", fmt.Errorf("receipts: commitment: there are no parameters")
	}
	b := params.AppendCanonical(append(make([]byte, 0, 512), `{"params":`...))
	b = append(base64.RawURLEncoding.AppendEncode(append(b, `,"salt":"`...), salt[:]), `"}`...) // base64url needs no escapes
	return sri(b), nil
}

// EncodeSalt returns the text form of a salt.
func EncodeSalt(salt [16]byte) string { return base64.RawURLEncoding.EncodeToString(salt[:]) }
