package canonical

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/internal/jsonescape"
)

// A parser makes one forward pass over src. Each method takes the position at which
// it begins and returns the position after it. This is faster than a position in the
// parser, which every step would write to memory and read back.
type parser struct {
	*buffer
	limits Limits
	depth  int
	values int
	// changes counts the differences between the source and its canonical form:
	// runs of white space, strings with escapes, numbers in another form, and
	// objects in another order. A container without changes is in canonical form.
	changes int
}

func (p *parser) document() error {
	i, err := p.value(p.skipSpace(0))
	if err != nil {
		return err.finish()
	}
	if i = p.skipSpace(i); i < len(p.src) {
		return p.fail(TrailingData, i, "data after the end of the document")
	}
	return nil
}

func (p *parser) fail(k Kind, off int, detail string) *Error {
	return &Error{Kind: k, Offset: off, detail: detail}
}

// unexpected reports the byte at i, or the end of input.
func (p *parser) unexpected(i int, want string) *Error {
	if i >= len(p.src) {
		return p.fail(Syntax, i, "unexpected end, want "+want)
	}
	return p.fail(Syntax, i, "unexpected "+strconv.QuoteRuneToASCII(rune(p.src[i]))+", want "+want)
}

// skipSpace skips white space. It is short enough to be inlined for the usual case,
// no white space.
func (p *parser) skipSpace(i int) int {
	if p.peek(i) > ' ' {
		return i
	}
	return p.skipSpaces(i)
}

func (p *parser) skipSpaces(i int) int {
	src, start := p.src, i
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	if i > start {
		p.changes++
	}
	return i
}

// peek returns the byte at i, or 0 at the end. A zero byte is never valid, so callers
// need not distinguish the two.
func (p *parser) peek(i int) byte {
	if i < len(p.src) {
		return p.src[i]
	}
	return 0
}

// add appends a node without children. The capacity doubles, so all earlier slices
// together are at most as large as the last one. append grows large slices by a
// quarter, and the earlier ones would be four times as large.
func (p *parser) add(kind ValueKind, off, end int32) *node {
	i := len(p.nodes)
	if i == cap(p.nodes) {
		p.grow()
	}
	p.nodes = p.nodes[:i+1]
	n := &p.nodes[i]
	*n = node{kind: kind, off: off, end: end, next: int32(i + 1)}
	return n
}

func (p *parser) grow() {
	p.nodes = append(make([]node, 0, max(2*cap(p.nodes), 16)), p.nodes...)
}

// close completes the container at node self, with count members or elements and
// its end at i. changes is the value of p.changes at its start.
func (p *parser) close(self, count int32, i, changes int) int {
	n := &p.nodes[self]
	n.end = int32(i)
	n.next = int32(len(p.nodes))
	n.a, n.b = count, -1
	n.indirect = p.changes != changes
	return i
}

// textOf returns the decoded text of string node i.
func (p *parser) textOf(i int32) []byte {
	n := &p.nodes[i]
	if n.indirect {
		return p.text[n.a:n.b]
	}
	return p.src[n.a:n.b]
}

func (p *parser) value(i int) (int, *Error) {
	c := p.peek(i)
	if p.values++; p.values > p.limits.MaxValues && beginsValue(c) {
		err := p.fail(TooManyValues, i, "too many values")
		err.Limit = p.limits.MaxValues
		return i, err
	}
	switch {
	case c == '"':
		i, _, err := p.str(i)
		return i, err
	case c == '{', c == '[':
		if p.depth >= p.limits.MaxDepth {
			err := p.fail(TooDeep, i, "nested too deep")
			err.Limit = p.limits.MaxDepth
			return i, err
		}
		p.depth++
		var err *Error
		if c == '{' {
			i, err = p.object(i)
		} else {
			i, err = p.array(i)
		}
		p.depth--
		return i, err
	case c == '-' || '0' <= c && c <= '9':
		return p.number(i)
	case c == 't':
		return p.literal(i, "true", Bool)
	case c == 'f':
		return p.literal(i, "false", Bool)
	case c == 'n':
		return p.literal(i, "null", Null)
	}
	return i, p.unexpected(i, "a value")
}

