// Package fetchbudget answers one question: may one more document be fetched
// for the decision that is under way?
//
// The budget travels in the context, because who sets it (the engine, which
// does no I/O) and who spends it (a cache or an HTTP client behind an
// interface) do not know each other. Resolvers that know nothing of it are not
// counted.
package fetchbudget

import (
	"context"
	"sync/atomic"
)

type key struct{}

// With returns a context in which n fetches may be spent.
func With(ctx context.Context, n int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(n))
	return context.WithValue(ctx, key{}, left)
}

// Spend takes one fetch from the budget and reports whether there was one
// left. A context without a budget has no bound.
func Spend(ctx context.Context) bool {
	left, ok := ctx.Value(key{}).(*atomic.Int64)
	return !ok || left.Add(-1) >= 0
}
