package verifier_test

import (
	"context"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// withSets returns a presentation that its holder has signed twice, of a mandate
// that its issuer has signed, and a notary on top of that.
func withSets(t testing.TB) []byte {
	t.Helper()
	ctx := context.Background()
	add := func(document []byte, key byte, o signing.Options) []byte {
		o.Add, o.Created = true, sample.Now().Add(-30*time.Second)
		signed, err := signing.Document(ctx, document, signer(t, sample.Key(key)), o)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	vc := toObject(t, sample.Credential())
	delete(vc, "proof")
	chain := add(toJSON(t, vc), 1, signing.Options{Purpose: "assertionMethod", ID: "urn:p:issuer"})
	chain = add(chain, 6, signing.Options{Purpose: "assertionMethod", Previous: []string{"urn:p:issuer"}})
	return add(present(t, sample.Challenge, chain), 2, signing.Options{Purpose: "authentication", Challenge: sample.Challenge,
		Domain: []string{sample.Verifier}, Nonce: "second"})
}

// Of a presentation with proof sets and chains, one of several proofs that sign
// the same may be taken away, and nothing else changed.
func TestEveryMemberOfSetsAndChains(t *testing.T) {
	vp := withSets(t)
	req := request()
	req.Presentation = vp
	if res, err := newVerifier(t, config(t)).Verify(context.Background(), req); err != nil || res.Receipt == nil {
		t.Fatal(err)
	}
	everyMember(t, vp, map[string]bool{"without /proof/0": true, "without /proof/1": true})
}

func TestEveryByteOfSetsAndChains(t *testing.T) { everyByte(t, withSets(t)) }

// A presentation signed twice is used up by either proof.
func TestReplayOfOneOfTwoProofs(t *testing.T) {
	cfg := config(t)
	v := newVerifier(t, cfg)
	req := request()
	req.Presentation, req.Challenge = withSets(t), ""
	ask := func() string {
		res, err := v.Verify(context.Background(), req)
		return outcome(res, err)
	}
	if got := ask(); got != "allow" {
		t.Fatal(got)
	}
	doc := toObject(t, req.Presentation)
	for i, proof := range doc["proof"].([]any) {
		doc["proof"] = proof
		req.Presentation = toJSON(t, doc)
		if got := ask(); got != string(verifier.ReasonPresentationReplayed) {
			t.Errorf("proof %d alone: %s", i, got)
		}
	}
}
