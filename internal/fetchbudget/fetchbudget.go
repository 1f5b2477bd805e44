// Package fetchbudget limits how many documents are fetched for one decision.
//
// The budget travels in the context. The engine sets it but does no I/O; a cache
// or an HTTP client behind an interface spends it, and knows nothing of the
// engine. Fetches of resolvers that do not call Spend are not counted.
package fetchbudget

import (
	"context"
	"sync/atomic"
)

type key struct{}

// With returns a context that allows n fetches.
func With(ctx context.Context, n int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(n))
	return context.WithValue(ctx, key{}, left)
}

// Spend takes one fetch from the budget. It reports whether the fetch is allowed:
// always, if the context has no budget.
func Spend(ctx context.Context) bool {
	left, ok := ctx.Value(key{}).(*atomic.Int64)
	return !ok || left.Add(-1) >= 0
}
