package roundrobin

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
	rows := Compare(11, Subject{Name: "one", Run: work(50_000)}, Subject{Name: "ten", Run: work(500_000)})
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

// TestPrepare checks that every run is prepared exactly once and that the time
// of preparing does not count.
func TestPrepare(t *testing.T) {
	ready, runs := 0, 0
	rows := Comparison{Rounds: 3, Slice: 100 * time.Microsecond}.Run(Subject{Name: "x",
		Prepare: func(n int) {
			if ready != 0 {
				t.Fatalf("%d runs were prepared in vain", ready)
			}
			for begin := cpuTime(); cpuTime()-begin < 5*time.Millisecond; {
			}
			ready = n
		},
		Run: func() {
			if ready--; ready < 0 {
				t.Fatal("a run that was not prepared")
			}
			for begin := cpuTime(); cpuTime()-begin < 20*time.Microsecond; {
			}
			runs++
		},
	})
	if runs < 3 || rows[0].P10 <= 0 || rows[0].P10 > 5*time.Millisecond {
		t.Errorf("%d runs, %+v", runs, rows)
	}
}
