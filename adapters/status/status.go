// Package status answers one question: which status list is to be read? It
// implements a cache of status lists. With the cache, not every decision
// fetches a list, and the publisher of a list does not learn of every
// decision.
package status

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/verifier"
)

// Defaults for a zero Cache.
const (
	DefaultMaxAge     = 5 * time.Minute
	DefaultMaxEntries = 64
)

// A Cache is a [verifier.StatusSource] that caches the lists of another
// source. Source is required. A Cache is safe for concurrent use. Callers that
// miss at the same time each call the source.
type Cache struct {
	// Source is called for lists that are not cached. Errors are not cached.
	Source verifier.StatusSource
	// MaxAge is the time for which a list is cached. A revocation may be seen
	// that much later. A shorter ttl of the list, unless it is zero, limits
	// the time further, and so does its validUntil. Zero means DefaultMaxAge.
	MaxAge time.Duration
	// MaxEntries bounds the number of lists, each up to 1 MiB. The oldest list
	// is evicted. Zero means DefaultMaxEntries.
	MaxEntries int
	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	mu    sync.Mutex
	lists map[string]entry
}

type entry struct {
	list        []byte
	from, until time.Time
}

// StatusList implements [verifier.StatusSource]. The list is not verified.
func (c *Cache) StatusList(ctx context.Context, url string) ([]byte, error) {
	if c.Source == nil {
		return nil, errors.New("status: Cache.Source is required")
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	at := now()
	c.mu.Lock()
	e, ok := c.lists[url]
	c.mu.Unlock()
	// If the clock went back, the entry is not valid.
	if ok && at.Before(e.until) && !at.Before(e.from) {
		return e.list, nil
	}
	list, err := c.Source.StatusList(ctx, url)
	if err != nil {
		return nil, err
	}
	c.keep(url, list, at)
	return list, nil
}

// keep caches a list with the time of the request for it.
func (c *Cache) keep(url string, list []byte, at time.Time) {
	d, err := canonical.Parse(list)
	if err != nil {
		return // the verifier will report the error
	}
	age, err := statuslist.TTL(d.Root())
	if err != nil {
		return
	}
	if limit := or(c.MaxAge, DefaultMaxAge); age == 0 || age > limit {
		age = limit
	}
	until := at.Add(age)
	if p, f := vcdm.Validity(d.Root(), false); f == nil && p.HasUntil && p.Until.Before(until) {
		until = p.Until // after that the list would only deny
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lists == nil {
		c.lists = map[string]entry{}
	}
	if _, known := c.lists[url]; !known && len(c.lists) >= or(c.MaxEntries, DefaultMaxEntries) {
		oldest := ""
		for u, e := range c.lists {
			if oldest == "" || e.from.Before(c.lists[oldest].from) {
				oldest = u
			}
		}
		delete(c.lists, oldest)
	}
	c.lists[strings.Clone(url)] = entry{list, at, until} // url may be a part of a large presentation
}

func or[T int | time.Duration](v, standard T) T {
	if v <= 0 {
		return standard
	}
	return v
}

// Lists is a [verifier.StatusSource] of lists in memory, by their URL.
type Lists map[string][]byte

// StatusList implements [verifier.StatusSource]. The list is not verified.
func (l Lists) StatusList(_ context.Context, url string) ([]byte, error) {
	if b, ok := l[url]; ok {
		return b, nil
	}
	return nil, verifier.ErrNoStatusList
}
