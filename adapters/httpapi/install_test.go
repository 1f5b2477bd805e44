package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// A post records the messages of the notifier.
type post struct {
	mu       sync.Mutex
	messages []request.Message
}

func (p *post) Notify(_ context.Context, m request.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
	return nil
}

// otp returns the last one-time password sent to a contact for a request.
func (p *post) otp(id, to string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.messages) - 1; i >= 0; i-- {
		if m := p.messages[i]; m.RequestID == id && m.To == to {
			return m.OTP
		}
	}
	return ""
}

// An install is a server with its own database and three tenants: requester,
// listed and stranger.
type install struct {
	*Server
	t     testing.TB
	db    store.Store
	svc   *request.Service
	post  *post
	log   *bytes.Buffer
	file  string
	vault *vault.Vault
	creds map[string]Credentials
	dids  map[string]string

	mu      sync.Mutex
	now     time.Time
	answers bytes.Buffer // all responses, headers included
}

const publicURL = "https://mandates.example"

func (in *install) clock() time.Time {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.now
}

func (in *install) wait(d time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.now = in.now.Add(d)
}

func newInstall(t testing.TB, change func(*Config)) *install {
	t.Helper()
	return newInstallAt(t, "", change)
}

// newInstallAt makes an install with its DIDs under host.
func newInstallAt(t testing.TB, host string, change func(*Config)) *install {
	t.Helper()
	ring, file := newRing(t)
	ctx := context.Background()
	in := &install{t: t, db: ring.Store, post: &post{}, log: &bytes.Buffer{}, file: file, vault: ring.Secrets.(*vault.Vault), creds: map[string]Credentials{}, dids: map[string]string{}, now: sample.Now()}
	keys := ring.Secrets.(*vault.Vault)
	svc, err := request.New(ctx, request.Config{Store: ring.Store, Keys: keys, Secrets: keys, Notifier: in.post, PublicURL: publicURL, PublicHost: host, Now: in.clock})
	if err != nil {
		t.Fatal(err)
	}
	in.svc = svc
	passports, err := passport.New(passport.Config{Store: ring.Store, Keys: keys, Signer: svc.Signer(), Now: in.clock})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := verifier.New(verifier.Config{
		Resolver: didresolve.Chain(svc, didresolve.Key()), Signer: svc.Signer(), TrustedIssuers: []string{signing.DID(svc.Signer())},
		Status: svc, Actions: svc, Replay: ring.Store.(*store.DB).Replay(),
		AllowActionless: true, InsecureAllowUnbound: true, Now: in.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"requester", "listed", "stranger"} {
		tenant, err := svc.Tenant(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		in.dids[name] = tenant.DID
		if in.creds[name], err = ring.Create(ctx, store.APIKey{TenantID: tenant.ID, Name: name, Created: in.now}); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{
		Keys: ring, Verifier: engine, Receipts: svc, Requests: svc, Passports: passports, PublicURL: publicURL, PublicHost: host,
		CreatesPerMinute: 100_000, Log: slog.New(slog.NewTextHandler(in.log, nil)), Now: in.clock,
	}
	if change != nil {
		change(&cfg)
	}
	if in.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return in
}

// signed returns a signed call of a tenant.
func (in *install) signed(as, method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	stamp := strconv.FormatInt(in.clock().UnixMilli(), 10)
	c := in.creds[as]
	r.Header.Set("Authorization", "Bearer "+c.APIKey)
	r.Header.Set("X-Timestamp", stamp)
	r.Header.Set("X-Signature", Sign([]byte(c.SignatureSecret), false, stamp, method, target, []byte(body)))
	return r
}

// send makes a call. It validates the response against the OpenAPI document
// and searches it for secrets.
func (in *install) send(r *http.Request) *httptest.ResponseRecorder {
	in.t.Helper()
	rec := httptest.NewRecorder()
	in.ServeHTTP(rec, r)
	in.mu.Lock()
	fmt.Fprintf(&in.answers, "%v\n%s\n", rec.Header(), rec.Body)
	in.mu.Unlock()
	documented(in.t, spec(in.t), r.Method, r.RequestURI, rec)
	for name, c := range in.creds {
		if strings.Contains(rec.Body.String(), c.APIKey) || strings.Contains(rec.Body.String(), c.SignatureSecret) {
			in.t.Errorf("%s %s: the answer shows a secret of %s", r.Method, r.RequestURI, name)
		}
	}
	return rec
}

// do is send with the response parsed as an object.
func (in *install) do(as, method, target, body string) (int, map[string]any) {
	in.t.Helper()
	rec := in.send(in.signed(as, method, target, body))
	var m map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil {
		in.t.Fatalf("%s %s: %d: no JSON object: %q", method, target, rec.Code, rec.Body)
	}
	return rec.Code, m
}

// must is do for calls that must succeed.
func (in *install) must(as, method, target, body string) map[string]any {
	in.t.Helper()
	status, m := in.do(as, method, target, body)
	if status != 200 && status != 201 {
		in.t.Fatalf("%s %s as %s: %d %v", method, target, as, status, m)
	}
	return m
}

// at follows a path of members and indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func text(v any, path ...any) string {
	s, _ := at(v, path...).(string)
	return s
}

const hotelAction = `{"name":"book_hotel","content":{"name":"book_hotel","profile":"via-cel/1","tools":["book"],
	"userParams":{"maxAmount":{"type":"number","required":true}},
	"executionParams":{"amount":{"type":"number","required":true}},
	"rules":[{"name":"amount-cap","expression":"executionParams.amount <= userParams.maxAmount"}]}}`

// hotel publishes an action and requests a mandate for it.
func (in *install) hotel(contacts ...string) (request map[string]any) {
	in.t.Helper()
	action := text(in.must("requester", "POST", "/actions", hotelAction), "id")
	list, _ := json.Marshal(contacts)
	return in.must("requester", "POST", "/request", fmt.Sprintf(`{"contacts":%s,"name":"Hotels","authorizedDIDs":[%q],
		"credentials":[{"type":"POLICY","name":"Hotel","scope":"payments.hotel","action":{"id":%q,"userParams":{"maxAmount":500}}}]}`,
		list, in.dids["listed"], action))
}

// mandate is hotel followed by the decisions. It returns the ids of request
// and mandate.
func (in *install) mandate() (id, mandate string) {
	in.t.Helper()
	r := in.hotel("ana@example.com")
	id, mandate = text(r, "id"), text(r, "credentials", 0, "id")
	in.must("requester", "POST", "/request/"+id+"/decision", in.decision(id, "ana@example.com", true))
	return id, mandate
}

func (in *install) decision(id, contact string, accepted bool) string {
	return fmt.Sprintf(`{"contact":%q,"otp":%q,"accepted":%v}`, contact, in.post.otp(id, contact), accepted)
}
