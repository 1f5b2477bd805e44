package testvectors

import (
	"crypto/ed25519"
	"testing"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
)

// BenchmarkCorpus compares the time of the whole loaded corpus, in one
// process, with the cryptography of one decision: two Ed25519 verifications
// and one signature. They run alternately, so that the ratio is meaningful on
// a busy machine.
func BenchmarkCorpus(b *testing.B) {
	cases := load(b)
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	message := make([]byte, 64)
	signature := ed25519.Sign(key, message)
	subject := func(keep func(Case) bool) func() {
		return func() {
			for _, c := range cases {
				if keep(c) && !Run(b.Context(), c).Passed {
					b.Fatal(c.ID)
				}
			}
		}
	}
	subjects := []roundrobin.Subject{
		{Name: "F", Run: func() {
			for range 2 {
				if !ed25519.Verify(key.Public().(ed25519.PublicKey), message, signature) {
					b.Fatal("does not verify")
				}
			}
			ed25519.Sign(key, message)
		}},
		{Name: "corpus", Run: subject(func(Case) bool { return true })},
	}
	for _, area := range []string{"canonical", "dataintegrity", "policy", "permits", "verify"} {
		subjects = append(subjects, roundrobin.Subject{Name: "area " + area, Run: subject(func(c Case) bool { return c.Area == area })})
	}
	var rows []roundrobin.Row
	for range b.N {
		rows = roundrobin.Compare(10, subjects...)
	}
	for _, r := range rows[1:] {
		b.Logf("%-20s %6.0f × F (p10), %6.0f × F (median)", r.Name, float64(r.P10)/float64(rows[0].P10), float64(r.Median)/float64(rows[0].Median))
	}
	b.ReportMetric(float64(rows[1].P10)/float64(rows[0].P10), "×F(p10)")
	b.ReportMetric(float64(rows[1].Median)/float64(rows[0].Median), "×F(median)")
}
