// Package disklog answers one question: how do receipts survive a crash? It
// implements a log of package translog in the files of one directory:
//
//	lock                   held by the one writer
//	state                  how the last writer worked, and whether it ended
//	NNNNNNNNNNNNNNNN.seg   segments, named in hex by the index of their first entry
//	checkpoint             the newest one that was signed
//	NNNNNNNNNNNNNNNN.M.dropped  what Open has cut off before entry N, for people
//
// Segments are append-only. Open reads and checks every byte and builds the
// Merkle tree in memory: 72 bytes per entry, and about two seconds per
// gigabyte in the page cache.
//
// # What may be lost
//
// If the writer ends with Close, nothing is lost. If it dies:
//
//	             process killed   power or kernel lost
//	default      nothing          nothing
//	NoSync       nothing          what was acknowledged since the last Sync,
//	                              Checkpoint or new segment
//
// "Nothing" refers to acknowledged entries, on a disk that has stored the data
// when fsync returns. The next Open cuts off an incomplete batch and keeps it
// in a file next to the log. If acknowledged entries may be missing, it
// appends an entry about the gap, a [translog.Gap]:
//
//   - after a writer with NoSync that did not end with Close, because entries
//     may be missing without a trace;
//   - if the last batch has its full length but is broken: the crash may have
//     come before fsync returned, or the disk may have failed afterwards;
//   - if the file state is missing or unreadable.
//
// If acknowledged entries are certainly missing, Open returns [ErrDamaged] and
// changes nothing:
//
//   - if other batches follow a broken or missing batch. With NoSync, a power
//     loss can cause this;
//   - if anything is broken after a Close;
//   - if all segments are missing;
//   - if the log is shorter than the checkpoint in the directory, or does not
//     match it.
//
// Restore such a log from a copy, repair it by hand as described in
// docs/log.md, or start a new log. Continuing it could mean signing two
// histories.
//
// Open does not detect batches that were cut off completely at the end of the
// log if no checkpoint in the directory covers them. A client with a
// checkpoint that covers them does.
package disklog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

var (
	// ErrLocked means that another writer has the log open.
	ErrLocked = errors.New("disklog: another writer has the log open")
	// ErrDamaged means that acknowledged entries are missing or changed.
	ErrDamaged = errors.New("disklog: the log is damaged")
	// ErrClosed means that the log is closed or that a write has failed. After
	// a failed write the content of the disk is unknown: open the log again.
	ErrClosed = errors.New("disklog: the log is closed")
)

// Options configure a Log. The zero value is safe.
type Options struct {
	// NoSync acknowledges entries before they are on the disk. By default an
	// entry is on the disk before it is acknowledged, with one fsync for all
	// waiting callers.
	NoSync bool
	// ReadOnly opens the log while a writer may have it open. It locks,
	// repairs and changes nothing. Append fails. Incomplete batches are left
	// out.
	ReadOnly bool
	// SegmentBytes is the size at which a new segment starts. Zero means 64
	// MiB.
	SegmentBytes int64
}

// A Recovery describes the repairs of Open after a crash.
type Recovery struct {
	// Dropped is the number of bytes of an incomplete batch that were cut off
	// and set aside, or, with ReadOnly, left out.
	Dropped int64
	// Gap is the disclosed gap, or nil if no acknowledged entry can be
	// missing.
	Gap *translog.Gap
}

// A Log is a [translog.Log] and a [translog.Source]. It is safe for concurrent
// use.
type Log struct {
	dir      string
	opts     Options
	recovery Recovery
	unlock   func() error
	found    []byte // the checkpoint at the time of Open

	turn    chan struct{} // held by the caller that writes
	file    *os.File      // the last segment; for the holder of turn
	end     int64         // its length
	stopped error         // the error that ended writing
	spare   *batch        // reused for the next batch

	mu       sync.RWMutex
	pending  *batch
	tree     translog.Tree
	places   []int64   // offset of each entry in its segment
	segments []segment // by index
}

type segment struct {
	first int64 // index of its first entry
	path  string
}

// Open opens the log in a directory for its only writer, or with ReadOnly for
// reading its present content. It creates the directory if necessary.
func Open(dir string, opts Options) (l *Log, err error) {
	if opts.SegmentBytes == 0 {
		opts.SegmentBytes = 64 << 20
	}
	if opts.SegmentBytes < 0 {
		return nil, errors.New("disklog: SegmentBytes is negative")
	}
	l = &Log{dir: dir, opts: opts, turn: make(chan struct{}, 1), pending: newBatch(), spare: newBatch(), unlock: func() error { return nil }}
	if opts.ReadOnly {
		l.stopped = errors.New("disklog: opened to read only")
		if err := l.inspect(); err != nil {
			return nil, err
		}
		return l, nil
	}
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	if l.unlock, err = lock(filepath.Join(dir, "lock")); err != nil {
		return nil, err
	}
	if err := l.recover(); err != nil {
		if l.file != nil {
			err = errors.Join(err, l.file.Close())
		}
		return nil, errors.Join(err, l.unlock())
	}
	return l, nil
}

// Recovered returns the repairs of Open.
func (l *Log) Recovered() Recovery { return l.recovery }

