package canonical

import "sync"

// A buffer has the slices that a parser appends to. Parse copies them into the Doc,
// which does not refer to the buffer. SHA256 uses src as scratch space.
type buffer struct {
	src   []byte // a copy of the document
	text  []byte // decoded text of the strings that contain escapes
	nodes []node
	nums  []float64
	order []int32
}

// buffers keeps buffers for later calls. Without the pool, the denial of a
// presentation before any signature check takes 23 % more time: .64 instead of .52
// times one ed25519.Verify (internal/dev/bench, row reject, median of three runs).
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// maxBuffer is the maximum size of each slice of a pooled buffer, in bytes; for nodes
// it is 4,096 of them, which take 96 KiB. Without this limit, one large document could
// take memory forever.
const maxBuffer = 64 << 10

// release returns b to the pool, unless a slice is larger than maxBuffer.
func (b *buffer) release() {
	if max(cap(b.src), cap(b.text), cap(b.nodes)*16, cap(b.nums)*8, cap(b.order)*4) > maxBuffer {
		return
	}
	b.text, b.nodes, b.nums, b.order = b.text[:0], b.nodes[:0], b.nums[:0], b.order[:0]
	buffers.Put(b)
}

// cloneExact returns a copy of list whose capacity is its length.
func cloneExact[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return append(make([]T, 0, len(list)), list...)
}
