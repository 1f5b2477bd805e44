package statuslist

import (
	"crypto/sha256"
	"sync"

	"github.com/mandate-engine/mandate/canonical"
)

// A Memo caches the values, or the errors, of list entries. They depend only
// on the bytes of the list, and decompressing a list may take as long as a
// hundred signatures. When it is full, the least recently used half is
// dropped. A nil Memo caches nothing. A Memo is safe for concurrent use.
type Memo struct {
	mu         sync.Mutex
	limit      int
	young, old map[place]found
}

// A place is an entry of a list, which is identified by the SHA-256 of its
// canonical form.
type place struct {
	list        [sha256.Size]byte
	index, size int
}

type found struct {
	value int
	err   error
}

// NewMemo returns a Memo of at most limit entries of about 120 bytes. It
// returns nil if limit is less than 1.
func NewMemo(limit int) *Memo {
	if limit < 1 {
		return nil
	}
	return &Memo{limit: limit, young: map[place]found{}}
}

// Value returns e.Value(credential). digest is the SHA-256 of the canonical
// form of credential.
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

// add is put for a caller that holds the lock.
func (m *Memo) add(at place, f found) {
	if len(m.young) >= max(m.limit/2, 1) {
		m.young, m.old = map[place]found{}, m.young
	}
	m.young[at] = f
}
