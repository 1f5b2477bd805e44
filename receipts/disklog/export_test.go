package disklog

import "runtime"

// Hold takes the turn to write, as a writer in the middle of an fsync has it.
func Hold(l *Log) (release func()) {
	l.turn <- struct{}{}
	return func() { <-l.turn }
}

// AwaitPending returns when n entries wait to be written.
func AwaitPending(l *Log, n int) {
	for {
		l.mu.RLock()
		have := len(l.pending.leaves)
		l.mu.RUnlock()
		if have == n {
			return
		}
		runtime.Gosched()
	}
}

// BreakFile makes every write fail, as a full or broken disk does.
func BreakFile(l *Log) { l.file.Close() }
