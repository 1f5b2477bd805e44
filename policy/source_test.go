package policy_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

func TestStatic(t *testing.T) {
	content := []byte(`{"name":"a", "rules":[]}`)
	d, err := canonical.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	digest := canonical.SRI(d.Root().SHA256())
	s, err := policy.Static(content, []byte(`{"name":"b"}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := s.Action(context.Background(), policy.Ref{ID: "any", Digest: digest})
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("got %s, %v", got, err)
		}
		got[0] = 'X' // the next caller gets its own copy
	}
	for _, ref := range []policy.Ref{{}, {ID: "a", Version: 1}, {Digest: digest[1:]}} {
		if got, err := s.Action(context.Background(), ref); got != nil || !errors.Is(err, policy.ErrNotFound) {
			t.Errorf("%+v: got %s, %v", ref, got, err)
		}
	}
	if _, err := policy.Static([]byte("{")); err == nil {
		t.Error("a content that does not parse")
	}
}

func TestDir(t *testing.T) {
	content := `{ "name": "a" }`
	s, err := policy.Dir(fstest.MapFS{"any name.json": {Data: []byte(content)}, "b.json": {Data: []byte(`{"name": "b"}`)}, "notes.txt": {Data: []byte("{")}, "sub/c.json": {Data: []byte("{")}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := canonical.Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	digest := canonical.SRI(d.Root().SHA256())
	if b, err := s.Action(t.Context(), policy.Ref{ID: "x", Digest: digest}); err != nil || string(b) != content {
		t.Errorf("got %s, %v", b, err)
	}
	for _, ref := range []policy.Ref{{}, {ID: "a", Version: 1}, {Digest: canonical.SRI([32]byte{})}} {
		if _, err := s.Action(t.Context(), ref); !errors.Is(err, policy.ErrNotFound) {
			t.Errorf("%+v: %v", ref, err)
		}
	}
	for want, fsys := range map[string]fstest.MapFS{
		"0 .json files": {"a.txt": {Data: []byte("{}")}},
		"a.json: ":      {"a.json": {Data: []byte(`{"a": 1, "a": 2}`)}},
		"more than":     {"a.json": {Data: bytes.Repeat([]byte(" "), 1<<20+1)}},
		"a.json":        {"a.json": {Mode: fs.ModeDir}},
	} {
		if _, err := policy.Dir(fsys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s: %v", want, err)
		}
	}
}
