package verifier_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

const webIssuer = "did:web:issuer.example"

func multikeyOf(t testing.TB, seed byte) string {
	t.Helper()
	public, err := multikey.NewPublicKey(sample.Key(seed)[32:])
	if err != nil {
		t.Fatal(err)
	}
	return public.String()
}

// webDocument returns a document of webIssuer with the sample key of the seed as
// method. Under assertionMethod it refers to the method and to more.
func webDocument(t testing.TB, method string, seed byte, more ...string) *didresolve.Document {
	t.Helper()
	d, err := didresolve.ParseDocument(toJSON(t, object{
		"id":                 webIssuer,
		"verificationMethod": []any{object{"id": method, "type": "Multikey", "controller": webIssuer, "publicKeyMultibase": multikeyOf(t, seed)}},
		"assertionMethod":    append([]string{method}, more...),
	}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// issueWeb returns the sample's mandate after change, which may be nil, issued by
// webIssuer and signed by sample key 4 with the name of method.
func issueWeb(t testing.TB, method string, change func(vc, mandate object)) []byte {
	t.Helper()
	return samplesign.Credential(t, unsigned(t, func(vc, mandate object) {
		vc["issuer"] = webIssuer
		if change != nil {
			change(vc, mandate)
		}
	}), samplesign.Signer(t, 4, method))
}

// keeping answers with the old document of webIssuer, and with the new one if it is
// asked for a newer one. Either may be an error. It writes down how it was asked.
type keeping struct {
	old, new any
	asked    []string
}

func (k *keeping) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return k.answer(ctx, "resolve", did, k.old)
}

func (k *keeping) Refresh(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	if prior.Document != k.old {
		return nil, errors.New("the prior answer is another")
	}
	return k.answer(ctx, "refresh", did, k.new)
}

func (k *keeping) answer(ctx context.Context, how, did string, what any) (*didresolve.Resolution, error) {
	if did != webIssuer {
		return didresolve.Key().Resolve(ctx, did)
	}
	k.asked = append(k.asked, how)
	if err, ok := what.(error); ok {
		return nil, err
	}
	return &didresolve.Resolution{Document: what.(*didresolve.Document), Source: how, RetrievedAt: sample.Now()}, nil
}

// plain hides that a resolver can refresh.
type plain struct{ didresolve.Resolver }

// Verify asks once for a newer document if the kept one lacks the key of a proof, or has
// another key of that name. It does not ask again for a key that is there and must not
// be used.
func TestRefreshForKey(t *testing.T) {
	const key1, key2 = webIssuer + "#key-1", webIssuer + "#key-2"
	foreign := "did:key:" + multikeyOf(t, 4) + "#" + multikeyOf(t, 4)
	resolveOnly, both := []string{"resolve"}, []string{"resolve", "refresh"}
	old := webDocument(t, key1, 3)
	for _, tt := range []struct {
		name     string
		old, new any
		method   string // that signs, with sample key 4
		plain    bool
		want     string
		asked    []string
	}{
		{"it is there", webDocument(t, key1, 4), nil, key1, false, "allow", resolveOnly},
		{"it is in the newer one", old, webDocument(t, key2, 4), key2, false, "allow", both},
		{"it is in neither", old, old, key2, false, "key_not_authorized", both},
		{"another key in the newer one", old, webDocument(t, key2, 3), key2, false, "proof_invalid", both},
		{"the newer one is an outage", old, &didresolve.Error{Type: didresolve.ErrInternal, Retryable: true}, key2, false, "none", both},
		{"the newer one is unknown trouble", old, errors.New("boom"), key2, false, "none", both},
		{"there is none any more", old, didresolve.ErrNotFound, key2, false, "did_not_found", both},
		{"deactivated since", old, didresolve.ErrDeactivated, key2, false, "did_deactivated", both},
		{"the newer one is pinned away", old, didresolve.ErrPinMismatch, key2, false, "did_invalid", both},
		{"pinned away at once", didresolve.ErrPinMismatch, nil, key1, false, "did_invalid", resolveOnly},
		{"a resolver that cannot", old, nil, key2, true, "key_not_authorized", resolveOnly},
		{"another key of that name", old, old, key1, false, "proof_invalid", both},
		{"the new key has the old name", old, webDocument(t, key1, 4), key1, false, "allow", both},
		{"another key of that name, an outage", old, errors.New("boom"), key1, false, "none", both},
		{"another key of that name, a resolver that cannot", old, nil, key1, true, "proof_invalid", resolveOnly},
		{"listed in the newer one", old, webDocument(t, key1, 3, foreign), foreign, false, "allow", both},
		{"listed in neither", old, old, foreign, false, "issuer_mismatch", both},
	} {
		k := &keeping{old: tt.old, new: tt.new}
		cfg := config(t)
		cfg.TrustedIssuers, cfg.Resolver, cfg.IssuerBinding = []string{webIssuer}, k, verifier.IssuerListed
		if tt.plain {
			cfg.Resolver = plain{k}
		}
		res, err := decide(t, cfg, presenting(present(t, sample.Challenge, issueWeb(t, tt.method, nil))))
		if got := outcome(res, err); got != tt.want || !slices.Equal(k.asked, tt.asked) {
			t.Errorf("%s: %s (%v), asked for %v; want %s, %v", tt.name, got, err, k.asked, tt.want, tt.asked)
		}
		if tt.want != "allow" {
			continue
		}
		// The receipt rests on the document that was used, and holds its key.
		want := k.asked[len(k.asked)-1] + " " + multikeyOf(t, 4)
		if tt.method == foreign {
			want = "refresh " // the issuer's document only lists it
		}
		if got := keyRow(t, res.Receipt); got != want {
			t.Errorf("%s: the receipt says %q, want %q", tt.name, got, want)
		}
	}
}

// keyRow returns source and key of the receipt's row about webIssuer.
func keyRow(t testing.TB, r *receipts.Receipt) string {
	t.Helper()
	for _, row := range parseValue(t, r.Bytes()).Get("credentialSubject").Get("checks").Elements() {
		if did, _ := row.Get("did").String(); did == webIssuer {
			source, _ := row.Get("source").String()
			key, _ := row.Get("publicKeyMultibase").String()
			if row.Get("publicKeyMultibase").Kind() == canonical.String && key == "" {
				t.Error("an empty key")
			}
			return source + " " + key
		}
	}
	return ""
}

// A second lookup of a DID does not count as another one of the eight.
func TestRefreshAtDIDLimit(t *testing.T) {
	const key1, key2 = webIssuer + "#key-1", webIssuer + "#key-2"
	for _, others := range []int{4, 5} { // and the issuer, the holder, the one that has rotated: 7 and 8
		cfg := config(t)
		cfg.Resolver = &keeping{old: webDocument(t, key1, 3), new: webDocument(t, key2, 4)}
		mandate := sample.Credential()
		for i := range others {
			mandate = addProof(t, mandate, signer(t, byte(20+i)), "assertionMethod", "")
		}
		mandate = addProof(t, mandate, samplesign.Signer(t, 4, key2), "assertionMethod", "")
		if res, err := decide(t, cfg, presenting(present(t, sample.Challenge, mandate))); outcome(res, err) != "allow" {
			t.Errorf("%d DIDs: %v", others+3, err)
		}
	}
}
