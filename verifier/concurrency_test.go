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

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// Of presentations that are verified at once and are the same, Verify allows one.
func TestConcurrentReplaysAllowOne(t *testing.T) {
	v := newVerifier(t, config(t))
	results := make(chan string)
	const n = 16
	for range n {
		go func() {
			res, err := v.Verify(t.Context(), request())
			results <- outcome(res, err)
		}()
	}
	count := map[string]int{}
	for range n {
		count[<-results]++
	}
	if count["allow"] != 1 || count["presentation_replayed"] != n-1 {
		t.Errorf("got %v", count)
	}
}

// The same holds among other requests, whose outcomes do not change.
func TestConcurrentReplaysAmongOtherRequests(t *testing.T) {
	v := newVerifier(t, config(t))
	var requests []verifier.Request
	for i := range 40 {
		req := request()
		switch i % 4 {
		case 1:
			req.Challenge = fmt.Sprint("other ", i)
			req.Presentation = present(t, req.Challenge, sample.Credential())
		case 2:
			req.ExecutionParams = sample.ParamsDeny()
		case 3:
			req.Presentation = []byte("{")
		}
		requests = append(requests, req)
	}
	outcomes := make([]string, len(requests))
	var wg sync.WaitGroup
	for i, req := range requests {
		wg.Go(func() { outcomes[i] = outcome(v.Verify(t.Context(), req)) })
	}
	wg.Wait()
	allowed := 0 // of those that present the same
	for i, got := range outcomes {
		want := [...]string{"presentation_replayed", "allow", "rule_failed", "malformed_json"}[i%4]
		if i%4 == 0 && got == "allow" {
			allowed++
			continue
		}
		if got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	if allowed != 1 {
		t.Errorf("one presentation was allowed %d times", allowed)
	}
}

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

// A Verifier that decides many requests at once, in any order, decides about each what a
// new Verifier decides about it alone, to the byte of its receipt.
func TestConcurrentRequestsAreIndependent(t *testing.T) {
	with := func(change func(*verifier.Request)) verifier.Request {
		req := request()
		change(&req)
		return req
	}
	replaced := func(old, new string) verifier.Request {
		return presenting(bytes.ReplaceAll(sample.Presentation(), []byte(old), []byte(new)))
	}
	requests := []verifier.Request{
		request(),
		with(func(r *verifier.Request) { r.ExecutionParams = sample.ParamsDeny() }),
		with(func(r *verifier.Request) { r.ExecutionParams = sample.ParamsInvalid() }),
		with(func(r *verifier.Request) { r.Challenge = "other" }),
		with(func(r *verifier.Request) { r.Scope = "other" }),
		presenting([]byte(`{"type":"VerifiablePresentation"}`)),
		presenting([]byte(`{"type":"VerifiablePresentation"`)),
		presenting(forged(t, sample.Presentation())),
		replaced(`"maxAmount"`, `"\u006daxAmount"`),
		replaced(`"maxAmount"`, `"minAmount"`),
		replaced(`:`, " :\n"),
	}
	other := issue(t, func(vc, _ object) { vc["type"] = []any{"VerifiableCredential"} })
	for i := range 3 {
		long := issue(t, func(vc, _ object) {
			vc["name"] = strings.Repeat(fmt.Sprint("long ", i), 1+i*7000)
			vc["numbers"] = []any{1e20, 1.5, 100, object{"b": 1, "a": []any{}}}
		})
		requests = append(requests, presenting(present(t, sample.Challenge, long, other)))
	}
	cfg := config(t)
	cfg.Rand, cfg.InsecureAllowReplay = zeros{}, true
	cfg.MaxCachedCredentials = 4
	var want []string
	outcomes := map[string]bool{}
	for i := range requests {
		res, err := decide(t, cfg, requests[i])
		want = append(want, report(t, res, err))
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
				if got := report(t, res, err); got != want[i] && ctx.Err() == nil {
					t.Errorf("request %d: %s\nalone: %s", i, got, want[i])
				}
				cancel()
				res, err = nested.Verify(t.Context(), requests[i])
				if got := report(t, res, err); got != want[i] && !strings.HasPrefix(got, `{"decision":"none"`) && strings.Contains(got, `"receipt"`) {
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