func beginsValue(c byte) bool {
	switch c {
	case '{', '[', '"', '-', 't', 'f', 'n':
		return true
	}
	return '0' <= c && c <= '9'
}

func (p *parser) literal(i int, word string, kind ValueKind) (int, *Error) {
	end := i + len(word)
	if end > len(p.src) || string(p.src[i:end]) != word {
		return i, p.fail(Syntax, i, "bad literal, want "+word)
	}
	p.add(kind, int32(i), int32(end))
	return end, nil
}

func (p *parser) array(i int) (int, *Error) {
	self, changes := int32(len(p.nodes)), p.changes
	p.add(Array, int32(i), 0)
	count := int32(0)
	i = p.skipSpace(i + 1)
	if p.peek(i) == ']' {
		return p.close(self, 0, i+1, changes), nil
	}
	for {
		var err *Error
		if i, err = p.value(i); err != nil {
			return i, err.within(strconv.Itoa(int(count)))
		}
		count++
		i = p.skipSpace(i)
		switch p.peek(i) {
		case ',':
			i = p.skipSpace(i + 1)
		case ']':
			return p.close(self, count, i+1, changes), nil
		default:
			return i, p.unexpected(i, "',' or ']'")
		}
	}
}

func (p *parser) object(i int) (int, *Error) {
	self, changes := int32(len(p.nodes)), p.changes
	p.add(Object, int32(i), 0)
	count, sorted, names := int32(0), true, uint16(0)
	var last []byte // the previous member name
	i = p.skipSpace(i + 1)
	if p.peek(i) == '}' {
		return p.close(self, 0, i+1, changes), nil
	}
	for {
		if p.peek(i) != '"' {
			return i, p.unexpected(i, "a member name")
		}
		end, name, err := p.str(i)
		if err != nil {
			return i, err
		}
		if sorted && count > 0 && compareUTF16(last, name) >= 0 {
			sorted = false
			p.changes++
		}
		last, names = name, names|nameBit(name)
		i = p.skipSpace(end)
		if p.peek(i) != ':' {
			return i, p.unexpected(i, "':'")
		}
		if i, err = p.value(p.skipSpace(i + 1)); err != nil {
			return i, err.within(string(name))
		}
		count++
		i = p.skipSpace(i)
		c := p.peek(i)
		if c != ',' && c != '}' {
			return i, p.unexpected(i, "',' or '}'")
		}
		i++
		if c == '}' {
			break
		}
		i = p.skipSpace(i)
	}
	p.close(self, count, i, changes)
	p.nodes[self].names = names
	if sorted {
		return i, nil
	}
	return i, p.sortMembers(self)
}

// sortMembers records the canonical order of the members of an object. It refuses
// repeated names; the error is for the repetition that comes first in the source.
func (p *parser) sortMembers(self int32) *Error {
	start := len(p.order)
	for key := self + 1; key < p.nodes[self].next; key = p.nodes[key+1].next {
		p.order = append(p.order, key)
	}
	keys := p.order[start:]
	slices.SortFunc(keys, func(x, y int32) int { // equal names in source order; slices.SortStableFunc takes twice as long
		if order := compareUTF16(p.textOf(x), p.textOf(y)); order != 0 {
			return order
		}
		return int(x - y)
	})
	duplicate := int32(-1)
	for i := 1; i < len(keys); i++ {
		if string(p.textOf(keys[i-1])) == string(p.textOf(keys[i])) && (duplicate < 0 || keys[i] < duplicate) {
			duplicate = keys[i]
		}
	}
	if duplicate >= 0 {
		err := p.fail(DuplicateKey, int(p.nodes[duplicate].off), "member name repeated")
		return err.within(string(p.textOf(duplicate)))
	}
	p.nodes[self].b = int32(start)
	return nil
}

