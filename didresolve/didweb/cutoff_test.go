package didweb_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
)

// TestCutOffBody: if a response has no length and its body is not complete JSON, the
// connection may have broken, so the error is an outage. A complete body is judged
// like any other.
func TestCutOffBody(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       didresolve.ErrorType
		retryable  bool
	}{
		{"in the middle", `{"id":"did:web:exam`, didresolve.ErrInternal, true},
		{"nothing", ``, didresolve.ErrInternal, true},
		{"whole", `{"id":"did:web:example.com"}`, "", false},
		{"another id", `{"id":"did:web:other.example"}`, didresolve.ErrInvalidDocumentID, false},
		{"no document", `[]`, didresolve.ErrInvalidDIDDocument, false},
	} {
		s := newSite(t, didweb.Config{}, nil)
		cert := s.authority.issue(t, time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), "example.com")
		raw, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		go func() {
			c, err := raw.Accept()
			if err != nil {
				return
			}
			defer c.Close() // without a TLS close_notify
			secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
			secure.Read(make([]byte, 4096))
			io.WriteString(secure, "HTTP/1.1 200 OK\r\nContent-Type: application/did\r\n\r\n"+tt.body)
		}()
		r, err := didweb.NewUnguarded(didweb.Config{RootCAs: s.authority.pool}, func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, raw.Addr().String())
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Resolve(t.Context(), "did:web:example.com")
		var e *didresolve.Error
		if errors.As(err, &e); didresolve.TypeOf(err) != tt.want || e != nil && e.Retryable != tt.retryable {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestRedirectsAreNotRetryable: the form of the target does not matter.
func TestRedirectsAreNotRetryable(t *testing.T) {
	for _, same := range []bool{false, true} {
		for _, location := range []string{"https://[bad", "http://example.com/x", "//evil.example/x", "%zz"} {
			s := newSite(t, didweb.Config{SameHostRedirects: same}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{location}
				w.WriteHeader(http.StatusFound)
			})
			_, err := s.Resolve(t.Context(), did)
			var e *didresolve.Error
			if !errors.As(err, &e) || e.Type != didresolve.ErrInternal || e.Retryable {
				t.Errorf("%v %q: %v", same, location, err)
			}
		}
	}
}

// TestSlowHostDoesNotBlockOthers: fetches from one slow host do not take all slots.
func TestSlowHostDoesNotBlockOthers(t *testing.T) {
	release, waiting := make(chan bool), make(chan bool, 64)
	s := newSite(t, didweb.Config{Timeout: 20 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "issuer.example") {
			document(w, did)
			return
		}
		waiting <- true
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 32 { // twice the slots
		wg.Go(func() { s.Resolve(ctx, fmt.Sprintf("did:web:issuer.example:u%d", i)) })
	}
	<-waiting
	if _, err := s.Resolve(t.Context(), did); err != nil {
		t.Error(err)
	}
	cancel()
	close(release)
	wg.Wait()
}
