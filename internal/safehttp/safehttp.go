// Package safehttp answers one question: what does the public web serve at a
// URL that somebody else chose?
//
// Whoever writes a document chooses the URLs in it, and with them where this
// process connects to. A [Client] connects to public addresses alone, whatever
// names lead to, over TLS, without a proxy (which would do the connecting
// unguarded), without redirects unless they stay on the host, without cookies
// or credentials, and reads a bounded answer in a bounded time. Everything here
// that fetches such a URL uses it.
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

	maxHeader       = 16 << 10 // of an answer, in bytes; net/http would read a megabyte
	maxConnsPerHost = 4
	maxRedirects    = 3 // on one host, where any are followed
)

// What a client refuses. Any other error of Get is an outage.
var (
	// ErrBlocked: the URL, or an address that its host leads to, is none to
	// connect to. Nothing was sent.
	ErrBlocked = errors.New("safehttp: blocked")
	// ErrTLS: no connection that proves the host's identity can be made.
	ErrTLS = errors.New("safehttp: TLS")
	// ErrRedirect: a redirect leads off the host, or there are too many.
	ErrRedirect = errors.New("safehttp: redirect")
	// ErrTooLarge: the body exceeds Config.MaxBytes.
	ErrTooLarge = errors.New("safehttp: body is too large")
)

// Config configures a Client. MaxBytes is required.
type Config struct {
	// MaxBytes is the largest body that is read.
	MaxBytes int
	// Ports are the ports that may be connected to. Empty means 443.
	Ports []uint16
	// Timeout bounds one Get, from waiting for its turn to the last byte of
	// the body. Zero means DefaultTimeout.
	Timeout time.Duration
	// MaxConcurrent is how many Gets run at a time; others wait. Zero means
	// DefaultMaxConcurrent.
	MaxConcurrent int
	// SameHostRedirects follows up to three redirects to https URLs of
	// exactly the same host and port. Otherwise a redirect is an answer.
	SameHostRedirects bool
	// RootCAs are the certificate authorities to trust. Nil means the system's.
	RootCAs *x509.CertPool
	// DNS looks names up. Nil means the system's. What it answers is
	// guarded like any other answer.
	DNS *net.Resolver
}

// A Client fetches. It is safe for concurrent use and keeps no connections.
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

// NewUnguarded returns a client that connects by calling dial, so that tests
// can serve from the loopback: there is no guard. It is a function of its own,
// in an internal package, and no setting, so that nobody who configures what is
// built on this package can turn the guard off; a test fails when code that is
// no test calls it.
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
			Proxy:                  nil, // the guard would see the proxy's address alone
			DialContext:            plain,
			DialTLSContext:         c.dialTLS,
			DisableCompression:     true, // or a small body grows without bound
			DisableKeepAlives:      true,
			MaxConnsPerHost:        maxConnsPerHost,
			MaxResponseHeaderBytes: maxHeader,
		},
	}
	return c, nil
}

// A Response is an answer, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // read for status 200 alone
	// Open says that the connection's end was the body's: it may have been cut.
	Open bool
}

// Get fetches an https URL. The header is sent beside a fixed User-Agent.
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

	// First a slot of the host, so that one slow host cannot hold them all.
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
		// While the connection is being closed an end of the body may still
		// come in. Too late is too late.
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

// host returns the slots of a host, kept while somebody wants one.
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

// allowsPort judges the port of a URL, "" for none.
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

// dialTLS connects and proves the identity of the host. It has a timeout of
// its own because net/http goes on dialling when nobody waits any more.
func (c *Client) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no address", ErrBlocked, address)
	}
	name := host
	if _, err := netip.ParseAddr(host); err != nil && !strings.HasSuffix(host, ".") {
		name += "." // absolute: the search list of this machine has no say
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

// interrupted tells a handshake that broke off from one that was refused.
func interrupted(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	// crypto/tls wraps alerts, too, as a net.OpError.
	var op *net.OpError
	return errors.As(err, &op) && op.Op != "remote error" && op.Op != "local error"
}
