// Package status answers one question: which status list is to be read? It keeps
// lists for as long as they may be relied on, so that not every decision fetches
// one, and whoever publishes a list does not learn of every decision.
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

// Defaults of the zero Cache.
const (
	DefaultMaxAge     = 5 * time.Minute
	DefaultMaxEntries = 64
)

// A Cache is a [verifier.StatusSource] that remembers what another one returned.
// Source is required. It is safe for concurrent use; callers that miss at the same
// time each ask the source.
type Cache struct {
	// Source is asked for what is not remembered. Errors are not remembered.
	Source verifier.StatusSource
	// MaxAge is for how long a list is kept: by as much a revocation can be
	// late. A list whose own ttl is shorter, zero apart, is kept that long, and
	// none beyond its validUntil. Zero means DefaultMaxAge.
	MaxAge time.Duration
	// MaxEntries bounds the memory: lists of up to 1 MiB each. The oldest makes
	// room. Zero means DefaultMaxEntries.
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
	// A clock that went back makes nothing younger.
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

// keep remembers a list as of the time it was asked for.
func (c *Cache) keep(url string, list []byte, at time.Time) {
	d, err := canonical.Parse(list)
	if err != nil {
		return // the engine will say what is wrong with it
	}
	age, err := statuslist.TTL(d.Root())
	if err != nil {
		return
	}
	if most := or(c.MaxAge, DefaultMaxAge); age == 0 || age > most {
		age = most
	}
	until := at.Add(age)
	if p, f := vcdm.Validity(d.Root(), false); f == nil && p.HasUntil && p.Until.Before(until) {
		until = p.Until // after that it would only deny
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
	c.lists[strings.Clone(url)] = entry{list, at, until} // it may be a part of a large presentation
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
