package receipts

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/jsonwrite"
)

func TestWriteTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	times := []time.Time{time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(999, 1, 1, 0, 0, 0, 1e6, time.UTC)}
	for range 20_000 {
		times = append(times, time.Unix(r.Int64N(253402300800+62135596800)-62135596800, r.Int64N(1e9)))
	}
	for _, at := range times {
		w := jsonwrite.Writer{Dst: []byte("{")}
		writeTime(&w, "t", at)
		if got, want := string(w.Dst), `{"t":"`+at.UTC().Format(millis)+`"`; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	w := jsonwrite.Writer{Dst: []byte("{")}
	if writeTime(&w, "t", time.Time{}); string(w.Dst) != "{" {
		t.Errorf("the zero time is written: %s", w.Dst)
	}
}
