package canonical

import "sync"

// A buffer is what a parser writes before it knows how large the document is. No Doc
// refers to one: Parse copies out of it.
type buffer struct {
	src   []byte // the document: the caller's bytes may change meanwhile
	text  []byte // decoded text of the strings that hold escapes
	nodes []node
	nums  []float64
	order []int32
}

// buffers keeps buffers for later calls of Parse. Without them, rejecting a
// presentation takes a fifth more time.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// maxBuffer bounds the parts of a buffer that is kept, in bytes and in values: one
// large document does not take memory forever.
const maxBuffer = 64 << 10

func (b *buffer) giveBack() {
	if max(cap(b.src), cap(b.text), cap(b.nodes)*16, cap(b.nums)*8, cap(b.order)*4) > maxBuffer {
		return
	}
	b.text, b.nodes, b.nums, b.order = b.text[:0], b.nodes[:0], b.nums[:0], b.order[:0]
	buffers.Put(b)
}

// copied returns a copy of exactly the elements of a list.
func copied[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return append(make([]T, 0, len(list)), list...)
}
