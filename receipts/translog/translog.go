// Package translog answers one question: is this receipt in the log, and is
// the log whole? It implements RFC 6962 Merkle trees with the C2SP formats for
// checkpoints, proofs and tiles.
//
// A log is an append-only list of entries. An entry is the exact bytes of one
// signed receipt. Its leaf is SHA-256(0x00 ‖ bytes) in the Merkle tree of RFC
// 6962. Three published formats contain what a third party needs to check it:
//
//   - A checkpoint, C2SP tlog-checkpoint: origin, size and root of the tree as
//     a signed note. The origin is the name of the signing key.
//   - An inclusion proof, C2SP tlog-proof: one entry is in the tree of a
//     checkpoint. The proof contains the checkpoint.
//   - A consistency proof, the body of add-checkpoint in C2SP tlog-witness:
//     the tree of one checkpoint begins with the whole tree of an older one.
//
// The tree can be published as tiles (C2SP tlog-tiles), see [Resource].
//
// A checkpoint commits the log to its first N entries: nobody can change,
// remove or move one of them without detection. It does not prove that the
// operator has logged every decision, nor that everyone sees the same log.
// That requires a witness, or auditors who compare checkpoints. This package
// does not check the signatures of receipts; package receipts does.
//
// The package does no I/O. Package disklog implements a log on disk.
package translog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Limits on input and storage.
const (
	// MaxEntry is the maximum size of an entry in bytes: entry bundles of C2SP
	// tlog-tiles have 16-bit lengths.
	MaxEntry = 1<<16 - 1
	// MaxSize is the maximum number of entries. Far above it the arithmetic of
	// tlog overflows and does not terminate.
	MaxSize = 1 << 48
	// maxText bounds a checkpoint and a proof. A hundred signatures of half a
	// kilobyte fit.
	maxText = 64 << 10
	// maxHashes bounds the hashes of a proof. A tree of MaxSize needs 48, a
	// consistency proof one more. The formats allow 63.
	maxHashes = 63
)

// ErrNotProven is wrapped by every error for a checkpoint, proof or list of
// entries that does not prove its claim.
var ErrNotProven = errors.New("translog: not proven")

func notProven(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotProven, fmt.Sprintf(format, args...))
}

// Completeness states whether entries may have been left out.
type Completeness string

// Unproven means that entries may have been left out.
const Unproven Completeness = "unproven"

// Proven returns proven_to_size_N: the first N entries are exactly the entries
// to which a checkpoint has committed the log.
func Proven(size int64) Completeness {
	return Completeness(fmt.Sprintf("proven_to_size_%d", size))
}

// A Log stores receipts. Implementations must be safe for concurrent use.
// Package logtest is their conformance test.
type Log interface {
	// Append stores the exact bytes of an entry, 1 to MaxEntry bytes, as the
	// next entry and returns its index. Indexes count from 0 without holes.
	// Append returns when the entry is as durable as the implementation
	// promises. Before that, no checkpoint contains the entry. Append does not
	// retain entry.
	//
	// After an error the entry may or may not be in the log. Callers must not
	// rely on either.
	Append(ctx context.Context, entry []byte) (index int64, err error)
}

// A Source provides the data for proofs.
type Source interface {
	// Size returns the number of acknowledged entries.
	Size() int64
	// Entry returns a copy of an acknowledged entry.
	Entry(index int64) ([]byte, error)
	// ReadHashes returns nodes of the tree, see tlog.StoredHashIndex.
	tlog.HashReader
}

// CheckEntry checks the size of an entry. Log implementations call it first.
func CheckEntry(entry []byte) error {
	if len(entry) == 0 || len(entry) > MaxEntry {
		return fmt.Errorf("translog: an entry of %d bytes; want 1 to %d", len(entry), MaxEntry)
	}
	return nil
}