// number parses a number (RFC 8259 section 6).
//
// A number of at most 15 digits without an exponent is already in canonical form,
// with three exceptions: negative zero, a trailing zero after the point, and a
// number so small that its canonical form has an exponent. The reason: different
// decimals of up to 15 digits are different doubles, so no other decimal of at most
// that length has the same double. number converts all other numbers to a double.
func (p *parser) number(start int) (int, *Error) {
	src, i := p.src, start
	if p.peek(i) == '-' {
		i++
	}
	intStart := i
	if i+1 < len(src) && src[i] == '0' && '0' <= src[i+1] && src[i+1] <= '9' {
		return i, p.unexpected(i+1, "no digit after a leading zero")
	}
	i, err := p.digits(start, i)
	if err != nil {
		return i, err
	}
	verbatim := i-intStart <= 15 && (intStart == start || src[intStart] != '0')
	if p.peek(i) == '.' {
		fraction := i + 1
		if i, err = p.digits(start, fraction); err != nil {
			return i, err
		}
		// A seventh decimal place may need an exponent. -0.x is not a negative zero.
		verbatim = i-intStart <= 16 && src[i-1] != '0' &&
			(src[intStart] != '0' || i-fraction <= 6)
	}
	if c := p.peek(i); c == 'e' || c == 'E' {
		verbatim = false
		i++
		if c := p.peek(i); c == '+' || c == '-' {
			i++
		}
		if i, err = p.digits(start, i); err != nil {
			return i, err
		}
	}
	if i-start > p.limits.MaxNumberBytes {
		return i, p.longNumber(start)
	}
	n := p.add(Number, int32(start), int32(i))
	if verbatim {
		return i, nil
	}
	f, parseErr := strconv.ParseFloat(string(src[start:i]), 64)
	if errors.Is(parseErr, strconv.ErrRange) {
		return i, p.fail(NumberOutOfRange, start, "number beyond the range of a double")
	} else if parseErr != nil { // unreachable: the token is well formed
		return i, p.fail(Syntax, start, "bad number")
	}
	p.changes++
	n.indirect = true
	n.a = int32(len(p.nums))
	p.nums = append(p.nums, f)
	return i, nil
}

// digits skips one or more digits at i. start is the start of the number.
func (p *parser) digits(start, i int) (int, *Error) {
	from := i
	for c := p.peek(i); '0' <= c && c <= '9'; c = p.peek(i) {
		i++
	}
	if i-start > p.limits.MaxNumberBytes {
		return i, p.longNumber(start)
	}
	if i == from {
		return i, p.unexpected(i, "a digit")
	}
	return i, nil
}

func (p *parser) longNumber(start int) *Error {
	err := p.fail(TooLarge, start+p.limits.MaxNumberBytes, "number too long")
	err.Limit = p.limits.MaxNumberBytes
	return err
}

// str parses a string at its opening quote. It returns its end and its decoded text,
// which is valid until the end of the parse.
func (p *parser) str(start int) (int, []byte, *Error) {
	src, i := p.src, start+1
	for {
		i = skipPlain(src, i)
		if i >= len(src) {
			return i, nil, p.unexpected(i, `'"'`)
		}
		switch c := src[i]; {
		case c == '"':
			n := p.add(String, int32(start), int32(i+1))
			n.a, n.b = int32(start+1), int32(i)
			return i + 1, src[start+1 : i], nil
		case c == '\\':
			return p.escapedStr(start, i)
		case c < 0x20:
			return i, nil, p.fail(Syntax, i, "control character in a string")
		default:
			var err *Error
			if i, err = p.rune(i); err != nil {
				return i, nil, err
			}
		}
	}
}

