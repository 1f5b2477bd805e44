package didweb_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
	"github.com/mandate-engine/mandate/didresolve/resolvertest"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
)

func TestConformance(t *testing.T) {
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/did.json":
			document(w, did)
		case "/user/alice/did.json":
			document(w, did+":user:alice")
		default:
			w.WriteHeader(404)
		}
	})
	cache := &didresolve.Cache{Resolver: s, Now: func() time.Time { return now }}
	for _, r := range []didresolve.Resolver{s, cache, didresolve.Chain(didresolve.Key(), cache)} {
		if err := resolvertest.Check(r, []string{did, did + ":user:alice"}, did+":user:bob"); err != nil {
			t.Errorf("%T: %v", r, err)
		}
	}
}

func TestResolve(t *testing.T) {
	var got *http.Request
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("ETag", `W/"7"`)
		w.Header().Set("Cache-Control", "max-age=60")
		document(w, "did:web:Example.com:a%2bb")
	})
	res, err := s.Resolve(t.Context(), "did:web:Example.com:a%2bb")
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://example.com/a%2Bb/did.json"
	if res.Source != url || !res.RetrievedAt.Equal(now) || res.KeepFor != time.Minute || res.ETag != `W/"7"` || res.Document.ID() != "did:web:Example.com:a%2bb" {
		t.Errorf("%+v", res)
	}
	if got.Method != "GET" || "https://"+got.Host+got.URL.EscapedPath() != url || !strings.Contains(got.Header.Get("Accept"), "application/did,") ||
		got.Header.Get("Cache-Control") != "" || got.Header.Get("If-None-Match") != "" {
		t.Errorf("%s %s%s %v", got.Method, got.Host, got.URL, got.Header)
	}
}

