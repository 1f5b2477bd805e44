package unescaped

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Every byte, at every place of texts of every length that matters.
func TestText(t *testing.T) {
	for n := range 26 {
		if !Text(strings.Repeat("~", n)) {
			t.Errorf("%d plain characters are not plain", n)
		}
		for at := range n {
			for c := range 256 {
				s := strings.Repeat("a", at) + string([]byte{byte(c)}) + strings.Repeat(" ", n-at-1)
				want := c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf
				if Text(s) != want {
					t.Fatalf("%q: got %v", s, !want)
				}
			}
		}
	}
}