// load reads the checkpoint and then all segments. The order matters: beside a
// reader, the writer may sign entries that the reader has not read yet. load
// returns the state of the end of the last segment.
func (l *Log) load() (t tail, err error) {
	if l.found, err = l.readFile("checkpoint"); err != nil {
		return whole, err
	}
	names, err := filepath.Glob(filepath.Join(strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(l.dir), "????????????????.seg"))
	if err != nil {
		return whole, fmt.Errorf("disklog: %w", err)
	}
	if _, err := os.Stat(l.dir); err != nil {
		return whole, fmt.Errorf("disklog: %w", err)
	}
	slices.Sort(names)
	for i, name := range names {
		first := l.tree.Size()
		if filepath.Base(name) != segmentName(first) || t != whole {
			return t, fmt.Errorf("%w: %s does not follow %d sound entries", ErrDamaged, filepath.Base(name), first)
		}
		if t, err = l.loadSegment(name, i == len(names)-1); err != nil {
			return t, err
		}
	}
	return t, l.checkCheckpoint()
}

func (l *Log) loadSegment(name string, last bool) (tail, error) {
	f, err := os.Open(name)
	if err != nil {
		return whole, fmt.Errorf("disklog: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return whole, fmt.Errorf("disklog: %w", err)
	}
	l.segments = append(l.segments, segment{l.tree.Size(), name})
	end, _, t, err := readSegment(bufio.NewReaderSize(f, 1<<16), info.Size(), l.tree.Size(), func(at int64, e []byte) {
		l.places = append(l.places, at)
		l.tree.Add(tlog.RecordHash(e))
	})
	if err != nil {
		return t, fmt.Errorf("disklog: %s: %w", filepath.Base(name), err)
	}
	if t == buried {
		return t, fmt.Errorf("%w: %s: the batch at byte %d is broken or missing, and others were written after it", ErrDamaged, filepath.Base(name), end)
	}
	if l.opts.ReadOnly && t == broken {
		return t, fmt.Errorf("%w: %s at byte %d; opening it to write may repair it", ErrDamaged, filepath.Base(name), end)
	}
	if last {
		l.end, l.recovery.Dropped = end, info.Size()-end
	}
	return t, nil
}

// checkCheckpoint compares the log with the checkpoint in its directory. It
// does not check the signature: it detects damage, not tampering.
func (l *Log) checkCheckpoint() error {
	if l.found == nil {
		return nil
	}
	c, err := translog.ReadUnverified(l.found)
	if err != nil {
		return fmt.Errorf("%w: its checkpoint: %w", ErrDamaged, err)
	}
	if logSize := l.tree.Size(); c.Size > logSize {
		return fmt.Errorf("%w: %d entries, and a checkpoint of size %d", ErrDamaged, logSize, c.Size)
	}
	root, err := tlog.TreeHash(c.Size, &l.tree)
	if err != nil {
		return fmt.Errorf("disklog: %w", err)
	}
	if root != c.Root {
		return fmt.Errorf("%w: its first %d entries are not those of its checkpoint", ErrDamaged, c.Size)
	}
	return nil
}

// ReadCheckpoint returns the newest signed checkpoint, or nil if there is
// none. With ReadOnly it is the newest at the time of Open. The signature is
// not verified.
func (l *Log) ReadCheckpoint() ([]byte, error) {
	if l.opts.ReadOnly {
		return bytes.Clone(l.found), nil
	}
	return l.readFile("checkpoint")
}

// readFile returns the content of a file in the directory, or nil if it does
// not exist.
func (l *Log) readFile(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(l.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	return b, nil
}

// Checkpoint makes the acknowledged entries durable, signs a checkpoint of
// them, and stores it in the directory. Concurrent appends wait.
func (l *Log) Checkpoint(signer note.Signer) ([]byte, error) {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if err := l.sync(); err != nil {
		return nil, err
	}
	b, err := translog.Sign(l, l.Size(), signer)
	if err != nil {
		return nil, err
	}
	return b, writeFile(l.dir, "checkpoint", b)
}

// Size implements [translog.Source].
func (l *Log) Size() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tree.Size()
}

// ReadHashes implements [translog.Source].
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tree.ReadHashes(indexes)
}

// Entry implements [translog.Source]. It reads the disk and returns ErrDamaged
// if the bytes have changed.
func (l *Log) Entry(index int64) ([]byte, error) {
	l.mu.RLock()
	if index < 0 || index >= l.tree.Size() {
		defer l.mu.RUnlock()
		return nil, fmt.Errorf("disklog: there is no entry %d in a log of %d", index, l.tree.Size())
	}
	s := l.segments[sort.Search(len(l.segments), func(i int) bool { return l.segments[i].first > index })-1]
	at := l.places[index]
	leaf, err := l.tree.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	l.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	defer f.Close()
	var length [2]byte
	if _, err := f.ReadAt(length[:], at-2); err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	entry := make([]byte, int(length[0])<<8|int(length[1]))
	if _, err := f.ReadAt(entry, at); err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	if tlog.RecordHash(entry) != leaf[0] {
		return nil, fmt.Errorf("%w: entry %d has changed on the disk", ErrDamaged, index)
	}
	return entry, nil
}
