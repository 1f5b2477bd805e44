package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
)

// resolver puts the resolver of a scene together.
func (s *scene) resolver(w *world, documents map[string][]*didresolve.Document) didresolve.Resolver {
	web := &webResolver{documents: documents, asked: map[string]int{}, now: s.now}
	key, jwk := didresolve.Key(), didresolve.JWK()
	behind := func(next didresolve.Resolver) didresolve.Resolver {
		return &faulty{next: next, faults: s.faults, end: w.end}
	}
	traced := func(name string, next didresolve.Resolver) didresolve.Resolver {
		return tracedRefresher{tracedResolver{behind(next), w.trace, name}}
	}
	all := didresolve.Chain(key, jwk, web)
	switch s.style {
	case wrapped:
		return tracedResolver{behind(all), w.trace, "all"}
	case wrappedFresh:
		return traced("all", all)
	case cached:
		return s.cache(traced("all", all))
	case cachedWeb:
		return didresolve.Chain(key, jwk, s.cache(traced("web", web)))
	case pinnedAll:
		pins := map[string][sha256.Size]byte{}
		for did, docs := range documents {
			if pins[did] = docs[0].Digest(); s.pins[did] != "" {
				pins[did] = sha256.Sum256([]byte(s.pins[did]))
			}
		}
		return didresolve.Pinned(pins, traced("all", all))
	case staticFirst:
		return didresolve.Chain(traced("web", web), key, jwk)
	case keyAlone:
		return key
	case jwkFirst:
		return didresolve.Chain(jwk, key, traced("web", web))
	}
	return didresolve.Chain(key, jwk, traced("web", web))
}

// cache returns a cache which may know documents from a minute ago.
func (s *scene) cache(next didresolve.Resolver) didresolve.Resolver {
	var mu sync.Mutex
	now := s.now
	c := &didresolve.Cache{Resolver: next, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}}
	if s.stale {
		now = s.now.Add(-time.Minute)
		for _, p := range s.known {
			c.Resolve(context.Background(), p.did) // whatever it says is kept
		}
		mu.Lock()
		now = s.now
		mu.Unlock()
	}
	return c
}

// A webResolver hands out documents. When it is asked again, it has the next.
type webResolver struct {
	documents map[string][]*didresolve.Document
	now       time.Time
	mu        sync.Mutex
	asked     map[string]int
}

func (r *webResolver) Resolve(_ context.Context, did string) (*didresolve.Resolution, error) {
	d, err := didresolve.Parse(did)
	if err != nil {
		return nil, err
	}
	if d.Method != "web" {
		return nil, &didresolve.Error{Type: didresolve.ErrMethodNotSupported, Detail: fmt.Sprintf("%.60q", did)}
	}
	docs := r.documents[did]
	if len(docs) == 0 {
		return nil, &didresolve.Error{Type: didresolve.ErrNotFound, Detail: fmt.Sprintf("%.60q", did)}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	doc := docs[min(r.asked[did], len(docs)-1)]
	r.asked[did]++
	return &didresolve.Resolution{Document: doc, Source: "https://" + d.ID + "/.well-known/did.json", RetrievedAt: r.now.Add(-time.Second)}, nil
}

func (r *webResolver) Refresh(ctx context.Context, did string, _ *didresolve.Resolution) (*didresolve.Resolution, error) {
	return r.Resolve(ctx, did)
}

// faulty is a resolver that some DIDs put out of order.
type faulty struct {
	next   didresolve.Resolver
	faults map[string]fault
	end    context.CancelFunc
}

func (f *faulty) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return f.ask(did, func() (*didresolve.Resolution, error) { return f.next.Resolve(ctx, did) })
}

func (f *faulty) Refresh(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	if kind := f.faults["refresh "+did]; kind != "" {
		did = "refresh " + did
	}
	return f.ask(did, func() (*didresolve.Resolution, error) {
		if next, ok := f.next.(didresolve.Refresher); ok {
			return next.Refresh(ctx, prior.Document.ID(), prior)
		}
		return f.next.Resolve(ctx, prior.Document.ID())
	})
}

func (f *faulty) ask(did string, next func() (*didresolve.Resolution, error)) (*didresolve.Resolution, error) {
	kind := f.faults[did]
	if err := kind.fail(f.end); err != nil {
		return nil, fmt.Errorf("%.40s: %w", did, err)
	}
	failed := func(t didresolve.ErrorType) (*didresolve.Resolution, error) {
		return nil, &didresolve.Error{Type: t, Detail: "as told"}
	}
	switch kind {
	case gone:
		return failed(didresolve.ErrDeactivated)
	case notThere:
		return failed(didresolve.ErrNotFound)
	case malformed:
		return failed(didresolve.ErrInvalidDIDDocument)
	case never:
		return failed(didresolve.ErrInternal)
	case later:
		return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "come back", Retryable: true, RetryAfter: 7 * time.Second}
	case noAnswer:
		return nil, nil
	case wrongID:
		d := must(didresolve.ParseDocument(jcs(webDocument("did:web:other.example", public(seedKey(8))))))
		return &didresolve.Resolution{Document: d, Source: "https://other.example"}, nil
	}
	return next()
}