// escapedStr parses the rest of a string from its first backslash on. It decodes the
// whole string into p.text.
func (p *parser) escapedStr(start, i int) (int, []byte, *Error) {
	src := p.src
	textStart := len(p.text)
	p.text = append(p.text, src[start+1:i]...)
	for {
		from := i
		i = skipPlain(src, from)
		p.text = append(p.text, src[from:i]...)
		if i >= len(src) {
			return i, nil, p.unexpected(i, `'"'`)
		}
		switch c := src[i]; {
		case c == '"':
			p.changes++
			n := p.add(String, int32(start), int32(i+1))
			n.indirect = true
			n.a, n.b = int32(textStart), int32(len(p.text))
			return i + 1, p.text[textStart:], nil
		case c == '\\':
			end, r, err := p.escape(i)
			if err != nil {
				return i, nil, err
			}
			i, p.text = end, utf8.AppendRune(p.text, r)
		case c < 0x20:
			return i, nil, p.fail(Syntax, i, "control character in a string")
		default:
			end, err := p.rune(i)
			if err != nil {
				return i, nil, err
			}
			p.text = append(p.text, src[i:end]...)
			i = end
		}
	}
}

// skipPlain returns the position of the first byte from i on that ends a plain part
// of a string: a quote, a backslash, a control character or a byte outside ASCII.
func skipPlain(src []byte, i int) int {
	for ; i+8 <= len(src); i += 8 {
		if hit := jsonescape.Mask(binary.LittleEndian.Uint64(src[i:])); hit != 0 {
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

// rune checks and skips one character outside ASCII.
func (p *parser) rune(i int) (int, *Error) {
	src := p.src[i:]
	r, size := utf8.DecodeRune(src)
	if r == utf8.RuneError && size == 1 {
		return i, p.fail(InvalidUTF8, i+validPrefix(src), "invalid UTF-8")
	}
	if isNoncharacter(r) {
		return i, p.fail(Noncharacter, i, "Unicode noncharacter")
	}
	return i + size, nil
}

// validPrefix returns the length of the longest prefix of an invalid sequence that
// can begin a character.
func validPrefix(b []byte) int {
	n := 0
	for n < len(b) && n < utf8.UTFMax && !utf8.FullRune(b[:n+1]) {
		n++
	}
	return n
}

// escape decodes the escape sequence at position at. It returns the position after
// it.
func (p *parser) escape(at int) (int, rune, *Error) {
	src, i := p.src, at+2
	if at+1 >= len(src) {
		return i, 0, p.fail(Syntax, at, "bad escape")
	}
	switch src[at+1] {
	case '"', '\\', '/':
		return i, rune(src[at+1]), nil
	case 'b':
		return i, '\b', nil
	case 'f':
		return i, '\f', nil
	case 'n':
		return i, '\n', nil
	case 'r':
		return i, '\r', nil
	case 't':
		return i, '\t', nil
	case 'u':
	default:
		return i, 0, p.fail(Syntax, at, "bad escape")
	}
	hi, ok := hex4(src[i:])
	if !ok {
		return i, 0, p.fail(Syntax, at, "bad escape")
	}
	i += 4
	r := hi
	if 0xD800 <= hi && hi <= 0xDFFF {
		rest := src[i:]
		if hi > 0xDBFF || len(rest) < 2 || rest[0] != '\\' || rest[1] != 'u' {
			return i, 0, p.fail(LoneSurrogate, at, "lone surrogate")
		}
		lo, ok := hex4(rest[2:])
		if !ok {
			return i, 0, p.fail(Syntax, i, "bad escape")
		}
		if lo < 0xDC00 || lo > 0xDFFF {
			return i, 0, p.fail(LoneSurrogate, at, "lone surrogate")
		}
		i += 6
		r = 0x10000 + (hi-0xD800)<<10 + (lo - 0xDC00)
	}
	if isNoncharacter(r) {
		return i, 0, p.fail(Noncharacter, at, "Unicode noncharacter")
	}
	return i, r, nil
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
