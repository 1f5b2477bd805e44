// Package samplesign signs documents of tests with the keys of package sample. It
// gives the tests of the core their credentials and presentations, so that they need
// no adapter. Package sample cannot sign: the packages that signing is made of import
// it in their tests.
package samplesign

import (
	"context"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
)

// Signer returns a signer with the sample key of the seed. An empty method stands
// for the did:key of the key.
func Signer(t testing.TB, seed byte, method string) *receipts.KeySigner {
	t.Helper()
	s, err := receipts.NewKeySigner(sample.Key(seed), method)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Document returns a document with one more proof. The options name its purpose.
func Document(t testing.TB, document []byte, s proofs.Signer, o proofs.Options) []byte {
	t.Helper()
	signed, err := proofs.Create(context.Background(), parse(t, document), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// Credential returns a credential with a proof for assertionMethod, made at the
// sample's time.
func Credential(t testing.TB, credential []byte, s proofs.Signer) []byte {
	t.Helper()
	return Document(t, credential, s, proofs.Options{Purpose: dataintegrity.AssertionMethod, Created: sample.Now()})
}

// Presentation returns a presentation of credentials with a proof for
// authentication. Its holder is the DID of the signer, its domain the sample's
// verifier.
func Presentation(t testing.TB, credentials [][]byte, s proofs.Signer, o proofs.Options) []byte {
	t.Helper()
	var values []canonical.Value
	for _, c := range credentials {
		values = append(values, parse(t, c))
	}
	holder, _, _ := strings.Cut(s.VerificationMethod(), "#")
	o.Purpose, o.Domain = dataintegrity.Authentication, []string{sample.Verifier}
	return Document(t, marshal(t, map[string]any{
		"@context":             []string{"https://www.w3.org/ns/credentials/v2"},
		"type":                 []string{"VerifiablePresentation"},
		"holder":               holder,
		"verifiableCredential": values,
	}), s, o)
}

func parse(t testing.TB, document []byte) canonical.Value {
	t.Helper()
	d, err := canonical.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := canonical.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
