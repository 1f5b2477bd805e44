package translog

import (
	"iter"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// An Audit is what a list of entries was found to be.
type Audit struct {
	// Completeness is Unproven unless a checkpoint was given, and fits.
	Completeness Completeness
	// Entries is how many there were. Those beyond the checkpoint's size are
	// not proven by it.
	Entries int64
	// Root is that of the tree of all entries.
	Root tlog.Hash
	// Gaps are the places at which the log itself says that entries may be
	// missing before them.
	Gaps []Gap
}

// Verify audits a log: it reads all entries, in order, and compares them with
// a checkpoint that one of keys has signed. Any entry changed, moved, left out
// or put in among the first N, and any list that ends before N, is an error
// that wraps ErrNotProven. With a nil checkpoint no list of entries is an
// error, and none is more than Unproven.
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
// the largest first, one for each bit of its size.
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
		h, _ := tlog.TreeHash(0, nil) // reads nothing
		return h
	}
	h := f.tops[len(f.tops)-1]
	for i := len(f.tops) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.tops[i], h)
	}
	return h
}

// Entries reads the first size entries of a log, up to the first error.
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
