// Package fetchbudget implements a limit on the documents fetched for one
// decision.
//
// The budget is a context value, because the code that sets it (the engine,
// which does no I/O) does not know the code that spends it (a cache or an HTTP
// client behind an interface). Resolvers that do not call Spend are not
// counted.
package fetchbudget

import (
	"context"
	"sync/atomic"
)

type key struct{}

// With returns a context with a budget of n fetches.
func With(ctx context.Context, n int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(n))
	return context.WithValue(ctx, key{}, left)
}

// Spend takes one fetch from the budget. It reports whether one was left.
// Without a budget it returns true.
func Spend(ctx context.Context) bool {
	left, ok := ctx.Value(key{}).(*atomic.Int64)
	return !ok || left.Add(-1) >= 0
}
