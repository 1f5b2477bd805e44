package verifier

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/receipts"
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
	arena  *arena
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

// An arena is memory that one decision after the other uses. Nothing of a
// request can be seen in the next one: the values of a Parser end with it, and
// all else is cleared.
type arena struct {
	presentation, params canonical.Parser
	room
}

// A room holds what a decision makes once, and the lists that it makes.
type room struct {
	parsed         parsed
	domain         [1]string // of a request that names none
	screened       screened
	proofs         [2]dataintegrity.Memory // of the presentation, and of the first credential
	first          credential              // most presentations have one
	mandate        mandate
	evidence       evidence
	need           need
	proven         proven
	verdict        verdict
	early, decided ledger
	checks         []receipts.Check
	rests          []receipts.Evidence // what checks rest on
	evaluations    []receipts.Evaluation
}

// clear forgets everything but the memory of the lists, which it puts back one by
// one: to put together a room that has them, and to copy it, takes twice as long.
func (r *room) clear() {
	early, decided := emptied(r.early.notes), emptied(r.decided.notes)
	credentials, verified, sound := emptied(r.screened.credentials), emptied(r.screened.verified), emptied(r.screened.sound)
	found, needed, keys := emptied(r.evidence.documents), emptied(r.need.documents), emptied(r.proven.keys)
	checks, rests, evaluations := emptied(r.checks), emptied(r.rests), emptied(r.evaluations)
	*r = room{}
	r.early.notes, r.decided.notes = early, decided
	r.screened.credentials, r.screened.verified, r.screened.sound = credentials, verified, sound
	r.evidence.documents, r.need.documents, r.proven.keys = found, needed, keys
	r.checks, r.rests, r.evaluations = checks, rests, evaluations
}

// emptied returns the memory of a list without its elements, those beyond its end
// included: an earlier round may have had more of them.
func emptied[T any](list []T) []T {
	clear(list[:cap(list)])
	return list[:0]
}

// arenaBytes is how much one request may have had for its arena to be kept.
const arenaBytes = 64 << 10

// arena returns memory for one request, and whether it can be given back when
// nobody looks at the request any more. A ContextChecker may have kept a
// document, which then must not change.
func (v *Verifier) arena(req Request) (a *arena, again bool) {
	a, ok := v.arenas.Get().(*arena)
	if !ok {
		a = &arena{}
	}
	return a, v.cfg.ContextChecker == nil && len(req.Presentation)+len(req.ExecutionParams) <= arenaBytes
}

// release gives an arena back.
func (v *Verifier) release(a *arena) {
	a.room.clear()
	v.arenas.Put(a)
}

// parse reads the bytes of a request.
func (v *Verifier) parse(a *arena, req Request, now time.Time) (*parsed, error) {
	if req.Verifier == "" {
		req.Verifier = v.cfg.Verifier
	}
	if req.Verifier == "" {
		return nil, noRetry(errors.New("neither Request.Verifier nor Config.Verifier says on whose behalf"))
	}
	if len(req.Domain) == 0 {
		a.domain[0] = req.Verifier
		req.Domain = a.domain[:]
	}
	d, err := a.presentation.Parse(req.Presentation)
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
	pd, err := a.params.Parse(paramBytes)
	if err != nil {
		return nil, unreadable(MalformedParams, err)
	}
	if k := pd.Root().Kind(); k != canonical.Object {
		return nil, &RequestError{Kind: MalformedParams, Offset: pd.Root().Offset(), Detail: fmt.Sprintf("the parameters are of type %s, not an object", k)}
	}
	p := &a.parsed
	p.arena, p.root, p.params, p.now = a, root, pd.Root(), now
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
