package verifier

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
	"github.com/mandate-engine/mandate/policy"
)

// lookups is the context of all lookups of a decision together, made when there is
// one.
type lookups struct {
	parent, ctx context.Context
	cancel      context.CancelFunc
}

func (l *lookups) context() context.Context {
	if l.ctx == nil {
		l.ctx, l.cancel = context.WithTimeout(fetchbudget.With(l.parent, maxFetches), maxLookupTime)
	}
	return l.ctx
}

func (l *lookups) end() {
	if l.cancel != nil {
		l.cancel()
	}
}

// fetch gets the evidence that a decision needs: the only I/O of one, done one
// lookup after the other. An error is no decision. What is asked for is cloned:
// whoever answers may keep it, and the text of the presentation with it.
func (v *Verifier) fetch(l *lookups, n *need, ev *evidence) error {
	dids := len(ev.documents)
	for _, did := range n.documents {
		if _, again := ev.documents.of(did); !again {
			dids++
		}
	}
	if dids > maxDIDs {
		return noRetry(fmt.Errorf("more than %d DIDs would have to be resolved", maxDIDs))
	}
	if len(ev.lists)+len(n.lists) > maxLists {
		return noRetry(fmt.Errorf("more than %d status lists would have to be fetched", maxLists))
	}
	for _, did := range n.documents {
		prior, _ := ev.documents.of(did)
		did := strings.Clone(did)
		get := func(ctx context.Context, did string) (resolved, error) { return v.resolve(ctx, did, prior.value) }
		if err := collect(l.context(), "resolver", &ev.documents, did, get); err != nil {
			return err
		}
	}
	for _, url := range n.lists {
		if err := collect(l.context(), "status source", &ev.lists, strings.Clone(url), v.statusList); err != nil {
			return err
		}
	}
	for _, ref := range n.actions {
		ref.ID, ref.Digest = strings.Clone(ref.ID), strings.Clone(ref.Digest)
		if err := collect(l.context(), "action source", &ev.actions, ref, v.action); err != nil {
			return err
		}
	}
	return nil
}

// collect asks one question and keeps the answer. get returns an answer, or
// the error that kept it from finding one.
func collect[K comparable, T any](ctx context.Context, name string, into *findings[K, T], key K, get func(context.Context, K) (answer[T], error)) error {
	if err := ctx.Err(); err != nil {
		return noDecision(name, err)
	}
	a, err := guard(name, func() (answer[T], error) { return get(ctx, key) })
	if err == nil {
		// An answer that came in after the deadline does not count: whatever
		// made it late may have cut it short.
		err = ctx.Err()
	}
	if err != nil {
		return asNoDecision(name, err)
	}
	into.put(key, a)
	return nil
}

type resolved = answer[*didresolve.Resolution]

// resolve looks a DID up, for a second time when there is a prior answer: that
// one lacked a key.
func (v *Verifier) resolve(ctx context.Context, did string, prior *didresolve.Resolution) (resolved, error) {
	r, err := didresolve.Lookup(ctx, v.cfg.Resolver, did, prior)
	if didresolve.TypeOf(err) == didresolve.ErrInternal {
		return resolved{}, err
	}
	return resolved{value: r, err: err, final: prior != nil}, nil
}

func (v *Verifier) statusList(ctx context.Context, url string) (answer[*canonical.Doc], error) {
	b, err := v.cfg.Status.StatusList(ctx, url)
	switch {
	case errors.Is(err, ErrNoStatusList):
		return answer[*canonical.Doc]{err: ErrNoStatusList}, nil
	case err != nil:
		return answer[*canonical.Doc]{}, err
	}
	d, err := canonical.Parse(b)
	return answer[*canonical.Doc]{value: d, err: err, raw: b}, nil
}

func (v *Verifier) action(ctx context.Context, ref policy.Ref) (answer[*canonical.Doc], error) {
	b, err := v.cfg.Actions.Action(ctx, ref)
	switch {
	case errors.Is(err, policy.ErrNotFound):
		return answer[*canonical.Doc]{err: errNoAction}, nil
	case err != nil:
		return answer[*canonical.Doc]{}, err
	}
	d, err := canonical.Parse(b)
	return answer[*canonical.Doc]{value: d, err: err, raw: b}, nil
}
