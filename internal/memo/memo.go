// Package memo implements a bounded map that forgets the entries that have not
// been used for the longest time.
//
// It holds results that depend on their key alone, such as whether a signature
// over given bytes is valid, so an entry never expires.
package memo

import "sync"

// A Memo maps keys to values. It is safe for concurrent use. A nil Memo remembers
// nothing: Get finds no key and Add does nothing.
//
// The entries are in two generations. Add writes to the recent one, and Get moves
// there what it finds in the older one. When the recent generation is full, it
// becomes the older one, and the Memo forgets the older one. So an entry is kept
// as long as it is used once for every max/2 others.
type Memo[K comparable, V any] struct {
	mu            sync.Mutex
	half          int // entries of one generation
	recent, older map[K]V
}

// New returns a Memo of at most max entries, or of two if max is 1. It returns nil
// if max is less than 1.
//
// A Memo takes about max times the size of a key and a value, up to three times
// that while its maps are sparse, and what keys and values point to. It never
// gives that memory back.
func New[K comparable, V any](max int) *Memo[K, V] {
	if max < 1 {
		return nil
	}
	half := 1
	if max > 1 {
		half = max / 2
	}
	return &Memo[K, V]{half: half, recent: map[K]V{}, older: map[K]V{}}
}

// Get returns the value of key, and whether there is one.
func (m *Memo[K, V]) Get(key K) (value V, ok bool) {
	if m == nil {
		return value, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok = m.recent[key]; ok {
		return value, true
	}
	if value, ok = m.older[key]; ok {
		m.add(key, value)
	}
	return value, ok
}

// Add sets the value of key.
func (m *Memo[K, V]) Add(key K, value V) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(key, value)
}

// add is Add for callers that hold the lock.
func (m *Memo[K, V]) add(key K, value V) {
	delete(m.older, key)
	if _, ok := m.recent[key]; !ok && len(m.recent) >= m.half {
		m.recent, m.older = m.older, m.recent
		clear(m.recent)
	}
	m.recent[key] = value
}

// Len returns the number of entries.
func (m *Memo[K, V]) Len() int {
	if m == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.recent) + len(m.older)
}
