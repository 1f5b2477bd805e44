// Command generate writes the conformance corpus, the files under
// testvectors/data, and nothing else. It is deterministic: the seeds of keys
// repeat one byte, and times and ids are constants.
//
// The expected outcomes are written here by hand, from the documents. They
// never come from the engine.
//
//	go run ./testvectors/generate
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/testvectors"
)

func main() {
	if err := write("testvectors/data"); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// JSON under construction.
type (
	obj = map[string]any
	arr = []any
)

// A vector is one case file.
type vector struct {
	id, comment   string
	input, expect obj
}

// vectors returns the whole corpus.
func vectors() []vector {
	return slices.Concat(
		canonicalVectors(),
		digestVectors(),
		multikeyVectors(),
		didVectors(),
		proofVectors(),
		chainVectors(),
		verifyVectors(),
		policyVectors(),
		permitsVectors(),
		receiptVectors(),
		ed25519Vectors(),
		timeVectors(),
		logVectors(),
		publishedVectors(),
	)
}

// files returns the corpus by path.
func files() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, v := range vectors() {
		b, err := v.file()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.id, err)
		}
		name := v.id + ".json"
		if out[name] != nil {
			return nil, fmt.Errorf("%s: two cases have this id", v.id)
		}
		out[name] = b
	}
	return out, nil
}

// file returns the case as indented JSON: the envelope in reading order,
// everything else in canonical order.
func (v vector) file() ([]byte, error) {
	area, _, _ := strings.Cut(v.id, "/")
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range []struct {
		name  string
		value any
	}{
		{"schema", testvectors.Schema},
		{"id", v.id},
		{"area", area},
		{"comment", v.comment},
		{"input", v.input},
		{"expect", v.expect},
	} {
		value, err := canonical.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", m.name, value)
	}
	b.WriteByte('}')
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// write writes the corpus to dir and removes all other case files.
func write(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	want, err := files()
	if err != nil {
		return err
	}
	err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".json" {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || want[filepath.ToSlash(rel)] != nil {
			return err
		}
		return os.Remove(name)
	})
	if err != nil {
		return err
	}
	for name, b := range want {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// must returns v and panics on an error, because the generator's own input is
// always valid.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// clone returns a deep copy.
func clone[T any](v T) T {
	return copyOf(v).(T)
}

func copyOf(v any) any {
	switch v := v.(type) {
	case obj:
		out := make(obj, len(v))
		for name, m := range v {
			out[name] = copyOf(m)
		}
		return out
	case arr:
		out := make(arr, len(v))
		for i, e := range v {
			out[i] = copyOf(e)
		}
		return out
	}
	return v
}

// parse parses our own JSON into objects that can be edited.
func parse(b []byte) obj {
	var v obj
	if err := json.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	return v
}

func text(s string) obj { return obj{"text": s} }
