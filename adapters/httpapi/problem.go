package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
)

// A problem is an error for the caller.
type problem struct {
	status int
	code   string // stable
	detail string // for people; may quote the call, never stored data
	// The location, at most one of: an RFC 6901 pointer in the body, valid if
	// hasPointer is set (the whole body is ""); a parameter of the query or
	// the path; a header.
	pointer           string
	hasPointer        bool
	parameter, header string
	// extra members of the response.
	extra      object
	retryAfter time.Duration
	allow      string // methods, for 405
}

func (p *problem) Error() string { return "httpapi: " + p.code + ": " + p.detail }

// An object is a JSON object under construction.
type object map[string]any

func (o object) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// maxShown bounds the texts of a problem, in bytes.
const maxShown = 300

// members returns the members of RFC 9457, the code and the location. It must
// not add id or requestId: clients of the create route take either as success.
func (p *problem) members() object {
	o := object{"type": "about:blank", "title": http.StatusText(p.status), "status": p.status, "code": p.code}
	o.put("detail", quote.Cut(p.detail, maxShown))
	if p.hasPointer {
		o["pointer"] = quote.Cut(p.pointer, maxShown)
	}
	o.put("parameter", quote.Cut(p.parameter, maxShown))
	o.put("header", p.header)
	for name, v := range p.extra {
		o[name] = v
	}
	return o
}

func internal() *problem {
	return &problem{status: http.StatusInternalServerError, code: "internal_error", detail: "the server failed; X-Request-Id names the call in its log"}
}

// write sends a problem in the format of the route.
func (p *problem) write(w http.ResponseWriter, c *call) {
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((p.retryAfter+time.Second-1)/time.Second), 10))
	}
	switch p.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", p.allow)
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	body, kind := any(p.members()), "application/problem+json"
	if c.envelope {
		kind = "application/json"
		body = object{"error": p.envelope(), "meta": c.meta()}
	}
	b, err := canonical.Marshal(body)
	if err != nil { // unreachable: all texts were cut
		b = []byte(`{"code":"internal_error"}`)
	}
	writeJSON(w, p.status, kind, b)
}

// envelope returns a problem in the format of the passport routes. They have
// fewer codes, so the specific code goes into the details.
func (p *problem) envelope() object {
	o := object{"code": p.code, "message": quote.Cut(p.detail, maxShown)}
	details := object{}
	if p.status == http.StatusBadRequest || p.status == http.StatusRequestEntityTooLarge {
		o["code"] = "invalid_request"
		details["code"] = p.code
	}
	if p.hasPointer {
		details["pointer"] = quote.Cut(p.pointer, maxShown)
	}
	details.put("parameter", quote.Cut(p.parameter, maxShown))
	details.put("header", p.header)
	if len(details) > 0 {
		o["details"] = details
	}
	return o
}

func writeJSON(w http.ResponseWriter, status int, kind string, b []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b) // an error means that the client has disconnected
}
