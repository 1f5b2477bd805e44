package disklog_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/disklog"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// TestMain runs the test binary as a writer if it was started as one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DISKLOG_WRITER"); dir != "" {
		if err := writer(dir, os.Getenv("DISKLOG_MODE") == "nosync"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writer appends from many goroutines forever. It prints each index with its
// entry after the acknowledgement.
func writer(dir string, noSync bool) error {
	l, err := disklog.Open(dir, disklog.Options{NoSync: noSync, SegmentBytes: 1 << 18})
	if err != nil {
		return err
	}
	// Only the writer writes to stdout, and each line is one write, so a line
	// is complete or missing.
	fmt.Printf("open %d %t\n", l.Size(), l.Recovered().Gap != nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				e := fmt.Appendf(nil, "%d-%d-%d-%s", os.Getpid(), w, n, strings.Repeat("x", (n*131+w*977)%3000))
				i, err := l.Append(context.Background(), e)
				if err != nil {
					panic(err)
				}
				mu.Lock()
				fmt.Printf("ack %d %s\n", i, tlog.RecordHash(e))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return nil
}

// TestKill repeatedly kills a writer under load. No acknowledged entry is
// missing, the tree covers all entries ever acknowledged, and gaps are
// disclosed exactly where the writer did not wait for the disk. KILLS sets the
// number of kills; the default is 20, split over both modes.
func TestKill(t *testing.T) {
	kills := 20
	if s := os.Getenv("KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	s, v := signer(t)
	for _, mode := range []string{"sync", "nosync"} {
		t.Run(mode, func(t *testing.T) {
			dir, acked := t.TempDir(), map[int64]tlog.Hash{}
			var checkpoint []byte
			torn, gaps := 0, 0
			for round := range kills / 2 {
				if killWriter(t, dir, mode, 40+round*37%400, acked) { // the writer found the state left by the previous one
					gaps++
				}
				r := open(t, dir, disklog.Options{ReadOnly: true})
				if r.Recovered().Dropped > 0 {
					torn++
				}
				check(t, r, acked)
				if checkpoint != nil && round%8 == 0 { // from an earlier round: the log has only grown since
					if a, err := translog.Verify(translog.Entries(r, r.Size()), checkpoint, v); err != nil || a.Completeness == translog.Unproven {
						t.Fatalf("round %d: %+v, %v", round, a, err)
					}
				}
				if round%2 == 1 && round < kills/2-1 {
					continue // the next writer repairs and discloses, and is killed too
				}
				before := r.Size()
				l := open(t, dir, disklog.Options{NoSync: mode == "nosync"})
				gap := l.Recovered().Gap
				if (gap != nil) != (mode == "nosync") {
					t.Fatalf("round %d: gap %+v", round, gap)
				}
				if gap != nil {
					if gaps++; gap.Size != before {
						t.Fatalf("round %d: gap %+v after %d entries", round, gap, before)
					}
				}
				check(t, l, acked)
				var err error
				if checkpoint, err = l.Checkpoint(s); err != nil {
					t.Fatal(err)
				}
				closeLog(t, l)
			}
			if want := map[string]int{"sync": 0, "nosync": kills / 2}[mode]; gaps != want {
				t.Errorf("%d gaps, want %d", gaps, want)
			}
			r := open(t, dir, disklog.Options{ReadOnly: true})
			a, err := translog.Verify(translog.Entries(r, r.Size()), checkpoint, v)
			if err != nil || len(a.Gaps) != gaps || a.Completeness != translog.Proven(r.Size()) {
				t.Errorf("%+v, %v; want %d gaps", a, err, gaps)
			}
			t.Logf("%s: %d kills, %d entries, %d acknowledged, %d torn tails, %d gaps", mode, kills/2, r.Size(), len(acked), torn, gaps)
		})
	}
}

// check looks for every acknowledged entry and compares the tree with a tree
// of the readable entries.
func check(t *testing.T, l *disklog.Log, acked map[int64]tlog.Hash) {
	t.Helper()
	size := l.Size()
	var again translog.Tree
	for i := range size {
		leaf, err := l.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := acked[i]; ok && want != leaf[0] {
			t.Fatalf("entry %d is not what was acknowledged", i)
		}
		again.Add(leaf[0])
	}
	for i := range acked {
		if i >= size {
			t.Fatalf("the acknowledged entry %d is missing: %d entries", i, size)
		}
	}
	for _, i := range []int64{0, size / 2, size - 1} { // Entry compares with the leaf
		if _, err := l.Entry(i); err != nil {
			t.Fatal(err)
		}
	}
	a, err1 := tlog.TreeHash(size, l)
	b, err2 := tlog.TreeHash(size, &again)
	if err1 != nil || err2 != nil || a != b {
		t.Fatal("the tree is not that of the entries", err1, err2)
	}
}

// killWriter starts a writer and kills it after some acknowledgements. It
// records all of them in acked and reports whether the writer disclosed a gap.
func killWriter(t *testing.T, dir, mode string, after int, acked map[int64]tlog.Hash) (gap bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Skip("no test binary to start again:", err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "DISKLOG_WRITER="+dir, "DISKLOG_MODE="+mode)
	var diag bytes.Buffer
	cmd.Stderr = &diag
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	for n := 0; ; {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			break // it is dead; its output is read to the end
		}
		if err != nil {
			t.Fatal(err)
		}
		var i int64
		var hash string
		if _, err := fmt.Sscanf(line, "ack %d %s\n", &i, &hash); err != nil {
			gap = strings.HasSuffix(line, " true\n") // the line "open"
			continue
		}
		h, err := tlog.ParseHash(hash)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := acked[i]; twice {
			t.Fatalf("the index %d is acknowledged twice", i)
		}
		acked[i] = h
		if n++; n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 { // -1: by a signal
		t.Fatalf("the writer ended by itself: %v\n%s", err, diag.String())
	}
	return gap
}
