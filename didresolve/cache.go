package didresolve

import (
	"container/list"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/internal/fetchbudget"
)

// DefaultMaxDocuments bounds a [Cache].
const DefaultMaxDocuments = 1024

// How long a Cache keeps what. Whoever relies on a kept document learns that
// much later that a key was withdrawn.
const (
	maxKeep     = time.Hour        // a document, whatever its source allows
	defaultKeep = 5 * time.Minute  // a document whose source does not say
	keepAbsent  = 30 * time.Second // that there is none, and at most after an outage
	keepFailure = 5 * time.Second  // an outage, or a document that is no good
	minRefresh  = 10 * time.Second // before another one is asked for because a key is missing

	// maxCacheBytes bounds the text of the documents kept. Parsed, the worst
	// ones take forty times that.
	maxCacheBytes = 4 << 20
)

// A Cache is a [Resolver] that keeps the answers of another, the least recently
// used going first. Only Resolver has to be set. A Cache is safe for concurrent
// use, must not be copied, and has no goroutines but for fetches that somebody
// waits for.
//
// Documents are kept for as long as their source says, at most an hour, and
// five minutes when it does not say; that a DID does not exist or is
// deactivated, 30 seconds; outages 5 seconds, or longer when their error says
// when to come back. An answer that is over is asked for again; none is handed
// out past its time because its source is out of reach. [Cache.Refresh] asks
// for a newer document before that, at most every 10 seconds for one DID.
//
// Callers that ask for one DID at the same time share one fetch. It goes on
// while anybody waits for it: a caller whose context is done fails alone. The
// fetch does not see the values of any caller's context.
//
// Put a Cache around resolvers that fetch, not around [Key]: what is derived
// from the DID needs no keeping.
type Cache struct {
	// Resolver answers what the cache does not know. When it is a Refresher,
	// it is told what was known.
	Resolver Resolver
	// MaxDocuments is how many answers to keep. Zero and less mean
	// DefaultMaxDocuments.
	MaxDocuments int
	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	mu      sync.Mutex
	entries map[string]*list.Element
	recent  list.List // of *entry, most recently used first
	bytes   int
	flights map[string]*flight
}

// An entry is what the resolver answered for a DID: res or err.
type entry struct {
	did          string
	asked, until time.Time
	res          *Resolution
	err          error
	size         int
	// failure is why a newer document could not be had at the time failed.
	failure error
	failed  time.Time
}

// A flight is a fetch under way. res and err are set before done is closed.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	res     *Resolution
	err     error
}

// Resolve implements [Resolver].
func (c *Cache) Resolve(ctx context.Context, did string) (*Resolution, error) {
	now := c.now()
	c.mu.Lock()
	e := c.lookup(did)
	if e != nil && e.fresh(now) {
		defer c.mu.Unlock()
		return share(e.res, e.err)
	}
	return c.join(ctx, did, e.prior(), now)
}

// Refresh implements [Refresher].
func (c *Cache) Refresh(ctx context.Context, did string, prior *Resolution) (*Resolution, error) {
	if prior == nil {
		return c.Resolve(ctx, did)
	}
	now := c.now()
	c.mu.Lock()
	e := c.lookup(did)
	switch {
	case e != nil && within(now, e.asked, minRefresh):
		defer c.mu.Unlock()
		return share(e.res, e.err)
	case e != nil && e.failure != nil && within(now, e.failed, minRefresh):
		defer c.mu.Unlock()
		return nil, e.failure
	case e == nil && within(now, prior.RetrievedAt, minRefresh): // one that must not be kept
		defer c.mu.Unlock()
		return share(prior, nil)
	case e.prior() != nil:
		prior = e.res
	}
	return c.join(ctx, did, prior, now)
}

func (c *Cache) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// within reports whether now is less than d after t. A clock that went back
// is not within anything.
func within(now, t time.Time, d time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < d
}

func (e *entry) fresh(now time.Time) bool { return within(now, e.asked, e.until.Sub(e.asked)) }

func (e *entry) prior() *Resolution {
	if e == nil {
		return nil
	}
	return e.res
}

// share returns what one caller may have: documents are immutable, resolutions
// are not.
func share(res *Resolution, err error) (*Resolution, error) {
	if err != nil || res == nil {
		return nil, err
	}
	out := *res
	return &out, nil
}

func (c *Cache) lookup(did string) *entry {
	el := c.entries[did]
	if el == nil {
		return nil
	}
	c.recent.MoveToFront(el)
	return el.Value.(*entry)
}

