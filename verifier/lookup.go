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

// A lookup names one thing to look up: a DID document, a status list or an action.
type lookup struct {
	kind lookupKind
	ref  policy.Ref // ID alone, the DID or the URL, but for an action
}

type lookupKind uint8

// The kinds, in the order in which one round looks them up.
const (
	ofDocument lookupKind = iota
	ofList
	ofAction
)

func documentOf(did string) lookup { return lookup{ofDocument, policy.Ref{ID: did}} }
func listAt(url string) lookup     { return lookup{ofList, policy.Ref{ID: url}} }

// An answer is what a lookup found, or the definite error that there is nothing. An
// outage is never an answer. The zero answer says that nothing was looked up yet.
type answer struct {
	resolution *didresolve.Resolution // of a DID
	refreshed  bool                   // it was looked up a second time, and may be the same
	doc        *canonical.Doc         // of a list or an action
	list       *credential            // of a list: always the same, so that its proof is verified once
	raw        []byte                 // its bytes as received, not nil; for the Bundle
	err        error
}

// document returns the document of a DID, and whether it was looked up twice. It
// returns nil and no error when it was not looked up yet.
func (d *decision) document(did string) (r *didresolve.Resolution, refreshed bool, err error) {
	a := d.answers[documentOf(did)]
	return a.resolution, a.refreshed, a.err
}

// content returns an action, and nil and no error when it was not looked up yet.
func (d *decision) content(ref policy.Ref) (*canonical.Doc, error) {
	a := d.answers[lookup{ofAction, ref}]
	return a.doc, a.err
}

// awaits reports whether a proof cannot be judged yet: the document with its key was
// not looked up, or the resolver may have kept an old one. A kept document may be old
// when it lacks the key, or when its key does not fit the signature.
func (d *decision) awaits(c *credential, p *dataintegrity.Proof, purpose didresolve.Purpose) bool {
	r, refreshed, err := d.document(controllerOf(p))
	switch {
	case err != nil || refreshed:
		return false
	case r == nil:
		return true
	}
	method, err := r.Document.VerificationMethod(p.VerificationMethod, purpose, d.now)
	if err != nil {
		return didresolve.TypeOf(err) == didresolve.ErrMethodNotFound
	}
	return !d.verifies(c, p, method.Key())
}

// lookUp asks the interfaces of the Config what a stage wants to know: the only I/O
// of a decision, one lookup after another. It reports whether a document replaced an
// older one. An error means that there is no decision.
func (d *decision) lookUp(ctx context.Context, asked []lookup) (refreshed bool, err error) {
	if d.rounds++; d.rounds > maxRounds {
		return false, noDecision("", errors.New("more lookups than one decision may take"))
	}
	asked = unique(asked)
	slices.SortStableFunc(asked, func(a, b lookup) int { return int(a.kind) - int(b.kind) })
	counts := d.looked
	for _, l := range asked {
		if _, again := d.answers[l]; !again {
			counts[l.kind]++
		}
	}
	switch {
	case counts[ofDocument] > maxDIDs:
		return false, noRetry(fmt.Errorf("more than %d DIDs would have to be resolved", maxDIDs))
	case counts[ofList] > maxLists:
		return false, noRetry(fmt.Errorf("more than %d status lists would have to be fetched", maxLists))
	}
	d.looked = counts
	for _, l := range asked {
		// Copies: an interface may keep them, and would keep the presentation with them.
		l.ref.ID, l.ref.Digest = strings.Clone(l.ref.ID), strings.Clone(l.ref.Digest)
		a, err := d.v.ask(ctx, l, d.answers[l].resolution)
		if err != nil {
			return false, err
		}
		d.answers[l], refreshed = a, refreshed || a.refreshed
	}
	return refreshed, nil
}

// unique returns the elements of a list without repetitions.
func unique[T comparable](list []T) (out []T) {
	for _, e := range list {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// ask looks one thing up. With a prior document it asks for a newer one.
func (v *Verifier) ask(ctx context.Context, l lookup, prior *didresolve.Resolution) (answer, error) {
	name := [...]string{"resolver", "status source", "action source"}[l.kind]
	if err := ctx.Err(); err != nil {
		return answer{}, noDecision(name, err)
	}
	a, err := guard(name, func() (answer, error) {
		switch l.kind {
		case ofDocument:
			r, err := didresolve.Lookup(ctx, v.cfg.Resolver, l.ref.ID, prior)
			if didresolve.TypeOf(err) == didresolve.ErrInternal {
				return answer{}, err
			}
			return answer{resolution: r, err: err, refreshed: prior != nil}, nil
		case ofList:
			b, err := v.cfg.Status.StatusList(ctx, l.ref.ID)
			a, err := received(b, err, ErrNoStatusList, ErrNoStatusList)
			if a.doc != nil {
				a.list = &credential{node: a.doc.Root()}
			}
			return a, err
		default:
			b, err := v.cfg.Actions.Action(ctx, l.ref)
			return received(b, err, policy.ErrNotFound, errNoAction)
		}
	})
	if err == nil {
		// An answer after the deadline does not count: what made it late may have cut
		// it short.
		err = ctx.Err()
	}
	if err != nil {
		return answer{}, noDecision(name, err)
	}
	return a, nil
}

// received reads what a source returned. absent is the error with which a source says
// that there is nothing; the answer then holds the error says instead.
func received(b []byte, err, absent, says error) (answer, error) {
	switch {
	case errors.Is(err, absent):
		return answer{err: says}, nil
	case err != nil:
		return answer{}, err
	case b == nil:
		b = []byte{}
	}
	doc, err := canonical.Parse(b)
	return answer{doc: doc, raw: b, err: err}, nil
}
