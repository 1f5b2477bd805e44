package didresolve

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	webDID = "did:web:example.com"
	key1   = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp" // of the all-zero seed
	key2   = "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
	// A published private key of test vectors.
	privateKey = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"

	key1Base58 = "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS"
	key1JWKx   = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"
)

var judged = time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)

// wantType checks that err is an *Error of the type, with a short message of one
// line. An empty type means no error.
func wantType(t *testing.T, name string, err error, want ErrorType) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Type != want || TypeOf(err) != want || !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %s", name, err, want)
		return
	}
	if msg := err.Error(); !strings.HasPrefix(msg, "didresolve: ") || len(msg) > 700 || strings.ContainsAny(msg, "\n\x00") {
		t.Errorf("%s: message %q", name, msg)
	}
}

// allocated returns the heap bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// readVectors decodes third-party test data from outside this module. It skips
// the test if the file does not exist.
func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "vectors", filepath.FromSlash(name))
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

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := ParseDocument([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}
