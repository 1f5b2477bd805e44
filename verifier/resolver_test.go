package verifier_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// failing returns a resolver that answers every DID with an error.
func failing(err error) resolverFunc {
	return func(context.Context, string) (*didresolve.Resolution, error) { return nil, err }
}

// Verify maps every error and every unfit document of a Resolver to one outcome.
func TestResolverAnswers(t *testing.T) {
	other, err := didresolve.Key().Resolve(t.Context(), sample.Holder)
	if err != nil {
		t.Fatal(err)
	}
	did := func(t didresolve.ErrorType) error { return &didresolve.Error{Type: t} }
	tests := []struct {
		name string
		res  *didresolve.Resolution
		err  error
		want string
	}{
		{"not found", nil, did(didresolve.ErrNotFound), "did_not_found"},
		{"deactivated", nil, did(didresolve.ErrDeactivated), "did_deactivated"},
		{"method not supported", nil, did(didresolve.ErrMethodNotSupported), "did_method_not_supported"},
		{"invalid DID", nil, did(didresolve.ErrInvalidDID), "did_invalid"},
		{"invalid document", nil, did(didresolve.ErrInvalidDIDDocument), "did_invalid"},
		{"internal error", nil, did(didresolve.ErrInternal), "none"},
		{"not found, but retryable", nil, &didresolve.Error{Type: didresolve.ErrNotFound, Retryable: true}, "none"},
		{"not found, because the context was done", nil, &didresolve.Error{Type: didresolve.ErrNotFound, Cause: context.DeadlineExceeded}, "none"},
		{"an error it does not know", nil, errors.New("x"), "none"},
		{"not found beside an outage", nil, errors.Join(did(didresolve.ErrNotFound), errors.New("x")), "none"},
		{"neither", nil, nil, "none"},
		{"no document", &didresolve.Resolution{}, nil, "none"},
		{"an empty document", &didresolve.Resolution{Document: &didresolve.Document{}}, nil, "did_invalid"},
		{"the document of another DID", other, nil, "did_invalid"},
		{"a document beside an error", other, did(didresolve.ErrNotFound), "did_not_found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t)
			cfg.Resolver = resolverFunc(func(context.Context, string) (*didresolve.Resolution, error) { return tt.res, tt.err })
			res, err := decide(t, cfg, request())
			if got := outcome(res, err); got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
		})
	}
}

// Under IssuerListed, the document of another DID does not stand for the issuer's.
func TestListedSignerInDocumentOfAnotherDID(t *testing.T) {
	const issuer = "did:web:issuer.example"
	multibase := strings.TrimPrefix(sample.Holder, "did:key:")
	other, err := didresolve.ParseDocument([]byte(`{"id":"did:web:other.example","assertionMethod":["` + sample.Holder + `#` + multibase + `"]}`))
	if err != nil {
		t.Fatal(err)
	}
	vp := toObject(t, sample.Presentation())
	vc := vp["verifiableCredential"].([]any)[0].(object)
	vc["issuer"] = issuer
	vc["proof"].(object)["verificationMethod"] = sample.Holder + "#" + multibase
	cfg := config(t)
	cfg.TrustedIssuers, cfg.IssuerBinding = []string{issuer}, verifier.IssuerListed
	cfg.Resolver = resolverFunc(func(ctx context.Context, did string) (*didresolve.Resolution, error) {
		if did == issuer {
			return &didresolve.Resolution{Document: other}, nil
		}
		return didresolve.Key().Resolve(ctx, did)
	})
	if res, err := decide(t, cfg, presenting(toJSON(t, vp))); outcome(res, err) != "did_invalid" {
		t.Errorf("got %s, %v", outcome(res, err), err)
	}
}

// allTrue accepts every signature. It fails the test when the engine asks it about a
// key that is not a point of the curve.
type allTrue struct{ t *testing.T }

func (a allTrue) Verify(key ed25519.PublicKey, _, _ []byte) bool {
	if _, err := multikey.NewPublicKey(key); err != nil {
		a.t.Error(err)
	}
	return true
}

