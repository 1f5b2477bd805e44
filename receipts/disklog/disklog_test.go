package disklog_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/mandate-engine/mandate/receipts/disklog"
	"github.com/mandate-engine/mandate/receipts/logtest"
	"github.com/mandate-engine/mandate/receipts/translog"
)

func open(t testing.TB, dir string, o disklog.Options) *disklog.Log {
	t.Helper()
	l, err := disklog.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func closeLog(t testing.TB, l *disklog.Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func entry(i int) []byte { return fmt.Appendf(nil, `{"receipt":%d}`, i) }

func fill(t testing.TB, l *disklog.Log, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if at, err := l.Append(context.Background(), entry(i)); err != nil || at != int64(i) {
			t.Fatalf("entry %d: at %d, %v", i, at, err)
		}
	}
}

func signer(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	s, err := translog.NewSigner("log.example", key)
	if err != nil {
		t.Fatal(err)
	}
	v, err := translog.NewVerifier("log.example", key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// holds checks that the first entries of a log are the entries 0 to n-1.
func holds(t testing.TB, l *disklog.Log, n int) {
	t.Helper()
	if l.Size() < int64(n) {
		t.Fatalf("%d entries, want %d", l.Size(), n)
	}
	for i := range n {
		if b, err := l.Entry(int64(i)); err != nil || !bytes.Equal(b, entry(i)) {
			t.Fatalf("entry %d is %s, %v", i, b, err)
		}
	}
}

func TestConformance(t *testing.T) {
	for _, o := range []disklog.Options{{}, {NoSync: true}, {SegmentBytes: 1}, {NoSync: true, SegmentBytes: 1000}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a[b]*", "log") // characters with a meaning in patterns
			for range 3 {
				l := open(t, dir, o)
				if r := l.Recovered(); r != (disklog.Recovery{}) {
					t.Errorf("recovered %+v", r)
				}
				if err := logtest.Check(l); err != nil {
					t.Error(err)
				}
				closeLog(t, l)
			}
		})
	}
}

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	fill(t, l, 0, 3)
	if l, err := disklog.Open(dir, disklog.Options{}); !errors.Is(err, disklog.ErrLocked) || l != nil {
		t.Fatalf("a second writer: %v", err)
	}
	r := open(t, dir, disklog.Options{ReadOnly: true})
	holds(t, r, 3)
	if _, err := r.Append(context.Background(), entry(3)); err == nil {
		t.Error("a reader appends")
	}
	if err := r.Sync(); err == nil {
		t.Error("a reader syncs")
	}
	s, _ := signer(t)
	if _, err := r.Checkpoint(s); err == nil {
		t.Error("a reader signs a checkpoint")
	}
	closeLog(t, r)
	closeLog(t, l)
	if _, err := l.Append(context.Background(), entry(3)); !errors.Is(err, disklog.ErrClosed) {
		t.Errorf("append after Close: %v", err)
	}
	if err := l.Close(); !errors.Is(err, disklog.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	fill(t, open(t, dir, disklog.Options{}), 3, 4)
}

func TestOpenRefuses(t *testing.T) {
	if _, err := disklog.Open(t.TempDir(), disklog.Options{SegmentBytes: -1}); err == nil {
		t.Error("negative SegmentBytes")
	}
	if _, err := disklog.Open(filepath.Join(t.TempDir(), "nosuch"), disklog.Options{ReadOnly: true}); err == nil {
		t.Error("a reader makes a log")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disklog.Open(file, disklog.Options{}); err == nil {
		t.Error("a log in a file")
	}
}

// TestGroupCommit checks that waiting entries share a frame and so an fsync,
// and that entries beyond a full frame wait for the next.
func TestGroupCommit(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	big := bytes.Repeat([]byte("x"), translog.MaxEntry)
	var wg sync.WaitGroup
	for range 40 { // 2.6 MB: more than two frames
		wg.Go(func() {
			if _, err := l.Append(context.Background(), big); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	closeLog(t, l)
	if got := open(t, dir, disklog.Options{}).Size(); got != 40 {
		t.Errorf("%d entries", got)
	}
}

// TestCancelled checks that the entry of a cancelled caller is stored by the
// next writing caller or by Close, and that its index is not reused.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	release := disklog.Hold(l)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error)
	go func() {
		_, err := l.Append(ctx, entry(0))
		result <- err
	}()
	disklog.AwaitPending(l, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if l.Size() != 0 {
		t.Fatal("an entry is there before it was written")
	}
	release()
	closeLog(t, l)
	holds(t, open(t, dir, disklog.Options{}), 1)
}

func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	s, v := signer(t)
	l := open(t, dir, disklog.Options{NoSync: true})
	if b, err := l.ReadCheckpoint(); b != nil || err != nil {
		t.Fatalf("%s, %v", b, err)
	}
	if b, err := l.Checkpoint(s); err != nil || !strings.HasPrefix(string(b), "log.example\n0\n") {
		t.Fatalf("of an empty log: %s, %v", b, err)
	}
	fill(t, l, 0, 20)
	b, err := l.Checkpoint(s)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := translog.Open(b, v); err != nil || c.Size != 20 {
		t.Fatalf("%+v, %v", c, err)
	}
	if got, err := l.ReadCheckpoint(); err != nil || !bytes.Equal(got, b) {
		t.Errorf("%s, %v", got, err)
	}
	fill(t, l, 20, 30)
	closeLog(t, l)
	r := open(t, dir, disklog.Options{ReadOnly: true})
	proof, err := translog.ProveInclusion(r, 7, b)
	if err != nil {
		t.Fatal(err)
	}
	if at, c, err := translog.VerifyInclusion(entry(7), proof, v); err != nil || at != 7 || c.Size != 20 {
		t.Errorf("at %d of %d, %v", at, c.Size, err)
	}
	if a, err := translog.Verify(translog.Entries(r, r.Size()), b, v); err != nil || a.Completeness != "proven_to_size_20" || a.Entries != 30 {
		t.Errorf("%+v, %v", a, err)
	}
}

func glob(t testing.TB, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// last returns the path of the last segment.
func last(t testing.TB, dir string) string {
	t.Helper()
	names := glob(t, dir, "*.seg")
	if len(names) == 0 {
		t.Fatal("no segments")
	}
	return names[len(names)-1]
}

func edit(t testing.TB, path string, f func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRecovery checks the recovery from states that a crash or a disk may
// leave.
func TestRecovery(t *testing.T) {
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }
	flip := func(fromEnd int) func([]byte) []byte {
		return func(b []byte) []byte { b[len(b)-fromEnd] ^= 1; return b }
	}
	same := func(b []byte) []byte { return b }
	const frame = 24 + 2 + 13 // of entry(0) to entry(9)
	tests := []struct {
		name   string
		state  string // "" for no file
		damage func([]byte) []byte
		want   string // "whole N", "gap N" or "damaged": N of 10 entries
	}{
		{"closed, whole", "closed\n", same, "whole 10"},
		{"closed, torn", "closed\n", cut(1), "damaged"},
		{"closed, a bit flipped at the end", "closed\n", flip(1), "damaged"},
		{"closed, a bit flipped before", "closed\n", flip(3 * frame), "damaged"},
		{"closed, zeros after it", "closed\n", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, "damaged"},
		{"sync, whole", "sync\n", same, "whole 10"},
		{"sync, torn in the body", "sync\n", cut(1), "whole 9"},
		{"sync, torn in the header", "sync\n", cut(frame - 1), "whole 9"},
		{"sync, the last batch at its length, broken", "sync\n", flip(1), "gap 9"},
		{"sync, the last header broken", "sync\n", flip(frame), "gap 9"},
		{"sync, a length broken to one beyond the end", "sync\n", func(b []byte) []byte { b[len(b)-frame+3]++; return b }, "gap 9"},
		{"sync, zeros after it", "sync\n", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, "gap 10"},
		{"sync, a broken body with batches after it", "sync\n", flip(3*frame + 1), "damaged"},
		{"sync, a broken first header with batches after it", "sync\n", func(b []byte) []byte { b[8+5] ^= 1; return b }, "damaged"},
		{"sync, a broken header with one batch after it", "sync\n", flip(2 * frame), "damaged"},
		{"sync, a broken header with a torn batch after it", "sync\n", func(b []byte) []byte { b[len(b)-2*frame] ^= 1; return b[:len(b)-1] }, "damaged"},
		{"sync, a batch gone from the middle", "sync\n", func(b []byte) []byte { return slices.Delete(b, len(b)-2*frame, len(b)-frame) }, "damaged"},
		{"sync, a batch gone and the last torn", "sync\n", func(b []byte) []byte { return slices.Delete(b, len(b)-2*frame, len(b)-frame)[:8+9*frame-1] }, "damaged"},
		{"sync, a broken header with much after it", "sync\n", func(b []byte) []byte { b[len(b)-frame] ^= 1; return append(b, make([]byte, 1<<20)...) }, "damaged"},
		{"sync, the magic broken", "sync\n", func(b []byte) []byte { b[0] ^= 1; return b }, "damaged"},
		{"sync, emptied", "sync\n", func([]byte) []byte { return nil }, "damaged"},
		{"lossy, whole", "lossy\n", same, "gap 10"},
		{"lossy, torn", "lossy\n", cut(1), "gap 9"},
		{"lossy, the last batch broken", "lossy\n", flip(1), "gap 9"},
		{"lossy, a broken body with batches after it", "lossy\n", flip(3*frame + 1), "damaged"},
		{"lossy, a broken header with batches after it", "lossy\n", flip(4 * frame), "damaged"},
		{"no state", "", same, "gap 10"},
		{"state torn", "clos", same, "gap 10"},
		{"no state, a broken header with batches after it", "", flip(4 * frame), "damaged"},
		{"state torn, and the last batch", "clos", flip(1), "gap 9"},
		{"state torn, a broken body with batches after it", "clos", flip(3*frame + 1), "damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir, disklog.Options{})
			fill(t, l, 0, 10)
			closeLog(t, l)
			path, state := last(t, dir), filepath.Join(dir, "state")
			edit(t, path, tt.damage)
			if err := os.Remove(state); err != nil {
				t.Fatal(err)
			}
			if tt.state != "" {
				if err := os.WriteFile(state, []byte(tt.state), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before, _ := os.ReadFile(path)
			l, err := disklog.Open(dir, disklog.Options{})
			if tt.want == "damaged" {
				if !errors.Is(err, disklog.ErrDamaged) || l != nil {
					t.Fatalf("%v", err)
				}
				if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
					t.Error("a damaged log was changed")
				}
				if _, err := disklog.Open(dir, disklog.Options{}); !errors.Is(err, disklog.ErrDamaged) { // the log is not locked
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var n int
			fmt.Sscanf(tt.want, tt.want[:strings.IndexByte(tt.want, ' ')]+" %d", &n)
			r := l.Recovered()
			wantGap := strings.HasPrefix(tt.want, "gap")
			if (r.Gap != nil) != wantGap {
				t.Fatalf("recovered %+v", r)
			}
			var aside []byte
			for _, name := range glob(t, dir, "*.dropped") {
				b, _ := os.ReadFile(name)
				aside = append(aside, b...)
			}
			if kept := int64(len(before)) - r.Dropped; !bytes.Equal(aside, before[kept:]) || r.Dropped != int64(len(aside)) {
				t.Errorf("%d bytes are set aside of %d that were cut off", len(aside), len(before)-int(kept))
			}
			holds(t, l, n)
			next := n
			if wantGap {
				b, err := l.Entry(int64(n))
				g, ok := translog.ParseGap(b)
				if err != nil || !ok || g != *r.Gap || g.Size != int64(n) || g.Dropped != r.Dropped || g.Why == "" {
					t.Fatalf("entry %d is %s, %v", n, b, err)
				}
				next++
			}
			if l.Size() != int64(next) {
				t.Fatalf("%d entries, want %d", l.Size(), next)
			}
			// Appending works, and the next Open finds nothing to repair.
			if i, err := l.Append(context.Background(), []byte("more")); err != nil || i != int64(next) {
				t.Fatal(i, err)
			}
			closeLog(t, l)
			l = open(t, dir, disklog.Options{})
			if r := l.Recovered(); r != (disklog.Recovery{}) || l.Size() != int64(next)+1 {
				t.Errorf("the second time: %+v, %d entries", r, l.Size())
			}
		})
	}
}

// TestMendByHand follows docs/log.md to repair a broken batch before other
// batches. The result is a log with a gap.
func TestMendByHand(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{NoSync: true})
	fill(t, l, 0, 10)
	closeLog(t, l)
	edit(t, last(t, dir), func(b []byte) []byte { b[8+4*39] ^= 1; return b }) // as if the page had not been written
	state := filepath.Join(dir, "state")
	if err := os.WriteFile(state, []byte("lossy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []disklog.Options{{}, {ReadOnly: true}} {
		if _, err := disklog.Open(dir, o); !errors.Is(err, disklog.ErrDamaged) || !strings.Contains(err.Error(), "0000000000000000.seg: the batch at byte 164 is broken") {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Truncate(last(t, dir), 164), os.WriteFile(state, []byte("lossy\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, disklog.Options{})
	if holds(t, l, 4); l.Size() != 5 || l.Recovered().Gap == nil {
		t.Errorf("%d entries, %+v", l.Size(), l.Recovered())
	}
}

// TestEmpty checks that an empty log opens again, however its writer ended.
func TestEmpty(t *testing.T) {
	for _, state := range []string{"closed\n", "sync\n"} {
		dir := t.TempDir()
		closeLog(t, open(t, dir, disklog.Options{}))
		if err := os.WriteFile(filepath.Join(dir, "state"), []byte(state), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, o := range []disklog.Options{{ReadOnly: true}, {}} {
			if l := open(t, dir, o); l.Size() != 0 || l.Recovered() != (disklog.Recovery{}) {
				t.Errorf("%d entries, %+v", l.Size(), l.Recovered())
			}
		}
	}
}

// TestSetAside checks that bytes that are cut off are kept, even if the log is
// torn twice at the same entry, and that nothing is cut off that cannot be
// kept.
func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	fill(t, l, 0, 2)
	closeLog(t, l)
	tear := func(tail string) {
		edit(t, last(t, dir), func(b []byte) []byte { return append(b, tail...) })
		if err := os.WriteFile(filepath.Join(dir, "state"), []byte("sync\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tail := range []string{"first", "second"} {
		tear(tail)
		closeLog(t, open(t, dir, disklog.Options{}))
	}
	for i, want := range []string{"first", "second"} {
		if b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("0000000000000002.%d.dropped", i))); err != nil || string(b) != want {
			t.Errorf("%q, %v; want %q", b, err, want)
		}
	}
	tear("third")
	if err := os.Mkdir(filepath.Join(dir, "0000000000000002.2.dropped.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := disklog.Open(dir, disklog.Options{}); err == nil {
		t.Error("opened")
	}
	if b, _ := os.ReadFile(last(t, dir)); !bytes.HasSuffix(b, []byte("third")) {
		t.Error("cut off without being set aside")
	}
}

// TestGapSurvivesACrash checks that a crash between repair and disclosure does
// not hide the gap.
func TestGapSurvivesACrash(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	fill(t, l, 0, 3)
	closeLog(t, l)
	edit(t, last(t, dir), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	if err := os.WriteFile(filepath.Join(dir, "state"), []byte("sync\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(dir, "0000000000000002.seg.new") // blocks the new segment of the disclosure
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := disklog.Open(dir, disklog.Options{SegmentBytes: 1}); err == nil || errors.Is(err, disklog.ErrDamaged) {
		t.Fatal(err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, disklog.Options{SegmentBytes: 1})
	b, err := l.Entry(2)
	if g, ok := translog.ParseGap(b); err != nil || !ok || l.Recovered().Gap == nil || g != *l.Recovered().Gap {
		t.Errorf("%s, %v, %+v", b, err, l.Recovered())
	}
	a, err := translog.Verify(translog.Entries(l, l.Size()), nil)
	if err != nil || len(a.Gaps) != 1 {
		t.Errorf("the audit finds %+v, %v", a, err)
	}
}

// TestCheckpointMismatch checks that Open refuses a log that is shorter than
// its checkpoint or does not match it.
func TestCheckpointMismatch(t *testing.T) {
	s, _ := signer(t)
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   string
	}{
		{"the last batch cut off", func(t *testing.T, dir string) {
			edit(t, last(t, dir), func(b []byte) []byte { return b[:len(b)-39] })
		}, "9 entries, and a checkpoint of size 10"},
		{"all segments gone", func(t *testing.T, dir string) { os.Remove(last(t, dir)) }, "0 entries"},
		{"another history", func(t *testing.T, dir string) {
			other := t.TempDir()
			l := open(t, other, disklog.Options{})
			fill(t, l, 0, 9)
			if _, err := l.Append(context.Background(), []byte("changed")); err != nil {
				t.Fatal(err)
			}
			closeLog(t, l)
			b, _ := os.ReadFile(last(t, other))
			os.WriteFile(last(t, dir), b, 0o600)
		}, "not those of its checkpoint"},
		{"the checkpoint torn", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "checkpoint"), func(b []byte) []byte { return b[:20] })
		}, "its checkpoint"},
	}
	for _, state := range []string{"closed\n", "sync\n", "lossy\n"} {
		for _, tt := range tests {
			t.Run(strings.TrimSpace(state)+", "+tt.name, func(t *testing.T) {
				dir := t.TempDir()
				l := open(t, dir, disklog.Options{})
				fill(t, l, 0, 10)
				if _, err := l.Checkpoint(s); err != nil {
					t.Fatal(err)
				}
				closeLog(t, l)
				tt.damage(t, dir)
				if err := os.WriteFile(filepath.Join(dir, "state"), []byte(state), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, o := range []disklog.Options{{}, {ReadOnly: true}} {
					if _, err := disklog.Open(dir, o); !errors.Is(err, disklog.ErrDamaged) || !strings.Contains(err.Error(), tt.want) {
						t.Errorf("%+v: %v; want %q", o, err, tt.want)
					}
				}
			})
		}
	}
}

// TestSegments checks that every segment but the last must be complete, and
// that their indexes must be contiguous.
func TestSegments(t *testing.T) {
	fresh := func(t *testing.T) (string, []string) {
		dir := t.TempDir()
		l := open(t, dir, disklog.Options{SegmentBytes: 100})
		fill(t, l, 0, 20)
		holds(t, l, 20)
		closeLog(t, l)
		names, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
		slices.Sort(names)
		if len(names) < 5 {
			t.Fatalf("%d segments", len(names))
		}
		return dir, names
	}
	tests := []struct {
		name   string
		damage func(names []string)
	}{
		{"one gone", func(n []string) { os.Remove(n[1]) }},
		{"all gone", func(n []string) {
			for _, name := range n {
				os.Remove(name)
			}
		}},
		{"the first gone", func(n []string) { os.Remove(n[0]) }},
		{"one cut off", func(n []string) { edit(t, n[1], func(b []byte) []byte { return b[:len(b)-1] }) }},
		{"one broken", func(n []string) { edit(t, n[1], func(b []byte) []byte { b[40] ^= 1; return b }) }},
		{"two swapped", func(n []string) {
			os.Rename(n[1], n[1]+"x")
			os.Rename(n[2], n[1])
			os.Rename(n[1]+"x", n[2])
		}},
		{"zeros after one", func(n []string) { edit(t, n[1], func(b []byte) []byte { return append(b, 0, 0, 0) }) }},
		{"an empty one of another place", func(n []string) {
			os.WriteFile(filepath.Join(filepath.Dir(n[0]), "ffffffffffffffff.seg"), []byte("mandlog1"), 0o600)
		}},
		{"a stranger among them", func(n []string) { os.WriteFile(filepath.Join(filepath.Dir(n[0]), "xxxxxxxxxxxxxxxx.seg"), nil, 0o600) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, names := fresh(t)
			tt.damage(names)
			for _, state := range []string{"closed\n", "sync\n", "lossy\n", ""} {
				os.WriteFile(filepath.Join(dir, "state"), []byte(state), 0o600)
				for _, o := range []disklog.Options{{}, {ReadOnly: true}} {
					if _, err := disklog.Open(dir, o); !errors.Is(err, disklog.ErrDamaged) {
						t.Errorf("%s, %+v: %v", strings.TrimSpace(state), o, err)
					}
				}
			}
		})
	}
	dir, _ := fresh(t)
	os.WriteFile(filepath.Join(dir, "0000000000000fff.seg.new"), []byte("half a seg"), 0o600) // left by a crash in rotate
	holds(t, open(t, dir, disklog.Options{}), 20)
}

// TestReaders checks that a reader leaves out an incomplete batch and changes
// nothing.
func TestReaders(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	fill(t, l, 0, 10)
	closeLog(t, l)
	edit(t, last(t, dir), func(b []byte) []byte { return b[:len(b)-1] })
	if _, err := disklog.Open(dir, disklog.Options{ReadOnly: true}); !errors.Is(err, disklog.ErrDamaged) {
		t.Errorf("closed, and torn: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state"), []byte("sync\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir, disklog.Options{ReadOnly: true})
	if got := r.Recovered(); r.Size() != 9 || got.Dropped != 38 || got.Gap != nil {
		t.Errorf("%d entries, %+v", r.Size(), got)
	}
	if info, _ := os.Stat(last(t, dir)); info.Size() != 8+10*39-1 {
		t.Errorf("a reader left %d bytes", info.Size())
	}
	edit(t, last(t, dir), func(b []byte) []byte { b[20] ^= 1; return b })
	if _, err := disklog.Open(dir, disklog.Options{ReadOnly: true}); !errors.Is(err, disklog.ErrDamaged) {
		t.Error(err)
	}
}

// TestReadDuringWrite reads a log while a writer appends, signs, closes and
// opens it. Readers never find damage, and the entries match the checkpoint.
func TestReadDuringWrite(t *testing.T) {
	dir := t.TempDir()
	s, v := signer(t)
	o := disklog.Options{NoSync: true, SegmentBytes: 1 << 19}
	l := open(t, dir, o)
	for range 1500 { // enough for reading to take longer than a checkpoint
		if _, err := l.Append(context.Background(), bytes.Repeat([]byte("x"), 1000)); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			_, err := l.Append(context.Background(), []byte("entry"))
			if err == nil {
				_, err = l.Checkpoint(s)
			}
			if err == nil && n%100 == 99 {
				if err = l.Close(); err == nil {
					l, err = disklog.Open(dir, o)
				}
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 100 {
		r, err := disklog.Open(dir, disklog.Options{ReadOnly: true})
		if err != nil {
			t.Error(err)
			break
		}
		b, err := r.ReadCheckpoint()
		if err != nil {
			t.Error(err)
		}
		if b == nil {
			continue
		}
		if _, err := translog.Verify(translog.Entries(r, 1), nil); err != nil {
			t.Error(err)
		}
		if proof, err := translog.ProveInclusion(r, 0, b); err != nil {
			t.Error(err)
		} else if _, _, err := translog.VerifyInclusion(bytes.Repeat([]byte("x"), 1000), proof, v); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	closeLog(t, l)
}

// TestCopy checks that a copy made beside the writer in the order of
// docs/log.md is a valid log. If the segments are copied before the
// checkpoint, the copy may be shorter than the checkpoint and is then refused.
func TestCopy(t *testing.T) {
	s, _ := signer(t)
	tests := []struct {
		name          string
		first, second []string // patterns, copied before and after the writer continues
		damaged       bool
	}{
		{"state and checkpoint, then segments", []string{"state", "checkpoint"}, []string{"*.seg"}, false},
		{"the checkpoint between the segments", []string{"state", "checkpoint", "*0.seg"}, []string{"*[^0].seg"}, false},
		{"segments, then the rest", []string{"*.seg"}, []string{"state", "checkpoint"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, out := t.TempDir(), t.TempDir()
			l := open(t, dir, disklog.Options{SegmentBytes: 1})
			fill(t, l, 0, 3)
			put := func(patterns []string) {
				for _, p := range patterns {
					for _, name := range glob(t, dir, p) {
						b, err := os.ReadFile(name)
						if err == nil {
							err = os.WriteFile(filepath.Join(out, filepath.Base(name)), b, 0o600)
						}
						if err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			sign := func() {
				if _, err := l.Checkpoint(s); err != nil {
					t.Fatal(err)
				}
			}
			sign()
			put(tt.first)
			fill(t, l, 3, 5)
			sign()
			put(tt.second)
			c, err := disklog.Open(out, disklog.Options{})
			if tt.damaged {
				if !errors.Is(err, disklog.ErrDamaged) {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if holds(t, c, 5); c.Recovered() != (disklog.Recovery{}) {
				t.Errorf("%+v", c.Recovered())
			}
		})
	}
}

// TestEntryChanged checks that Entry does not return bytes that changed on
// disk.
func TestEntryChanged(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disklog.Options{})
	fill(t, l, 0, 3)
	edit(t, last(t, dir), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	if b, err := l.Entry(2); !errors.Is(err, disklog.ErrDamaged) || b != nil {
		t.Errorf("%s, %v", b, err)
	}
	edit(t, last(t, dir), func(b []byte) []byte { return b[:len(b)-15] })
	if b, err := l.Entry(2); err == nil {
		t.Errorf("%s", b)
	}
	edit(t, last(t, dir), func(b []byte) []byte { return b[:len(b)-26] })
	if b, err := l.Entry(1); err == nil {
		t.Errorf("%s", b)
	}
	os.Remove(last(t, dir))
	if b, err := l.Entry(0); err == nil {
		t.Errorf("%s", b)
	}
}

// TestFailedWrite checks that nothing is acknowledged after a failed write,
// and that the earlier entries are there after reopening.
func TestFailedWrite(t *testing.T) {
	for _, o := range []disklog.Options{{}, {NoSync: true}, {SegmentBytes: 1}} {
		dir := t.TempDir()
		l := open(t, dir, o)
		fill(t, l, 0, 3)
		disklog.BreakFile(l)
		for range 2 {
			if _, err := l.Append(context.Background(), entry(3)); !errors.Is(err, disklog.ErrClosed) {
				t.Errorf("%+v: %v", o, err)
			}
		}
		if err := l.Close(); !errors.Is(err, disklog.ErrClosed) {
			t.Errorf("%+v: Close: %v", o, err)
		}
		l = open(t, dir, disklog.Options{})
		holds(t, l, 3)
		if gap := l.Recovered().Gap; (gap != nil) != o.NoSync {
			t.Errorf("%+v: gap %+v", o, gap)
		}
	}
}

// TestUnreadableFiles checks that files that cannot be read or written are an
// error, neither damage nor an empty log.
func TestUnreadableFiles(t *testing.T) {
	s, _ := signer(t)
	for _, name := range []string{"lock", "state", "state.new", "checkpoint", "0000000000000000.seg"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
			if l, err := disklog.Open(dir, disklog.Options{}); err == nil || errors.Is(err, disklog.ErrDamaged) || l != nil {
				t.Errorf("%v", err)
			}
		})
	}
	for _, name := range []string{"checkpoint", "0000000000000001.seg.new"} { // while it is open
		dir := t.TempDir()
		l := open(t, dir, disklog.Options{SegmentBytes: 1})
		fill(t, l, 0, 1)
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		_, err1 := l.Append(context.Background(), entry(0))
		_, err2 := l.Checkpoint(s)
		if (err1 == nil) != (name == "checkpoint") || err2 == nil {
			t.Errorf("%s: Append: %v, Checkpoint: %v", name, err1, err2)
		}
	}
}
