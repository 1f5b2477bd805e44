// Package logtest answers one question: does this log keep the promises of
// translog.Log and translog.Source? It implements the conformance test of both
// interfaces.
package logtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// A Log is the log under test.
type Log interface {
	translog.Log
	translog.Source
}

// Check appends some hundred entries to l, which may already have entries. It
// returns an error that lists every broken promise, or nil. It does not check
// durability after a crash.
func Check(l Log) error {
	c := &checker{l: l, ctx: context.Background()}
	c.bounds()
	c.copies()
	c.concurrent()
	c.done()
	c.tree()
	return errors.Join(c.faults...)
}

type checker struct {
	l      Log
	ctx    context.Context
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("logtest: "+format, args...))
}

// bounds checks that invalid entries are refused without effect, that the
// largest entry is stored, and that indexes out of range are errors.
func (c *checker) bounds() {
	before := c.l.Size()
	for _, n := range []int{0, translog.MaxEntry + 1} {
		if _, err := c.l.Append(c.ctx, make([]byte, n)); err == nil {
			c.fault("an entry of %d bytes is taken", n)
		}
	}
	if got := c.l.Size(); got != before {
		c.fault("refused entries change the size from %d to %d", before, got)
	}
	c.append(bytes.Repeat([]byte("x"), translog.MaxEntry), before)
	c.append([]byte{0}, before+1)
	for _, i := range []int64{-1, before + 2, 1 << 62} {
		if e, err := c.l.Entry(i); err == nil {
			c.fault("there is an entry %d in a log of %d: %d bytes", i, before+2, len(e))
		}
	}
	if _, err := c.l.ReadHashes([]int64{tlog.StoredHashIndex(0, before+2)}); err == nil {
		c.fault("there is a node of an entry that is not there")
	}
}

// append appends an entry that must get the index want, and reads it.
func (c *checker) append(entry []byte, want int64) {
	i, err := c.l.Append(c.ctx, entry)
	if err != nil || i != want {
		c.fault("the next entry has the index %d, %v; want %d", i, err, want)
		return
	}
	if got, err := c.l.Entry(i); err != nil || !bytes.Equal(got, entry) {
		c.fault("entry %d is not what was appended: %v", i, err)
	}
	if got := c.l.Size(); got != want+1 {
		c.fault("after entry %d the size is %d", i, got)
	}
}

// copies checks that the log and its callers share no memory.
func (c *checker) copies() {
	entry, want := []byte("copied"), []byte("copied")
	i, err := c.l.Append(c.ctx, entry)
	if err != nil {
		c.fault("%w", err)
		return
	}
	entry[0] = 'C'
	for range 2 {
		got, err := c.l.Entry(i)
		if err != nil || !bytes.Equal(got, want) {
			c.fault("entry %d changes with the memory of its callers: %q, %v", i, got, err)
			return
		}
		got[0] = 'C'
	}
}

// concurrent checks that concurrently appended entries get one index each,
// without holes, and can be read once they are acknowledged.
func (c *checker) concurrent() {
	const workers, each = 8, 16
	before := c.l.Size()
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := range each {
				entry := fmt.Appendf(nil, "worker %d, entry %d", w, n)
				i, err := c.l.Append(c.ctx, entry)
				var got []byte
				if err == nil {
					got, err = c.l.Entry(i)
				}
				mu.Lock()
				if err != nil || !bytes.Equal(got, entry) || seen[i] || i < before {
					c.fault("appended at once: %q is %q at %d, %v", entry, got, i, err)
				}
				seen[i] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := c.l.Size(); len(seen) != workers*each || got != before+workers*each {
		c.fault("%d entries appended at once have %d indexes, and the log grew by %d", workers*each, len(seen), got-before)
	}
}

// done checks that nothing is acknowledged after ctx is done.
func (c *checker) done() {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	if i, err := c.l.Append(ctx, []byte("done")); err == nil {
		c.fault("an entry is acknowledged at %d though the context is done", i)
	}
}

// tree checks the tree against the entries.
func (c *checker) tree() {
	size := c.l.Size()
	got, err := tlog.TreeHash(size, c.l)
	if err != nil {
		c.fault("%w", err)
		return
	}
	audit, err := translog.Verify(translog.Entries(c.l, size), nil)
	if err != nil {
		c.fault("%w", err)
	} else if audit.Root != got || audit.Entries != size {
		c.fault("the tree of %d entries is not theirs", size)
	}
}
