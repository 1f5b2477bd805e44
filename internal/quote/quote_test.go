package quote_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
)

func TestQuote(t *testing.T) {
	long := strings.Repeat("a", 79)
	tests := []struct{ name, in, cut, text string }{
		{"empty", "", "", `""`},
		{"plain", `did:web:a "b"`, `did:web:a "b"`, `"did:web:a \"b\""`},
		{"control characters", "a\n\x1b\u202e", "a\n\x1b\u202e", `"a\n\x1b\u202e"`},
		{"other letters", "é東", "é東", `"\u00e9\u6771"`},
		{"the limit", long + "b", long + "b", `"` + long + `b"`},
		{"past the limit", long + "bc", long + "b…", `"` + long + `b"…`},
		{"a character across the limit", long + "é", long + "…", `"` + long + `"…`},
		{"a character after the limit", long + "bé", long + "b…", `"` + long + `b"…`},
		{"not UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb", `"a\xff\xfeb"`},
		{"an ellipsis of its own", "a…", "a…", `"a\u2026"`},
		{"U+FFFD of its own", "\ufffd", "\ufffd", `"\ufffd"`},
		{"noncharacters", "\ufdd0\ufdef\ufffe\U0010ffff\ufdcf\ufdf0", "\ufffd\ufffd\ufffd\ufffd\ufdcf\ufdf0", `"\ufdd0\ufdef\ufffe\U0010ffff\ufdcf\ufdf0"`},
		{"parts of characters alone", strings.Repeat("\x80", 1<<20), "…", `""…`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := quote.Cut(tt.in, 80); got != tt.cut {
				t.Errorf("Cut: got %q, want %q", got, tt.cut)
			}
			if got := quote.Text(tt.in, 80); got != tt.text {
				t.Errorf("Text: got %s, want %s", got, tt.text)
			}
		})
	}
	if quote.Cut("a", 0) != "…" || quote.Text("a", 0) != `""…` || quote.Cut("", 0) != "" {
		t.Error("a limit of 0")
	}
	if n := testing.AllocsPerRun(10, func() { _ = quote.Cut(long, 80) }); n != 0 {
		t.Errorf("a short text takes %v allocations", n)
	}
}

func ExampleCut() {
	fmt.Printf("the scope is %q\n", quote.Cut("travel.\u202ebook", 9))
	// Output: the scope is "travel.…"
}

// FuzzQuote: what Cut returns is JSON text, what Text returns is a line of ASCII that
// says exactly what it was given; both are bounded.
func FuzzQuote(f *testing.F) {
	f.Add("a\u202e\xff\ufffe\x00", 3)
	f.Add("é東…", 4)
	f.Fuzz(func(t *testing.T, s string, max int) {
		max &= 0xff
		cut, text := quote.Cut(s, max), quote.Text(s, max)
		if _, err := canonical.Marshal(cut); err != nil || !utf8.ValidString(cut) {
			t.Errorf("%q cannot be JSON: %v", cut, err)
		}
		if len(cut) > 3*max+len("…") || len(text) > 4*max+len(`""…`) {
			t.Errorf("%d and %d bytes for at most %d", len(cut), len(text), max)
		}
		quoted, shortened := strings.CutSuffix(text, "…")
		if shortened != (len(s) > max) {
			t.Errorf("%d bytes at most %d: %s", len(s), max, text)
		}
		for _, c := range []byte(quoted) {
			if c < ' ' || c > '~' {
				t.Errorf("%q holds %#x", text, c)
			}
		}
		if said, err := strconv.Unquote(quoted); err != nil || !strings.HasPrefix(s, said) || !shortened && said != s {
			t.Errorf("%s says %q of %q (%v)", text, said, s, err)
		}
	})
}
