package multikey

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// readVectors decodes third-party test data from outside this module. It
// skips the test if the file does not exist.
func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "vectors", filepath.FromSlash(name))
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("third-party vectors are not here: %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// verify checks an untrusted key and signature.
func verify(pub, msg, sig []byte) bool {
	k, err := NewPublicKey(pub)
	return err == nil && k.Verify(msg, sig)
}

// TestSpeccheck: Verify agrees with dalek's verify_strict and with libsodium on
// the twelve cases of "Taming the many EdDSAs".
func TestSpeccheck(t *testing.T) {
	var cases []struct {
		Message   string `json:"message"`
		PublicKey string `json:"pub_key"`
		Signature string `json:"signature"`
	}
	readVectors(t, "ed25519-speccheck/cases.json", &cases)
	const strict, plainGo = "XXXVXXXXXXXX", "VVVVXXXXXXXV"
	if len(cases) != len(strict) {
		t.Fatalf("%d cases", len(cases))
	}
	for i, c := range cases {
		pub, msg, sig := unhex(t, c.PublicKey), unhex(t, c.Message), unhex(t, c.Signature)
		if got := verify(pub, msg, sig); got != (strict[i] == 'V') {
			t.Errorf("case %d: strict verdict %v", i, got)
		}
		if got := ed25519.Verify(pub, msg, sig); got != (plainGo[i] == 'V') {
			t.Errorf("case %d: crypto/ed25519 now returns %v", i, got)
		}
	}
}

func TestWycheproof(t *testing.T) {
	var file struct {
		NumberOfTests int
		TestGroups    []struct {
			PublicKey struct{ Pk string }
			Tests     []struct {
				TcID             int
				Comment          string
				Msg, Sig, Result string
			}
		}
	}
	readVectors(t, "wycheproof-ed25519/ed25519_test.json", &file)
	ran := 0
	for _, g := range file.TestGroups {
		pub := unhex(t, g.PublicKey.Pk)
		for _, c := range g.Tests {
			ran++
			if got := verify(pub, unhex(t, c.Msg), unhex(t, c.Sig)); got != (c.Result == "valid") {
				t.Errorf("%d %s: got %v, want %s", c.TcID, c.Comment, got, c.Result)
			}
		}
	}
	if ran == 0 || ran != file.NumberOfTests {
		t.Errorf("ran %d of %d", ran, file.NumberOfTests)
	}
}

func TestOfficialDIDKeys(t *testing.T) {
	var dids map[string]struct {
		Seed                string
		VerificationKeyPair struct{ PublicKeyBase58 string }
	}
	readVectors(t, "did-key-official/ed25519-x25519.json", &dids)
	if len(dids) != 5 {
		t.Fatalf("%d keys", len(dids))
	}
	for did, v := range dids {
		k, err := ParsePublicKey(did[len("did:key:"):])
		if err != nil {
			t.Errorf("%s: %v", did, err)
			continue
		}
		if b58 := v.VerificationKeyPair.PublicKeyBase58; b58 != "" && EncodeBase58(k.Bytes()) != "z"+b58 {
			t.Errorf("%s: key %x", did, k.Bytes())
		}
		if v.Seed != "" {
			pub := ed25519.NewKeyFromSeed(unhex(t, v.Seed)).Public().(ed25519.PublicKey)
			if !pub.Equal(ed25519.PublicKey(k.Bytes())) {
				t.Errorf("%s: seed gives another key", did)
			}
		}
	}
}
