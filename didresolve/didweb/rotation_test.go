package didweb_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// An issuer publishes its key at its did:web, and can replace it.
type issuer struct {
	*site
	t        *testing.T
	verifier *verifier.Verifier

	mu     sync.Mutex
	method string
	key    ed25519.PrivateKey
	now    time.Time
	status int
	serial byte
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
	key, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	i.verifier, err = verifier.New(verifier.Config{
		Resolver:       didresolve.Chain(didresolve.Key(), &didresolve.Cache{Resolver: i.site, Now: i.clock}),
		Signer:         key,
		TrustedIssuers: []string{did},
		Verifier:       sample.Verifier,
		Now:            i.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *issuer) clock() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

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

func (i *issuer) rotate(method string, key byte) {
	i.set(func() { i.method, i.key = did+method, sample.Key(key) })
}

// present returns a new presentation of a mandate under the current key, or
// under another one's id.
func (i *issuer) present(method string) []byte {
	i.t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if method == "" {
		method = i.method
	}
	i.serial++
	var vc map[string]any
	if err := json.Unmarshal(sample.Credential(), &vc); err != nil {
		i.t.Fatal(err)
	}
	delete(vc, "proof")
	vc["issuer"] = did
	unsigned, _ := json.Marshal(vc)
	signer, err := receipts.NewKeySigner(i.key, method)
	if err != nil {
		i.t.Fatal(err)
	}
	signed, err := signing.Credential(context.Background(), unsigned, signer, signing.Options{Created: sample.Now()})
	if err != nil {
		i.t.Fatal(err)
	}
	holder, err := receipts.NewKeySigner(sample.Key(2), "")
	if err != nil {
		i.t.Fatal(err)
	}
	vp, err := signing.Presentation(context.Background(), "", [][]byte{signed}, holder,
		signing.Options{Created: i.now, Domain: []string{sample.Verifier}, Nonce: fmt.Sprint(i.serial)})
	if err != nil {
		i.t.Fatal(err)
	}
	return vp
}

// decide verifies a presentation, and says what came out.
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

func (i *issuer) want(name string, vp []byte, outcome string, requests int32) *receipts.Receipt {
	i.t.Helper()
	before := i.asked.Load()
	got, receipt := i.decide(vp)
	if n := i.asked.Load() - before; got != outcome || n != requests {
		i.t.Errorf("%s: %s with %d requests, want %s with %d", name, got, n, outcome, requests)
	}
	return receipt
}

// An issuer rotates its key. The new key is found with one more request, the
// old one is out from then on, and what was decided before can still be
// checked, from what the receipt says alone.
func TestRotation(t *testing.T) {
	i := newIssuer(t)
	old := i.present("")
	receipt := i.want("the first", old, "allow", 1)
	unused := i.present("")
	i.want("from the cache", i.present(""), "allow", 0)
	oldDocument, err := didresolve.ParseDocument([]byte(i.document()))
	if err != nil {
		t.Fatal(err)
	}

	i.rotate("#key-2", 12)
	fresh := i.present("")
	i.want("the new key, too early to ask again", fresh, "key_not_authorized", 0)
	i.set(func() { i.now = i.now.Add(10 * time.Second) })
	i.want("the new key", i.present(""), "allow", 1)
	i.want("the new key again", i.present(""), "allow", 0)
	i.want("the old key", unused, "key_not_authorized", 0)
	i.want("a key that never was", i.present(did+"#key-9"), "key_not_authorized", 0)
	i.set(func() { i.now = i.now.Add(10 * time.Second) })
	i.want("a key that never was, asked for", i.present(did+"#key-9"), "key_not_authorized", 1)

	// The receipt from before.
	if _, err := receipts.Verify(t.Context(), receipt.Bytes(), receipts.VerifyConfig{Issuers: []string{receiptDID(t)}, At: i.clock()}); err != nil {
		t.Errorf("the receipt: %v", err)
	}
	row := keyRow(t, receipt)
	if got, _ := row.Get("documentDigest").String(); got != canonical.SRI(oldDocument.Digest()) {
		t.Errorf("document digest %s", got)
	}
	if got, _ := row.Get("source").String(); got != "https://example.com/.well-known/did.json" {
		t.Errorf("source %s", got)
	}
	if got, _ := row.Get("retrievedAt").String(); got != sample.Now().Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("retrieved at %s", got)
	}
	text, _ := row.Get("publicKeyMultibase").String()
	key, err := multikey.ParsePublicKey(text)
	if err != nil {
		t.Fatalf("key %q: %v", text, err)
	}
	vp, err := canonical.Parse(old)
	if err != nil {
		t.Fatal(err)
	}
	for _, vc := range vp.Root().Get("verifiableCredential").Elements() {
		proofs, bad := dataintegrity.Parse(vc, false)
		if bad != nil || len(proofs) != 1 || !proofs[0].Verify(key) {
			t.Errorf("the mandate is not proven by the key in the receipt: %v", bad)
		}
	}
}

// keyRow returns the receipt's row about the issuer's key.
func keyRow(t *testing.T, r *receipts.Receipt) canonical.Value {
	t.Helper()
	d, err := canonical.Parse(r.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range d.Root().Get("credentialSubject").Get("checks").Elements() {
		if id, _ := row.Get("did").String(); id == did {
			return row
		}
	}
	t.Fatalf("no row about %s in %s", did, r.Bytes())
	return canonical.Value{}
}

func receiptDID(t *testing.T) string {
	t.Helper()
	s, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	return signing.DID(s)
}

// A key that keeps its id and becomes another is found when a signature under it does
// not verify, once the document may be asked for again.
func TestRotationUnderOneName(t *testing.T) {
	i := newIssuer(t)
	i.want("before", i.present(""), "allow", 1)
	i.rotate("#key-1", 12)
	i.want("too early to ask again", i.present(""), "proof_invalid", 0)
	i.set(func() { i.now = i.now.Add(10 * time.Second) })
	i.want("one refetch later", i.present(""), "allow", 1)
}

// An outage is no decision: neither for a DID that is not known yet, nor for a
// key that may have been added since. It does not touch what is known.
func TestOutageIsNoDecision(t *testing.T) {
	i := newIssuer(t)
	i.set(func() { i.status = 503 })
	i.want("not known yet", i.present(""), "none", 1)
	i.set(func() { i.status, i.now = 200, i.now.Add(5*time.Second) })
	i.want("back again", i.present(""), "allow", 1)
	i.set(func() { i.status, i.now = 503, i.now.Add(10*time.Second) })
	i.want("a key that may be new", i.present(did+"#key-2"), "none", 1)
	i.want("and again", i.present(did+"#key-2"), "none", 0)
	i.want("the known key", i.present(""), "allow", 0)
	i.set(func() { i.status, i.now = 404, i.now.Add(10*time.Second) })
	i.want("the DID is gone", i.present(did+"#key-2"), "did_not_found", 1)
	i.want("for everybody", i.present(""), "did_not_found", 0)
}
