package translog_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
)

const origin = "log.example/receipts"

func key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func signer(t testing.TB, name string, b byte) note.Signer {
	t.Helper()
	s, err := translog.NewSigner(name, key(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifier(t testing.TB, name string, b byte) note.Verifier {
	t.Helper()
	v, err := translog.NewVerifier(name, key(b).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// entry returns the entry at an index of every log in these tests.
func entry(i int) []byte { return fmt.Appendf(nil, `{"receipt":%d}`, i) }

func fill(t testing.TB, n int) *translog.Memory {
	t.Helper()
	var m translog.Memory
	for i := range n {
		if _, err := m.Append(context.Background(), entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	return &m
}

func sign(t testing.TB, src translog.Source, size int64) []byte {
	t.Helper()
	b, err := translog.Sign(src, size, signer(t, origin, 1))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wants checks that an error contains want and wraps ErrNotProven.
func wants(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !errors.Is(err, translog.ErrNotProven) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want not proven, %q", err, want)
	}
}

// list returns a sequence of entries.
func list(entries [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestCheckpoint(t *testing.T) {
	m, v := fill(t, 5), verifier(t, origin, 1)
	good := sign(t, m, 5)
	root, _ := tlog.TreeHash(5, m)
	c, err := translog.Open(good, v)
	if err != nil || c != (translog.Checkpoint{Origin: origin, Size: 5, Root: root}) || c.Completeness() != "proven_to_size_5" {
		t.Fatalf("%+v, %v", c, err)
	}
	if u, err := translog.ReadUnverified(good); err != nil || u != c {
		t.Errorf("%+v, %v", u, err)
	}
	text := origin + "\n5\n" + root.String() + "\n"
	if !strings.HasPrefix(string(good), text+"\n— "+origin+" ") {
		t.Errorf("not in the form of tlog-checkpoint:\n%s", good)
	}
	// Signatures of other keys, and extension lines, are accepted.
	both, err := note.Sign(&note.Note{Text: text + "extension\n"}, signer(t, origin, 1), signer(t, "witness.example", 7))
	if err != nil {
		t.Fatal(err)
	}
	if c2, err := translog.Open(both, v); err != nil || c2 != c {
		t.Errorf("%+v, %v", c2, err)
	}
	signed := func(text string) []byte {
		b, err := note.Sign(&note.Note{Text: text}, signer(t, origin, 1))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tests := []struct {
		name string
		b    []byte
		keys []note.Verifier
		want string
	}{
		{"no keys", good, nil, "no verifiable signatures"},
		{"another key of that name", good, []note.Verifier{verifier(t, origin, 2)}, "no verifiable signatures"},
		{"that key under another name", good, []note.Verifier{verifier(t, "log.example", 1)}, "no verifiable signatures"},
		{"signed by a witness alone", both, []note.Verifier{verifier(t, "witness.example", 7)}, "another log's key"},
		{"changed size", bytes.Replace(good, []byte("\n5\n"), []byte("\n4\n"), 1), []note.Verifier{v}, "invalid signature"},
		{"too long", append(bytes.Repeat([]byte("x\n"), 40_000), good...), []note.Verifier{v}, "more than"},
		{"empty", nil, []note.Verifier{v}, "malformed"},
		{"origin of another log", signed("log.example\n5\n" + root.String() + "\n"), []note.Verifier{v}, "another log's key"},
		{"no root", signed(origin + "\n5\n"), []note.Verifier{v}, "not lines of"},
		{"no origin", signed("\n5\n" + root.String() + "\n"), []note.Verifier{v}, "not lines of"},
		{"empty extension", signed(text + "\nx\n"), []note.Verifier{v}, "not lines of"},
		{"two empty extensions", signed(text + "x\n\ny\n"), []note.Verifier{v}, "not lines of"},
		{"leading zero", signed(strings.Replace(text, "\n5\n", "\n05\n", 1)), []note.Verifier{v}, "malformed"},
		{"plus sign", signed(strings.Replace(text, "\n5\n", "\n+5\n", 1)), []note.Verifier{v}, "malformed"},
		{"negative", signed(strings.Replace(text, "\n5\n", "\n-5\n", 1)), []note.Verifier{v}, "a size of"},
		{"a size that tlog does not come back from", signed(strings.Replace(text, "\n5\n", "\n9223372036854775807\n", 1)), []note.Verifier{v}, "a size of"},
		{"short root", signed(origin + "\n5\nAAAA\n"), []note.Verifier{v}, "malformed"},
		{"root in another spelling", signed(strings.Replace(text, root.String(), looseBase64(root.String()), 1)), []note.Verifier{v}, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := translog.Open(tt.b, tt.keys...)
			wants(t, err, tt.want)
			if c != (translog.Checkpoint{}) {
				t.Errorf("%+v", c)
			}
		})
	}
	for i := range good { // no byte may change
		b := slices.Clone(good)
		b[i] ^= 1
		if _, err := translog.Open(b, v); !errors.Is(err, translog.ErrNotProven) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
	}
}

// looseBase64 sets the unused bits of the last character.
func looseBase64(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := len(s) - 2
	return s[:i] + string(alphabet[strings.IndexByte(alphabet, s[i])|1]) + "="
}

func TestSignRefuses(t *testing.T) {
	m := fill(t, 3)
	for _, size := range []int64{-1, 4} {
		if b, err := translog.Sign(m, size, signer(t, origin, 1)); err == nil || !strings.Contains(err.Error(), "in a log of 3") {
			t.Errorf("size %d of 3 is signed: %s, %v", size, b, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := translog.NewSigner(name, key(1)); err == nil {
			t.Errorf("a signer is called %q", name)
		}
		if _, err := translog.NewVerifier(name, key(1).Public().(ed25519.PublicKey)); err == nil {
			t.Errorf("a verifier is called %q", name)
		}
	}
	if _, err := translog.NewSigner(origin, key(1)[:31]); err == nil {
		t.Error("a key of 31 bytes")
	}
	if _, err := translog.NewVerifier(origin, nil); err == nil {
		t.Error("no key")
	}
}

// TestInclusion checks, for trees of every size up to 65, that each entry has
// a proof for its index, and that the proof fails for other bytes and other
// indexes.
func TestInclusion(t *testing.T) {
	const maxSize = 65
	m, v := fill(t, maxSize), verifier(t, origin, 1)
	for size := int64(1); size <= maxSize; size++ {
		checkpoint := sign(t, m, size)
		for i := range size {
			proof, err := translog.ProveInclusion(m, i, checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			at, c, err := translog.VerifyInclusion(entry(int(i)), proof, v)
			if err != nil || at != i || c.Size != size {
				t.Fatalf("size %d, entry %d: at %d of %d, %v", size, i, at, c.Size, err)
			}
			_, _, err = translog.VerifyInclusion(entry(int(i)+1), proof, v)
			wants(t, err, "not at")
			moved := bytes.Replace(proof, fmt.Appendf(nil, "index %d\n", i), fmt.Appendf(nil, "index %d\n", (i+1)%(size+1)), 1)
			if _, _, err = translog.VerifyInclusion(entry(int(i)), moved, v); !errors.Is(err, translog.ErrNotProven) {
				t.Fatalf("size %d, entry %d: proven elsewhere, %v", size, i, err)
			}
		}
	}
}

func TestProofForm(t *testing.T) {
	m, v := fill(t, 5), verifier(t, origin, 1)
	checkpoint := string(sign(t, m, 5))
	b, err := translog.ProveInclusion(m, 3, []byte(checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	lines := strings.SplitAfter(good, "\n")
	// C2SP tlog-proof lists the hashes from the leaf's sibling upwards.
	if lines[0] != "c2sp.org/tlog-proof@v1\n" || lines[1] != "index 3\n" || lines[2] != tlog.RecordHash(entry(2)).String()+"\n" || lines[5] != "\n" || !strings.HasSuffix(good, "\n\n"+checkpoint) {
		t.Fatalf("%s", good)
	}
	extra := strings.Replace(good, "index", "extra AAEC\nindex", 1)
	if at, _, err := translog.VerifyInclusion(entry(3), []byte(extra), v); err != nil || at != 3 {
		t.Errorf("extra data: at %d, %v", at, err)
	}
	tests := []struct{ name, proof, want string }{
		{"no header", good[len(lines[0]):], "first line"},
		{"another version", strings.Replace(good, "@v1", "@v2", 1), "first line"},
		{"extra is not base64", strings.Replace(good, "index", "extra !\nindex", 1), "not base64"},
		{"extra in another spelling", strings.Replace(good, "index", "extra AB==\nindex", 1), "not in the form"},
		{"two lines of extra", strings.Replace(good, "index", "extra AAEC\nextra AAEC\nindex", 1), "no line"},
		{"index with a zero before", strings.Replace(good, "index 3", "index 03", 1), "not in the form"},
		{"negative index", strings.Replace(good, "index 3", "index -3", 1), "no line"},
		{"no index", strings.Replace(good, "index 3\n", "", 1), "no line"},
		{"index beyond the tree", strings.Replace(good, "index 3", "index 5", 1), "invalid inputs"},
		{"index beyond any tree", strings.Replace(good, "index 3", "index 9223372036854775807", 1), "no line"},
		{"CR LF", strings.ReplaceAll(good, "\n", "\r\n"), "first line"},
		{"a hash too few", strings.Replace(good, lines[4], "", 1), "not at"},
		{"a hash too many", strings.Replace(good, lines[4], lines[4]+lines[4], 1), "not at"},
		{"64 hashes", strings.Replace(good, lines[4], strings.Repeat(lines[4], 62), 1), "one too many"},
		{"hashes in another order", strings.Replace(good, lines[2]+lines[3], lines[3]+lines[2], 1), "not at"},
		{"a hash in another spelling", strings.Replace(good, lines[2], looseBase64(strings.TrimSpace(lines[2]))+"\n", 1), "not in the form"},
		{"a short hash", strings.Replace(good, lines[2], "AAAA\n", 1), "is none"},
		{"no checkpoint", strings.Join(lines[:5], ""), "no checkpoint"},
		{"another empty line", strings.Replace(good, "\n\n", "\n\n\n", 1), "invalid signature"},
		{"too long", good + strings.Repeat("x", 1<<17), "more than"},
		{"a checkpoint of another log", strings.Replace(good, checkpoint, string(checkpointOf(t, m, "other.example", 2)), 1), "no verifiable signatures"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c, err := translog.VerifyInclusion(entry(3), []byte(tt.proof), v)
			if c != (translog.Checkpoint{}) {
				t.Errorf("%+v", c)
			}
			wants(t, err, tt.want)
		})
	}
	for i := range good {
		b := []byte(good)
		b[i] ^= 1
		if _, _, err := translog.VerifyInclusion(entry(3), b, v); !errors.Is(err, translog.ErrNotProven) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
	}
	_, _, err = translog.VerifyInclusion(nil, []byte(good), v)
	wants(t, err, "0 bytes")
	_, _, err = translog.VerifyInclusion(entry(3), []byte(good))
	wants(t, err, "no verifiable signatures")
}

func checkpointOf(t *testing.T, m *translog.Memory, name string, b byte) []byte {
	t.Helper()
	c, err := translog.Sign(m, m.Size(), signer(t, name, b))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestConsistency checks that every tree of up to 33 entries begins with every
// smaller tree of the log and with no other tree.
func TestConsistency(t *testing.T) {
	const maxSize = 33
	m, v := fill(t, maxSize), verifier(t, origin, 1)
	var other translog.Memory
	for i := range maxSize {
		e := entry(i)
		if i == 0 {
			e = []byte("another history")
		}
		if _, err := other.Append(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	open := func(src translog.Source, size int64) translog.Checkpoint {
		c, err := translog.Open(sign(t, src, size), v)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for size := int64(0); size <= maxSize; size++ {
		checkpoint := sign(t, m, size)
		for old := range size + 1 {
			proof, err := translog.ProveConsistency(m, old, checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := translog.VerifyConsistency(open(m, old), proof, v); err != nil || c.Size != size {
				t.Fatalf("from %d to %d: %+v, %v", old, size, c, err)
			}
			if old > 0 {
				_, err = translog.VerifyConsistency(open(&other, old), proof, v)
				wants(t, err, "does not begin")
			}
			_, err = translog.VerifyConsistency(open(m, (old+1)%(maxSize+1)), proof, v)
			wants(t, err, "an old size of")
		}
	}
	proof, _ := translog.ProveConsistency(m, 3, sign(t, m, 20))
	zero, _ := translog.ProveConsistency(m, 0, sign(t, m, 20))
	if !strings.HasPrefix(string(proof), "old 3\n") || !strings.HasPrefix(string(zero), "old 0\n\n"+origin) {
		t.Errorf("not the body of add-checkpoint:\n%s", proof)
	}
	elsewhere := open(m, 3)
	elsewhere.Origin = "other.example"
	forged := open(m, 0)
	forged.Root[0] ^= 1
	tests := []struct {
		name  string
		old   translog.Checkpoint
		proof string
		want  string
	}{
		{"two logs", elsewhere, string(proof), "two logs"},
		{"an empty log with a root", forged, string(zero), "empty log"},
		{"hashes after nothing", open(m, 0), strings.Replace(string(zero), "\n\n", "\n"+forged.Root.String()+"\n\n", 1), "empty log"},
		{"old size with a zero", open(m, 3), strings.Replace(string(proof), "old 3", "old 03", 1), "not in the form"},
		{"an inclusion proof", open(m, 3), strings.Replace(string(proof), "old 3", "index 3", 1), "no line"},
		{"unsigned", open(m, 3), string(proof[:bytes.Index(proof, []byte("\n— "))+1]), "malformed"},
		{"too long", open(m, 3), string(proof) + strings.Repeat("x", 1<<17), "more than"},
		{"older than the old one", open(m, 30), strings.Replace(string(proof), "old 3", "old 30", 1), "does not begin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := translog.VerifyConsistency(tt.old, []byte(tt.proof), v)
			wants(t, err, tt.want)
		})
	}
}

func TestProveRefuses(t *testing.T) {
	m := fill(t, 5)
	of5, of6 := sign(t, m, 5), sign(t, fill(t, 6), 6)
	other := sign(t, &translog.Memory{}, 0)
	var changed translog.Memory
	for range 5 {
		changed.Append(context.Background(), []byte("x"))
	}
	tests := []struct {
		name string
		run  func() ([]byte, error)
		want string
	}{
		{"an entry beyond the checkpoint", func() ([]byte, error) { return translog.ProveInclusion(m, 5, of5) }, "not in the checkpoint"},
		{"a negative entry", func() ([]byte, error) { return translog.ProveInclusion(m, -1, of5) }, "not in the checkpoint"},
		{"an entry of an empty log", func() ([]byte, error) { return translog.ProveInclusion(m, 0, other) }, "not in the checkpoint"},
		{"a checkpoint beyond the log", func() ([]byte, error) { return translog.ProveInclusion(m, 0, of6) }, "the log has 5 entries"},
		{"a checkpoint of another tree", func() ([]byte, error) { return translog.ProveInclusion(&changed, 0, of5) }, "another tree"},
		{"no checkpoint", func() ([]byte, error) { return translog.ProveConsistency(m, 1, nil) }, "malformed"},
		{"an old size beyond", func() ([]byte, error) { return translog.ProveConsistency(m, 6, of5) }, "no size 6"},
		{"a negative old size", func() ([]byte, error) { return translog.ProveConsistency(m, -1, of5) }, "no size -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if b, err := tt.run(); err == nil || !strings.Contains(err.Error(), tt.want) || b != nil {
				t.Errorf("%s, %v; want %q", b, err, tt.want)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	var m translog.Memory
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Append(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := m.Entry(0); err == nil {
		t.Error("an entry of an empty log")
	}
}

func TestGap(t *testing.T) {
	g := translog.Gap{Size: 3, Dropped: 17, Why: "the \"writer\""}
	b, err := g.Entry()
	if err != nil || string(b) != `{"droppedBytes":17,"event":"LOG_GAP","size":3,"why":"the \"writer\""}` {
		t.Fatalf("%s, %v", b, err)
	}
	if got, ok := translog.ParseGap(b); !ok || got != g {
		t.Errorf("%+v, %t", got, ok)
	}
	if _, err := (translog.Gap{Why: "\xff"}).Entry(); err == nil {
		t.Error("invalid UTF-8")
	}
	for _, other := range []string{"", "{}", `{"droppedBytes":`, `{"droppedBytes":17,"event":"LOG_GAP","size":3}`,
		`{"droppedBytes":17,"event":"LOG_GAP","size":"3","why":""}`, `{"droppedBytes":17,"event":"VP_DENIED","size":3,"why":""}`,
		`{"droppedBytes":17,"event":"LOG_GAP","size":3,"why":"","x":1}`, `{"droppedBytes":17.5,"event":"LOG_GAP","size":3,"why":""}`,
		`{"droppedBytes":1e300,"event":"LOG_GAP","size":3,"why":""}`, string(b) + " "} {
		if g, ok := translog.ParseGap([]byte(other)); ok || g != (translog.Gap{}) {
			t.Errorf("%s is a gap: %+v", other, g)
		}
	}
}
