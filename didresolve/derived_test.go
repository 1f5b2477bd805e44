package didresolve

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

// The document of a did:key is not read from its text: it answers everything as the
// document does that is read from it.
func TestDerivedIsWhatItsTextSays(t *testing.T) {
	for seed := range byte(20) {
		key, err := multikey.NewPublicKey(sample.Key(seed)[32:])
		if err != nil {
			t.Fatal(err)
		}
		did := "did:key:" + key.String()
		res, err := Key().Resolve(context.Background(), did)
		if err != nil {
			t.Fatal(err)
		}
		derived := res.Document
		parsed, err := ParseDocument(derived.Raw())
		if err != nil {
			t.Fatal(err)
		}
		if derived.ID() != did || parsed.ID() != did || derived.Digest() != parsed.Digest() || derived.SRI() != parsed.SRI() ||
			derived.size != parsed.size || !bytes.Equal(derived.Raw(), parsed.Raw()) {
			t.Errorf("%s: derived %s %s, its text is %s %s", did, derived.ID(), derived.SRI(), parsed.ID(), parsed.SRI())
		}
		vm := did + "#" + key.String()
		for _, url := range []string{vm, did, did + "#", "", "#" + key.String(), did + "#z6Mk", vm + "x", did + "?x=1#" + key.String(), did + "/p#" + key.String(),
			"did:key:z6Mk#z6Mk", "did:web:example.com#" + key.String(), sample.Issuer + "#" + key.String(), vm[:len(vm)-1], " " + vm} {
			for _, purpose := range append(relationships(), "", "verificationMethod", "AssertionMethod") {
				if derived.Lists(url, purpose) != parsed.Lists(url, purpose) {
					t.Errorf("%s is listed for %q: %t, its text says otherwise", url, purpose, derived.Lists(url, purpose))
				}
				for _, at := range []time.Time{judged, {}} {
					got, gotErr := derived.VerificationMethod(url, purpose, at)
					want, wantErr := parsed.VerificationMethod(url, purpose, at)
					if !reflect.DeepEqual(got, want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || TypeOf(gotErr) != TypeOf(wantErr) {
						t.Errorf("%s for %q: %+v, %v; its text says %+v, %v", url, purpose, got, gotErr, want, wantErr)
					}
				}
			}
		}
		if m, err := derived.VerificationMethod(vm, AssertionMethod, judged); err != nil || m.Key() != key || m.Multikey() != key.String() {
			t.Errorf("%s: %+v, %v", vm, m, err)
		}
	}
}
