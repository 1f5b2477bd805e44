package verifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
	"github.com/mandate-engine/mandate/policy"
)

// The budgets of one decision. Its presentation is the attacker's.
const (
	maxRounds = 6 // of lookups
	maxDIDs   = 8
	maxLists  = 4 // status lists
	// maxFetches are the DID documents that are fetched, by resolvers that say so. A
	// document that is derived, static or kept is not fetched.
	maxFetches = 4
	// maxLookupTime is for all lookups together.
	maxLookupTime = 5 * time.Second
)

// lookups are what a stage asks for.
type lookups struct {
	dids    []string // their documents, or newer ones
	lists   []string // status lists, by URL
	actions []policy.Ref
}

func (l *lookups) none() bool { return len(l.dids)+len(l.lists)+len(l.actions) == 0 }

func (l *lookups) did(did string) {
	if !slices.Contains(l.dids, did) {
		l.dids = append(l.dids, did)
	}
}

func (l *lookups) list(url string) {
	if !slices.Contains(l.lists, url) {
		l.lists = append(l.lists, url)
	}
}

// answers are what lookups have found. "There is none" is an answer as well; an
// outage never is.
type answers struct {
	documents map[string]answer[*didresolve.Resolution]
	lists     map[string]answer[*canonical.Doc]
	actions   map[policy.Ref]answer[*canonical.Doc]
	rounds    int
}

// An answer is what was found, or the definite error that there is nothing.
type answer[T any] struct {
	value     T
	err       error
	refreshed bool   // of a document: a newer one was asked for
	raw       []byte // of a list or an action, as received; for the Bundle
}

// awaits reports whether the document with the key of a proof has to be looked up
// before the proof can be judged. It was not looked up yet; or the document is one
// that the resolver had kept, and it lacks the key or has another one under its
// name: its owner may have changed that since.
func (d *decision) awaits(c *credential, p *dataintegrity.Proof, purpose didresolve.Purpose) bool {
	a, ok := d.answers.documents[controllerOf(p)]
	if !ok {
		return true
	}
	if a.err != nil || a.refreshed {
		return false
	}
	method, err := a.value.Document.VerificationMethod(p.VerificationMethod, purpose, d.now)
	if err != nil {
		return didresolve.TypeOf(err) == didresolve.ErrMethodNotFound
	}
	return !d.verifies(c, p, method.Key())
}

// lookUp asks the interfaces of the Config what a stage wants to know: the only I/O
// of a decision, one lookup after the other. It reports whether a document took the
// place of an older one. An error is no decision.
//
// Lookups get copies of the texts in the presentation: an implementation may keep
// them, and would keep the presentation with them.
func (d *decision) lookUp(ctx context.Context, asked lookups) (refreshed bool, err error) {
	v, known := d.v, &d.answers
	if known.rounds++; known.rounds > maxRounds {
		return false, noDecision("", errors.New("more lookups than one decision may take"))
	}
	dids := len(known.documents)
	for _, did := range asked.dids {
		if _, again := known.documents[did]; !again {
			dids++
		}
	}
	if dids > maxDIDs {
		return false, noRetry(fmt.Errorf("more than %d DIDs would have to be resolved", maxDIDs))
	}
	if len(known.lists)+len(asked.lists) > maxLists {
		return false, noRetry(fmt.Errorf("more than %d status lists would have to be fetched", maxLists))
	}
	for _, did := range asked.dids {
		prior := known.documents[did].value
		refreshed = refreshed || prior != nil
		get := func(ctx context.Context, did string) (answer[*didresolve.Resolution], error) {
			return v.resolve(ctx, did, prior)
		}
		if err := ask(ctx, "resolver", &known.documents, strings.Clone(did), get); err != nil {
			return false, err
		}
	}
	for _, url := range asked.lists {
		if err := ask(ctx, "status source", &known.lists, strings.Clone(url), v.statusList); err != nil {
			return false, err
		}
	}
	for _, ref := range asked.actions {
		ref.ID, ref.Digest = strings.Clone(ref.ID), strings.Clone(ref.Digest)
		if err := ask(ctx, "action source", &known.actions, ref, v.action); err != nil {
			return false, err
		}
	}
	return refreshed, nil
}

// lookupContext bounds the lookups of one decision.
func lookupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(fetchbudget.With(ctx, maxFetches), maxLookupTime)
}

// ask looks one thing up and keeps the answer. get returns an answer, or the error
// that kept it from finding one.
func ask[K comparable, T any](ctx context.Context, name string, into *map[K]answer[T], key K, get func(context.Context, K) (answer[T], error)) error {
	if err := ctx.Err(); err != nil {
		return noDecision(name, err)
	}
	a, err := guard(name, func() (answer[T], error) { return get(ctx, key) })
	if err == nil {
		// An answer after the deadline does not count: what made it late may have cut
		// it short.
		err = ctx.Err()
	}
	if err != nil {
		return asNoDecision(name, err)
	}
	if *into == nil {
		*into = map[K]answer[T]{}
	}
	(*into)[key] = a
	return nil
}

// resolve looks a DID up, and asks for a newer document than prior if that is not
// nil.
func (v *Verifier) resolve(ctx context.Context, did string, prior *didresolve.Resolution) (answer[*didresolve.Resolution], error) {
	r, err := didresolve.Lookup(ctx, v.cfg.Resolver, did, prior)
	if didresolve.TypeOf(err) == didresolve.ErrInternal {
		return answer[*didresolve.Resolution]{}, err
	}
	return answer[*didresolve.Resolution]{value: r, err: err, refreshed: prior != nil}, nil
}

func (v *Verifier) statusList(ctx context.Context, url string) (answer[*canonical.Doc], error) {
	b, err := v.cfg.Status.StatusList(ctx, url)
	return parsed(b, err, ErrNoStatusList, ErrNoStatusList)
}

func (v *Verifier) action(ctx context.Context, ref policy.Ref) (answer[*canonical.Doc], error) {
	b, err := v.cfg.Actions.Action(ctx, ref)
	return parsed(b, err, policy.ErrNotFound, errNoAction)
}

// parsed reads what a source returned. absent is its error for a thing that does not
// exist, and says the one to keep for that.
func parsed(b []byte, err, absent, says error) (answer[*canonical.Doc], error) {
	switch {
	case errors.Is(err, absent):
		return answer[*canonical.Doc]{err: says}, nil
	case err != nil:
		return answer[*canonical.Doc]{}, err
	}
	doc, err := canonical.Parse(b)
	return answer[*canonical.Doc]{value: doc, err: err, raw: b}, nil
}
