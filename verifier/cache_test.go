package verifier_test

import (
	"context"
	"crypto/ed25519"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/verifier"
)

// counting is a SignatureVerifier that counts what it is asked.
type counting struct{ asked atomic.Int64 }

func (c *counting) Verify(key ed25519.PublicKey, message, signature []byte) bool {
	c.asked.Add(1)
	return ed25519.Verify(key, message, signature)
}

// world is what may change between two decisions on one mandate.
type world struct {
	now      time.Time
	document *didresolve.Document
	list     []byte
	mandate  []byte
	request  verifier.Request
	again    bool // the presentation of before, instead of a new one
}

func (w *world) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	if did == webIssuer {
		return &didresolve.Resolution{Document: w.document, Source: "test", RetrievedAt: w.now}, nil
	}
	return didresolve.Key().Resolve(ctx, did)
}

func (w *world) StatusList(context.Context, string) ([]byte, error) { return w.list, nil }

// Verify checks a mandate whose signature it remembers like any other: this is the
// table at Config.MaxCachedCredentials.
func TestCachedCredentialIsCheckedAgain(t *testing.T) {
	const method = webIssuer + "#key-1"
	mandate := func(change func(vc, mandate object)) []byte {
		return issueWeb(t, method, func(vc, m object) {
			vc["validUntil"] = "2026-05-02T10:30:00Z"
			if change != nil {
				change(vc, m)
			}
		})
	}
	list := func(set ...int) []byte {
		return statusListBy(t, webIssuer, samplesign.Signer(t, 4, method), "revocation", set...)
	}
	plain := mandate(nil)
	withList := mandate(withStatus("7"))
	for _, tt := range []struct {
		name   string
		change func(w *world)
		want   string
		asked  int64 // signatures that are verified again; with each key once, newer documents or not
	}{
		{"nothing", func(*world) {}, "allow", 1},
		{"validity", func(w *world) { w.now = w.now.Add(20 * time.Minute) }, "credential_expired", 1},
		{"status", func(w *world) { w.list = list(7) }, "credential_revoked", 2},
		{"key: gone", func(w *world) { w.document = webDocument(t, webIssuer+"#key-2", 4) }, "key_not_authorized", 0},
		{"key: another one of that name", func(w *world) { w.document = webDocument(t, method, 3) }, "proof_invalid", 1},
		{"key: revoked", func(w *world) { w.document = withKeyDate(t, method, "revoked") }, "key_revoked", 0},
		{"key: expired", func(w *world) { w.document = withKeyDate(t, method, "expires") }, "key_expired", 0},
		{"holder: another one presents", func(w *world) { w.request.Presentation = presentAs(t, signer(t, 5), "second", w.mandate) }, "holder_not_authorized", 0},
		{"holder: the signature is another's", func(w *world) { w.request.Presentation = forged(t, w.request.Presentation) }, "proof_invalid", 1},
		{"use: presented again", func(w *world) { w.again = true }, "presentation_replayed", 1},
		{"use: another domain", func(w *world) { w.request.Domain = []string{"did:web:other.example"} }, "domain_mismatch", 0},
		{"use: another challenge", func(w *world) { w.request.Challenge = "another" }, "challenge_mismatch", 0},
		{"rules", func(w *world) { w.request.ExecutionParams = sample.ParamsDeny() }, "rule_failed", 1},
		{"the mandate itself", func(w *world) {
			w.request.Presentation = present(t, "second", []byte(strings.Replace(string(w.mandate), `"maxAmount"`, `"maxAmounts"`, 1)))
		}, "proof_invalid", 1},
	} {
		w := &world{now: sample.Now(), document: webDocument(t, method, 4), mandate: plain}
		if tt.want == "credential_revoked" {
			w.mandate, w.list = withList, list()
		}
		cfg, signatures := config(t), &counting{}
		cfg.TrustedIssuers, cfg.Resolver, cfg.Status, cfg.SignatureVerifier = []string{webIssuer}, w, w, signatures
		cfg.Now = func() time.Time { return w.now }
		v := newVerifier(t, cfg)
		// presented is the request with a presentation for a challenge.
		presented := func(challenge string) verifier.Request {
			req := presenting(present(t, challenge, w.mandate))
			req.Challenge = challenge
			return req
		}
		w.request = presented("first")
		if res, err := v.Verify(t.Context(), w.request); err != nil {
			t.Fatalf("%s: at first: %s (%v)", tt.name, outcome(res, err), err)
		}
		w.request = presented("second")
		tt.change(w)
		if w.again {
			w.request = presented("first")
		}
		signatures.asked.Store(0)
		res, err := v.Verify(t.Context(), w.request)
		if got := outcome(res, err); got != tt.want || signatures.asked.Load() != tt.asked {
			t.Errorf("%s: %s (%v), %d signatures verified; want %s, %d", tt.name, got, err, signatures.asked.Load(), tt.want, tt.asked)
		}
		// A Verifier that remembers nothing decides the same.
		cfg.MaxCachedCredentials = -1
		if !w.again {
			res, err = decide(t, cfg, w.request)
			if got := outcome(res, err); got != tt.want {
				t.Errorf("%s: cold: %s (%v), want %s", tt.name, got, err, tt.want)
			}
		}
	}
}

