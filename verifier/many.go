package verifier

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Decision is the outcome of one request of several. The zero Decision is none.
type Decision struct {
	result *Result
	err    error
}

// Result returns what [Verifier.Verify] returned: a nil error means allow, and
// nothing else does.
func (d Decision) Result() (*Result, error) {
	if d.result == nil && d.err == nil {
		return nil, noRetry(errors.New("nothing was decided"))
	}
	return d.result, d.err
}

// VerifyMany decides every request for itself, as Verify does, on all cores, and
// returns the decisions in the order of the requests. Of several that present the
// same, one at most is allowed, whichever comes first. When ctx ends, requests that
// were not decided by then are no decision.
func (v *Verifier) VerifyMany(ctx context.Context, requests []Request) []Decision {
	out := make([]Decision, len(requests))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(requests)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(requests)); i = next.Add(1) - 1 {
				out[i].result, out[i].err = v.Verify(ctx, requests[i])
			}
		})
	}
	wg.Wait()
	return out
}
