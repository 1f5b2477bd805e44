package memo

import (
	"runtime"
	"sync"
	"testing"
)

func TestMemo(t *testing.T) {
	m := New[int, int](8)
	if _, ok := m.Get(0); ok || m.Len() != 0 {
		t.Error("an empty memo finds a key")
	}
	for n := range 1000 {
		m.Add(n, -n)
		if v, ok := m.Get(n); !ok || v != -n {
			t.Fatalf("%d is forgotten at once: %d, %v", n, v, ok)
		}
		if m.Len() > 8 {
			t.Fatalf("%d entries, at most 8", m.Len())
		}
	}
	for _, n := range []int{0, 990} {
		if _, ok := m.Get(n); ok {
			t.Errorf("%d was not used for a long time and is remembered", n)
		}
	}
}

func TestUsedEntriesStay(t *testing.T) {
	m := New[int, string](8)
	m.Add(5000, "kept")
	for n := range 1000 {
		m.Add(n, "")
		if n%3 == 0 {
			if v, ok := m.Get(5000); !ok || v != "kept" {
				t.Fatalf("forgotten after %d others, although used", n)
			}
		}
	}
}

func TestAddReplaces(t *testing.T) {
	m := New[string, int](4)
	m.Add("a", 1)
	m.Add("a", 2)
	if v, _ := m.Get("a"); v != 2 || m.Len() != 1 {
		t.Errorf("got %d in %d entries, want 2 in 1", v, m.Len())
	}
	m.Add("b", 1)
	m.Add("c", 1) // a and b are in the older generation now
	m.Add("a", 3)
	if v, _ := m.Get("a"); v != 3 || m.Len() != 3 {
		t.Errorf("got %d in %d entries, want 3 in 3", v, m.Len())
	}
}

func TestSmall(t *testing.T) {
	for max, want := range map[int]int{1: 2, 2: 2, 3: 2, 5: 4} {
		m := New[int, int](max)
		for n := range 10 {
			m.Add(n, n)
			if _, ok := m.Get(n); !ok {
				t.Errorf("max %d: %d is forgotten at once", max, n)
			}
		}
		if m.Len() != want {
			t.Errorf("max %d: %d entries, want %d", max, m.Len(), want)
		}
	}
	var none *Memo[int, int]
	none.Add(1, 1)
	if _, ok := none.Get(1); ok || none.Len() != 0 || New[int, int](0) != nil || New[int, int](-1) != nil {
		t.Error("a nil memo remembers")
	}
}

func TestConcurrent(t *testing.T) {
	m := New[int, int](64)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 2000 {
				m.Add(g<<12|n, n)
				if v, ok := m.Get(n); ok && v != n {
					t.Errorf("%d has the value %d", n, v)
				}
			}
		})
	}
	wg.Wait()
	if m.Len() > 64 {
		t.Errorf("%d entries, at most 64", m.Len())
	}
}

// TestMemoryIsBounded holds New to what it says of a Memo's memory.
func TestMemoryIsBounded(t *testing.T) {
	const max, entry = 1 << 14, 32 + 8
	heap := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := heap()
	m := New[[32]byte, int](max)
	for n := range 5 * max {
		m.Add([32]byte{byte(n), byte(n >> 8), byte(n >> 16)}, n)
	}
	used := heap() - before
	if used > 3*max*entry {
		t.Errorf("%d entries of %d bytes take %d bytes", m.Len(), entry, used)
	}
	t.Logf("%d bytes an entry", used/uint64(m.Len()))
	runtime.KeepAlive(m)
}

func TestSignatureID(t *testing.T) {
	seen := map[[32]byte]bool{SignatureID([32]byte{}, [32]byte{}, 0): true}
	for i := range 32 {
		var b [32]byte
		b[i] = 1
		seen[SignatureID(b, [32]byte{}, 0)] = true
		seen[SignatureID([32]byte{}, b, 0)] = true
		seen[SignatureID([32]byte{}, [32]byte{}, i+1)] = true
	}
	if len(seen) != 1+3*32 {
		t.Errorf("%d IDs, want one for each difference", len(seen))
	}
}
