package verifier

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// limits of what is parsed. The presentation and the parameters of one request
// are the attacker's.
const (
	maxRounds = 6 // of lookups for one decision: two for each stage that resolves DIDs
	maxDIDs   = 8 // looked up for one decision
	// maxFetches are the DID documents fetched for one decision, by resolvers
	// that say so; what is derived, static or kept is none.
	maxFetches = 4
	// maxLookupTime bounds all lookups of one decision together.
	maxLookupTime = 5 * time.Second
	maxLists      = 4 // status lists looked up for one decision
)

// parsed is a request whose bytes were read, once: everything later reads
// these trees.
type parsed struct {
	root   canonical.Value // a presentation, as far as its type goes
	params canonical.Value // an object
	req    Request         // with the defaults filled in; Presentation and ExecutionParams dropped
	now    time.Time
	whole  Request // with the defaults, and its own copy of the bytes; for the Bundle
}

func (v *Verifier) now() (time.Time, error) {
	t, err := guard("clock", func() (time.Time, error) { return v.cfg.Now(), nil })
	if err == nil && t.IsZero() {
		err = noDecision("clock", errors.New("the clock returned the zero time"))
	}
	return t, err
}

// parse reads the bytes of a request.
func (v *Verifier) parse(req Request, now time.Time) (*parsed, error) {
	if req.Verifier == "" {
		req.Verifier = v.cfg.Verifier
	}
	if req.Verifier == "" {
		return nil, noRetry(errors.New("neither Request.Verifier nor Config.Verifier says on whose behalf"))
	}
	if len(req.Domain) == 0 {
		req.Domain = []string{req.Verifier}
	}
	d, err := canonical.Parse(req.Presentation)
	if err != nil {
		return nil, unreadable(MalformedJSON, err)
	}
	root := d.Root()
	if root.Kind() != canonical.Object {
		return nil, &RequestError{Kind: NotAPresentation, Offset: root.Offset(), Detail: fmt.Sprintf("the root is of type %s, not an object", root.Kind())}
	}
	if !vcdm.HasType(root, "VerifiablePresentation") {
		return nil, &RequestError{Kind: NotAPresentation, Offset: root.Offset(), Detail: "type does not name VerifiablePresentation"}
	}
	paramBytes := req.ExecutionParams
	if len(paramBytes) == 0 {
		paramBytes = []byte("{}")
	}
	pd, err := canonical.Parse(paramBytes)
	if err != nil {
		return nil, unreadable(MalformedParams, err)
	}
	if k := pd.Root().Kind(); k != canonical.Object {
		return nil, &RequestError{Kind: MalformedParams, Offset: pd.Root().Offset(), Detail: fmt.Sprintf("the parameters are of type %s, not an object", k)}
	}
	p := &parsed{root: root, params: pd.Root(), now: now}
	if v.cfg.KeepBundle {
		p.whole = req
		p.whole.Presentation, p.whole.ExecutionParams = bytes.Clone(req.Presentation), bytes.Clone(paramBytes)
		p.whole.Domain, p.whole.Evidence = slices.Clone(req.Domain), maps.Clone(req.Evidence)
	}
	p.req = req
	p.req.Presentation, p.req.ExecutionParams = nil, nil
	return p, nil
}

// noRetry is a no decision that asking again does not change.
func noRetry(cause error) error {
	e := noDecision("", cause)
	e.Retryable = false
	return e
}
