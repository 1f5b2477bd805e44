package verifier_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// counting is a SignatureVerifier that counts what it is asked.
type counting struct{ asked atomic.Int64 }

func (c *counting) Verify(key ed25519.PublicKey, message, signature []byte) bool {
	c.asked.Add(1)
	return ed25519.Verify(key, message, signature)
}

// warmWorld is what may change between two decisions on one mandate.
type warmWorld struct {
	now      time.Time
	document *didresolve.Document
	list     []byte
	mandate  []byte
	request  verifier.Request
	again    bool // the presentation of before, instead of a new one
}

func (w *warmWorld) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	if did == webIssuer {
		return &didresolve.Resolution{Document: w.document, Source: "test", RetrievedAt: w.now}, nil
	}
	return didresolve.Key().Resolve(ctx, did)
}

func (w *warmWorld) StatusList(context.Context, string) ([]byte, error) { return w.list, nil }

// A mandate whose signature is remembered is checked like any other: this is the
// table at Config.MaxCachedCredentials.
func TestWhatIsRememberedIsStillChecked(t *testing.T) {
	const method = webIssuer + "#key-1"
	mandate := func(change func(vc, mandate object)) []byte {
		return issueWith(t, method, func(vc, m object) {
			vc["validUntil"] = "2026-05-02T10:30:00Z"
			if change != nil {
				change(vc, m)
			}
		})
	}
	plain := mandate(nil)
	withList := mandate(func(vc, _ object) {
		withStatus("7")(vc, nil)
	})
	for _, tt := range []struct {
		name   string
		change func(w *warmWorld)
		want   string
		asked  int64 // signatures that are verified again; with each key once, newer documents or not
	}{
		{"nothing", func(*warmWorld) {}, "allow", 1},
		{"validity", func(w *warmWorld) { w.now = w.now.Add(20 * time.Minute) }, "credential_expired", 1},
		{"status", func(w *warmWorld) { w.list = listOf(t, method, 7) }, "credential_revoked", 2},
		{"key: gone", func(w *warmWorld) { w.document = webDocument(t, webIssuer+"#key-2", 4) }, "key_not_authorized", 0},
		{"key: another one of that name", func(w *warmWorld) { w.document = webDocument(t, method, 3) }, "proof_invalid", 1},
		{"key: revoked", func(w *warmWorld) { w.document = withKeyDate(t, method, "revoked") }, "key_revoked", 0},
		{"key: expired", func(w *warmWorld) { w.document = withKeyDate(t, method, "expires") }, "key_expired", 0},
		{"holder: another one presents", func(w *warmWorld) { w.request.Presentation = presentAs(t, 5, w.mandate) }, "holder_not_authorized", 0},
		{"holder: the signature is another's", func(w *warmWorld) { w.request.Presentation = forged(t, w.request.Presentation) }, "proof_invalid", 1},
		{"use: presented again", func(w *warmWorld) { w.again = true }, "presentation_replayed", 1},
		{"use: another domain", func(w *warmWorld) { w.request.Domain = []string{"did:web:other.example"} }, "domain_mismatch", 0},
		{"use: another challenge", func(w *warmWorld) { w.request.Challenge = "another" }, "challenge_mismatch", 0},
		{"rules", func(w *warmWorld) { w.request.ExecutionParams = sample.ParamsDeny() }, "rule_failed", 1},
		{"the mandate itself", func(w *warmWorld) {
			w.request.Presentation = present(t, "second", []byte(strings.Replace(string(w.mandate), `"maxAmount"`, `"maxAmounts"`, 1)))
		}, "proof_invalid", 1},
	} {
		w := &warmWorld{now: sample.Now(), document: webDocument(t, method, 4), mandate: plain}
		if tt.want == "credential_revoked" {
			w.mandate, w.list = withList, listOf(t, method)
		}
		cfg, signatures := config(t), &counting{}
		cfg.TrustedIssuers, cfg.Resolver, cfg.Status, cfg.SignatureVerifier = []string{webIssuer}, w, w, signatures
		cfg.Now = func() time.Time { return w.now }
		v := newVerifier(t, cfg)
		w.request = request()
		w.request.Challenge = "first"
		w.request.Presentation = present(t, "first", w.mandate)
		if res, err := v.Verify(t.Context(), w.request); err != nil {
			t.Fatalf("%s: at first: %s (%v)", tt.name, outcome(res, err), err)
		}
		w.request.Challenge = "second"
		w.request.Presentation = present(t, "second", w.mandate)
		tt.change(w)
		if w.again {
			w.request.Challenge = "first"
			w.request.Presentation = present(t, "first", w.mandate)
		}
		signatures.asked.Store(0)
		res, err := v.Verify(t.Context(), w.request)
		if got := outcome(res, err); got != tt.want || signatures.asked.Load() != tt.asked {
			t.Errorf("%s: %s (%v), %d signatures verified; want %s, %d", tt.name, got, err, signatures.asked.Load(), tt.want, tt.asked)
		}
		// An engine that remembers nothing says the same.
		cfg.MaxCachedCredentials = -1
		if !w.again {
			res, err = newVerifier(t, cfg).Verify(t.Context(), w.request)
			if got := outcome(res, err); got != tt.want {
				t.Errorf("%s: cold: %s (%v), want %s", tt.name, got, err, tt.want)
			}
		}
	}
}

