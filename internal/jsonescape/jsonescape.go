// Package jsonescape tells which characters of a string JSON must escape (RFC
// 8259 section 7) or a reader must check, eight bytes at a time. The parser and
// the writers of JSON use it to copy plain text unchanged.
//
// A byte is plain if it is printable ASCII and neither a quote nor a backslash.
package jsonescape

import (
	"encoding/binary"
	"unicode/utf8"
)

// Mask returns a word in which the lowest set bit marks the first byte of x, in
// little-endian order, that is not plain: it is the high bit of that byte. Bits
// above it mean nothing. Mask returns 0 if all eight bytes are plain.
func Mask(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	// Each term sets the high bit of a byte. x does so for bytes outside ASCII.
	// Subtracting 0x21 borrows for bytes below it: flipping the second bit moves
	// the quote (0x22) there, and keeps the control characters there. Subtracting
	// 1 borrows for a backslash, which flipping its own bits makes 0. A borrow
	// can spoil the bytes above, never those below.
	return (((x ^ ones*2) - ones*0x21) | ((x ^ ones*'\\') - ones) | x) & highs
}

// Plain reports whether every byte of s is plain. Such a string needs no
// escapes, and it is valid UTF-8 without noncharacters.
func Plain(s string) bool {
	b := []byte(s) // the compiler makes no copy, as b is only read
	for i := 0; i+8 <= len(b); i += 8 {
		if Mask(binary.LittleEndian.Uint64(b[i:])) != 0 {
			return false
		}
	}
	if len(b) >= 8 { // the last eight bytes; some are checked twice
		return Mask(binary.LittleEndian.Uint64(b[len(b)-8:])) == 0
	}
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
