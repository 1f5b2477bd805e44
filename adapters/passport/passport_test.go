package passport_test

import (
	"bytes"
	"crypto/ed25519"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/translog"
)

type world struct {
	*passport.Service
	db     *store.DB
	keys   *vault.Vault
	file   string
	tenant store.Tenant
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{file: filepath.Join(t.TempDir(), "db"), tenant: store.Tenant{ID: "t", DID: "did:x:t"}}
	db, err := sql.Open("sqlite", store.SQLiteDSN(w.file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if w.db, err = store.Open(t.Context(), db, store.SQLite); err != nil {
		t.Fatal(err)
	}
	if w.keys, err = vault.New(bytes.Repeat([]byte("ab"), 32), []byte("0123456789abcdef")); err != nil {
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
	if w.Service, err = passport.New(passport.Config{Store: w.db, Keys: w.keys, Signer: signer, Log: w.db.Log(), Prover: prover, Now: sample.Now}); err != nil {
		t.Fatal(err)
	}
	return w
}

func root(t *testing.T, b []byte) canonical.Value {
	t.Helper()
	d, err := canonical.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func text(v canonical.Value, name string) string {
	s, _ := v.Get(name).String()
	return s
}

// Create makes a DID, a key pair in custody, a registration in the log, and a
// receipt that a third party can check.
func TestCreate(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	answer, err := w.Create(ctx, w.tenant, []byte(`{"type":"individual","name":"Alice Smith","metadata":{"email":"alice@example.com"},"capabilities":["any"],"more":1}`))
	if err != nil {
		t.Fatal(err)
	}
	data := root(t, answer)
	id, did := text(data, "passportId"), text(data, "did")
	public, err := hex.DecodeString(strings.TrimPrefix(text(data, "publicKey"), "0x"))
	if err != nil || len(public) != 32 || !strings.HasPrefix(id, "passport_") || !strings.HasPrefix(did, "did:key:z6Mk") ||
		text(data, "type")+text(data, "name")+text(data, "createdAt") != "individualAlice Smith2026-05-02T10:16:00.000Z" || data.Len() != 6 {
		t.Fatalf("%s", answer)
	}
	res, err := didresolve.Key().Resolve(ctx, did)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := res.Document.VerificationMethod(did+"#"+strings.TrimPrefix(did, "did:key:"), didresolve.Authentication, sample.Now())
	if err != nil || !bytes.Equal(vm.PublicKey(), public) {
		t.Errorf("the public key is not that of the DID: %v", err)
	}

	got, err := w.Get(ctx, w.tenant, id)
	if err != nil {
		t.Fatal(err)
	}
	full := root(t, got)
	receipt := full.Get("registration").Get("receipt").AppendCanonical(nil)
	v, err := receipts.Verify(ctx, receipt, receipts.VerifyConfig{Resolver: didresolve.Key(), Issuers: []string{text(full.Get("registration").Get("receipt"), "issuer")}, At: sample.Now()})
	if err != nil || v.Event != receipts.PassportRegistered {
		t.Errorf("%+v, %v", v, err)
	}
	if got := text(full.Get("registration").Get("receipt").Get("credentialSubject").Get("digests"), "passport"); got != canonical.SRI(data.SHA256()) {
		t.Error("the receipt is of another passport")
	}
	key, err := translog.NewVerifier("mandate.example/log", sample.Key(9).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if i, _, err := translog.VerifyInclusion(receipt, []byte(text(full.Get("registration"), "proof")), key); err != nil || i != 0 {
		t.Errorf("entry %d: %v", i, err)
	}
	if text(full.Get("metadata"), "email") != "alice@example.com" || full.Get("capabilities").Len() != 1 {
		t.Errorf("%s", got)
	}

	// The key is stored, encrypted under the key-encryption key.
	var p store.Passport
	if err := w.db.View(ctx, func(tx store.Tx) (err error) { p, err = tx.Passport(id); return err }); err != nil {
		t.Fatal(err)
	}
	s, err := w.keys.Signer(ctx, p.Key.Public, p.Key.Handle, "")
	if err != nil {
		t.Fatal(err)
	}
	if sig, err := s.Sign(ctx, []byte("m")); err != nil || !ed25519.Verify(public, []byte("m"), sig) {
		t.Error("the key does not sign")
	}
	seed, err := w.keys.Open("signing key"+string(p.Key.Public), p.Key.Handle)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{w.file, w.file + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, seed) || bytes.Contains(b, []byte(hex.EncodeToString(seed))) {
			t.Errorf("the private key stands in %s", filepath.Base(name))
		}
		if strings.HasSuffix(name, "-wal") && !bytes.Contains(b, public) {
			t.Error("the test looks in the wrong place")
		}
	}
	if bytes.Contains(got, seed) || bytes.Contains(got, []byte(hex.EncodeToString(seed))) {
		t.Error("the private key is in an answer")
	}
	for _, who := range []store.Tenant{{ID: "u"}, {}} {
		if _, err := w.Get(ctx, who, id); fault.CodeOf(err) != "not_found" {
			t.Errorf("somebody else's: %v", err)
		}
	}
	if _, err := w.Get(ctx, w.tenant, "passport_none"); fault.CodeOf(err) != "not_found" {
		t.Error(err)
	}
}

func TestInput(t *testing.T) {
	w := newWorld(t)
	tests := []struct{ name, body, want string }{
		{"the least", `{"type":"agent","name":"a"}`, ""},
		{"capabilities", `{"type":"organization","name":"a","capabilities":[]}`, ""},
		{"no JSON", `{`, "malformed_json "},
		{"no type", `{"name":"a"}`, "missing_field /type"},
		{"another type", `{"type":"robot","name":"a"}`, "invalid_value /type"},
		{"type of another type", `{"type":["agent"],"name":"a"}`, "invalid_type /type"},
		{"no name", `{"type":"agent"}`, "missing_field /name"},
		{"name empty", `{"type":"agent","name":""}`, "invalid_value /name"},
		{"name of spaces", `{"type":"agent","name":"  "}`, "invalid_value /name"},
		{"name too long", `{"type":"agent","name":"` + strings.Repeat("ä", 201) + `"}`, "too_long /name"},
		{"name of two lines", `{"type":"agent","name":"a\nb"}`, "invalid_value /name"},
		{"metadata as text", `{"type":"agent","name":"a","metadata":"x"}`, "invalid_type /metadata"},
		{"metadata null", `{"type":"agent","name":"a","metadata":null}`, "invalid_type /metadata"},
		{"metadata too large", `{"type":"agent","name":"a","metadata":{"a":"` + strings.Repeat("a", 8<<10-8) + `"}}`, ""},
		{"metadata larger", `{"type":"agent","name":"a","metadata":{"a":"` + strings.Repeat("a", 8<<10) + `"}}`, "too_long /metadata"},
		{"too many capabilities", `{"type":"agent","name":"a","capabilities":[` + strings.Repeat(`"a",`, 50) + `"a"]}`, "too_long /capabilities"},
		{"capability of another type", `{"type":"agent","name":"a","capabilities":["a",1]}`, "invalid_type /capabilities/1"},
		{"capabilities as text", `{"type":"agent","name":"a","capabilities":"a"}`, "invalid_type /capabilities"},
	}
	for _, tt := range tests {
		before := w.db.Log().Size()
		_, err := w.Create(t.Context(), w.tenant, []byte(tt.body))
		var f *fault.Error
		refused := tt.want != ""
		if refused && (!errors.As(err, &f) || f.Kind != fault.Invalid || !f.InBody || f.Code+" "+f.Pointer != tt.want) || !refused && err != nil {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if grown := w.db.Log().Size() != before; grown == refused {
			t.Errorf("%s: registered %t", tt.name, grown)
		}
	}
	if _, err := w.Create(t.Context(), w.tenant, make([]byte, 64<<10+1)); fault.CodeOf(err) != "too_large" {
		t.Error(err)
	}
	if _, err := passport.New(passport.Config{}); err == nil {
		t.Error("an empty Config")
	}
}
