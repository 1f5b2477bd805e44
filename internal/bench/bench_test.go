package bench

import (
	"strings"
	"testing"
	"time"
)

func TestCompare(t *testing.T) {
	var sink int
	work := func(n int) func() {
		return func() {
			for i := range n {
				sink += i * i
			}
		}
	}
	rows := Compare(11, Subject{"one", work(50_000)}, Subject{"ten", work(500_000)})
	if len(rows) != 2 || rows[0].Name != "one" || rows[0].P10 > rows[0].Median {
		t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		if r.P10 <= 0 || r.P10 > time.Second {
			t.Errorf("%+v", r)
		}
	}
	var b strings.Builder
	Print(&b, "work", "one", rows)
	if !strings.Contains(b.String(), "1.00 p10") || !strings.HasPrefix(b.String(), "work (× one)\n") {
		t.Errorf("%s", b.String())
	}
}
