package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/mandate-engine/mandate/canonical"
)

// ErrNotFound is the error of a [Source] for an action that does not exist.
var ErrNotFound = errors.New("policy: action not found")

// A Ref names an action version that a mandate references instead of
// embedding.
type Ref struct {
	// ID is opaque and compared byte for byte.
	ID string
	// Version counts from 1. Zero means that the mandate names no version;
	// then only Digest identifies the content.
	Version int64
	// Digest is the SRI digest of the canonical content ("sha256-" and
	// base64), or "" if the mandate has none. A source may use it to find the
	// content. The caller checks the digest of the result.
	Digest string
}

// A Source finds the content of referenced actions.
type Source interface {
	// Action returns the JSON bytes of the content. The error is, or wraps,
	// [ErrNotFound] if the source knows that the version does not exist, which
	// denies. Any other error is an outage: there is no decision.
	Action(ctx context.Context, ref Ref) ([]byte, error)
}

// Static returns a Source of the given contents. It finds them only by digest:
// a content does not contain its id and version. So it finds nothing for a
// reference without a digest.
func Static(contents ...[]byte) (Source, error) {
	s := staticSource{}
	for i, b := range contents {
		d, err := canonical.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("policy: content %d: %w", i, err)
		}
		s[canonical.SRI(d.Root().SHA256())] = d.Root().Raw()
	}
	return s, nil
}

// Limits on what Dir reads.
const (
	maxDirFiles  = 10_000
	maxFileBytes = 1 << 20 // contents are smaller, but may be indented
)

// Dir returns a Source of the contents in the ".json" files of fsys, without
// sub-folders. It reads the files once: to see later changes, call Dir again.
// It finds contents as [Static] does, so file names do not matter. It fails if
// a file cannot be read, has more than 1 MiB or is not JSON, and if there are
// no files or more than 10,000.
func Dir(fsys fs.FS) (Source, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if len(names) == 0 || len(names) > maxDirFiles {
		return nil, fmt.Errorf("policy: the folder has %d .json files, not 1 to %d", len(names), maxDirFiles)
	}
	s := staticSource{}
	for _, name := range names {
		b, err := readLimited(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		d, err := canonical.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("policy: %s: %w", name, err)
		}
		s[canonical.SRI(d.Root().SHA256())] = d.Root().Raw()
	}
	return s, nil
}

func readLimited(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(b) > maxFileBytes {
		err = fmt.Errorf("%s has more than %d bytes", name, maxFileBytes)
	}
	return b, err
}

type staticSource map[string][]byte

func (s staticSource) Action(_ context.Context, ref Ref) ([]byte, error) {
	b, ok := s[ref.Digest]
	if !ok {
		return nil, ErrNotFound
	}
	return bytes.Clone(b), nil
}
