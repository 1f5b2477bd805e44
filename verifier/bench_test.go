package verifier_test

import (
	"context"
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/sample"
)

// BenchmarkVerify times one allow of the sample, its receipt signed, beside
// the cryptography that it cannot do without: two Ed25519 verifications and
// one signature. Both take turns in the same run, so that the ratio of their
// medians, ×floor, means something on a busy machine; the absolute times do
// not.
func BenchmarkVerify(b *testing.B) {
	cfg := config(b)
	cfg.InsecureAllowReplay = true
	cfg.MaxCachedCredentials = -1 // the mandate is always the same
	v := newVerifier(b, cfg)
	req, ctx := request(), context.Background()

	key := sample.Key(1)
	message := make([]byte, 64)
	signature := ed25519.Sign(key, message)
	public := ed25519.PublicKey(key[32:])

	const slice = 8 // runs of one before the other's turn
	var floor, full []time.Duration
	for b.Loop() {
		start := time.Now()
		for range slice {
			for range 2 {
				if !ed25519.Verify(public, message, signature) {
					b.Fatal("does not verify")
				}
			}
			ed25519.Sign(key, message)
		}
		middle := time.Now()
		for range slice {
			if _, err := v.Verify(ctx, req); err != nil {
				b.Fatal(err)
			}
		}
		floor, full = append(floor, middle.Sub(start)), append(full, time.Since(middle))
	}
	slices.Sort(floor)
	slices.Sort(full)
	p := func(d []time.Duration, q int) float64 { return float64(d[len(d)*q/100]) }
	b.ReportMetric(p(full, 50)/p(floor, 50), "×floor(median)")
	b.ReportMetric(p(full, 10)/p(floor, 10), "×floor(p10)")
}
