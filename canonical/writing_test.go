package canonical

import (
	"math"
	"testing"
)

// What a document of an earlier one's memory could not write, it does not take
// from that.
func TestWritingThatFailedIsNone(t *testing.T) {
	p := &Parser{}
	first, err := p.Parse([]byte(`{"secret":1e2}`))
	if err != nil {
		t.Fatal(err)
	}
	first.Root().SHA256()
	d, err := p.Parse([]byte(`{"number":1e3}`))
	if err != nil {
		t.Fatal(err)
	}
	d.nums[0] = math.NaN() // no document holds it
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a number that is not finite was hashed")
				}
			}()
			d.Root().SHA256()
		}()
	}
}

// The canonical form of the largest document that any limits let in is below
// 2 GiB, which is as far as spans go: no text grows more than "1e20,".
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
