package disklog

import (
	"errors"
	"testing"
)

// After a panic during a write, no waiting caller gets an acknowledgement, and
// the log stops, because the content of the disk is unknown.
func TestPanicInWrite(t *testing.T) {
	l, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	b := l.pending
	b.frame = b.frame[:0] // no space for its header
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a frame without a header was written")
			}
		}()
		l.Append(t.Context(), []byte("entry"))
	}()
	<-b.done
	if !errors.Is(b.err, ErrClosed) {
		t.Errorf("whoever waits is told %v", b.err)
	}
	if _, err := l.Append(t.Context(), []byte("another")); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
	if err := l.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("Close: %v", err)
	}
}
