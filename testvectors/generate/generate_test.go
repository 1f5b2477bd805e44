package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/testvectors"
)

// The committed corpus equals the output of the generator.
func TestDataIsGenerated(t *testing.T) {
	want, err := files()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("../data", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel("../data", name)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if !bytes.Equal(got, want[rel]) {
			t.Errorf("%s is not what the generator writes; run go run ./testvectors/generate", rel)
		}
		delete(want, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		t.Errorf("%s is not there; run go run ./testvectors/generate", name)
	}
}

func TestWriteReplacesStaleFiles(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "verify", "gone.json")
	other := filepath.Join(dir, "README.md")
	for _, name := range []string{stale, other} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("a stale case was left")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("a file that is no case was removed")
	}
	cases, err := testvectors.LoadDir(os.DirFS(dir))
	if err != nil || len(cases) != len(vectors()) {
		t.Errorf("%d cases, %v", len(cases), err)
	}
	if err := write(filepath.Join(dir, "absent")); err == nil {
		t.Error("wrote into a folder that does not exist")
	}
}

// The generator's own proofs equal those of package signing.
func TestProofsAgree(t *testing.T) {
	s := newScene()
	o := signing.Options{Created: must(time.Parse(time.RFC3339, signedAt)), Domain: []string{verifierDID}, Challenge: "c", Purpose: "authentication"}
	want := must(signing.Document(context.Background(), must(canonical.Marshal(s.presentation)), holder.as(""), o))
	f := proofForm{by: holder, set: obj{"domain": verifierDID, "challenge": "c"}}
	if got := must(canonical.Marshal(f.secured(s.presentation, "authentication"))); !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Lax verifiers accept the hostile signatures.
func TestHostileSignatures(t *testing.T) {
	message := []byte("message")
	public := issuer.key().Public().(ed25519.PublicKey)
	if !ed25519.Verify(public, message, smallOrderR(issuer, message)) {
		t.Error("the signature with R of small order does not satisfy the equation")
	}
	good := ed25519.Sign(issuer.key(), message)
	bad := malleate(good)
	difference := new(big.Int).Sub(littleEndian(bad[32:]), littleEndian(good[32:]))
	if difference.Cmp(order()) != 0 || !bytes.Equal(bad[:32], good[:32]) {
		t.Error("the malleated signature is not S + L")
	}
}

func TestStatusLists(t *testing.T) {
	for list, size := range map[string]int{listFull: 131072 / 8, listShort: 131072/8 - 1} {
		compressed := must(base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(list, "u")))
		bits := must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(compressed)))))
		want := make([]byte, size)
		want[0] = 1
		if !bytes.Equal(bits, want) {
			t.Errorf("the list of %d bytes holds %d", size, len(bits))
		}
	}
}
