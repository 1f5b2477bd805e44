// Package translog answers one question: is this receipt in the log, and is
// the log whole?
//
// A log is an append-only list of entries. An entry is the exact bytes of one
// signed receipt; its leaf is SHA-256(0x00 ‖ bytes) in the Merkle tree of RFC
// 6962. Three published formats carry what a stranger needs to check it:
//
//   - a checkpoint, C2SP tlog-checkpoint: origin, size and root of the tree as
//     a signed note. The origin is the name of the key that signs;
//   - an inclusion proof, C2SP tlog-proof: one entry is in the tree of a
//     checkpoint, which it carries with it;
//   - a consistency proof, the body of add-checkpoint in C2SP tlog-witness: the
//     tree of one checkpoint begins with all of the tree of an older one.
//
// The tree can be published as tiles (C2SP tlog-tiles), see [Resource].
//
// What a checkpoint proves is that the log has committed itself to its first N
// entries: none of them can be changed, left out or moved any more without the
// difference being seen. It does not prove that the operator has logged every
// decision, nor that everyone was shown the same log: that takes a witness, or
// auditors who compare checkpoints. Nothing here checks the signatures of
// receipts; package receipts does.
//
// The package does no I/O. A log on disk is package disklog.
package translog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Limits of what is read and stored.
const (
	// MaxEntry is the most bytes of one entry: the length in an entry bundle
	// of C2SP tlog-tiles has 16 bits.
	MaxEntry = 1<<16 - 1
	// MaxSize is the most entries of a log. Far above it the arithmetic of
	// tlog overflows, and does not end.
	MaxSize = 1 << 48
	// maxText bounds a checkpoint and a proof. A hundred signatures of half a
	// kilobyte fit.
	maxText = 64 << 10
	// maxHashes bounds a proof; a tree of MaxSize needs 48, a consistency
	// proof one more. The formats allow 63.
	maxHashes = 63
)

// ErrNotProven is what every error wraps that says of a checkpoint, a proof or
// a list of entries that it does not show what it is meant to.
var ErrNotProven = errors.New("translog: not proven")

func notProven(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotProven, fmt.Sprintf(format, args...))
}

// Completeness says what is known about entries that were left out.
type Completeness string

// Unproven: nothing shows that no entry was left out.
const Unproven Completeness = "unproven"

// Proven is the verdict proven_to_size_N: the first N entries are those, and
// all of those, that a checkpoint has committed the log to.
func Proven(size int64) Completeness {
	return Completeness(fmt.Sprintf("proven_to_size_%d", size))
}

// A Log takes receipts in. Implementations must be safe for concurrent use;
// package logtest checks the promises.
type Log interface {
	// Append stores the exact bytes of an entry, of 1 to MaxEntry bytes, as
	// the next one, and returns its index. Indexes count from 0 without holes.
	// It returns when the entry is as durable as the implementation promises;
	// until then the entry is in no checkpoint. It does not keep entry.
	//
	// After an error the entry may or may not be in the log, and nothing may
	// rest on its being there.
	Append(ctx context.Context, entry []byte) (index int64, err error)
}

// A Source is what proofs are made from.
type Source interface {
	// Size returns how many entries have been acknowledged.
	Size() int64
	// Entry returns a copy of an acknowledged entry.
	Entry(index int64) ([]byte, error)
	// ReadHashes returns nodes of the tree, see tlog.StoredHashIndex.
	tlog.HashReader
}

// CheckEntry reports whether a log takes the entry. Log implementations call
// it first.
func CheckEntry(entry []byte) error {
	if len(entry) == 0 || len(entry) > MaxEntry {
		return fmt.Errorf("translog: an entry of %d bytes; want 1 to %d", len(entry), MaxEntry)
	}
	return nil
}