func TestConfigRefused(t *testing.T) {
	for _, cfg := range []didweb.Config{{Timeout: -1}, {MaxConcurrent: -1}} {
		if r, err := didweb.New(cfg); err == nil || r != nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

// TestResponses: only a 200 with a valid document of the DID resolves, and each test
// makes exactly one request.
func TestResponses(t *testing.T) {
	const (
		notFound = didresolve.ErrNotFound
		invalid  = didresolve.ErrInvalidDIDDocument
		internal = didresolve.ErrInternal
	)
	sound := `{"id":"` + did + `"}`
	is := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }
	json := is("application/json")
	keys := func(n int) string {
		return `{"id":"` + did + `","verificationMethod":[` + strings.TrimSuffix(strings.Repeat(`{"id":"#x"},`, n), ",") + `]}`
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    didresolve.ErrorType // "" for the document
		retry   bool
		after   time.Duration
	}{
		{"the document", text(200, json, sound), "", false, 0},
		{"application/did+json", text(200, is("application/did+json"), sound), "", false, 0},
		{"application/did+ld+json; charset", text(200, is("Application/DID+LD+json ; charset=utf-8"), sound), "", false, 0},
		{"application/ld+json", text(200, is("application/ld+json"), sound), "", false, 0},
		{"HTML", text(200, is("text/html"), sound), invalid, false, 0},
		{"plain text", text(200, is("text/plain"), sound), invalid, false, 0},
		{"JSON of another kind", text(200, is("application/json5"), sound), invalid, false, 0},
		{"no content type", text(200, http.Header{"Content-Type": nil}, sound), invalid, false, 0},
		{"201", text(201, json, sound), internal, false, 0},
		{"204", text(204, json, ""), internal, false, 0},
		{"206", text(206, json, sound), internal, false, 0},
		{"300", text(300, json, sound), internal, false, 0},
		{"304 without a condition", text(304, json, ""), internal, false, 0},
		{"400", text(400, json, sound), internal, false, 0},
		{"401", text(401, json, sound), internal, false, 0},
		{"403", text(403, json, sound), internal, false, 0},
		{"404", text(404, json, sound), notFound, false, 0},
		{"410", text(410, json, sound), notFound, false, 0},
		{"429", text(429, json, ""), internal, true, 0},
		{"429 for 30 s", text(429, http.Header{"Retry-After": {"30"}}, ""), internal, true, 30 * time.Second},
		{"429 until a date", text(429, http.Header{"Retry-After": {now.Add(90 * time.Second).Format(http.TimeFormat)}}, ""), internal, true, 90 * time.Second},
		{"429 until the past", text(429, http.Header{"Retry-After": {now.Add(-time.Hour).Format(http.TimeFormat)}}, ""), internal, true, 0},
		{"429 with too many digits", text(429, http.Header{"Retry-After": {"99999999999999999999999"}}, ""), internal, true, time.Hour},
		{"429 with a negative number", text(429, http.Header{"Retry-After": {"-1"}}, ""), internal, true, 0},
		{"429 with neither number nor date", text(429, http.Header{"Retry-After": {"a while"}}, ""), internal, true, 0},
		{"500", text(500, json, sound), internal, true, 0},
		{"503 for 2 s", text(503, http.Header{"Retry-After": {"2"}}, ""), internal, true, 2 * time.Second},
		{"another id", text(200, json, `{"id":"did:web:example.org"}`), didresolve.ErrInvalidDocumentID, false, 0},
		{"the id in other case", text(200, json, `{"id":"did:web:EXAMPLE.com"}`), didresolve.ErrInvalidDocumentID, false, 0},
		{"ID beside id", text(200, json, `{"id":"`+did+`","ID":"did:web:evil.example"}`), invalid, false, 0},
		{"two ids", text(200, json, `{"id":"did:web:evil.example","id":"`+did+`"}`), invalid, false, 0},
		{"no id", text(200, json, `{}`), invalid, false, 0},
		{"an array", text(200, json, `[`+sound+`]`), invalid, false, 0},
		{"a byte order mark", text(200, json, "\ufeff"+sound), invalid, false, 0},
		{"trailing bytes", text(200, json, sound+"x"), invalid, false, 0},
		{"bad UTF-8", text(200, json, `{"id":"`+did+`","x":"`+"\xff"+`"}`), invalid, false, 0},
		{"empty", text(200, json, ""), invalid, false, 0},
		{"33 deep", text(200, json, `{"id":"`+did+`","x":`+strings.Repeat("[", 32)+strings.Repeat("]", 32)+`}`), invalid, false, 0},
		{"exactly 64 KiB", text(200, json, sound+strings.Repeat(" ", 64<<10-len(sound))), "", false, 0},
		{"64 KiB and a byte", text(200, json, sound+strings.Repeat(" ", 64<<10-len(sound)+1)), invalid, false, 0},
		{"two keys of one id", text(200, json, keys(2)), invalid, false, 0},
		{"101 keys", text(200, json, keys(101)), invalid, false, 0},
		{"a gzip bomb", text(200, http.Header{"Content-Type": json["Content-Type"], "Content-Encoding": {"gzip"}}, "\x1f\x8b\x08\x00"), invalid, false, 0},
		{"shorter than announced", text(200, http.Header{"Content-Type": json["Content-Type"], "Content-Length": {"100"}}, sound), internal, true, 0},
		{"connection aborted", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, internal, true, 0},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"http://example.com/", "https://www.example.com/.well-known/did.json", "/elsewhere", "http://169.254.169.254/", "/.well-known/did.json"} {
			tests = append(tests, struct {
				name    string
				handler http.HandlerFunc
				want    didresolve.ErrorType
				retry   bool
				after   time.Duration
			}{fmt.Sprintf("%d to %s", status, to), text(status, http.Header{"Location": {to}}, sound), internal, false, 0})
		}
	}
	for _, tt := range tests {
		s := newSite(t, didweb.Config{}, tt.handler)
		res, err := s.Resolve(t.Context(), did)
		switch {
		case tt.want == "":
			if err != nil || res.Document.ID() != did {
				t.Errorf("%s: %v", tt.name, err)
			}
		default:
			wantError(t, tt.name, res, err, tt.want, tt.retry, tt.after)
		}
		if s.asked.Load() != 1 {
			t.Errorf("%s: %d requests", tt.name, s.asked.Load())
		}
		s.server.Close()
	}
}

