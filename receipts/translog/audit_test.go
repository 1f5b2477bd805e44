package translog_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

func entries(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = entry(i)
	}
	return all
}

// TestEveryTruncation truncates a log of 10,000 entries at every index. The
// checkpoint detects it. Without the checkpoint the rest is unproven. The root
// of the rest is the root that the tree had at that size.
func TestEveryTruncation(t *testing.T) {
	const n = 10_000
	all, m, v := entries(n), fill(t, n), verifier(t, origin, 1)
	checkpoint := sign(t, m, n)
	a, err := translog.Verify(list(all), checkpoint, v)
	if err != nil || a.Completeness != "proven_to_size_10000" || a.Entries != n {
		t.Fatalf("%+v, %v", a, err)
	}
	step := 13 // an audit reads all entries; .ci/long tries every index
	if os.Getenv("TRUNCATIONS") == "all" {
		step = 1
	}
	for cut := 0; cut < n; cut += step {
		if a, err := translog.Verify(list(all[:cut]), checkpoint, v); !errors.Is(err, translog.ErrNotProven) || a != nil {
			t.Fatalf("cut at %d: %+v, %v", cut, a, err)
		}
	}
	// Compute the root at every index in one pass. Each equals the root of the
	// tree, and no two are the same, so no tree passes for one of another
	// size.
	seen := map[tlog.Hash]bool{}
	for cut := range int64(n + 1) {
		root, err := tlog.TreeHash(cut, m)
		if err != nil || seen[root] {
			t.Fatalf("size %d: %v, root seen before: %t", cut, err, seen[root])
		}
		seen[root] = true
		if cut%499 != 0 && cut < n-20 {
			continue // an audit reads all entries, so test some sizes only
		}
		a, err := translog.Verify(list(all[:cut]), nil)
		if err != nil || a.Completeness != translog.Unproven || a.Entries != cut || a.Root != root {
			t.Fatalf("size %d without a checkpoint: %+v, %v", cut, a, err)
		}
		a, err = translog.Verify(list(all), sign(t, m, cut), v)
		if err != nil || a.Completeness != translog.Proven(cut) || a.Entries != n {
			t.Fatalf("all entries with the checkpoint of size %d: %+v, %v", cut, a, err)
		}
	}
}

// mutate makes one forbidden change to a log. kind selects the change.
func mutate(r *rand.Rand, kind int, in [][]byte) (string, [][]byte) {
	out := slices.Clone(in)
	i, j := r.IntN(len(in)), r.IntN(len(in)-1)
	if j >= i {
		j++ // a different entry
	}
	switch kind {
	case 0:
		out[i], out[j] = out[j], out[i]
		return "two entries swapped", out
	case 1:
		return "an entry moved", slices.Insert(slices.Delete(out, i, i+1), j, in[i])
	case 2:
		return "an entry dropped", slices.Delete(out, i, i+1)
	case 3:
		return "an entry twice", slices.Insert(out, j, in[i])
	case 4:
		out[i] = out[j]
		return "an entry in place of another", out
	case 5:
		out[i] = slices.Clone(out[i])
		out[i][r.IntN(len(out[i]))] ^= 1 << r.IntN(8)
		return "a bit flipped", out
	case 6:
		return "the end cut off", out[:i]
	default:
		return "an entry made up", slices.Insert(out, i, []byte("made up"))
	}
}

// TestMutations checks that a checkpoint of size N detects every change to the
// first N entries, and that without it the log is unproven.
func TestMutations(t *testing.T) {
	const n, size = 300, 250
	m, v := fill(t, n), verifier(t, origin, 1)
	checkpoint := sign(t, m, size)
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 800 {
		name, bad := mutate(r, round%8, entries(size))
		bad = append(bad, entries(n)[size:]...) // so that the length does not reveal the change
		a, err := translog.Verify(list(bad), checkpoint, v)
		if !errors.Is(err, translog.ErrNotProven) || a != nil {
			t.Errorf("round %d, %s: %+v, %v", round, name, a, err)
		}
		if a, err := translog.Verify(list(bad), nil, v); err != nil || a.Completeness != translog.Unproven {
			t.Errorf("round %d, %s, without a checkpoint: %+v, %v", round, name, a, err)
		}
	}
}

func TestVerify(t *testing.T) {
	m, v := fill(t, 4), verifier(t, origin, 1)
	gap, err := translog.Gap{Size: 4, Why: "x"}.Entry()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Append(context.Background(), gap); err != nil {
		t.Fatal(err)
	}
	a, err := translog.Verify(translog.Entries(m, 5), sign(t, m, 5), v)
	if err != nil || len(a.Gaps) != 1 || a.Gaps[0].Size != 4 {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := translog.Verify(list(nil), sign(t, m, 0), v); err != nil || a.Completeness != "proven_to_size_0" {
		t.Errorf("an empty log: %+v, %v", a, err)
	}
	if a, err := translog.Verify(list(nil), nil); err != nil || a.Completeness != translog.Unproven {
		t.Errorf("nothing at all: %+v, %v", a, err)
	}
	forged := translog.Checkpoint{Origin: origin, Size: 0, Root: tlog.Hash{1}}
	_, err = translog.Verify(list(nil), signCheckpoint(t, forged), v)
	wants(t, err, "not those")
	_, err = translog.Verify(list(entries(4)), sign(t, m, 4))
	wants(t, err, "no verifiable signatures")
	_, err = translog.Verify(list(entries(4)), []byte{}, v)
	wants(t, err, "malformed")
	_, err = translog.Verify(list([][]byte{{}}), nil)
	wants(t, err, "entry 0")
	if a, err := translog.Verify(translog.Entries(m, 9), nil); err == nil || errors.Is(err, translog.ErrNotProven) {
		t.Errorf("entries that cannot be read: %+v, %v", a, err)
	}
	for range translog.Entries(m, 5) {
		break // the iteration may end early
	}
}
