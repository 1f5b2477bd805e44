package didweb_test

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
)

// TestConcurrentCallersShareFetch: 100 concurrent callers make one request, and no
// goroutine is left afterwards. The tests of didresolve.Cache cover callers that
// leave.
func TestConcurrentCallersShareFetch(t *testing.T) {
	inside, leave := make(chan bool, 200), make(chan bool)
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, _ *http.Request) {
		inside <- true
		<-leave
		document(w, did)
	})
	cache := &didresolve.Cache{Resolver: s, Now: func() time.Time { return now }}
	var wg sync.WaitGroup
	started := make(chan bool)
	for range 100 {
		wg.Go(func() {
			started <- true
			if res, err := cache.Resolve(t.Context(), did); err != nil || res.Document.ID() != did {
				t.Errorf("%v", err)
			}
		})
	}
	for range 100 {
		<-started
	}
	<-inside
	close(leave)
	wg.Wait()
	if n := s.asked.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
	s.server.Close() // ends the goroutines of the server
	left := ""
	for range 1000 {
		if left = running(); left == "" {
			return
		}
		runtime.Gosched()
		runtime.GC() // takes some time
	}
	t.Errorf("still running:\n%s", left)
}

// running returns the stack of another goroutine that fetches or waits for a fetch,
// or "". A count of goroutines would include those of the runtime.
func running() string {
	stacks := make([]byte, 1<<20)
	for i, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if i > 0 && (strings.Contains(stack, "didresolve") || strings.Contains(stack, "safehttp") || strings.Contains(stack, "persistConn")) {
			return stack
		}
	}
	return ""
}
