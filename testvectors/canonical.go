package testvectors

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/receipts"
)

// readCanonical reads the area canonical. Input: bytes. Outcome: their RFC
// 8785 form or the refusal.
func readCanonical(in, want *reader) runner {
	input := in.bytes()
	if want.Has("kind") {
		want.Text("kind")
		want.integer("offset")
		want.Get("offset")
		want.Text("pointer")
	} else {
		want.Text("canonical")
		want.Text("sha256")
	}
	return func(context.Context) (outcome, string) {
		out, err := canonical.Transform(input)
		if err != nil {
			var e *canonical.Error
			if !errors.As(err, &e) {
				return nil, err.Error()
			}
			return outcome{"kind": string(e.Kind), "offset": e.Offset, "pointer": e.Pointer}, err.Error()
		}
		sum := sha256.Sum256(out)
		return outcome{"canonical": string(out), "sha256": hex.EncodeToString(sum[:])}, ""
	}
}

// readDigest reads the area digests: the digests in documents.
func readDigest(in, want *reader) runner {
	want.Text("digest")
	switch in.oneOf("op", "actionHash", "paramsCommitment", "digestSRI") {
	case "actionHash":
		mandate, action, params := in.Text("mandateId"), in.Text("action"), in.value("params")
		return digest(func() (string, error) { return viamandate.ActionHash(mandate, action, params) })
	case "paramsCommitment":
		salt, err := base64.RawURLEncoding.Strict().DecodeString(in.Text("salt"))
		if err != nil || len(salt) != 16 {
			in.fail("salt is not 16 bytes in base64url")
			return nil
		}
		params := in.value("params")
		return digest(func() (string, error) { return receipts.Commitment([16]byte(salt), params) })
	}
	document := in.value("document")
	return digest(func() (string, error) { return canonical.SRI(document.SHA256()), nil })
}

func digest(compute func() (string, error)) runner {
	return func(context.Context) (outcome, string) {
		d, err := compute()
		if err != nil {
			return nil, err.Error()
		}
		return outcome{"digest": d}, ""
	}
}
