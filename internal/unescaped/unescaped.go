// Package unescaped answers one question: which text stands in JSON as it is? What
// reads JSON and what writes it both ask, eight bytes at a time.
package unescaped

import (
	"encoding/binary"
	"unicode/utf8"
)

// Word returns a word with the high bit of each byte of x set that is not plain,
// the lowest of them for certain: a quote, a backslash, a control character, or a
// part of a character outside ASCII.
func Word(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	// A high bit for each byte that has it set or gets it: with the second bit
	// flipped, only a quote (0x22) and the control characters are below 0x21, and
	// a backslash is 0 after its own are flipped. Borrows make false hits above a
	// true one only, and the lowest counts.
	return (((x ^ ones*2) - ones*0x21) | ((x ^ ones*'\\') - ones) | x) & highs
}

// Text reports whether all of s is plain: then it needs no escapes, and is valid
// UTF-8 without noncharacters.
func Text(s string) bool {
	b := []byte(s) // which is not changed: no copy is made
	for i := 0; i+8 <= len(b); i += 8 {
		if Word(binary.LittleEndian.Uint64(b[i:])) != 0 {
			return false
		}
	}
	if len(b) >= 8 { // the rest, and some that was looked at
		return Word(binary.LittleEndian.Uint64(b[len(b)-8:])) == 0
	}
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
