package testvectors

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/bundle"
)

// TestEveryDecisionIsReproduced decides every case of the area verify, and
// decides it again from its bundle alone. Decision and receipt are the same,
// byte for byte.
func TestEveryDecisionIsReproduced(t *testing.T) {
	files, err := filepath.Glob("data/verify/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	ctx := context.Background()
	decided, undecided := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := canonical.Limits{MaxBytes: maxFileBytes}.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		c := parseVerify(newReader(d.Root()).object("input"))
		c.cfg.KeepBundle = true
		evidence, receipt, err := c.last(ctx)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if receipt == nil {
			undecided++
			continue
		}
		decided++
		written, err := bundle.Marshal(evidence)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		read, err := bundle.Parse(written)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		r, err := bundle.Reproduce(ctx, read, receipt.Bytes())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		first, err := canonical.Parse(receipt.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if r.Difference != "" || !bytes.Equal(r.Body, first.Root().AppendCanonical(nil, canonical.Omit("proof"))) {
			t.Errorf("%s: %s", file, r.Difference)
		}
	}
	t.Logf("%d decisions, %d requests without one", decided, undecided)
	if decided < 300 {
		t.Errorf("only %d decisions", decided)
	}
}

// last makes the requests of a case. It returns the evidence and the receipt
// of the last request, or nil if there was no decision.
func (c *verifyCase) last(ctx context.Context) (*verifier.Bundle, *receipts.Receipt, error) {
	cfg := c.cfg
	signer, err := receiptSigner()
	if err != nil {
		return nil, nil, err
	}
	cfg.Signer = signer
	v, err := verifier.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range c.before {
		req := c.request
		req.ExecutionParams = b.params
		v.Verify(ctx, req) // the corpus checks the outcome
	}
	res, err := v.Verify(ctx, c.request)
	var deny *verifier.DenyError
	switch {
	case err == nil:
		return res.Bundle, res.Receipt, nil
	case errors.As(err, &deny):
		return deny.Bundle, deny.Receipt, nil
	}
	return nil, nil, nil
}