func wantError(t *testing.T, name string, res *didresolve.Resolution, err error, want didresolve.ErrorType, retry bool, after time.Duration) {
	t.Helper()
	var e *didresolve.Error
	if res != nil || !errors.As(err, &e) || e.Type != want || e.Retryable != retry || e.RetryAfter != after || didresolve.TypeOf(err) != want {
		t.Errorf("%s: %+v, %#v; want %s, retryable %v, after %s", name, res, err, want, retry, after)
	}
}

func TestSameHostRedirects(t *testing.T) {
	s := newSite(t, didweb.Config{SameHostRedirects: true}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/did.json":
			http.Redirect(w, r, "/moved/did.json", http.StatusPermanentRedirect)
		case "/away/did.json":
			http.Redirect(w, r, "https://issuer.example/moved/did.json", http.StatusPermanentRedirect)
		default:
			document(w, did)
		}
	})
	// The source is the URL of the DID, not the target of the redirect.
	if res, err := s.Resolve(t.Context(), did); err != nil || res.Source != "https://example.com/.well-known/did.json" {
		t.Errorf("%+v, %v", res, err)
	}
	res, err := s.Resolve(t.Context(), did+":away")
	wantError(t, "to another host", res, err, didresolve.ErrInternal, false, 0)
}

func TestTLS(t *testing.T) {
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, _ *http.Request) { document(w, did) })
	later := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{SerialNumber: big.NewInt(3), DNSNames: []string{"example.com"}, NotBefore: time.Unix(0, 0), NotAfter: later}
	self, key := certify(t, template, template, nil)
	for _, tt := range []struct {
		name string
		cfg  *tls.Config
		ok   bool
	}{
		{"sound", &tls.Config{Certificates: []tls.Certificate{s.authority.issue(t, later, "example.com")}}, true},
		{"of another name", &tls.Config{Certificates: []tls.Certificate{s.authority.issue(t, later, "www.example.com")}}, false},
		{"expired", &tls.Config{Certificates: []tls.Certificate{s.authority.issue(t, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), "example.com")}}, false},
		{"of another authority", &tls.Config{Certificates: []tls.Certificate{newAuthority(t).issue(t, later, "example.com")}}, false},
		{"self-signed", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{self.Raw}, PrivateKey: key}}}, false},
		{"TLS 1.1", &tls.Config{Certificates: []tls.Certificate{s.authority.issue(t, later, "example.com")}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		s.server.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return tt.cfg, nil }
		res, err := s.Resolve(t.Context(), did)
		if tt.ok {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		wantError(t, tt.name, res, err, didresolve.ErrInternal, false, 0)
	}
}

func TestOutages(t *testing.T) {
	s := newSite(t, didweb.Config{Timeout: 100 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	res, err := s.Resolve(t.Context(), did)
	wantError(t, "timeout", res, err, didresolve.ErrInternal, true, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res, err = s.Resolve(ctx, did)
	wantError(t, "cancelled", res, err, didresolve.ErrInternal, true, 0)
	s.server.Close()
	res, err = s.Resolve(t.Context(), did)
	wantError(t, "connection refused", res, err, didresolve.ErrInternal, true, 0)
}

func TestDNS(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  net.DNSError
		want didresolve.ErrorType
	}{
		{"NXDOMAIN", net.DNSError{IsNotFound: true}, didresolve.ErrNotFound},
		{"SERVFAIL", net.DNSError{IsTemporary: true}, didresolve.ErrInternal},
		{"timeout", net.DNSError{IsTimeout: true}, didresolve.ErrInternal},
		{"not found and temporary", net.DNSError{IsNotFound: true, IsTemporary: true}, didresolve.ErrInternal},
		{"something else", net.DNSError{}, didresolve.ErrInternal},
	} {
		r, err := didweb.NewUnguarded(didweb.Config{}, func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &tt.err}
		})
		if err != nil {
			t.Fatal(err)
		}
		res, err := r.Resolve(t.Context(), did)
		wantError(t, tt.name, res, err, tt.want, tt.want == didresolve.ErrInternal, 0)
	}
}

