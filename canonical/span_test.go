package canonical

import (
	"math"
	"testing"
)

// TestSpansFitInt32: the canonical form of a document of the maximum size is below
// 2 GiB, so a span can have int32 positions. The text that grows most is "1e20,".
func TestSpansFitInt32(t *testing.T) {
	l := Limits{MaxBytes: math.MaxInt}.withDefaults()
	const in, out = "1e20,", "100000000000000000000,"
	b, err := Transform([]byte(in[:len(in)-1]))
	if err != nil || string(b) != out[:len(out)-1] {
		t.Fatalf("%s, %v", b, err)
	}
	if n := l.MaxBytes / len(in) * len(out); n > math.MaxInt32 {
		t.Errorf("a document of %d bytes has a canonical form of %d", l.MaxBytes, n)
	}
}