// A signature that does not fit is computed once, although the document with its key
// is looked up again: a newer one may have another.
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
		req := request()
		req.Presentation, req.Challenge = tt.presentation, "c"
		res, err := newVerifier(t, cfg).Verify(t.Context(), req)
		if got := outcome(res, err); got != "proof_invalid" || signatures.asked.Load() != tt.asked {
			t.Errorf("%s: %s, %d signatures verified; want proof_invalid, %d", tt.name, got, signatures.asked.Load(), tt.asked)
		}
	}
}

// What a SignatureVerifier refuses is not remembered, nor what made it panic.
func TestSignatureVerifier(t *testing.T) {
	for name, tt := range map[string]struct {
		seam verifier.SignatureVerifier
		want string
	}{"refuses": {refusing{}, "proof_invalid"}, "panics": {panicking{}, "none"}} {
		cfg := config(t)
		cfg.SignatureVerifier = tt.seam
		v := newVerifier(t, cfg)
		for range 2 {
			res, err := v.Verify(t.Context(), request())
			if got := outcome(res, err); got != tt.want {
				t.Errorf("%s: %s (%v), want %s", name, got, err, tt.want)
			}
		}
	}
}

type refusing struct{}

func (refusing) Verify(ed25519.PublicKey, []byte, []byte) bool { return false }

type panicking struct{}

func (panicking) Verify(ed25519.PublicKey, []byte, []byte) bool { panic("boom") }

// Of several goroutines that present the same at once, one is allowed.
func TestOneAllowOfMany(t *testing.T) {
	v := newVerifier(t, config(t))
	var requests []verifier.Request
	for i := range 40 {
		req := request()
		switch i % 4 {
		case 1:
			req.Challenge = fmt.Sprint("other ", i)
			req.Presentation = present(t, req.Challenge, sample.Credential())
		case 2:
			req.ExecutionParams = sample.ParamsDeny()
		case 3:
			req.Presentation = []byte("{")
		}
		requests = append(requests, req)
	}
	outcomes := make([]string, len(requests))
	var wg sync.WaitGroup
	for i, req := range requests {
		wg.Go(func() { outcomes[i] = outcome(v.Verify(t.Context(), req)) })
	}
	wg.Wait()
	allowed := 0 // of those that present the same
	for i, got := range outcomes {
		want := [...]string{"presentation_replayed", "allow", "rule_failed", "malformed_json"}[i%4]
		if i%4 == 0 && got == "allow" {
			allowed++
			continue
		}
		if got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	if allowed != 1 {
		t.Errorf("one presentation was allowed %d times", allowed)
	}
}

// issueWith signs the sample's mandate as webIssuer with method, after change.
func issueWith(t testing.TB, method string, change func(vc, mandate object)) []byte {
	t.Helper()
	vc := toObject(t, sample.Credential())
	delete(vc, "proof")
	vc["issuer"] = webIssuer
	change(vc, vc["credentialSubject"].(object)["mandate"].(object))
	return signAs(t, vc, 4, method, "assertionMethod")
}

func signAs(t testing.TB, doc object, key byte, method, purpose string) []byte {
	t.Helper()
	s, err := receipts.NewKeySigner(sample.Key(key), method)
	if err != nil {
		t.Fatal(err)
	}
	o := signing.Options{Purpose: purpose, Created: sample.Now()}
	if purpose == "authentication" {
		o.Challenge, o.Domain = "second", []string{sample.Verifier}
	}
	signed, err := signing.Document(context.Background(), toJSON(t, doc), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// listOf is a status list of webIssuer in which the indexes are set.
func listOf(t testing.TB, method string, set ...int) []byte {
	t.Helper()
	list := toObject(t, statusList(t, "revocation", set...))
	delete(list, "proof")
	list["issuer"] = webIssuer
	return signAs(t, list, 4, method, "assertionMethod")
}

// withKeyDate is the issuer's document, its key revoked or expired since now.
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

// presentAs presents the mandate as the holder of another key.
func presentAs(t testing.TB, key byte, mandate []byte) []byte {
	t.Helper()
	vp := toObject(t, present(t, "second", mandate))
	delete(vp, "proof")
	vp["holder"] = "did:key:" + multikeyOf(t, key)
	return signAs(t, vp, key, "", "authentication")
}

// forged puts the signature of another key into a presentation.
func forged(t testing.TB, presentation []byte) []byte {
	t.Helper()
	vp := toObject(t, presentation)
	proof := vp["proof"].(object)
	delete(vp, "proof")
	other := toObject(t, signAs(t, vp, 5, "", "authentication"))["proof"].(object)
	proof["proofValue"] = other["proofValue"]
	vp["proof"] = proof
	return toJSON(t, vp)
}
