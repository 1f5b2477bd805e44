package vault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/internal/dev/failsql"
)

// If any step of the database fails, Open fails and leaves no partial vault.
// The next Open succeeds, and afterwards only with the same key.
func TestOpenFails(t *testing.T) {
	for step := 1; ; step++ {
		dsn := store.SQLiteDSN(filepath.Join(t.TempDir(), "db"))
		plain, err := sql.Open("sqlite", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		var fault failsql.Fault
		db := failsql.Open(plain.Driver(), dsn, &fault)
		defer db.Close()
		s, err := store.Open(t.Context(), db, store.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		fault.After(step)
		_, err = vault.Open(t.Context(), s, kek)
		if !fault.Stop() {
			if err != nil || step < 5 {
				t.Errorf("%d steps, %v", step, err)
			}
			break
		}
		if !errors.Is(err, failsql.Err) {
			t.Errorf("step %d: %v", step, err)
		}
		if _, err := vault.Open(t.Context(), s, bytes.Repeat([]byte("cd"), 32)); err != nil { // not in use yet
			t.Errorf("after step %d: %v", step, err)
		}
		if _, err := vault.Open(t.Context(), s, kek); !errors.Is(err, vault.ErrWrongKey) {
			t.Errorf("after step %d, another key: %v", step, err)
		}
	}
}

// An invalid key opens nothing and stores nothing. A valid key fails if the
// stored data was truncated.
func TestOpenRefuses(t *testing.T) {
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(t.TempDir(), "db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), s, []byte("short")); err == nil || !strings.Contains(err.Error(), "passphrase of at least 12") {
		t.Errorf("a short key: %v", err)
	}
	for range 2 {
		if _, err := vault.Open(t.Context(), s, kek); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vault.Open(t.Context(), s, []byte("short")); err == nil || !strings.Contains(err.Error(), "passphrase of at least 12") {
		t.Errorf("a short key: %v", err)
	}
	for _, name := range []string{"vault.check", "vault.salt"} {
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutSetting(name, []byte("cut")) }); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), s, kek); err == nil || name == "vault.check" && !errors.Is(err, vault.ErrWrongKey) {
			t.Errorf("%s was cut: %v", name, err)
		}
	}
}

// otherFirst is a store in which another process opens the vault between the
// read and the write of Open.
type otherFirst struct {
	store.Store
	t *testing.T
}

func (o otherFirst) View(ctx context.Context, f func(store.Tx) error) error {
	err := o.Store.View(ctx, f)
	if errors.Is(err, store.ErrNotFound) {
		if _, err := vault.Open(ctx, o.Store, kek); err != nil {
			o.t.Error(err)
		}
	}
	return err
}

// If two processes open a new vault at once, both get the same vault, or the
// second has the wrong key.
func TestOpenConcurrently(t *testing.T) {
	for _, tt := range []struct {
		kek  []byte
		want error
	}{{kek, nil}, {bytes.Repeat([]byte("cd"), 32), vault.ErrWrongKey}} {
		db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(t.TempDir(), "db")))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s, err := store.Open(t.Context(), db, store.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		v, err := vault.Open(t.Context(), otherFirst{s, t}, tt.kek)
		if !errors.Is(err, tt.want) {
			t.Errorf("%v, want %v", err, tt.want)
		}
		if err == nil {
			other, err := vault.Open(t.Context(), s, kek)
			if err != nil || !bytes.Equal(v.MAC("a", nil), other.MAC("a", nil)) {
				t.Errorf("two vaults: %v", err)
			}
		}
	}
}

// An invalid handle does not sign.
func TestSignerRefuses(t *testing.T) {
	v := vaultOf(t, string(kek))
	ctx := t.Context()
	public, handle, err := v.NewKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	another, anothers, err := v.NewKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(public ed25519.PublicKey, secret []byte) []byte {
		b, err := v.Seal("signing key"+string(public), secret)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var none vault.Vault
	for _, tt := range []struct {
		name   string
		v      *vault.Vault
		public ed25519.PublicKey
		handle []byte
		method string
		want   string
	}{
		{"its own", v, public, handle, "", ""},
		{"of another", v, public, anothers, "", "for another context"},
		{"public key of another", v, another, handle, "", "for another context"},
		{"no handle", v, public, nil, "", "nothing that was sealed"},
		{"a short one", v, public, handle[:12], "", "nothing that was sealed"},
		{"of another format", v, public, append([]byte{2}, handle[1:]...), "", "nothing that was sealed"},
		{"changed", v, public, append(handle[:len(handle)-1:len(handle)-1], handle[len(handle)-1]^1), "", "or changed"},
		{"no seed", v, public, seal(public, []byte("short")), "", "no key"},
		{"another seed", v, public, seal(public, make([]byte, 32)), "", "not that of the public key"},
		{"without a vault", &none, public, handle, "", "no key"},
	} {
		s, err := tt.v.Signer(ctx, tt.public, tt.handle, tt.method)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || err == nil && s == nil {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, _, err := none.NewKey(ctx); err == nil {
		t.Error("a key of no vault")
	}
	if _, err := none.Seal("a", nil); err == nil {
		t.Error("sealed by no vault")
	}
}

// ReadKEK fails if the key cannot be created or read.
func TestReadKEKFails(t *testing.T) {
	dir := t.TempDir()
	empty, long := filepath.Join(dir, "empty"), filepath.Join(dir, "long")
	for name, b := range map[string][]byte{empty: []byte(" \n"), long: bytes.Repeat([]byte("a"), 5000)} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, file, want string
		env              map[string]string
	}{
		{"a folder that is not there", filepath.Join(dir, "none", "kek"), "no such file", nil},
		{"a folder in its place", dir, "is a directory", nil},
		{"an empty file", empty, "empty or too long", nil},
		{"a long file", long, "empty or too long", nil},
		{"the file of a variable is not there", empty, "no such file", map[string]string{"MANDATE_KEK_FILE": filepath.Join(dir, "none")}},
		{"a command that fails", empty, "MANDATE_KEK_COMMAND", map[string]string{"MANDATE_KEK_COMMAND": "exit 3"}},
		{"a command that is silent", empty, "empty or too long", map[string]string{"MANDATE_KEK_COMMAND": "true"}},
		{"two variables", empty, "more than one", map[string]string{"MANDATE_KEK_COMMAND": "true", "MANDATE_KEK_FILE": empty}},
		{"the variable and another", empty, "more than one", map[string]string{"MANDATE_KEK": "a", "MANDATE_KEK_FILE": empty}},
	} {
		got, _, err := vault.ReadKEK(t.Context(), func(n string) string { return tt.env[n] }, tt.file)
		if err == nil || !strings.Contains(err.Error(), tt.want) || got != nil {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	v, err := vault.New(kek, salt)
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := v.Seal("a", []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("a", sealed)
	f.Add("b", sealed)
	f.Add("a", sealed[:13])
	f.Add("a", []byte{1})
	f.Fuzz(func(t *testing.T, context string, b []byte) {
		got, err := v.Open(context, b)
		if err == nil && (context != "a" || string(got) != "secret") {
			t.Errorf("%q opens %x in %q: %v", got, b, context, err)
		}
	})
}
