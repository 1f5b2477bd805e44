package verifier

import (
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
)

// verifies looks a signature up by its place in the credential. A proof of another
// document has no place in it, and its signature is computed.
func TestProofOfAnotherDocumentIsNotCached(t *testing.T) {
	v, err := New(Config{Resolver: didresolve.Key(), Signer: samplesign.Signer(t, 9, ""), TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier, Now: sample.Now})
	if err != nil {
		t.Fatal(err)
	}
	key, err := multikey.NewPublicKey(sample.Key(1)[32:])
	if err != nil {
		t.Fatal(err)
	}
	parse := func(document []byte) canonical.Value {
		d, err := canonical.Parse(document)
		if err != nil {
			t.Fatal(err)
		}
		return d.Root()
	}
	proofBy := func(seed byte) *dataintegrity.Proof {
		signed := samplesign.Credential(t, []byte(`{"x":1}`), samplesign.Signer(t, seed, "did:x:y#z"))
		proofs, bad := dataintegrity.Parse(parse(signed), false)
		if bad != nil {
			t.Fatal(bad)
		}
		return proofs[0]
	}
	c := &credential{node: parse([]byte(`{"x":1}`))} // without proofs
	if !(&decision{v: v}).verifies(c, proofBy(1), key) {
		t.Fatal("a good signature does not verify")
	}
	if (&decision{v: v}).verifies(c, proofBy(2), key) {
		t.Error("the signature of another key verifies")
	}
}
