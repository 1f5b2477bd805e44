package didresolve

import (
	"container/list"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/internal/fetchbudget"
)

// DefaultMaxDocuments is the default of [Cache.MaxDocuments].
const DefaultMaxDocuments = 1024

// How long a Cache keeps an entry. A revoked key may stay in use for this time.
const (
	maxKeep     = time.Hour        // a document, even if its source allows more
	defaultKeep = 5 * time.Minute  // a document without a time from its source
	keepAbsent  = 30 * time.Second // a DID without a document; also the maximum for an outage
	keepFailure = 5 * time.Second  // an outage or an invalid document
	minRefresh  = 10 * time.Second // between two fetches of one DID by Refresh

	// maxCacheBytes bounds the total text of the documents in a Cache. In
	// memory, the parsed documents take up to about forty times as much.
	maxCacheBytes = 4 << 20
)

// A Cache is a [Resolver] that keeps the results of another. When it is full it
// removes the least recently used entry. Only Resolver is required. A Cache is
// safe for concurrent use and must not be copied. It starts a goroutine only
// for a fetch.
//
// The cache keeps a document for the time that its source allows, at most an
// hour, or five minutes if the source does not say. It keeps "not found" and
// "deactivated" for 30 seconds. It keeps an outage and the error of an invalid
// document for 5 seconds, or for the RetryAfter of the error, at most 30
// seconds. The cache fetches an expired document again. It never returns an
// expired one, not even when the source cannot be reached. [Cache.Refresh]
// fetches a document before it expires, at most every 10 seconds for one DID.
//
// Concurrent callers for the same DID share one fetch. If the context of a
// caller ends, only that caller fails. The cache cancels the fetch when the last
// caller has left. The fetch does not see the values of any caller's context.
//
// Put a Cache around resolvers that fetch. [Key] and [JWK] need none, because
// they derive the document from the DID.
type Cache struct {
	// Resolver resolves the DIDs that are not in the cache. If it is a
	// Refresher, it gets the expired document.
	Resolver Resolver
	// MaxDocuments is the maximum number of entries. Zero and negative values
	// mean DefaultMaxDocuments.
	MaxDocuments int
	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	mu      sync.Mutex
	entries map[string]*list.Element
	recent  list.List // of *entry, most recently used first
	bytes   int
	fetches map[string]*sharedFetch
}

// An entry is the result of the resolver for a DID: res or err.
type entry struct {
	did                  string
	requested, expiresAt time.Time // requested is the start of the fetch
	res                  *Resolution
	err                  error
	size                 int
	// refreshErr is the outage that prevented a refresh at refreshFailed.
	refreshErr    error
	refreshFailed time.Time
}

// A sharedFetch is a running fetch. The fetch sets res and err before it closes
// done.
type sharedFetch struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int // callers
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
		return clone(e.res, e.err)
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
	case e != nil && within(now, e.requested, minRefresh):
		defer c.mu.Unlock()
		return clone(e.res, e.err)
	case e != nil && e.refreshErr != nil && within(now, e.refreshFailed, minRefresh):
		defer c.mu.Unlock()
		return nil, e.refreshErr
	case e == nil && within(now, prior.RetrievedAt, minRefresh): // prior must not be kept
		defer c.mu.Unlock()
		return clone(prior, nil)
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

// within reports whether now is at t or less than d after it. It is false if the
// clock went back to before t.
func within(now, t time.Time, d time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < d
}

func (e *entry) fresh(now time.Time) bool {
	return within(now, e.requested, e.expiresAt.Sub(e.requested))
}

func (e *entry) prior() *Resolution {
	if e == nil {
		return nil
	}
	return e.res
}

// clone copies a Resolution, because callers may modify theirs. The copies share
// the document, which is immutable.
func clone(res *Resolution, err error) (*Resolution, error) {
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

// join waits for the fetch of a DID. If there is none, it starts one. The caller
// must have locked c.mu; join unlocks it.
func (c *Cache) join(ctx context.Context, did string, prior *Resolution, now time.Time) (*Resolution, error) {
	f := c.fetches[did]
	if err := c.checkFetch(ctx, did); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	if f == nil {
		// Not ctx: other callers may share the fetch.
		fetchCtx, cancel := context.WithCancel(context.Background())
		f = &sharedFetch{done: make(chan struct{}), cancel: cancel}
		if c.fetches == nil {
			c.fetches = map[string]*sharedFetch{}
		}
		c.fetches[did] = f
		go c.fetch(fetchCtx, f, did, prior, now)
	}
	f.waiting++
	c.mu.Unlock()

	select {
	case <-f.done:
		return clone(f.res, f.err)
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if c.fetches[did] == f {
			delete(c.fetches, did) // later callers must not join a cancelled fetch
		}
	}
	return nil, &Error{Type: ErrInternal, Retryable: true, Cause: ctx.Err()}
}

// checkFetch returns an error if this caller must not start or join a fetch. It
// spends one fetch of the caller's budget.
func (c *Cache) checkFetch(ctx context.Context, did string) error {
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

// fetch calls the resolver and stores the result, unless the fetch was cancelled.
func (c *Cache) fetch(ctx context.Context, f *sharedFetch, did string, prior *Resolution, requested time.Time) {
	f.err = fail(ErrInternal, "the resolver did not return")
	defer func() {
		if r := recover(); r != nil { // a panic in this goroutine would end the process
			f.res, f.err = nil, fail(ErrInternal, "panic: %v", r)
		}
		f.cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.fetches[did] == f {
			delete(c.fetches, did)
			c.store(did, f.res, f.err, requested)
		}
		close(f.done)
	}()
	res, err := refreshOrResolve(ctx, c.Resolver, did, prior)
	if err == nil {
		res, err = validate(did, res)
	}
	f.res, f.err = clone(res, err)
}

// store replaces the entry of did. The lifetime of the new entry begins at
// requested, or at an earlier RetrievedAt.
func (c *Cache) store(did string, res *Resolution, err error, requested time.Time) {
	old, replaced := c.entries[did]
	if TypeOf(err) == ErrInternal && replaced {
		if e := old.Value.(*entry); e.res != nil && e.fresh(requested) {
			// Resolve still returns the document; only Refresh returns the outage.
			e.refreshErr, e.refreshFailed = err, requested
			return
		}
	}
	if replaced {
		c.remove(old)
	}
	did = strings.Clone(did) // it may share the memory of a large presentation
	since := requested
	if res != nil && !res.RetrievedAt.IsZero() && res.RetrievedAt.Before(since) {
		since = res.RetrievedAt // from another cache
	}
	e := &entry{did: did, requested: requested, expiresAt: since.Add(lifetime(res, err)), res: res, err: err, size: len(did)}
	if res != nil {
		e.size += res.Document.size
	}
	if !e.expiresAt.After(requested) {
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
		c.remove(c.recent.Back())
	}
}

func (c *Cache) remove(el *list.Element) {
	e := c.recent.Remove(el).(*entry)
	delete(c.entries, e.did)
	c.bytes -= e.size
}

// lifetime returns how long to keep a result, 0 for not at all.
func lifetime(res *Resolution, err error) time.Duration {
	switch TypeOf(err) {
	case "":
		if res.KeepFor == 0 {
			return defaultKeep
		}
		return min(max(res.KeepFor, 0), maxKeep)
	case ErrNotFound, ErrDeactivated:
		return keepAbsent
	case ErrInvalidDID, ErrMethodNotSupported: // detected without a fetch
		return 0
	}
	if e, ok := err.(*Error); ok {
		return min(max(e.RetryAfter, keepFailure), keepAbsent)
	}
	return keepFailure
}
