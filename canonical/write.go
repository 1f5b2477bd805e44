package canonical

import (
	"crypto/sha256"
	"slices"

	"github.com/gowebpki/jcs"
)

// An Edit changes one member of an object in the output. Use edits for the hash
// inputs of Data Integrity proofs: the received document without some members or
// with other values for them. A name must be valid UTF-8 without noncharacters; do
// not take it from untrusted input.
type Edit struct {
	name   string
	value  Value   // absent: omit the member
	values []Value // the elements, if array is set
	array  bool
}

// Omit leaves out the member.
func Omit(name string) Edit { return Edit{name: name} }

// Replace writes v as the member, whether or not the object has the member. An
// absent v omits it.
func Replace(name string, v Value) Edit {
	return Edit{name: name, value: v}
}

// ReplaceAll writes an array of vs as the member, whether or not the object has the
// member. The array leaves out absent values.
func ReplaceAll(name string, vs []Value) Edit {
	return Edit{name: name, values: vs, array: true}
}

// AppendCanonical appends the RFC 8785 form of v and returns the extended buffer. It
// applies the edits to the members of v, not to deeper ones. The last of several
// edits of one name counts. If v is not an object, edits have no effect. An absent v
// appends nothing.
func (v Value) AppendCanonical(dst []byte, edits ...Edit) []byte {
	if v.Kind() == Object && len(edits) > 0 {
		return v.appendEdited(dst, edits)
	}
	return v.append(dst)
}

// SHA256 returns the SHA-256 of the output of AppendCanonical. For an absent Value
// it is the hash of the empty text: check Kind first.
//
// The first call with edits, of SHA256 or AppendCanonical, stores the canonical form
// of the whole document in the Doc; later calls of SHA256 hash parts of that text.
// The verification of a presentation hashes it four times or more, each time a part,
// or all members except one.
func (v Value) SHA256(edits ...Edit) [sha256.Size]byte {
	if v.Kind() == Absent {
		return sha256.Sum256(nil)
	}
	if v.Kind() != Object || len(edits) == 0 {
		if v.d.form.Load() == nil {
			buf := buffers.Get().(*buffer)
			defer buf.release()
			buf.src = v.append(buf.src[:0])
			return sha256.Sum256(buf.src)
		}
		return sum(v.canonical(), "")
	}
	for n := len(edits) - 1; n > 0 && v.unchangedBy(edits[n]) && !edits[n].in(edits[:n]); n-- {
		edits = edits[:n]
	}
	if len(edits) > 1 || edits[0].array || edits[0].value.Kind() != Absent {
		var buf [4096]byte // longer output moves to the heap
		return sha256.Sum256(v.appendEdited(buf[:0], edits))
	}
	// One member is omitted: hash the text before and after it.
	m := v.Get(edits[0].name)
	if m.Kind() == Absent {
		return sum(v.canonical(), "")
	}
	f := v.d.canonical()
	text, whole := f.text, f.span(v.i)
	from, to := f.span(m.i-1).from, f.span(m.i).to
	if text[to] == ',' {
		to++
	} else if text[from-1] == ',' { // the last of several members
		from--
	}
	return sum(text[whole.from:from], text[to:whole.to])
}

// sum returns the SHA-256 of a followed by b.
func sum(a, b string) [sha256.Size]byte {
	var buf [4096]byte // longer texts move to the heap
	return sha256.Sum256(append(append(buf[:0], a...), b...))
}

// unchangedBy reports whether v already has the value of e. This is usual for @context: a
// proof has that of its document.
func (v Value) unchangedBy(e Edit) bool {
	m := v.Get(e.name)
	return !e.array && m.Kind() != Absent && e.value.Kind() != Absent && m.canonical() == e.value.canonical()
}

// A form is the canonical form of a document with the positions of its nodes.
type form struct {
	doc   *Doc
	text  string // a part of Doc.src if that is in canonical form
	spans []span // of each node; nil if the source is in canonical form
}

type span struct{ from, to int32 }

// canonical returns the canonical form of the document. It writes the form only once,
// except that concurrent first calls may each write it.
func (d *Doc) canonical() *form {
	if f := d.form.Load(); f != nil {
		return f
	}
	f := &form{doc: d, text: d.src[d.nodes[0].off:d.nodes[0].end]}
	if d.nodes[0].indirect {
		buf := buffers.Get().(*buffer)
		defer buf.release()
		f.spans = make([]span, len(d.nodes))
		buf.src = d.append(buf.src[:0], 0, f.spans)
		f.text = string(buf.src)
	}
	d.form.Store(f)
	return f
}

// span returns the position of node i in the text.
func (f *form) span(i int32) span {
	if f.spans != nil {
		return f.spans[i]
	}
	n, from := &f.doc.nodes[i], f.doc.nodes[0].off
	return span{n.off - from, n.end - from}
}

