// Package didweb implements the resolution of did:web over HTTPS. It answers one
// question: which document does the owner of a domain publish for this DID, now?
//
// The DID decides where the HTTP client connects, and the author of the DID may
// be hostile. The host must be a public name, and the client connects only to
// public addresses: it checks the address of every connection, not only the
// first DNS answer. The connection must be TLS, the response small, and the id
// of the document must be the DID. The client ignores proxy settings of the
// environment. If all traffic must pass one point, use a firewall that this
// process cannot bypass.
//
// The document is a current statement of the owner of the domain, or of anyone
// with control over its DNS or its certificates. It has no history and no proof.
// Keep receipts, which contain the keys of a decision, and pin documents that
// must not change ([didresolve.Pinned]). didweb does not check DNSSEC.
package didweb

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/fetchbudget"
	"github.com/mandate-engine/mandate/internal/safehttp"
)

// ErrBlocked is wrapped by the error for a DID with a blocked address or port.
// Raise an alarm for it: the hosts of honest issuers do not have private
// addresses.
var ErrBlocked = safehttp.ErrBlocked

// maxBody is the maximum size of a document, as in didresolve.ParseDocument.
const maxBody = 64 << 10

// maxRetryAfter is the maximum of Error.RetryAfter.
const maxRetryAfter = time.Hour

// Config configures a Resolver. The zero value is safe and complete.
type Config struct {
	// Ports are the allowed ports. Empty means 443.
	Ports []uint16
	// Timeout bounds one fetch, from the DNS lookup to the last byte. Zero
	// means five seconds.
	Timeout time.Duration
	// MaxConcurrent is the maximum number of concurrent fetches. Others wait,
	// within their Timeout. Zero means 16. At most four fetches are for one
	// host.
	MaxConcurrent int
	// SameHostRedirects allows up to three redirects to https URLs of the same
	// host and port. If it is false, every redirect is an error: did:web does
	// not define redirects.
	SameHostRedirects bool
	// RootCAs are the trusted certificate authorities. Nil means those of the
	// system.
	RootCAs *x509.CertPool
	// DNS resolves host names, over HTTPS for example. Nil means the resolver
	// of the system. The same rules apply to its addresses.
	DNS *net.Resolver
	// Now is the clock for Resolution.RetrievedAt, and for a Retry-After date.
	// Nil means time.Now.
	Now func() time.Time
}

// A Resolver resolves did:web over HTTPS. It caches nothing: put a
// [didresolve.Cache] around it. It is safe for concurrent use.
type Resolver struct {
	client *safehttp.Client
	now    func() time.Time
}

// New checks a Config and returns a Resolver.
func New(cfg Config) (*Resolver, error) { return build(cfg, safehttp.New) }

func build(cfg Config, client func(safehttp.Config) (*safehttp.Client, error)) (*Resolver, error) {
	c, err := client(safehttp.Config{
		MaxBytes: maxBody, Ports: slices.Clone(cfg.Ports), Timeout: cfg.Timeout, MaxConcurrent: cfg.MaxConcurrent,
		SameHostRedirects: cfg.SameHostRedirects, RootCAs: cfg.RootCAs, DNS: cfg.DNS,
	})
	if err != nil {
		return nil, errors.New("didweb: Timeout and MaxConcurrent must not be negative")
	}
	r := &Resolver{client: c, now: cfg.Now}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

// Resolve implements [didresolve.Resolver]. It sends nothing for a DID that
// [didresolve.WebURL] refuses.
//
// Status 404, status 410 and a host that does not exist in DNS are ErrNotFound.
// A response is ErrInvalidDIDDocument if its content type is neither JSON nor
// DID document, if it exceeds 64 KiB, or if it is not a DID document; it is
// ErrInvalidDocumentID if its id is not exactly the DID. All other failures are
// ErrInternal, which says nothing about the DID. They are Retryable after
// timeouts, broken connections, DNS failures, 429 and 5xx; RetryAfter is the
// server's, at most an hour. They are not Retryable after other statuses,
// redirects included, after TLS failures, and for [ErrBlocked].
func (r *Resolver) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return r.fetch(ctx, did, nil)
}

// Refresh implements [didresolve.Refresher]. The request has the ETag of prior
// and asks HTTP caches to revalidate.
func (r *Resolver) Refresh(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	return r.fetch(ctx, did, prior)
}