// The engine refuses a did:key whose key is not a point of the curve in every part of
// a presentation, whatever verifies signatures.
func TestKeyNotOnCurve(t *testing.T) {
	raw := make([]byte, 34)
	copy(raw, "\xed\x01\x02") // y is 2
	noPoint := "did:key:" + multikey.EncodeBase58(raw)
	if _, err := didresolve.Key().Resolve(t.Context(), noPoint); didresolve.TypeOf(err) != didresolve.ErrInvalidDID {
		t.Fatal(err)
	}
	url := func(did string) string { return did + "#" + strings.TrimPrefix(did, "did:key:") }
	renamed := func(vp []byte, did string) string {
		return strings.NewReplacer(url(did), url(noPoint), did, noPoint).Replace(string(vp))
	}
	vp := present(t, "c", sample.Credential())
	toNoPoint := present(t, "c", issue(t, func(_, mandate object) {
		mandate["context"] = object{"authorizedDIDs": []string{noPoint, sample.Verifier}}
	}))
	for _, tt := range []struct {
		name, presentation string
		binding            verifier.IssuerBinding
		check              string
	}{
		{"the issuer", renamed(vp, sample.Issuer), verifier.IssuerStrict, "issuer.key"},
		{"the holder", renamed(toNoPoint, sample.Holder), verifier.IssuerStrict, "holder.key"},
		{"an issuer who has to list the key", strings.ReplaceAll(string(vp), `"`+sample.Issuer+`"`, `"`+noPoint+`"`), verifier.IssuerListed, "issuer.key"},
	} {
		var checks [][]verifier.Check
		for _, r := range []didresolve.Resolver{didresolve.Key(), didresolve.Chain(didresolve.Static(), didresolve.Key())} {
			for _, signatures := range []verifier.SignatureVerifier{nil, allTrue{t}} {
				cfg := config(t)
				cfg.Resolver, cfg.SignatureVerifier, cfg.IssuerBinding = r, signatures, tt.binding
				cfg.TrustedIssuers = append(cfg.TrustedIssuers, noPoint)
				req := presenting([]byte(tt.presentation))
				req.Challenge = "c"
				v := newVerifier(t, cfg)
				for range 2 { // the second time the document is known
					_, err := v.Verify(t.Context(), req)
					var deny *verifier.DenyError
					if !errors.As(err, &deny) || deny.Reason != verifier.ReasonDIDInvalid || deny.Check != tt.check || !strings.Contains(deny.Detail, "not on the curve") {
						t.Fatalf("%s: %v", tt.name, err)
					}
					checks = append(checks, deny.Checks())
				}
			}
		}
		for _, c := range checks {
			if !slices.Equal(c, checks[0]) {
				t.Errorf("%s: the checks differ:\n%v\n%v", tt.name, c, checks[0])
			}
		}
	}
}

// A chain asks a resolver that comes before Key first, however deep it is.
func TestChainOrder(t *testing.T) {
	key := didresolve.Key()
	issuer, err := key.Resolve(t.Context(), sample.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	digest := issuer.Document.Digest()
	digest[0]++
	pinned := didresolve.Pinned(map[string][32]byte{sample.Issuer: digest}, key)
	for _, tt := range []struct {
		name   string
		before didresolve.Resolver
		want   string
	}{
		{"deactivated", failing(&didresolve.Error{Type: didresolve.ErrDeactivated}), "did_deactivated"},
		{"a pin", pinned, "did_invalid"},
		{"an outage", failing(errors.New("down")), "none"},
	} {
		for name, r := range map[string]didresolve.Resolver{
			"alone":             tt.before,
			"in a chain":        didresolve.Chain(tt.before, key),
			"in a chain in one": didresolve.Chain(didresolve.Chain(tt.before), key),
			"behind a chain":    didresolve.Chain(didresolve.Chain(didresolve.Static(), tt.before), didresolve.Chain(key)),
		} {
			cfg := config(t)
			cfg.Resolver = r
			res, err := decide(t, cfg, request())
			if got := outcome(res, err); got != tt.want {
				t.Errorf("%s %s: %s (%v), want %s", tt.name, name, got, err, tt.want)
			}
		}
	}
}
