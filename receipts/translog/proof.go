package translog

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The first line of an inclusion proof, and the prefixes of its other lines.
const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	extraPrefix = "extra "
	indexPrefix = "index "
	oldPrefix   = "old "
)

// A proof is a parsed and unverified proof of either kind.
type proof struct {
	extra      []byte // of an inclusion proof; not signed
	number     int64  // the index of the entry, or the old size
	hashes     []tlog.Hash
	checkpoint []byte
}

// append appends the lines that both formats share.
func (p *proof) append(b []byte, prefix string) []byte {
	b = strconv.AppendInt(append(b, prefix...), p.number, 10)
	b = append(b, '\n')
	for _, h := range p.hashes {
		b = append(append(b, h.String()...), '\n')
	}
	return append(append(b, '\n'), p.checkpoint...)
}

func (p *proof) inclusion() []byte {
	b := []byte(proofHeader + "\n")
	if p.extra != nil {
		b = append(b, extraPrefix...)
		b = append(base64.StdEncoding.AppendEncode(b, p.extra), '\n')
	}
	return p.append(b, indexPrefix)
}

// parseInclusion parses a C2SP tlog-proof. It accepts one spelling of each
// proof.
func parseInclusion(text []byte) (*proof, error) {
	if len(text) > 2*maxText {
		return nil, notProven("a proof of more than %d bytes", 2*maxText)
	}
	rest, ok := strings.CutPrefix(string(text), proofHeader+"\n")
	if !ok {
		return nil, notProven("proof: the first line is not %s", proofHeader)
	}
	var extra []byte
	if after, ok := strings.CutPrefix(rest, extraPrefix); ok {
		line, after, _ := strings.Cut(after, "\n")
		b, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return nil, notProven("proof: the extra data is not base64")
		}
		extra, rest = append([]byte{}, b...), after
	}
	p, err := parseHashes(rest, indexPrefix)
	if err != nil {
		return nil, err
	}
	p.extra = extra
	if !bytes.Equal(p.inclusion(), text) {
		return nil, notProven("proof: it is not in the form of tlog-proof")
	}
	return p, nil
}

// parseConsistency parses the body of add-checkpoint in C2SP tlog-witness.
func parseConsistency(text []byte) (*proof, error) {
	if len(text) > 2*maxText {
		return nil, notProven("a proof of more than %d bytes", 2*maxText)
	}
	p, err := parseHashes(string(text), oldPrefix)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(p.append(nil, oldPrefix), text) {
		return nil, notProven("proof: it is not in the form of add-checkpoint")
	}
	return p, nil
}

// parseHashes parses "prefix N", hashes, an empty line and a checkpoint. To
// refuse other spellings, the caller encodes the result and compares it with
// the input.
func parseHashes(text, prefix string) (*proof, error) {
	head, checkpoint, ok := strings.Cut(text, "\n\n")
	if !ok {
		return nil, notProven("proof: there is no checkpoint in it")
	}
	first, rest, some := strings.Cut(head, "\n")
	number, ok := strings.CutPrefix(first, prefix)
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 0 || n > MaxSize {
		return nil, notProven("proof: no line %q with a number", strings.TrimSpace(prefix))
	}
	p := &proof{number: n, checkpoint: []byte(checkpoint)}
	for some {
		var line string
		line, rest, some = strings.Cut(rest, "\n")
		h, err := tlog.ParseHash(line)
		if err != nil || len(p.hashes) == maxHashes {
			return nil, notProven("proof: line %d of the hashes is none, or one too many", len(p.hashes)+1)
		}
		p.hashes = append(p.hashes, h)
	}
	return p, nil
}

// ProveInclusion returns a proof that the entry at index is in the tree of a
// checkpoint of this log. It does not check who signed the checkpoint.
func ProveInclusion(src Source, index int64, checkpoint []byte) ([]byte, error) {
	c, err := fits(src, checkpoint)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= c.Size {
		return nil, fmt.Errorf("translog: entry %d is not in the checkpoint of size %d", index, c.Size)
	}
	hashes, err := tlog.ProveRecord(c.Size, index, src)
	if err != nil {
		return nil, fmt.Errorf("translog: %w", err)
	}
	p := proof{number: index, hashes: hashes, checkpoint: checkpoint}
	return p.inclusion(), nil
}

