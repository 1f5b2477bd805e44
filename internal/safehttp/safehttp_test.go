package safehttp

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a TLS server with a certificate for example.com. It returns a
// client that trusts the certificate and connects to the server for every
// address.
func serve(t *testing.T, cfg Config, handler http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return clientOf(t, cfg, s), s
}

func clientOf(t *testing.T, cfg Config, s *httptest.Server) *Client {
	t.Helper()
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 64
	}
	if cfg.RootCAs == nil {
		cfg.RootCAs = x509.NewCertPool()
		cfg.RootCAs.AddCert(s.Certificate())
	}
	c, err := NewUnguarded(cfg, func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.Listener.Addr().String())
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGet(t *testing.T) {
	var got *http.Request
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Etag", `"1"`)
		io.WriteString(w, strings.Repeat("x", 64))
	})
	resp, err := c.Get(t.Context(), "https://example.com/a%2Bb/did.json", http.Header{"Accept": {"application/did"}})
	if err != nil || resp.Status != 200 || len(resp.Body) != 64 || resp.Header.Get("Etag") != `"1"` {
		t.Fatalf("%+v, %v", resp, err)
	}
	if got.Host != "example.com" || got.URL.EscapedPath() != "/a%2Bb/did.json" || got.Proto != "HTTP/1.1" {
		t.Errorf("asked for %s %s, %s", got.Host, got.URL, got.Proto)
	}
	want := http.Header{"Accept": {"application/did"}, "User-Agent": {"mandate"}, "Connection": {"close"}}
	if fmt.Sprint(got.Header) != fmt.Sprint(want) {
		t.Errorf("header %v, want %v: no cookie, no encoding, no referrer", got.Header, want)
	}
}

func TestConfigRefused(t *testing.T) {
	for _, cfg := range []Config{{}, {MaxBytes: -1}, {MaxBytes: 1, Timeout: -1}, {MaxBytes: 1, MaxConcurrent: -1}} {
		if c, err := New(cfg); err == nil || c != nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

func TestURLsRefused(t *testing.T) {
	c, _ := serve(t, Config{}, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
	for _, tt := range []struct{ url, want string }{
		{"http://example.com/", "no https URL"},
		{"https://user@example.com/", "no https URL"},
		{"https:///path", "no https URL"},
		{"file:///etc/passwd", "no https URL"},
		{"//example.com/", "no https URL"},
		{"https://example.com:80/", "port 80"},
		{"https://example.com:8443/", "port 8443"},
		{"https://example.com:0443/", "port 0443"},
		{"https://exa mple.com/", "no https URL"},
	} {
		if _, err := c.Get(t.Context(), tt.url, nil); !errors.Is(err, ErrBlocked) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.url, err, tt.want)
		}
	}
	if _, err := plain(t.Context(), "tcp", "1.1.1.1:80"); !errors.Is(err, ErrBlocked) {
		t.Errorf("a connection without TLS: %v", err)
	}
	other, _ := serve(t, Config{Ports: []uint16{8443}}, func(http.ResponseWriter, *http.Request) {})
	if _, err := other.Get(t.Context(), "https://example.com:8443/", nil); err != nil {
		t.Errorf("a port that is allowed: %v", err)
	}
	if _, err := other.Get(t.Context(), "https://example.com/", nil); !errors.Is(err, ErrBlocked) {
		t.Errorf("443 where only another is allowed: %v", err)
	}
}

func TestBodies(t *testing.T) {
	endless := strings.Repeat("x", 4096)
	var sent atomic.Int64
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    error // nil: any outage
	}{
		{"a byte too many", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 65)) }, ErrTooLarge},
		{"without end", func(w http.ResponseWriter, _ *http.Request) {
			for {
				n, err := io.WriteString(w, endless)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		}, ErrTooLarge},
		{"shorter than announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "40")
			io.WriteString(w, "short")
		}, nil},
		{"chunked garbage", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense\r\n"), nil},
		{"no HTTP", raw("SSH-2.0-OpenSSH_9.6\r\n"), nil},
		{"two lengths", raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"), nil},
		{"a header of 2 MiB", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n"), nil},
		{"a header over the limit", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n"), nil},
		{"interim answers without end", raw(strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1024)+"\r\n\r\n", 64)), nil},
	} {
		c, s := serve(t, Config{}, tt.handler)
		resp, err := c.Get(t.Context(), "https://example.com/", nil)
		if err == nil || resp != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v; want %v", tt.name, resp, err, tt.want)
		}
		for _, other := range []error{ErrBlocked, ErrTLS, ErrRedirect, ErrTooLarge} {
			if other != tt.want && errors.Is(err, other) {
				t.Errorf("%s: %v is %v", tt.name, err, other)
			}
		}
		s.Close()
	}
	// Only the socket buffers were filled.
	if n := sent.Load(); n > 32<<20 {
		t.Errorf("an endless body was read for %d bytes", n)
	}
}

