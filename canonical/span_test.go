package canonical

import (
	"math"
	"testing"
)

// The canonical form of the largest document that any limits let in is below
// 2 GiB, the range of an int32 in a span: no text grows more than "1e20,".
func TestSpansReachTheEnd(t *testing.T) {
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
