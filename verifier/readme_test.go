package verifier_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// The code between README and END is that of the README.

func ExampleVerifier_Verify() {
	v, err := readmeVerifier()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, challenge := context.Background(), sample.Challenge
	for _, attempt := range []struct{ vp, params []byte }{
		{sample.Presentation(), sample.ParamsDeny()},
		{sample.Presentation(), sample.ParamsAllow()},
		{nil, nil},
	} {
		vp, params := attempt.vp, attempt.params
		// README
		res, err := v.Verify(ctx, verifier.Request{Presentation: vp, ExecutionParams: params, Challenge: challenge})
		var deny *verifier.DenyError
		switch {
		case err == nil: // allow: res.Receipt is signed
			fmt.Println("allowed:", res.Credential)
		case errors.As(err, &deny): // deny: a stable reason, every rule with its values, a signed receipt
			fmt.Println("denied:", deny.Reason, "-", deny.Detail)
		default: // no decision: bad request, outage, cancelled; never act on it
			fmt.Println("undecided:", err)
		}
		// END
	}
	// Output:
	// denied: rule_failed - amount-cap: Expression evaluated to false: executionParams.amount (900) <= userParams.maxAmount (500); city-allowed: Expression evaluated to false: executionParams.city ("Faro") in userParams.allowedCities (["Lisboa", "Porto"])
	// allowed: urn:via:credential:550e8400-e29b-41d4-a716-446655440000
	// undecided: verifier: malformed_json: canonical: syntax at byte 0: unexpected end, want a value
}

// readmeVerifier builds a Verifier as the README does, then the one of the
// sample, whose parties the README does not name.
func readmeVerifier() (*verifier.Verifier, error) {
	const issuerDID = sample.Issuer
	build := func() error {
		// README
		_, privateKey, err := ed25519.GenerateKey(nil) // keep it: it signs the receipts
		if err != nil {
			return err
		}
		signer, err := receipts.NewKeySigner(privateKey, "") // "" names the key by its did:key
		if err != nil {
			return err
		}
		v, err := verifier.New(verifier.Config{
			Resolver:       didresolve.Key(),       // did:key; Chain and Static add others
			Signer:         signer,                 // signs the receipts
			TrustedIssuers: []string{issuerDID},    // whose mandates count
			Verifier:       "did:web:shop.example", // on whose behalf: presentations must name it as their domain
		})
		// END
		_ = v
		return err
	}
	if err := build(); err != nil {
		return nil, err
	}
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		return nil, err
	}
	return verifier.New(verifier.Config{
		Resolver: didresolve.Key(), Signer: signer, TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier, Now: sample.Now,
	})
}

// TestREADME holds the README to its promises: its Go code is what is compiled
// above, it is short, and its first lines show the three outcomes.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	compiled := regions(string(self), "// README\n", "// END\n")
	shown := regions(string(readme), "```go\n", "```\n")
	if len(shown) != 2 || len(compiled) != len(shown) {
		t.Fatalf("%d pieces of Go in the README, %d here", len(shown), len(compiled))
	}
	for _, piece := range shown {
		found := false
		for _, c := range compiled {
			found = found || c == piece
		}
		if !found {
			t.Errorf("not compiled in this file:\n%s", piece)
		}
	}
	lines := strings.Split(string(readme), "\n")
	if len(lines) > 121 {
		t.Errorf("the README has %d lines", len(lines))
	}
	first := strings.Join(lines[:20], "\n")
	for _, want := range []string{"err == nil: // allow", "// deny", "// no decision", "```\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first 20 lines do not show %q", want)
		}
	}
}

// regions returns the texts between two markers, without indentation.
func regions(s, begin, end string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, begin)
		if !ok {
			return out
		}
		var text string
		text, s, _ = strings.Cut(rest, end)
		var b strings.Builder
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
			}
		}
		out = append(out, b.String())
	}
}
