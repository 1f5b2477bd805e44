package verifier

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"reflect"
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

// An arena that was given back holds nothing of its request, also not beyond the
// end of its lists: earlier rounds of a decision may have had more.
func TestArenaIsCleared(t *testing.T) {
	v := internalVerifier(t)
	for _, req := range []Request{
		{Presentation: sample.Presentation(), ExecutionParams: sample.ParamsAllow(), Challenge: sample.Challenge},
		{Presentation: sample.Presentation(), ExecutionParams: sample.ParamsAllow()},
	} {
		a := &arena{}
		for range 2 { // the second one in memory of the first
			d, err := v.judge(t.Context(), a, req)
			if err != nil {
				t.Fatal(err)
			}
			v.commit(t.Context(), d)
			a.decided.failAt(checkRules, ReasonRuleFailed, "/secret", "secret")
			a.decided.skip(checkReplay, "secret")
			(&ledger{}).clone(&a.decided) // the next round begins anew
			a.checks, a.rests, a.evaluations = a.checks[:1], a.rests[:0], a.evaluations[:0]
			a.room.clear()
			for _, at := range leftovers(reflect.ValueOf(a.room), "room") {
				t.Errorf("%s is seen by the next request", at)
			}
		}
	}
}

// leftovers returns what is not zero in v, memory of lists beyond their ends included.
func leftovers(v reflect.Value, at string) (found []string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			found = append(found, leftovers(v.Field(i), at+"."+v.Type().Field(i).Name)...)
		}
		return found
	case reflect.Slice:
		for i := range v.Cap() {
			if !v.Slice(0, v.Cap()).Index(i).IsZero() {
				found = append(found, fmt.Sprintf("%s[%d]", at, i))
			}
		}
		return found
	}
	if !v.IsZero() {
		found = append(found, at)
	}
	return found
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
