package verifier

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// A ContextChecker decides whether the terms of a document mean what their
// names say, beyond the URLs of its @context, which are always checked.
// Implementations must be safe for concurrent use and must not fetch anything.
type ContextChecker interface {
	// CheckContext returns an error when the document must not be relied on.
	CheckContext(document canonical.Value) error
}

// A StatusSource hands out status list credentials. Implementations must be
// safe for concurrent use.
type StatusSource interface {
	// StatusList returns the status list credential published at url, as
	// received: the engine verifies it. ErrNoStatusList means that there is
	// none, which denies; any other error means that it could not be found
	// out, which is no decision.
	StatusList(ctx context.Context, url string) ([]byte, error)
}

// ErrNoStatusList is what a [StatusSource] returns for a list it knows not to
// exist.
var ErrNoStatusList = errors.New("verifier: no such status list")

// StatusLists is a StatusSource of lists at hand, by their URL.
type StatusLists map[string][]byte

// StatusList implements [StatusSource].
func (l StatusLists) StatusList(_ context.Context, url string) ([]byte, error) {
	if b, ok := l[url]; ok {
		return b, nil
	}
	return nil, ErrNoStatusList
}

// A Replay remembers which presentations were used. Implementations must be
// safe for concurrent use, and by all processes that share one verifier.
type Replay interface {
	// Use records that key is used up, atomically, and reports whether it was
	// not before. The key has to be remembered until the time until, or for
	// good when that is zero; now is the time of the decision. A store that
	// cannot take another key returns an error; it never forgets one early.
	Use(ctx context.Context, key [sha256.Size]byte, now, until time.Time) (first bool, err error)
}

// DefaultReplayEntries is how many presentations a MemoryReplay remembers.
// One costs about 130 bytes.
const DefaultReplayEntries = 1 << 20

// ErrReplayFull is what a full MemoryReplay returns.
var ErrReplayFull = errors.New("verifier: the memory of used presentations is full")

// A MemoryReplay is a Replay in memory. The zero value is ready for use. It
// forgets everything when the process ends: behind several processes, or across
// restarts, use one that is shared. When it is full of what still has to be
// remembered, nothing is decided any more: with expected challenges, set
// Config.ChallengeLifetime.
type MemoryReplay struct {
	// MaxEntries bounds the memory. Zero means DefaultReplayEntries.
	MaxEntries int

	mu   sync.Mutex
	used map[[sha256.Size]byte]time.Time
	// sweep is the size at which the entries that are over are looked for, and
	// next the time before which there is none.
	sweep int
	next  time.Time
}

// Use implements [Replay].
func (m *MemoryReplay) Use(ctx context.Context, key [sha256.Size]byte, now, until time.Time) (bool, error) {
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
		most = DefaultReplayEntries
	}
	if len(m.used) >= min(most, max(m.sweep, 1024)) && now.After(m.next) {
		m.sweepOut(now)
	}
	if len(m.used) >= most {
		return false, ErrReplayFull
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
func (m *MemoryReplay) sweepOut(now time.Time) {
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
