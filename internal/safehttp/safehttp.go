// Package safehttp implements an HTTP client for URLs chosen by others. It
// protects against server-side request forgery.
//
// The author of a document chooses the URLs in it, and so the hosts that this
// process connects to. A [Client] connects only to public addresses, whatever
// a name resolves to. It uses TLS, no proxy (which would make the connections
// unguarded), no redirects except on the same host, no cookies and no
// credentials. It reads bounded responses in bounded time. Every package of
// this module that fetches such a URL uses it.
package safehttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Defaults and limits of a Client.
const (
	DefaultTimeout       = 5 * time.Second
	DefaultMaxConcurrent = 16

	maxHeader       = 16 << 10 // of a response, in bytes; the default of net/http is a megabyte
	maxConnsPerHost = 4
	maxRedirects    = 3 // on one host, with SameHostRedirects
)

// The refusals of a client. Any other error of Get is an outage.
var (
	// ErrBlocked means that the URL, or an address of its host, is not
	// allowed. Nothing was sent.
	ErrBlocked = errors.New("safehttp: blocked")
	// ErrTLS means that no TLS connection could authenticate the host.
	ErrTLS = errors.New("safehttp: TLS")
	// ErrRedirect means that a redirect leads to another host, or that there
	// are too many redirects.
	ErrRedirect = errors.New("safehttp: redirect")
	// ErrTooLarge means that the body exceeds Config.MaxBytes.
	ErrTooLarge = errors.New("safehttp: body is too large")
)

// Config configures a Client. MaxBytes is required.
type Config struct {
	// MaxBytes is the maximum size of a body.
	MaxBytes int
	// Ports are the allowed ports. Empty means 443.
	Ports []uint16
	// Timeout bounds one Get, including the wait for a slot, to the last byte
	// of the body. Zero means DefaultTimeout.
	Timeout time.Duration
	// MaxConcurrent is the number of concurrent Gets; others wait. Zero means
	// DefaultMaxConcurrent.
	MaxConcurrent int
	// SameHostRedirects follows up to three redirects to https URLs of exactly
	// the same host and port. Without it, Get returns the redirect as the
	// response.
	SameHostRedirects bool
	// RootCAs are the trusted certificate authorities. Nil means the system's.
	RootCAs *x509.CertPool
	// DNS is the resolver for names. Nil means the system's. The guard checks
	// its answers too.
	DNS *net.Resolver
}

