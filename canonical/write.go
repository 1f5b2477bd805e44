package canonical

import (
	"bytes"
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
	value  Value   // absent: left out
	values []Value // of an array
	array  bool
}

// Omit leaves the member out.
func Omit(name string) Edit { return Edit{name: name} }

// Replace writes v as the member, present before or not. An absent v omits it.
func Replace(name string, v Value) Edit {
	return Edit{name: name, value: v}
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
//
// The first hash writes the canonical form of the whole document, and the hashes
// after it are taken from that: verifying a presentation hashes it four times and
// more, each time a part of it, or all but one member.
func (v Value) SHA256(edits ...Edit) [sha256.Size]byte {
	if v.Kind() == Absent {
		return sha256.Sum256(nil)
	}
	if v.Kind() != Object || len(edits) == 0 {
		if v.d.form.Load() == nil {
			buf := buffers.Get().(*buffer)
			defer buf.giveBack()
			buf.src = v.append(buf.src[:0])
			return sha256.Sum256(buf.src)
		}
		return sha256.Sum256(v.written())
	}
	for n := len(edits) - 1; n > 0 && v.has(edits[n]) && !edits[n].in(edits[:n]); n-- {
		edits = edits[:n]
	}
	if len(edits) > 1 || edits[0].array || edits[0].value.Kind() != Absent {
		var scratch [4096]byte // larger ones go to the heap
		return sha256.Sum256(v.appendEdited(scratch[:0], edits))
	}
	// To leave one member out is to hash what stands before and after it.
	m := v.Get(edits[0].name)
	if m.Kind() == Absent {
		return sha256.Sum256(v.written())
	}
	f := v.d.written()
	text, whole := f.text, f.span(v.i)
	from, to := f.span(m.i-1).from, f.span(m.i).to
	if text[to] == ',' {
		to++
	} else if text[from-1] == ',' { // the last member, and not the only one
		from--
	}
	h := sha256.New()
	h.Write(text[whole.from:from])
	h.Write(text[to:whole.to])
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// has reports whether e puts in what is there: a proof's @context is as a rule
// that of its document.
func (v Value) has(e Edit) bool {
	m := v.Get(e.name)
	return !e.array && m.Kind() != Absent && e.value.Kind() != Absent && bytes.Equal(m.written(), e.value.written())
}

// A form is the canonical form of a document, and where each of its nodes is in it.
type form struct {
	doc   *Doc
	text  []byte
	spans []span // of each node; nil when the source is in canonical form already
}

type span struct{ from, to int32 }

// written returns the canonical form of the document. It writes it only once, or
// twice when two goroutines ask at the same time.
func (d *Doc) written() *form {
	if f := d.form.Load(); f != nil {
		return f
	}
	f := &form{doc: d}
	if d.nodes[0].indirect {
		f.spans = make([]span, len(d.nodes))
	}
	f.text = d.append(make([]byte, 0, len(d.src)), 0, f.spans)
	d.form.Store(f)
	return f
}

// span returns where node i is in the text.
func (f *form) span(i int32) span {
	if f.spans != nil {
		return f.spans[i]
	}
	n, from := &f.doc.nodes[i], f.doc.nodes[0].off
	return span{n.off - from, n.end - from}
}

// written returns the canonical form of a value that is not absent.
func (v Value) written() []byte {
	f := v.d.written()
	s := f.span(v.i)
	return f.text[s.from:s.to]
}

func (v Value) append(dst []byte) []byte {
	if v.Kind() == Absent {
		return dst
	}
	return v.d.append(dst, v.i, nil)
}

// append writes node i, and when spans are asked for notes in them where it and
// all it holds stand. Its loops are spelled out: an iterator would allocate for
// every container.
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
		if n.b < 0 { // in canonical order as it stands
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
	var room [4]Edit
	put := room[:0] // what is written, in canonical order
	for i, e := range edits {
		if !e.in(edits[i+1:]) && (e.array || e.value.Kind() != Absent) {
			put = append(put, e)
		}
	}
	slices.SortFunc(put, func(a, b Edit) int { return compareUTF16(a.name, b.name) })

	dst = append(dst, '{')
	first := true
	n, f := v.node(), v.d.written()
	for k, key := int32(0), v.i+1; k < n.a; k, key = k+1, v.d.nodes[key+1].next {
		member := key
		if n.b >= 0 {
			member = v.d.order[n.b+k]
		}
		name := v.d.textOf(member)
		for len(put) > 0 && compareUTF16(put[0].name, name) < 0 {
			dst, put = put[0].append(appendComma(dst, &first)), put[1:]
		}
		if !(Edit{name: name}).in(edits) {
			dst = append(appendComma(dst, &first), f.text[f.span(member).from:f.span(member+1).to]...)
		}
	}
	for _, e := range put {
		dst = e.append(appendComma(dst, &first))
	}
	return append(dst, '}')
}

// in reports whether one of edits is of the same member.
func (e Edit) in(edits []Edit) bool {
	for i := range edits {
		if edits[i].name == e.name {
			return true
		}
	}
	return false
}

// append writes the member that e puts in.
func (e Edit) append(dst []byte) []byte {
	dst = append(appendQuoted(dst, e.name), ':')
	if !e.array {
		return append(dst, e.value.written()...)
	}
	dst = append(dst, '[')
	first := true
	for _, v := range e.values {
		if v.Kind() != Absent {
			dst = append(appendComma(dst, &first), v.written()...)
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
