// Package canonical answers one question: which bytes were signed?
//
// It reads strict I-JSON (RFC 7493) once into an immutable tree and writes
// the RFC 8785 canonical form, and the SHA-256 of that form, of any part of
// the tree. Everything that hashes, evaluates or shows a document reads the
// same tree, so no two readers can disagree about what a document says.
//
// Refused, with the byte offset and the JSON pointer: anything RFC 8259 does
// not allow, bytes after the value, a byte order mark, invalid UTF-8, lone
// surrogates, Unicode noncharacters (RFC 7493 section 2.1), member names
// repeated in one object (compared after unescaping), numbers beyond the
// range of an IEEE 754 double, and documents over the [Limits].
//
// Accepted, because RFC 8785 gives them one canonical form: -0, numbers that
// underflow to zero, and integers beyond 2^53-1, which become the nearest
// double. 100, 1e2 and 100.0 have the same canonical form and therefore the
// same signature: act on the value, never on the spelling.
package canonical

import (
	"math"
	"sync/atomic"
)

// Default limits, used where a field of [Limits] is zero.
const (
	DefaultMaxBytes       = 1 << 20 // a presentation of a few KB, with room for evidence
	DefaultMaxDepth       = 128     // credentials nest about ten deep
	DefaultMaxValues      = 1 << 16 // bounds the tree to about 3 MB
	DefaultMaxNumberBytes = 4096    // a double needs 25; the rest is tolerance
)

// maxDepthCeiling bounds the recursion of the parser whatever the caller asks.
const maxDepthCeiling = 10_000

// maxBytesCeiling bounds documents whatever the caller asks, so that positions in
// them, and in their canonical form of up to 4.4 times that, fit into an int32.
const maxBytesCeiling = 256 << 20

// Limits bounds what one document may cost. A zero or negative field means
// its default, so the zero Limits is the safe one.
type Limits struct {
	// MaxBytes is the largest document, in bytes, white space included.
	// Documents over 256 MiB are refused whatever it says.
	MaxBytes int
	// MaxDepth is how deep arrays and objects may nest; a lone number has
	// depth 0 and [] depth 1. Values over 10,000 count as 10,000.
	MaxDepth int
	// MaxValues is how many values (not member names) the document may hold.
	MaxValues int
	// MaxNumberBytes is the longest number, in bytes.
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
	src   string    // our copy of the input
	text  string    // decoded text of the strings that hold escapes
	nums  []float64 // numbers that are not copied verbatim
	nodes []node    // values and member names in source order
	order []int32   // member names in canonical order, for objects not in that order

	form atomic.Pointer[form] // nil until something needs it
}

// A node is one value or member name. Children follow their container
// directly; a member is the node of its name followed by its value.
type node struct {
	kind     ValueKind
	indirect bool   // not in canonical form as it stands; the text of a string is in Doc.text, the value of a number in Doc.nums
	names    uint16 // object: the nameBits of its members
	off, end int32  // span in Doc.src
	next     int32  // the node after this value and all it holds
	a, b     int32  // container: members or elements, start in Doc.order or -1; string: span of its text; number: index in Doc.nums
}

// nameBit returns one of 16 bits for a member name. An object that has no name with
// that bit does not have the name, which is how most that it lacks are told.
func nameBit[T string | []byte](name T) uint16 {
	if len(name) == 0 {
		return 1
	}
	return 1 << ((len(name) + 3*int(name[0])) & 15)
}

// Parse parses one document under the default [Limits]. See [Limits.Parse].
func Parse(b []byte) (*Doc, error) { return Limits{}.Parse(b) }

// Parse parses one document, which must fill b but for white space. It copies
// b and keeps no reference to it. The error is always an [*Error].
func (l Limits) Parse(b []byte) (*Doc, error) {
	l = l.withDefaults()
	if len(b) > l.MaxBytes {
		return nil, &Error{Kind: TooLarge, Offset: l.MaxBytes, Limit: l.MaxBytes, detail: "document too long"}
	}
	buf := buffers.Get().(*buffer)
	defer buf.giveBack()
	p := parser{limits: l, buffer: buf}
	p.src = append(p.src[:0], b...)
	if err := p.document(); err != nil {
		return nil, err
	}
	p.src = append(p.src, p.text...)
	both := string(p.src)
	return &Doc{src: both[:len(b)], text: both[len(b):], nums: copied(p.nums), nodes: copied(p.nodes), order: copied(p.order)}, nil
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
