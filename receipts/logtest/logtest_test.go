package logtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/logtest"
	"github.com/mandate-engine/mandate/receipts/translog"
)

func TestMemory(t *testing.T) {
	var m translog.Memory
	for range 2 { // the second time with existing entries
		if err := logtest.Check(&m); err != nil {
			t.Error(err)
		}
	}
}

// A faulty is a log with one fault, which Check must find.
type faulty struct {
	translog.Memory
	append func(*translog.Memory, context.Context, []byte) (int64, error)
	entry  func(*translog.Memory, int64) ([]byte, error)
	hashes func(*translog.Memory, []int64) ([]tlog.Hash, error)
	size   func(*translog.Memory) int64
}

func (f *faulty) Append(ctx context.Context, e []byte) (int64, error) {
	if f.append != nil {
		return f.append(&f.Memory, ctx, e)
	}
	return f.Memory.Append(ctx, e)
}

func (f *faulty) Entry(i int64) ([]byte, error) {
	if f.entry != nil {
		return f.entry(&f.Memory, i)
	}
	return f.Memory.Entry(i)
}

func (f *faulty) ReadHashes(x []int64) ([]tlog.Hash, error) {
	if f.hashes != nil {
		return f.hashes(&f.Memory, x)
	}
	return f.Memory.ReadHashes(x)
}

func (f *faulty) Size() int64 {
	if f.size != nil {
		return f.size(&f.Memory)
	}
	return f.Memory.Size()
}

func TestCheckFinds(t *testing.T) {
	broken := errors.New("broken")
	shared := map[int64][]byte{}
	tests := []struct {
		name, want string
		log        *faulty
	}{
		{"takes empty entries", "of 0 bytes is taken", &faulty{append: func(m *translog.Memory, ctx context.Context, e []byte) (int64, error) {
			if len(e) == 0 {
				return 0, nil
			}
			return m.Append(ctx, e)
		}}},
		{"stores what it refuses", "refused entries change the size", &faulty{append: func(m *translog.Memory, ctx context.Context, e []byte) (int64, error) {
			i, err := m.Append(ctx, e)
			if err != nil {
				m.Append(ctx, []byte("refused"))
			}
			return i, err
		}}},
		{"skips an index", "the next entry has the index", &faulty{append: func(m *translog.Memory, ctx context.Context, e []byte) (int64, error) {
			i, err := m.Append(ctx, e)
			return i + 1, err
		}}},
		{"ignores ctx", "though the context is done", &faulty{append: func(m *translog.Memory, _ context.Context, e []byte) (int64, error) {
			return m.Append(context.Background(), e)
		}}},
		{"cannot append", "broken", &faulty{append: func(*translog.Memory, context.Context, []byte) (int64, error) { return 0, broken }}},
		{"has entries beyond its end", "there is an entry -1", &faulty{entry: func(m *translog.Memory, i int64) ([]byte, error) {
			if e, err := m.Entry(i); err == nil {
				return e, nil
			}
			return []byte("x"), nil
		}}},
		{"shares memory", "changes with the memory", &faulty{entry: func(m *translog.Memory, i int64) ([]byte, error) {
			e, err := m.Entry(i)
			if string(e) != "copied" {
				return e, err
			}
			if shared[i] == nil {
				shared[i] = e
			}
			return shared[i], nil
		}}},
		{"cannot read", "broken", &faulty{entry: func(*translog.Memory, int64) ([]byte, error) { return nil, broken }}},
		{"one tree for all", "is not theirs", &faulty{hashes: func(m *translog.Memory, x []int64) ([]tlog.Hash, error) {
			h, err := m.ReadHashes(x)
			for i := range h {
				h[i] = tlog.Hash{}
			}
			return h, err
		}}},
		{"nodes beyond its end", "not there", &faulty{hashes: func(m *translog.Memory, x []int64) ([]tlog.Hash, error) {
			if h, err := m.ReadHashes(x); err == nil {
				return h, nil
			}
			return make([]tlog.Hash, len(x)), nil
		}}},
		{"no nodes", "broken", &faulty{hashes: func(*translog.Memory, []int64) ([]tlog.Hash, error) { return nil, broken }}},
		{"wrong size", "the size is", &faulty{size: func(m *translog.Memory) int64 { return m.Size() / 2 * 2 }}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := logtest.Check(tt.log); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
		})
	}
}
