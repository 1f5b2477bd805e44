package signing_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

func signer(t testing.TB, b byte) *receipts.KeySigner {
	t.Helper()
	s, err := receipts.NewKeySigner(sample.Key(b), "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const credential = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"` + sample.Issuer + `","credentialSubject":{"id":"did:x:s"}}`

func TestCredentialMatchesOtherImplementation(t *testing.T) {
	d, err := canonical.Parse(sample.Credential())
	if err != nil {
		t.Fatal(err)
	}
	unsigned := d.Root().AppendCanonical(nil, canonical.Omit("proof"))
	signed, err := signing.Credential(context.Background(), unsigned, signer(t, 1), signing.Options{Created: time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if want := d.Root().AppendCanonical(nil); !bytes.Equal(signed, want) {
		t.Errorf("got  %s\nwant %s", signed, want)
	}
}

func TestPresentationIsAllowed(t *testing.T) {
	at := sample.Now()
	vp, err := signing.Presentation(context.Background(), "", [][]byte{sample.Credential()}, signer(t, 2),
		signing.Options{Created: at, Expires: at.Add(time.Minute), Challenge: "c", Domain: []string{sample.Verifier}, Nonce: "n", Purpose: "ignored"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: signer(t, 9), TrustedIssuers: []string{sample.Issuer},
		Verifier: sample.Verifier, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(context.Background(), verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow(), Challenge: "c"}); err != nil {
		t.Error(err)
	}
}

func TestPresentationForAnotherHolder(t *testing.T) {
	vp, err := signing.Presentation(context.Background(), "did:x:holder", [][]byte{sample.Credential(), sample.Credential()}, signer(t, 2), signing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := canonical.Parse(vp)
	if err != nil {
		t.Fatal(err)
	}
	if h, _ := d.Root().Get("holder").String(); h != "did:x:holder" || d.Root().Get("verifiableCredential").Len() != 2 {
		t.Errorf("got %s", vp)
	}
	if p, _ := d.Root().Get("proof").Get("proofPurpose").String(); p != "authentication" {
		t.Errorf("purpose %q", p)
	}
}

func TestDocument(t *testing.T) {
	signed, err := signing.Document(context.Background(), []byte(` {"b":1,"a":[]} `), signer(t, 1), signing.Options{Purpose: "assertionMethod"})
	if err != nil {
		t.Fatal(err)
	}
	d, _ := canonical.Parse(signed)
	proofs, bad := dataintegrity.Parse(d.Root(), false)
	if bad != nil {
		t.Fatal(bad)
	}
	key, err := multikey.NewPublicKey(sample.Key(1)[32:])
	if err != nil || !proofs[0].Verify(key) {
		t.Errorf("does not verify: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	s := signer(t, 1)
	replace := func(old, new string) []byte { return []byte(strings.Replace(credential, old, new, 1)) }
	sign := func(doc []byte) error { _, err := signing.Credential(ctx, doc, s, signing.Options{}); return err }
	present := func(docs ...[]byte) error {
		_, err := signing.Presentation(ctx, "", docs, s, signing.Options{})
		return err
	}
	holder := func(holder string) error {
		_, err := signing.Presentation(ctx, holder, [][]byte{sample.Credential()}, s, signing.Options{})
		return err
	}
	document := func(doc string, s signing.Signer, purpose string) error {
		_, err := signing.Document(ctx, []byte(doc), s, signing.Options{Purpose: purpose})
		return err
	}
	noSigner := func() error {
		_, err := signing.Presentation(ctx, "", [][]byte{[]byte(credential)}, nil, signing.Options{})
		return err
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"sound", sign([]byte(credential)), ""},
		{"issuer as an object", sign(replace(`"`+sample.Issuer+`"`, `{"id":"`+sample.Issuer+`"}`)), ""},
		{"type as a string", sign(replace(`["VerifiableCredential"]`, `"VerifiableCredential"`)), ""},
		{"no JSON", sign([]byte("{")), "syntax"},
		{"a repeated member", sign(replace(`"type":`, `"type":[],"type":`)), "duplicate_key"},
		{"an array", sign([]byte("[]")), "is of type array"},
		{"another context", sign(replace("credentials/v2", "credentials/v1")), "@context"},
		{"another type", sign(replace("VerifiableCredential", "Verifiable")), "type does not name"},
		{"no subject", sign(replace("credentialSubject", "subject")), "no credentialSubject"},
		{"another issuer", sign(replace(sample.Issuer, sample.Holder)), "the issuer is"},
		{"no issuer", sign(replace(`"issuer"`, `"Issuer"`)), "the issuer is"},
		{"signed already", sign(replace(`"type":`, `"proof":{},"type":`)), "already has a proof"},
		{"signed already, VIA form", sign(replace(`"type":`, `"proofs":[],"type":`)), "already has proofs"},
		{"nothing to present", present(), "needs a credential"},
		{"present no JSON", present(sample.Credential(), []byte("x")), "credential 1"},
		{"present what nobody signed", present([]byte(credential)), "is not signed"},
		{"present 16", present(slices.Repeat([][]byte{sample.Credential()}, 16)...), ""},
		{"present 17", present(slices.Repeat([][]byte{sample.Credential()}, 17)...), "verifiers accept 16"},
		{"present for nobody", holder("me"), "no URL"},
		{"present a presentation", present(replace("VerifiableCredential", "VerifiablePresentation")), "type does not name"},
		{"present without a signer", noSigner(), "no signer"},
		{"document without a signer", document("{}", nil, "p"), "no signer"},
		{"document without a purpose", document("{}", s, ""), "purpose"},
		{"document, no JSON", document("", s, "p"), "syntax"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if (tt.err == nil) != (tt.want == "") || tt.err != nil && !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("got %v, want %q", tt.err, tt.want)
			}
		})
	}
	if signing.DID(nil) != "" || signing.DID(s) != sample.Issuer {
		t.Error("DID")
	}
}

func TestKeyPair(t *testing.T) {
	pair, err := signing.NewKeyPair(sample.Key(1))
	if err != nil {
		t.Fatal(err)
	}
	if pair.DID != sample.Issuer || "did:key:"+pair.PublicKeyMultibase != pair.DID {
		t.Errorf("got %s, %s", pair.DID, pair.PublicKeyMultibase)
	}
	key, err := signing.ParsePrivateKey(pair.SecretKeyMultibase)
	if err != nil || !key.Equal(sample.Key(1)) {
		t.Errorf("the secret key does not come back: %v", err)
	}
	if _, err := signing.ParsePrivateKey(pair.PublicKeyMultibase); err == nil {
		t.Error("a public key is a private one")
	}
	if _, err := signing.NewKeyPair(sample.Key(1)[:10]); err == nil {
		t.Error("a short key")
	}
	if _, err := signing.NewKeyPair(make([]byte, 64)); err == nil {
		t.Error("a key without a sound public half")
	}
}

func ExampleCredential() {
	s, err := receipts.NewKeySigner(sample.Key(1), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	signed, err := signing.Credential(context.Background(), []byte(credential), s, signing.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := canonical.Parse(signed)
	if err != nil {
		fmt.Println(err)
		return
	}
	suite, _ := d.Root().Get("proof").Get("cryptosuite").String()
	fmt.Println(signing.DID(s) == sample.Issuer, suite)
	// Output: true eddsa-jcs-2022
}
