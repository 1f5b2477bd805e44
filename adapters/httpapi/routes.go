package httpapi

import (
	"net/http"
	"strings"
)

// isPassports reports whether errors for a path have the format of the
// passport routes. It is true for unknown paths under that prefix too.
func isPassports(path string) bool {
	path = strings.TrimPrefix(path, "/v1")
	return path == "/passports" || strings.HasPrefix(path, "/passports/")
}

// routes returns the table of routes, without the routes of nil services.
func (s *Server) routes() []route {
	routes := []route{
		{pattern: "GET /healthz", handle: (*Server).healthz, public: true},
		{pattern: "GET /readyz", handle: (*Server).readyz, public: true},
		{pattern: "GET /openapi.json", handle: (*Server).openAPIJSON, public: true},
		{pattern: "GET /openapi.yaml", handle: (*Server).openAPIYAML, public: true},
	}
	if s.cfg.Verifier != nil {
		routes = append(routes, route{pattern: "POST /credential/verify", handle: (*Server).verify, maxBody: maxVerifyBody})
	}
	if r := s.cfg.Requests; r != nil {
		routes = append(routes,
			route{pattern: "POST /request", handle: (*Server).createRequest, maxBody: maxRequestBody},
			route{pattern: "GET /request", handle: (*Server).listRequests},
			route{pattern: "GET /request/{id}", handle: byID(r.Detail)},
			route{pattern: "DELETE /request/{id}", handle: byID(r.Cancel)},
			route{pattern: "POST /request/{id}/decision", handle: done(r.Decide)},
			route{pattern: "PATCH /request/resend/{id}", handle: (*Server).resend},
			route{pattern: "GET /credential/{id}", handle: byID(r.Credential)},
			route{pattern: "POST /credential/vp/{id}", handle: done(r.Present)},
			route{pattern: "DELETE /credential/revoke/{id}", handle: done(r.Revoke)},
			route{pattern: "GET /evidence/{id}", handle: byID(r.Evidence)},
			route{pattern: "GET /receipt/{id}", handle: byID(r.Receipt)},
			route{pattern: "POST /actions", handle: posted(r.PublishAction), maxBody: maxVerifyBody},
			route{pattern: "GET /actions", handle: all(r.Actions)},
			route{pattern: "GET /actions/version/{id}", handle: byID(r.ActionVersion)},
			route{pattern: "POST /resource", handle: posted(r.CreateResource), maxBody: maxRequestBody},
			route{pattern: "POST /resource/group", handle: posted(r.CreateGroup)},
			route{pattern: "GET /resource", handle: all(r.Resources)},
			route{pattern: "GET /status/{n}", handle: (*Server).statusList, public: true},
			route{pattern: "GET /platform/{id}/did.json", handle: didDocument("platform"), public: true},
			route{pattern: "GET /user/{id}/did.json", handle: didDocument("user"), public: true},
		)
	}
	if s.cfg.Passports != nil {
		routes = append(routes,
			route{pattern: "POST /passports", handle: (*Server).createPassport, bearer: true, envelope: true},
			route{pattern: "GET /passports/{id}", handle: (*Server).passport, bearer: true, envelope: true},
		)
	}
	return routes
}

// healthz always reports ok.
func (*Server) healthz(*call) (reply, error) {
	return reply{status: http.StatusOK, body: []byte(`{"status":"ok"}`)}, nil
}

// readyz reports whether the server can work.
func (s *Server) readyz(c *call) (reply, error) {
	if s.cfg.Ready != nil {
		if err := s.cfg.Ready(c.Context()); err != nil {
			s.cfg.Log.Error("not ready", "id", c.id, "error", err)
			return reply{}, &problem{status: http.StatusServiceUnavailable, code: "not_ready", detail: "the server cannot work at present"}
		}
	}
	return reply{status: http.StatusOK, body: []byte(`{"status":"ready"}`)}, nil
}
