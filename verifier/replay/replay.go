// Package replay implements one-time use of presentations and challenges in the
// memory of one process.
package replay

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// DefaultMaxEntries is how many presentations a Memory remembers.
// One costs about 130 bytes.
const DefaultMaxEntries = 1 << 20

// ErrFull is what a full Memory returns.
var ErrFull = errors.New("replay: the memory of used presentations is full")

// A Memory is a verifier.Replay in memory. The zero value is ready for use. It is
// empty after a restart: several processes, or one that restarts, need a shared
// store. A Memory that is full of entries that it still has to remember returns
// ErrFull, and nothing is allowed until some have expired: callers that expect
// challenges set verifier.Config.ChallengeLifetime.
type Memory struct {
	// MaxEntries bounds the memory. Zero means DefaultMaxEntries.
	MaxEntries int

	mu   sync.Mutex
	used map[[sha256.Size]byte]time.Time
	// sweep is the size at which Use looks for expired entries, and next the time
	// before which none expires.
	sweep int
	next  time.Time
}

// Use implements verifier.Replay.
func (m *Memory) Use(ctx context.Context, key [sha256.Size]byte, now, until time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if end, ok := m.used[key]; ok && !expired(end, now) {
		return false, nil
	}
	limit := m.MaxEntries
	if limit <= 0 {
		limit = DefaultMaxEntries
	}
	if len(m.used) >= min(limit, max(m.sweep, 1024)) && now.After(m.next) {
		m.sweepOut(now)
	}
	if len(m.used) >= limit {
		return false, ErrFull
	}
	if m.used == nil {
		m.used = map[[sha256.Size]byte]time.Time{}
	}
	m.used[key] = until
	if !until.IsZero() && until.Before(m.next) {
		m.next = until
	}
	return true, nil
}

// sweepOut forgets expired entries.
func (m *Memory) sweepOut(now time.Time) {
	const never = 1 << 62
	m.next = now.Add(never)
	for k, end := range m.used {
		switch {
		case expired(end, now):
			delete(m.used, k)
		case !end.IsZero() && end.Before(m.next):
			m.next = end
		}
	}
	// Twice what is left, so that sweeping costs no more than inserting did.
	m.sweep = 2 * len(m.used)
}

// expired reports whether an entry that has to be kept until end may go.
func expired(end, now time.Time) bool { return !end.IsZero() && now.After(end) }
