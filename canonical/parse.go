package canonical

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/internal/unescaped"
)

// A parser makes one forward pass over src.
type parser struct {
	doc    *Doc
	src    []byte // and of text it makes those of doc
	text   []byte
	limits Limits
	pos    int
	depth  int
	values int
}

func (p *parser) document() error {
	p.space()
	if err := p.value(); err != nil {
		return err.finish()
	}
	p.space()
	if p.pos < len(p.src) {
		return p.fail(TrailingData, p.pos, "data after the end of the document")
	}
	return nil
}

func (p *parser) fail(k Kind, off int, detail string) *Error {
	return &Error{Kind: k, Offset: off, detail: detail}
}

// unexpected reports the byte at the current position, or the end of input.
func (p *parser) unexpected(want string) *Error {
	if p.pos >= len(p.src) {
		return p.fail(Syntax, p.pos, "unexpected end, want "+want)
	}
	return p.fail(Syntax, p.pos, "unexpected "+strconv.QuoteRuneToASCII(rune(p.src[p.pos]))+", want "+want)
}

func (p *parser) space() {
	src, i := p.src, p.pos
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	p.pos = i
}

// peek returns the byte at the current position, or 0 at the end. A zero byte
// is nowhere legal, so callers need not tell the two apart.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// open appends a node that starts at the current position.
func (p *parser) open(kind ValueKind) int32 { return p.add(node{kind: kind, off: int32(p.pos)}) }

// add appends a node. The tape doubles, so that all the tapes that a document
// outgrew are together no larger than the last: append would grow by a quarter,
// and they would be four times as large.
func (p *parser) add(n node) int32 {
	d := p.doc
	if len(d.nodes) == cap(d.nodes) {
		d.nodes = append(make([]node, 0, max(2*cap(d.nodes), 16)), d.nodes...)
	}
	d.nodes = append(d.nodes, n)
	return int32(len(d.nodes) - 1)
}

// close completes the container at node self, which ends before the current
// position. size is what its children take, with the punctuation between them,
// when all of them are in canonical form as they stand, otherwise -1.
func (p *parser) close(self, count int32, size int, sorted bool) {
	n := &p.doc.nodes[self]
	n.end = int32(p.pos)
	n.next = int32(len(p.doc.nodes))
	n.a, n.b = count, -1
	// Without white space between them, the container is canonical as it is.
	n.indirect = !sorted || size != p.pos-int(n.off)-2
}

// textOf returns the decoded text of string node i.
func (p *parser) textOf(i int32) []byte {
	n := &p.doc.nodes[i]
	if n.indirect {
		return p.text[n.a:n.b]
	}
	return p.src[n.a:n.b]
}

// sizeOf returns the size of node i as it stands in the source, or -1 when
// that is not its canonical form.
func (p *parser) sizeOf(i int32) int {
	n := &p.doc.nodes[i]
	if n.indirect {
		return -1
	}
	return int(n.end - n.off)
}

func (p *parser) value() *Error {
	c := p.peek()
	if !beginsValue(c) {
		return p.unexpected("a value")
	}
	p.values++
	if p.values > p.limits.MaxValues {
		err := p.fail(TooManyValues, p.pos, "too many values")
		err.Limit = p.limits.MaxValues
		return err
	}
	switch {
	case c == '{', c == '[':
		if p.depth >= p.limits.MaxDepth {
			err := p.fail(TooDeep, p.pos, "nested too deep")
			err.Limit = p.limits.MaxDepth
			return err
		}
		p.depth++
		var err *Error
		if c == '{' {
			err = p.object()
		} else {
			err = p.array()
		}
		p.depth--
		return err
	case c == '"':
		return p.str()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 't':
		return p.literal("true", Bool)
	case c == 'f':
		return p.literal("false", Bool)
	case c == 'n':
		return p.literal("null", Null)
	}
	return p.unexpected("a value")
}

func beginsValue(c byte) bool {
	switch c {
	case '{', '[', '"', '-', 't', 'f', 'n':
		return true
	}
	return '0' <= c && c <= '9'
}

func (p *parser) literal(word string, kind ValueKind) *Error {
	if len(p.src)-p.pos < len(word) || string(p.src[p.pos:p.pos+len(word)]) != word {
		return p.fail(Syntax, p.pos, "bad literal, want "+word)
	}
	p.scalar(kind, p.pos, p.pos+len(word))
	return nil
}

// scalar appends a node without children, and moves to its end.
func (p *parser) scalar(kind ValueKind, off, end int) *node {
	p.pos = end
	i := p.add(node{kind: kind, off: int32(off), end: int32(end)})
	n := &p.doc.nodes[i]
	n.next = i + 1
	return n
}

