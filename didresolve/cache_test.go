package didresolve_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/resolvertest"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
)

// A source is a Refresher with a scripted result. It records the calls.
type source struct {
	mu     sync.Mutex
	calls  int
	priors []*didresolve.Resolution
	result func(ctx context.Context, did string) (*didresolve.Resolution, error)
}

func (s *source) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return s.Refresh(ctx, did, nil)
}

func (s *source) Refresh(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	s.mu.Lock()
	s.calls++
	s.priors = append(s.priors, prior)
	result := s.result
	s.mu.Unlock()
	return result(ctx, did)
}

// A clock is a settable clock.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newCache(s *source) (*didresolve.Cache, *clock) {
	c := &clock{t: now}
	return &didresolve.Cache{Resolver: s, Now: c.now}, c
}

// resolution returns a source function that parses a new document each time.
func resolution(t testing.TB, keepFor time.Duration) func(context.Context, string) (*didresolve.Resolution, error) {
	return func(_ context.Context, did string) (*didresolve.Resolution, error) {
		d, err := didresolve.ParseDocument([]byte(`{"id":"` + did + `"}`))
		if err != nil {
			t.Error(err)
		}
		return &didresolve.Resolution{Document: d, Source: "test", RetrievedAt: now, KeepFor: keepFor, ETag: `"1"`}, nil
	}
}

func failing(err error) func(context.Context, string) (*didresolve.Resolution, error) {
	return func(context.Context, string) (*didresolve.Resolution, error) { return nil, err }
}

// TestCacheLifetimes: the cache keeps a result until just before its lifetime ends,
// and not when it ends.
func TestCacheLifetimes(t *testing.T) {
	const hour = time.Hour
	outage := func(after time.Duration) error {
		return &didresolve.Error{Type: didresolve.ErrInternal, Retryable: true, RetryAfter: after}
	}
	for _, tt := range []struct {
		name   string
		result func(context.Context, string) (*didresolve.Resolution, error)
		want   time.Duration
	}{
		{"document without KeepFor", resolution(t, 0), 5 * time.Minute},
		{"KeepFor of a minute", resolution(t, time.Minute), time.Minute},
		{"KeepFor of a nanosecond", resolution(t, 1), 1},
		{"KeepFor of an hour", resolution(t, hour), hour},
		{"KeepFor above an hour", resolution(t, hour+1), hour},
		{"largest KeepFor", resolution(t, 1<<63-1), hour},
		{"negative KeepFor", resolution(t, -1), 0},
		{"smallest KeepFor", resolution(t, -1<<63), 0},
		{"not found", failing(didresolve.ErrNotFound), 30 * time.Second},
		{"deactivated", failing(&didresolve.Error{Type: didresolve.ErrDeactivated}), 30 * time.Second},
		{"outage", failing(outage(0)), 5 * time.Second},
		{"outage, retry after a second", failing(outage(time.Second)), 5 * time.Second},
		{"outage, retry after ten seconds", failing(outage(10 * time.Second)), 10 * time.Second},
		{"outage, retry after a day", failing(outage(24 * hour)), 30 * time.Second},
		{"unknown error", failing(io.EOF), 5 * time.Second},
		{"invalid document", failing(didresolve.ErrInvalidDIDDocument), 5 * time.Second},
		{"document of another DID", func(ctx context.Context, _ string) (*didresolve.Resolution, error) {
			return resolution(t, 0)(ctx, "did:web:evil.example")
		}, 5 * time.Second},
		{"neither document nor error", failing(nil), 5 * time.Second},
		{"method not supported", failing(didresolve.ErrMethodNotSupported), 0},
		{"invalid DID", failing(didresolve.ErrInvalidDID), 0},
	} {
		s := &source{result: tt.result}
		c, clock := newCache(s)
		first, firstErr := c.Resolve(t.Context(), webDID)
		check := func(name string, want int) {
			t.Helper()
			res, err := c.Resolve(t.Context(), webDID)
			if (res == nil) == (err == nil) || didresolve.TypeOf(err) != didresolve.TypeOf(firstErr) || first != nil && res.Document.Digest() != first.Document.Digest() {
				t.Errorf("%s, %s: %+v, %v after %+v, %v", tt.name, name, res, err, first, firstErr)
			}
			if s.calls != want {
				t.Errorf("%s, %s: %d calls, want %d", tt.name, name, s.calls, want)
			}
		}
		if tt.want == 0 {
			check("immediately", 2)
			continue
		}
		check("immediately", 1)
		clock.add(tt.want - 1)
		check("just before the end", 1)
		clock.add(1)
		check("at the end", 2)
		clock.add(-time.Nanosecond) // to before the second call
		check("after the clock went back", 3)
	}
}

