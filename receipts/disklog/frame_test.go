package disklog

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// frame encodes entries as a frame, like the writer.
func frame(first int64, entries ...string) []byte {
	b := make([]byte, headerSize)
	for _, e := range entries {
		b = append(append(b, byte(len(e)>>8), byte(len(e))), e...)
	}
	sealFrame(b, len(entries), first)
	return b
}

func segmentOf(frames ...[]byte) []byte {
	return append([]byte(magic), bytes.Join(frames, nil)...)
}

// reseal recomputes the checksums of a frame.
func reseal(b []byte) []byte {
	binary.BigEndian.PutUint32(b[16:], crc32.Checksum(b[headerSize:], castagnoli))
	binary.BigEndian.PutUint32(b[20:], crc32.Checksum(b[:20], castagnoli))
	return b
}

// TestReadSegment checks that frames with correct checksums but contents that
// no writer makes count as broken, and that none of their entries is read.
func TestReadSegment(t *testing.T) {
	good := frame(0, "a", "bb")
	bad := func(b []byte) []byte { b[5] ^= 1; return b }
	put := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint32(b[at:], v)
		return reseal(b)
	}
	tests := []struct {
		name    string
		segment []byte
		want    tail
		entries int64
	}{
		{"empty", segmentOf(), whole, 0},
		{"two frames", segmentOf(good, frame(2, "c")), whole, 3},
		{"a frame missing before another", segmentOf(good, frame(3, "c")), buried, 2},
		{"a frame missing before a torn one", segmentOf(good, frame(3, "c")[:headerSize]), buried, 2},
		{"a broken header before a frame", segmentOf(good, bad(frame(2, "c")), frame(3, "d")), buried, 2},
		{"a broken header before one of the same index", segmentOf(good, bad(frame(2, "c")), frame(2, "d")), buried, 2},
		{"a broken header before half a header", segmentOf(good, bad(frame(2, "c")), frame(3, "d")[:headerSize-1]), broken, 2},
		{"a broken header before an older frame", segmentOf(good, bad(frame(2, "c")), good), broken, 2},
		{"a broken header before an index of no log", segmentOf(good, bad(frame(2, "c")), frame(translog.MaxSize+1, "d")), broken, 2},
		{"the same frame twice", segmentOf(good, good), broken, 2},
		{"a frame without entries", segmentOf(frame(0)), broken, 0},
		{"a count too high", segmentOf(put(4, 3)), broken, 0},
		{"a count too low", segmentOf(put(4, 1)), broken, 0},
		{"no count", segmentOf(put(4, 0)), broken, 0},
		{"an empty entry", segmentOf(frame(0, "a", "")), broken, 0},
		{"half a length", segmentOf(reseal(func() []byte {
			b := append(frame(0, "a"), 0)
			binary.BigEndian.PutUint32(b, 4)
			binary.BigEndian.PutUint32(b[4:], 2)
			return b
		}())), broken, 0},
		{"an entry longer than its frame", segmentOf(reseal(func() []byte { b := frame(0, "abc"); b[headerSize+1] = 9; return b }())), broken, 0},
		{"a frame longer than any", segmentOf(put(0, maxBody+1)), broken, 0},
		{"a length beyond the file", segmentOf(put(0, 1000)), short, 0},
		{"a broken frame before another", segmentOf(reseal(func() []byte { b := frame(0, "abc"); b[headerSize+1] = 9; return b }()), frame(1, "x")), buried, 0},
		{"an index below zero", segmentOf(frame(-1, "a")), broken, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n int64
			end, next, got, err := readSegment(bytes.NewReader(tt.segment), int64(len(tt.segment)), 0, func(int64, []byte) { n++ })
			if err != nil || got != tt.want || n != tt.entries || next != tt.entries || end > int64(len(tt.segment)) {
				t.Errorf("tail %d, %d entries, next %d, end %d, %v; want tail %d, %d entries", got, n, next, end, err, tt.want, tt.entries)
			}
		})
	}
	// A file shorter than the given size is an error, not an end.
	whole := segmentOf(good)
	for _, n := range []int{4, len(magic) + 3, len(whole) - 1} {
		if _, _, _, err := readSegment(bytes.NewReader(whole[:n]), int64(len(whole)), 0, func(int64, []byte) {}); err == nil {
			t.Errorf("%d bytes of %d are read without an error", n, len(whole))
		}
	}
}

// FuzzSegment checks that reading any segment ends, and that each entry is at
// its reported offset under valid checksums.
func FuzzSegment(f *testing.F) {
	f.Add(segmentOf(frame(0, "a", "bb"), frame(2, "c")))
	f.Add(segmentOf(frame(0, "a"), frame(1, "b"))[:40])
	f.Add(segmentOf(frame(0, "a"), make([]byte, 100)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		var pending [][]byte
		n := int64(0)
		end, next, _, err := readSegment(bytes.NewReader(b), int64(len(b)), 0, func(at int64, e []byte) {
			if !bytes.Equal(b[at:at+int64(len(e))], e) || len(e) == 0 {
				t.Fatalf("entry %d is not at %d", n, at)
			}
			pending = append(pending, bytes.Clone(e))
			n++
		})
		if err != nil {
			return
		}
		if next != n || end < int64(len(magic)) || end > int64(len(b)) {
			t.Fatalf("%d entries, next %d, end %d of %d", n, next, end, len(b))
		}
		// Encoding the entries of the valid part again gives the same number
		// of entries.
		again = []byte(magic)
		for i, e := range pending {
			again = append(again, frame(int64(i), string(e))...)
		}
		if _, m, tl, err := readSegment(bytes.NewReader(again), int64(len(again)), 0, func(int64, []byte) {}); err != nil || tl != whole || m != n {
			t.Fatalf("written again: %d entries of %d, tail %d, %v", m, n, tl, err)
		}
	})
}

// FuzzOpen checks that a directory with arbitrary files is refused, or can be
// appended to and opened again.
func FuzzOpen(f *testing.F) {
	f.Add(segmentOf(frame(0, "a", "bb"), frame(2, "c")), "sync\n")
	f.Add(segmentOf(frame(0, "a"), make([]byte, 100)), "lossy\n")
	f.Add(segmentOf(frame(0, "a"))[:30], "closed\n")
	f.Fuzz(func(t *testing.T, segment []byte, state string) {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, segmentName(0)), segment, 0o600)
		os.WriteFile(filepath.Join(dir, "state"), []byte(state), 0o600)
		l, err := Open(dir, Options{})
		if err != nil {
			return
		}
		n, err := l.Append(t.Context(), []byte("more"))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, err = Open(dir, Options{})
		if err != nil || l.Size() != n+1 || l.Recovered() != (Recovery{}) {
			t.Fatalf("%v, %+v", err, l)
		}
		l.Close()
	})
}
