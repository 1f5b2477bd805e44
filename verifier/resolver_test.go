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
	none := "did:key:" + multikey.EncodeBase58(raw)
	if _, err := didresolve.Key().Resolve(t.Context(), none); didresolve.TypeOf(err) != didresolve.ErrInvalidDID {
		t.Fatal(err)
	}
	vp := string(present(t, "c", sample.Credential()))
	url := func(did string) string { return did + "#" + strings.TrimPrefix(did, "did:key:") }
	toNone := issue(t, func(vc, _ object) {
		for name, value := range toObject(t, []byte(strings.ReplaceAll(string(toJSON(t, vc)), sample.Holder, none))) {
			vc[name] = value
		}
	})
	toNone = []byte(strings.Replace(string(present(t, "c", toNone)), `"holder":"`+sample.Holder, `"holder":"`+none, 1))
	for _, tt := range []struct {
		name, presentation string
		change             func(*verifier.Config)
		check              string
	}{
		{"the issuer", strings.ReplaceAll(strings.ReplaceAll(vp, url(sample.Issuer), url(none)), sample.Issuer, none), nil, "issuer.key"},
		{"the holder", strings.ReplaceAll(string(toNone), url(sample.Holder), url(none)), nil, "holder.key"},
		{"an issuer who is to list the key", strings.ReplaceAll(vp, `"`+sample.Issuer+`"`, `"`+none+`"`),
			func(cfg *verifier.Config) { cfg.IssuerBinding = verifier.IssuerListed }, "issuer.key"},
	} {
		var checks [][]verifier.Check
		for _, r := range []didresolve.Resolver{didresolve.Key(), didresolve.Chain(didresolve.Static(), didresolve.Key())} {
			for _, signatures := range []verifier.SignatureVerifier{nil, allTrue{t}} {
				cfg := config(t)
				cfg.Resolver, cfg.SignatureVerifier = r, signatures
				cfg.TrustedIssuers = append(cfg.TrustedIssuers, none)
				if tt.change != nil {
					tt.change(&cfg)
				}
				req := request()
				req.Presentation, req.Challenge = []byte(tt.presentation), "c"
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

// deactivated answers that every DID is deactivated, outage that it cannot answer.
type deactivated struct{}

func (deactivated) Resolve(context.Context, string) (*didresolve.Resolution, error) {
	return nil, &didresolve.Error{Type: didresolve.ErrDeactivated}
}

type outage struct{}

func (outage) Resolve(context.Context, string) (*didresolve.Resolution, error) {
	return nil, errors.New("down")
}

// A resolver that comes before Key in a chain is asked first, however deep.
func TestChainAsksInOrder(t *testing.T) {
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
		{"deactivated", deactivated{}, "did_deactivated"},
		{"a pin", pinned, "did_invalid"},
		{"an outage", outage{}, "none"},
	} {
		for name, r := range map[string]didresolve.Resolver{
			"alone":             tt.before,
			"in a chain":        didresolve.Chain(tt.before, key),
			"in a chain in one": didresolve.Chain(didresolve.Chain(tt.before), key),
			"behind a chain":    didresolve.Chain(didresolve.Chain(didresolve.Static(), tt.before), didresolve.Chain(key)),
		} {
			cfg := config(t)
			cfg.Resolver = r
			res, err := newVerifier(t, cfg).Verify(t.Context(), request())
			if got := outcome(res, err); got != tt.want {
				t.Errorf("%s %s: %s (%v), want %s", tt.name, name, got, err, tt.want)
			}
		}
	}
}
