package challenge_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mandate-engine/mandate/adapters/challenge"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

func ExampleBind() {
	params, err := canonical.Parse([]byte(`{"decisionEventId":"urn:via:event:golden","outcome":"completed"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(challenge.Bind("nonce", "urn:via:credential:golden", "report_outcome", params.Root()))
	// Output: nonce~sha256-2yRGCiqttP5rmvG/RjaNjsM4PPXcubQigkRRiAbYr9Q= <nil>
}

func TestBindRefuses(t *testing.T) {
	for _, tt := range []struct{ name, nonce, mandate string }{
		{"an empty nonce", "", "urn:x:1"},
		{"a nonce with a ~", "a~b", "urn:x:1"},
		{"text without a canonical form", "n", "\xff"},
	} {
		if c, err := challenge.Bind(tt.nonce, tt.mandate, "", canonical.Value{}); err == nil || c != "" {
			t.Errorf("%s: %q, %v", tt.name, c, err)
		}
	}
}

// The verifier allows a bound presentation for its own parameters, and for no others.
func TestVerifierAcceptsBoundChallenge(t *testing.T) {
	params, err := canonical.Parse(sample.ParamsAllow())
	if err != nil {
		t.Fatal(err)
	}
	c, err := challenge.Bind("nonce-1", sample.MandateID, "book_hotel", params.Root())
	if err != nil {
		t.Fatal(err)
	}
	holder, err := receipts.NewKeySigner(sample.Key(2), "")
	if err != nil {
		t.Fatal(err)
	}
	vp, err := signing.Presentation(t.Context(), sample.Holder, [][]byte{sample.Credential()}, holder,
		signing.Options{Created: sample.Now(), Challenge: c, Domain: []string{sample.Verifier}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: holder, TrustedIssuers: []string{sample.Issuer},
		Verifier: sample.Verifier, RequireParamsBinding: true, InsecureAllowReplay: true, Now: sample.Now})
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.Verify(t.Context(), verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow(), Challenge: c})
	if err != nil || !res.ParamsBound {
		t.Fatal(err)
	}
	_, err = v.Verify(t.Context(), verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsDeny(), Challenge: c})
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Reason != verifier.ReasonParamsMismatch {
		t.Errorf("other parameters: %v", err)
	}
}