// raw responds with these bytes.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(conn, text)
			conn.Close()
		}
	}
}

// A compressed body is not decompressed, whether or not compression was
// requested.
func TestNoInflation(t *testing.T) {
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, "\x1f\x8bstill compressed")
	})
	resp, err := c.Get(t.Context(), "https://example.com/", nil)
	if err != nil || string(resp.Body) != "\x1f\x8bstill compressed" {
		t.Errorf("%+v, %v", resp, err)
	}
}

func TestBodyOnlyForStatus200(t *testing.T) {
	for _, status := range []int{201, 204, 206, 304, 403, 404, 500} {
		c, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, strings.Repeat("x", 100))
		})
		if resp, err := c.Get(t.Context(), "https://example.com/", nil); err != nil || resp.Status != status || resp.Body != nil {
			t.Errorf("%d: %+v, %v", status, resp, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	for _, tt := range []struct {
		name, to string
		want     error // with SameHostRedirects; nil: the response after the redirect
	}{
		{"the same host", "/there", nil},
		{"the same host in full", "https://example.com/there", nil},
		{"http", "http://example.com/there", ErrRedirect},
		{"another host", "https://example.org/there", ErrRedirect},
		{"a subdomain", "https://www.example.com/there", ErrRedirect},
		{"another port", "https://example.com:8443/there", ErrRedirect},
		{"credentials", "https://user@example.com/there", ErrRedirect},
		{"a metadata service", "http://169.254.169.254/latest/meta-data/", ErrRedirect},
		{"itself", "/", ErrRedirect},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			asked := 0
			handler := func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.URL.Path == "/there" {
					io.WriteString(w, "arrived")
					return
				}
				w.Header().Set("Location", tt.to)
				w.WriteHeader(status)
			}
			c, s := serve(t, Config{}, handler)
			if resp, err := c.Get(t.Context(), "https://example.com/", nil); err != nil || resp.Status != status || asked != 1 {
				t.Errorf("%s, %d, not followed: %+v, %v, %d requests", tt.name, status, resp, err, asked)
			}
			asked = 0
			c = clientOf(t, Config{SameHostRedirects: true}, s)
			resp, err := c.Get(t.Context(), "https://example.com/", nil)
			switch {
			case tt.want != nil && !errors.Is(err, tt.want):
				t.Errorf("%s, %d: %+v, %v; want %v", tt.name, status, resp, err, tt.want)
			case tt.want == nil && (err != nil || string(resp.Body) != "arrived"):
				t.Errorf("%s, %d: %+v, %v", tt.name, status, resp, err)
			case asked > 1+maxRedirects:
				t.Errorf("%s, %d: %d requests", tt.name, status, asked)
			}
			s.Close()
		}
	}
}

