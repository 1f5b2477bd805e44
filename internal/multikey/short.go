package multikey

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// Keys and signatures are short, and every decision reads and writes some: these
// two convert in arrays of a fixed size. What is longer is for the library.
const maxShort, maxShortDigits = 64, 88 // bytes, and digits: so many may hold 65 bytes, or 88 zeros

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// digits is the value of each character, all ones for those outside the alphabet.
var digits = func() (of [256]byte) {
	for c := range of {
		of[c] = byte(strings.IndexByte(alphabet, byte(c)))
	}
	return of
}()

// Powers of 58: one fits into 32 bits, the other into 59.
const pow5, pow10 = 58 * 58 * 58 * 58 * 58, pow5 * pow5

// decodeShort decodes at most maxShortDigits of base58btc into room, and returns
// the part of it that holds the bytes. It reports false for a bad character.
func decodeShort(room *[maxShortDigits]byte, text string) ([]byte, bool) {
	ones := len(text) - len(strings.TrimLeft(text, "1")) // each is a zero byte, which the number does not show
	var words [(maxShortDigits + 9) / 10]uint64          // of the number, the lowest first
	var seen byte
	n := 0
	for text = text[ones:]; text != ""; {
		first := (len(text)-1)%10 + 1 // ten, but for the first round
		var carry uint64
		for _, c := range []byte(text[:first]) {
			digit := digits[c]
			seen |= digit
			carry = carry*58 + uint64(digit)
		}
		text = text[first:]
		for i := range n {
			high, low := bits.Mul64(words[i], pow10)
			low, over := bits.Add64(low, carry, 0)
			words[i], carry = low, high+over
		}
		words[n] = carry
		n++ // the number is below 58^(10 n), which fits into n words
	}
	clear(room[:])
	for i, word := range words[:n] {
		binary.BigEndian.PutUint64(room[len(room)-8*(i+1):], word)
	}
	start := len(room) - len(bytes.TrimLeft(room[len(room)-8*n:], "\x00"))
	return room[start-ones:], seen < 64 // a byte takes a digit or more, so there is room for the ones
}

// appendShort appends the base58btc of at most maxShort bytes.
func appendShort(dst, b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		dst, b = append(dst, alphabet[0]), b[1:]
	}
	var padded [maxShort]byte
	copy(padded[maxShort-len(b):], b)
	var limbs [maxShort/8 + 1]uint64 // ten digits each, the lowest first
	n := 1
	for at := (maxShort - len(b)) &^ 7; at < maxShort; at += 8 {
		n++ // limbs, one more than words: enough for up to ten words
		carry := binary.BigEndian.Uint64(padded[at:])
		for i, limb := range limbs[:n] { // limb < pow10, as Div64 demands
			carry, limbs[i] = bits.Div64(limb, carry, pow10)
		}
	}
	var out [10 * len(limbs)]byte
	for i, limb := range limbs[:n] {
		high, low := uint32(limb/pow5), uint32(limb%pow5) // apart, because they do not wait for each other
		ten := (*[10]byte)(out[len(out)-10*(i+1):])
		for at := 4; at >= 0; at-- {
			ten[at], high = alphabet[high%58], high/58
			ten[at+5], low = alphabet[low%58], low/58
		}
	}
	return append(dst, bytes.TrimLeft(out[len(out)-10*n:], "1")...)
}