// TestRefusedWithoutConnection: the resolver opens no connection for these DIDs. They
// cover the notations that some system reads as an address or as another host. The
// tests of internal/safehttp cover names with blocked addresses.
func TestRefusedWithoutConnection(t *testing.T) {
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, r *http.Request) { document(w, did) })
	for _, tt := range []struct {
		id   string // after did:web:
		what string
	}{
		{"127.0.0.1", "loopback"},
		{"127.0.0.1%3A443", "with a port"},
		{"127.1", "short"},
		{"127.0.1", "shorter by one"},
		{"2130706433", "decimal"},
		{"0x7f000001", "hexadecimal"},
		{"0x7f.1", "hexadecimal and short"},
		{"0x7F.0x0.0x0.0x1", "hexadecimal bytes"},
		{"0177.0.0.1", "octal"},
		{"017700000001", "octal in one"},
		{"1.0x7f", "hexadecimal at the end"},
		{"example.0x7f000001", "a name with an address at the end"},
		{"example.1", "a name with a number at the end"},
		{"0", "this host"},
		{"0.0.0.0", "this host"},
		{"169.254.169.254", "metadata"},
		{"169.254.169.254%3A80", "metadata with its port"},
		{"2852039166", "metadata in decimal"},
		{"0xa9fea9fe", "metadata in hexadecimal"},
		{"0251.0376.0251.0376", "metadata in octal"},
		{"100.100.100.200", "metadata of Alibaba Cloud"},
		{"168.63.129.16", "Azure's host agent"},
		{"192.168.0.1", "private"},
		{"10.0.0.1", "private"},
		{"8.8.8.8", "an address, though public"},
		{"::1", "IPv6, whose colons separate segments"},
		{"%5B%3A%3A1%5D", "IPv6 in brackets"},
		{"[::1]", "IPv6 in brackets, not encoded"},
		{"%5B%3A%3Affff%3A127.0.0.1%5D", "IPv4-mapped"},
		{"%5B64%3Aff9b%3A%3A7f00%3A1%5D", "NAT64"},
		{"%5Bfe80%3A%3A1%2525lo%5D", "a zone"},
		{"localhost", "a single label"},
		{"localhost%3A8443", "a single label with a port"},
		{"foo.localhost", "special use"},
		{"metadata.google.internal", "special use"},
		{"printer.local", "special use"},
		{"router.lan", "special use"},
		{"x.home.arpa", "special use"},
		{"1.0.0.127.in-addr.arpa", "special use"},
		{"hidden.onion", "special use"},
		{"metadata", "a single label"},
		{"example.com.", "a dot at the end"},
		{"example..com", "an empty label"},
		{".example.com", "an empty label"},
		{"good.com%40evil.com", "user information"},
		{"good.com%2Fevil.com", "a path in the host"},
		{"good.com%5Cevil.com", "a backslash"},
		{"good.com%23evil.com", "a fragment"},
		{"good.com%3Fevil.com", "a query"},
		{"good.com%00.evil.com", "NUL"},
		{"good.com%0d%0aHost%3A%20evil.com", "another header"},
		{"good.com%3A443%40evil.com", "a password"},
		{"good.com%3A", "an empty port"},
		{"good.com%3A99999", "a port above 65535"},
		{"good.com%3A0", "port 0"},
		{"good.com%3A0443", "a leading zero"},
		{"good.com%3A443%3A80", "two ports"},
		{"exa_mple.com", "an underscore"},
		{"-example.com", "a hyphen first"},
		{"1\u3002com", "an ideographic full stop"},
		{"\u2460\u2461\u2466.0.0.1", "digits in circles"},
		{"example.com:..:x", "a parent directory"},
		{"example.com:%2e%2e", "a parent directory, encoded"},
		{"example.com:a%2Fb", "a slash in a segment"},
		{"example.com:%252e%252e", "encoded twice"},
		{"example.com::x", "an empty segment"},
	} {
		res, err := s.Resolve(t.Context(), "did:web:"+tt.id)
		wantError(t, tt.id+" ("+tt.what+")", res, err, didresolve.ErrInvalidDID, false, 0)
	}
	for _, port := range []string{"80", "22", "8443", "6379"} {
		res, err := s.Resolve(t.Context(), "did:web:example.com%3A"+port)
		wantError(t, "port "+port, res, err, didresolve.ErrInternal, false, 0)
		if !errors.Is(err, didweb.ErrBlocked) {
			t.Errorf("port %s: %v", port, err)
		}
	}
	if n := s.dialled.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	// A resolver from New has the guard. Its DNS server resolves every name to the
	// loopback.
	r, err := didweb.New(didweb.Config{DNS: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go loopback(server)
		return client, nil
	}}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.Resolve(t.Context(), did)
	wantError(t, "a name with a loopback address", res, err, didresolve.ErrInternal, false, 0)
	if !errors.Is(err, didweb.ErrBlocked) {
		t.Errorf("a name with a loopback address: %v", err)
	}
}

