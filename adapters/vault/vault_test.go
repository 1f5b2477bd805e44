package vault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
)

var (
	salt = []byte("0123456789abcdef")
	kek  = bytes.Repeat([]byte("ab"), 32)
)

func vaultOf(t *testing.T, kek string) *vault.Vault {
	t.Helper()
	v, err := vault.New([]byte(kek), salt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealed(t *testing.T) {
	v := vaultOf(t, string(kek))
	secret := []byte("the secret")
	sealed, err := v.Seal("a", secret)
	if err != nil || bytes.Contains(sealed, secret) {
		t.Fatalf("%x, %v", sealed, err)
	}
	if again, _ := v.Seal("a", secret); bytes.Equal(again, sealed) {
		t.Error("the same twice")
	}
	if got, err := v.Open("a", sealed); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%q, %v", got, err)
	}
	for i := range sealed { // change each byte
		b := bytes.Clone(sealed)
		b[i] ^= 1
		if got, err := v.Open("a", b); err == nil {
			t.Errorf("byte %d changed: %q", i, got)
		}
		if got, err := v.Open("a", sealed[:i]); err == nil {
			t.Errorf("cut at %d: %q", i, got)
		}
	}
	if _, err := v.Open("b", sealed); err == nil {
		t.Error("opens in another context")
	}
	if _, err := vaultOf(t, strings.Repeat("cd", 32)).Open("a", sealed); err == nil {
		t.Error("opens under another key")
	}
	var none *vault.Vault
	if _, err := none.Seal("a", secret); err == nil {
		t.Error("a vault without a key seals")
	}
	if _, err := (&vault.Vault{}).Open("a", sealed); err == nil {
		t.Error("a vault without a key opens")
	}
	if bytes.Equal(v.MAC("a", []byte("bc")), v.MAC("ab", []byte("c"))) || !bytes.Equal(v.MAC("a", []byte("b")), v.MAC("a", []byte("b"))) {
		t.Error("MAC")
	}
}

func TestKeyEncryptionKeys(t *testing.T) {
	raw, _ := hex.DecodeString(string(kek))
	sealed, _ := vaultOf(t, string(kek)).Seal("a", []byte("x"))
	if _, err := vaultOf(t, "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=").Open("a", sealed); err != nil {
		t.Errorf("the same key in base64: %v", err)
	}
	if _, err := vaultOf(t, "a passphrase, rather").Open("a", sealed); err == nil {
		t.Error("a passphrase opens what a key sealed")
	}
	for _, bad := range []string{"", "short", "elevenbytes", string(raw[:8])} {
		if _, err := vault.New([]byte(bad), salt); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	if _, err := vault.New(kek, nil); err == nil {
		t.Error("no salt")
	}
}

func TestKeyStore(t *testing.T) {
	var v vault.KeyStore = vaultOf(t, string(kek))
	public, handle, err := v.NewKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.Signer(t.Context(), public, handle, "")
	if err != nil || !strings.HasPrefix(s.VerificationMethod(), "did:key:z6Mk") {
		t.Fatal(s, err)
	}
	sig, err := s.Sign(t.Context(), []byte("m"))
	if err != nil || !ed25519.Verify(public, []byte("m"), sig) {
		t.Error("the signature does not verify")
	}
	other, otherHandle, _ := v.NewKey(t.Context())
	if _, err := v.Signer(t.Context(), other, handle, ""); err == nil {
		t.Error("the handle of one key signs for another")
	}
	if _, err := v.Signer(t.Context(), public, otherHandle, ""); err == nil {
		t.Error("another handle signs")
	}
}

func TestOpen(t *testing.T) {
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(t.TempDir(), "db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	first, err := vault.Open(t.Context(), s, kek)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := first.Seal("a", []byte("x"))
	again, err := vault.Open(t.Context(), s, kek)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open("a", sealed); err != nil {
		t.Error(err)
	}
	if _, err := vault.Open(t.Context(), s, bytes.Repeat([]byte("cd"), 32)); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestReadKEK(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "given")
	if err := os.WriteFile(file, []byte(" from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(dir, "made")
	read := func(env map[string]string) (string, bool, error) {
		k, byDefault, err := vault.ReadKEK(context.Background(), func(name string) string { return env[name] }, made)
		return string(k), byDefault, err
	}
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"itself", map[string]string{"MANDATE_KEK": "itself"}, "itself"},
		{"a file", map[string]string{"MANDATE_KEK_FILE": file}, "from a file"},
		{"a command", map[string]string{"MANDATE_KEK_COMMAND": "echo from a command"}, "from a command"},
		{"two", map[string]string{"MANDATE_KEK": "a", "MANDATE_KEK_FILE": file}, "error: vault: more than one"},
		{"two others", map[string]string{"MANDATE_KEK_COMMAND": "a", "MANDATE_KEK_FILE": file}, "error: vault: more than one"},
		{"no file", map[string]string{"MANDATE_KEK_FILE": file + "x"}, "error: vault: the key-encryption key: open"},
		{"a command that fails", map[string]string{"MANDATE_KEK_COMMAND": "exit 3"}, "error: vault: the key-encryption key: MANDATE_KEK_COMMAND"},
		{"a command that says nothing", map[string]string{"MANDATE_KEK_COMMAND": "true"}, "error: vault: the key-encryption key is empty"},
	}
	for _, tt := range tests {
		got, byDefault, err := read(tt.env)
		if err != nil {
			got = "error: " + err.Error()
		}
		if !strings.HasPrefix(got, tt.want) || byDefault {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if _, err := os.Stat(made); err == nil {
		t.Fatal("a file was made that is not needed")
	}
	first, byDefault, err := read(nil)
	second, _, _ := read(nil)
	info, _ := os.Stat(made)
	if err != nil || !byDefault || len(first) != 64 || first != second || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %t, %d, %t, %v", err, byDefault, len(first), first == second, info.Mode())
	}
}
