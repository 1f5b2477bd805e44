package verifier_test

import (
	"errors"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// A document may have contexts beyond those that its proof names, if they are known
// (Data Integrity EdDSA Cryptosuites section 3.3.2).
func TestContextThatProofDoesNotName(t *testing.T) {
	for url, want := range map[string]string{
		"https://www.w3.org/ns/credentials/undefined-terms/v2": "allow",
		"https://evil.example/v1":                              "context_not_allowed",
	} {
		doc := toObject(t, sample.Presentation())
		doc["@context"] = append(doc["@context"].([]any), url)
		req := request()
		req.Presentation = toJSON(t, doc)
		res, err := decide(t, config(t), req)
		if got := outcome(res, err); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}

type checkerFunc func() error

func (f checkerFunc) CheckContext(canonical.Value) error { return f() }

// An error of the ContextChecker denies.
func TestContextChecker(t *testing.T) {
	cfg := config(t)
	cfg.ContextChecker = checkerFunc(func() error { return errors.New("a term without a meaning") })
	_, err := decide(t, cfg, request())
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Reason != verifier.ReasonContextNotAllowed || deny.Check != "vp.context" || deny.Detail != "a term without a meaning" {
		t.Errorf("got %v", err)
	}
	cfg.ContextChecker = checkerFunc(func() error { return nil })
	if res, err := decide(t, cfg, request()); outcome(res, err) != "allow" {
		t.Errorf("got %v", err)
	}
}

// Without a holder member the DID of the proof presents. A verification method that
// names no DID denies: it must not bring the host down.
func TestNoHolderAndMalformedVerificationMethod(t *testing.T) {
	for _, method := range []string{"#k", "/x", "?x", "did:", "x", "did:key:", "did:key:z6Mk", " "} {
		vp := toObject(t, sample.Presentation())
		delete(vp, "holder")
		vp["proof"].(object)["verificationMethod"] = method
		req := request()
		req.Presentation = toJSON(t, vp)
		res, err := decide(t, config(t), req)
		if got := outcome(res, err); got != "verification_method_invalid" {
			t.Errorf("%q: got %s, %v", method, got, err)
		}
	}
}
