package deptest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
)

// TestVerifyOnly builds the program that checks receipts and nothing else, runs
// it, and prints what it links beside the standard library.
func TestVerifyOnly(t *testing.T) {
	const dir = "./testdata/verifyonly"
	out, err := exec.Command("go", "list", "-deps", dir).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	var outside []string
	for _, d := range deps {
		if first, _, _ := strings.Cut(d, "/"); strings.Contains(first, ".") {
			outside = append(outside, d)
		}
	}
	t.Logf("links\n\t%s", strings.Join(outside, "\n\t"))
	for _, ban := range []string{"net", "net/http", "os/exec", "database/sql", "encoding/json", "github.com/google/cel-go/cel", module + "policy", module + "verifier"} {
		if slices.Contains(deps, ban) {
			t.Errorf("links %s", ban)
		}
	}
	if len(deps) == 0 || !slices.Contains(deps, strings.TrimSuffix(module, "/")+"/receipts") {
		t.Fatal("does not link receipts")
	}

	bin := filepath.Join(t.TempDir(), "verifyonly")
	if b, err := exec.Command("go", "build", "-o", bin, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	key, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := receipts.Sign(t.Context(), receipts.Body{ID: receipts.NewID([16]byte{1}), Time: sample.Now(), Event: receipts.Approved, Decision: "allow",
		Engine: receipts.Engine{Name: "mandate", Version: "1"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	issuer, _, _ := strings.Cut(key.VerificationMethod(), "#")
	for _, tt := range []struct {
		receipt []byte
		want    string
	}{
		{r.Bytes(), "VERIFICATION_APPROVED allow  unproven"},
		{bytes.Replace(r.Bytes(), []byte(`"version":"1"`), []byte(`"version":"2"`), 1), "does not fit"},
	} {
		cmd := exec.Command(bin, issuer)
		cmd.Stdin, cmd.Env = bytes.NewReader(tt.receipt), os.Environ()
		if b, _ := cmd.CombinedOutput(); !strings.Contains(string(b), tt.want) {
			t.Errorf("got %s, want %s", b, tt.want)
		}
	}
}
