package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// The log of these vectors has the entries "entry 0", "entry 1", …
const logOrigin = "log.example"

// logSeed is the byte that the seed of the log's key repeats.
const logSeed = 10

func logKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// logOf returns a log of n entries. edit may change entries.
func logOf(n int, edit func(i int, entry string) string) *translog.Memory {
	m := &translog.Memory{}
	for i := range n {
		entry := fmt.Sprintf("entry %d", i)
		if edit != nil {
			entry = edit(i, entry)
		}
		must(m.Append(context.Background(), []byte(entry)))
	}
	return m
}

func checkpointOf(m *translog.Memory, size int64, origin string, seed byte) string {
	return string(must(translog.Sign(m, size, must(translog.NewSigner(origin, logKey(seed))))))
}

// logVectors returns cases of a transparency log of receipts: C2SP
// tlog-checkpoint and tlog-proof over an RFC 6962 tree, and consistency proofs
// as in C2SP tlog-witness.
func logVectors() []vector {
	var out []vector
	known := func(in obj) obj {
		return merge(obj{"origin": logOrigin, "publicKeyHex": hex.EncodeToString(logKey(logSeed).Public().(ed25519.PublicKey))}, in)
	}
	add := func(name, comment string, in, want obj) {
		if want == nil {
			want = obj{"verified": false}
		}
		out = append(out, vector{"log/" + name, comment, known(in), want})
	}
	honest := logOf(7, nil)
	sign := func(size int64) string { return checkpointOf(honest, size, logOrigin, logSeed) }
	swap := func(s, old, new string) string { return strings.Replace(s, old, new, 1) }

	checkpoint := func(name, comment, c string, want obj) {
		add(name, comment, obj{"op": "checkpoint", "checkpoint": c}, want)
	}
	root := func(size int64) string { return strings.Split(sign(size), "\n")[2] }
	opened := func(size int64) obj { return obj{"verified": true, "size": size, "root": root(size)} }
	checkpoint("checkpoint", "The log's key has signed its size and root.", sign(7), opened(7))
	checkpoint("checkpoint-empty-log", "An empty log has a checkpoint too: the root is the SHA-256 of nothing.", sign(0), opened(0))
	both := sign(7) + swap(checkpointOf(honest, 7, "witness.example", logSeed+1), logOrigin, "")[strings.Index(checkpointOf(honest, 7, "witness.example", logSeed+1), "\u2014 "):]
	checkpoint("checkpoint-witness-unknown", "The signature of a key that nobody asked for is passed over.", both, opened(7))
	checkpoint("checkpoint-size-changed", "The size is not the one that was signed.", swap(sign(7), "\n7\n", "\n8\n"), nil)
	checkpoint("checkpoint-root-changed", "The root is not the one that was signed.", swap(sign(7), root(7), root(6)), nil)
	checkpoint("checkpoint-other-key", "Another key has signed under the log's name.", checkpointOf(honest, 7, logOrigin, logSeed+1), nil)
	checkpoint("checkpoint-other-origin", "The log's key has signed in another name.", checkpointOf(honest, 7, "other.example", logSeed), nil)
	checkpoint("checkpoint-unsigned", "The text alone, without a signature.", sign(7)[:strings.Index(sign(7), "\u2014")], nil)
	checkpoint("checkpoint-no-line-end", "The last line does not end.", strings.TrimSuffix(sign(7), "\n"), nil)
	checkpoint("checkpoint-carriage-returns", "Lines that end in CR LF.", strings.ReplaceAll(sign(7), "\n", "\r\n"), nil)
	checkpoint("checkpoint-empty", "A checkpoint without a text.", "", nil)

	prove := func(m *translog.Memory, i int64, c string) string {
		return string(must(translog.ProveInclusion(m, i, []byte(c))))
	}
	inclusion := func(name, comment, entry, proof string, want obj) {
		add(name, comment, obj{"op": "inclusion", "entry": text(entry), "proof": proof}, want)
	}
	included := func(i, size int64) obj { return obj{"verified": true, "index": i, "size": size} }
	last := prove(honest, 6, sign(7))
	third := prove(honest, 3, sign(7))
	inclusion("inclusion", "An entry in the middle of the log.", "entry 3", third, included(3, 7))
	inclusion("inclusion-last", "The last entry, alone on the right of the tree.", "entry 6", last, included(6, 7))
	inclusion("inclusion-earlier-checkpoint", "Proven against an earlier checkpoint.", "entry 3", prove(honest, 3, sign(4)), included(3, 4))
	inclusion("inclusion-only-entry", "In a log of one entry the root is the leaf, and the proof has no hashes.", "entry 0", prove(honest, 0, sign(1)), included(0, 1))
	inclusion("inclusion-extra", "Extra data that nobody has signed is passed over.", "entry 3", swap(third, "\nindex", "\nextra aGVsbG8=\nindex"), included(3, 7))
	inclusion("inclusion-other-entry", "The proof of another entry.", "entry 4", third, nil)
	inclusion("inclusion-other-index", "The hashes are those of entry 3, and the index is 2.", "entry 3", swap(third, "index 3", "index 2"), nil)
	inclusion("inclusion-index-outside", "The index is the size of the log.", "entry 6", swap(last, "index 6", "index 7"), nil)
	inclusion("inclusion-index-negative", "A negative index.", "entry 3", swap(third, "index 3", "index -3"), nil)
	inclusion("inclusion-index-leading-zero", "An index has one spelling.", "entry 3", swap(third, "index 3", "index 03"), nil)
	lines := strings.SplitAfter(third, "\n")
	inclusion("inclusion-hash-missing", "One hash of the path is missing.", "entry 3", strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), ""), nil)
	inclusion("inclusion-hash-twice", "One hash of the path stands there twice.", "entry 3", swap(third, lines[2], lines[2]+lines[2]), nil)
	inclusion("inclusion-hashes-swapped", "Two hashes of the path have changed places.", "entry 3", swap(third, lines[2]+lines[3], lines[3]+lines[2]), nil)
	inclusion("inclusion-hash-not-base64", "A hash that is none.", "entry 3", swap(third, lines[2], "AAAA\n"), nil)
	inclusion("inclusion-other-header", "The first line names another version of the format.", "entry 3", swap(third, "@v1", "@v2"), nil)
	inclusion("inclusion-checkpoint-of-other-tree", "The checkpoint is one of the same size over other entries.", "entry 3",
		swap(third, sign(7), checkpointOf(logOf(7, func(i int, e string) string { return e + "!" }), 7, logOrigin, logSeed)), nil)
	inclusion("inclusion-checkpoint-unsigned", "The path is right, and nobody has signed the root.", "entry 3", swap(third, sign(7), checkpointOf(honest, 7, logOrigin, logSeed+1)), nil)
	two := logOf(2, nil)
	leaf0, leaf1 := sha256.Sum256([]byte("\x00entry 0")), sha256.Sum256([]byte("\x00entry 1"))
	inner := strings.SplitAfter(prove(two, 0, checkpointOf(two, 2, logOrigin, logSeed)), "\n")
	add("inclusion-inner-node", "The two halves of an inner node are passed off as an entry, with no path above it.",
		obj{"op": "inclusion", "entry": obj{"hex": hex.EncodeToString(append(leaf0[:], leaf1[:]...))}, "proof": strings.Join(append(inner[:2:2], inner[3:]...), "")}, nil)
	inclusion("inclusion-entry-empty", "There are no empty entries.", "", third, nil)

	consistency := func(name, comment, old, proof string, want obj) {
		add(name, comment, obj{"op": "consistency", "old": old, "proof": proof}, want)
	}
	grow := func(m *translog.Memory, old int64, c string) string {
		return string(must(translog.ProveConsistency(m, old, []byte(c))))
	}
	grown := func(size int64) obj { return obj{"verified": true, "size": size} }
	consistency("consistency", "The log has grown.", sign(3), grow(honest, 3, sign(7)), grown(7))
	consistency("consistency-power-of-two", "The old log was a whole tree, whose root is left out of the proof.", sign(4), grow(honest, 4, sign(7)), grown(7))
	consistency("consistency-same", "The log has not changed.", sign(7), grow(honest, 7, sign(7)), grown(7))
	consistency("consistency-from-empty", "Everything begins with an empty log.", sign(0), grow(honest, 0, sign(7)), grown(7))
	forked := logOf(7, func(i int, e string) string { return swap(e, "entry 1", "another entry") })
	forkedSign := func(size int64) string { return checkpointOf(forked, size, logOrigin, logSeed) }
	consistency("consistency-fork", "An old entry was replaced: both checkpoints are signed, and one does not begin with the other.", sign(3), grow(forked, 3, forkedSign(7)), nil)
	consistency("consistency-fork-same-size", "Two signed checkpoints of one size over different entries.", sign(7), grow(forked, 7, forkedSign(7)), nil)
	shorter := grow(honest, 3, sign(3))
	consistency("consistency-shrunk", "The log has become shorter.", sign(7), shorter, nil)
	consistency("consistency-shrunk-renamed", "The log has become shorter, and the proof names the old size.", sign(7), swap(shorter, "old 3", "old 7"), nil)
	consistency("consistency-other-old-size", "The proof is from another old size.", sign(3), grow(honest, 2, sign(7)), nil)
	consistency("consistency-old-size-renamed", "The proof is from another old size, and does not say so.", sign(3), swap(grow(honest, 2, sign(7)), "old 2", "old 3"), nil)
	threeToSeven := strings.SplitAfter(grow(honest, 3, sign(7)), "\n")
	consistency("consistency-hash-missing", "One hash of the proof is missing.", sign(3), strings.Join(append(append([]string{}, threeToSeven[:1]...), threeToSeven[2:]...), ""), nil)
	consistency("consistency-checkpoint-unsigned", "The new checkpoint is signed by another key.", sign(3), swap(grow(honest, 3, sign(7)), sign(7), checkpointOf(honest, 7, logOrigin, logSeed+1)), nil)
	consistency("consistency-old-unsigned", "The old checkpoint is signed by another key: nothing was known before.", checkpointOf(honest, 3, logOrigin, logSeed+1), grow(honest, 3, sign(7)), nil)
	return out
}
