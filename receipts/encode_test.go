package receipts_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
)

// A keeper keeps the messages that it signs, as a remote signer that retries may
// do. While it signs, it calls do.
type keeper struct {
	*receipts.KeySigner
	kept, was [][]byte
	do        func()
}

func (k *keeper) Sign(ctx context.Context, message []byte) ([]byte, error) {
	k.kept, k.was = append(k.kept, message), append(k.was, bytes.Clone(message))
	if k.do != nil {
		k.do()
	}
	return k.KeySigner.Sign(ctx, message)
}

// TestReceiptsShareNothing: receipts are written in the same memory, one after the
// other, and neither later receipts nor what a signer does may change one.
func TestReceiptsShareNothing(t *testing.T) {
	own := keySigner(t, 9, "")
	long := allowBody()
	long.Request.Tool = strings.Repeat("x", 40_000) // outgrows what is kept
	bodies := []receipts.Body{allowBody(), denyBody(), long, allowBody()}
	bodies[3].Credential = ""
	var want [][]byte
	for _, b := range bodies {
		want = append(want, mustSign(t, b, own).Bytes())
	}
	k := &keeper{KeySigner: own}
	var got []*receipts.Receipt
	for i, b := range bodies {
		k.do = func() { mustSign(t, bodies[(i+1)%len(bodies)], own) }
		got = append(got, mustSign(t, b, k))
	}
	for i, r := range got {
		if !bytes.Equal(r.Bytes(), want[i]) {
			t.Errorf("receipt %d is\n%s, want\n%s", i, r.Bytes(), want[i])
		}
		if !bytes.Equal(k.kept[i], k.was[i]) {
			t.Errorf("message %d has changed", i)
		}
		clear(k.kept[i])
	}
	for i, b := range bodies {
		if r := mustSign(t, b, own); !bytes.Equal(r.Bytes(), want[i]) || !bytes.Equal(got[i].Bytes(), want[i]) {
			t.Errorf("receipt %d has changed", i)
		}
	}
}

// TestAFailedReceiptLeavesNothing: a receipt that fails does not change the next.
func TestAFailedReceiptLeavesNothing(t *testing.T) {
	own := keySigner(t, 9, "")
	want := mustSign(t, allowBody(), own).Bytes()
	bad := denyBody()
	bad.Request.Tool = "\xff"
	if _, err := receipts.Sign(t.Context(), bad, own); err == nil {
		t.Error("a tool that is no text was written")
	}
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the signer did not panic")
				}
			}()
			mustSign(t, denyBody(), &keeper{KeySigner: own, do: func() { panic("signer") }})
		}()
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := receipts.Sign(done, denyBody(), own); !errors.Is(err, context.Canceled) {
			t.Errorf("a signer that refuses: %v", err)
		}
		if got := mustSign(t, allowBody(), own).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestParallelReceipts: receipts and commitments made in parallel are the same as
// those made one after the other.
func TestParallelReceipts(t *testing.T) {
	own := keySigner(t, 9, "")
	d, err := canonical.Parse([]byte(`{"amount":480,"note":"` + strings.Repeat("y", 3000) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	commit := func(i byte) string {
		s, err := receipts.Commitment([16]byte{i}, d.Root())
		if err != nil {
			t.Error(err)
		}
		return s
	}
	var wg sync.WaitGroup
	for i := range byte(4) {
		b := allowBody()
		b.ID = receipts.NewID([16]byte{i})
		want, wantSum := mustSign(t, b, own).Bytes(), commit(i)
		wg.Go(func() {
			for range 200 {
				if r, err := receipts.Sign(t.Context(), b, own); err != nil || !bytes.Equal(r.Bytes(), want) || commit(i) != wantSum {
					t.Errorf("got %v, want %s", r, want)
					return
				}
			}
		})
	}
	wg.Wait()
}
