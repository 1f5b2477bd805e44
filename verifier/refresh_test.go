package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

const webIssuer = "did:web:issuer.example"

// webDocument holds key as method, and refers to more under assertionMethod.
func webDocument(t testing.TB, method string, key byte, more ...string) *didresolve.Document {
	t.Helper()
	public, err := multikey.NewPublicKey(sample.Key(key)[32:])
	if err != nil {
		t.Fatal(err)
	}
	d, err := didresolve.ParseDocument(toJSON(t, object{
		"id":                 webIssuer,
		"verificationMethod": []any{object{"id": method, "type": "Multikey", "controller": webIssuer, "publicKeyMultibase": public.String()}},
		"assertionMethod":    append([]string{method}, more...),
	}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// keeping answers with the old document, and with the new one to whoever asks
// for a newer one. Either may be an error. It writes down what it was asked.
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

// A key that is missing in a document is looked for in a newer one, once; what
// is wrong with a key that is there is not.
func TestMissingKeysAreLookedForOnce(t *testing.T) {
	const key1, key2 = webIssuer + "#key-1", webIssuer + "#key-2"
	foreign := "did:key:" + multikeyOf(t, 4) + "#" + multikeyOf(t, 4)
	resolveOnly, both := []string{"resolve"}, []string{"resolve", "refresh"}
	for _, tt := range []struct {
		name     string
		old, new any
		method   string // that signs, with sample key 4
		plain    bool
		want     string
		asked    []string
	}{
		{"it is there", webDocument(t, key1, 4), nil, key1, false, "allow", resolveOnly},
		{"it is in the newer one", webDocument(t, key1, 3), webDocument(t, key2, 4), key2, false, "allow", both},
		{"it is in neither", webDocument(t, key1, 3), webDocument(t, key1, 3), key2, false, "key_not_authorized", both},
		{"another key in the newer one", webDocument(t, key1, 3), webDocument(t, key2, 3), key2, false, "proof_invalid", both},
		{"the newer one is an outage", webDocument(t, key1, 3), &didresolve.Error{Type: didresolve.ErrInternal, Retryable: true}, key2, false, "none", both},
		{"the newer one is unknown trouble", webDocument(t, key1, 3), errors.New("boom"), key2, false, "none", both},
		{"there is none any more", webDocument(t, key1, 3), didresolve.ErrNotFound, key2, false, "did_not_found", both},
		{"deactivated since", webDocument(t, key1, 3), didresolve.ErrDeactivated, key2, false, "did_deactivated", both},
		{"the newer one is pinned away", webDocument(t, key1, 3), didresolve.ErrPinMismatch, key2, false, "did_invalid", both},
		{"pinned away at once", didresolve.ErrPinMismatch, nil, key1, false, "did_invalid", resolveOnly},
		{"a resolver that cannot", webDocument(t, key1, 3), nil, key2, true, "key_not_authorized", resolveOnly},
		{"another key of that name", webDocument(t, key1, 3), webDocument(t, key1, 3), key1, false, "proof_invalid", both},
		{"the new key has the old name", webDocument(t, key1, 3), webDocument(t, key1, 4), key1, false, "allow", both},
		{"another key of that name, an outage", webDocument(t, key1, 3), errors.New("boom"), key1, false, "none", both},
		{"another key of that name, a resolver that cannot", webDocument(t, key1, 3), nil, key1, true, "proof_invalid", resolveOnly},
		{"listed in the newer one", webDocument(t, key1, 3), webDocument(t, key1, 3, foreign), foreign, false, "allow", both},
		{"listed in neither", webDocument(t, key1, 3), webDocument(t, key1, 3), foreign, false, "issuer_mismatch", both},
	} {
		k := &keeping{old: tt.old, new: tt.new}
		cfg := config(t)
		cfg.TrustedIssuers, cfg.Resolver, cfg.IssuerBinding = []string{webIssuer}, k, verifier.IssuerListed
		if tt.plain {
			cfg.Resolver = plain{k}
		}
		req := request()
		req.Presentation = present(t, sample.Challenge, issueAs(t, tt.method))
		res, err := newVerifier(t, cfg).Verify(t.Context(), req)
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

func multikeyOf(t testing.TB, key byte) string {
	t.Helper()
	public, err := multikey.NewPublicKey(sample.Key(key)[32:])
	if err != nil {
		t.Fatal(err)
	}
	return public.String()
}

// issueAs signs the sample's mandate as webIssuer, with a key of any method.
func issueAs(t testing.TB, method string) []byte {
	t.Helper()
	vc := toObject(t, sample.Credential())
	delete(vc, "proof")
	vc["issuer"] = webIssuer
	s, err := receipts.NewKeySigner(sample.Key(4), method)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signing.Document(context.Background(), toJSON(t, vc), s, signing.Options{Purpose: "assertionMethod", Created: sample.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return signed
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

// One decision fetches four documents at most, of those that say that they
// fetch. Every decision has its own budget.
func TestFetchesAreBounded(t *testing.T) {
	for _, tt := range []struct {
		fetches int // for each DID
		want    string
	}{{0, "allow"}, {2, "allow"}, {3, "none"}} {
		left := 0
		cfg := config(t)
		cfg.Resolver = fetching(func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			for range tt.fetches {
				if !fetchbudget.Spend(ctx) {
					return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "more fetches than one decision may take"}
				}
				left++
			}
			return didresolve.Key().Resolve(ctx, did)
		})
		cfg.InsecureAllowReplay = true
		v := newVerifier(t, cfg)
		for range 2 {
			left = 0
			res, err := v.Verify(t.Context(), request()) // two DIDs
			var none *verifier.NoDecisionError
			if got := outcome(res, err); got != tt.want || left > 4 || got == "none" && (!errors.As(err, &none) || none.Retryable) {
				t.Errorf("%d fetches for each DID: %s (%v), %d fetched", tt.fetches, got, err, left)
			}
		}
	}
}

type fetching func(ctx context.Context, did string) (*didresolve.Resolution, error)

func (f fetching) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return f(ctx, did)
}

// The receipt of any decision names the keys that it rests on.
func TestReceiptHoldsKeys(t *testing.T) {
	res, err := newVerifier(t, config(t)).Verify(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range parseValue(t, res.Receipt.Bytes()).Get("credentialSubject").Get("checks").Elements() {
		if key, ok := row.Get("publicKeyMultibase").String(); ok {
			did, _ := row.Get("did").String()
			got = append(got, fmt.Sprintf("%s is %s", did, "did:key:"+key))
		}
	}
	slices.Sort(got)
	want := []string{sample.Issuer + " is " + sample.Issuer, sample.Holder + " is " + sample.Holder}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Looking a DID up once more does not count as another one.
func TestEightDIDsAndARotation(t *testing.T) {
	const key1, key2 = webIssuer + "#key-1", webIssuer + "#key-2"
	for _, others := range []int{4, 5} { // and the issuer, the holder, the one that has rotated: 7 and 8
		cfg := config(t)
		cfg.Resolver = &keeping{old: webDocument(t, key1, 3), new: webDocument(t, key2, 4)}
		vc := toObject(t, sample.Credential())
		delete(vc, "proof")
		doc := toJSON(t, vc)
		add := func(s signing.Signer) {
			t.Helper()
			var err error
			if doc, err = signing.Document(t.Context(), doc, s, signing.Options{Purpose: "assertionMethod", Created: sample.Now(), Add: true}); err != nil {
				t.Fatal(err)
			}
		}
		add(signer(t, sample.Key(1)))
		for i := range others {
			add(signer(t, sample.Key(byte(20+i))))
		}
		rotated, err := receipts.NewKeySigner(sample.Key(4), key2)
		if err != nil {
			t.Fatal(err)
		}
		add(rotated)
		req := request()
		req.Presentation = present(t, sample.Challenge, doc)
		if res, err := newVerifier(t, cfg).Verify(t.Context(), req); outcome(res, err) != "allow" {
			t.Errorf("%d DIDs: %v", others+3, err)
		}
	}
}
