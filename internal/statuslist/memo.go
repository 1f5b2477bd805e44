package statuslist

import (
	"crypto/sha256"
	"sync"

	"github.com/mandate-engine/mandate/canonical"
)

// A Memo remembers what was found in lists, or why nothing was, which depends on
// the bytes of the list alone: to decompress one may take as long as a hundred
// signatures. Entries not asked for during the longest time go first, in halves. A
// nil Memo remembers nothing; a Memo is safe for concurrent use.
type Memo struct {
	mu         sync.Mutex
	most       int
	young, old map[place]found
}

// A place is an entry of a list, told by the SHA-256 of its canonical form.
type place struct {
	list        [sha256.Size]byte
	index, size int
}

type found struct {
	value int
	err   error
}

// NewMemo returns a Memo of at most that many entries, about 120 bytes each, and nil
// when that is less than 1.
func NewMemo(most int) *Memo {
	if most < 1 {
		return nil
	}
	return &Memo{most: most, young: map[place]found{}}
}

// Value returns what e.Value(credential) returns. digest is the SHA-256 of the
// canonical form of credential.
func (m *Memo) Value(e *Entry, credential canonical.Value, digest [sha256.Size]byte) (int, error) {
	if err := e.fits(credential); m == nil || err != nil {
		return e.Value(credential)
	}
	at := place{digest, e.index, e.size}
	f, ok := m.get(at)
	if !ok {
		f.value, f.err = e.find(credential)
		m.put(at, f)
	}
	return f.value, f.err
}

func (m *Memo) get(at place) (found, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.young[at]
	if !ok {
		if f, ok = m.old[at]; ok {
			m.add(at, f)
		}
	}
	return f, ok
}

func (m *Memo) put(at place, f found) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(at, f)
}

// add is put for the holder of the lock.
func (m *Memo) add(at place, f found) {
	if len(m.young) >= max(m.most/2, 1) {
		m.young, m.old = map[place]found{}, m.young
	}
	m.young[at] = f
}