// join waits for the fetch of a DID, which it begins when there is none. It is
// called with c.mu locked and unlocks it.
func (c *Cache) join(ctx context.Context, did string, prior *Resolution, now time.Time) (*Resolution, error) {
	f := c.flights[did]
	if err := c.refuse(ctx, did); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	if f == nil {
		// Not the caller's context: the fetch is for everybody who waits.
		inner, cancel := context.WithCancel(context.Background())
		f = &flight{done: make(chan struct{}), cancel: cancel}
		if c.flights == nil {
			c.flights = map[string]*flight{}
		}
		c.flights[did] = f
		go c.fly(inner, f, did, prior, now)
	}
	f.waiting++
	c.mu.Unlock()

	select {
	case <-f.done:
		return share(f.res, f.err)
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if c.flights[did] == f {
			delete(c.flights, did) // nobody joins a fetch that was given up
		}
	}
	return nil, &Error{Type: ErrInternal, Retryable: true, Cause: ctx.Err()}
}

// refuse says why nothing is fetched for this caller.
func (c *Cache) refuse(ctx context.Context, did string) error {
	if _, err := Parse(did); err != nil {
		return err
	}
	switch {
	case c.Resolver == nil:
		return fail(ErrInternal, "there is no resolver behind the cache")
	case ctx.Err() != nil:
		return &Error{Type: ErrInternal, Retryable: true, Cause: ctx.Err()}
	case !fetchbudget.Spend(ctx):
		return fail(ErrInternal, "more fetches than one decision may take")
	}
	return nil
}

// fly asks the resolver and keeps the answer, unless it was given up.
func (c *Cache) fly(ctx context.Context, f *flight, did string, prior *Resolution, asked time.Time) {
	f.err = fail(ErrInternal, "the resolver did not return")
	defer func() {
		if r := recover(); r != nil { // or it would end the process, in this goroutine
			f.res, f.err = nil, fail(ErrInternal, "panic: %v", r)
		}
		f.cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.flights[did] == f {
			delete(c.flights, did)
			c.keep(did, f.res, f.err, asked)
		}
		close(f.done)
	}()
	res, err := ask(ctx, c.Resolver, did, prior)
	if err == nil {
		res, err = answer(did, res)
	}
	f.res, f.err = share(res, err)
}

// keep stores an answer in the place of an earlier one, for as long as it may
// be kept from the time on when it was asked for.
func (c *Cache) keep(did string, res *Resolution, err error, asked time.Time) {
	old, replaced := c.entries[did]
	if TypeOf(err) == ErrInternal && replaced {
		if e := old.Value.(*entry); e.res != nil && e.fresh(asked) {
			// It is as good as before, but for whoever misses a key in it.
			e.failure, e.failed = err, asked
			return
		}
	}
	if replaced {
		c.drop(old)
	}
	did = strings.Clone(did) // it may be a part of a large presentation
	since := asked
	if res != nil && !res.RetrievedAt.IsZero() && res.RetrievedAt.Before(since) {
		since = res.RetrievedAt // another cache has kept it already
	}
	e := &entry{did: did, asked: asked, until: since.Add(keepingTime(res, err)), res: res, err: err, size: len(did)}
	if res != nil {
		e.size += res.Document.size
	}
	if !e.until.After(asked) {
		return
	}
	if c.entries == nil {
		c.entries = map[string]*list.Element{}
	}
	c.entries[did] = c.recent.PushFront(e)
	c.bytes += e.size
	limit := c.MaxDocuments
	if limit <= 0 {
		limit = DefaultMaxDocuments
	}
	for len(c.entries) > limit || c.bytes > maxCacheBytes {
		c.drop(c.recent.Back())
	}
}

func (c *Cache) drop(el *list.Element) {
	e := c.recent.Remove(el).(*entry)
	delete(c.entries, e.did)
	c.bytes -= e.size
}

// keepingTime says how long to keep an answer, 0 for not at all.
func keepingTime(res *Resolution, err error) time.Duration {
	switch TypeOf(err) {
	case "":
		if res.KeepFor == 0 {
			return defaultKeep
		}
		return min(max(res.KeepFor, 0), maxKeep)
	case ErrNotFound, ErrDeactivated:
		return keepAbsent
	case ErrInvalidDID, ErrMethodNotSupported: // found out without a fetch
		return 0
	}
	if e, ok := err.(*Error); ok {
		return min(max(e.RetryAfter, keepFailure), keepAbsent)
	}
	return keepFailure
}
