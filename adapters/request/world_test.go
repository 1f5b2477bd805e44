package request_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

const publicURL = "https://mandate.example"

// A world is a service, its store, and its sent messages.
type world struct {
	*request.Service
	t     testing.TB
	store *store.DB
	file  string
	cfg   request.Config
	a     store.Tenant // the requester
	b     store.Tenant // listed in authorizedDIDs
	c     store.Tenant // a stranger

	mu   sync.Mutex
	at   time.Time
	otps map[string]string // by request and contact
	sent int
	fail error
}

func (w *world) Notify(_ context.Context, m request.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	w.otps[m.RequestID+" "+m.To] = m.OTP
	w.sent++
	return nil
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func newWorld(t testing.TB, host string) *world {
	t.Helper()
	w := &world{t: t, file: filepath.Join(t.TempDir(), "db"), at: sample.Now(), otps: map[string]string{}}
	w.store = openStore(t, w.file)
	keys, err := vault.New([]byte(strings.Repeat("ab", 32)), []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	w.cfg = request.Config{Store: w.store, Keys: keys, Secrets: keys, Notifier: w, PublicURL: publicURL, PublicHost: host, Now: w.now}
	if w.Service, err = request.New(t.Context(), w.cfg); err != nil {
		t.Fatal(err)
	}
	for name, tenant := range map[string]*store.Tenant{"a": &w.a, "b": &w.b, "c": &w.c} {
		if *tenant, err = w.Tenant(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func openStore(t testing.TB, file string) *store.DB {
	t.Helper()
	db, err := sql.Open("sqlite", store.SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get returns the member at a path of an answer, as text.
func get(t testing.TB, answer []byte, path string) string {
	t.Helper()
	d, err := canonical.Limits{MaxBytes: 16 << 20}.Parse(answer)
	if err != nil {
		t.Fatalf("%v in %.300s", err, answer)
	}
	v := d.Root()
	for _, token := range strings.Split(path, "/") {
		if v.Kind() == canonical.Array {
			i := 0
			fmt.Sscan(token, &i)
			v = v.Index(i)
		} else {
			v = v.Get(token)
		}
	}
	if s, ok := v.String(); ok {
		return s
	}
	return string(v.AppendCanonical(nil))
}

// code returns the code of an error, "ok" for nil, and the whole text of an
// error without a code.
func code(err error) string {
	switch {
	case err == nil:
		return "ok"
	case fault.CodeOf(err) != "":
		return fault.CodeOf(err)
	}
	return "outage: " + err.Error()
}

func ok(t testing.TB) func(answer []byte, err error) []byte {
	t.Helper()
	return func(answer []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

const actionBody = `{"name":"hotels","content":{"name":"book_hotel","profile":"via-cel/1","tools":["book"],
	"userParams":{"maxAmount":{"type":"number","required":true}},"executionParams":{"amount":{"type":"number","required":true}},
	"rules":[{"name":"amount-cap","expression":"executionParams.amount <= userParams.maxAmount"}]}}`

// policyBody returns a request for a mandate with contacts in place of %s.
func (w *world) policyBody(contacts string) string {
	action := get(w.t, ok(w.t)(w.PublishAction(w.t.Context(), w.a, []byte(actionBody))), "id")
	return `{"contacts":[` + contacts + `],"name":"Trip","internalId":"order-1","authorizedDIDs":["` + w.b.DID + `"],
		"credentials":[{"type":"POLICY","name":"Hotels","internalId":"c-1","scope":"payments.hotel","action":{"id":"` + action + `","userParams":{"maxAmount":{"value":500,"description":"most"}}}}]}`
}

func (w *world) create(body string) (requestID, credentialID string) {
	w.t.Helper()
	answer, _, err := w.Create(w.t.Context(), w.a, []byte(body), "", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return get(w.t, answer, "id"), get(w.t, answer, "credentials/0/id")
}

func (w *world) otp(requestID, contact string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.otps[requestID+" "+contact]
}

func (w *world) decide(id, contact, otp, more string) ([]byte, error) {
	return w.Decide(w.t.Context(), w.a, id, []byte(`{"contact":"`+contact+`","otp":"`+otp+`"`+more+`}`))
}

// mandate creates an active mandate.
func (w *world) mandate() (requestID, credentialID string) {
	w.t.Helper()
	requestID, credentialID = w.create(w.policyBody(`"ana@x.example"`))
	ok(w.t)(w.decide(requestID, "ana@x.example", w.otp(requestID, "ana@x.example"), `,"accepted":true`))
	return requestID, credentialID
}

// verify verifies a presentation for a tenant.
func (w *world) verify(v *verifier.Verifier, caller store.Tenant, presentation []byte, params string) string {
	w.t.Helper()
	d, err := canonical.Parse(presentation)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := v.Verify(w.t.Context(), verifier.Request{Presentation: d.Root().Get("presentation").Raw(), ExecutionParams: []byte(params), Verifier: caller.DID})
	var deny *verifier.DenyError
	switch {
	case errors.As(err, &deny):
		return string(deny.Reason)
	case err != nil:
		return err.Error()
	}
	if err := w.KeepReceipt(w.t.Context(), caller, res.Receipt); err != nil {
		w.t.Error(err)
	}
	if kept, err := w.Receipt(w.t.Context(), caller, res.Receipt.ID()); err != nil || !bytes.Equal(kept, res.Receipt.Bytes()) {
		w.t.Errorf("the receipt is not kept: %v", err)
	}
	return "allow"
}

func (w *world) verifier() *verifier.Verifier {
	w.t.Helper()
	v, err := verifier.New(verifier.Config{Resolver: didresolve.Chain(didresolve.Key(), w.Service), Signer: w.Signer(), TrustedIssuers: []string{signing.DID(w.Signer())},
		Status: w.Service, Actions: w.Service, Replay: w.store.Replay(), AllowActionless: true, Now: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func newRequestService(t testing.TB, cfg request.Config) (*request.Service, error) {
	return request.New(t.Context(), cfg)
}
