package passport_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dev/failsql"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
)

const agent = `{"type":"agent","name":"a","metadata":{"b":1}}`

// noKeys returns an error, or invalid keys.
type noKeys struct{ public []byte }

func (k noKeys) NewKey(context.Context) (ed25519.PublicKey, []byte, error) {
	if k.public != nil {
		return k.public, nil, nil
	}
	return nil, nil, errors.New("no keys today")
}
func (noKeys) Signer(context.Context, ed25519.PublicKey, []byte, string) (receipts.Signer, error) {
	return nil, errors.New("no keys today")
}

// noSigner fails to sign.
type noSigner struct{ receipts.Signer }

func (noSigner) Sign(context.Context, []byte) ([]byte, error) {
	return nil, errors.New("no signer today")
}

// A failed create leaves no row and no log entry.
func TestCreateFails(t *testing.T) {
	w := newWorld(t)
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	good := passport.Config{Store: w.db, Keys: w.keys, Signer: signer, Log: w.db.Log(), Now: sample.Now}
	tests := []struct {
		name, want string
		change     func(*passport.Config)
	}{
		{"no key", "no keys today", func(c *passport.Config) { c.Keys = noKeys{} }},
		{"no public key", "passport: ", func(c *passport.Config) { c.Keys = noKeys{[]byte("short")} }},
		{"no randomness", "out of it", func(c *passport.Config) { c.Rand = iotest.ErrReader(errors.New("out of it")) }},
		{"not enough of it", "out of it", func(c *passport.Config) {
			c.Rand = io.MultiReader(bytes.NewReader(make([]byte, 16)), iotest.ErrReader(errors.New("out of it")))
		}},
		{"no signature", "no signer today", func(c *passport.Config) { c.Signer = noSigner{signer} }},
	}
	for _, tt := range tests {
		cfg := good
		tt.change(&cfg)
		s, err := passport.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		before := w.db.Log().Size()
		got, err := s.Create(t.Context(), w.tenant, []byte(agent))
		if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) || fault.CodeOf(err) != "" {
			t.Errorf("%s: %s, %v, want %q", tt.name, got, err, tt.want)
		}
		if w.db.Log().Size() != before {
			t.Errorf("%s: the log has grown", tt.name)
		}
	}
	for _, change := range []func(*passport.Config){func(c *passport.Config) { c.Store = nil }, func(c *passport.Config) { c.Keys = nil }, func(c *passport.Config) { c.Signer = nil }} {
		cfg := good
		change(&cfg)
		if _, err := passport.New(cfg); err == nil {
			t.Error("New takes a Config with something missing")
		}
	}
	if _, err := passport.NewProver("", nil, signer); err == nil {
		t.Error("a Prover without a name or a key")
	}
}

// If any step of the database fails, a passport is created and registered
// completely or not at all, and Get returns a complete passport or an error.
func TestEveryStepFails(t *testing.T) {
	w := newWorld(t)
	plain, err := sql.Open("sqlite", store.SQLiteDSN(w.file))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	var fails failsql.Fault
	db := failsql.Open(plain.Driver(), store.SQLiteDSN(w.file), &fails)
	defer db.Close()
	st, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	prover, err := passport.NewProver("mandate.example/log", sample.Key(9).Public().(ed25519.PublicKey), signer)
	if err != nil {
		t.Fatal(err)
	}
	s, err := passport.New(passport.Config{Store: st, Keys: w.keys, Signer: signer, Log: st.Log(), Prover: prover, Now: sample.Now})
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Create(t.Context(), w.tenant, []byte(agent))
	if err != nil {
		t.Fatal(err)
	}
	id := text(root(t, first), "passportId")
	whole, err := s.Get(t.Context(), w.tenant, id)
	if err != nil {
		t.Fatal(err)
	}
	made := func() (n, entries int) {
		t.Helper()
		if err := plain.QueryRow("SELECT (SELECT COUNT(*) FROM passports), (SELECT COUNT(*) FROM log_entries)").Scan(&n, &entries); err != nil {
			t.Fatal(err)
		}
		return n, entries
	}
	for step := 1; ; step++ {
		n, entries := made()
		fails.After(step)
		_, err := s.Create(t.Context(), w.tenant, []byte(agent))
		if !fails.Stop() {
			if err != nil {
				t.Error(err)
			}
			break
		}
		if now, grown := made(); !errors.Is(err, failsql.Err) || now != n || grown != entries {
			t.Errorf("create, step %d: %v, %d passports more, %d entries", step, err, now-n, grown-entries)
		}
	}
	for step := 1; ; step++ {
		fails.After(step)
		got, err := s.Get(t.Context(), w.tenant, id)
		if !fails.Stop() {
			if err != nil {
				t.Error(err)
			}
			break
		}
		if err == nil && !bytes.Equal(member(t, got, "registration", "receipt"), member(t, whole, "registration", "receipt")) || err != nil && fault.CodeOf(err) != "" {
			t.Errorf("get, step %d: %s, %v", step, got, err)
		}
	}
	// Data changed in the database is an error.
	for _, harm := range []string{"UPDATE passports SET body = x'7b' WHERE id = $1", "UPDATE log_entries SET entry = x'7b' WHERE idx = (SELECT r.idx FROM receipts r JOIN passports p ON p.receipt = r.id WHERE p.id = $1 AND p.body <> x'')",
		"DELETE FROM log_nodes WHERE $1 <> ''"} {
		if _, err := plain.Exec(harm, id); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(t.Context(), w.tenant, id); err == nil || got != nil || fault.CodeOf(err) != "" {
			t.Errorf("%s: %s, %v", harm, got, err)
		}
		if strings.HasPrefix(harm, "UPDATE passports") {
			if _, err := plain.Exec("UPDATE passports SET body = x'7b7d' WHERE id = $1", id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func member(t *testing.T, b []byte, path ...string) []byte {
	t.Helper()
	v := root(t, b)
	for _, p := range path {
		v = v.Get(p)
	}
	return v.AppendCanonical(nil)
}

// FuzzCreate checks that any input is a fault of the caller or creates a
// passport with the given name and type.
func FuzzCreate(f *testing.F) {
	for _, s := range []string{agent, `{}`, `{"type":"individual","name":"Alice","capabilities":["a"]}`, `{"type":"agent","name":" "}`, `{"type":"agent","name":"a","metadata":{"a":[1e400]}}`, `[`, `{"type":"agent","type":"agent","name":"a"}`} {
		f.Add([]byte(s))
	}
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		f.Fatal(err)
	}
	s, err := passport.New(passport.Config{Store: nowhere{}, Keys: noKeys{sample.Key(3).Public().(ed25519.PublicKey)}, Signer: signer, Now: sample.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := s.Create(t.Context(), store.Tenant{ID: "t"}, body)
		if err != nil {
			if fault.CodeOf(err) == "" {
				t.Errorf("%q: an outage: %v", body, err)
			}
			return
		}
		sent, err := canonical.Parse(body)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		for _, name := range []string{"type", "name"} {
			if a, b := text(sent.Root(), name), text(root(t, got), name); a != b || b == "" {
				t.Errorf("%q became %q", a, b)
			}
		}
	})
}

// nowhere is a store without rows.
type nowhere struct{}

func (nowhere) View(context.Context, func(store.Tx) error) error   { return nil }
func (nowhere) Update(context.Context, func(store.Tx) error) error { return nil }