// ProveConsistency returns a proof that the tree of a checkpoint of this log
// begins with the first old entries. It does not check who signed the
// checkpoint.
func ProveConsistency(src Source, old int64, checkpoint []byte) ([]byte, error) {
	c, err := fits(src, checkpoint)
	if err != nil {
		return nil, err
	}
	if old < 0 || old > c.Size {
		return nil, fmt.Errorf("translog: there was no size %d before the checkpoint of size %d", old, c.Size)
	}
	p := proof{number: old, checkpoint: checkpoint}
	if old > 0 {
		if p.hashes, err = tlog.ProveTree(c.Size, old, src); err != nil {
			return nil, fmt.Errorf("translog: %w", err)
		}
	}
	return p.append(nil, oldPrefix), nil
}

// fits parses a checkpoint and checks that it is one of this log.
func fits(src Source, checkpoint []byte) (Checkpoint, error) {
	c, err := ReadUnverified(checkpoint)
	if err != nil {
		return c, err
	}
	if logSize := src.Size(); c.Size > logSize {
		return c, notProven("the checkpoint is of size %d, the log has %d entries", c.Size, logSize)
	}
	root, err := tlog.TreeHash(c.Size, src)
	if err != nil {
		return c, fmt.Errorf("translog: %w", err)
	}
	if root != c.Root {
		return c, notProven("the checkpoint of size %d is of another tree", c.Size)
	}
	return c, nil
}

// VerifyInclusion checks that an entry is in the log. proof is a C2SP
// tlog-proof. It must lead from the exact bytes of the entry to the root of
// the checkpoint in the proof, and one of keys must have signed that
// checkpoint. VerifyInclusion returns the index of the entry. It ignores the
// extra data in the proof, which is not signed.
//
// It does not check that the log is append-only: compare the checkpoint with
// earlier ones.
func VerifyInclusion(entry, proof []byte, keys ...note.Verifier) (index int64, c Checkpoint, err error) {
	if err := CheckEntry(entry); err != nil {
		return 0, Checkpoint{}, notProven("%v", err)
	}
	p, err := parseInclusion(proof)
	if err != nil {
		return 0, Checkpoint{}, err
	}
	if c, err = Open(p.checkpoint, keys...); err != nil {
		return 0, Checkpoint{}, err
	}
	if err := tlog.CheckRecord(p.hashes, c.Size, c.Root, p.number, tlog.RecordHash(entry)); err != nil {
		return 0, Checkpoint{}, notProven("the entry is not at %d of the log of size %d: %v", p.number, c.Size, err)
	}
	return p.number, c, nil
}

// VerifyConsistency checks that the log has only grown since an earlier,
// opened checkpoint. It returns the new checkpoint.
func VerifyConsistency(old Checkpoint, proof []byte, keys ...note.Verifier) (Checkpoint, error) {
	p, err := parseConsistency(proof)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := Open(p.checkpoint, keys...)
	if err != nil {
		return Checkpoint{}, err
	}
	switch {
	case c.Origin != old.Origin:
		return Checkpoint{}, notProven("the checkpoints are of two logs, %.100q and %.100q", old.Origin, c.Origin)
	case p.number != old.Size:
		return Checkpoint{}, notProven("the proof is for an old size of %d, not %d", p.number, old.Size)
	case old.Size == 0:
		if empty, _ := tlog.TreeHash(0, nil); old.Root != empty || len(p.hashes) > 0 {
			return Checkpoint{}, notProven("the old checkpoint is not that of an empty log, or the proof is")
		}
		return c, nil
	}
	if err := tlog.CheckTree(p.hashes, c.Size, c.Root, old.Size, old.Root); err != nil {
		return Checkpoint{}, notProven("the log of size %d does not begin with that of size %d: %v", c.Size, old.Size, err)
	}
	return c, nil
}
