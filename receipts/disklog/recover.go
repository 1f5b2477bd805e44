package disklog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// Values of the file state: how the last writer ended, or how the present one
// works.
const (
	stateClosed = "closed\n" // it ended with Close
	stateSync   = "sync\n"   // it acknowledged only durable entries
	stateLossy  = "lossy\n"  // acknowledged entries may be missing, with or without a trace
)

var (
	errEmptied    = fmt.Errorf("%w: its segments are gone", ErrDamaged)
	errClosedTorn = fmt.Errorf("%w: it was closed, and what is at its end is broken", ErrDamaged)
)

// inspect reads the log for a reader. Meanwhile a writer may open the log,
// append to it and close it.
func (l *Log) inspect() error {
	before, err := l.readFile("state")
	if err != nil {
		return err
	}
	t, err := l.load()
	if err != nil {
		return err
	}
	if len(l.segments) == 0 {
		if before != nil { // a writer creates the first segment before the state file
			return errEmptied
		}
		return nil
	}
	if t != short {
		return nil
	}
	// Once the state is closed, no batch is incomplete any more.
	state, err := l.readFile("state")
	if err != nil {
		return err
	}
	info, err := os.Stat(l.segments[len(l.segments)-1].path)
	if err != nil {
		return fmt.Errorf("disklog: %w", err)
	}
	if string(state) == stateClosed && info.Size() == l.end+l.recovery.Dropped {
		return errClosedTorn
	}
	return nil
}

// recover reads the log for its writer, repairs the effects of a crash and
// discloses a gap.
func (l *Log) recover() error {
	state, err := l.readFile("state")
	if err != nil {
		return err
	}
	t, err := l.load()
	if err != nil {
		return err
	}
	why, err := judge(state, t, len(l.segments) == 0)
	if err != nil {
		return err
	}
	if why != "" { // before anything is cut off, so that another crash cannot hide it
		if err := writeFile(l.dir, "state", []byte(stateLossy)); err != nil {
			return err
		}
	}
	if n := len(l.segments); n > 0 {
		if err := l.setAside(l.segments[n-1]); err != nil {
			return fmt.Errorf("disklog: %w", err)
		}
		if err := l.openLast(l.segments[n-1], l.end); err != nil {
			return fmt.Errorf("disklog: %w", err)
		}
		if err := errors.Join(l.file.Truncate(l.end), l.file.Sync()); err != nil {
			return fmt.Errorf("disklog: %w", err)
		}
	} else if err := l.rotate(0); err != nil { // before the state file, which implies that segments exist
		return fmt.Errorf("disklog: %w", err)
	}
	if why != "" {
		if err := l.disclose(why); err != nil {
			return err
		}
	}
	next := stateSync
	if l.opts.NoSync {
		next = stateLossy
	}
	return writeFile(l.dir, "state", []byte(next))
}

// judge returns the reason why acknowledged entries may be missing, or "". It
// returns an error if entries are certainly missing. See the package comment.
func judge(left []byte, t tail, empty bool) (why string, err error) {
	switch state := string(left); {
	case left == nil && empty:
		return "", nil // a new log
	case empty:
		return "", errEmptied
	case state == stateClosed && t == whole:
		return "", nil
	case state == stateClosed:
		return "", errClosedTorn
	case state == stateSync && t == broken:
		return "the last batch is broken", nil
	case state == stateSync:
		return "", nil // whole, or short and so never acknowledged
	case state == stateLossy:
		return "the writer did not close the log, and did not wait for the disk", nil
	default:
		return "how the log was left is unknown", nil
	}
}

// setAside copies the bytes to be cut off, at most one frame, to a separate
// file that this package never reads. It does not overwrite existing files.
func (l *Log) setAside(s segment) error {
	if l.recovery.Dropped == 0 {
		return nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	tail := make([]byte, l.recovery.Dropped)
	if _, err := f.ReadAt(tail, l.end); err != nil {
		return err
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("%016x.%d.dropped", l.tree.Size(), n)
		if _, err := os.Lstat(filepath.Join(l.dir, name)); errors.Is(err, os.ErrNotExist) {
			return writeFile(l.dir, name, tail)
		} else if err != nil {
			return err
		}
	}
}

// disclose appends the gap entry and makes it durable.
func (l *Log) disclose(why string) error {
	g := translog.Gap{Size: l.tree.Size(), Dropped: l.recovery.Dropped, Why: why}
	entry, err := g.Entry()
	if err != nil {
		return fmt.Errorf("disklog: the entry for a gap: %w", err)
	}
	b := newBatch()
	b.add(entry, tlog.RecordHash(entry))
	if l.write(b); b.err != nil {
		return b.err
	}
	l.recovery.Gap = &g
	return l.sync()
}

// makeDir creates a directory and its parents and makes them durable.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil // other problems show up later
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// writeFile replaces a file atomically and durably.
func writeFile(dir, name string, content []byte) error {
	temp := filepath.Join(dir, name+".new")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("disklog: %w", err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, filepath.Join(dir, name))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("disklog: %w", err)
	}
	return nil
}
