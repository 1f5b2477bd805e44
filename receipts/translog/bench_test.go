package translog_test

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// treeOnly is a source without entries, for large trees.
type treeOnly struct{ translog.Tree }

func (*treeOnly) Entry(int64) ([]byte, error) { return nil, errors.New("no entries") }

// BenchmarkProof prints the size of proofs in a log of 2^20 receipts, and the
// time to make and to check one, compared with hashing one node.
func BenchmarkProof(b *testing.B) {
	const size = 1 << 20
	var src treeOnly
	leaf := func(i int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
	for i := range int64(size) {
		src.Add(tlog.RecordHash(leaf(i)))
	}
	checkpoint := sign(b, &src, size)
	v := verifier(b, origin, 1)
	proof, err := translog.ProveInclusion(&src, 777_777, checkpoint)
	if err != nil {
		b.Fatal(err)
	}
	grown, err := translog.ProveConsistency(&src, 777_777, checkpoint)
	if err != nil {
		b.Fatal(err)
	}
	rows := roundrobin.Compare(31,
		roundrobin.Subject{Name: "node", Run: func() { tlog.NodeHash(tlog.Hash{1}, tlog.Hash{2}) }},
		roundrobin.Subject{Name: "prove", Run: func() { translog.ProveInclusion(&src, 777_777, checkpoint) }},
		roundrobin.Subject{Name: "verify", Run: func() {
			if _, _, err := translog.VerifyInclusion(leaf(777_777), proof, v); err != nil {
				b.Fatal(err)
			}
		}},
	)
	roundrobin.Print(os.Stdout, "one entry in 2^20", "node", rows)
	for b.Loop() {
	}
	b.ReportMetric(float64(len(proof)), "B/inclusion")
	b.ReportMetric(float64(len(grown)), "B/consistency")
	b.ReportMetric(float64(len(checkpoint)), "B/checkpoint")
}