// TestCachePoisoning: if the source returns the document of another DID, the cache
// stores it neither for the DID nor for the id of the document.
func TestCachePoisoning(t *testing.T) {
	const evil = "did:web:evil.example"
	s := &source{result: func(ctx context.Context, did string) (*didresolve.Resolution, error) {
		return resolution(t, 0)(ctx, webDID)
	}}
	c, _ := newCache(s)
	if _, err := c.Resolve(t.Context(), evil); !errors.Is(err, didresolve.ErrInvalidDocumentID) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Resolve(t.Context(), webDID); err != nil || s.calls != 2 {
		t.Errorf("%v, %d calls", err, s.calls)
	}
}

// TestCacheCopiesResolutions: neither a caller nor the source can modify a cached
// Resolution.
func TestCacheCopiesResolutions(t *testing.T) {
	var given *didresolve.Resolution
	s := &source{result: func(ctx context.Context, did string) (*didresolve.Resolution, error) {
		res, err := resolution(t, 0)(ctx, did)
		given = res
		return res, err
	}}
	c, _ := newCache(s)
	for range 3 {
		res, err := c.Resolve(t.Context(), webDID)
		if err != nil || res.Source != "test" || res.Document == nil || res.Document.ID() != webDID {
			t.Fatalf("%+v, %v", res, err)
		}
		*res, *given = didresolve.Resolution{}, didresolve.Resolution{Source: "changed"}
		given.Document = nil
		refreshed, err := c.Refresh(t.Context(), webDID, &didresolve.Resolution{})
		if err != nil || refreshed.Source != "test" {
			t.Fatalf("%+v, %v", refreshed, err)
		}
		refreshed.Document = nil
	}
	if s.calls != 1 {
		t.Errorf("%d calls", s.calls)
	}
}

