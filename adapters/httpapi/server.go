package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
)

// Limits of a call.
const (
	maxVerifyBody  = 1 << 20  // the limit of the verifier
	maxRequestBody = 12 << 20 // documents are in base64
	maxSmallBody   = 64 << 10
	maxURL         = 8 << 10
	maxPublic      = 32 // concurrent unauthenticated calls
)

// A Server is the HTTP API. It is an http.Handler.
type Server struct {
	cfg            Config
	mux            *http.ServeMux
	creates, calls *limiters
	slots, open    chan struct{} // semaphores for calls with a key and for public calls
}

// A call is the state of one HTTP request.
type call struct {
	*http.Request
	key      Key
	body     []byte
	id       string // X-Request-Id
	version  string
	envelope bool // errors in the format of the passport routes
	header   http.Header
	now      time.Time
}

func (c *call) meta() object {
	return object{"timestamp": c.now.UTC().Format("2006-01-02T15:04:05.000Z"), "requestId": c.id}
}

// A reply is the result of a handler.
type reply struct {
	status int
	body   []byte
	kind   string // content type; empty means application/json
}

type handler = func(*Server, *call) (reply, error)

// A route is one row of the table of routes.
type route struct {
	pattern string // as in http.ServeMux, without /v1
	handle  handler
	// public routes need no key.
	public bool
	// bearer routes check a signature only if the call has one.
	bearer bool
	// envelope selects the error format of the passport routes.
	envelope bool
	maxBody  int64
}

// New checks a Config and returns a Server.
func New(cfg Config) (*Server, error) {
	if cfg.Keys == nil {
		return nil, errors.New("httpapi: Config.Keys is required")
	}
	if cfg.Verifier != nil && cfg.Receipts == nil {
		return nil, errors.New("httpapi: Config.Verifier needs Config.Receipts to keep what it signs")
	}
	for _, n := range []*int{&cfg.CreatesPerMinute, &cfg.CallsPerMinute, &cfg.MaxConcurrent} {
		if *n < 0 {
			return nil, errors.New("httpapi: CreatesPerMinute, CallsPerMinute and MaxConcurrent must not be negative")
		}
	}
	cfg.CreatesPerMinute = orDefault(cfg.CreatesPerMinute, DefaultCreatesPerMinute)
	cfg.CallsPerMinute = orDefault(cfg.CallsPerMinute, DefaultCallsPerMinute)
	cfg.MaxConcurrent = orDefault(cfg.MaxConcurrent, DefaultMaxConcurrent)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{
		cfg: cfg, mux: http.NewServeMux(), slots: make(chan struct{}, cfg.MaxConcurrent), open: make(chan struct{}, maxPublic),
		creates: newLimiters(cfg.CreatesPerMinute), calls: newLimiters(cfg.CallsPerMinute),
	}
	for _, rt := range s.routes() {
		method, target, _ := strings.Cut(rt.pattern, " ")
		for _, prefix := range []string{"", "/v1"} {
			s.mux.HandleFunc(method+" "+prefix+target, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
		}
	}
	return s, nil
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

func (s *Server) now() time.Time { return s.cfg.Now() }

// HTTPServer returns an http.Server for the handler, with limits that a
// handler cannot set: 32 KiB of headers, five seconds to read them, a minute
// for a whole call.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32<<10 - 4096, // net/http adds 4096
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelWarn),
		// OPTIONS * gets the response of an unknown route.
		DisableGeneralOptionsHandler: true,
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, header: w.Header(), now: s.now(), envelope: isPassports(r.URL.Path)}
	c.header.Set("X-Content-Type-Options", "nosniff")
	c.header.Set("Cache-Control", "no-store")
	rw := &recorder{ResponseWriter: w}
	defer func() {
		if v := recover(); v != nil {
			// The value may contain anything from the stack, so log only its
			// type and the stack frames.
			s.cfg.Log.Error("panic", "id", c.id, "type", fmt.Sprintf("%T", v), "stack", frames(debug.Stack()))
			if rw.status != 0 {
				panic(http.ErrAbortHandler) // part of the response was sent: close the connection so that it does not look complete
			}
			internal().write(rw, c)
		}
		// Neither path nor query: they contain names of people.
		s.cfg.Log.Info("call", "id", c.id, "method", method(r.Method), "route", c.Pattern, "status", rw.status, "key", c.key.ID, "took", s.now().Sub(c.now))
	}()
	var err error
	if c.id, err = s.newID(); err != nil {
		internal().write(rw, c)
		return
	}
	c.header.Set("X-Request-Id", c.id)
	if p := s.misdirected(r); p != nil {
		p.write(rw, c)
		return
	}
	s.mux.ServeHTTP(rw, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
}

// callKey is the context key of the call behind http.ServeMux.
type callKey struct{}

