package receipts_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/receipts"
)

var at = time.Date(2026, 5, 2, 10, 15, 30, 123_456_789, time.FixedZone("", 3600))

func key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func keySigner(t testing.TB, b byte, method string) *receipts.KeySigner {
	t.Helper()
	s, err := receipts.NewKeySigner(key(b), method)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func issuerOf(s receipts.Signer) string {
	did, _, _ := strings.Cut(s.VerificationMethod(), "#")
	return did
}

func allowBody() receipts.Body {
	return receipts.Body{
		ID: receipts.NewID([16]byte{1, 2, 3}), Time: at, Event: receipts.Approved, Decision: "allow", Credential: "urn:via:credential:1",
		Request: receipts.Request{Tool: "book", ParamsCommitment: "sha256-x", PresentationDigest: "sha256-y", MandateDigest: "sha256-z",
			Holder: "did:x:h", Verifier: "did:x:v", Domain: []string{"did:x:v"}, ChallengeDigest: "sha256-c", ParamsBound: true,
			ProofForm: "w3c", Modes: []string{"issuer:strict"}, Insecure: []string{"InsecureAllowReplay"}},
		Policy: &receipts.Policy{ID: "urn:via:action:1", Version: 3, Digest: "sha256-p", Profile: "via-cel/1"},
		Checks: []receipts.Check{{Check: "vc.status", Result: "pass", Finding: &receipts.Finding{AsOf: at, Source: "sha256-l"}},
			{Check: "key", Result: "pass", Finding: &receipts.Finding{DID: "did:x:i", DocumentDigest: "sha256-d", RetrievedAt: at}}},
		Evaluations: []receipts.Evaluation{{Rule: "amount-cap", Result: "pass", Code: "ok"}},
		Engine:      receipts.Engine{Name: "mandate", Version: "1"},
	}
}

func denyBody() receipts.Body {
	b := allowBody()
	b.Event, b.Decision, b.Reason = receipts.Denied, "deny", "rule_failed"
	return b
}

func mustSign(t testing.TB, b receipts.Body, s receipts.Signer) *receipts.Receipt {
	t.Helper()
	r, err := receipts.Sign(context.Background(), b, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReceiptText(t *testing.T) {
	s := keySigner(t, 9, "")
	r := mustSign(t, allowBody(), s)
	did := issuerOf(s)
	frag := strings.TrimPrefix(did, "did:key:")
	want := `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],"credentialSubject":{` +
		`"checks":[{"asOf":"2026-05-02T09:15:30.123Z","check":"vc.status","result":"pass","source":"sha256-l"},` +
		`{"check":"key","did":"did:x:i","documentDigest":"sha256-d","result":"pass","retrievedAt":"2026-05-02T09:15:30.123Z"}],` +
		`"decision":"allow","engine":{"name":"mandate","version":"1"},"evaluations":[{"code":"ok","result":"pass","rule":"amount-cap"}],` +
		`"event":"VERIFICATION_APPROVED","id":"urn:via:credential:1","policy":{"digest":"sha256-p","id":"urn:via:action:1","profile":"via-cel/1","version":3},` +
		`"request":{"challengeDigest":"sha256-c","domain":["did:x:v"],"holder":"did:x:h","insecure":["InsecureAllowReplay"],"mandateDigest":"sha256-z",` +
		`"modes":["issuer:strict"],"paramsBound":true,"paramsCommitment":"sha256-x","presentationDigest":"sha256-y","proofForm":"w3c","tool":"book","verifier":"did:x:v"}},` +
		`"id":"urn:via:receipt:01020300-0000-4000-8000-000000000000","issuer":"` + did + `","proof":{` +
		`"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],"created":"2026-05-02T09:15:30Z",` +
		`"cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","proofValue":"`
	got := string(r.Bytes())
	if !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
	if !strings.HasSuffix(got, `","type":"DataIntegrityProof","verificationMethod":"`+did+"#"+frag+`"},"timestamp":"2026-05-02T09:15:30.123Z","type":["VerifiableCredential","VerificationReceipt"],"validFrom":"2026-05-02T09:15:30Z"}`) {
		t.Errorf("ends in %s", got[len(got)-300:])
	}
	if canon, err := canonical.Transform(r.Bytes()); err != nil || !bytes.Equal(canon, r.Bytes()) {
		t.Errorf("not canonical: %v", err)
	}
	if r.ID() != allowBody().ID || !r.Time().Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("id %s, time %s", r.ID(), r.Time())
	}
	r.Bytes()[0] = 'X'
	if r.Bytes()[0] != '{' {
		t.Error("the bytes can be changed from outside")
	}
}

func TestOptionalMembersAreLeftOut(t *testing.T) {
	b := receipts.Body{ID: receipts.NewID([16]byte{}), Time: at, Event: receipts.Denied, Decision: "deny", Reason: "no_mandate", Engine: receipts.Engine{Name: "m"}}
	got := string(mustSign(t, b, keySigner(t, 9, "")).Bytes())
	if !strings.Contains(got, `"credentialSubject":{"checks":[],"decision":"deny","engine":{"name":"m","version":""},"evaluations":[],"event":"VERIFICATION_DENIED",`+
		`"reason":"no_mandate","request":{"domain":[],"insecure":[],"modes":[],"paramsBound":false}}`) {
		t.Errorf("got %s", got)
	}
}

func TestVerify(t *testing.T) {
	s := keySigner(t, 9, "")
	for _, b := range []receipts.Body{allowBody(), denyBody()} {
		r := mustSign(t, b, s)
		v, err := receipts.Verify(context.Background(), r.Bytes(), receipts.VerifyConfig{Issuers: []string{"did:x:other", issuerOf(s)}, At: at.Add(time.Hour * 10000)})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(v.ID, v.Issuer, v.Time, v.Event, v.Decision, v.Reason, v.Credential, v.Completeness)
		want := fmt.Sprint(b.ID, issuerOf(s), r.Time(), b.Event, b.Decision, b.Reason, b.Credential, receipts.Unproven)
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestEveryByte: no byte of a receipt can be changed.
func TestEveryByte(t *testing.T) {
	s := keySigner(t, 9, "")
	cfg := receipts.VerifyConfig{Issuers: []string{issuerOf(s)}, At: at}
	original := mustSign(t, denyBody(), s).Bytes()
	for i := range original {
		for _, mask := range []byte{1, 0x20, 0x80} {
			b := bytes.Clone(original)
			b[i] ^= mask
			if _, err := receipts.Verify(context.Background(), b, cfg); !errors.Is(err, receipts.ErrNotVerified) {
				t.Fatalf("byte %d ^ %#x: %v", i, mask, err)
			}
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	s := keySigner(t, 9, "")
	did := issuerOf(s)
	good := string(mustSign(t, denyBody(), s).Bytes())
	cfg := receipts.VerifyConfig{Issuers: []string{did}, At: at}
	with := func(change func(*receipts.VerifyConfig)) receipts.VerifyConfig {
		c := cfg
		change(&c)
		return c
	}
	replace := func(old, new string) string {
		out := strings.Replace(good, old, new, 1)
		if out == good {
			t.Fatalf("%q is not in the receipt", old)
		}
		return out
	}
	web := keySigner(t, 9, "did:web:op.example#key-1")
	webReceipt := string(mustSign(t, denyBody(), web).Bytes())
	document := func(vm string) didresolve.Resolver {
		d, err := didresolve.ParseDocument([]byte(`{"id":"did:web:op.example","verificationMethod":[{"id":"#key-1","type":"Multikey","controller":"did:web:op.example","publicKeyMultibase":"` +
			strings.TrimPrefix(did, "did:key:") + `"` + vm + `}],"assertionMethod":["#key-1"]}`))
		if err != nil {
			t.Fatal(err)
		}
		return didresolve.Static(d)
	}
	webConfig := receipts.VerifyConfig{Issuers: []string{"did:web:op.example"}, Resolver: document(""), At: at}
	withVM := func(vm string) receipts.VerifyConfig { c := webConfig; c.Resolver = document(vm); return c }
	if _, err := receipts.Verify(context.Background(), []byte(webReceipt), webConfig); err != nil {
		t.Fatalf("did:web: %v", err)
	}
	tests := []struct {
		name, receipt string
		cfg           receipts.VerifyConfig
		want          string
		outage        bool
	}{
		{"nobody is pinned", good, with(func(c *receipts.VerifyConfig) { c.Issuers = nil }), "not among the pinned", false},
		{"another issuer is pinned", good, with(func(c *receipts.VerifyConfig) { c.Issuers = []string{did + "x"} }), "not among the pinned", false},
		{"no time", good, with(func(c *receipts.VerifyConfig) { c.At = time.Time{} }), "At is not set", true},
		{"before it was made", good, with(func(c *receipts.VerifyConfig) { c.At = at.Add(-time.Hour) }), "proof_from_future", false},
		{"no JSON", "{", cfg, "syntax", false},
		{"a repeated member", replace(`"decision":"deny"`, `"decision":"deny","decision":"allow"`), cfg, "duplicate_key", false},
		{"an array", "[]", cfg, "not a string", false},
		{"flipped decision", strings.Replace(replace(`"decision":"deny"`, `"decision":"allow"`), `"reason":"rule_failed",`, "", 1), cfg, "do not fit", false},
		{"flipped decision and event", strings.NewReplacer(`"decision":"deny"`, `"decision":"allow"`, "VERIFICATION_DENIED", "VERIFICATION_APPROVED", `"reason":"rule_failed",`, "").Replace(good), cfg, "signature does not fit", false},
		{"another timestamp", replace(`"timestamp":"2026`, `"timestamp":"2025`), cfg, "signature does not fit", false},
		{"timestamp without zone", replace(`30.123Z","type":[`, `30.123","type":[`), cfg, "timestamp", false},
		{"a context more", replace(`undefined-terms/v2"],"credentialSubject"`, `undefined-terms/v2","https://evil.example/ctx"],"credentialSubject"`), cfg, "@context", false},
		{"a context that gives a term another meaning", replace(`undefined-terms/v2"],"credentialSubject"`, `undefined-terms/v2",{"decision":"urn:x:1"}],"credentialSubject"`), cfg, "@context", false},
		{"a resolver that says nothing", webReceipt, receipts.VerifyConfig{Issuers: []string{"did:web:op.example"}, Resolver: mute{}, At: at}, "neither a document", true},
		{"without the type", replace(`,"VerificationReceipt"`, ""), cfg, "type does not name", false},
		{"without a decision", replace(`"decision":"deny",`, ""), cfg, "decision is not a string", false},
		{"reason is a number", replace(`"reason":"rule_failed"`, `"reason":1`), cfg, "reason is not a string", false},
		{"without a proof", good[:strings.Index(good, `"proof":`)] + good[strings.Index(good, `"timestamp"`):], cfg, "proof_missing", false},
		{"another purpose", replace("assertionMethod", "authentication"), cfg, "proof_purpose_mismatch", false},
		{"issuer changed to a pinned one", strings.Replace(good, `"issuer":"`+did, `"issuer":"did:x:pinned`, 1), with(func(c *receipts.VerifyConfig) { c.Issuers = []string{"did:x:pinned"} }), "is not the issuer's", false},
		{"a key without a fragment", replace(`"verificationMethod":"`+did+"#"+strings.TrimPrefix(did, "did:key:")+`"`, `"verificationMethod":"`+did+`"`), cfg, "is not the issuer's", false},
		{"DID that nobody resolves", webReceipt, with(func(c *receipts.VerifyConfig) { c.Issuers = []string{"did:web:op.example"} }), "method not supported", false},
		{"key revoked", webReceipt, withVM(`,"revoked":"2026-01-01T00:00:00Z"`), "key revoked", false},
		{"key expired", webReceipt, withVM(`,"expires":"2026-01-01T00:00:00Z"`), "key expired", false},
		{"outage", webReceipt, receipts.VerifyConfig{Issuers: []string{"did:web:op.example"}, Resolver: down{}, At: at}, "resolving", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := receipts.Verify(context.Background(), []byte(tt.receipt), tt.cfg)
			if err == nil || v != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if errors.Is(err, receipts.ErrNotVerified) == tt.outage {
				t.Errorf("outage is mixed up: %v", err)
			}
		})
	}
}

type down struct{}

func (down) Resolve(context.Context, string) (*didresolve.Resolution, error) {
	return nil, errors.New("connection refused")
}

type mute struct{}

func (mute) Resolve(context.Context, string) (*didresolve.Resolution, error) { return nil, nil }

func TestSignRefuses(t *testing.T) {
	good := keySigner(t, 9, "")
	tests := map[string]func(*receipts.Body){
		"no decision":               func(b *receipts.Body) { b.Decision = "" },
		"allow with a deny's event": func(b *receipts.Body) { b.Event = receipts.Denied },
		"allow with a reason":       func(b *receipts.Body) { b.Reason = "x" },
		"deny without a reason":     func(b *receipts.Body) { b.Event, b.Decision = receipts.Denied, "deny" },
		"unknown decision":          func(b *receipts.Body) { b.Decision = "maybe" },
		"no id":                     func(b *receipts.Body) { b.ID = "x" },
		"no time":                   func(b *receipts.Body) { b.Time = time.Time{} },
		"no engine":                 func(b *receipts.Body) { b.Engine.Name = "" },
		"an id that is no URL":      func(b *receipts.Body) { b.Credential = "mandate 1" },
		"a year of five digits":     func(b *receipts.Body) { b.Time = b.Time.AddDate(9000, 0, 0) },
		"a year before the first":   func(b *receipts.Body) { b.Time = b.Time.AddDate(-3000, 0, 0) },
		"more than a log takes":     func(b *receipts.Body) { b.Request.Domain = slices.Repeat([]string{"did:x:v"}, 7000) },
		"invalid text":              func(b *receipts.Body) { b.Request.Tool = "\xff" },
	}
	for name, change := range tests {
		b := allowBody()
		change(&b)
		if r, err := receipts.Sign(context.Background(), b, good); err == nil || r != nil {
			t.Errorf("%s: signed", name)
		}
	}
	if _, err := receipts.Sign(context.Background(), receipts.Body{}, good); err == nil {
		t.Error("the zero Body is signed")
	}
	if _, err := receipts.Sign(context.Background(), allowBody(), brokenSigner{}); err == nil {
		t.Error("a signer without a name")
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := receipts.Sign(done, allowBody(), good); !errors.Is(err, context.Canceled) {
		t.Errorf("done context: %v", err)
	}
}

type brokenSigner struct{}

func (brokenSigner) VerificationMethod() string                   { return "key-1" }
func (brokenSigner) Sign(context.Context, []byte) ([]byte, error) { return make([]byte, 64), nil }

// A signer whose name changes between two calls cannot make a receipt whose
// issuer and key disagree.
func TestSignerIsNamedOnce(t *testing.T) {
	s := &rotatingSigner{KeySigner: keySigner(t, 9, "")}
	r := mustSign(t, allowBody(), s)
	if s.calls != 1 {
		t.Errorf("asked %d times", s.calls)
	}
	if _, err := receipts.Verify(context.Background(), r.Bytes(), receipts.VerifyConfig{Issuers: []string{issuerOf(s.KeySigner)}, At: at}); err != nil {
		t.Error(err)
	}
}

type rotatingSigner struct {
	*receipts.KeySigner
	calls int
}

func (s *rotatingSigner) VerificationMethod() string {
	if s.calls++; s.calls > 1 {
		return "did:x:rotated#key"
	}
	return s.KeySigner.VerificationMethod()
}

func TestNewKeySigner(t *testing.T) {
	if _, err := receipts.NewKeySigner(key(9)[:32], ""); err == nil {
		t.Error("a short key")
	}
	if _, err := receipts.NewKeySigner(make([]byte, 64), ""); err == nil {
		t.Error("a key without a sound public half")
	}
	for _, method := range []string{"did:web:x", "did:web:x#", "https://x#k", "#k", "did:key:z6Mk#z6Mk", "did:#k", "did:web:a b#k", "did:web:x/path#k", "did:web:x?y#k"} {
		if _, err := receipts.NewKeySigner(key(9), method); err == nil {
			t.Errorf("%q is a verification method", method)
		}
	}
}

func TestCommitment(t *testing.T) {
	d, err := canonical.Parse([]byte(`{"b":2,"a":1e0}`))
	if err != nil {
		t.Fatal(err)
	}
	same, _ := canonical.Parse([]byte(`{"a":1,"b":2.0}`))
	one, err1 := receipts.Commitment([16]byte{1}, d.Root())
	two, err2 := receipts.Commitment([16]byte{1}, same.Root())
	other, err3 := receipts.Commitment([16]byte{2}, d.Root())
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if one != two || one == other {
		t.Error("the commitment is not one of the value and the salt")
	}
	by, _ := canonical.Parse([]byte(`{"params":{"a":1,"b":2},"salt":"AQAAAAAAAAAAAAAAAAAAAA"}`))
	if one != canonical.SRI(by.Root().SHA256()) || receipts.EncodeSalt([16]byte{1}) != "AQAAAAAAAAAAAAAAAAAAAA" {
		t.Errorf("got %s, by hand %s", one, canonical.SRI(by.Root().SHA256()))
	}
	if _, err := receipts.Commitment([16]byte{}, canonical.Value{}); err == nil {
		t.Error("nothing is committed to")
	}
}

func ExampleVerify() {
	signer, err := receipts.NewKeySigner(key(9), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := receipts.Sign(context.Background(), denyBody(), signer)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := receipts.Verify(context.Background(), receipt.Bytes(), receipts.VerifyConfig{
		Issuers: []string{"did:key:z6MkwVDfCg9LbbY6xjH3EZk8YSFQZujV5Y4y1ZWeER9tDiN3"},
		At:      at.AddDate(5, 0, 0),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Event, v.Decision, v.Reason, v.Completeness)
	// Output: VERIFICATION_DENIED deny rule_failed unproven
}

// The zero KeySigner signs nothing, and says so.
func TestZeroKeySigner(t *testing.T) {
	if r, err := receipts.Sign(t.Context(), receipts.Body{}, &receipts.KeySigner{}); r != nil || err == nil || !strings.Contains(err.Error(), "verification method") {
		t.Errorf("%v, %v", r, err)
	}
	record := receipts.Record{ID: "urn:via:receipt:x", Time: time.Unix(1, 0), Event: receipts.MandateIssued, Engine: receipts.Engine{Name: "x"}}
	if r, err := receipts.SignRecord(t.Context(), record, &receipts.KeySigner{}); r != nil || err == nil || !strings.Contains(err.Error(), "verification method") {
		t.Errorf("%v, %v", r, err)
	}
}

type shortSigner struct{ *receipts.KeySigner }

func (shortSigner) Sign(context.Context, []byte) ([]byte, error) { return make([]byte, 63), nil }

// What is no Ed25519 signature makes no receipt.
func TestSignerOfAnotherLength(t *testing.T) {
	s, err := receipts.NewKeySigner(ed25519.NewKeyFromSeed(make([]byte, 32)), "")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := receipts.Sign(t.Context(), allowBody(), shortSigner{s}); r != nil || err == nil || !strings.Contains(err.Error(), "63 bytes, want 64") {
		t.Errorf("%v, %v", r, err)
	}
}
