package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// Verify does not decide on a presentation whose credentials name more than four
// status lists, and looks up none of them.
func TestStatusListLimit(t *testing.T) {
	// withLists returns a credential with entries in n lists of its own.
	withLists := func(first, n int, types ...string) []byte {
		return issue(t, func(vc, m object) {
			var entries []object
			for i := range n {
				withStatus("5")(vc, m)
				entry := vc["credentialStatus"].(object)
				entry["statusListCredential"] = fmt.Sprintf("%s%d", statusListURL, first+i)
				entries = append(entries, entry)
			}
			vc["credentialStatus"], vc["type"] = entries, types
		})
	}
	r := &recorder{StatusSource: lists{}}
	cfg := config(t)
	cfg.Status = r
	res, err := decide(t, cfg, presenting(present(t, sample.Challenge,
		withLists(0, 4, "VerifiableCredential", "VIAMandate"), withLists(4, 1, "VerifiableCredential"))))
	var none *verifier.NoDecisionError
	if !errors.As(err, &none) || none.Retryable || len(r.asked) != 0 {
		t.Errorf("got %s, %v after %d lookups", outcome(res, err), err, len(r.asked))
	}
}

// A presentation with keys of more than eight DIDs is denied. None of the DIDs is
// looked up.
func TestDIDLimit(t *testing.T) {
	vp := toObject(t, sample.Presentation())
	var all []any
	for i := range 9 {
		c := toObject(t, sample.Credential())
		did := fmt.Sprintf("did:web:i%d.example", i)
		c["issuer"] = did
		c["proof"].(object)["verificationMethod"] = did + "#k"
		if i > 0 {
			c["type"] = []string{"VerifiableCredential"}
		}
		all = append(all, c)
	}
	for n, want := range map[int]string{7: "did_method_not_supported", 8: "too_many_proofs", 9: "too_many_proofs"} { // and the holder
		vp["verifiableCredential"] = all[:n]
		r := &recorder{Resolver: didresolve.Key()}
		cfg := config(t)
		cfg.TrustedIssuers, cfg.InsecureTrustAnyIssuer, cfg.Resolver = nil, true, r
		res, err := decide(t, cfg, presenting(toJSON(t, vp)))
		if got := outcome(res, err); got != want || n > 7 && len(r.asked) != 0 {
			t.Errorf("%d DIDs: got %s, %v after %d lookups, want %s", n, got, err, len(r.asked), want)
		}
	}
}

// One decision fetches four documents at most, of resolvers that say that they fetch.
// Every decision has a budget of its own.
func TestFetchLimit(t *testing.T) {
	for _, tt := range []struct {
		fetches int // for each DID
		want    string
	}{{0, "allow"}, {2, "allow"}, {3, "none"}} {
		fetched := 0
		cfg := config(t)
		cfg.Resolver = resolverFunc(func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			for range tt.fetches {
				if !fetchbudget.Spend(ctx) {
					return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "more fetches than one decision may take"}
				}
				fetched++
			}
			return didresolve.Key().Resolve(ctx, did)
		})
		cfg.InsecureAllowReplay = true
		v := newVerifier(t, cfg)
		for range 2 {
			fetched = 0
			res, err := v.Verify(t.Context(), request()) // two DIDs
			var none *verifier.NoDecisionError
			if got := outcome(res, err); got != tt.want || fetched > 4 || got == "none" && (!errors.As(err, &none) || none.Retryable) {
				t.Errorf("%d fetches for each DID: %s (%v), %d fetched", tt.fetches, got, err, fetched)
			}
		}
	}
}

// An answer that comes after ctx is done does not count, even if it is definite: what
// made it late may have caused it.
func TestAnswerAfterDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := config(t)
	cfg.Resolver = resolverFunc(func(context.Context, string) (*didresolve.Resolution, error) {
		cancel()
		return nil, &didresolve.Error{Type: didresolve.ErrNotFound}
	})
	if res, err := newVerifier(t, cfg).Verify(ctx, request()); outcome(res, err) != "none" {
		t.Errorf("got %s, %v", outcome(res, err), err)
	}
}

// An implementation that keeps the DIDs, URLs and references that it is asked for does
// not keep the presentation in memory.
func TestLookupsDoNotRetainPresentation(t *testing.T) {
	r := &recorder{Resolver: didresolve.Key(), StatusSource: lists{}, Source: actions{}}
	cfg := config(t)
	cfg.Resolver, cfg.Status, cfg.Actions = r, r, r
	v := newVerifier(t, cfg)
	presentation := present(t, "c", issue(t, func(vc, mandate object) {
		withStatus("7")(vc, mandate)
		byReference(t, actions{})(vc, mandate)
		vc["name"] = strings.Repeat("x", 500<<10)
	}))
	const n = 16
	before := heapBytes()
	for range n {
		_, err := v.Verify(t.Context(), verifier.Request{Presentation: presentation, Challenge: "c"})
		if got := outcome(nil, err); got != "status_unknown" {
			t.Fatal(got)
		}
	}
	grew := heapBytes() - before
	runtime.KeepAlive(presentation)
	if asked := strings.Join(r.asked, " "); len(r.asked) != 5*n || !strings.Contains(asked, statusListURL) || !strings.Contains(asked, "sha256-") {
		t.Fatalf("%d strings: %.300s", len(r.asked), asked)
	}
	if grew > len(presentation) {
		t.Errorf("%d bytes are kept after %d presentations of %d", grew, n, len(presentation))
	}
}