// loopback is a DNS server for one query over TCP. It answers 127.0.0.1 to an A query
// and nothing to others.
func loopback(conn net.Conn) {
	defer conn.Close()
	length := make([]byte, 2)
	io.ReadFull(conn, length)
	query := make([]byte, int(length[0])<<8+int(length[1]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	end := 12
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	answer := append([]byte(nil), query[:end+5]...)
	answer[2], answer[3] = 0x84, 0
	copy(answer[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	if query[end+2] == 1 {
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
	}
	conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...))
}

func TestPorts(t *testing.T) {
	const other = "did:web:example.com%3A8443"
	s := newSite(t, didweb.Config{Ports: []uint16{8443}}, func(w http.ResponseWriter, r *http.Request) { document(w, other) })
	if res, err := s.Resolve(t.Context(), other); err != nil || res.Source != "https://example.com:8443/.well-known/did.json" {
		t.Errorf("%+v, %v", res, err)
	}
	res, err := s.Resolve(t.Context(), did)
	wantError(t, "port 443", res, err, didresolve.ErrInternal, false, 0)
}

func TestBudget(t *testing.T) {
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, r *http.Request) { document(w, did) })
	ctx := fetchbudget.With(t.Context(), 1)
	if _, err := s.Resolve(ctx, "did:web:localhost"); didresolve.TypeOf(err) != didresolve.ErrInvalidDID {
		t.Errorf("nothing to fetch: %v", err)
	}
	if _, err := s.Resolve(ctx, did); err != nil {
		t.Errorf("the first: %v", err)
	}
	res, err := s.Resolve(ctx, did)
	wantError(t, "the second", res, err, didresolve.ErrInternal, false, 0)
	if s.asked.Load() != 1 {
		t.Errorf("%d requests", s.asked.Load())
	}
}

