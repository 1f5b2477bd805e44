package request_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dev/failsql"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
)

// failingKeys and failingRand make each call a step that can fail.
type failingKeys struct {
	vault.KeyStore
	f *failsql.Fault
}

func (k failingKeys) NewKey(ctx context.Context) (ed25519.PublicKey, []byte, error) {
	if err := k.f.Step(); err != nil {
		return nil, nil, err
	}
	return k.KeyStore.NewKey(ctx)
}

func (k failingKeys) Signer(ctx context.Context, public ed25519.PublicKey, handle []byte, method string) (receipts.Signer, error) {
	if err := k.f.Step(); err != nil {
		return nil, err
	}
	s, err := k.KeyStore.Signer(ctx, public, handle, method)
	return failingSigner{s, k.f}, err
}

type failingSigner struct {
	receipts.Signer
	f *failsql.Fault
}

func (s failingSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := s.f.Step(); err != nil {
		return nil, err
	}
	return s.Signer.Sign(ctx, message)
}

type failingRand struct{ f *failsql.Fault }

func (r failingRand) Read(p []byte) (int, error) {
	if err := r.f.Step(); err != nil {
		return 0, err
	}
	return rand.Read(p)
}

// TestEveryStepFails makes each step of the database, the keys or the
// randomness fail. Each call then fails as an outage without changing
// anything, and succeeds when repeated. One failure stays unseen: recording
// that a password was sent, which Sweep repairs.
func TestEveryStepFails(t *testing.T) {
	w := newWorld(t, "mandate.example")
	plain := rawDB(t, w)
	var f failsql.Fault
	db := failsql.Open(plain.Driver(), store.SQLiteDSN(w.file), &f)
	t.Cleanup(func() { db.Close() })
	st, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.cfg
	cfg.Store, cfg.Keys, cfg.Rand = st, failingKeys{cfg.Keys, &f}, failingRand{&f}
	s, err := request.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	const ana = "ana@x.example"
	action := get(t, ok(t)(w.PublishAction(ctx, w.a, []byte(actionBody))), "id")
	resource := get(t, ok(t)(w.CreateResource(ctx, w.a, []byte(`{"type":"JSON","data":[{"label":"a","type":"b","value":1}]}`))), "id")
	group := get(t, ok(t)(w.CreateGroup(ctx, w.a, []byte(`{"name":"g","resourcesIds":["`+resource+`"]}`))), "id")
	body := w.policyBody(`"ana@x.example"`)
	n := 0
	fresh := func() string { n++; return fmt.Sprint("n", n) }
	draft := func() string { id, _ := w.create(body); return id }
	stuck := func() string {
		w.pass(time.Minute)
		w.sweep() // finish the last step
		w.fail = errors.New("no mail today")
		defer func() { w.fail = nil; w.pass(10 * time.Second) }()
		return draft()
	}
	mandate := func() string { _, id := w.mandate(); return id }
	requestID, mandateID := w.mandate()
	detail := ok(t)(w.Detail(ctx, w.a, requestID))
	evidence, subject := get(t, detail, "credentials/0/w3cCredential/evidences/0/id"), get(t, detail, "subjects/0/id")
	receipt := get(t, ok(t)(w.Present(ctx, w.a, mandateID, nil)), "receipt/id")
	decision := func(id string, accepted bool) []byte {
		return fmt.Appendf(nil, `{"contact":"ana@x.example","otp":"%s","accepted":%t}`, w.otp(id, ana), accepted)
	}
	outage := func(_ *didresolve.Resolution, err error) error { // an outage, not an unknown DID
		if err != nil && didresolve.TypeOf(err) != didresolve.ErrInternal {
			return nil
		}
		return err
	}
	second := func(_ []byte, err error) error { return err }
	tests := map[string]struct {
		before func() string
		call   func(id string) error
		unseen bool // a step may fail without failing the call
	}{
		"create": {fresh, func(id string) error {
			_, _, err := s.Create(ctx, w.a, []byte(strings.Replace(body, ana, id+"@x.example", 1)), id, nil)
			return err
		}, true},
		"create of templates": {fresh, func(id string) error {
			_, _, err := s.Create(ctx, w.a, []byte(`{"contacts":["ana@x.example"],"resourcesIds":["`+resource+`"],"groupIds":["`+group+`"]}`), "", nil)
			return err
		}, true},
		"replay": {func() string {
			w.fail = errors.New("no mail today")
			defer func() { w.fail = nil; w.pass(10 * time.Second) }()
			key := fresh()
			if _, _, err := w.Create(ctx, w.a, []byte(body), key, nil); err != nil {
				t.Fatal(err)
			}
			return key
		}, func(key string) error { _, _, err := s.Create(ctx, w.a, []byte(body), key, nil); return err }, true},
		"accept": {draft, func(id string) error { return second(s.Decide(ctx, w.a, id, decision(id, true))) }, false},
		"reject": {draft, func(id string) error { return second(s.Decide(ctx, w.a, id, decision(id, false))) }, false},
		"guess": {draft, func(id string) error {
			if err := second(s.Decide(ctx, w.a, id, []byte(`{"contact":"ana@x.example","otp":"1","accepted":true}`))); fault.CodeOf(err) != "otp_invalid" {
				return err
			}
			return nil
		}, false},
		"resend":        {draft, func(id string) error { return second(s.Resend(ctx, w.a, id, "")) }, true},
		"sweep":         {stuck, func(string) error { return s.Sweep(ctx) }, true},
		"cancel":        {draft, func(id string) error { return second(s.Cancel(ctx, w.a, id)) }, false},
		"cancel issued": {func() string { id, _ := w.mandate(); return id }, func(id string) error { return second(s.Cancel(ctx, w.a, id)) }, false},
		"revoke":        {mandate, func(id string) error { return second(s.Revoke(ctx, w.a, id, []byte(`{"reason":"r"}`))) }, false},
		"present":       {fresh, func(string) error { return second(s.Present(ctx, w.a, mandateID, nil)) }, false},
		"detail":        {fresh, func(string) error { return second(s.Detail(ctx, w.b, requestID)) }, false},
		"credential":    {fresh, func(string) error { return second(s.Credential(ctx, w.a, mandateID)) }, false},
		"evidence":      {fresh, func(string) error { return second(s.Evidence(ctx, w.a, evidence)) }, false},
		"receipt":       {fresh, func(string) error { return second(s.Receipt(ctx, w.a, receipt)) }, false},
		"list":          {fresh, func(string) error { return second(s.List(ctx, w.a, map[string][]string{"pageSize": {"5"}})) }, false},
		"publish": {fresh, func(id string) error {
			return second(s.PublishAction(ctx, w.a, []byte(strings.Replace(actionBody, "hotels", id, 1))))
		}, false},
		"next version": {func() string { w.policyBody(`"a@x.example"`); return fresh() }, func(id string) error {
			return second(s.PublishAction(ctx, w.a, []byte(strings.Replace(actionBody, "amount-cap", id, 1))))
		}, false},
		"actions": {fresh, func(string) error { return second(s.Actions(ctx, w.a)) }, false},
		"action":  {fresh, func(string) error { return second(s.ActionVersion(ctx, w.a, action)) }, false},
		"source": {fresh, func(string) error {
			_, err := s.Action(ctx, policy.Ref{Digest: get(t, ok(t)(w.ActionVersion(ctx, w.a, action)), "digestSRI")})
			return err
		}, false},
		"resource": {fresh, func(string) error {
			return second(s.CreateResource(ctx, w.a, []byte(`{"type":"POLICY","scope":"a","action":{"id":"`+action+`","userParams":{"maxAmount":1}}}`)))
		}, false},
		"group": {fresh, func(string) error {
			return second(s.CreateGroup(ctx, w.a, []byte(`{"name":"g","resourcesIds":["`+resource+`"]}`)))
		}, false},
		"resources":    {fresh, func(string) error { return second(s.Resources(ctx, w.a)) }, false},
		"tenant":       {fresh, func(name string) error { _, err := s.Tenant(ctx, name); return err }, false},
		"known tenant": {fresh, func(string) error { _, err := s.Tenant(ctx, "a"); return err }, false},
		"identity": {fresh, func(id string) error {
			return s.SetIdentity(ctx, w.a.ID, ana, store.Identity{KYC: "PENDING", DocID: id})
		}, false},
		"resolve user":   {fresh, func(string) error { return outage(s.Resolve(ctx, subject)) }, false},
		"resolve tenant": {fresh, func(string) error { return outage(s.Resolve(ctx, w.a.DID)) }, false},
		"status list":    {func() string { w.pass(time.Hour); return "" }, func(string) error { return second(s.StatusList(ctx, publicURL+"/status/0")) }, false},
		"start":          {fresh, func(string) error { _, err := request.New(ctx, cfg); return err }, false},
	}
	watch, err := plain.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	// version changes whenever another connection commits.
	version := func() (n int) {
		t.Helper()
		if err := watch.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		tt := tests[name]
		t.Run(name, func(t *testing.T) {
			id := tt.before()
			for step := 1; ; step++ {
				before := version()
				f.After(step)
				err := tt.call(id)
				if !f.Stop() {
					if err != nil {
						t.Errorf("without a fault: %v", err)
					}
					if step < 3 {
						t.Errorf("only %d steps", step-1)
					}
					break
				}
				switch {
				case err == nil && !tt.unseen, err != nil && fault.CodeOf(err) != "":
					t.Errorf("step %d fails, and the call with %v", step, err)
				case err != nil && version() != before:
					t.Errorf("step %d fails with %v, and something has changed", step, err)
				case err == nil:
					id = tt.before()
				}
			}
			if tt.unseen { // Sweep sends another password to each unrecorded subject
				w.pass(time.Minute)
				for range 3 {
					if err := s.Sweep(ctx); err != nil {
						t.Fatal(err)
					}
				}
				if err := st.View(ctx, func(tx store.Tx) error {
					left, err := tx.Unsent(w.now().Add(2*time.Hour), 10)
					if len(left) > 0 {
						t.Errorf("%d are left without a password", len(left))
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// New refuses a Config with missing or invalid settings.
func TestNewRefuses(t *testing.T) {
	w := newWorld(t, "")
	for name, tt := range map[string]struct {
		change func(*request.Config)
		want   string
	}{
		"no store":           {func(c *request.Config) { c.Store = nil }, "are required"},
		"no keys":            {func(c *request.Config) { c.Keys = nil }, "are required"},
		"no secrets":         {func(c *request.Config) { c.Secrets = nil }, "are required"},
		"no notifier":        {func(c *request.Config) { c.Notifier = nil }, "are required"},
		"no URL":             {func(c *request.Config) { c.PublicURL = "" }, "PublicURL"},
		"a slash at the end": {func(c *request.Config) { c.PublicURL += "/" }, "PublicURL"},
		"a query":            {func(c *request.Config) { c.PublicURL += "?a" }, "PublicURL"},
		"ftp":                {func(c *request.Config) { c.PublicURL = "ftp://a" }, "PublicURL"},
		"a negative TTL":     {func(c *request.Config) { c.StatusTTL = -1 }, "StatusTTL"},
		"no host":            {func(c *request.Config) { c.PublicHost = "a/b"; c.Store = openStore(t, t.TempDir()+"/db") }, "PublicHost"},
	} {
		cfg := w.cfg
		tt.change(&cfg)
		if _, err := request.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	for _, name := range []string{"", " a", "a ", "a\nb", strings.Repeat("a", 201), "\xff"} {
		if _, err := w.Tenant(t.Context(), name); code(err) != fault.Value {
			t.Errorf("a tenant %q: %v", name, err)
		}
	}
	if err := w.SetIdentity(t.Context(), w.a.ID, "ana@x.example", store.Identity{KYC: "x"}); code(err) != fault.Value {
		t.Error(err)
	}
	if err := w.SetIdentity(t.Context(), w.a.ID, "nobody@x.example", store.Identity{KYC: "APPROVED"}); code(err) != "unknown_contact" {
		t.Error(err)
	}
	if err := w.KeepReceipt(t.Context(), w.a, nil); err == nil {
		t.Error("no receipt is kept")
	}
}

// Damaged data in the database is an outage, and no call returns a part of it.
func TestDamagedDatabase(t *testing.T) {
	for harm, calls := range map[string]string{
		"UPDATE requests SET body = x'7b'":                       "detail by another, list, decide",
		"UPDATE credentials SET body = x'7b'":                    "detail, credential, decide",
		"UPDATE credentials SET signed = x'7b'":                  "issued detail, issued credential",
		"UPDATE catalog SET body = x'7b'":                        "actions, action, create, resources",
		"UPDATE tenants SET handle = x'00'":                      "present, start",
		"UPDATE tenants SET public = x'00' WHERE id = 'service'": "start",
		"UPDATE users SET public = x'00'":                        "resolve",
	} {
		w := newWorld(t, "mandate.example")
		ctx := t.Context()
		body := w.policyBody(`"ana@x.example"`)
		ok(t)(w.CreateResource(ctx, w.a, []byte(`{"type":"FORM","data":[{"label":"a","type":"b"}]}`)))
		draft, credential := w.create(body)
		issued, mandate := w.mandate()
		subject := get(t, ok(t)(w.Detail(ctx, w.a, draft)), "subjects/0/id")
		otp := w.otp(draft, "ana@x.example")
		all := map[string]func() error{
			"detail":            func() error { _, err := w.Detail(ctx, w.a, draft); return err },
			"detail by another": func() error { _, err := w.Detail(ctx, w.b, draft); return err },
			"credential":        func() error { _, err := w.Credential(ctx, w.a, credential); return err },
			"issued detail":     func() error { _, err := w.Detail(ctx, w.a, issued); return err },
			"issued credential": func() error { _, err := w.Credential(ctx, w.a, mandate); return err },
			"list":              func() error { _, err := w.List(ctx, w.a, nil); return err },
			"decide":            func() error { _, err := w.decide(draft, "ana@x.example", otp, `,"accepted":true`); return err },
			"actions":           func() error { _, err := w.Actions(ctx, w.a); return err },
			"action": func() error {
				_, err := w.ActionVersion(ctx, w.a, get(t, []byte(body), "credentials/0/action/id"))
				return err
			},
			"create":    func() error { _, _, err := w.Create(ctx, w.a, []byte(body), "", nil); return err },
			"resources": func() error { _, err := w.Resources(ctx, w.a); return err },
			"present": func() error {
				var a store.Tenant
				if err := w.store.View(ctx, func(tx store.Tx) (err error) { a, err = tx.TenantByName("a"); return err }); err != nil {
					t.Fatal(err)
				}
				_, err := w.Present(ctx, a, mandate, nil)
				return err
			},
			"start":   func() error { _, err := request.New(ctx, w.cfg); return err },
			"resolve": func() error { _, err := w.Resolve(ctx, subject); return err },
		}
		if _, err := rawDB(t, w).Exec(harm); err != nil {
			t.Fatal(err)
		}
		for name := range strings.SplitSeq(calls, ", ") {
			if err := all[name](); err == nil || fault.CodeOf(err) != "" {
				t.Errorf("%s: %s: %v, want an outage", harm, name, err)
			}
		}
	}
}