func (p *parser) array() *Error {
	self := p.open(Array)
	p.pos++
	count, size := int32(0), 0
	p.space()
	if p.peek() == ']' {
		p.pos++
		p.close(self, 0, 0, true)
		return nil
	}
	for {
		child := int32(len(p.doc.nodes))
		if err := p.value(); err != nil {
			return err.within(strconv.Itoa(int(count)))
		}
		count++
		if n := p.sizeOf(child); n >= 0 && size >= 0 {
			size += n + 1 // and a comma
		} else {
			size = -1
		}
		p.space()
		c := p.peek()
		if c != ',' && c != ']' {
			return p.unexpected("',' or ']'")
		}
		p.pos++
		if c == ']' {
			break
		}
		p.space()
	}
	p.close(self, count, size-1, true)
	return nil
}

func (p *parser) object() *Error {
	self := p.open(Object)
	p.pos++
	count, last, sorted, size := int32(0), int32(-1), true, 0
	p.space()
	if p.peek() == '}' {
		p.pos++
		p.close(self, 0, 0, true)
		return nil
	}
	for {
		if p.peek() != '"' {
			return p.unexpected("a member name")
		}
		key := int32(len(p.doc.nodes))
		if err := p.str(); err != nil {
			return err
		}
		if sorted && last >= 0 && compareUTF16(p.textOf(last), p.textOf(key)) >= 0 {
			sorted = false
		}
		last = key
		p.space()
		if p.peek() != ':' {
			return p.unexpected("':'")
		}
		p.pos++
		p.space()
		if err := p.value(); err != nil {
			return err.within(string(p.textOf(key)))
		}
		count++
		if k, n := p.sizeOf(key), p.sizeOf(key+1); k >= 0 && n >= 0 && size >= 0 {
			size += k + n + 2 // and a colon and a comma
		} else {
			size = -1
		}
		p.space()
		c := p.peek()
		if c != ',' && c != '}' {
			return p.unexpected("',' or '}'")
		}
		p.pos++
		if c == '}' {
			break
		}
		p.space()
	}
	p.close(self, count, size-1, sorted)
	if sorted {
		return nil
	}
	return p.sortMembers(self)
}

// sortMembers records the canonical order of an object's members and refuses
// repeated names.
func (p *parser) sortMembers(self int32) *Error {
	d := p.doc
	start := len(d.order)
	for key := self + 1; key < d.nodes[self].next; key = d.nodes[key+1].next {
		d.order = append(d.order, key)
	}
	keys := d.order[start:]
	slices.SortStableFunc(keys, func(x, y int32) int { return compareUTF16(p.textOf(x), p.textOf(y)) })
	again := int32(-1)
	for i := 1; i < len(keys); i++ {
		if string(p.textOf(keys[i-1])) == string(p.textOf(keys[i])) && (again < 0 || keys[i] < again) {
			again = keys[i]
		}
	}
	if again >= 0 {
		err := p.fail(DuplicateKey, int(d.nodes[again].off), "member name repeated")
		return err.within(string(p.textOf(again)))
	}
	d.nodes[self].b = int32(start)
	return nil
}

// number parses RFC 8259 section 6.
//
// A number of at most 15 digits without an exponent is in canonical form as it
// stands, unless it is a negative zero, has a trailing zero after the point, or
// is so small that the canonical form has an exponent: decimals of 15 digits
// are told apart by a double, so that none shorter, nor another of the same
// length, names the same one. All others go through a double.
func (p *parser) number() *Error {
	src, start := p.src, p.pos
	if p.peek() == '-' {
		p.pos++
	}
	intStart := p.pos
	if intStart+1 < len(src) && src[intStart] == '0' && '0' <= src[intStart+1] && src[intStart+1] <= '9' {
		p.pos++
		return p.unexpected("no digit after a leading zero")
	}
	if err := p.digits(start); err != nil {
		return err
	}
	verbatim := p.pos-intStart <= 15 && (intStart == start || src[intStart] != '0')
	if p.peek() == '.' {
		fraction := p.pos + 1
		p.pos++
		if err := p.digits(start); err != nil {
			return err
		}
		// 0.00000x would have an exponent; -0.x is no negative zero.
		verbatim = p.pos-intStart <= 16 && src[p.pos-1] != '0' &&
			(src[intStart] != '0' || p.pos-fraction <= 6)
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		verbatim = false
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if err := p.digits(start); err != nil {
			return err
		}
	}
	if p.pos-start > p.limits.MaxNumberBytes {
		return p.longNumber(start)
	}
	n := p.scalar(Number, start, p.pos)
	if verbatim {
		return nil
	}
	f, err := strconv.ParseFloat(string(src[start:p.pos]), 64)
	if errors.Is(err, strconv.ErrRange) {
		return p.fail(NumberOutOfRange, start, "number beyond the range of a double")
	} else if err != nil { // unreachable: the token is well formed
		return p.fail(Syntax, start, "bad number")
	}
	n.indirect = true
	n.a = int32(len(p.doc.nums))
	p.doc.nums = append(p.doc.nums, f)
	return nil
}

