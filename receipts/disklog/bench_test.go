package disklog_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/disklog"
)

// body returns a receipt of a usual size: some 1.3 KB signed.
func body() receipts.Body {
	at := time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)
	return receipts.Body{
		ID: receipts.NewID([16]byte{1, 2, 3}), Time: at, Event: receipts.Approved, Decision: "allow", Credential: "urn:via:credential:1",
		Request: receipts.Request{Tool: "book", ParamsCommitment: "sha256-x", PresentationDigest: "sha256-y", MandateDigest: "sha256-z",
			Holder: "did:x:h", Verifier: "did:x:v", Domain: []string{"did:x:v"}, ChallengeDigest: "sha256-c", ProofForm: "w3c"},
		Policy: &receipts.Policy{ID: "urn:via:action:1", Version: 3, Digest: "sha256-p", Profile: "via-cel/1"},
		Checks: []receipts.Check{{Check: "vc.status", Result: "pass", Finding: &receipts.Finding{AsOf: at, Source: "sha256-l"}},
			{Check: "key", Result: "pass", Finding: &receipts.Finding{DID: "did:x:i", DocumentDigest: "sha256-d", RetrievedAt: at}}},
		Evaluations: []receipts.Evaluation{{Rule: "amount-cap", Result: "pass", Code: "ok"}},
		Engine:      receipts.Engine{Name: "mandate", Version: "0.1.0"},
	}
}

// BenchmarkAppend prints CPU time in units of one Ed25519 signature: for an
// append without fsync, and for building and signing the receipt with and
// without it.
func BenchmarkAppend(b *testing.B) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	s, err := receipts.NewKeySigner(key, "")
	if err != nil {
		b.Fatal(err)
	}
	ctx, message := context.Background(), make([]byte, 64)
	decided := body()
	var buf []byte
	make := func() []byte {
		r, err := receipts.Sign(ctx, decided, s)
		if err != nil {
			b.Fatal(err)
		}
		buf, _ = r.AppendBinary(buf[:0])
		return buf
	}
	ready := bytes.Clone(make())
	b.Logf("a receipt of %d bytes", len(ready))
	l := open(b, b.TempDir(), disklog.Options{NoSync: true})
	add := func(r []byte) {
		if _, err := l.Append(ctx, r); err != nil {
			b.Fatal(err)
		}
	}
	plain, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	rows := roundrobin.Compare(101,
		roundrobin.Subject{Name: "sign", Run: func() { ed25519.Sign(key, message) }},
		roundrobin.Subject{Name: "one write call", Run: func() {
			if _, err := plain.Write(ready); err != nil {
				b.Fatal(err)
			}
		}},
		roundrobin.Subject{Name: "append", Run: func() { add(ready) }},
		roundrobin.Subject{Name: "build+sign", Run: func() { make() }},
		roundrobin.Subject{Name: "build+sign+append", Run: func() { add(make()) }},
	)
	roundrobin.Print(os.Stdout, "receipts, without fsync", "sign", rows)
	for b.Loop() { // the comparison is the benchmark
	}
}

// BenchmarkDurable prints the time of durable appends, in multiples of writing
// and syncing as many bytes to another file in turn: for one batch of 64 that
// waits for an earlier fsync, and for 64 callers with four appends each,
// compared with four fsyncs. It is wall-clock time, because waiting for a disk
// uses no CPU time.
func BenchmarkDurable(b *testing.B) {
	const batch, rounds, each = 64, 61, 4
	dir := b.TempDir()
	l := open(b, dir, disklog.Options{})
	f, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	entry := bytes.Repeat([]byte("x"), 1300)
	block := bytes.Repeat(entry, batch)
	var wg sync.WaitGroup
	callers := func(times int) {
		for range batch {
			wg.Go(func() {
				for range times {
					if _, err := l.Append(context.Background(), entry); err != nil {
						b.Error(err)
					}
				}
			})
		}
	}
	took := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	var plain, one, many []time.Duration
	for range rounds {
		for range each + 1 {
			plain = append(plain, took(func() {
				if _, err := f.Write(block); err != nil {
					b.Fatal(err)
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
			}))
		}
		release := disklog.Hold(l)
		callers(1)
		disklog.AwaitPending(l, batch)
		one = append(one, took(func() { release(); wg.Wait() }))
		many = append(many, took(func() { callers(each); wg.Wait() })/each)
	}
	for b.Loop() { // the comparison is the benchmark
	}
	for name, d := range map[string][]time.Duration{"batch": one, "callers": many} {
		slices.Sort(d)
		slices.Sort(plain)
		b.ReportMetric(float64(d[rounds/2])/float64(plain[len(plain)/2]), "×fsync("+name+")")
	}
	b.ReportMetric(float64(plain[len(plain)/2].Microseconds()), "µs/fsync")
}
