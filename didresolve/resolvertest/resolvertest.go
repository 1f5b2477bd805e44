// Package resolvertest is the conformance test of didresolve.Resolver: it checks
// that an implementation keeps the promises of the interface.
package resolvertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/quote"
)

// Check resolves DIDs with r and returns an error that lists every violation of
// the interface, or nil. known must have at least one DID. r must resolve each
// of them, and their documents must not change during the check. absent is a
// well-formed DID without a document, and r must support its method; "" skips
// this check.
//
// If r is a didresolve.Refresher, Check also calls Refresh.
//
// Check calls r from several goroutines. It does not check which hosts or files
// r accesses.
func Check(r didresolve.Resolver, known []string, absent string) error {
	if len(known) == 0 {
		return errors.New("resolvertest: no known DID to ask for")
	}
	c := checker{r: r}
	for _, did := range known {
		c.known(did)
	}
	c.malformed(known[0])
	c.refused("did:nosuchmethod0:x", didresolve.ErrMethodNotSupported, didresolve.ErrNotFound)
	if absent != "" {
		c.refused(absent, didresolve.ErrNotFound)
	}
	c.cancelled(known[0])
	return errors.Join(c.faults...)
}

type checker struct {
	r      didresolve.Resolver
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("resolvertest: "+format, args...))
}

// known resolves did several times concurrently. The results must be complete
// and equal.
func (c *checker) known(did string) {
	var results [4]struct {
		res *didresolve.Resolution
		err error
	}
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i].res, results[i].err = c.r.Resolve(context.Background(), did) })
	}
	wg.Wait()
	for i, a := range results {
		switch {
		case a.err != nil:
			c.fault("%s: %w", did, a.err)
			return
		case a.res == nil || a.res.Document == nil:
			c.fault("%s: neither a document nor an error", did)
			return
		case a.res.Document.ID() != did:
			c.fault("%s: the document has the id %s", did, a.res.Document.ID())
		case a.res.Source == "":
			c.fault("%s: no source", did)
		case a.res.Document.Digest() != results[0].res.Document.Digest():
			c.fault("%s: answer %d is another document", did, i)
		}
	}
	c.refresh(did, results[0].res)
}

// refresh calls Refresh with the current document as prior.
func (c *checker) refresh(did string, prior *didresolve.Resolution) {
	r, ok := c.r.(didresolve.Refresher)
	if !ok {
		return
	}
	before := *prior
	switch res, err := r.Refresh(context.Background(), did, prior); {
	case err != nil:
		c.fault("%s: refresh: %w", did, err)
	case res == nil || res.Document == nil:
		c.fault("%s: refresh: neither a document nor an error", did)
	case res.Document.ID() != did || res.Document.Digest() != before.Document.Digest():
		c.fault("%s: refresh: another document", did)
	case *prior != before:
		c.fault("%s: refresh: the prior answer was modified", did)
	}
}

// malformed resolves malformed DIDs, most of them variants of did.
func (c *checker) malformed(did string) {
	for _, s := range []string{
		"", "did", "did:", did + ":", did + "#key", did + "/path", did + "?query=1", " " + did, did + "\n",
		"DID" + strings.TrimPrefix(did, "did"), did + strings.Repeat("a", 1<<20),
	} {
		c.refused(s, didresolve.ErrInvalidDID)
	}
}

// refused resolves did. It must get an error of one of the types in want, and no
// resolution.
func (c *checker) refused(did string, want ...didresolve.ErrorType) {
	shown := quote.Cut(did, 80)
	res, err := c.r.Resolve(context.Background(), did)
	if res != nil {
		c.fault("%q: a resolution, want %v", shown, want)
	}
	if err == nil {
		c.fault("%q: no error, want %v", shown, want)
		return
	}
	got := didresolve.TypeOf(err)
	for _, w := range want {
		if got == w {
			return
		}
	}
	c.fault("%q: %s (%w), want %v", shown, got, err, want)
}

// cancelled resolves did with a cancelled context. It must get a document or an
// outage; any other error is a statement about the DID.
func (c *checker) cancelled(did string) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res, err := c.r.Resolve(ctx, did)
	switch {
	case err == nil && (res == nil || res.Document == nil):
		c.fault("cancelled context: neither a document nor an error")
	case err != nil && didresolve.TypeOf(err) != didresolve.ErrInternal:
		c.fault("cancelled context: %w, want an outage", err)
	}
}