// A Client fetches URLs. It is safe for concurrent use. It does not reuse
// connections.
type Client struct {
	cfg   Config
	http  http.Client
	slots chan struct{}
	mu    sync.Mutex
	hosts map[string]*hostSlots
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// New returns a guarded client.
func New(cfg Config) (*Client, error) {
	c, err := NewUnguarded(cfg, nil)
	if err != nil {
		return nil, err
	}
	guarded := net.Dialer{Timeout: c.cfg.Timeout, Resolver: cfg.DNS, Control: c.control}
	c.dial = guarded.DialContext
	return c, nil
}

// NewUnguarded returns a client that connects with dial and has no guard, so
// that tests can serve from the loopback. It is a separate function in an
// internal package, not a setting, so that users of the packages built on this
// one cannot turn off the guard. A test fails if non-test code calls it.
func NewUnguarded(cfg Config, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Client, error) {
	if cfg.MaxBytes <= 0 || cfg.Timeout < 0 || cfg.MaxConcurrent < 0 {
		return nil, errors.New("safehttp: MaxBytes must be positive, Timeout and MaxConcurrent must not be negative")
	}
	if len(cfg.Ports) == 0 {
		cfg.Ports = []uint16{443}
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxConcurrent == 0 {
		cfg.MaxConcurrent = DefaultMaxConcurrent
	}
	c := &Client{cfg: cfg, dial: dial, slots: make(chan struct{}, cfg.MaxConcurrent), hosts: map[string]*hostSlots{}}
	c.http = http.Client{
		CheckRedirect: c.redirect,
		Transport: &http.Transport{
			Proxy:                  nil, // with a proxy, the guard would only see the proxy's address
			DialContext:            plain,
			DialTLSContext:         c.dialTLS,
			DisableCompression:     true, // a small compressed body could grow without bound
			DisableKeepAlives:      true,
			MaxConnsPerHost:        maxConnsPerHost,
			MaxResponseHeaderBytes: maxHeader,
		},
	}
	return c, nil
}

// A Response is a response with any status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // read only for status 200
	// Open reports that the body ended with the connection, so it may be
	// truncated.
	Open bool
}

// Get fetches an https URL with the given header and a fixed User-Agent.
func (c *Client) Get(ctx context.Context, url string, header http.Header) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || req.URL.Scheme != "https" || req.URL.User != nil || req.URL.Host == "" {
		return nil, fmt.Errorf("%w: no https URL", ErrBlocked)
	}
	if port := req.URL.Port(); !c.allowsPort(port) {
		return nil, fmt.Errorf("%w: port %.10s", ErrBlocked, port)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "mandate")

	// First take a slot of the host, so that one slow host cannot take all
	// slots.
	host := c.host(req.URL.Host)
	defer c.release(req.URL.Host)
	for _, slots := range []chan struct{}{host, c.slots} {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
			return nil, fmt.Errorf("safehttp: too many fetches at a time: %w", ctx.Err())
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out := &Response{Status: resp.StatusCode, Header: resp.Header, Open: resp.ContentLength < 0 && len(resp.TransferEncoding) == 0}
	if resp.StatusCode != http.StatusOK {
		return out, nil
	}
	out.Body, err = io.ReadAll(io.LimitReader(resp.Body, int64(c.cfg.MaxBytes)+1))
	if err == nil {
		// While the connection is being closed, the end of the body may still
		// arrive. Report the timeout anyway.
		err = ctx.Err()
	}
	switch {
	case err != nil:
		return nil, err
	case len(out.Body) > c.cfg.MaxBytes:
		return nil, ErrTooLarge
	}
	return out, nil
}

// host returns the slots of a host. They exist while a Get uses them.
func (c *Client) host(name string) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[name]
	if h == nil {
		h = &hostSlots{slots: make(chan struct{}, maxConnsPerHost)}
		c.hosts[name] = h
	}
	h.users++
	return h.slots
}

func (c *Client) release(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.hosts[name]; h.users > 1 {
		h.users--
	} else {
		delete(c.hosts, name)
	}
}

type hostSlots struct {
	slots chan struct{}
	users int
}

// allowsPort reports whether the port of a URL is allowed; "" means none is
// given.
func (c *Client) allowsPort(port string) bool {
	if port == "" {
		port = "443"
	}
	return slices.ContainsFunc(c.cfg.Ports, func(p uint16) bool { return strconv.Itoa(int(p)) == port })
}

// redirect is the CheckRedirect of a client.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	switch to, from := req.URL, via[0].URL; {
	case !c.cfg.SameHostRedirects:
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: more than %d", ErrRedirect, maxRedirects)
	case to.Scheme != "https" || to.Host != from.Host || to.User != nil:
		return fmt.Errorf("%w: it leads off the host", ErrRedirect)
	}
	return nil
}

// plain refuses connections without TLS.
func plain(context.Context, string, string) (net.Conn, error) {
	return nil, fmt.Errorf("%w: no TLS", ErrBlocked)
}

// dialTLS connects and authenticates the host. It has its own timeout, because
// net/http continues to dial after the request has ended.
func (c *Client) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no address", ErrBlocked, address)
	}
	name := host
	if _, err := netip.ParseAddr(host); err != nil && !strings.HasSuffix(host, ".") {
		name += "." // an absolute name does not use this machine's search list
	}
	conn, err := c.dial(ctx, network, net.JoinHostPort(name, port))
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: c.cfg.RootCAs, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		if interrupted(err) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrTLS, err)
	}
	return secure, nil
}

// interrupted distinguishes a broken-off handshake from a refused one.
func interrupted(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	// crypto/tls also wraps alerts as a net.OpError.
	var op *net.OpError
	return errors.As(err, &op) && op.Op != "remote error" && op.Op != "local error"
}
