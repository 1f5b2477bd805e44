package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/disklog"
)

// body returns a receipt of a usual size: some 1.3 KB signed.
func body() receipts.Body {
	at := sample.Now()
	return receipts.Body{
		ID: receipts.NewID([16]byte{1, 2, 3}), Time: at, Event: receipts.Approved, Decision: "allow", Credential: sample.MandateID,
		Request: receipts.Request{Tool: "book", ParamsCommitment: "sha256-x", PresentationDigest: "sha256-y", MandateDigest: "sha256-z",
			Holder: sample.Holder, Verifier: sample.Verifier, Domain: []string{sample.Verifier}, ChallengeDigest: "sha256-c", ProofForm: "w3c"},
		Policy: &receipts.Policy{ID: "urn:via:action:1", Version: 3, Digest: "sha256-p", Profile: "via-cel/1"},
		Checks: []receipts.Check{{Check: "vc.status", Result: "pass", Finding: &receipts.Finding{AsOf: at, Source: "sha256-l"}},
			{Check: "key", Result: "pass", Finding: &receipts.Finding{DID: sample.Issuer, DocumentDigest: "sha256-d", RetrievedAt: at}}},
		Evaluations: []receipts.Evaluation{{Rule: "amount-cap", Result: "pass", Code: "ok"}},
		Engine:      receipts.Engine{Name: "mandate", Version: "0.1.0"},
	}
}

// receiptRows compares making a receipt with its one signature.
func receiptRows(h *harness) map[string]measured {
	dir, remove := scratch()
	defer remove()
	log, err := disklog.Open(dir, disklog.Options{NoSync: true})
	check(err)
	defer log.Close()
	l, signer, ctx := newLimit(), newParty(sample.Key(9)).signer, context.Background()
	sign := func() []byte {
		r, err := receipts.Sign(ctx, body(), signer)
		check(err)
		return r.Bytes()
	}
	ms := h.best(h.comparison(1), []pair{{1, 0}, {2, 0}},
		roundrobin.Subject{Name: "S", Run: l.sign},
		roundrobin.Subject{Name: "receipt", Run: func() { sign() }},
		roundrobin.Subject{Name: "append", Run: func() {
			_, err := log.Append(ctx, sign())
			check(err)
		}},
	)
	return map[string]measured{"receipt": ms[0], "append": ms[1]}
}

// durableRows compares, by wall clock, an append by 64 concurrent callers with
// a 64th of writing and syncing the same bytes at once.
func durableRows(h *harness) map[string]measured {
	const callers, each = 64, 4
	dir, remove := scratch()
	defer remove()
	log, err := disklog.Open(filepath.Join(dir, "log"), disklog.Options{})
	check(err)
	defer log.Close()
	plain, err := os.Create(filepath.Join(dir, "plain"))
	check(err)
	defer plain.Close()
	entry := bytes.Repeat([]byte("x"), 1300)
	block := bytes.Repeat(entry, callers)
	c := h.comparison(3)
	c.Wall, c.Threads = true, 2
	ms := h.best(c, []pair{{1, 0}},
		roundrobin.Subject{Name: "fsync", Run: func() {
			for range each {
				_, err := plain.Write(block)
				check(err)
				check(plain.Sync())
			}
		}},
		roundrobin.Subject{Name: "callers", Run: func() {
			var wg sync.WaitGroup
			failed := make(chan error, callers*each)
			for range callers {
				wg.Go(func() {
					for range each {
						if _, err := log.Append(context.Background(), entry); err != nil {
							failed <- err
						}
					}
				})
			}
			wg.Wait()
			hold(len(failed) == 0, "every append is acknowledged")
		}},
	)
	return map[string]measured{"durable": ms[0]}
}
