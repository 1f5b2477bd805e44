package didweb_test

import (
	"net/http"
	"runtime"
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
	before := runtime.NumGoroutine()
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
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		runtime.GC() // something to do meanwhile
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}
