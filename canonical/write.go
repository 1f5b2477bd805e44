package canonical

import (
	"crypto/sha256"
	"slices"

	"github.com/gowebpki/jcs"
)

// An Edit changes one member of an object while it is written. Edits serve the
// hash inputs of Data Integrity proofs, which are the received document with a
// member left out or put in another's place. Names are the caller's own: they
// have to be valid UTF-8 without noncharacters.
type Edit struct {
	name   string
	values []Value
	array  bool
}

// Omit leaves the member out.
func Omit(name string) Edit { return Edit{name: name} }

// Replace writes v as the member, present before or not. An absent v omits it.
func Replace(name string, v Value) Edit {
	if v.Kind() == Absent {
		return Omit(name)
	}
	return Edit{name: name, values: []Value{v}}
}

// ReplaceAll writes an array of vs as the member, present before or not.
// Absent values are left out of the array.
func ReplaceAll(name string, vs []Value) Edit {
	return Edit{name: name, values: vs, array: true}
}

// AppendCanonical appends the RFC 8785 form of v, with the edits made to its
// own members (not to deeper ones), and returns the extended buffer. Of
// several edits of one name the last counts. Edits of a value that is no
// object do nothing, and an absent v appends nothing.
func (v Value) AppendCanonical(dst []byte, edits ...Edit) []byte {
	if v.Kind() == Object && len(edits) > 0 {
		return v.appendEdited(dst, edits)
	}
	return v.append(dst)
}

// SHA256 returns the SHA-256 of what AppendCanonical writes. That of an absent
// Value is the hash of nothing: check Kind first.
func (v Value) SHA256(edits ...Edit) [sha256.Size]byte {
	n := v.node()
	return sha256.Sum256(v.AppendCanonical(make([]byte, 0, n.end-n.off), edits...))
}

func (v Value) append(dst []byte) []byte {
	if v.Kind() == Absent {
		return dst
	}
	return v.d.append(dst, v.i)
}

// append writes node i. Its loops are spelled out: an iterator would allocate
// for every container.
func (d *Doc) append(dst []byte, i int32) []byte {
	n := &d.nodes[i]
	if !n.indirect {
		return append(dst, d.src[n.off:n.end]...)
	}
	switch n.kind {
	case Number:
		return appendNumber(dst, d.nums[n.a])
	case String:
		return appendQuoted(dst, d.text[n.a:n.b])
	case Array:
		dst = append(dst, '[')
		first := true
		for e := i + 1; e < n.next; e = d.nodes[e].next {
			dst = d.append(appendComma(dst, &first), e)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		first := true
		if n.b < 0 { // in canonical order as it stands
			for key := i + 1; key < n.next; key = d.nodes[key+1].next {
				dst = d.appendMember(appendComma(dst, &first), key)
			}
		} else {
			for _, key := range d.order[n.b : n.b+n.a] {
				dst = d.appendMember(appendComma(dst, &first), key)
			}
		}
		return append(dst, '}')
	}
	return dst
}

// appendMember writes the member whose name is node key.
func (d *Doc) appendMember(dst []byte, key int32) []byte {
	return d.append(append(d.appendString(dst, key), ':'), key+1)
}

func (v Value) appendEdited(dst []byte, edits []Edit) []byte {
	put := make([]Edit, 0, len(edits)) // what is written, in canonical order
	for i, e := range edits {
		later := slices.ContainsFunc(edits[i+1:], func(l Edit) bool { return l.name == e.name })
		if !later && (e.array || len(e.values) > 0 && e.values[0].Kind() != Absent) {
			put = append(put, e)
		}
	}
	slices.SortFunc(put, func(a, b Edit) int { return compareUTF16(a.name, b.name) })

	dst = append(dst, '{')
	first := true
	writePut := func() {
		dst = appendComma(dst, &first)
		dst = appendQuoted(dst, put[0].name)
		dst = append(dst, ':')
		dst = put[0].append(dst)
		put = put[1:]
	}
	for _, key := range v.sortedMembers() {
		name := v.d.textOf(key)
		for len(put) > 0 && compareUTF16(put[0].name, name) < 0 {
			writePut()
		}
		if slices.ContainsFunc(edits, func(e Edit) bool { return e.name == name }) {
			continue
		}
		dst = v.d.appendMember(appendComma(dst, &first), key)
	}
	for len(put) > 0 {
		writePut()
	}
	return append(dst, '}')
}

func (e Edit) append(dst []byte) []byte {
	if !e.array {
		return e.values[0].append(dst)
	}
	dst = append(dst, '[')
	first := true
	for _, v := range e.values {
		if v.Kind() != Absent {
			dst = appendComma(dst, &first)
			dst = v.append(dst)
		}
	}
	return append(dst, ']')
}

func appendComma(dst []byte, first *bool) []byte {
	if *first {
		*first = false
		return dst
	}
	return append(dst, ',')
}

// sortedMembers returns the nodes of an object's member names in canonical
// order.
func (v Value) sortedMembers() []int32 {
	n := v.node()
	if n.b >= 0 {
		return v.d.order[n.b : n.b+n.a]
	}
	keys := make([]int32, 0, n.a)
	for key := v.i + 1; key < n.next; key = v.d.nodes[key+1].next {
		keys = append(keys, key)
	}
	return keys
}

// appendString writes string node i. A string without escapes in the source
// is already canonical.
func (d *Doc) appendString(dst []byte, i int32) []byte {
	n := &d.nodes[i]
	if !n.indirect {
		return append(dst, d.src[n.off:n.end]...)
	}
	return appendQuoted(dst, d.text[n.a:n.b])
}

// appendQuoted writes valid UTF-8 as RFC 8785 section 3.2.2.2 wants it.
func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, `\b`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\f':
			dst = append(dst, `\f`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&0xF])
		}
	}
	return append(dst, '"')
}

// appendNumber writes a finite number as RFC 8785 section 3.2.2.3 wants it.
func appendNumber(dst []byte, f float64) []byte {
	s, err := jcs.NumberToJSON(f)
	if err != nil {
		panic("canonical: number is not finite: " + err.Error()) // every caller has checked
	}
	return append(dst, s...)
}

// compareUTF16 orders valid UTF-8 by UTF-16 code units (RFC 8785 section
// 3.2.3). The two orders differ only where one side has a character beyond
// U+FFFF, in four bytes from 0xF0, and the other one of U+E000..U+FFFF, in
// three bytes from 0xEE: a surrogate pair sorts below those.
func compareUTF16[T string | []byte](a, b T) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0) {
			x, y = y, x
		}
		if x < y {
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}