func TestRefresh(t *testing.T) {
	var got http.Header
	status := 304
	s := newSite(t, didweb.Config{}, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("Cache-Control", "max-age=10")
		if r.Header.Get("If-None-Match") != "" && status == 304 {
			w.WriteHeader(304)
			return
		}
		w.Header().Set("ETag", `"1"`)
		document(w, did)
	})
	prior, err := s.Resolve(t.Context(), did)
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(time.Minute)
	s.connect(t, didweb.Config{Now: func() time.Time { return later }})
	res, err := s.Refresh(t.Context(), did, prior)
	if err != nil || res.Document != prior.Document || !res.RetrievedAt.Equal(later) || res.KeepFor != 10*time.Second || res.ETag != `"1"` || res == prior || !prior.RetrievedAt.Equal(now) {
		t.Errorf("unchanged: %+v, %v", res, err)
	}
	if got.Get("If-None-Match") != `"1"` || got.Get("Cache-Control") != "no-cache" {
		t.Errorf("header %v", got)
	}
	status = 200
	if res, err := s.Refresh(t.Context(), did, prior); err != nil || res.Document == prior.Document {
		t.Errorf("changed: %+v, %v", res, err)
	}
	// Refresh sends an ETag only with the document and the URL to which it belongs.
	status = 304
	for name, change := range map[string]func(r *didresolve.Resolution){
		"of another source": func(r *didresolve.Resolution) { r.Source = "https://example.org/.well-known/did.json" },
		"absent":            func(r *didresolve.Resolution) { r.ETag = "" },
		"of no document":    func(r *didresolve.Resolution) { r.Document = nil },
	} {
		other := *prior
		change(&other)
		if res, err := s.Refresh(t.Context(), did, &other); err != nil || got.Values("If-None-Match") != nil || res.Document.ID() != did {
			t.Errorf("an ETag %s: %+v, %v, header %v", name, res, err, got)
		}
	}
}

func TestKeepFor(t *testing.T) {
	const none = -1
	for _, tt := range []struct {
		control []string
		age     string
		want    time.Duration
	}{
		{nil, "", 0},
		{[]string{""}, "", 0},
		{[]string{"public"}, "", 0},
		{[]string{"private, max-age=600"}, "", 10 * time.Minute},
		{[]string{"MAX-AGE=600"}, "", 10 * time.Minute},
		{[]string{`max-age="600"`}, "", 10 * time.Minute},
		{[]string{"max-age=600"}, "590", 10 * time.Second},
		{[]string{"max-age=600"}, "600", none},
		{[]string{"max-age=600"}, "99999999999999999999", none},
		{[]string{"max-age=600"}, "old", none},
		{[]string{"max-age=600"}, "-5", none},
		{[]string{"max-age=0"}, "", none},
		{[]string{"max-age=-1"}, "", none},
		{[]string{"max-age=1.5"}, "", none},
		{[]string{"max-age="}, "", none},
		{[]string{"max-age"}, "", none},
		{[]string{"max-age=99999999999999999999"}, "", 365 * 24 * time.Hour},
		{[]string{"max-age=9223372036854775807"}, "", 365 * 24 * time.Hour},
		{[]string{"max-age=600, max-age=60"}, "", time.Minute},
		{[]string{"max-age=60", "max-age=600"}, "", time.Minute},
		{[]string{"max-age=600, no-store"}, "", none},
		{[]string{"no-store"}, "", none},
		{[]string{"max-age=600", "No-Store"}, "", none},
		{[]string{"no-cache"}, "", none},
		{[]string{`no-cache="x"`}, "", none},
		{[]string{"s-maxage=600"}, "", 0},
		{nil, "10", 0},
	} {
		h := http.Header{"Content-Type": {"application/did"}}
		if tt.control != nil {
			h["Cache-Control"] = tt.control
		}
		if tt.age != "" {
			h["Age"] = []string{tt.age}
		}
		got := didweb.KeepFor(h)
		if got != tt.want {
			t.Errorf("%q, age %q: %d, want %d", tt.control, tt.age, got, tt.want)
		}
	}
}

func TestETag(t *testing.T) {
	for tag, want := range map[string]bool{`"a"`: true, `W/"a"`: true, `""`: true, `a`: false, `"a`: false, `a"`: false, `"`: false, `W/"`: false, ``: false,
		`"` + strings.Repeat("a", 255) + `"`: false, `w/"a"`: false} {
		got := didweb.ETag(http.Header{"Etag": {tag}})
		if (got == tag && tag != "") != want || got != "" && !want {
			t.Errorf("%.20q: %q, want it %v", tag, got, want)
		}
	}
}
