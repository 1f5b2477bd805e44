package jsonld

import (
	"errors"
	"fmt"
	"time"

	"github.com/piprate/json-gold/ld"

	"github.com/mandate-engine/mandate/canonical"
)

// check runs one check and waits at most for the timeout. json-gold cannot be
// interrupted: a late check continues and keeps its slot.
func (c *Checker) check(v canonical.Value) *Error {
	if c.running == nil {
		return &Error{Kind: Broken, detail: "the Checker was not made by New"}
	}
	if v.Kind() != canonical.Object {
		return &Error{Kind: InvalidDocument, detail: "it is not an object"}
	}
	// Copy the document, within limits of its own: a late check reads the copy
	// while the caller reuses the memory of the document.
	limits := canonical.Limits{MaxBytes: maxBytes, MaxValues: maxValues, MaxDepth: maxDepth}
	d, err := limits.Parse(v.Raw())
	if err != nil {
		e := &Error{Kind: TooLarge, detail: err.Error()}
		var of *canonical.Error
		if errors.As(err, &of) {
			e.Pointer, e.detail = of.Pointer, fmt.Sprintf("%s: the limit is %d", of.Kind, of.Limit)
		}
		return e
	}

	timeout, now, after := c.Timeout, c.now, c.after
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	if now == nil {
		now = time.Now
	}
	if after == nil {
		after = newTimer
	}
	expired, stop := after(timeout)
	defer stop()
	select {
	case c.running <- struct{}{}:
	case <-expired:
		return &Error{Kind: Busy, detail: "other checks are late"}
	}
	w := &walker{
		library: c.known, vetting: vetting{library: c.known},
		now: now, deadline: now().Add(timeout), skip: map[canonical.Value]bool{},
	}
	done := make(chan *Error, 1) // buffered, so that a late check can end
	go func() {
		err := c.run(w, d.Root())
		<-c.running
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-expired:
		return &Error{Kind: Timeout}
	}
}

func newTimer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// run runs the check: first our own bounded walk, then the expansion of
// json-gold, whose work is a small multiple of the walk's.
func (c *Checker) run(w *walker, root canonical.Value) (err *Error) {
	defer func() {
		if recover() != nil {
			err = &Error{Kind: Broken, detail: "the JSON-LD processor panicked"}
		}
	}()
	if err := w.element(newScope(w.library), "", root, false); err != nil {
		return err
	}
	expand := c.expand
	if expand == nil {
		expand = expandTree
	}
	t, _ := tree(root, w.skip).(map[string]any)
	return expand(w.library, t)
}

// expandTree lets json-gold expand a document that has passed the walk. It
// checks the rest of the algorithm, and the names a second time.
func expandTree(l library, t map[string]any) *Error {
	_, err := ld.NewJsonLdProcessor().Expand(t, options(l))
	if err == nil {
		return nil
	}
	e := &Error{Kind: InvalidDocument, detail: code(err)}
	var of *ld.JsonLdError
	if errors.As(err, &of) {
		switch of.Code {
		case ld.InvalidProperty:
			e.Kind = UndefinedTerm
		case ld.ProtectedTermRedefinition, ld.InvalidContextNullification:
			e.Kind = RedefinedTerm
		}
	}
	return e
}
