package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Defaults for a zero Config.
const (
	DefaultCreatesPerMinute = 60
	DefaultCallsPerMinute   = 60_000
	DefaultMaxConcurrent    = 256
)

// limiters limit the calls of each key per minute, and the size of a burst.
// Only callers with a valid key are counted, so there is one limiter per key.
type limiters struct {
	perMinute int
	mu        sync.Mutex
	byKey     map[string]*rate.Limiter
}

// maxLimiters bounds the memory when many keys come and go. When it is
// reached, the counts of all keys start again.
const maxLimiters = 10_000

func newLimiters(perMinute int) *limiters {
	return &limiters{perMinute: perMinute, byKey: map[string]*rate.Limiter{}}
}

// take counts one call of a key. It sets the headers with the remaining calls
// and refuses calls over the limit.
func (l *limiters) take(key string, now time.Time, h http.Header) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.byKey[key]
	if r == nil {
		if len(l.byKey) >= maxLimiters {
			clear(l.byKey)
		}
		r = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.byKey[key] = r
	}
	ok := r.AllowN(now, 1)
	tokens := math.Max(0, r.TokensAt(now))
	wait := int(math.Ceil((1 - math.Min(tokens, 1)) * 60 / float64(l.perMinute)))
	full := int(math.Ceil((float64(l.perMinute) - tokens) * 60 / float64(l.perMinute)))
	h.Set("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=60`, l.perMinute))
	h.Set("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, int(tokens), full))
	if ok {
		return nil
	}
	return &problem{
		status: http.StatusTooManyRequests, code: "rate_limit_exceeded",
		detail: fmt.Sprintf("at most %d such calls a minute", l.perMinute), retryAfter: time.Duration(max(wait, 1)) * time.Second,
	}
}
