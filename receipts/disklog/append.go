package disklog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// A batch is a frame under construction, which one call writes and syncs. The
// caller with the turn writes the batch of all waiting callers.
type batch struct {
	frame  []byte
	places []int64     // offsets of the entries in the frame
	leaves []tlog.Hash // of the entries
	done   chan struct{}
	// first and err are set before done is closed.
	first int64
	err   error
}

func newBatch() *batch {
	return &batch{frame: make([]byte, headerSize, 4096), done: make(chan struct{})}
}

// next returns an empty batch that reuses the memory of b, after b was
// written. The callers waiting for b only read its first and err. next does
// not reuse large buffers.
func (b *batch) next() *batch {
	if cap(b.frame) > 64<<10 {
		return newBatch()
	}
	return &batch{frame: b.frame[:headerSize], places: b.places[:0], leaves: b.leaves[:0], done: make(chan struct{})}
}

// add adds an entry and reports whether it fits.
func (b *batch) add(entry []byte, leaf tlog.Hash) bool {
	if len(b.frame)+2+len(entry) > headerSize+maxBody {
		return false
	}
	b.frame = append(b.frame, byte(len(entry)>>8), byte(len(entry)))
	b.places = append(b.places, int64(len(b.frame)))
	b.leaves = append(b.leaves, leaf)
	b.frame = append(b.frame, entry...)
	return true
}

// Append implements [translog.Log]. Entries of concurrent callers share one
// write and one fsync. If ctx is done, the entry may still be stored. After a
// failed write, Append returns ErrClosed.
func (l *Log) Append(ctx context.Context, entry []byte) (int64, error) {
	if err := translog.CheckEntry(entry); err != nil {
		return 0, err
	}
	leaf := tlog.RecordHash(entry)
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		l.mu.Lock()
		b, i := l.pending, len(l.pending.leaves)
		joined := b.add(entry, leaf)
		l.mu.Unlock()
		select {
		case <-b.done:
		case l.turn <- struct{}{}:
			l.writeInTurn(b)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		switch {
		case joined && b.err != nil:
			return 0, b.err
		case joined:
			return b.first + int64(i), nil
		}
	}
}

// writeInTurn calls write and then releases the turn, even after a panic.
func (l *Log) writeInTurn(b *batch) {
	defer func() { <-l.turn }()
	l.write(b)
}

// write writes b if it is still the pending batch. The caller has the turn.
func (l *Log) write(b *batch) {
	select {
	case <-b.done:
		return // an earlier caller with the turn has written it
	default:
	}
	// Wait while other callers arrive to share the fsync: it takes hundreds of
	// microseconds, a yield to the scheduler less than one.
	for n, idle := 0, 0; !l.opts.NoSync && idle < 32; idle++ {
		runtime.Gosched()
		l.mu.RLock()
		if len(b.leaves) != n {
			n, idle = len(b.leaves), 0
		}
		l.mu.RUnlock()
	}
	l.mu.Lock()
	l.pending = l.spare
	l.mu.Unlock()
	err := ErrClosed // kept after a panic, when it is unknown what was written
	defer func() {
		if b.err = err; err != nil && l.stopped == nil {
			l.stopped = err
		}
		l.spare = b.next()
		close(b.done)
	}()
	b.first = l.tree.Size() // only the holder of the turn changes it
	if stored := l.store(b); stored != nil {
		err = stored
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, at := range b.places {
		l.places = append(l.places, l.end+at)
		l.tree.Add(b.leaves[i])
	}
	l.end += int64(len(b.frame))
	err = nil
}

// store writes the frame of a batch, in a new segment if the last is full. It
// does not change end.
func (l *Log) store(b *batch) error {
	if l.stopped != nil {
		return l.stopped
	}
	if len(b.leaves) == 0 {
		return nil
	}
	sealFrame(b.frame, len(b.leaves), b.first)
	err := l.rotate(b.first)
	if err == nil {
		_, err = l.file.Write(b.frame)
	}
	if err == nil && !l.opts.NoSync {
		err = l.file.Sync()
	}
	return l.stop(err)
}

// stop records the first failed write. After it, the content of the disk is
// unknown, and a later successful fsync proves nothing about it.
func (l *Log) stop(err error) error {
	if err == nil {
		return nil
	}
	l.stopped = fmt.Errorf("%w: a write failed: %w", ErrClosed, err)
	return l.stopped
}

// rotate starts a new segment if there is none or the last is full. It first
// makes the old segment durable, so only the last segment can be torn.
func (l *Log) rotate(first int64) error {
	if l.file != nil {
		if l.end < l.opts.SegmentBytes || l.end == int64(len(magic)) {
			return nil
		}
		if err := l.file.Sync(); err != nil {
			return err
		}
		if err := l.file.Close(); err != nil {
			return err
		}
	}
	name := segmentName(first)
	if err := writeFile(l.dir, name, []byte(magic)); err != nil {
		return err
	}
	return l.openLast(segment{first, filepath.Join(l.dir, name)}, int64(len(magic)))
}

// openLast opens the last segment to append after its first end bytes. The
// caller has the turn, or is the only user of the log.
func (l *Log) openLast(s segment, end int64) (err error) {
	if l.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = end
	if n := len(l.segments); n == 0 || l.segments[n-1] != s {
		l.segments = append(l.segments, s)
	}
	return nil
}

func segmentName(first int64) string { return fmt.Sprintf("%016x.seg", first) }

// Sync makes acknowledged entries durable. Without NoSync they always are.
func (l *Log) Sync() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	return l.sync()
}

func (l *Log) sync() error {
	switch {
	case l.stopped != nil:
		return l.stopped
	case l.file == nil:
		return nil
	}
	return l.stop(l.file.Sync())
}

// Close writes the pending batch, syncs, records a clean shutdown and releases
// the lock. After a failed write it does not record a clean shutdown.
func (l *Log) Close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.opts.ReadOnly {
		return nil
	}
	l.mu.RLock()
	b := l.pending
	l.mu.RUnlock()
	l.write(b)
	err := l.sync()
	if err == nil {
		err = writeFile(l.dir, "state", []byte(stateClosed))
		l.stopped = ErrClosed
	}
	if l.file != nil {
		l.file.Close() // it is synced, or has failed already
		l.file = nil
	}
	unlock := l.unlock
	l.unlock = func() error { return nil }
	if e := unlock(); err == nil {
		err = e
	}
	return err
}
