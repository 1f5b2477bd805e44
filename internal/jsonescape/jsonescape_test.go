package jsonescape

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPlain puts every byte at every place of strings of 0 to 25 bytes.
func TestPlain(t *testing.T) {
	for n := range 26 {
		if !Plain(strings.Repeat("~", n)) {
			t.Errorf("%d plain characters are not plain", n)
		}
		for at := range n {
			for c := range 256 {
				s := strings.Repeat("a", at) + string([]byte{byte(c)}) + strings.Repeat(" ", n-at-1)
				want := c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf
				if Plain(s) != want {
					t.Fatalf("%q: got %v", s, !want)
				}
			}
		}
	}
}
