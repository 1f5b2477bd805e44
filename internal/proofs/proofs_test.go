package proofs

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

func parseDoc(t testing.TB, doc string) canonical.Value {
	t.Helper()
	d, err := canonical.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func publicKey(t testing.TB, key ed25519.PrivateKey) multikey.PublicKey {
	t.Helper()
	k, err := multikey.NewPublicKey(key[32:])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// testSigner signs with key and claims any verification method.
type testSigner struct {
	key    ed25519.PrivateKey
	method string
}

func (s testSigner) VerificationMethod() string { return s.method }

func (s testSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	return ed25519.Sign(s.key, message), ctx.Err()
}

// The test vector of vc-di-eddsa appendix B.2.
const (
	recMethod   = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	recSecret   = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
	recValue    = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
	recUnsigned = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],
		"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","type":["VerifiableCredential","AlumniCredential"],
		"name":"Alumni Credential","description":"A minimum viable example of an Alumni Credential.",
		"issuer":"https://vc.example/issuers/5678","validFrom":"2023-01-01T00:00:00Z",
		"credentialSubject":{"id":"did:example:abcdefgh","alumniOf":"The School of Examples"}}`
)

func TestRecommendationVector(t *testing.T) {
	secret, err := multikey.ParsePrivateKey(recSecret)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Create(context.Background(), parseDoc(t, recUnsigned), testSigner{secret, recMethod},
		Options{Purpose: dataintegrity.AssertionMethod, Created: time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	want := string(parseDoc(t, strings.TrimSuffix(recUnsigned, "}")+`,"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022",
		"created":"2023-02-24T23:36:38Z","verificationMethod":"`+recMethod+`","proofPurpose":"assertionMethod",
		"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],
		"proofValue":"`+recValue+`"}}`).AppendCanonical(nil))
	if string(signed) != want {
		t.Errorf("created %s\nwant    %s", signed, want)
	}
}

func TestCreateRefuses(t *testing.T) {
	ok := testSigner{sample.Key(1), "did:x:y#z"}
	ctx := context.Background()
	done, cancel := context.WithCancel(ctx)
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		doc    string
		signer Signer
		o      Options
		want   string
	}{
		{"an array", ctx, `[]`, ok, Options{Purpose: "p"}, "only an object"},
		{"a document with a proof", ctx, `{"proof":null}`, ok, Options{Purpose: "p"}, "already has a proof"},
		{"no purpose", ctx, `{}`, ok, Options{}, "needs a purpose"},
		{"no verification method", ctx, `{}`, testSigner{sample.Key(1), ""}, Options{Purpose: "p"}, "verification method"},
		{"bad text", ctx, `{}`, ok, Options{Purpose: "p", Nonce: "\xff"}, "invalid_utf8"},
		{"a signer that fails", done, `{}`, ok, Options{Purpose: "p"}, "canceled"},
		{"a signer that returns too little", ctx, `{}`, shortSigner{}, Options{Purpose: "p"}, "returned 3 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := Create(tt.ctx, parseDoc(t, tt.doc), tt.signer, tt.o)
			if err == nil || out != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %s, %v; want an error with %q", out, err, tt.want)
			}
		})
	}
}

type shortSigner struct{}

func (shortSigner) VerificationMethod() string                   { return "did:x:y#z" }
func (shortSigner) Sign(context.Context, []byte) ([]byte, error) { return []byte("abc"), nil }

func TestCreateRoundTrip(t *testing.T) {
	at := time.Date(2026, 5, 2, 12, 0, 0, 999, time.FixedZone("", 3600))
	signed, err := Create(context.Background(), parseDoc(t, `{"b":1,"a":"é"}`), testSigner{sample.Key(1), "did:x:y#z"}, Options{
		Purpose: dataintegrity.Authentication, Created: at, Expires: at.Add(time.Hour), Challenge: "c", Domain: []string{"d", "e"}, Nonce: "n",
	})
	if err != nil {
		t.Fatal(err)
	}
	proofs, bad := dataintegrity.Parse(parseDoc(t, string(signed)), false)
	if bad != nil {
		t.Fatal(bad)
	}
	p := proofs[0]
	if !p.Verify(publicKey(t, sample.Key(1))) {
		t.Error("does not verify")
	}
	got := fmt.Sprint(p.Purpose, p.Created, p.Expires, p.Challenge, p.HasChallenge, p.Domain, p.Nonce, p.VerificationMethod)
	want := fmt.Sprint(dataintegrity.Authentication, time.Date(2026, 5, 2, 11, 0, 0, 0, time.UTC), time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC), "c", true, []string{"d", "e"}, "n", "did:x:y#z")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestDraftIsCanonical checks that a draft with every member is canonical JSON, as
// the verifier hashes it, and that the proof is at most 128 bytes longer.
func TestDraftIsCanonical(t *testing.T) {
	at := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	o := Options{Purpose: "p\"", Created: at, Expires: at, Challenge: "\n", Domain: []string{"b", "a"}, Nonce: "é", ID: "urn:x", Previous: []string{"y", "x"}}
	for _, contexts := range []string{"", `["a:b"]`} {
		d, err := NewDraft(make([]byte, 0, 4096), contexts, "did:x:y#\u2028", o)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := d.AppendSigned(t.Context(), []byte("before"), testSigner{sample.Key(1), ""}, [32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		proof, ok := bytes.CutPrefix(proof, []byte("before"))
		if form, err := canonical.Transform(proof); !ok || err != nil || !bytes.Equal(form, proof) {
			t.Errorf("the proof is\n%s, want\n%s, %v", proof, form, err)
		}
		parsed := parseDoc(t, string(proof))
		if got := parsed.AppendCanonical(nil, canonical.Omit("proofValue")); string(got) != string(d.config) {
			t.Errorf("the configuration is\n%s, want\n%s", d.config, got)
		}
		if n := len(proof) - d.Len(); n < 90 || n > 128 {
			t.Errorf("the signature adds %d bytes", n)
		}
	}
	if _, err := NewDraft(nil, "", "did:x:y#\xff", o); err == nil {
		t.Error("a verification method of invalid UTF-8 was written")
	}
}

func TestCreateSetsAndChains(t *testing.T) {
	ctx := context.Background()
	add := func(doc string, key byte, o Options) (string, error) {
		o.Purpose = dataintegrity.AssertionMethod
		b, err := Create(ctx, parseDoc(t, doc), testSigner{sample.Key(key), fmt.Sprintf("did:x:%d#z", key)}, o)
		return string(b), err
	}
	must := func(doc string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	const body = `"@context":["a:1"],"x":1`
	one := must(add("{"+body+"}", 1, Options{ID: "urn:p:a"}))
	set := must(add(one, 2, Options{Add: true, ID: "urn:p:b"}))
	chain := must(add(set, 3, Options{Add: true, Previous: []string{"urn:p:a"}}))
	over := must(add(chain, 4, Options{Add: true, Previous: []string{"urn:p:b", "urn:p:a"}}))
	proofs, bad := dataintegrity.Parse(parseDoc(t, over), false)
	if bad != nil {
		t.Fatal(bad)
	}
	for i, previous := range []int{0, 0, 1, 2} {
		if p := proofs[i]; len(p.Previous) != previous || !p.Verify(publicKey(t, sample.Key(byte(i+1)))) {
			t.Errorf("proof %d builds on %d, or does not verify", i, len(p.Previous))
		}
	}
	for _, tt := range []struct {
		name, doc string
		o         Options
		want      string
	}{
		{"not asked to add", one, Options{}, "already has a proof"},
		{"an id that is taken", one, Options{Add: true, ID: "urn:p:a"}, "two proofs have the id"},
		{"an id that is no URL", "{}", Options{ID: "a b"}, "no URL"},
		{"a previous proof that is not there", one, Options{Add: true, Previous: []string{"urn:p:z"}}, "is not in the document"},
		{"a previous proof of nothing", "{}", Options{Previous: []string{"urn:p:z"}}, "is not in the document"},
		{"beside a proof of another suite", `{"proof":{"type":"X"}}`, Options{Add: true}, "proof type is"},
		{"beside no object", `{"proof":"z"}`, Options{Add: true}, "a proof is of type string"},
	} {
		if out, err := add(tt.doc, 5, tt.o); err == nil || out != "" || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %s, %v; want an error with %q", tt.name, out, err, tt.want)
		}
	}
}