func TestCacheRefusesWithoutFetch(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	c, _ := newCache(s)
	for _, did := range []string{"", "did:web:", "did:web:example.com#key", strings.Repeat("a", 1<<20)} {
		if _, err := c.Resolve(t.Context(), did); !errors.Is(err, didresolve.ErrInvalidDID) {
			t.Errorf("%.20q: %v", did, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Resolve(ctx, webDID); didresolve.TypeOf(err) != didresolve.ErrInternal || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		synctest.Wait() // so that a wrong fetch would be counted
	})
	if s.calls != 0 {
		t.Errorf("%d calls", s.calls)
	}
	if _, err := new(didresolve.Cache).Resolve(t.Context(), webDID); didresolve.TypeOf(err) != didresolve.ErrInternal {
		t.Errorf("without a resolver: %v", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	c, _ := newCache(s)
	c.MaxDocuments = 3
	resolve := func(i, want int) {
		t.Helper()
		if _, err := c.Resolve(t.Context(), fmt.Sprintf("did:web:h%d.example", i)); err != nil || s.calls != want {
			t.Errorf("DID %d: %v, %d calls, want %d", i, err, s.calls, want)
		}
	}
	for i := range 3 {
		resolve(i, i+1)
	}
	resolve(0, 3) // now 1 is the least recently used
	resolve(3, 4)
	resolve(0, 4)
	resolve(2, 4)
	resolve(1, 5)
	resolve(0, 5)
	resolve(3, 6)

	// 63 documents of 64 KiB and their DIDs fit into 4 MiB, 64 do not.
	big := &source{result: func(_ context.Context, did string) (*didresolve.Resolution, error) {
		d, err := didresolve.ParseDocument([]byte(`{"id":"` + did + `"` + strings.Repeat(" ", 64<<10-len(did)-9) + `}`))
		return &didresolve.Resolution{Document: d, Source: "test"}, err
	}}
	c, _ = newCache(big)
	for round := range 2 {
		for i := range 63 {
			if _, err := c.Resolve(t.Context(), fmt.Sprintf("did:web:h%d.example", i)); err != nil || big.calls != i+1 && round == 0 || round == 1 && big.calls != 63 {
				t.Fatalf("document %d: %v, %d calls", i, err, big.calls)
			}
		}
	}
	for i := range 64 {
		if _, err := c.Resolve(t.Context(), fmt.Sprintf("did:web:x%d.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	c.Resolve(t.Context(), "did:web:x0.example")
	if big.calls != 63+64+1 {
		t.Errorf("%d calls: the cache kept 64 documents of 64 KiB", big.calls)
	}
	if c, _ := newCache(s); c.MaxDocuments != 0 || didresolve.DefaultMaxDocuments != 1024 {
		t.Error("the default has changed")
	}
}

// TestCacheSharesFetches: 100 concurrent callers make one fetch. When the caller that
// started it is cancelled, the others still get the document. No goroutine is left:
// synctest waits for all.
func TestCacheSharesFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := &source{result: func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			select {
			case <-release:
				return resolution(t, 0)(ctx, did)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
		c, _ := newCache(s)
		firstCtx, cancel := context.WithCancel(t.Context())
		firstErr := make(chan error, 1)
		go func() {
			_, err := c.Resolve(firstCtx, webDID)
			firstErr <- err
		}()
		synctest.Wait()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				res, err := c.Resolve(t.Context(), webDID)
				if err != nil || res.Document.ID() != webDID {
					t.Errorf("caller %d: %v", i, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if err := <-firstErr; !errors.Is(err, context.Canceled) || didresolve.TypeOf(err) != didresolve.ErrInternal {
			t.Errorf("the first caller: %v", err)
		}
		close(release)
		wg.Wait()
		synctest.Wait()
		if s.calls != 1 {
			t.Errorf("%d fetches", s.calls)
		}
	})
}

// TestCacheCancelsFetch: when the last caller leaves, the cache cancels the fetch. It
// does not store the result, and the next caller starts another fetch.
func TestCacheCancelsFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		cancelled := 0
		s := &source{}
		s.result = func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			if s.calls > 1 {
				return resolution(t, 0)(ctx, did)
			}
			<-ctx.Done()
			cancelled++
			<-finish // the resolver returns late, with an outdated result
			return nil, didresolve.ErrNotFound
		}
		c, _ := newCache(s)
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			go c.Resolve(ctx, webDID)
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if cancelled != 1 || s.calls != 1 {
			t.Fatalf("%d of %d fetches were cancelled", cancelled, s.calls)
		}
		if _, err := c.Resolve(t.Context(), webDID); err != nil || s.calls != 2 {
			t.Errorf("the next caller: %v, %d fetches", err, s.calls)
		}
		close(finish)
		synctest.Wait()
		if _, err := c.Resolve(t.Context(), webDID); err != nil || s.calls != 2 {
			t.Errorf("after the end of the first fetch: %v, %d fetches", err, s.calls)
		}
	})
}

// TestCacheSharesErrors: all callers of a shared fetch get its error.
func TestCacheSharesErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := &source{result: func(context.Context, string) (*didresolve.Resolution, error) {
			<-release
			return nil, &didresolve.Error{Type: didresolve.ErrInternal, Retryable: true}
		}}
		c, _ := newCache(s)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := c.Resolve(t.Context(), webDID); didresolve.TypeOf(err) != didresolve.ErrInternal {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if s.calls != 1 {
			t.Errorf("%d fetches", s.calls)
		}
	})
}

// TestCacheResolverPanics: a panic and a Goexit in the resolver are outages. They do
// not end the process or block the callers.
func TestCacheResolverPanics(t *testing.T) {
	for name, result := range map[string]func(context.Context, string) (*didresolve.Resolution, error){
		"panic":  func(context.Context, string) (*didresolve.Resolution, error) { panic("boom") },
		"goexit": func(context.Context, string) (*didresolve.Resolution, error) { runtime.Goexit(); return nil, nil },
	} {
		c, _ := newCache(&source{result: result})
		if res, err := c.Resolve(t.Context(), webDID); res != nil || didresolve.TypeOf(err) != didresolve.ErrInternal {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

func TestCacheSpendsTheBudget(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	s.result = func(ctx context.Context, did string) (*didresolve.Resolution, error) {
		if !fetchbudget.Spend(ctx) {
			t.Error("a shared fetch spends the budget of a caller")
		}
		return resolution(t, 0)(ctx, did)
	}
	c, _ := newCache(s)
	ctx := fetchbudget.With(t.Context(), 1)
	for range 3 { // only the first is a fetch
		if _, err := c.Resolve(ctx, webDID); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Resolve(ctx, "did:web:example.org"); didresolve.TypeOf(err) != didresolve.ErrInternal || !strings.Contains(err.Error(), "more fetches") {
		t.Errorf("over budget: %v", err)
	}
	if s.calls != 1 {
		t.Errorf("%d fetches", s.calls)
	}
}

func TestCacheRefresh(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	c, clock := newCache(s)
	prior, err := c.Resolve(t.Context(), webDID)
	if err != nil {
		t.Fatal(err)
	}
	refresh := func(name string, want int, wantErr didresolve.ErrorType) *didresolve.Resolution {
		t.Helper()
		res, err := c.Refresh(t.Context(), webDID, prior)
		if didresolve.TypeOf(err) != wantErr || s.calls != want {
			t.Errorf("%s: %v, %d calls; want %q, %d", name, err, s.calls, wantErr, want)
		}
		return res
	}
	refresh("too early", 1, "")
	clock.add(10*time.Second - 1)
	refresh("still too early", 1, "")
	clock.add(1)
	next := refresh("after ten seconds", 2, "")
	if next == nil || next.Document == prior.Document || s.priors[1] == nil || s.priors[1].Document != prior.Document {
		t.Errorf("the prior resolution was %+v", s.priors[1])
	}
	refresh("again", 2, "")

	// During an outage Refresh fails, and Resolve still returns the document.
	s.result = failing(io.EOF)
	clock.add(10 * time.Second)
	refresh("outage", 3, didresolve.ErrInternal)
	clock.add(10*time.Second - 1)
	refresh("outage, too early to retry", 3, didresolve.ErrInternal)
	if res, err := c.Resolve(t.Context(), webDID); err != nil || res.Document != next.Document || s.calls != 3 {
		t.Errorf("Resolve during the outage: %v, %d calls", err, s.calls)
	}
	clock.add(1)
	refresh("outage, retried", 4, didresolve.ErrInternal)

	// Any other error replaces the document for Resolve too.
	s.result = failing(didresolve.ErrDeactivated)
	clock.add(10 * time.Second)
	refresh("deactivated", 5, didresolve.ErrDeactivated)
	if _, err := c.Resolve(t.Context(), webDID); didresolve.TypeOf(err) != didresolve.ErrDeactivated || s.calls != 5 {
		t.Errorf("deactivated: %v, %d calls", err, s.calls)
	}
	refresh("deactivated, again", 5, didresolve.ErrDeactivated)

	// Refresh does not fetch a document again right after its fetch, even if it
	// must not be kept.
	s.result = resolution(t, -1)
	clock.add(30 * time.Second)
	prior, err = c.Resolve(t.Context(), webDID)
	if err != nil || s.calls != 6 {
		t.Fatalf("%v, %d calls", err, s.calls)
	}
	prior.RetrievedAt = clock.now()
	if res := refresh("not kept", 6, ""); res == prior || res.Document != prior.Document {
		t.Errorf("got %+v", res)
	}
	clock.add(10 * time.Second)
	refresh("not kept, later", 7, "")
	if s.priors[6] != prior {
		t.Error("the source did not get the prior resolution of the caller")
	}
	if _, err := c.Refresh(t.Context(), "did:web:example.org", nil); err != nil || s.calls != 8 || s.priors[7] != nil {
		t.Errorf("no prior resolution: %v, %d calls", err, s.calls)
	}
	if _, err := c.Refresh(t.Context(), "nonsense", prior); !errors.Is(err, didresolve.ErrInvalidDID) {
		t.Errorf("nonsense: %v", err)
	}
}

// TestCacheRevalidates: the source gets the expired document. The cache does not
// return it, not even during an outage.
func TestCacheRevalidates(t *testing.T) {
	s := &source{result: resolution(t, time.Minute)}
	c, clock := newCache(s)
	first, _ := c.Resolve(t.Context(), webDID)
	clock.add(time.Minute)
	c.Resolve(t.Context(), webDID)
	if s.calls != 2 || s.priors[0] != nil || s.priors[1] == nil || s.priors[1].ETag != `"1"` || s.priors[1].Document != first.Document {
		t.Errorf("the prior resolutions were %+v", s.priors)
	}
	s.result = failing(io.EOF)
	clock.add(time.Minute)
	for range 2 {
		if res, err := c.Resolve(t.Context(), webDID); res != nil || didresolve.TypeOf(err) != didresolve.ErrInternal || s.calls != 3 {
			t.Errorf("outage: %+v, %v, %d calls", res, err, s.calls)
		}
	}
}

// plainSource is a source without Refresh.
type plainSource struct{ s *source }

func (p plainSource) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return p.s.Resolve(ctx, did)
}

func TestLookup(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	first, err := didresolve.Lookup(t.Context(), s, webDID, nil)
	if err != nil || s.calls != 1 || s.priors[0] != nil {
		t.Fatalf("%v, %v", err, s.priors)
	}
	if res, err := didresolve.Lookup(t.Context(), s, webDID, first); err != nil || s.calls != 2 || s.priors[1] != first || res == first {
		t.Errorf("%+v, %v, %v", res, err, s.priors)
	}
	if res, err := didresolve.Lookup(t.Context(), plainSource{s}, webDID, first); err != nil || s.calls != 2 || res != first {
		t.Errorf("resolver without Refresh: %+v, %v", res, err)
	}
	if _, err := didresolve.Lookup(t.Context(), plainSource{s}, "did:web:example.org", first); !errors.Is(err, didresolve.ErrInvalidDocumentID) {
		t.Errorf("prior resolution of another DID: %v", err)
	}
	s.result = failing(nil)
	if _, err := didresolve.Lookup(t.Context(), s, webDID, nil); didresolve.TypeOf(err) != didresolve.ErrInternal {
		t.Errorf("nothing: %v", err)
	}
	s.result = func(ctx context.Context, _ string) (*didresolve.Resolution, error) {
		return resolution(t, 0)(ctx, "did:web:example.org")
	}
	if _, err := didresolve.Lookup(t.Context(), s, webDID, first); !errors.Is(err, didresolve.ErrInvalidDocumentID) {
		t.Errorf("another document: %v", err)
	}
}

// TestRefreshThroughChainAndPins: Chain and Pinned pass Refresh on to a Refresher.
func TestRefreshThroughChainAndPins(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	chain := didresolve.Chain(didresolve.Static(document(t, "did:web:other.example")), didresolve.Key(), s)
	for _, r := range []didresolve.Resolver{chain, didresolve.Pinned(nil, chain), didresolve.Chain(chain)} {
		s.calls, s.priors = 0, nil
		first, err := didresolve.Lookup(t.Context(), r, webDID, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := didresolve.Lookup(t.Context(), r, webDID, first); err != nil || s.calls != 2 || s.priors[1] != first {
			t.Errorf("%T: %v, %v", r, err, s.priors)
		}
		if res, err := didresolve.Lookup(t.Context(), r, keyDID, first); err != nil || res.Source != "did:key" || s.calls != 2 {
			t.Errorf("%T: %+v, %v", r, res, err)
		}
	}
}

// TestPinnedRefresh: a prior document that is not the pinned one does not bypass the
// pin, and a cached pinned document expires.
func TestPinnedRefresh(t *testing.T) {
	good, err := didresolve.ParseDocument([]byte(`{"id":"` + webDID + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	evil, err := didresolve.ParseDocument([]byte(`{"id":"` + webDID + `","x":"another"}`))
	if err != nil {
		t.Fatal(err)
	}
	pins := map[string][32]byte{webDID: good.Digest()}
	at := now
	origin := &source{result: resolution(t, 0)}
	r := didresolve.Chain(didresolve.Pinned(pins, origin))
	for name, prior := range map[string]*didresolve.Document{"the pinned document": good, "another": evil} {
		res, err := didresolve.Lookup(t.Context(), r, webDID, &didresolve.Resolution{Document: prior, Source: "pinned test"})
		if err != nil || res.Document.Digest() != good.Digest() || res.Source != "pinned test" {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	c := &didresolve.Cache{Resolver: didresolve.Pinned(pins, origin), Now: func() time.Time { return at }}
	if _, err := c.Resolve(t.Context(), webDID); err != nil {
		t.Fatal(err)
	}
	origin.result, at = failing(didresolve.ErrDeactivated), at.Add(time.Hour)
	if res, err := c.Resolve(t.Context(), webDID); didresolve.TypeOf(err) != didresolve.ErrDeactivated {
		t.Errorf("deactivated an hour ago: %+v, %v", res, err)
	}
}

// TestCacheAroundCache: two nested caches keep a document no longer than one.
func TestCacheAroundCache(t *testing.T) {
	now := now
	at := func() time.Time { return now }
	outer := &didresolve.Cache{Now: at, Resolver: &didresolve.Cache{Now: at, Resolver: &source{result: func(ctx context.Context, did string) (*didresolve.Resolution, error) {
		res, err := resolution(t, 0)(ctx, did)
		res.RetrievedAt = now
		return res, err
	}}}}
	inner := outer.Resolver
	if _, err := inner.Resolve(t.Context(), webDID); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		now = now.Add(4*time.Minute + 59*time.Second)
		res, err := outer.Resolve(t.Context(), webDID)
		if err != nil || now.Sub(res.RetrievedAt) >= 5*time.Minute {
			t.Errorf("a document fetched %s ago (%v)", now.Sub(res.RetrievedAt), err)
		}
	}
}

func TestPinned(t *testing.T) {
	doc := document(t, webDID)
	s := &source{result: resolution(t, 0)}
	pins := map[string][32]byte{webDID: doc.Digest(), "did:web:gone.example": doc.Digest()}
	r := didresolve.Pinned(pins, s)
	res, err := r.Resolve(t.Context(), webDID)
	if err != nil || res.Source != "pinned test" || !res.RetrievedAt.Equal(now) || res.Document.Digest() != doc.Digest() {
		t.Fatalf("%+v, %v", res, err)
	}
	if again, err := didresolve.Lookup(t.Context(), r, webDID, res); err != nil || again.Source != "pinned test" || s.calls != 2 {
		t.Errorf("refresh: %+v, %v after %d calls", again, err, s.calls)
	}
	if res, err := r.Resolve(t.Context(), "did:web:free.example"); err != nil || res.Source != "test" {
		t.Errorf("without a pin: %+v, %v", res, err)
	}
	pins[webDID] = [32]byte{} // the resolver has a copy
	if _, err := r.Resolve(t.Context(), webDID); err != nil {
		t.Error(err)
	}

	// Any other document, in any chain and cache.
	s.result = func(_ context.Context, did string) (*didresolve.Resolution, error) {
		d, err := didresolve.ParseDocument([]byte(`{"id":"` + did + `","alsoKnownAs":[]}`))
		return &didresolve.Resolution{Document: d, Source: "test"}, err
	}
	other := &source{result: resolution(t, 0)}
	for _, r := range []didresolve.Resolver{r, didresolve.Chain(r, other), didresolve.Chain(didresolve.Key(), r, other)} {
		res, err := r.Resolve(t.Context(), webDID)
		if res != nil || didresolve.TypeOf(err) != didresolve.ErrPinMismatch || !errors.Is(err, didresolve.ErrPinMismatch) {
			t.Errorf("%+v, %v", res, err)
		}
	}
	if other.calls != 0 {
		t.Error("the chain continued after a pin mismatch")
	}
	for _, tt := range []struct {
		result func(context.Context, string) (*didresolve.Resolution, error)
		want   didresolve.ErrorType
	}{
		{failing(didresolve.ErrNotFound), didresolve.ErrNotFound},
		{failing(io.EOF), didresolve.ErrInternal},
		{failing(nil), didresolve.ErrInternal},
		{func(ctx context.Context, _ string) (*didresolve.Resolution, error) {
			return resolution(t, 0)(ctx, "did:web:evil.example")
		}, didresolve.ErrInvalidDocumentID},
	} {
		s.result = tt.result
		if res, err := r.Resolve(t.Context(), webDID); res != nil || didresolve.TypeOf(err) != tt.want {
			t.Errorf("%+v, %v, want %s", res, err, tt.want)
		}
	}
	if _, err := didresolve.Pinned(pins, nil).Resolve(t.Context(), webDID); didresolve.TypeOf(err) != didresolve.ErrInternal {
		t.Errorf("without a resolver: %v", err)
	}
}

func TestPinnedAndCacheConform(t *testing.T) {
	static := didresolve.Static(document(t, webDID))
	for _, r := range []didresolve.Resolver{
		didresolve.Pinned(map[string][32]byte{webDID: document(t, webDID).Digest()}, static),
		&didresolve.Cache{Resolver: static},
		didresolve.Chain(didresolve.Key(), &didresolve.Cache{Resolver: didresolve.Pinned(nil, static)}),
	} {
		if err := resolvertest.Check(r, []string{webDID}, "did:web:example.org"); err != nil {
			t.Errorf("%T: %v", r, err)
		}
	}
}

func TestWarmLookupAllocatesOnce(t *testing.T) {
	s := &source{result: resolution(t, 0)}
	c, _ := newCache(s)
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := c.Resolve(ctx, webDID); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
	if s.calls != 1 {
		t.Errorf("%d calls", s.calls)
	}
}

// BenchmarkWarmLookup reports the time of a cache hit relative to one Ed25519
// verification. The two alternate, so that the ratio is stable on a busy machine.
func BenchmarkWarmLookup(b *testing.B) {
	s := &source{result: resolution(b, 0)}
	c, _ := newCache(s)
	ctx := context.Background()
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	message := []byte("message")
	signature := ed25519.Sign(key, message)
	public := key.Public().(ed25519.PublicKey)
	var rows []roundrobin.Row
	for b.Loop() {
		rows = roundrobin.Compare(25,
			roundrobin.Subject{Name: "verify", Run: func() { ed25519.Verify(public, message, signature) }},
			roundrobin.Subject{Name: "lookup", Run: func() { c.Resolve(ctx, webDID) }})
	}
	b.ReportMetric(float64(rows[1].Median)/float64(rows[0].Median), "×verify(median)")
	b.ReportMetric(float64(rows[1].P10)/float64(rows[0].P10), "×verify(p10)")
	b.ReportMetric(testing.AllocsPerRun(100, func() { c.Resolve(ctx, webDID) }), "allocs/lookup")
	if s.calls != 1 {
		b.Errorf("%d calls: the benchmark did not measure cache hits", s.calls)
	}
}
