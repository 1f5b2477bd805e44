package verifier_test

import (
	"errors"
	"testing"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// A caller that changes a Bundle, or its own evidence files, changes neither the
// settings of the Verifier nor the Bundle.
func TestBundleSharesNoMemory(t *testing.T) {
	cfg := config(t)
	cfg.KeepBundle, cfg.InsecureAllowReplay = true, true
	v := newVerifier(t, cfg)
	deny := func(req verifier.Request) *verifier.Bundle {
		t.Helper()
		_, err := v.Verify(t.Context(), req)
		var d *verifier.DenyError
		if !errors.As(err, &d) || d.Bundle == nil {
			t.Fatalf("no deny with a bundle: %v", err)
		}
		return d.Bundle
	}
	req := request()
	req.Evidence = map[string][]byte{"x": []byte("Hello")} // which no credential names
	b := deny(req)
	req.Evidence["x"][0] = 'J'
	if got := string(b.Request.Evidence["x"]); got != "Hello" {
		t.Errorf("the evidence in the bundle is %q", got)
	}

	b.Config.PresentationSigners["did:key:z6MkStranger"] = []string{sample.Holder}
	b.Config.IssuerSigners["did:key:z6MkStranger"] = []string{sample.Issuer}
	b.Config.TrustedIssuers[0] = "did:x:y"
	again := deny(req).Config
	if len(again.PresentationSigners)+len(again.IssuerSigners) != 0 || again.TrustedIssuers[0] != cfg.TrustedIssuers[0] {
		t.Errorf("the settings changed with the bundle: %v %v %v", again.PresentationSigners, again.IssuerSigners, again.TrustedIssuers)
	}
}