// digits skips one or more digits of a number that starts at start.
func (p *parser) digits(start int) *Error {
	from := p.pos
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.pos++
	}
	if p.pos-start > p.limits.MaxNumberBytes {
		return p.longNumber(start)
	}
	if p.pos == from {
		return p.unexpected("a digit")
	}
	return nil
}

func (p *parser) longNumber(start int) *Error {
	err := p.fail(TooLarge, start+p.limits.MaxNumberBytes, "number too long")
	err.Limit = p.limits.MaxNumberBytes
	return err
}

// str parses a string at its opening quote.
func (p *parser) str() *Error {
	src, start := p.src, p.pos
	p.pos++
	for {
		i := plain(src, p.pos)
		p.pos = i
		if i >= len(src) {
			return p.unexpected(`'"'`)
		}
		switch c := src[i]; {
		case c == '"':
			n := p.scalar(String, start, i+1)
			n.a, n.b = int32(start+1), int32(i)
			return nil
		case c == '\\':
			return p.escapedStr(start)
		case c < 0x20:
			return p.fail(Syntax, i, "control character in a string")
		default:
			if err := p.rune(); err != nil {
				return err
			}
		}
	}
}

// escapedStr goes on with a string at its first backslash, decoding it into
// Doc.text.
func (p *parser) escapedStr(start int) *Error {
	src := p.src
	textStart := len(p.text)
	p.text = append(p.text, src[start+1:p.pos]...)
	for {
		from := p.pos
		i := plain(src, from)
		p.text = append(p.text, src[from:i]...)
		p.pos = i
		if i >= len(src) {
			return p.unexpected(`'"'`)
		}
		switch c := src[i]; {
		case c == '"':
			n := p.scalar(String, start, i+1)
			n.indirect = true
			n.a, n.b = int32(textStart), int32(len(p.text))
			return nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return err
			}
			p.text = utf8.AppendRune(p.text, r)
		case c < 0x20:
			return p.fail(Syntax, i, "control character in a string")
		default:
			if err := p.rune(); err != nil {
				return err
			}
			p.text = append(p.text, src[i:p.pos]...)
		}
	}
}

// plain returns the position of the first byte from i on that is not plain in a
// string: a quote, a backslash, a control character, or no ASCII.
func plain(src []byte, i int) int {
	for ; i+8 <= len(src); i += 8 {
		if hit := unescaped.Word(binary.LittleEndian.Uint64(src[i:])); hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(src); i++ {
		if c := src[i]; c == '"' || c == '\\' || c < 0x20 || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// rune skips one character outside ASCII.
func (p *parser) rune() *Error {
	src := p.src[p.pos:]
	r, size := utf8.DecodeRune(src)
	if r == utf8.RuneError && size == 1 {
		return p.fail(InvalidUTF8, p.pos+validPrefix(src), "invalid UTF-8")
	}
	if isNoncharacter(r) {
		return p.fail(Noncharacter, p.pos, "Unicode noncharacter")
	}
	p.pos += size
	return nil
}

// validPrefix returns how many bytes of an invalid sequence could have begun
// a character.
func validPrefix(b []byte) int {
	n := 0
	for n < len(b) && n < utf8.UTFMax && !utf8.FullRune(b[:n+1]) {
		n++
	}
	return n
}

// escape decodes the escape sequence at the current position.
func (p *parser) escape() (rune, *Error) {
	src, at := p.src, p.pos
	if at+1 >= len(src) {
		return 0, p.fail(Syntax, at, "bad escape")
	}
	p.pos += 2
	switch src[at+1] {
	case '"', '\\', '/':
		return rune(src[at+1]), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
	default:
		return 0, p.fail(Syntax, at, "bad escape")
	}
	hi, ok := hex4(src[p.pos:])
	if !ok {
		return 0, p.fail(Syntax, at, "bad escape")
	}
	p.pos += 4
	r := hi
	if 0xD800 <= hi && hi <= 0xDFFF {
		rest := src[p.pos:]
		if hi > 0xDBFF || len(rest) < 2 || rest[0] != '\\' || rest[1] != 'u' {
			return 0, p.fail(LoneSurrogate, at, "lone surrogate")
		}
		lo, ok := hex4(rest[2:])
		if !ok {
			return 0, p.fail(Syntax, p.pos, "bad escape")
		}
		if lo < 0xDC00 || lo > 0xDFFF {
			return 0, p.fail(LoneSurrogate, at, "lone surrogate")
		}
		p.pos += 6
		r = 0x10000 + (hi-0xD800)<<10 + (lo - 0xDC00)
	}
	if isNoncharacter(r) {
		return 0, p.fail(Noncharacter, at, "Unicode noncharacter")
	}
	return r, nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func isNoncharacter(r rune) bool {
	return r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF
}
