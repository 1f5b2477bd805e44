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

// An arena that was given back holds nothing of its request, also not beyond what
// its last ledger took: earlier rounds of a decision may have recorded more.
func TestArenaIsCleared(t *testing.T) {
	a, release := internalVerifier(t).arena(Request{})
	for range 3 {
		a.decided.failAt(checkRules, ReasonRuleFailed, "/secret", "secret")
		a.decided.skip(checkReplay, "secret")
		a.checks = append(a.checks, receipts.Check{Check: "secret"})
		(&ledger{}).clone(&a.decided) // the next round begins anew
		a.checks = a.checks[:0]
	}
	release()
	for i, r := range a.decided.rows[:cap(a.decided.rows)] {
		if r != (ledgerRow{}) {
			t.Errorf("row %d of the next request's memory holds %v", i, r)
		}
	}
	for i, c := range a.checks[:cap(a.checks)] {
		if c != (receipts.Check{}) {
			t.Errorf("check %d of the next request's memory holds %v", i, c)
		}
	}
}

// A proof that is none of its credential's is verified, whatever is remembered of
// others: all of them would have the same index.
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
	if !v.verify(&screened{}, c, sign(`"x":1`, sample.Key(1)), key) {
		t.Fatal("a good signature does not verify")
	}
	if v.verify(&screened{}, c, sign(`"x":1`, sample.Key(2)), key) {
		t.Error("the signature of another key verifies")
	}
}
