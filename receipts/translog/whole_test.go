package translog_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/translog"
)

var at = time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)

// receipt returns a signed receipt of an allow or a deny.
func receipt(t testing.TB, s receipts.Signer, i int) []byte {
	t.Helper()
	var random [16]byte
	binary.BigEndian.PutUint64(random[:], uint64(i))
	b := receipts.Body{ID: receipts.NewID(random), Time: at.Add(time.Duration(i) * time.Millisecond), Event: receipts.Approved, Decision: "allow",
		Credential: "urn:via:credential:1", Request: receipts.Request{Tool: "book", ParamsCommitment: "sha256-x", Verifier: "did:x:v", ProofForm: "w3c"},
		Checks: []receipts.Check{{Check: "vc.status", Result: "pass", Finding: &receipts.Finding{AsOf: at}}}, Engine: receipts.Engine{Name: "mandate", Version: "0.1.0"}}
	if i%3 == 0 {
		b.Event, b.Decision, b.Reason = receipts.Denied, "deny", "rule_failed"
	}
	r, err := receipts.Sign(context.Background(), b, s)
	if err != nil {
		t.Fatal(err)
	}
	return r.Bytes()
}

func receiptSigner(t testing.TB) (*receipts.KeySigner, receipts.VerifyConfig) {
	t.Helper()
	s, err := receipts.NewKeySigner(key(1), "")
	if err != nil {
		t.Fatal(err)
	}
	did, _, _ := strings.Cut(s.VerificationMethod(), "#")
	return s, receipts.VerifyConfig{Issuers: []string{did}, At: at.Add(time.Hour)}
}

// TestReceiptLogMutations changes a log of real, verified receipts whose
// checkpoint is signed by the same key. The signatures of the receipts detect
// only changed bytes. The checkpoint detects every change.
func TestReceiptLogMutations(t *testing.T) {
	const n, cases = 40, 200
	s, cfg := receiptSigner(t)
	origin := cfg.Issuers[0]
	var m translog.Memory
	var all [][]byte
	for i := range n {
		all = append(all, receipt(t, s, i))
		if _, err := m.Append(context.Background(), all[i]); err != nil {
			t.Fatal(err)
		}
	}
	checkpoint, err := translog.Sign(&m, n, signer(t, origin, 1))
	if err != nil {
		t.Fatal(err)
	}
	v, err := translog.NewVerifier(origin, key(1).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	verified := map[string]bool{} // verify each signature once
	believed := func(list [][]byte) int {
		good := 0
		for _, r := range list {
			ok, known := verified[string(r)]
			if !known {
				v, err := receipts.Verify(context.Background(), r, cfg)
				if err == nil && v.Completeness != receipts.Unproven {
					t.Fatalf("a receipt alone is %s", v.Completeness)
				}
				ok = err == nil
				verified[string(r)] = ok
			}
			if ok {
				good++
			}
		}
		return good
	}
	if a, err := translog.Verify(list(all), checkpoint, v); err != nil || a.Completeness != "proven_to_size_40" || believed(all) != n {
		t.Fatalf("the log itself: %+v, %v, %d believed", a, err, believed(all))
	}
	r := rand.New(rand.NewPCG(40, 200))
	unnoticed := 0
	for c := range cases {
		name, bad := mutate(r, c%8, all)
		if a, err := translog.Verify(list(bad), checkpoint, v); !errors.Is(err, translog.ErrNotProven) || a != nil {
			t.Errorf("case %d, %s: %+v, %v", c, name, a, err)
		}
		if a, err := translog.Verify(list(bad), nil); err != nil || a.Completeness != translog.Unproven {
			t.Errorf("case %d, %s, without a checkpoint: %+v, %v", c, name, a, err)
		}
		good := believed(bad)
		switch {
		case (name == "a bit flipped" || name == "an entry made up") && good != len(bad)-1:
			t.Errorf("case %d, %s: %d of %d believed", c, name, good, len(bad))
		case good == len(bad):
			unnoticed++
		}
	}
	if unnoticed != cases/8*6 { // the reason for having a log
		t.Errorf("the signatures alone let %d of %d cases pass, want %d", unnoticed, cases, cases/8*6)
	}
}

// TestReceiptInclusion checks that each receipt has a proof for its own index
// only.
func TestReceiptInclusion(t *testing.T) {
	s, cfg := receiptSigner(t)
	var m translog.Memory
	for i := range 9 {
		if _, err := m.Append(context.Background(), receipt(t, s, i)); err != nil {
			t.Fatal(err)
		}
	}
	checkpoint := sign(t, &m, 9)
	for i := range int64(9) {
		b, err := m.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipts.Verify(context.Background(), b, cfg); err != nil {
			t.Fatal(err)
		}
		proof, err := translog.ProveInclusion(&m, i, checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		for j := range int64(9) {
			other, _ := m.Entry(j)
			if _, _, err := translog.VerifyInclusion(other, proof, verifier(t, origin, 1)); (err == nil) != (i == j) {
				t.Errorf("the proof of receipt %d with receipt %d: %v", i, j, err)
			}
		}
	}
}
