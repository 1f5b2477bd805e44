package translog_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/mandate-engine/mandate/receipts/translog"
)

func signCheckpoint(t testing.TB, c translog.Checkpoint) []byte {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)}, signer(t, c.Origin, 1))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzCheckpoint checks that Open refuses everything that the log's key has
// not signed, and that a parsed checkpoint has one spelling.
func FuzzCheckpoint(f *testing.F) {
	m := fill(f, 5)
	good := sign(f, m, 5)
	want, err := translog.Open(good, verifier(f, origin, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(sign(f, m, 0))
	f.Add(bytes.Replace(good, []byte("\n5\n"), []byte("\n9223372036854775807\n"), 1))
	v := verifier(f, origin, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := translog.Open(b, v)
		switch {
		case err == nil && c != want && c.Size != 0:
			t.Fatalf("%+v was never signed: %s", c, b)
		case err != nil && !errors.Is(err, translog.ErrNotProven):
			t.Fatal(err)
		}
		if u, err := translog.ReadUnverified(b); err == nil {
			if again, err := translog.ReadUnverified(signCheckpoint(t, translog.Checkpoint{Origin: "x", Size: u.Size, Root: u.Root})); err != nil || again.Size != u.Size || again.Root != u.Root {
				t.Fatalf("%+v, %+v, %v", u, again, err)
			}
		}
	})
}

// FuzzProof checks that no proof is valid for an entry outside the log, or for
// another index.
func FuzzProof(f *testing.F) {
	m, v := fill(f, 7), verifier(f, origin, 1)
	for i := range int64(7) {
		b, err := translog.ProveInclusion(m, i, sign(f, m, 7))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := translog.VerifyInclusion([]byte("not there"), b, v); !errors.Is(err, translog.ErrNotProven) {
			t.Fatalf("%v: %s", err, b)
		}
		if i, _, err := translog.VerifyInclusion(entry(3), b, v); err == nil && i != 3 {
			t.Fatalf("entry 3 is at %d: %s", i, b)
		}
	})
}

// FuzzConsistency checks that no proof connects another history to this one.
func FuzzConsistency(f *testing.F) {
	m, v := fill(f, 7), verifier(f, origin, 1)
	old, err := translog.Open(sign(f, m, 3), v)
	if err != nil {
		f.Fatal(err)
	}
	for i := range int64(8) {
		b, err := translog.ProveConsistency(m, i, sign(f, m, 7))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	forged := old
	forged.Root[0] ^= 1
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := translog.VerifyConsistency(old, b, v); err == nil && c.Size != 7 {
			t.Fatalf("%+v: %s", c, b)
		}
		if _, err := translog.VerifyConsistency(forged, b, v); !errors.Is(err, translog.ErrNotProven) {
			t.Fatalf("%v: %s", err, b)
		}
	})
}

// FuzzResource checks that Resource does not panic for any path.
func FuzzResource(f *testing.F) {
	m := fill(f, 300)
	for path := range translog.Resources(0, 300) {
		f.Add(path)
	}
	f.Add("tile/63/x999/x999/x999/x999/x999/x999/999.p/255")
	f.Fuzz(func(t *testing.T, path string) {
		if b, err := translog.Resource(m, 300, path); err == nil && len(b) == 0 {
			t.Fatalf("%q is empty", path)
		}
	})
}
