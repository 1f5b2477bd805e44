// Package replay answers one question: was this used before? It remembers, in
// memory, which presentations and challenges were used.
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

// A Memory is a verifier.Replay in memory. The zero value is ready for use. It
// forgets everything when the process ends: behind several processes, or across
// restarts, use one that is shared. When it is full of what still has to be
// remembered, nothing is decided any more: with expected challenges, set
// verifier.Config.ChallengeLifetime.
type Memory struct {
	// MaxEntries bounds the memory. Zero means DefaultMaxEntries.
	MaxEntries int

	mu   sync.Mutex
	used map[[sha256.Size]byte]time.Time
	// sweep is the size at which the entries that are over are looked for, and
	// next the time before which there is none.
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
	if end, ok := m.used[key]; ok && !over(end, now) {
		return false, nil
	}
	most := m.MaxEntries
	if most <= 0 {
		most = DefaultMaxEntries
	}
	if len(m.used) >= min(most, max(m.sweep, 1024)) && now.After(m.next) {
		m.sweepOut(now)
	}
	if len(m.used) >= most {
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

// sweepOut forgets the entries that are over.
func (m *Memory) sweepOut(now time.Time) {
	const never = 1 << 62
	m.next = now.Add(never)
	for k, end := range m.used {
		switch {
		case over(end, now):
			delete(m.used, k)
		case !end.IsZero() && end.Before(m.next):
			m.next = end
		}
	}
	// Twice what is left, so that sweeping costs no more than inserting did.
	m.sweep = 2 * len(m.used)
}

// over reports whether an entry that has to be kept until end may go.
func over(end, now time.Time) bool { return !end.IsZero() && now.After(end) }
