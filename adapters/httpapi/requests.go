package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/verifier"
)

// maxIdempotencyKey bounds an Idempotency-Key.
const maxIdempotencyKey = 255

// createRequest answers POST /request.
func (s *Server) createRequest(c *call) (reply, error) {
	idempotency, err := idempotencyKey(c.Header)
	if err != nil {
		return reply{}, err
	}
	b, replayed, err := s.cfg.Requests.Create(c.Context(), c.key.Tenant, c.body, idempotency, func() error { return s.creates.take(c.key.ID, c.now, c.header) })
	if err != nil {
		return reply{}, err
	}
	if replayed {
		c.header.Set("Idempotency-Replayed", "true")
	}
	return reply{status: http.StatusOK, body: b}, nil
}

// idempotencyKey returns the Idempotency-Key of a call, or "". The value is an
// RFC 9651 string in quotes, or a bare string.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	bad := &problem{status: http.StatusBadRequest, code: "invalid_idempotency_key", header: "Idempotency-Key", detail: "it is not 1 to 255 visible ASCII characters"}
	k := values[0]
	if len(k) >= 2 && k[0] == '"' && k[len(k)-1] == '"' {
		k = k[1 : len(k)-1]
	}
	if len(values) > 1 || k == "" || len(k) > maxIdempotencyKey {
		return "", bad
	}
	for _, b := range []byte(k) {
		if b <= ' ' || b > '~' || b == '"' || b == '\\' {
			return "", bad
		}
	}
	return k, nil
}

// listParameters are the parameters of GET /request. The value reports whether
// a parameter is a list.
var listParameters = map[string]bool{"pageIndex": false, "pageSize": false, "search": false, "contact": false, "did": false, "subjectInternalId": false,
	"internalId": false, "credentialInternalId": false, "securityLevel": true, "dateFrom": false, "dateTo": false}

// listRequests answers GET /request.
func (s *Server) listRequests(c *call) (reply, error) {
	q, err := query(c.URL.RawQuery, listParameters)
	if err != nil {
		return reply{}, err
	}
	return ok(s.cfg.Requests.List(c.Context(), c.key.Tenant, q))
}

// query parses the parameters of a query. A list may be spelled k=a&k=b, k[]=a
// or k[0]=a, and k=a,b if known says that k is a list. Other brackets after a
// known name are an error, because the caller probably meant to filter. query
// returns unknown names too; the callers ignore them. In contact it accepts a
// literal plus before digits, which otherwise means a space, so that phone
// numbers work without %2B.
func query(raw string, known map[string]bool) (map[string][]string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &problem{status: http.StatusBadRequest, code: "invalid_query", parameter: "?", detail: "the query cannot be read"}
	}
	out := map[string][]string{}
	for name, vs := range values {
		if open := strings.IndexAny(name, "[]"); open > 0 {
			base, index := name[:open], name[open:]
			list, isKnown := known[base]
			switch {
			case index[0] == '[' && index[len(index)-1] == ']' && strings.Trim(index[1:len(index)-1], "0123456789") == "":
				name = base
			case isKnown:
				like := base + "=a"
				if list {
					like = fmt.Sprintf("%[1]s=a&%[1]s=b, %[1]s[]=a, %[1]s[0]=a or %[1]s=a,b", base)
				}
				return nil, &problem{status: http.StatusBadRequest, code: "invalid_query", parameter: name, detail: "it is to be spelled " + like}
			}
		}
		if known[name] {
			vs = strings.Split(strings.Join(vs, ","), ",")
		}
		for _, v := range vs {
			if name == "contact" && len(v) > 1 && v[0] == ' ' && strings.Trim(v[1:], "0123456789") == "" {
				v = "+" + v[1:]
			}
			out[name] = append(out[name], v)
		}
	}
	return out, nil
}

