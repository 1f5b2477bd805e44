package statuslist

import (
	"fmt"
	"sync"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/memo"
)

func entryAt(t testing.TB, index, size int) *Entry {
	t.Helper()
	more := fmt.Sprintf(`,"statusListIndex":"%d"`, index)
	if size > 1 {
		more += fmt.Sprintf(`,"statusSize":%d`, size) + messages(1<<size)
	}
	e, err := ReadEntry(parse(t, entry(more)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestRemembered checks that Value returns the same with a memo as without, and
// that it looks up each entry of each list once.
func TestRemembered(t *testing.T) {
	bits := make([]byte, MinEntries)
	bits[0] = 0b0100_0000
	first := parse(t, list(encode(bits), `"revocation"`))
	second := parse(t, list(encode(make([]byte, MinEntries)), `"revocation"`))
	broken := parse(t, list("uAAAA", `"revocation"`))
	results := memo.New[Key, Result](64)
	for range 2 {
		for _, tt := range []struct {
			name        string
			list        canonical.Value
			index, size int
			want        int
			fails       bool
		}{
			{"set", first, 1, 1, 1, false},
			{"not set", first, 2, 1, 0, false},
			{"another size", first, 0, 2, 1, false},
			{"the same place, another size", first, 1, 2, 0, false},
			{"another list", second, 1, 1, 0, false},
			{"no gzip", broken, 1, 1, 0, true},
			{"outside", first, MinEntries * 8, 1, 0, true},
		} {
			e := entryAt(t, tt.index, tt.size)
			got, err := e.Value(tt.list, tt.list.SHA256(), results)
			want, wantErr := e.Value(tt.list, [32]byte{}, nil)
			if got != tt.want || (err != nil) != tt.fails || got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%s: %d, %v; without a memo %d, %v", tt.name, got, err, want, wantErr)
			}
		}
	}
	// With the digest of the first list, the value comes from the memo.
	if got, err := entryAt(t, 1, 1).Value(second, first.SHA256(), results); got != 1 || err != nil {
		t.Errorf("the value was looked up again: %d, %v", got, err)
	}
	// The purpose is checked each time.
	other := parse(t, list(encode(bits), `"suspension"`))
	if _, err := entryAt(t, 1, 1).Value(other, first.SHA256(), results); err == nil {
		t.Error("a list for another purpose is read")
	}
}

func TestValueConcurrently(t *testing.T) {
	l := parse(t, list(encode(make([]byte, MinEntries/8)), `"revocation"`))
	results := memo.New[Key, Result](8)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := entryAt(t, g*50+i, 1).Value(l, l.SHA256(), results); err != nil {
					t.Error(err)
				}
				entryAt(t, 0, 1).Value(l, l.SHA256(), results)
			}
		})
	}
	wg.Wait()
	if n := results.Len(); n > 8 {
		t.Errorf("%d results are remembered, at most 8", n)
	}
}
