// Package sigmemo answers one question: was this very signature verified before?
//
// Whether a key has made a signature of some bytes never changes; whose key it
// is, and whether it may still be used, is none of it. So whoever remembers that a
// signature verified saves that computation, and nothing else.
package sigmemo

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// An ID stands for a key, a document, and one of the proofs in it.
type ID [sha256.Size]byte

// Of returns the ID of the signature by key in the proof with that index.
// document is the SHA-256 of the document's canonical form, its proofs included:
// it settles which bytes are signed, and the signature.
func Of(key, document [32]byte, proof int) ID {
	var all [32 + 32 + 8]byte // of fixed lengths, so that none runs into the next
	copy(all[copy(all[:], key[:]):], document[:])
	binary.BigEndian.PutUint64(all[64:], uint64(proof))
	return sha256.Sum256(all[:])
}

// A Memo remembers signatures that verified, those not seen for the longest time
// going first, in halves. It never remembers one that did not. A nil Memo
// remembers nothing; a Memo is safe for concurrent use.
type Memo struct {
	mu         sync.Mutex
	most       int
	young, old map[ID]struct{}
}

// New returns a Memo of at most that many signatures, about 50 bytes each, and
// nil when that is less than 1.
func New(most int) *Memo {
	if most < 1 {
		return nil
	}
	return &Memo{most: most, young: map[ID]struct{}{}}
}

// Has reports whether id was added, and not forgotten since.
func (m *Memo) Has(id ID) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.young[id]; ok {
		return true
	}
	_, ok := m.old[id]
	if ok {
		m.add(id)
	}
	return ok
}

// Add remembers a signature that verified.
func (m *Memo) Add(id ID) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(id)
}

// add is Add for the holder of the lock. What is asked for again moves to the
// young half; when that is full, the old half is forgotten.
func (m *Memo) add(id ID) {
	if len(m.young) >= max(m.most/2, 1) {
		m.young, m.old = m.old, m.young
		if clear(m.young); m.young == nil { // the first time
			m.young = make(map[ID]struct{}, m.most/2)
		}
	}
	m.young[id] = struct{}{}
}

// Len returns how many signatures are remembered, those twice that were asked for
// again.
func (m *Memo) Len() int {
	if m == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.young) + len(m.old)
}
