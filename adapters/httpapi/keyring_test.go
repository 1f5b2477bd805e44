package httpapi

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/internal/sample"
)

// newRing returns a key ring with its own database and the tenant t1.
func newRing(t testing.TB) (*KeyRing, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.db")
	db, err := sql.Open("sqlite", store.SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(bytes.Repeat([]byte("ab"), 32), make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	tenant := store.Tenant{ID: "t1", Name: "one", DID: sample.Verifier, Created: sample.Now(),
		Key: store.CustodyKey{Public: sample.Key(4).Public().(ed25519.PublicKey), Handle: []byte("h")}}
	if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.InsertTenant(tenant) }); err != nil {
		t.Fatal(err)
	}
	return &KeyRing{Store: s, Secrets: v}, file
}

func TestKeyRing(t *testing.T) {
	ring, file := newRing(t)
	ctx, now := context.Background(), sample.Now()
	create := func(k store.APIKey) Credentials {
		t.Helper()
		k.Created = now
		c, err := ring.Create(ctx, k)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	find := func(c Credentials, at time.Time) (Key, error) {
		return ring.Key(ctx, sha256.Sum256([]byte(c.APIKey)), at)
	}

	a := create(store.APIKey{TenantID: "t1", Name: "a", Strict: true, Version: "2026-03-03", Revoked: now})
	k, err := find(a, now)
	if err != nil || k.ID != a.ID || k.Tenant.DID != sample.Verifier || !k.Strict || k.APIVersion != "2026-03-03" || len(k.Secrets) != 1 || string(k.Secrets[0]) != a.SignatureSecret {
		t.Errorf("the key that was made: %+v %v", k, err)
	}
	if _, err := find(Credentials{APIKey: a.APIKey + "x"}, now); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("another token: %v", err)
	}
	if _, err := ring.Create(ctx, store.APIKey{TenantID: "nobody", Name: "a"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a key of nobody: %v", err)
	}

	short := create(store.APIKey{TenantID: "t1", Name: "short", Expires: now.Add(time.Minute)})
	if _, err := find(short, now.Add(time.Minute-time.Millisecond)); err != nil {
		t.Errorf("before it expires: %v", err)
	}
	if _, err := find(short, now.Add(time.Minute)); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("expired: %v", err)
	}

	b := create(store.APIKey{TenantID: "t1", Name: "b"})
	b2, err := ring.Rotate(ctx, b.ID, now, time.Hour)
	if err != nil || b2.APIKey != "" || b2.SignatureSecret == b.SignatureSecret {
		t.Fatalf("rotated: %+v %v", b2, err)
	}
	for _, tt := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{b2.SignatureSecret, b.SignatureSecret}},
		{time.Hour - time.Millisecond, []string{b2.SignatureSecret, b.SignatureSecret}},
		{time.Hour, []string{b2.SignatureSecret}},
	} {
		k, err := find(b, now.Add(tt.after))
		if err != nil || len(k.Secrets) != len(tt.want) || string(k.Secrets[0]) != tt.want[0] {
			t.Errorf("%v after the rotation: %q %v, want %q", tt.after, k.Secrets, err, tt.want)
		}
	}
	b3, err := ring.Rotate(ctx, b.ID, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if k, _ := find(b, now); len(k.Secrets) != 2 || string(k.Secrets[0]) != b3.SignatureSecret || string(k.Secrets[1]) != b2.SignatureSecret {
		t.Errorf("rotated twice: the first secret has to be over: %q", k.Secrets)
	}
	if _, err := ring.Rotate(ctx, b.ID, now, 0); err != nil {
		t.Fatal(err)
	}
	if k, _ := find(b, now); len(k.Secrets) != 1 {
		t.Errorf("rotated without grace: %d secrets", len(k.Secrets))
	}

	if err := ring.Revoke(ctx, b.ID, now); err != nil {
		t.Fatal(err)
	}
	if _, err := find(b, now); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("revoked: %v", err)
	}
	if _, err := ring.Rotate(ctx, b.ID, now, 0); fault.CodeOf(err) != "key_revoked" {
		t.Errorf("rotating a revoked key: %v", err)
	}
	if err := ring.Revoke(ctx, "key_none", now); fault.CodeOf(err) != "unknown_key" {
		t.Errorf("revoking an unknown key: %v", err)
	}

	// A sealed secret that was moved to another key does not open there.
	err = ring.Store.Update(ctx, func(tx store.Tx) error {
		from, err := tx.APIKey(a.ID)
		to, err2 := tx.APIKey(short.ID)
		to.Secret = from.Secret
		return errors.Join(err, err2, tx.PutAPIKey(to))
	})
	if err != nil {
		t.Fatal(err)
	}
	if k, err := find(short, now); err == nil || errors.Is(err, ErrUnknownKey) {
		t.Errorf("with the secret of another key: %+v %v", k, err)
	}

	for _, suffix := range []string{"", "-wal"} {
		stored, err := os.ReadFile(file + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{a.APIKey, a.SignatureSecret, b3.SignatureSecret} {
			if bytes.Contains(stored, []byte(secret)) {
				t.Errorf("%.6s… is in the database in clear", secret)
			}
		}
	}
}

// TestKeyRingOutage checks that an error of the store is not ErrUnknownKey.
func TestKeyRingOutage(t *testing.T) {
	ring, _ := newRing(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ring.Key(ctx, [32]byte{}, sample.Now()); err == nil || errors.Is(err, ErrUnknownKey) {
		t.Errorf("a store that does not answer: %v, want an outage", err)
	}
}