func (r *Resolver) fetch(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	url, err := didresolve.WebURL(did)
	if err != nil {
		return nil, err
	}
	if !fetchbudget.Spend(ctx) {
		return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "did:web: more fetches than one decision may take"}
	}
	header := http.Header{"Accept": {"application/did, application/did+json, application/did+ld+json, application/json, application/ld+json"}}
	conditional := false
	if prior != nil {
		header.Set("Cache-Control", "no-cache")
		if conditional = prior.ETag != "" && prior.Source == url && prior.Document.ID() == did; conditional {
			header.Set("If-None-Match", prior.ETag)
		}
	}
	asked := r.now()
	resp, err := r.client.Get(ctx, url, header)
	if err != nil {
		return nil, fetchError(err)
	}
	out := &didresolve.Resolution{Source: url, RetrievedAt: asked, KeepFor: keepFor(resp.Header), ETag: etag(resp.Header)}
	if resp.Status == http.StatusNotModified && conditional {
		out.Document = prior.Document
		if out.ETag == "" {
			out.ETag = prior.ETag
		}
		return out, nil
	}
	if err := r.checkResponse(resp); err != nil {
		return nil, err
	}
	if out.Document, err = didresolve.ParseDocument(resp.Body); err != nil {
		var syntax *canonical.Error
		if resp.Open && errors.As(err, &syntax) && syntax.Kind == canonical.Syntax {
			// The response has no length, and its JSON is incomplete or
			// invalid: the connection may have broken, so this is an outage.
			return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "did:web: the answer was cut off", Retryable: true}
		}
		return nil, err
	}
	if out.Document.ID() != did {
		return nil, &didresolve.Error{Type: didresolve.ErrInvalidDocumentID, Detail: fmt.Sprintf("did:web: the document at %.200s has the id %.100q", url, out.Document.ID())}
	}
	return out, nil
}

// fetchError converts the error of a fetch without a response.
func fetchError(err error) error {
	var dns *net.DNSError
	e := &didresolve.Error{Type: didresolve.ErrInternal, Detail: "did:web", Cause: err}
	switch {
	case errors.Is(err, safehttp.ErrTooLarge):
		e.Type = didresolve.ErrInvalidDIDDocument
	case errors.Is(err, safehttp.ErrBlocked), errors.Is(err, safehttp.ErrTLS), errors.Is(err, safehttp.ErrRedirect):
	case strings.Contains(err.Error(), "failed to parse Location header"): // net/http has no error value for it
	case errors.As(err, &dns) && dns.IsNotFound && !dns.IsTimeout && !dns.IsTemporary:
		e.Type = didresolve.ErrNotFound
	default:
		e.Retryable = true
	}
	return e
}

// checkResponse checks the status and the content type of a response.
func (r *Resolver) checkResponse(resp *safehttp.Response) error {
	e := &didresolve.Error{Type: didresolve.ErrInternal, Detail: "did:web: status " + strconv.Itoa(resp.Status)}
	switch status := resp.Status; {
	case status == http.StatusNotFound, status == http.StatusGone:
		e.Type = didresolve.ErrNotFound
		return e
	case status == http.StatusTooManyRequests, status >= 500:
		e.Retryable, e.RetryAfter = true, r.retryAfter(resp.Header.Get("Retry-After"))
		return e
	case status != http.StatusOK:
		return e
	}
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "application/did", "application/did+json", "application/did+ld+json", "application/json", "application/ld+json":
		return nil
	}
	return &didresolve.Error{Type: didresolve.ErrInvalidDIDDocument, Detail: "did:web: the content type is neither DID document nor JSON"}
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3): seconds or a date. It returns
// 0, unknown, if s is neither, and at most maxRetryAfter.
func (r *Resolver) retryAfter(s string) time.Duration {
	wait := time.Duration(0)
	if n, ok := seconds(s); ok {
		wait = n
	} else if t, err := http.ParseTime(s); err == nil {
		wait = t.Sub(r.now())
	}
	return min(max(wait, 0), maxRetryAfter)
}

// etag returns a strong or weak ETag of at most 256 bytes, or "".
func etag(h http.Header) string {
	s := h.Get("ETag")
	opaque := strings.TrimPrefix(s, "W/")
	if len(s) > 256 || len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return ""
	}
	return s
}

// keepFor returns how long a private cache may keep a response (RFC 9111
// §4.2.1): 0 if the header does not say, negative for not at all. The strictest
// of several directives counts. A malformed max-age or Age means not at all.
// keepFor reads neither Expires nor Last-Modified.
func keepFor(h http.Header) time.Duration {
	const none, unset = time.Duration(-1), time.Duration(1<<63 - 1)
	keep := unset
	for _, d := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return none
		case "max-age":
			n, ok := seconds(strings.Trim(value, `"`))
			if !ok {
				return none
			}
			keep = min(keep, n)
		}
	}
	if keep == unset {
		return 0
	}
	if s := h.Get("Age"); s != "" {
		age, ok := seconds(s)
		if !ok {
			return none
		}
		keep -= age
	}
	if keep <= 0 {
		return none
	}
	return keep
}

// seconds reads a delta-seconds (RFC 9111 §1.2.2), at most a year.
func seconds(s string) (time.Duration, bool) {
	if s == "" || strings.TrimLeft(s, "0123456789") != "" {
		return 0, false
	}
	const year = 365 * 24 * 3600
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > year { // s has only digits, so err means more than an int64
		n = year
	}
	return time.Duration(n) * time.Second, true
}
