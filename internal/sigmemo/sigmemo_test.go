package sigmemo

import (
	"sync"
	"testing"
)

func id(n int) ID { return ID{byte(n), byte(n >> 8), byte(n >> 16)} }

func TestMemo(t *testing.T) {
	m := New(8)
	if m.Has(id(0)) {
		t.Error("has what was never added")
	}
	for n := range 1000 {
		m.Add(id(n))
		if !m.Has(id(n)) {
			t.Fatalf("%d is forgotten at once", n)
		}
		if m.Len() > 8 {
			t.Fatalf("%d remembered, at most 8", m.Len())
		}
	}
	if m.Has(id(0)) || m.Has(id(990)) {
		t.Error("what came long ago is remembered")
	}
	// What is asked for again stays.
	m.Add(id(5000))
	for n := range 1000 {
		m.Add(id(n))
		if n%3 == 0 && !m.Has(id(5000)) {
			t.Fatalf("forgotten after %d others, although asked for", n)
		}
	}
	one := New(1)
	one.Add(id(1))
	one.Add(id(2))
	if !one.Has(id(2)) || one.Len() > 2 {
		t.Errorf("a memo of one remembers %d", one.Len())
	}
	var none *Memo
	none.Add(id(1))
	if New(0) != nil || New(-1) != nil || none.Has(id(1)) || none.Len() != 0 {
		t.Error("a memo of nothing remembers")
	}
}

func TestOf(t *testing.T) {
	base := Of([32]byte{}, [32]byte{}, 0)
	seen := map[ID]bool{base: true}
	for i := range 32 {
		var b [32]byte
		b[i] = 1
		seen[Of(b, [32]byte{}, 0)] = true
		seen[Of([32]byte{}, b, 0)] = true
		seen[Of([32]byte{}, [32]byte{}, i+1)] = true
	}
	if len(seen) != 1+3*32 {
		t.Errorf("%d IDs, want one for each difference", len(seen))
	}
}

func TestConcurrent(t *testing.T) {
	m := New(64)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 2000 {
				m.Add(id(g<<12 | n))
				m.Has(id(n))
			}
		})
	}
	wg.Wait()
	if m.Len() > 64 {
		t.Errorf("%d remembered", m.Len())
	}
}
