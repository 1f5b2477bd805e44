package statuslist

import (
	"fmt"
	"sync"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
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

// A Memo returns the value of each entry of each list, and reads a list once
// per entry.
func TestMemo(t *testing.T) {
	bits := make([]byte, MinEntries)
	bits[0] = 0b0100_0000
	first := parse(t, list(encode(bits), `"revocation"`))
	second := parse(t, list(encode(make([]byte, MinEntries)), `"revocation"`))
	broken := parse(t, list("uAAAA", `"revocation"`))
	m := NewMemo(64)
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
			got, err := m.Value(e, tt.list, tt.list.SHA256())
			want, wantErr := e.Value(tt.list)
			if got != tt.want || (err != nil) != tt.fails || got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%s: %d, %v; the list says %d, %v", tt.name, got, err, want, wantErr)
			}
		}
	}
	// With the digest of the first list, it returns the cached value of the
	// first list and does not read the second.
	if got, err := m.Value(entryAt(t, 1, 1), second, first.SHA256()); got != 1 || err != nil {
		t.Errorf("looked into the list again: %d, %v", got, err)
	}
	// The purpose of the list is checked even if the value is cached.
	other := parse(t, list(encode(bits), `"suspension"`))
	if _, err := m.Value(entryAt(t, 1, 1), other, first.SHA256()); err == nil {
		t.Error("a list for another purpose is read")
	}
	var none *Memo
	if got, err := none.Value(entryAt(t, 1, 1), first, first.SHA256()); got != 1 || err != nil || NewMemo(0) != nil || NewMemo(-1) != nil {
		t.Errorf("without memory: %d, %v", got, err)
	}
}

func TestMemoIsBounded(t *testing.T) {
	l := parse(t, list(encode(make([]byte, MinEntries/8)), `"revocation"`))
	m := NewMemo(8)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := m.Value(entryAt(t, g*50+i, 1), l, l.SHA256()); err != nil {
					t.Error(err)
				}
				m.Value(entryAt(t, 0, 1), l, l.SHA256())
			}
		})
	}
	wg.Wait()
	if n := len(m.young) + len(m.old); n > 8 {
		t.Errorf("%d entries are remembered, at most 8 were asked for", n)
	}
}
