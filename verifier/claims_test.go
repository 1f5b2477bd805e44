package verifier_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// A presentation that never gets stale is used up all the same.
func TestReplayWithHugeMaxAge(t *testing.T) {
	cfg := config(t)
	cfg.MaxAge = math.MaxInt64
	v := newVerifier(t, cfg)
	req := request()
	req.Challenge = ""
	for _, want := range []string{"allow", string(verifier.ReasonPresentationReplayed)} {
		res, err := v.Verify(context.Background(), req)
		if got := outcome(res, err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// denial decides a presentation that must be denied.
func denial(t *testing.T, cfg verifier.Config, presentation []byte, challenge string) (*verifier.DenyError, string) {
	t.Helper()
	req := request()
	req.Presentation, req.Challenge = presentation, challenge
	_, err := newVerifier(t, cfg).Verify(context.Background(), req)
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Receipt == nil {
		t.Fatalf("got %v", err)
	}
	return deny, string(deny.Receipt.Bytes())
}

// A forged mandate does not become a fact of the receipt through another
// credential that is proven.
func TestForgedMandateBesideGenuineCredential(t *testing.T) {
	genuine := issue(t, func(vc, _ object) {
		vc["type"], vc["id"] = []string{"VerifiableCredential"}, "urn:genuine"
		vc["credentialSubject"] = object{"id": "did:x:y", "a": "b"}
	})
	for name, method := range map[string]string{
		"a key the issuer does not have": sample.Issuer + "#nokey",
		"a key of somebody else":         signer(t, sample.Key(6)).VerificationMethod(),
		"the issuer's key":               signer(t, sample.Key(1)).VerificationMethod(),
	} {
		forged := toObject(t, sample.Credential())
		forged["id"] = "urn:via:credential:forged"
		forged["proof"].(object)["verificationMethod"] = method
		for _, order := range [][][]byte{{genuine, toJSON(t, forged)}, {toJSON(t, forged), genuine}} {
			deny, receipt := denial(t, config(t), present(t, sample.Challenge, order...), sample.Challenge)
			if strings.Contains(receipt, `"id":"urn:via:credential:forged"`) || !strings.Contains(receipt, `"unverifiedCredential":"urn:via:credential:forged"`) {
				t.Errorf("%s: %s: the receipt says %s", name, deny.Reason, receipt)
			}
		}
	}
}

// A proof that somebody added to the holder's does not commit the holder to
// parameters.
func TestParamsBoundBySomebodyElse(t *testing.T) {
	vp := toObject(t, present(t, "", sample.Credential()))
	first := vp["proof"]
	delete(vp, "proof")
	second, err := signing.Document(context.Background(), toJSON(t, vp), signer(t, sample.Key(6)), signing.Options{Purpose: "authentication",
		Created: sample.Now(), Challenge: "x~" + actionHash(t, sample.ParamsAllow()), Domain: []string{sample.Verifier}})
	if err != nil {
		t.Fatal(err)
	}
	added := toObject(t, second)["proof"]
	for _, proofs := range [][]any{{first, added}, {added, first}} {
		vp["proof"] = proofs
		deny, receipt := denial(t, config(t), toJSON(t, vp), "")
		if deny.Reason != verifier.ReasonHolderMismatch || !strings.Contains(receipt, `"paramsBound":false`) || strings.Contains(receipt, "challengeDigest") || strings.Contains(receipt, `"params.bound"`) {
			t.Errorf("%s: the receipt says %s", deny.Reason, receipt)
		}
	}
}

// vc.proof passes when every proof of every credential is good, and says nothing
// while some were not looked at.
func TestProofsOfOthersInReceipts(t *testing.T) {
	vc := toObject(t, sample.Credential())
	delete(vc, "proof")
	set, err := signing.Document(context.Background(), toJSON(t, vc), signer(t, sample.Key(1)), signing.Options{Purpose: "assertionMethod", Created: sample.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if set, err = signing.Document(context.Background(), set, signer(t, sample.Key(6)), signing.Options{Purpose: "assertionMethod", Created: sample.Now(), Add: true}); err != nil {
		t.Fatal(err)
	}
	// Presented by somebody whom the mandate does not name.
	vp, err := signing.Presentation(context.Background(), "", [][]byte{set}, signer(t, sample.Key(7)),
		signing.Options{Created: sample.Now(), Challenge: sample.Challenge, Domain: []string{sample.Verifier}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	cfg.GrantorProofs = 0
	deny, receipt := denial(t, cfg, vp, sample.Challenge)
	if deny.Reason != verifier.ReasonHolderNotAuthorized || strings.Contains(receipt, `"check":"vc.proof"`) {
		t.Errorf("%s: the receipt says %s", deny.Reason, receipt)
	}
	if !strings.Contains(receipt, `"id":"`+sample.MandateID+`"`) {
		t.Error("the issuer's proof is good, so that the mandate is a fact")
	}
}

// The key rows are of the keys that decided, and the list that was read is named
// also when it is stale.
func TestRowsOfAStaleList(t *testing.T) {
	cfg := config(t)
	cfg.Status = lists{statusListURL: statusList(t, "revocation")}
	cfg.MaxStatusAge = time.Nanosecond
	vp := present(t, sample.Challenge, issue(t, withStatus("5")))
	deny, receipt := denial(t, cfg, vp, sample.Challenge)
	if deny.Reason != verifier.ReasonStatusStale || !strings.Contains(receipt, `"check":"status.list"`) {
		t.Errorf("%s: the receipt says %s", deny.Reason, receipt)
	}
	if rows := keyRows(t, toObject(t, deny.Receipt.Bytes())["credentialSubject"].(object)); !slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, sample.Issuer) }) {
		t.Errorf("got %q", rows)
	}
}

// The status entries of one presentation are bounded: each decompresses a list.
func TestStatusEntriesAreBounded(t *testing.T) {
	cfg := config(t)
	cfg.Status = lists{statusListURL: statusList(t, "revocation")}
	with := func(i int) []byte {
		return issue(t, func(vc, m object) {
			withStatus("5")(vc, m)
			one := vc["credentialStatus"]
			vc["credentialStatus"] = []any{one, one, one, one}
			if i > 0 {
				vc["type"], vc["id"] = []string{"VerifiableCredential"}, "urn:x:1"
			}
		})
	}
	for n, want := range map[int]string{4: "allow", 5: string(verifier.ReasonStatusUnknown)} {
		var list [][]byte
		for i := range n {
			list = append(list, with(i))
		}
		req := request()
		req.Presentation = present(t, sample.Challenge, list...)
		res, err := newVerifier(t, cfg).Verify(context.Background(), req)
		if got := outcome(res, err); got != want {
			t.Errorf("%d entries: got %s (%v), want %s", 4*n, got, err, want)
		}
	}
}
