package translog

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// A Tree holds the nodes of a log's Merkle tree in memory, about 64 bytes per
// entry. The zero value is the empty tree. It is not safe for concurrent use.
type Tree struct {
	size   int64
	hashes []tlog.Hash // by tlog.StoredHashIndex
}

// Size returns the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Add appends the leaf of an entry.
func (t *Tree) Add(leaf tlog.Hash) {
	t.hashes = append(t.hashes, leaf)
	for l, n := 0, t.size; n&1 == 1; l, n = l+1, n>>1 {
		leaf = tlog.NodeHash(t.hashes[tlog.StoredHashIndex(l, n-1)], leaf)
		t.hashes = append(t.hashes, leaf)
	}
	t.size++
}

// ReadHashes implements [tlog.HashReader].
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("translog: node %d is not in a tree of %d leaves", x, t.size)
		}
		out[i] = t.hashes[x]
	}
	return out, nil
}

// Memory is a [Log] and a [Source] in memory. The zero value is an empty log.
type Memory struct {
	mu      sync.RWMutex
	tree    Tree
	entries [][]byte
}

// Append implements [Log]. The entry is not durable.
func (m *Memory) Append(ctx context.Context, entry []byte) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := CheckEntry(entry); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = append(m.entries, slices.Clone(entry))
	m.tree.Add(tlog.RecordHash(entry))
	return m.tree.size - 1, nil
}

// Size implements [Source].
func (m *Memory) Size() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.tree.size
}

// Entry implements [Source].
func (m *Memory) Entry(index int64) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if index < 0 || index >= m.tree.size {
		return nil, fmt.Errorf("translog: there is no entry %d in a log of %d", index, m.tree.size)
	}
	return slices.Clone(m.entries[index]), nil
}

// ReadHashes implements [Source].
func (m *Memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.tree.ReadHashes(indexes)
}
