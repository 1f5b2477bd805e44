package multikey

import (
	"encoding/binary"
	"math/bits"
)

// Keys and signatures are short, and every decision reads and writes some: these
// two convert in arrays of a fixed size. What is longer is for the library.
const (
	maxShort       = 64 // bytes
	maxShortDigits = 88 // of base58; so many may hold 65 bytes, or 88 zeros
)

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// noDigit has a bit that no digit has.
const noDigit = 0x80

// digits is the value of each character, noDigit for those outside the alphabet.
var digits = func() (of [256]byte) {
	for i := range of {
		of[i] = noDigit
	}
	for i, c := range []byte(alphabet) {
		of[c] = byte(i)
	}
	return of
}()

// Powers of 58: one fits into 32 bits, the other into 59.
const pow5, pow10 = 58 * 58 * 58 * 58 * 58, pow5 * pow5

// decodeShort decodes at most maxShortDigits of base58btc into room, and returns
// the part of it that holds the bytes. It reports false for a bad character.
func decodeShort(room *[maxShortDigits]byte, text string) ([]byte, bool) {
	ones := 0 // each is a zero byte, which the number does not show
	for ones < len(text) && text[ones] == alphabet[0] {
		ones++
	}
	var words [(maxShortDigits + 9) / 10]uint64 // of the number, the lowest first
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
	start := len(room) - 8*n
	for start < len(room) && room[start] == 0 {
		start++
	}
	return room[start-ones:], seen < noDigit // a byte takes a digit or more, so there is room for the ones
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
	start := len(out) - 10*n
	for start < len(out) && out[start] == alphabet[0] {
		start++
	}
	return append(dst, out[start:]...)
}