// Verify computes a signature that does not fit once, although it looks up the document
// with its key again: a newer document may have another key.
func TestBadSignaturesAreVerifiedOnce(t *testing.T) {
	// several returns a document with many proofs like its own that do not fit.
	several := func(document []byte) []byte {
		d := toObject(t, document)
		var proofs []any
		for i := range 16 {
			proof := object{"nonce": strconv.Itoa(i)}
			for name, v := range d["proof"].(object) {
				proof[name] = v
			}
			proofs = append(proofs, proof)
		}
		d["proof"] = proofs
		return toJSON(t, d)
	}
	mandate := sample.Credential()
	for _, tt := range []struct {
		name         string
		presentation []byte
		asked        int64
	}{
		{"the presentation's proofs", several(present(t, "c", mandate)), 17}, // the mandate's own is good
		{"the mandate's proofs", present(t, "c", several(mandate)), 16},
	} {
		signatures := &counting{}
		cfg := config(t)
		cfg.SignatureVerifier = signatures
		req := presenting(tt.presentation)
		req.Challenge = "c"
		res, err := decide(t, cfg, req)
		if got := outcome(res, err); got != "proof_invalid" || signatures.asked.Load() != tt.asked {
			t.Errorf("%s: %s, %d signatures verified; want proof_invalid, %d", tt.name, got, signatures.asked.Load(), tt.asked)
		}
	}
}

// Verify does not remember a signature that the SignatureVerifier refuses, or that made
// it panic.
func TestRefusedSignatureIsNotCached(t *testing.T) {
	for _, tt := range []struct {
		name   string
		verify signatureFunc
		want   string
	}{
		{"refuses", func() bool { return false }, "proof_invalid"},
		{"panics", func() bool { panic("boom") }, "none"},
	} {
		cfg := config(t)
		cfg.SignatureVerifier = tt.verify
		v := newVerifier(t, cfg)
		for range 2 {
			res, err := v.Verify(t.Context(), request())
			if got := outcome(res, err); got != tt.want {
				t.Errorf("%s: %s (%v), want %s", tt.name, got, err, tt.want)
			}
		}
	}
}

type signatureFunc func() bool

func (f signatureFunc) Verify(ed25519.PublicKey, []byte, []byte) bool { return f() }

// withKeyDate returns a document of webIssuer whose key was revoked or has expired now.
func withKeyDate(t testing.TB, method, member string) *didresolve.Document {
	t.Helper()
	doc := toObject(t, webDocument(t, method, 4).Raw())
	doc["verificationMethod"].([]any)[0].(object)[member] = sample.Now().Format(time.RFC3339)
	d, err := didresolve.ParseDocument(toJSON(t, doc))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// forged puts the signature of another key into a presentation.
func forged(t testing.TB, presentation []byte) []byte {
	t.Helper()
	vp := toObject(t, presentation)
	proof := vp["proof"].(object)
	delete(vp, "proof")
	other := toObject(t, addProof(t, toJSON(t, vp), signer(t, 5), "authentication", "second"))["proof"].(object)
	proof["proofValue"] = other["proofValue"]
	vp["proof"] = proof
	return toJSON(t, vp)
}
