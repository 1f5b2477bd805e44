// Package canonical implements RFC 8785 (JSON Canonicalization Scheme) over
// strict I-JSON (RFC 7493). It answers one question: which bytes were signed?
//
// [Parse] reads a document once into an immutable tree. A [Value] is any part of
// the tree; its methods return its canonical form and the SHA-256 of that form.
// Code that hashes, evaluates or displays a document reads the same tree, so two
// readers cannot disagree about its content.
//
// Parse refuses everything that RFC 8259 does not allow, bytes after the value, a
// byte order mark, invalid UTF-8, lone surrogates, Unicode noncharacters (RFC
// 7493 section 2.1), repeated member names in one object (compared after
// unescaping), numbers beyond the range of an IEEE 754 double, and documents over
// the [Limits]. The error has the byte offset and the JSON pointer.
//
// Parse accepts -0, numbers that underflow to zero, and integers beyond 2^53-1,
// because RFC 8785 gives each one canonical form. Such an integer becomes the
// nearest double. 100, 1e2 and 100.0 have the same canonical form and therefore
// the same signature: use the value of a number, never its spelling.
package canonical

import (
	"math"
	"sync/atomic"
)

// Default limits, for the fields of [Limits] that are zero or negative.
const (
	DefaultMaxBytes       = 1 << 20 // a presentation of a few KB, with room for evidence
	DefaultMaxDepth       = 128     // credentials nest about ten deep
	DefaultMaxValues      = 1 << 16 // bounds the tree to about 3 MB
	DefaultMaxNumberBytes = 4096    // a double needs 25; the rest is tolerance
)

// maxDepthCeiling is the maximum of MaxDepth. It bounds the recursion of the
// parser.
const maxDepthCeiling = 10_000

// maxBytesCeiling is the maximum of MaxBytes. Positions in a document, and in its
// canonical form of up to 4.4 times the size, must fit into an int32.
const maxBytesCeiling = 256 << 20

// Limits bounds the cost of one document. A zero or negative field means its
// default, so the zero Limits is safe.
type Limits struct {
	// MaxBytes is the maximum size of the document in bytes, white space
	// included. Values over 256 MiB count as 256 MiB.
	MaxBytes int
	// MaxDepth is the maximum depth of nested arrays and objects. A number has
	// depth 0 and [] depth 1. Values over 10,000 count as 10,000.
	MaxDepth int
	// MaxValues is the maximum number of values, without member names.
	MaxValues int
	// MaxNumberBytes is the maximum length of a number in bytes.
	MaxNumberBytes int
}

func (l Limits) withDefaults() Limits {
	or := func(n, def, ceiling int) int {
		if n <= 0 {
			n = def
		}
		return min(n, ceiling)
	}
	return Limits{
		MaxBytes:       or(l.MaxBytes, DefaultMaxBytes, maxBytesCeiling),
		MaxDepth:       or(l.MaxDepth, DefaultMaxDepth, maxDepthCeiling),
		MaxValues:      or(l.MaxValues, DefaultMaxValues, math.MaxInt32-1),
		MaxNumberBytes: or(l.MaxNumberBytes, DefaultMaxNumberBytes, math.MaxInt32-1),
	}
}

// A Doc is one parsed document. It is immutable and safe for concurrent use.
type Doc struct {
	src   string    // a copy of the input
	text  string    // decoded text of the strings that contain escapes
	nums  []float64 // numbers whose source is not in canonical form
	nodes []node    // values and member names in source order
	order []int32   // member names in canonical order, for objects in another order

	form atomic.Pointer[form] // nil until first used
}

// A node is one value or member name. Children follow their container
// directly; a member is the node of its name followed by its value.
type node struct {
	kind     ValueKind
	indirect bool   // the source is not in canonical form; Doc.text has the text of a string, Doc.nums the value of a number
	names    uint16 // object: the nameBits of its members
	off, end int32  // span in Doc.src
	next     int32  // the node after this value and its children
	a, b     int32  // container: number of members or elements, start in Doc.order or -1; string: span of its text; number: index in Doc.nums
}

// nameBit returns one of 16 bits for a member name. If no name in an object has the
// bit, the object does not have the name. This makes most failed lookups fast.
func nameBit[T string | []byte](name T) uint16 {
	if len(name) == 0 {
		return 1
	}
	return 1 << ((len(name) + 3*int(name[0])) & 15)
}

// Parse parses one document under the default [Limits]. See [Limits.Parse].
func Parse(b []byte) (*Doc, error) { return Limits{}.Parse(b) }

// Parse parses one document. Before and after it, b must have only white space.
// Parse keeps no reference to b. The error is always an [*Error].
func (l Limits) Parse(b []byte) (*Doc, error) {
	l = l.withDefaults()
	if len(b) > l.MaxBytes {
		return nil, &Error{Kind: TooLarge, Offset: l.MaxBytes, Limit: l.MaxBytes, detail: "document too long"}
	}
	buf := buffers.Get().(*buffer)
	defer buf.release()
	p := parser{limits: l, buffer: buf}
	p.src = append(p.src[:0], b...)
	if err := p.document(); err != nil {
		return nil, err
	}
	both := string(append(p.src, p.text...))
	return &Doc{src: both[:len(b)], text: both[len(b):], nums: cloneExact(p.nums), nodes: cloneExact(p.nodes), order: cloneExact(p.order)}, nil
}

// Root returns the document's value.
func (d *Doc) Root() Value {
	if d == nil || len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}

// Transform returns the canonical form of b under the default [Limits].
func Transform(b []byte) ([]byte, error) {
	d, err := Parse(b)
	if err != nil {
		return nil, err
	}
	return d.Root().AppendCanonical(make([]byte, 0, len(b))), nil
}
