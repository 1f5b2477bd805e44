package verifier

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
)

func internalVerifier(t *testing.T) *Verifier {
	t.Helper()
	s, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := New(Config{Resolver: didresolve.Key(), Signer: s, TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier, Now: sample.Now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A proof that does not belong to the credential is verified, whatever the memo holds:
// it has no index in the credential that could tell it from others.
func TestForeignProofIsNotRemembered(t *testing.T) {
	sign := func(doc string, key ed25519.PrivateKey) *dataintegrity.Proof {
		t.Helper()
		const config = `{"cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","type":"DataIntegrityProof","verificationMethod":"did:x:y#z"`
		c, d := sha256.Sum256([]byte(config+"}")), sha256.Sum256([]byte("{"+doc+"}"))
		value := multikey.EncodeBase58(ed25519.Sign(key, append(c[:], d[:]...)))
		whole, err := canonical.Parse([]byte("{" + doc + `,"proof":` + config + `,"proofValue":"` + value + `"}}`))
		if err != nil {
			t.Fatal(err)
		}
		proofs, bad := dataintegrity.Parse(whole.Root(), false)
		if bad != nil {
			t.Fatal(bad)
		}
		return proofs[0]
	}
	key, err := multikey.NewPublicKey(sample.Key(1)[32:])
	if err != nil {
		t.Fatal(err)
	}
	doc, err := canonical.Parse([]byte(`{"x":1}`))
	if err != nil {
		t.Fatal(err)
	}
	v, c := internalVerifier(t), &credential{node: doc.Root()}
	if !(&decision{v: v}).verifies(c, sign(`"x":1`, sample.Key(1)), key) {
		t.Fatal("a good signature does not verify")
	}
	if (&decision{v: v}).verifies(c, sign(`"x":1`, sample.Key(2)), key) {
		t.Error("the signature of another key verifies")
	}
}
