package canonical

import (
	"iter"
	"math"
	"strconv"
	"strings"
)

// A ValueKind is the JSON type of a [Value].
type ValueKind uint8

// The kinds of values. The zero Value is Absent.
const (
	Absent ValueKind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

func (k ValueKind) String() string {
	names := [...]string{"absent", "null", "boolean", "number", "string", "array", "object"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// A Value is a handle of one value of a [Doc]. It is cheap to copy and keeps the
// whole document in memory. All methods work on an absent Value. Two Values are ==
// if they have the same position in the same Doc.
type Value struct {
	d *Doc
	i int32
}

// absent is the node of every absent Value. Nothing writes to it.
var absent = node{b: -1}

func (v Value) node() *node {
	if v.d == nil {
		return &absent
	}
	return &v.d.nodes[v.i]
}

// Kind returns the JSON type, or Absent.
func (v Value) Kind() ValueKind { return v.node().kind }

// Len returns the number of members or elements, and 0 for other kinds.
func (v Value) Len() int {
	if n := v.node(); n.kind == Object || n.kind == Array {
		return int(n.a)
	}
	return 0
}

// Get returns the member with that name, byte for byte. It returns an absent Value
// if v is not an object or does not have the member. A null member is not absent.
// Get takes time proportional to the number of members.
func (v Value) Get(name string) Value {
	n := v.node()
	if n.kind != Object || n.names&nameBit(name) == 0 {
		return Value{}
	}
	nodes, end := v.d.nodes, n.next
	for i := v.i + 1; i < end; {
		// Compare the lengths first: they differ for most names.
		key := &nodes[i]
		if int(key.b-key.a) == len(name) && v.d.textOf(i) == name {
			return Value{v.d, i + 1}
		}
		i = nodes[i+1].next
	}
	return Value{}
}

// Index returns element i, or an absent Value if v is not an array or i is out of
// range. It takes time proportional to i: visit all elements with [Value.Elements].
func (v Value) Index(i int) Value {
	if i < 0 || i >= v.Len() {
		return Value{}
	}
	for j, e := range v.Elements() {
		if j == i {
			return e
		}
	}
	return Value{}
}

// Members iterates over the members of an object in source order.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for key, m := range v.members() {
			if !yield(v.d.textOf(key), m) {
				return
			}
		}
	}
}

// members iterates over the nodes of the member names and the values.
func (v Value) members() iter.Seq2[int32, Value] {
	return func(yield func(int32, Value) bool) {
		n := v.node()
		if n.kind != Object {
			return
		}
		end := n.next
		for key := v.i + 1; key < end; {
			next := v.d.nodes[key+1].next
			if !yield(key, Value{v.d, key + 1}) {
				return
			}
			key = next
		}
	}
}

// Elements iterates over the elements of an array in order.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		n := v.node()
		if n.kind != Array {
			return
		}
		j, end := 0, n.next
		for i := v.i + 1; i < end; j++ {
			next := v.d.nodes[i].next
			if !yield(j, Value{v.d, i}) {
				return
			}
			i = next
		}
	}
}

// String returns the decoded text of a string. For other kinds ok is false, so a
// caller cannot confuse 5 and "5". The text keeps the memory of the whole document
// alive: clone it before you store it.
func (v Value) String() (s string, ok bool) {
	if v.Kind() != String {
		return "", false
	}
	return v.d.textOf(v.i), true
}

// Float64 returns the double of a number, on which RFC 8785 bases the canonical
// form. For other kinds ok is false.
func (v Value) Float64() (f float64, ok bool) {
	n := v.node()
	if n.kind != Number {
		return 0, false
	}
	if n.indirect {
		return v.d.nums[n.a], true
	}
	f, err := strconv.ParseFloat(v.d.src[n.off:n.end], 64)
	return f, err == nil
}

// IsSafeInteger reports whether v is a number with an integer value from -(2^53-1)
// to 2^53-1, in any spelling.
func (v Value) IsSafeInteger() bool {
	f, ok := v.Float64()
	return ok && f == math.Trunc(f) && math.Abs(f) <= maxSafeInteger
}

const maxSafeInteger = 1<<53 - 1

// Bool returns the value of a boolean. For other kinds ok is false.
func (v Value) Bool() (value, ok bool) {
	n := v.node()
	if n.kind != Bool {
		return false, false
	}
	return v.d.src[n.off] == 't', true
}

// Raw returns a copy of the source text of v, nil if v is absent.
func (v Value) Raw() []byte {
	n := v.node()
	if n.kind == Absent {
		return nil
	}
	return append([]byte(nil), v.d.src[n.off:n.end]...)
}

// Size returns the length of v in the source in bytes, 0 if v is absent.
func (v Value) Size() int {
	n := v.node()
	return int(n.end - n.off)
}

// Offset returns the byte offset of v in the source, -1 if v is absent.
func (v Value) Offset() int {
	n := v.node()
	if n.kind == Absent {
		return -1
	}
	return int(n.off)
}

// Pointer returns the RFC 6901 pointer of v, "" for the root. It takes time
// proportional to the size of the document.
func (v Value) Pointer() string {
	var buf [64]byte
	b := buf[:0]
	at := v.d.Root()
	for at.d != nil && at.i != v.i {
		token, child := at.childContaining(v.i)
		if child.d == nil {
			break
		}
		if strings.ContainsAny(token, "~/") {
			token = pointerEscaper.Replace(token)
		}
		b = append(append(b, '/'), token...)
		at = child
	}
	return string(b)
}

// childContaining returns the child of v that is or contains node i.
func (v Value) childContaining(i int32) (token string, child Value) {
	for key, m := range v.members() {
		if i < m.node().next {
			return v.d.textOf(key), m
		}
	}
	for j, e := range v.Elements() {
		if i < e.node().next {
			return strconv.Itoa(j), e
		}
	}
	return "", Value{}
}

// textOf returns the decoded text of string node i.
func (d *Doc) textOf(i int32) string {
	n := &d.nodes[i]
	if n.indirect {
		return d.text[n.a:n.b]
	}
	return d.src[n.a:n.b]
}
