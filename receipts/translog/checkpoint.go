package translog

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is a signed state of a log.
type Checkpoint struct {
	Origin string // name of the log and of its key
	Size   int64
	Root   tlog.Hash
}

// Completeness returns the completeness of a list of entries that matches the
// checkpoint.
func (c Checkpoint) Completeness() Completeness { return Proven(c.Size) }

// NewSigner returns the signer of a log's checkpoints, which are Ed25519
// signed notes. The key name is the origin. It must not be empty or contain
// spaces or a plus sign; the operator's DID is suitable. The key may be the
// key that signs receipts: for receipts it signs 64 bytes of digests, never
// the text of a note.
func NewSigner(origin string, key ed25519.PrivateKey) (note.Signer, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("translog: private key has %d bytes, want %d", len(key), ed25519.PrivateKeySize)
	}
	vkey, err := note.NewEd25519VerifierKey(origin, ed25519.PublicKey(key[ed25519.SeedSize:]))
	if err != nil {
		return nil, fmt.Errorf("translog: %w", err)
	}
	named := vkey[:len(origin)+len("+01234567")] // the name and the hash of the key
	s, err := note.NewSigner("PRIVATE+KEY+" + named + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...)))
	if err != nil {
		return nil, fmt.Errorf("translog: origin %.100q: %w", origin, err)
	}
	return s, nil
}

// NewVerifier returns the verifier of a log's checkpoints.
func NewVerifier(origin string, key ed25519.PublicKey) (note.Verifier, error) {
	if len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("translog: public key has %d bytes, want %d", len(key), ed25519.PublicKeySize)
	}
	vkey, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil {
		return nil, fmt.Errorf("translog: %w", err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("translog: origin %.100q: %w", origin, err)
	}
	return v, nil
}

// Sign makes a checkpoint of the first size entries of a log. The caller must
// never sign two inconsistent checkpoints: sign only entries that can no
// longer be lost.
func Sign(src Source, size int64, signer note.Signer) ([]byte, error) {
	if logSize := src.Size(); size < 0 || size > logSize || size > MaxSize {
		return nil, fmt.Errorf("translog: checkpoint of size %d in a log of %d", size, logSize)
	}
	root, err := tlog.TreeHash(size, src)
	if err != nil {
		return nil, fmt.Errorf("translog: %w", err)
	}
	c := Checkpoint{Origin: signer.Name(), Size: size, Root: root}
	b, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return nil, fmt.Errorf("translog: %w", err)
	}
	return b, nil
}

// text returns the note text of a checkpoint.
func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// Open checks the format of a checkpoint and that one of keys, whose name is
// the origin, has signed it. It ignores signatures of other keys, such as
// witnesses. Without keys it always fails. It does not check how old the
// checkpoint is: keep the largest one, and see [VerifyConsistency].
func Open(checkpoint []byte, keys ...note.Verifier) (Checkpoint, error) {
	if len(checkpoint) > maxText {
		return Checkpoint{}, notProven("a checkpoint of more than %d bytes", maxText)
	}
	n, err := note.Open(checkpoint, note.VerifierList(keys...))
	if err != nil {
		return Checkpoint{}, notProven("checkpoint: %v", err)
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	for _, s := range n.Sigs {
		if s.Name == c.Origin {
			return c, nil
		}
	}
	return Checkpoint{}, notProven("checkpoint of %.100q is signed by another log's key", c.Origin)
}

// ReadUnverified parses a checkpoint without checking its signatures, for a
// log that reads its own checkpoint.
func ReadUnverified(checkpoint []byte) (Checkpoint, error) {
	if len(checkpoint) > maxText {
		return Checkpoint{}, notProven("a checkpoint of more than %d bytes", maxText)
	}
	n, err := note.Open(checkpoint, nil)
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		n = unverified.Note
	} else if err != nil {
		return Checkpoint{}, notProven("checkpoint: %v", err)
	}
	return parseText(n.Text)
}

// parseText parses the text of a checkpoint. Lines after the third are opaque
// and signed. No line may be empty.
func parseText(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" || strings.HasPrefix(lines[3], "\n") || strings.Contains(lines[3], "\n\n") {
		return Checkpoint{}, notProven("checkpoint: its text is not lines of origin, size and root")
	}
	c := Checkpoint{Origin: lines[0]}
	var err1, err2 error
	c.Size, err1 = strconv.ParseInt(lines[1], 10, 64)
	c.Root, err2 = tlog.ParseHash(lines[2])
	if err1 != nil || err2 != nil || !strings.HasPrefix(text, c.text()) { // only one spelling of each is valid
		return Checkpoint{}, notProven("checkpoint: size or root are malformed")
	}
	if c.Size < 0 || c.Size > MaxSize {
		return Checkpoint{}, notProven("checkpoint: a size of %d", c.Size)
	}
	return c, nil
}
