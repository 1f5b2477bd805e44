package didweb_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// An issuer is a did:web site with one key, and a verifier that trusts it.
type issuer struct {
	*site
	t        *testing.T
	verifier *verifier.Verifier
	receipts *receipts.KeySigner

	mu     sync.Mutex
	method string             // the id of the published key
	key    ed25519.PrivateKey // its private half
	now    time.Time
	status int  // of the site's responses
	serial byte // of the last presentation
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{t: t, method: did + "#key-1", key: sample.Key(11), now: sample.Now(), status: 200}
	i.site = newSite(t, didweb.Config{Now: i.clock}, func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		w.Header().Set("Content-Type", "application/did")
		w.Header().Set("Cache-Control", "max-age=3600")
		w.WriteHeader(i.status)
		io.WriteString(w, i.document())
	})
	i.receipts = i.signer(sample.Key(9), "")
	var err error
	i.verifier, err = verifier.New(verifier.Config{
		Resolver:       didresolve.Chain(didresolve.Key(), &didresolve.Cache{Resolver: i.site, Now: i.clock}),
		Signer:         i.receipts,
		TrustedIssuers: []string{did},
		Verifier:       sample.Verifier,
		Now:            i.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *issuer) signer(key ed25519.PrivateKey, method string) *receipts.KeySigner {
	i.t.Helper()
	s, err := receipts.NewKeySigner(key, method)
	if err != nil {
		i.t.Fatal(err)
	}
	return s
}

func (i *issuer) clock() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

// document is the published DID document.
func (i *issuer) document() string {
	key, err := multikey.NewPublicKey(i.key[32:])
	if err != nil {
		i.t.Error(err)
	}
	return fmt.Sprintf(`{"id":%q,"verificationMethod":[{"id":%q,"type":"Multikey","controller":%[1]q,"publicKeyMultibase":%[3]q}],"assertionMethod":[%[2]q]}`,
		did, i.method, key)
}

func (i *issuer) set(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

func (i *issuer) wait(d time.Duration) { i.set(func() { i.now = i.now.Add(d) }) }

func (i *issuer) rotate(method string, key byte) {
	i.set(func() { i.method, i.key = did+method, sample.Key(key) })
}

// present returns a new presentation of the sample mandate. The issuer signs the
// mandate with its current key. method is the verification method in the proof;
// "" means that of the key.
func (i *issuer) present(method string) []byte {
	i.t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if method == "" {
		method = i.method
	}
	i.serial++
	mandate := i.sign(i.parse(sample.Credential()).AppendCanonical(nil, canonical.Omit("proof"), canonical.Replace("issuer", i.parse([]byte(`"`+did+`"`)))),
		i.signer(i.key, method), proofs.Options{Purpose: dataintegrity.AssertionMethod, Created: sample.Now()})
	unsigned := fmt.Sprintf(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":%q,"verifiableCredential":[%s]}`, sample.Holder, mandate)
	return i.sign([]byte(unsigned), i.signer(sample.Key(2), ""),
		proofs.Options{Purpose: dataintegrity.Authentication, Created: i.now, Domain: []string{sample.Verifier}, Nonce: fmt.Sprint(i.serial)})
}

func (i *issuer) sign(doc []byte, by proofs.Signer, o proofs.Options) []byte {
	i.t.Helper()
	signed, err := proofs.Create(i.t.Context(), i.parse(doc), by, o)
	if err != nil {
		i.t.Fatal(err)
	}
	return signed
}

func (i *issuer) parse(b []byte) canonical.Value {
	i.t.Helper()
	d, err := canonical.Parse(b)
	if err != nil {
		i.t.Fatal(err)
	}
	return d.Root()
}

// decide verifies a presentation. It returns "allow", the reason of a denial, or
// "none" if there is no decision.
func (i *issuer) decide(vp []byte) (string, *receipts.Receipt) {
	res, err := i.verifier.Verify(i.t.Context(), verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow()})
	var deny *verifier.DenyError
	switch {
	case err == nil:
		return "allow", res.Receipt
	case errors.As(err, &deny):
		return string(deny.Reason), deny.Receipt
	}
	i.t.Logf("%v", err)
	return "none", nil
}

// want checks the outcome of a decision and the number of requests to the site.
func (i *issuer) want(name string, vp []byte, outcome string, requests int32) *receipts.Receipt {
	i.t.Helper()
	before := i.asked.Load()
	got, receipt := i.decide(vp)
	if n := i.asked.Load() - before; got != outcome || n != requests {
		i.t.Errorf("%s: %s with %d requests, want %s with %d", name, got, n, outcome, requests)
	}
	return receipt
}

// TestKeyRotation: after a rotation the verifier finds the new key with one more
// request and refuses the old key. An earlier receipt stays verifiable, with the key
// that it contains.
func TestKeyRotation(t *testing.T) {
	i := newIssuer(t)
	first := i.present("")
	receipt := i.want("first use", first, "allow", 1)
	oldKey := i.present("")
	i.want("from the cache", i.present(""), "allow", 0)
	oldDocument, err := didresolve.ParseDocument([]byte(i.document()))
	if err != nil {
		t.Fatal(err)
	}

	i.rotate("#key-2", 12)
	i.want("new key, too early to refresh", i.present(""), "key_not_authorized", 0)
	i.wait(10 * time.Second)
	i.want("new key", i.present(""), "allow", 1)
	i.want("new key from the cache", i.present(""), "allow", 0)
	i.want("old key", oldKey, "key_not_authorized", 0)
	i.want("unknown key, too early to refresh", i.present(did+"#key-9"), "key_not_authorized", 0)
	i.wait(10 * time.Second)
	i.want("unknown key", i.present(did+"#key-9"), "key_not_authorized", 1)

	// The receipt from before the rotation.
	signer, _, _ := strings.Cut(i.receipts.VerificationMethod(), "#")
	if _, err := receipts.Verify(t.Context(), receipt.Bytes(), receipts.VerifyConfig{Issuers: []string{signer}, At: i.clock()}); err != nil {
		t.Errorf("the receipt: %v", err)
	}
	row := keyRow(t, i.parse(receipt.Bytes()))
	for name, want := range map[string]string{
		"documentDigest": canonical.SRI(oldDocument.Digest()),
		"source":         "https://example.com/.well-known/did.json",
		"retrievedAt":    sample.Now().Format("2006-01-02T15:04:05.000Z"),
	} {
		if got, _ := row.Get(name).String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	text, _ := row.Get("publicKeyMultibase").String()
	key, err := multikey.ParsePublicKey(text)
	if err != nil {
		t.Fatalf("key %q: %v", text, err)
	}
	for _, vc := range i.parse(first).Get("verifiableCredential").Elements() {
		proofs, bad := dataintegrity.Parse(vc, false)
		if bad != nil || len(proofs) != 1 || !proofs[0].Verify(key) {
			t.Errorf("the key in the receipt does not verify the mandate: %v", bad)
		}
	}
}

// keyRow returns the row of a receipt for the key of the issuer.
func keyRow(t *testing.T, receipt canonical.Value) canonical.Value {
	t.Helper()
	for _, row := range receipt.Get("credentialSubject").Get("checks").Elements() {
		if id, _ := row.Get("did").String(); id == did {
			return row
		}
	}
	t.Fatalf("no row for %s in %s", did, receipt.Raw())
	return canonical.Value{}
}

// TestKeyReplacedUnderItsID: if a signature does not verify, the verifier refreshes
// the document, because the key may have changed while its id did not.
func TestKeyReplacedUnderItsID(t *testing.T) {
	i := newIssuer(t)
	i.want("first key", i.present(""), "allow", 1)
	i.rotate("#key-1", 12)
	i.want("too early to refresh", i.present(""), "proof_invalid", 0)
	i.wait(10 * time.Second)
	i.want("after a refresh", i.present(""), "allow", 1)
}

// TestOutageMakesNoDecision: during an outage Verify does not decide about an
// unknown DID or an unknown key, which may be new. It still accepts known keys.
func TestOutageMakesNoDecision(t *testing.T) {
	i := newIssuer(t)
	i.set(func() { i.status = 503 })
	i.want("unknown DID", i.present(""), "none", 1)
	i.set(func() { i.status, i.now = 200, i.now.Add(5*time.Second) })
	i.want("after the outage", i.present(""), "allow", 1)
	i.set(func() { i.status, i.now = 503, i.now.Add(10*time.Second) })
	i.want("unknown key", i.present(did+"#key-2"), "none", 1)
	i.want("unknown key, too early to retry", i.present(did+"#key-2"), "none", 0)
	i.want("known key", i.present(""), "allow", 0)
	i.set(func() { i.status, i.now = 404, i.now.Add(10*time.Second) })
	i.want("unknown key, DID deleted", i.present(did+"#key-2"), "did_not_found", 1)
	i.want("known key, DID deleted", i.present(""), "did_not_found", 0)
}
