package receipts_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
)

// FuzzVerify: only the two receipts that were signed verify, in any spelling
// of the same JSON, and everything else is refused as not verified.
func FuzzVerify(f *testing.F) {
	s := keySigner(f, 9, "")
	allow, deny := mustSign(f, allowBody(), s).Bytes(), mustSign(f, denyBody(), s).Bytes()
	f.Add(allow)
	f.Add(deny)
	f.Add([]byte(`{"type":["VerifiableCredential","VerificationReceipt"],"credentialSubject":{}}`))
	cfg := receipts.VerifyConfig{Issuers: []string{issuerOf(s)}, At: at}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := receipts.Verify(context.Background(), b, cfg)
		if err != nil {
			if v != nil || !errors.Is(err, receipts.ErrNotVerified) {
				t.Fatalf("%v, %v", v, err)
			}
			return
		}
		form, err := canonical.Transform(b)
		if err != nil || !bytes.Equal(form, allow) && !bytes.Equal(form, deny) {
			t.Fatalf("verified something that was never signed: %s", b)
		}
	})
}
