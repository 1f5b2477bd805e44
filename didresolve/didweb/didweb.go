// Package didweb answers one question: which document does the owner of a
// domain publish for this did:web, now?
//
// It is an HTTP client that goes where a DID says, and whoever wrote the DID
// may be hostile. The host must be a public name and lead to public addresses,
// whatever DNS answers and however often; the connection is TLS, the answer
// small, and the document's id the DID. Proxies of the environment are not
// used: let a firewall that this process cannot avoid do their work.
//
// The document is what the owner of the domain, or whoever controls its DNS or
// its certificates, says at the moment. There is no history and no proof of
// it: keep receipts, which hold the keys that a decision rested on, and pin
// documents that may not change ([didresolve.Pinned]). DNSSEC is not checked.
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

// ErrBlocked is in the error for a DID whose host leads to an address, or whose
// port is one, that is not connected to. It is worth an alarm: names of honest
// issuers do not lead into private networks.
var ErrBlocked = safehttp.ErrBlocked

// maxBody is the largest document that didresolve.ParseDocument reads.
const maxBody = 64 << 10

// maxRetryAfter bounds how long a server can tell callers to stay away.
const maxRetryAfter = time.Hour

// Config configures a Resolver. The zero value is safe and complete.
type Config struct {
	// Ports are the ports of DIDs that may be connected to. Empty means 443.
	Ports []uint16
	// Timeout bounds one fetch, from the lookup of the name to the last byte.
	// Zero means five seconds.
	Timeout time.Duration
	// MaxConcurrent is how many fetches run at a time, others wait within
	// their Timeout. Zero means 16; at most four go to one host.
	MaxConcurrent int
	// SameHostRedirects follows up to three redirects to https URLs of the
	// same host and port. Otherwise every redirect is an error: the method
	// knows none.
	SameHostRedirects bool
	// RootCAs are the certificate authorities to trust. Nil means the system's.
	RootCAs *x509.CertPool
	// DNS looks names up, over HTTPS for example. Nil means the system's.
	// Addresses that it answers are held to the same rules.
	DNS *net.Resolver
	// Now is the clock of Resolution.RetrievedAt. Nil means time.Now.
	Now func() time.Time
}

// A Resolver resolves did:web over HTTPS. It keeps nothing: put a
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

// Resolve implements [didresolve.Resolver]. [didresolve.WebURL] says which
// DIDs have a URL at all; for the others nothing is sent.
//
// Status 404 and 410, and a host that DNS knows not to exist, are ErrNotFound.
// An answer of another type than JSON or DID, of more than 64 KiB, or that is
// no document of exactly this DID, is an error about the document. Everything
// else is ErrInternal, which says nothing about the DID: Retryable after
// timeouts, broken connections, DNS failures, 429 and 5xx, with RetryAfter as
// the server says; not after other statuses, redirects included, failures of
// TLS, and [ErrBlocked].
func (r *Resolver) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return r.fetch(ctx, did, nil)
}

// Refresh implements [didresolve.Refresher]. The server is told the ETag of
// prior, and asked past caches on the way.
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
		return nil, failed(err)
	}
	out := &didresolve.Resolution{Source: url, RetrievedAt: asked, KeepFor: keepFor(resp.Header), ETag: etag(resp.Header)}
	if resp.Status == http.StatusNotModified && conditional {
		out.Document = prior.Document
		if out.ETag == "" {
			out.ETag = prior.ETag
		}
		return out, nil
	}
	if err := r.refused(resp); err != nil {
		return nil, err
	}
	if out.Document, err = didresolve.ParseDocument(resp.Body); err != nil {
		var syntax *canonical.Error
		if resp.Open && errors.As(err, &syntax) && syntax.Kind == canonical.Syntax {
			// It ends where the connection did, in the middle: an outage.
			return nil, &didresolve.Error{Type: didresolve.ErrInternal, Detail: "did:web: the answer was cut off", Retryable: true}
		}
		return nil, err
	}
	if out.Document.ID() != did {
		return nil, &didresolve.Error{Type: didresolve.ErrInvalidDocumentID, Detail: fmt.Sprintf("did:web: the document at %.200s has the id %.100q", url, out.Document.ID())}
	}
	return out, nil
}

// failed turns a fetch that had no answer into an error.
func failed(err error) error {
	var lookup *net.DNSError
	e := &didresolve.Error{Type: didresolve.ErrInternal, Detail: "did:web", Cause: err}
	switch {
	case errors.Is(err, safehttp.ErrTooLarge):
		e.Type = didresolve.ErrInvalidDIDDocument
	case errors.Is(err, safehttp.ErrBlocked), errors.Is(err, safehttp.ErrTLS), errors.Is(err, safehttp.ErrRedirect):
	case strings.Contains(err.Error(), "failed to parse Location header"): // net/http has no error of its own for it
	case errors.As(err, &lookup) && lookup.IsNotFound && !lookup.IsTimeout && !lookup.IsTemporary:
		e.Type = didresolve.ErrNotFound
	default:
		e.Retryable = true
	}
	return e
}

// refused says why an answer is no document.
func (r *Resolver) refused(resp *safehttp.Response) error {
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
	return &didresolve.Error{Type: didresolve.ErrInvalidDIDDocument, Detail: "did:web: the content type is no DID document or JSON"}
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3): seconds or a date. What
// cannot be read is 0, unknown.
func (r *Resolver) retryAfter(s string) time.Duration {
	wait := time.Duration(0)
	if n, ok := seconds(s); ok {
		wait = n
	} else if t, err := http.ParseTime(s); err == nil {
		wait = t.Sub(r.now())
	}
	return min(max(wait, 0), maxRetryAfter)
}

// etag returns a strong or weak ETag of a sane size, or "".
func etag(h http.Header) string {
	s := h.Get("ETag")
	opaque := strings.TrimPrefix(s, "W/")
	if len(s) > 256 || len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return ""
	}
	return s
}

// keepFor reads how long a private cache may keep an answer (RFC 9111 §4.2.1):
// 0 when it does not say, negative for not at all. Of several directives the
// strictest counts, and one that cannot be read means not at all. Expires and
// heuristics are not read.
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

// seconds reads a delta-seconds (RFC 9111 §1.2.2); more than a year is one.
func seconds(s string) (time.Duration, bool) {
	if s == "" || strings.TrimLeft(s, "0123456789") != "" {
		return 0, false
	}
	const most = 365 * 24 * 3600
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > most {
		n = most // too large, by far or by a little
	}
	return time.Duration(n) * time.Second, true
}
