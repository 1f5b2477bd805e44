// Package quote makes untrusted texts fit for messages: short, and of characters
// that harm neither JSON nor a line of a log.
package quote

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Cut returns s, or as many whole characters of it as fit in max bytes with "…"
// after them. What is not UTF-8, and noncharacters, which I-JSON does not have
// (RFC 7493 section 2.1), become U+FFFD: the result can be written as JSON. Control
// characters stay: write it with %q, or as JSON.
func Cut(s string, max int) string {
	kept := prefix(s, max)
	shown := strings.Map(func(r rune) rune {
		if r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF {
			return utf8.RuneError
		}
		return r // already U+FFFD for a byte that is not UTF-8
	}, kept)
	if len(kept) < len(s) {
		shown += "…"
	}
	return shown
}

// Text returns a Go string literal of s in ASCII, like %+q: nothing in it ends the
// line or the literal. Of an s longer than max bytes it has the whole characters of
// the first max bytes; "…" stands after the closing quote.
func Text(s string, max int) string {
	kept := prefix(s, max)
	q := strconv.QuoteToASCII(kept)
	if len(kept) < len(s) {
		q += "…"
	}
	return q
}

// prefix returns at most max bytes of s, and no part of a character.
func prefix(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}
