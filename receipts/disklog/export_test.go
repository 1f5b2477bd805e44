package disklog

import "runtime"

// Hold takes the turn to write, like a writer during an fsync.
func Hold(l *Log) (release func()) {
	l.turn <- struct{}{}
	return func() { <-l.turn }
}

// AwaitPending returns when n entries wait to be written.
func AwaitPending(l *Log, n int) {
	for {
		l.mu.RLock()
		waiting := len(l.pending.leaves)
		l.mu.RUnlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// BreakFile makes every write fail, like a full or broken disk.
func BreakFile(l *Log) { l.file.Close() }
