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
// One costs about 110 bytes.
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
	used map[[sha256.Size]byte]instant // without pointers: the collector does not look into it
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
	if end, ok := m.used[key]; ok && !end.over(now) {
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
		m.used = map[[sha256.Size]byte]instant{}
	}
	m.used[key] = instantOf(until)
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
		case end.over(now):
			delete(m.used, k)
		case !end.never && end.time().Before(m.next):
			m.next = end.time()
		}
	}
	// Twice what is left, so that sweeping costs no more than inserting did.
	m.sweep = 2 * len(m.used)
}

// An instant is a time, or never.
type instant struct {
	seconds int64
	nanos   int32
	never   bool
}

// instantOf returns t; the zero time is never.
func instantOf(t time.Time) instant {
	return instant{t.Unix(), int32(t.Nanosecond()), t.IsZero()}
}

func (i instant) time() time.Time { return time.Unix(i.seconds, int64(i.nanos)) }

// over reports whether an entry that has to be kept until i may go.
func (i instant) over(now time.Time) bool { return !i.never && now.After(i.time()) }
