package verifier_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// sameRandom is randomness that every receipt takes alike.
type sameRandom struct{}

func (sameRandom) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// A nestingSigner decides another request before it signs, in every seventh call
// panics, and in every eleventh waits for ctx.
type nestingSigner struct {
	receipts.Signer
	v     *verifier.Verifier
	calls atomic.Int64
}

func (s *nestingSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	n := s.calls.Add(1)
	if n%7 == 0 {
		panic("the signer")
	}
	if n%11 == 0 {
		return nil, context.Canceled
	}
	if n%3 == 0 {
		s.v.Verify(ctx, verifier.Request{Presentation: []byte(`{"secret":1e2,"type":["VerifiablePresentation"]}`), ExecutionParams: []byte(`{"secret":"secret"}`)})
	}
	return s.Signer.Sign(ctx, message)
}

// One verifier decides, in any order and from many goroutines, what a new one
// decides about each request alone, to the byte of its receipt.
func TestNothingOfOneRequestShowsInAnother(t *testing.T) {
	requests := []verifier.Request{request()}
	add := func(change func(r *verifier.Request)) {
		r := request()
		change(&r)
		requests = append(requests, r)
	}
	add(func(r *verifier.Request) { r.ExecutionParams = sample.ParamsDeny() })
	add(func(r *verifier.Request) { r.ExecutionParams = sample.ParamsInvalid() })
	add(func(r *verifier.Request) { r.Challenge = "other" })
	add(func(r *verifier.Request) { r.Presentation = []byte(`{"type":"VerifiablePresentation"}`) })
	add(func(r *verifier.Request) { r.Presentation = []byte(`{"type":"VerifiablePresentation"`) })
	add(func(r *verifier.Request) {
		r.Presentation = bytes.ReplaceAll(r.Presentation, []byte(`"maxAmount"`), []byte(`"\u006daxAmount"`))
	})
	add(func(r *verifier.Request) {
		r.Presentation = bytes.ReplaceAll(r.Presentation, []byte(`"maxAmount"`), []byte(`"minAmount"`))
	})
	add(func(r *verifier.Request) { r.Presentation = forged(t, r.Presentation) })
	add(func(r *verifier.Request) {
		r.Presentation = bytes.ReplaceAll(r.Presentation, []byte(`:`), []byte(" :\n"))
	})
	add(func(r *verifier.Request) { r.Scope = "other" })
	for i := range 3 {
		name := strings.Repeat(fmt.Sprint("long ", i), 1+i*7000)
		vc := issue(t, func(vc, _ object) {
			vc["name"] = name
			vc["numbers"] = []any{1e20, 1.5, 100, map[string]any{"b": 1, "a": []any{}}}
		})
		r := verifier.Request{Presentation: present(t, "c", vc, issue(t, func(vc, _ object) { vc["type"] = []any{"VerifiableCredential"} })), ExecutionParams: sample.ParamsAllow(), Challenge: "c"}
		requests = append(requests, r)
	}
	cfg := config(t)
	cfg.Rand, cfg.InsecureAllowReplay = sameRandom{}, true
	cfg.MaxCachedCredentials = 4
	var want []string
	outcomes := map[string]bool{}
	for i := range requests {
		res, err := newVerifier(t, cfg).Verify(t.Context(), requests[i])
		want = append(want, string(answer.JSON(res, err)))
		outcomes[outcome(res, err)] = true
	}
	if len(outcomes) < 8 || !outcomes["allow"] {
		t.Fatal(outcomes)
	}
	plain := newVerifier(t, cfg)
	nesting := &nestingSigner{Signer: cfg.Signer}
	cfg.Signer = nesting
	nested := newVerifier(t, cfg)
	nesting.v = nested
	n := 100
	if raced() {
		n = 25
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range n {
				i := r.IntN(len(requests))
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(10) == 0 {
					go cancel()
				}
				res, err := plain.Verify(ctx, requests[i])
				if got := string(answer.JSON(res, err)); got != want[i] && ctx.Err() == nil {
					t.Errorf("request %d: %s\nalone: %s", i, got, want[i])
				}
				cancel()
				res, err = nested.Verify(t.Context(), requests[i])
				if got := string(answer.JSON(res, err)); got != want[i] && !strings.HasPrefix(got, `{"decision":"none"`) && strings.Contains(got, `"receipt"`) {
					t.Errorf("request %d, nested: %s\nalone: %s", i, got, want[i])
				}
				if p, err := plain.DryRun(t.Context(), requests[i]); err == nil && p.Allow != strings.Contains(want[i], `"decision":"allow"`) {
					t.Errorf("request %d: dry run allows: %t", i, p.Allow)
				}
			}
		})
	}
	wg.Wait()
}
