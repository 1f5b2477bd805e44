package canonical

import (
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A parser makes one forward pass over doc.src.
type parser struct {
	doc    *Doc
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
	if p.pos < len(p.doc.src) {
		return p.fail(TrailingData, p.pos, "data after the end of the document")
	}
	return nil
}

func (p *parser) fail(k Kind, off int, detail string) *Error {
	return &Error{Kind: k, Offset: off, detail: detail}
}

// unexpected reports the byte at the current position, or the end of input.
func (p *parser) unexpected(want string) *Error {
	if p.pos >= len(p.doc.src) {
		return p.fail(Syntax, p.pos, "unexpected end, want "+want)
	}
	return p.fail(Syntax, p.pos, "unexpected "+strconv.QuoteRuneToASCII(rune(p.doc.src[p.pos]))+", want "+want)
}

func (p *parser) space() {
	src := p.doc.src
	for p.pos < len(src) {
		switch src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the byte at the current position, or 0 at the end. A zero byte
// is nowhere legal, so callers need not tell the two apart.
func (p *parser) peek() byte {
	if p.pos < len(p.doc.src) {
		return p.doc.src[p.pos]
	}
	return 0
}

// open appends a node that starts at the current position.
func (p *parser) open(kind ValueKind) int32 {
	p.doc.nodes = append(p.doc.nodes, node{kind: kind, off: int32(p.pos)})
	return int32(len(p.doc.nodes) - 1)
}

// close completes node i, which ends before the current position.
func (p *parser) close(i int32) *node {
	n := &p.doc.nodes[i]
	n.end = int32(p.pos)
	n.next = int32(len(p.doc.nodes))
	return n
}

func (p *parser) value() *Error {
	p.values++
	if p.values > p.limits.MaxValues {
		err := p.fail(TooManyValues, p.pos, "too many values")
		err.Limit = p.limits.MaxValues
		return err
	}
	switch c := p.peek(); {
	case c == '{':
		return p.nested(p.object)
	case c == '[':
		return p.nested(p.array)
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

func (p *parser) literal(word string, kind ValueKind) *Error {
	if len(p.doc.src)-p.pos < len(word) || string(p.doc.src[p.pos:p.pos+len(word)]) != word {
		return p.fail(Syntax, p.pos, "bad literal, want "+word)
	}
	i := p.open(kind)
	p.pos += len(word)
	p.close(i)
	return nil
}

func (p *parser) nested(container func() *Error) *Error {
	if p.depth >= p.limits.MaxDepth {
		err := p.fail(TooDeep, p.pos, "nested too deep")
		err.Limit = p.limits.MaxDepth
		return err
	}
	p.depth++
	err := container()
	p.depth--
	return err
}

func (p *parser) array() *Error {
	self := p.open(Array)
	p.pos++
	count := int32(0)
	p.space()
	if p.peek() == ']' {
		p.pos++
	} else {
		for {
			p.space()
			if err := p.value(); err != nil {
				return err.within(strconv.Itoa(int(count)))
			}
			count++
			p.space()
			c := p.peek()
			if c != ',' && c != ']' {
				return p.unexpected("',' or ']'")
			}
			p.pos++
			if c == ']' {
				break
			}
		}
	}
	n := p.close(self)
	n.a, n.b = count, -1
	return nil
}

func (p *parser) object() *Error {
	self := p.open(Object)
	p.pos++
	count, last, sorted := int32(0), int32(-1), true
	p.space()
	if p.peek() == '}' {
		p.pos++
	} else {
		for {
			p.space()
			if p.peek() != '"' {
				return p.unexpected("a member name")
			}
			key := int32(len(p.doc.nodes))
			if err := p.str(); err != nil {
				return err
			}
			if sorted && last >= 0 && compareUTF16(p.doc.textOf(last), p.doc.textOf(key)) >= 0 {
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
				return err.within(string(p.doc.textOf(key)))
			}
			count++
			p.space()
			c := p.peek()
			if c != ',' && c != '}' {
				return p.unexpected("',' or '}'")
			}
			p.pos++
			if c == '}' {
				break
			}
		}
	}
	n := p.close(self)
	n.a, n.b = count, -1
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
	slices.SortStableFunc(keys, func(x, y int32) int { return compareUTF16(d.textOf(x), d.textOf(y)) })
	again := int32(-1)
	for i := 1; i < len(keys); i++ {
		if string(d.textOf(keys[i-1])) == string(d.textOf(keys[i])) && (again < 0 || keys[i] < again) {
			again = keys[i]
		}
	}
	if again >= 0 {
		err := p.fail(DuplicateKey, int(d.nodes[again].off), "member name repeated")
		return err.within(string(d.textOf(again)))
	}
	d.nodes[self].b = int32(start)
	return nil
}

// number parses RFC 8259 section 6. Integers of at most 15 digits are exact in
// a double and already canonical, "-0" aside, so they are kept as they stand.
func (p *parser) number() *Error {
	src, start := p.doc.src, p.pos
	self := p.open(Number)
	integer := true
	if p.peek() == '-' {
		p.pos++
	}
	intStart := p.pos
	if err := p.digits(start); err != nil {
		return err
	}
	if src[intStart] == '0' && p.pos > intStart+1 {
		p.pos = intStart + 1
		return p.unexpected("no digit after a leading zero")
	}
	if p.peek() == '.' {
		integer = false
		p.pos++
		if err := p.digits(start); err != nil {
			return err
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		integer = false
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
	n := p.close(self)
	if integer && p.pos-intStart <= 15 && (intStart == start || src[intStart] != '0') {
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
	src := p.doc.src
	self := p.open(String)
	p.pos++
	begin := p.pos
	for p.pos < len(src) {
		switch c := src[p.pos]; {
		case c == '"':
			p.pos++
			n := p.close(self)
			n.a, n.b = int32(begin), int32(p.pos-1)
			return nil
		case c == '\\':
			return p.escapedStr(self, begin)
		case c < 0x20:
			return p.fail(Syntax, p.pos, "control character in a string")
		case c < utf8.RuneSelf:
			p.pos++
		default:
			if err := p.rune(); err != nil {
				return err
			}
		}
	}
	return p.unexpected(`'"'`)
}

// escapedStr goes on with a string at its first backslash, decoding it into
// Doc.text.
func (p *parser) escapedStr(self int32, begin int) *Error {
	src, d := p.doc.src, p.doc
	textStart := len(d.text)
	d.text = append(d.text, src[begin:p.pos]...)
	for p.pos < len(src) {
		switch c := src[p.pos]; {
		case c == '"':
			p.pos++
			n := p.close(self)
			n.indirect = true
			n.a, n.b = int32(textStart), int32(len(d.text))
			return nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return err
			}
			d.text = utf8.AppendRune(d.text, r)
		case c < 0x20:
			return p.fail(Syntax, p.pos, "control character in a string")
		case c < utf8.RuneSelf:
			d.text = append(d.text, c)
			p.pos++
		default:
			at := p.pos
			if err := p.rune(); err != nil {
				return err
			}
			d.text = append(d.text, src[at:p.pos]...)
		}
	}
	return p.unexpected(`'"'`)
}

// rune skips one character outside ASCII.
func (p *parser) rune() *Error {
	src := p.doc.src[p.pos:]
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
	src, at := p.doc.src, p.pos
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
