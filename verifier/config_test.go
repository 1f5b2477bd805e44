package verifier_test

import (
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

func TestNewRefuses(t *testing.T) {
	tests := map[string]func(*verifier.Config){
		"Resolver":       func(c *verifier.Config) { c.Resolver = nil },
		"Signer":         func(c *verifier.Config) { c.Signer = nil },
		"TrustedIssuers": func(c *verifier.Config) { c.TrustedIssuers = nil },
		"exclude":        func(c *verifier.Config) { c.InsecureTrustAnyIssuer = true },
		"TrustedIssuers: didresolve: invalid did": func(c *verifier.Config) { c.TrustedIssuers = []string{sample.Issuer, "acme"} },
		"MaxAge":           func(c *verifier.Config) { c.MaxAge = -1 },
		"MaxFuture":        func(c *verifier.Config) { c.MaxFuture = -1 },
		"Leeway":           func(c *verifier.Config) { c.Leeway = -1 },
		"unknown IssuerBi": func(c *verifier.Config) { c.IssuerBinding = 9 },
		"MaxStatusAge":     func(c *verifier.Config) { c.MaxStatusAge = -1 },
		"go together":      func(c *verifier.Config) { c.IssuerBinding = verifier.IssuerMapped },
		"GrantorProofs is": func(c *verifier.Config) { c.GrantorProofs = -2 },
		"IssuerSigners go": func(c *verifier.Config) { c.IssuerSigners = map[string][]string{sample.Issuer: {sample.Issuer}} },
	}
	for want, change := range tests {
		cfg := config(t)
		change(&cfg)
		if v, err := verifier.New(cfg); err == nil || v != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	if v, err := verifier.New(verifier.Config{}); err == nil || v != nil {
		t.Error("the zero Config is accepted")
	}
}

// Either the Config or the Request has to name the verifier.
func TestVerifierDIDIsRequired(t *testing.T) {
	cfg := config(t)
	cfg.Verifier = ""
	if res, err := decide(t, cfg, request()); outcome(res, err) != "none" {
		t.Errorf("got %v, %v", res, err)
	}
	req := request()
	req.Verifier = sample.Verifier
	if res, err := decide(t, cfg, req); outcome(res, err) != "allow" {
		t.Errorf("got %v", err)
	}
}

// A change of the caller's Config after New does not change the Verifier.
func TestConfigIsCopied(t *testing.T) {
	cfg := config(t)
	cfg.PresentationSigners = map[string][]string{"did:x:y": {"did:x:z"}}
	v := newVerifier(t, cfg)
	cfg.TrustedIssuers[0] = "did:x:changed"
	cfg.PresentationSigners["did:x:y"][0] = "changed"
	if res, err := v.Verify(t.Context(), request()); outcome(res, err) != "allow" {
		t.Errorf("the verifier changed with its Config: %v", err)
	}
}

func TestIssuerBindingString(t *testing.T) {
	for b, want := range map[verifier.IssuerBinding]string{verifier.IssuerStrict: "strict", verifier.IssuerMapped: "mapped", verifier.IssuerMapped + 1: "IssuerBinding(3)"} {
		if got := b.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