// canonical returns the canonical form of v, which must not be absent.
func (v Value) canonical() string {
	f := v.d.canonical()
	s := f.span(v.i)
	return f.text[s.from:s.to]
}

func (v Value) append(dst []byte) []byte {
	if v.Kind() == Absent {
		return dst
	}
	return v.d.append(dst, v.i, nil)
}

// append writes node i. If spans is not empty, append sets the spans of the node and
// of its descendants. It uses plain loops because an iterator would allocate for every
// container.
func (d *Doc) append(dst []byte, i int32, spans []span) []byte {
	n, from := &d.nodes[i], len(dst)
	if !n.indirect {
		if len(spans) > 0 {
			for j, moved := i, int32(from)-n.off; j < n.next; j++ {
				spans[j] = span{d.nodes[j].off + moved, d.nodes[j].end + moved}
			}
		}
		return append(dst, d.src[n.off:n.end]...)
	}
	switch n.kind {
	case Number:
		dst = appendNumber(dst, d.nums[n.a])
	case String:
		dst = appendQuoted(dst, d.text[n.a:n.b])
	case Array:
		dst = append(dst, '[')
		first := true
		for e := i + 1; e < n.next; e = d.nodes[e].next {
			dst = d.append(appendComma(dst, &first), e, spans)
		}
		dst = append(dst, ']')
	case Object:
		dst = append(dst, '{')
		first := true
		if n.b < 0 { // the source is in canonical order
			for key := i + 1; key < n.next; key = d.nodes[key+1].next {
				dst = d.appendMember(appendComma(dst, &first), key, spans)
			}
		} else {
			for _, key := range d.order[n.b : n.b+n.a] {
				dst = d.appendMember(appendComma(dst, &first), key, spans)
			}
		}
		dst = append(dst, '}')
	}
	if len(spans) > 0 {
		spans[i] = span{int32(from), int32(len(dst))}
	}
	return dst
}

// appendMember writes the member whose name is node key.
func (d *Doc) appendMember(dst []byte, key int32, spans []span) []byte {
	return d.append(append(d.append(dst, key, spans), ':'), key+1, spans)
}

// appendEdited writes an object with edits.
func (v Value) appendEdited(dst []byte, edits []Edit) []byte {
	var buf [4]Edit
	added := buf[:0] // the edits that write a member, in canonical order
	for i, e := range edits {
		if !e.in(edits[i+1:]) && (e.array || e.value.Kind() != Absent) {
			added = append(added, e)
		}
	}
	slices.SortFunc(added, func(a, b Edit) int { return compareUTF16(a.name, b.name) })

	dst = append(dst, '{')
	first := true
	n, f := v.node(), v.d.canonical()
	for k, key := int32(0), v.i+1; k < n.a; k, key = k+1, v.d.nodes[key+1].next {
		member := key
		if n.b >= 0 {
			member = v.d.order[n.b+k]
		}
		name := v.d.textOf(member)
		for len(added) > 0 && compareUTF16(added[0].name, name) < 0 {
			dst, added = added[0].append(appendComma(dst, &first)), added[1:]
		}
		if !(Edit{name: name}).in(edits) {
			dst = append(appendComma(dst, &first), f.text[f.span(member).from:f.span(member+1).to]...)
		}
	}
	for _, e := range added {
		dst = e.append(appendComma(dst, &first))
	}
	return append(dst, '}')
}

// in reports whether one of edits has the same name.
func (e Edit) in(edits []Edit) bool {
	for i := range edits {
		if edits[i].name == e.name {
			return true
		}
	}
	return false
}

// append writes the member of e.
func (e Edit) append(dst []byte) []byte {
	dst = append(appendQuoted(dst, e.name), ':')
	if !e.array {
		return append(dst, e.value.canonical()...)
	}
	dst = append(dst, '[')
	first := true
	for _, v := range e.values {
		if v.Kind() != Absent {
			dst = append(appendComma(dst, &first), v.canonical()...)
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

// appendQuoted writes a string of valid UTF-8 (RFC 8785 section 3.2.2.2).
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

// appendNumber writes a finite number (RFC 8785 section 3.2.2.3).
func appendNumber(dst []byte, f float64) []byte {
	s, err := jcs.NumberToJSON(f)
	if err != nil {
		panic("canonical: number is not finite: " + err.Error()) // callers check this
	}
	return append(dst, s...)
}

// compareUTF16 compares valid UTF-8 by UTF-16 code units (RFC 8785 section
// 3.2.3). This order differs from that of the bytes in one case: one side has a
// character beyond U+FFFF (first byte from 0xF0 on), the other a character from
// U+E000 to U+FFFF (first byte 0xEE or 0xEF). The surrogate pair is the smaller.
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
