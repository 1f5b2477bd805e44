package translog

import (
	"iter"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// An Audit is the result of auditing a list of entries.
type Audit struct {
	// Completeness is Unproven unless a checkpoint was given and matches.
	Completeness Completeness
	// Entries is the number of entries read. The checkpoint does not prove
	// entries beyond its size.
	Entries int64
	// Root is the root of the tree of all entries.
	Root tlog.Hash
	// Gaps are the gap entries in the log: before each, entries may be
	// missing.
	Gaps []Gap
}

// Verify audits a log: it reads all entries, in order, and compares them with
// a checkpoint signed by one of keys. If any of the first N entries was
// changed, moved, removed or inserted, or if the list ends before N, the error
// wraps ErrNotProven. With a nil checkpoint Verify accepts any list of
// entries, and its completeness is Unproven.
func Verify(entries iter.Seq2[[]byte, error], checkpoint []byte, keys ...note.Verifier) (*Audit, error) {
	a := &Audit{Completeness: Unproven}
	var c Checkpoint
	var err error
	if checkpoint != nil {
		if c, err = Open(checkpoint, keys...); err != nil {
			return nil, err
		}
	}
	var t frontier
	fits := checkpoint != nil && c.Size == 0 && c.Root == t.root()
	for entry, err := range entries {
		if err != nil {
			return nil, err
		}
		if err := CheckEntry(entry); err != nil {
			return nil, notProven("entry %d: %v", t.size, err)
		}
		if g, ok := ParseGap(entry); ok {
			a.Gaps = append(a.Gaps, g)
		}
		t.add(tlog.RecordHash(entry))
		if checkpoint != nil && t.size == c.Size {
			if fits = t.root() == c.Root; !fits {
				break
			}
		}
	}
	a.Entries, a.Root = t.size, t.root()
	switch {
	case checkpoint == nil:
		return a, nil
	case t.size < c.Size:
		return nil, notProven("truncated: %d entries, the checkpoint is of size %d", t.size, c.Size)
	case !fits:
		return nil, notProven("the first %d entries are not those of the checkpoint", c.Size)
	}
	a.Completeness = c.Completeness()
	return a, nil
}

// A frontier is the right edge of a tree: the roots of its perfect subtrees,
// largest first, one for each 1 bit of its size.
type frontier struct {
	size int64
	tops []tlog.Hash
}

func (f *frontier) add(h tlog.Hash) {
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.tops) - 1
		h = tlog.NodeHash(f.tops[last], h)
		f.tops = f.tops[:last]
	}
	f.tops = append(f.tops, h)
	f.size++
}

func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // reads no hashes
		return h
	}
	h := f.tops[len(f.tops)-1]
	for i := len(f.tops) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.tops[i], h)
	}
	return h
}

// Entries yields the first size entries of a log, up to the first error.
func Entries(src Source, size int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range size {
			e, err := src.Entry(i)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
