package verifier_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/verifier"
)

type checkerFunc func() error

func (f checkerFunc) CheckContext(canonical.Value) error { return f() }

// A ContextChecker that objects denies.
func TestContextCheckerObjects(t *testing.T) {
	cfg := config(t)
	cfg.ContextChecker = checkerFunc(func() error { return errors.New("a term without a meaning") })
	_, err := newVerifier(t, cfg).Verify(context.Background(), request())
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Reason != verifier.ReasonContextNotAllowed || deny.Check != "vp.context" || deny.Detail != "a term without a meaning" {
		t.Errorf("got %v", err)
	}
	cfg.ContextChecker = checkerFunc(func() error { return nil })
	if res, err := newVerifier(t, cfg).Verify(context.Background(), request()); outcome(res, err) != "allow" {
		t.Errorf("got %v", err)
	}
}

// A deny without a receipt says so, and stays a deny.
func TestDenyWithoutReceipt(t *testing.T) {
	cfg := config(t)
	cfg.Rand = strings.NewReader("too little")
	cfg.TrustedIssuers = []string{"did:x:y"}
	_, err := newVerifier(t, cfg).Verify(context.Background(), request())
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Receipt != nil || deny.Unwrap() == nil || !strings.Contains(err.Error(), "denied: issuer_untrusted") || !strings.Contains(err.Error(), "without a receipt") {
		t.Errorf("got %v", err)
	}
}

// Evidence may be one object; what was not supplied is not compared.
func TestEvidenceForms(t *testing.T) {
	const digest = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" // of hello
	for name, evidence := range map[string]any{
		"an object":       object{"id": "urn:e:1", "type": "X", "digestSRI": digest},
		"a list":          []any{object{"id": "urn:e:1", "type": "X", "digestSRI": digest}},
		"one of two":      []any{object{"id": "urn:e:2", "type": "X", "digestSRI": "x"}, object{"id": "urn:e:1", "type": "X", "digestSRI": digest}},
		"a wrong digest":  object{"id": "urn:e:1", "type": "X", "digestSRI": "sha256-x"},
		"of another name": object{"id": "urn:e:2", "type": "X", "digestSRI": digest},
	} {
		req := request()
		req.Presentation = present(t, req.Challenge, issue(t, func(vc, _ object) { vc["evidence"] = evidence }))
		req.Evidence = map[string][]byte{"urn:e:1": []byte("hello")}
		want := "allow"
		if name == "a wrong digest" || name == "of another name" {
			want = string(verifier.ReasonEvidenceMismatch)
		}
		res, err := newVerifier(t, config(t)).Verify(context.Background(), req)
		if got := outcome(res, err); got != want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, want)
		}
	}
}

// Receipts are no place to carry text about: what is too long to be an
// identifier is left out of them.
func TestLongIdentifiersStayOut(t *testing.T) {
	req := request()
	text := strings.Repeat("a", 3000)
	for name, presentation := range map[string][]byte{
		"a mandate": present(t, req.Challenge, issue(t, func(vc, _ object) { vc["id"] = "urn:x:" + text })),
		"a holder":  bytes.Replace(request().Presentation, []byte(`"holder": "did:`), []byte(`"holder": "did:x:`+text), 1),
	} {
		req.Presentation = presentation
		_, err := newVerifier(t, config(t)).Verify(context.Background(), req)
		var deny *verifier.DenyError
		if !errors.As(err, &deny) || deny.Receipt == nil {
			t.Fatalf("%s: got %v", name, err)
		}
		if r := string(deny.Receipt.Bytes()); strings.Contains(r, "aaaaaaaa") {
			t.Errorf("%s: the receipt is %s", name, r)
		}
	}
}

func TestIssuerBindingString(t *testing.T) {
	for b, want := range map[verifier.IssuerBinding]string{verifier.IssuerStrict: "strict", verifier.IssuerMapped: "mapped", verifier.IssuerMapped + 1: "IssuerBinding(3)"} {
		if got := b.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
