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

// 100 callers at once make one request, and afterwards nothing is left running.
// What becomes of callers who leave is tested beside the cache.
func TestManyCallersOneFetch(t *testing.T) {
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
	s.server.Close() // and with it the goroutines of the server itself
	left := ""
	for range 1000 {
		if left = running(); left == "" {
			return
		}
		runtime.Gosched()
		runtime.GC() // something to do meanwhile
	}
	t.Errorf("still running:\n%s", left)
}

// running returns the stack of another goroutine that fetches or waits for a fetch.
// To count goroutines would count the runtime's.
func running() string {
	stacks := make([]byte, 1<<20)
	for i, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if i > 0 && (strings.Contains(stack, "didresolve") || strings.Contains(stack, "safehttp") || strings.Contains(stack, "persistConn")) {
			return stack
		}
	}
	return ""
}