func TestTLS(t *testing.T) {
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }
	c, s := serve(t, Config{}, ok)
	if _, err := c.Get(t.Context(), "https://example.com/", nil); err != nil {
		t.Fatalf("the test server itself: %v", err)
	}
	if _, err := c.Get(t.Context(), "https://issuer.example/", nil); !errors.Is(err, ErrTLS) || !strings.Contains(err.Error(), "issuer.example") {
		t.Errorf("a certificate of another name: %v", err)
	}
	if _, err := clientOf(t, Config{RootCAs: x509.NewCertPool()}, s).Get(t.Context(), "https://example.com/", nil); !errors.Is(err, ErrTLS) {
		t.Errorf("an unknown authority: %v", err)
	}
	old := httptest.NewUnstartedServer(http.HandlerFunc(ok))
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // what is to be refused
	old.StartTLS()
	defer old.Close()
	if _, err := clientOf(t, Config{}, old).Get(t.Context(), "https://example.com/", nil); !errors.Is(err, ErrTLS) {
		t.Errorf("TLS 1.1: %v", err)
	}
	// A server without TLS, and one that hangs up.
	for _, tt := range []struct {
		greeting string
		refused  bool
	}{{"HTTP/1.1 400 Bad Request\r\n\r\n", true}, {"", false}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err == nil {
				bufio.NewReader(conn).Peek(1)
				io.WriteString(conn, tt.greeting)
				conn.Close()
			}
		}()
		c.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
		}
		if _, err := c.Get(t.Context(), "https://example.com/", nil); err == nil || errors.Is(err, ErrTLS) != tt.refused {
			t.Errorf("greeting %q: %v", tt.greeting, err)
		}
		l.Close()
	}
}

// The timeout ends every phase of a fetch. The handlers wait for the client to
// disconnect, which only the timeout causes.
func TestTimeout(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"no header", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"no body", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"half a body", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		c, _ := serve(t, Config{Timeout: 100 * time.Millisecond}, tt.handler)
		if _, err := c.Get(t.Context(), "https://example.com/", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	c, _ := serve(t, Config{Timeout: 100 * time.Millisecond}, func(http.ResponseWriter, *http.Request) {})
	c.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, _ := net.Pipe() // never completes a handshake
		return client, nil
	}
	if _, err := c.Get(t.Context(), "https://example.com/", nil); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTLS) {
		t.Errorf("no handshake: %v", err)
	}
}

func TestConcurrency(t *testing.T) {
	inside, leave := make(chan bool, 3), make(chan bool)
	c, _ := serve(t, Config{MaxConcurrent: 2}, func(http.ResponseWriter, *http.Request) { inside <- true; <-leave })
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := c.Get(context.Background(), "https://example.com/", nil)
			done <- err
		}()
		<-inside
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, "https://example.com/", nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "too many") {
		t.Errorf("a third one: %v", err)
	}
	close(leave)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Get(t.Context(), "https://example.com/", nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// The client ignores proxies from the environment. net/http reads the
// environment once per process, so the test also checks that the transport has
// no proxy.
func TestNoProxy(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	os.Unsetenv("NO_PROXY")
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {})
	if c.http.Transport.(*http.Transport).Proxy != nil || c.http.Jar != nil {
		t.Error("there is a proxy or a cookie jar")
	}
	if _, err := c.Get(t.Context(), "https://example.com/", nil); err != nil {
		t.Error(err)
	}
}

// Names are looked up as absolute names, so the search list does not apply.
func TestAbsoluteNames(t *testing.T) {
	dns := &fakeDNS{answers: [][]string{{""}}}
	c := newClient(t, Config{DNS: dns.resolver()})
	_, err := c.Get(t.Context(), "https://nowhere.example/", nil)
	var lookup *net.DNSError
	if !errors.As(err, &lookup) || !lookup.IsNotFound {
		t.Errorf("NXDOMAIN: %v", err)
	}
	if len(dns.asked) != 2 {
		t.Errorf("looked up %v", dns.asked)
	}
	var asked string
	c.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		asked = address
		return nil, io.EOF
	}
	c.Get(t.Context(), "https://nowhere.example/", nil)
	if asked != "nowhere.example.:443" {
		t.Errorf("dialled %q", asked)
	}
	dns = &fakeDNS{answers: [][]string{{"fail"}}}
	_, err = newClient(t, Config{DNS: dns.resolver()}).Get(t.Context(), "https://nowhere.example/", nil)
	if !errors.As(err, &lookup) || lookup.IsNotFound {
		t.Errorf("SERVFAIL: %v", err)
	}
}