// resend answers PATCH /request/resend/{id}.
func (s *Server) resend(c *call) (reply, error) {
	q, err := query(c.URL.RawQuery, map[string]bool{"contact": false})
	if err != nil {
		return reply{}, err
	}
	contact := ""
	switch given := q["contact"]; {
	case len(given) == 1:
		contact = given[0]
	case len(given) > 1:
		return reply{}, &problem{status: http.StatusBadRequest, code: "invalid_parameter", parameter: "contact", detail: "it is given twice"}
	}
	return ok(s.cfg.Requests.Resend(c.Context(), c.key.Tenant, c.PathValue("id"), contact))
}

// createPassport answers POST /passports.
func (s *Server) createPassport(c *call) (reply, error) {
	if err := s.creates.take(c.key.ID, c.now, c.header); err != nil {
		return reply{}, err
	}
	data, err := s.cfg.Passports.Create(c.Context(), c.key.Tenant, c.body)
	return enveloped(c, http.StatusCreated, data, err)
}

// passport answers GET /passports/{id}.
func (s *Server) passport(c *call) (reply, error) {
	data, err := s.cfg.Passports.Get(c.Context(), c.key.Tenant, c.PathValue("id"))
	return enveloped(c, http.StatusOK, data, err)
}

func enveloped(c *call, status int, data []byte, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	doc, err := canonical.Parse(data)
	if err != nil {
		return reply{}, err
	}
	b, err := canonical.Marshal(object{"data": doc.Root(), "meta": c.meta()})
	return reply{status: status, body: b}, err
}

// statusList answers GET /status/{n}. The lists are public, because everyone
// who receives a mandate must be able to check revocation.
func (s *Server) statusList(c *call) (reply, error) {
	b, err := s.cfg.Requests.StatusList(c.Context(), s.cfg.PublicURL+"/status/"+c.PathValue("n"))
	if errors.Is(err, verifier.ErrNoStatusList) {
		err = notFound()
	}
	return ok(b, err)
}

// didDocument answers GET /{kind}/{id}/did.json, where did:web looks for the
// documents of the DIDs of the service.
func didDocument(kind string) handler {
	return func(s *Server, c *call) (reply, error) {
		did := "did:web:" + strings.ReplaceAll(s.cfg.PublicHost, ":", "%3A") + ":" + kind + ":" + c.PathValue("id")
		res, err := s.cfg.Requests.Resolve(c.Context(), did)
		if err != nil {
			switch didresolve.TypeOf(err) {
			case didresolve.ErrNotFound, didresolve.ErrInvalidDID, didresolve.ErrMethodNotSupported:
				err = notFound()
			}
			return reply{}, err
		}
		return reply{status: http.StatusOK, body: res.Document.Raw(), kind: "application/did"}, nil
	}
}

func ok(b []byte, err error) (reply, error) { return reply{status: http.StatusOK, body: b}, err }

func created(b []byte, err error) (reply, error) {
	return reply{status: http.StatusCreated, body: b}, err
}

// The three signatures of service methods.
type (
	withNothing = func(context.Context, store.Tenant) ([]byte, error)
	withID      = func(context.Context, store.Tenant, string) ([]byte, error)
	withBody    = func(context.Context, store.Tenant, []byte) ([]byte, error)
	withIDBody  = func(context.Context, store.Tenant, string, []byte) ([]byte, error)
)

func all(f withNothing) handler {
	return func(_ *Server, c *call) (reply, error) { return ok(f(c.Context(), c.key.Tenant)) }
}

func byID(f withID) handler {
	return func(_ *Server, c *call) (reply, error) {
		return ok(f(c.Context(), c.key.Tenant, c.PathValue("id")))
	}
}

func posted(f withBody) handler {
	return func(_ *Server, c *call) (reply, error) { return created(f(c.Context(), c.key.Tenant, c.body)) }
}

func done(f withIDBody) handler {
	return func(_ *Server, c *call) (reply, error) {
		return ok(f(c.Context(), c.key.Tenant, c.PathValue("id"), c.body))
	}
}
