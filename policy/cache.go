package policy

import (
	"container/list"
	"errors"
	"sync"

	"github.com/mandate-engine/mandate/canonical"
)

// DefaultMaxActions is the default limit of a [Cache]: about 20 MB of typical
// actions.
const DefaultMaxActions = 256

// maxCacheBytes bounds the memory of a cache, measured by Action.Memory.
// Without it, actions of the largest size that Compile accepts could fill the
// memory.
const maxCacheBytes = 64 << 20

// entryBytes is the size of an entry without an action. A *CompileError may
// have 256 issues.
const entryBytes = 1 << 10

// A Cache compiles contents and keeps the outcomes. It evicts the least
// recently used outcome first. The key is the content's canonical form, which
// the cache keeps, together with the profile: comparing the form is faster
// than hashing it. The zero Cache is ready to use. A Cache is safe for
// concurrent use and must not be copied.
//
// Two callers that request the same new content at the same time may both
// compile it. The cache also keeps failures: otherwise a hostile content would
// cost a compilation every time it is sent.
type Cache struct {
	// MaxActions is the number of outcomes to keep. Zero and negative values
	// mean DefaultMaxActions.
	MaxActions int

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	recent  list.List // of *cacheEntry, most recently used first
	weight  int
}

type cacheKey struct{ content, profile string }

// A cacheEntry is the outcome of one compilation. Exactly one of action and
// err is nil.
type cacheEntry struct {
	key    cacheKey
	action *Action
	err    error
	weight int
}

// Compile returns what [Compile] returns for content. Callers share the action
// and the *CompileError and must not modify the issues.
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

// Memory returns the approximate size of the cache in bytes, at most 64 MiB.
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
		return // another caller stored it first
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
