package resolvertest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/resolvertest"
)

const (
	known  = "did:web:example.com"
	absent = "did:web:example.org"
)

func document(t *testing.T, id, service string) *didresolve.Document {
	t.Helper()
	d, err := didresolve.ParseDocument([]byte(`{"id":"` + id + `","service":[` + service + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// resolve is a function as a Resolver.
type resolve func(ctx context.Context, did string) (*didresolve.Resolution, error)

func (f resolve) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return f(ctx, did)
}

// refresher adds a Refresh to a resolver.
type refresher struct {
	didresolve.Resolver
	refresh func(prior *didresolve.Resolution) (*didresolve.Resolution, error)
}

func (r refresher) Refresh(_ context.Context, _ string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	return r.refresh(prior)
}

func TestCheckPasses(t *testing.T) {
	r := didresolve.Static(document(t, known, ""))
	if err := resolvertest.Check(r, []string{known}, absent); err != nil {
		t.Error(err)
	}
	if err := resolvertest.Check(r, []string{known}, ""); err != nil {
		t.Error(err)
	}
}

// TestCheckFindsFaults: each resolver breaks one promise, and the error of Check must
// name it.
func TestCheckFindsFaults(t *testing.T) {
	good := didresolve.Static(document(t, known, ""))
	other := document(t, absent, "")
	var calls atomic.Int32
	documents := []*didresolve.Document{document(t, known, ""), document(t, known, "{}")}

	instead := func(of string, res *didresolve.Resolution, err error) resolve {
		return func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			if did == of {
				return res, err
			}
			return good.Resolve(ctx, did)
		}
	}
	tests := []struct {
		name string
		r    didresolve.Resolver
		want string
	}{
		{"known is an error", instead(known, nil, didresolve.ErrNotFound), "did:web:example.com: not found"},
		{"known is nothing", instead(known, nil, nil), "neither a document nor an error"},
		{"known has no document", instead(known, &didresolve.Resolution{}, nil), "neither a document nor an error"},
		{"other document", instead(known, &didresolve.Resolution{Document: other, Source: "x"}, nil), "has the id did:web:example.org"},
		{"no source", instead(known, &didresolve.Resolution{Document: documents[0]}, nil), "no source"},
		{"document changes", resolve(func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			if did != known {
				return good.Resolve(ctx, did)
			}
			return &didresolve.Resolution{Document: documents[calls.Add(1)%2], Source: "x"}, nil
		}), "is another document"},
		{"DID URL resolves", instead(known+"#key", &didresolve.Resolution{Document: other}, nil), `"did:web:example.com#key": a resolution`},
		{"malformed is not found", instead(known+":", nil, &didresolve.Error{Type: didresolve.ErrNotFound}), `"did:web:example.com:": not found`},
		{"absent is an outage", instead(absent, nil, errors.New("boom")), "boom"},
		{"absent is nothing", instead(absent, nil, nil), "no error, want"},
		{"cancelled is not found", resolve(func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			if ctx.Err() != nil {
				return nil, &didresolve.Error{Type: didresolve.ErrNotFound}
			}
			return good.Resolve(ctx, did)
		}), "want an outage"},
		{"refresh is an outage", refresher{good, func(*didresolve.Resolution) (*didresolve.Resolution, error) { return nil, errors.New("boom") }}, "refresh: boom"},
		{"refresh is nothing", refresher{good, func(*didresolve.Resolution) (*didresolve.Resolution, error) { return nil, nil }}, "refresh: neither"},
		{"refresh is another document", refresher{good, func(*didresolve.Resolution) (*didresolve.Resolution, error) {
			return &didresolve.Resolution{Document: other}, nil
		}}, "refresh: another document"},
		{"refresh modifies prior", refresher{good, func(prior *didresolve.Resolution) (*didresolve.Resolution, error) {
			prior.Source = "elsewhere"
			return prior, nil
		}}, "prior answer was modified"},
		{"cancelled is nothing", resolve(func(ctx context.Context, did string) (*didresolve.Resolution, error) {
			if ctx.Err() != nil {
				return nil, nil
			}
			return good.Resolve(ctx, did)
		}), "cancelled context: neither"},
	}
	for _, tt := range tests {
		err := resolvertest.Check(tt.r, []string{known}, absent)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	if err := resolvertest.Check(good, nil, absent); err == nil || !strings.Contains(err.Error(), "no known DID") {
		t.Errorf("nothing known: %v", err)
	}
}
