package policy_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

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
		got[0] = 'X' // the next caller gets a copy of its own
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
