package receipts

import "sync"

// A work is memory in which something is written before it has its final size.
// Nothing of it is ever handed out: what leaves this package was copied. It holds
// what the last one wrote, and is read only where it was written since.
//
// The pool is a global, the one of this package: Sign and Commitment are functions,
// and no result depends on which memory they get.
type work struct{ text []byte }

// usualSize holds a decision's receipt, maxKept what is worth keeping.
const usualSize, maxKept = 6 << 10, 16 << 10

var works = sync.Pool{New: func() any { return &work{make([]byte, 0, usualSize)} }}

func borrow() *work { return works.Get().(*work) }

// giveBack gives w back with the text that was written in it, which nobody may use
// after that. Who fails, or panics in foreign code, leaves it to the garbage
// collector.
func (w *work) giveBack(text []byte) {
	if cap(text) <= maxKept {
		w.text = text
		works.Put(w)
	}
}
