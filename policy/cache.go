package policy

import (
	"container/list"
	"errors"
	"sync"

	"github.com/mandate-engine/mandate/canonical"
)

// DefaultMaxActions bounds a [Cache]: about 20 MB of typical actions.
const DefaultMaxActions = 256

// maxCacheBytes bounds what a cache keeps, by Action.Memory: actions as large
// as Compile accepts must not fill the memory.
const maxCacheBytes = 64 << 20

// entryBytes is what an outcome takes that is no action; a *CompileError may
// have 256 issues.
const entryBytes = 1 << 10

// A Cache compiles contents and keeps the outcome, the least recently used
// going first. Contents are told apart by their canonical form, which is kept, and
// by the profile: to compare it is faster than to hash it. The zero Cache is ready
// to use; a Cache is safe for concurrent use and must not be copied.
//
// Two callers that ask for the same new content at the same time may both
// compile it. Failures are kept as well: a hostile content would otherwise
// cost a compilation each time it is sent.
type Cache struct {
	// MaxActions is how many outcomes to keep. Zero and less mean
	// DefaultMaxActions.
	MaxActions int

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	recent  list.List // of *cacheEntry, most recently used first
	weight  int
}

type cacheKey struct{ content, profile string }

// A cacheEntry is the outcome of one compilation: err is nil exactly when
// action is not.
type cacheEntry struct {
	key    cacheKey
	action *Action
	err    error
	weight int
}

// Compile returns what [Compile] returns for content. The action and the
// *CompileError are shared: do not modify the issues.
func (c *Cache) Compile(content canonical.Value) (*Action, error) {
	form := content.AppendCanonical(nil)
	if e := c.lookup(form); e != nil {
		return e.action, e.err
	}
	e := &cacheEntry{key: cacheKey{string(form), Profile}, weight: entryBytes + len(form)}
	e.action, e.err = Compile(content)
	if e.action != nil {
		e.weight += e.action.Memory()
	}
	var bad *CompileError
	if errors.As(e.err, &bad) {
		e.weight += len(bad.Issues) * entryBytes
	}
	c.store(e)
	return e.action, e.err
}

// Memory returns how many bytes the cache keeps, about, at most 64 MiB.
func (c *Cache) Memory() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.weight
}

func (c *Cache) lookup(form []byte) *cacheEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.entries[cacheKey{string(form), Profile}]
	if el == nil {
		return nil
	}
	c.recent.MoveToFront(el)
	return el.Value.(*cacheEntry)
}

func (c *Cache) store(e *cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[cacheKey]*list.Element{}
	}
	if c.entries[e.key] != nil {
		return // another caller was faster
	}
	c.entries[e.key] = c.recent.PushFront(e)
	c.weight += e.weight
	limit := c.MaxActions
	if limit <= 0 {
		limit = DefaultMaxActions
	}
	for len(c.entries) > limit || c.weight > maxCacheBytes {
		oldest := c.recent.Remove(c.recent.Back()).(*cacheEntry)
		delete(c.entries, oldest.key)
		c.weight -= oldest.weight
	}
}