// misdirected finds the calls that http.ServeMux would answer in another
// format: unknown paths, wrong methods, and paths that it would clean.
func (s *Server) misdirected(r *http.Request) *problem {
	if len(r.RequestURI) > maxURL {
		return &problem{status: http.StatusRequestURITooLong, code: "uri_too_long", detail: fmt.Sprintf("at most %d bytes", maxURL)}
	}
	if p := r.URL.Path; p == "" || p[0] != '/' || p != path.Clean(p) && p != path.Clean(p)+"/" {
		return notFound()
	}
	if _, pattern := s.mux.Handler(r); pattern != "" {
		return nil
	}
	var allow []string
	for _, m := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := s.mux.Handler(other); pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		return notFound()
	}
	return &problem{status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: "the methods are in Allow", allow: strings.Join(allow, ", ")}
}

func notFound() *problem {
	return &problem{status: http.StatusNotFound, code: "not_found", detail: "there is nothing here"}
}

// serve checks key, body, signature, limits and version, in this order, and
// runs the handler. Unauthenticated calls cost least.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt route) {
	c := r.Context().Value(callKey{}).(*call)
	c.Request, c.envelope = r, rt.envelope
	a, err := s.carry(c, rt, w)
	if err != nil {
		s.problemOf(c, err).write(w, c)
		return
	}
	if a.kind == "" {
		a.kind = "application/json"
	}
	writeJSON(w, a.status, a.kind, a.body)
}

func (s *Server) carry(c *call, rt route, w http.ResponseWriter) (reply, error) {
	slots := s.slots
	if rt.public {
		slots = s.open
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	default:
		return reply{}, &problem{status: http.StatusServiceUnavailable, code: "overloaded", detail: "too many calls at a time", retryAfter: time.Second}
	}
	if rt.public {
		return rt.handle(s, c)
	}
	key, err := s.identify(c.Request)
	if err != nil {
		return reply{}, err
	}
	c.key = key
	if c.body, err = readBody(w, c.Request, rt.maxBody); err != nil {
		return reply{}, err
	}
	if !rt.bearer || key.Strict || signed(c.Request) {
		if err := s.authenticate(c.Request, key, c.body); err != nil {
			return reply{}, err
		}
	}
	if err := s.calls.take(key.ID, c.now, c.header); err != nil {
		return reply{}, err
	}
	if c.version, err = version(c.Request, key); err != nil {
		return reply{}, err
	}
	c.header.Set("API-Version", c.version)
	c.header.Set("Vary", "API-Version")
	return rt.handle(s, c)
}

func signed(r *http.Request) bool {
	return len(r.Header.Values("X-Timestamp")) > 0 || len(r.Header.Values("X-Signature")) > 0
}

// readBody reads a body of at most limit bytes. Routes without a body have
// limit 0. They read a body anyway, because the signature covers it, and
// ignore it.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if limit == 0 {
		limit = maxSmallBody
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &problem{status: http.StatusRequestEntityTooLarge, code: "too_large", detail: fmt.Sprintf("the body has more than %d bytes", limit), extra: object{"limit": limit}}
	case err != nil:
		return nil, &problem{status: http.StatusBadRequest, code: "body_unreadable", detail: "the body broke off"}
	}
	return b, nil
}

// newID returns an id for a call.
func (s *Server) newID() (string, error) {
	var b [12]byte
	if _, err := io.ReadFull(s.cfg.Rand, b[:]); err != nil {
		return "", err
	}
	return "req_" + hex.EncodeToString(b[:]), nil
}

// A recorder records the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController and http.MaxBytesReader.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// method returns the method for the log, or a fixed text for unknown methods,
// which the caller controls.
func method(m string) string {
	if slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, m) {
		return m
	}
	return "other"
}

// frames returns the functions of a stack without their arguments.
func frames(stack []byte) []string {
	var out []string
	for line := range strings.Lines(string(stack)) {
		if at, ok := strings.CutPrefix(line, "\t"); ok && len(out) < 20 {
			at, _, _ = strings.Cut(strings.TrimSpace(at), " +0x")
			out = append(out, path.Base(at))
		}
	}
	return out
}

var statusOf = map[fault.Kind]int{
	fault.Invalid:   http.StatusBadRequest,
	fault.Forbidden: http.StatusForbidden,
	fault.NotFound:  http.StatusNotFound,
	fault.Conflict:  http.StatusConflict,
	fault.Mismatch:  http.StatusUnprocessableEntity,
	fault.Locked:    http.StatusLocked,
	fault.TooLarge:  http.StatusRequestEntityTooLarge,
	fault.Limited:   http.StatusTooManyRequests,
}

// problemOf returns the problem for an error. Errors that are not meant for
// callers are logged and sent as 500 without detail.
func (s *Server) problemOf(c *call, err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var f *fault.Error
	if errors.As(err, &f) && statusOf[f.Kind] != 0 {
		return &problem{status: statusOf[f.Kind], code: f.Code, detail: f.Detail, pointer: f.Pointer, hasPointer: f.InBody, parameter: f.Parameter, retryAfter: f.RetryAfter}
	}
	s.cfg.Log.Error("failed", "id", c.id, "error", err)
	return internal()
}
