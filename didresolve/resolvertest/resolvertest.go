// Package resolvertest answers one question: does this didresolve.Resolver
// keep the promises of the interface?
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

// Check asks r for DIDs and returns an error that lists every promise it
// broke, or nil. known are DIDs that r resolves, at least one, and whose
// documents do not change meanwhile. absent is a well-formed DID, of a
// method that r supports, which does not exist; "" skips that question.
//
// A didresolve.Refresher is asked for newer documents, too.
//
// Check calls r from several goroutines. It cannot see whether r reaches
// out to places that it should not.
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

// known resolves did several times at once: the answers must be complete
// and equal.
func (c *checker) known(did string) {
	var answers [4]struct {
		res *didresolve.Resolution
		err error
	}
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i].res, answers[i].err = c.r.Resolve(context.Background(), did) })
	}
	wg.Wait()
	for i, a := range answers {
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
		case a.res.Document.Digest() != answers[0].res.Document.Digest():
			c.fault("%s: answer %d is another document", did, i)
		}
	}
	c.refresh(did, answers[0].res)
}

// refresh asks for something newer than prior, which is the current document.
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

// malformed asks for texts that are no DIDs, made from one that is.
func (c *checker) malformed(did string) {
	for _, s := range []string{
		"", "did", "did:", did + ":", did + "#key", did + "/path", did + "?query=1", " " + did, did + "\n",
		"DID" + strings.TrimPrefix(did, "did"), did + strings.Repeat("a", 1<<20),
	} {
		c.refused(s, didresolve.ErrInvalidDID)
	}
}

// refused wants an error of one of these types, and nothing beside it.
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

// cancelled wants an answer or an outage, but no statement about the DID.
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
