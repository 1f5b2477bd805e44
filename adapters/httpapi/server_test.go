package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// keys implements Keys with a map from bearer token to Key.
type keys map[string]Key

func (k keys) Key(_ context.Context, token [sha256.Size]byte, _ time.Time) (Key, error) {
	for text, key := range k {
		if sha256.Sum256([]byte(text)) == token {
			if key.ID == "outage" {
				return Key{}, errors.New("dial tcp 10.0.0.7: refused")
			}
			return key, nil
		}
	}
	return Key{}, ErrUnknownKey
}

// shelf stores receipts, or returns its error if one is set.
type shelf struct {
	mu   sync.Mutex
	kept [][]byte
	fail error
	call func()
}

func (s *shelf) KeepReceipt(_ context.Context, _ store.Tenant, r *receipts.Receipt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.call != nil {
		s.call()
	}
	if s.fail == nil {
		s.kept = append(s.kept, r.Bytes())
	}
	return s.fail
}

const (
	token1  = "mk_token-of-the-first"
	secret1 = "ms_secret-of-the-first"
)

// A world is a server with the settings that tests change.
type world struct {
	*Server
	t     testing.TB
	now   time.Time
	shelf *shelf
	log   *bytes.Buffer
	spec  *openapi3.T
}

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, now: sample.Now(), shelf: &shelf{}, log: &bytes.Buffer{}, spec: spec(t)}
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := verifier.New(verifier.Config{
		Resolver: didresolve.Key(), Signer: signer, TrustedIssuers: []string{sample.Issuer}, Now: func() time.Time { return w.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	tenant := store.Tenant{ID: "t1", DID: sample.Verifier}
	cfg := Config{
		Keys: keys{
			token1:          {ID: "k1", Tenant: tenant, Secrets: [][]byte{[]byte(secret1), []byte("ms_older")}},
			"mk_strict":     {ID: "k2", Tenant: tenant, Secrets: [][]byte{[]byte(secret1)}, Strict: true},
			"mk_nobody":     {ID: "k3", Secrets: [][]byte{[]byte(secret1)}},
			"mk_secretless": {ID: "k4", Tenant: tenant, Secrets: [][]byte{{}}},
			"mk_outage":     {ID: "outage"},
			"mk_old":        {ID: "k5", Tenant: tenant, Secrets: [][]byte{[]byte(secret1)}, APIVersion: "2020-01-01"},
		},
		Verifier: engine, Receipts: w.shelf,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now },
	}
	if change != nil {
		change(&cfg)
	}
	if w.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

// request returns a signed call with the key of token1.
func (w *world) request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	stamp := strconv.FormatInt(w.now.UnixMilli(), 10)
	r.Header.Set("Authorization", "Bearer "+token1)
	r.Header.Set("X-Timestamp", stamp)
	r.Header.Set("X-Signature", Sign([]byte(secret1), false, stamp, method, target, []byte(body)))
	return r
}

// do makes a call and checks the properties of all responses.
func (w *world) do(r *http.Request) (int, map[string]any, http.Header) {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	var m map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil {
		w.t.Fatalf("%s %s: %d: no JSON object: %q", r.Method, r.URL, rec.Code, rec.Body)
	}
	if kind := rec.Header().Get("Content-Type"); kind != "application/json" && kind != "application/problem+json" {
		w.t.Errorf("%s %s: Content-Type %q", r.Method, r.URL, kind)
	}
	if rec.Code >= 400 && m["error"] == nil && m["decision"] != "deny" {
		if m["code"] == nil || m["status"] != float64(rec.Code) || m["id"] != nil || m["requestId"] != nil {
			w.t.Errorf("%s %s: no problem: %s", r.Method, r.URL, rec.Body)
		}
	}
	documented(w.t, w.spec, r.Method, r.RequestURI, rec)
	if !strings.HasPrefix(rec.Header().Get("X-Request-Id"), "req_") {
		w.t.Errorf("%s %s: X-Request-Id %q", r.Method, r.URL, rec.Header().Get("X-Request-Id"))
	}
	for _, secret := range []string{token1, secret1, "ms_older", "10.0.0.7", r.Header.Get("X-Signature")} {
		if secret != "" && (strings.Contains(rec.Body.String(), secret) || strings.Contains(w.log.String(), secret) && secret != "10.0.0.7") {
			w.t.Errorf("%s %s: %q in the answer or the log", r.Method, r.URL, secret)
		}
	}
	return rec.Code, m, rec.Header()
}

func body(presentation, params []byte) string {
	b, err := canonical.Marshal(map[string]any{"presentation": parse(presentation), "executionParams": parse(params)})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func parse(b []byte) canonical.Value {
	d, err := canonical.Parse(b)
	if err != nil {
		panic(err)
	}
	return d.Root()
}

func TestAuthentication(t *testing.T) {
	w := newWorld(t, nil)
	const target = "/v1/credential/verify"
	payload := body(sample.Presentation(), sample.ParamsDeny())
	stamp := func(d time.Duration) string { return strconv.FormatInt(w.now.Add(d).UnixMilli(), 10) }
	resign := func(r *http.Request, secret string, strict bool, at, method, target, body string) {
		r.Header.Set("X-Timestamp", at)
		r.Header.Set("X-Signature", Sign([]byte(secret), strict, at, method, target, []byte(body)))
	}
	tests := []struct {
		name   string
		change func(r *http.Request)
		status int
		want   string // in detail; of a 403, the reason
	}{
		{"signed", func(*http.Request) {}, 403, "rule_failed"},
		{"signed in upper case", func(r *http.Request) { r.Header.Set("X-Signature", strings.ToUpper(r.Header.Get("X-Signature"))) }, 403, "rule_failed"},
		{"with the older secret", func(r *http.Request) { resign(r, "ms_older", false, stamp(0), "POST", target, payload) }, 403, "rule_failed"},
		{"four minutes old", func(r *http.Request) { resign(r, secret1, false, stamp(-4*time.Minute), "POST", target, payload) }, 403, "rule_failed"},
		{"strict", func(r *http.Request) {
			r.Header.Set("Authorization", "bearer mk_strict")
			resign(r, secret1, true, stamp(0), "POST", target, payload)
		}, 403, "rule_failed"},
		{"no Authorization", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "one Authorization header"},
		{"two Authorizations", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+token1) }, 401, "one Authorization header"},
		{"Basic", func(r *http.Request) { r.Header.Set("Authorization", "Basic "+token1) }, 401, "no bearer token"},
		{"empty token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401, "no bearer token"},
		{"long token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("a", 600)) }, 401, "no bearer token"},
		{"unknown token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer mk_other") }, 401, "unknown, expired or revoked"},
		{"a key of nobody", func(r *http.Request) { r.Header.Set("Authorization", "Bearer mk_nobody") }, 401, "no tenant"},
		{"a key whose secret is empty", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer mk_secretless")
			resign(r, "", false, stamp(0), "POST", target, payload)
		}, 401, "does not fit"},
		{"no signature", func(r *http.Request) { r.Header.Del("X-Signature") }, 401, "one X-Timestamp and one X-Signature"},
		{"no timestamp", func(r *http.Request) { r.Header.Del("X-Timestamp") }, 401, "one X-Timestamp and one X-Signature"},
		{"two signatures", func(r *http.Request) { r.Header.Add("X-Signature", r.Header.Get("X-Signature")) }, 401, "one X-Timestamp and one X-Signature"},
		{"timestamp in words", func(r *http.Request) { resign(r, secret1, false, "now", "POST", target, payload) }, 401, "not milliseconds"},
		{"timestamp with a sign", func(r *http.Request) { resign(r, secret1, false, "+"+stamp(0), "POST", target, payload) }, 401, "not milliseconds"},
		{"timestamp in seconds", func(r *http.Request) { resign(r, secret1, false, stamp(0)[:10], "POST", target, payload) }, 401, "five minutes"},
		{"timestamp beyond time", func(r *http.Request) { resign(r, secret1, false, "9223372036854775807", "POST", target, payload) }, 401, "not milliseconds"},
		{"stale", func(r *http.Request) {
			resign(r, secret1, false, stamp(-Window-time.Millisecond), "POST", target, payload)
		}, 401, "five minutes"},
		{"from the future", func(r *http.Request) {
			resign(r, secret1, false, stamp(Window+time.Millisecond), "POST", target, payload)
		}, 401, "five minutes"},
		{"signature no hex", func(r *http.Request) { r.Header.Set("X-Signature", "zz") }, 401, "64 hex digits"},
		{"signature cut", func(r *http.Request) { r.Header.Set("X-Signature", r.Header.Get("X-Signature")[:62]) }, 401, "64 hex digits"},
		{"another secret", func(r *http.Request) { resign(r, "ms_other", false, stamp(0), "POST", target, payload) }, 401, "does not fit"},
		{"another body", func(r *http.Request) { resign(r, secret1, false, stamp(0), "POST", target, payload+" ") }, 401, "does not fit"},
		{"the body not signed", func(r *http.Request) { resign(r, secret1, false, stamp(0), "POST", target, "") }, 401, "does not fit"},
		{"another timestamp", func(r *http.Request) { r.Header.Set("X-Timestamp", stamp(time.Second)) }, 401, "does not fit"},
		{"strict, signed as others are", func(r *http.Request) { r.Header.Set("Authorization", "Bearer mk_strict") }, 401, "does not fit"},
		{"strict, another method", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer mk_strict")
			resign(r, secret1, true, stamp(0), "PUT", target, payload)
		}, 401, "does not fit"},
		{"strict, another target", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer mk_strict")
			resign(r, secret1, true, stamp(0), "POST", "/credential/verify", payload)
		}, 401, "does not fit"},
		{"signed as strict keys are", func(r *http.Request) { resign(r, secret1, true, stamp(0), "POST", target, payload) }, 401, "does not fit"},
		{"the keys are out of reach", func(r *http.Request) { r.Header.Set("Authorization", "Bearer mk_outage") }, 500, "X-Request-Id names the call"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			r := w.request("POST", target, payload)
			tt.change(r)
			status, m, h := w.do(r)
			got := fmt.Sprint(m["detail"])
			if status == 403 {
				got = fmt.Sprint(m["reason"])
			}
			if status != tt.status || !strings.Contains(got, tt.want) {
				t.Errorf("got %d %q, want %d %q", status, got, tt.status, tt.want)
			}
			if status == 401 && (m["code"] != "unauthorized" || h.Get("WWW-Authenticate") != "Bearer") {
				t.Errorf("401 with %v, %q", m["code"], h.Get("WWW-Authenticate"))
			}
		})
	}
}

// TestSign compares signatures with those of another implementation (openssl
// dgst -sha256 -hmac secret).
func TestSign(t *testing.T) {
	for _, tt := range []struct {
		name   string
		strict bool
		body   string
		want   string
	}{
		{"body", false, `{"a":1}`, "d57ca0854de81613d608d2f678eef0740362edded524952980acb5aad671a8bc"},
		{"no body", false, "", "a4389bda66d2553e69a5df3a36ef3879e52653f2cde2e9179e5b9f85d8371058"},
		{"strict", true, `{"a":1}`, "dc25e8dcf81588bacf7cbc6b5da321d27a8e96ca352591e2332432f3a8ffc64a"},
	} {
		if got := Sign([]byte("secret"), tt.strict, "1777716960000", "POST", "/v1/request?a=b", []byte(tt.body)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestEveryAnswerIsJSON(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.CallsPerMinute = 3 })
	payload := body(sample.Presentation(), sample.ParamsDeny())
	tests := []struct {
		name           string
		method, target string
		body           string
		status         int
		code           string
		header, value  string
	}{
		{"unknown path", "GET", "/nothing", "", 404, "not_found", "", ""},
		{"root", "GET", "/", "", 404, "not_found", "", ""},
		{"v1 alone", "GET", "/v1", "", 404, "not_found", "", ""},
		{"v1 twice", "POST", "/v1/v1/credential/verify", payload, 404, "not_found", "", ""},
		{"slash at the end", "POST", "/credential/verify/", payload, 404, "not_found", "", ""},
		{"two slashes", "POST", "/credential//verify", payload, 404, "not_found", "", ""},
		{"dots", "POST", "/x/../credential/verify", payload, 404, "not_found", "", ""},
		{"dots, encoded", "POST", "/x/%2e%2e/credential/verify", payload, 404, "not_found", "", ""},
		{"wrong method", "PUT", "/v1/credential/verify", payload, 405, "method_not_allowed", "Allow", "POST"},
		{"wrong method, read", "GET", "/credential/verify", "", 405, "method_not_allowed", "Allow", "POST"},
		{"a method of nobody's", "BREW", "/healthz", "", 405, "method_not_allowed", "Allow", "GET"},
		{"long target", "GET", "/healthz?" + strings.Repeat("a", 9000), "", 414, "uri_too_long", "", ""},
		{"long body", "POST", "/credential/verify", strings.Repeat(" ", maxVerifyBody+1), 413, "too_large", "Connection", "close"},
		{"healthy", "GET", "/v1/healthz", "", 200, "", "", ""},
		{"ready", "GET", "/readyz", "", 200, "", "", ""},
		{"first", "POST", "/credential/verify", payload, 403, "", "RateLimit", `"key";r=2;t=20`},
		{"second", "POST", "/v1/credential/verify", payload, 403, "", "RateLimit-Policy", `"key";q=3;w=60`},
		{"third", "POST", "/v1/credential/verify", "{", 400, "malformed_json", "API-Version", "2026-03-03"},
		{"too many", "POST", "/credential/verify", payload, 429, "rate_limit_exceeded", "Retry-After", "20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			status, m, h := w.do(w.request(tt.method, tt.target, tt.body))
			if code, _ := m["code"].(string); status != tt.status || code != tt.code {
				t.Errorf("got %d %q, want %d %q: %v", status, code, tt.status, tt.code, m)
			}
			if tt.header != "" && h.Get(tt.header) != tt.value {
				t.Errorf("%s: %q, want %q", tt.header, h.Get(tt.header), tt.value)
			}
		})
	}
	w.now = w.now.Add(20 * time.Second)
	if status, m, _ := w.do(w.request("POST", "/credential/verify", payload)); status != 403 {
		t.Errorf("after the wait: %d %v", status, m)
	}
}

func TestPanic(t *testing.T) {
	w := newWorld(t, nil)
	w.shelf.call = func() { panic("a value with " + secret1) }
	status, m, _ := w.do(w.request("POST", "/credential/verify", body(sample.Presentation(), sample.ParamsDeny())))
	if status != 500 || m["code"] != "internal_error" {
		t.Errorf("got %d %v", status, m)
	}
	if !strings.Contains(w.log.String(), "msg=panic") {
		t.Error("the panic is not in the log")
	}
}

func TestConcurrencyLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxConcurrent = 1 })
	inside, leave := make(chan struct{}), make(chan struct{})
	w.shelf.call = func() { close(inside); <-leave }
	payload := body(sample.Presentation(), sample.ParamsDeny())
	first := make(chan int)
	r := w.request("POST", "/credential/verify", payload)
	go func() {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		first <- rec.Code
	}()
	<-inside
	if status, m, h := w.do(w.request("POST", "/credential/verify", payload)); status != 503 || m["code"] != "overloaded" || h.Get("Retry-After") != "1" {
		t.Errorf("the second: %d %v", status, m)
	}
	if status, _, _ := w.do(w.request("GET", "/healthz", "")); status != 200 {
		t.Errorf("health: %d", status)
	}
	close(leave)
	if status := <-first; status != 403 {
		t.Errorf("the first: %d", status)
	}
}

func TestAPIVersion(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, token string
		given       []string
		want        string // version, or part of detail
	}{
		{"none", token1, nil, "2026-03-03"},
		{"the first", token1, []string{"2026-03-03"}, "2026-03-03"},
		{"a later day", token1, []string{"2029-12-31"}, "2026-03-03"},
		{"the day before the first", token1, []string{"2026-03-02"}, "the first version"},
		{"the key's own, too old", "mk_old", nil, "the first version"},
		{"over the key's own", "mk_old", []string{"2026-04-01"}, "2026-03-03"},
		{"empty", token1, []string{""}, "not a date"},
		{"no such day", token1, []string{"2026-02-30"}, "not a date"},
		{"short", token1, []string{"2026-3-3"}, "not a date"},
		{"a time", token1, []string{"2026-03-03T00:00:00Z"}, "not a date"},
		{"twice", token1, []string{"2026-03-03", "2026-03-03"}, "twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			r := w.request("POST", "/credential/verify", "{}")
			r.Header.Set("Authorization", "Bearer "+tt.token)
			r.Header["Api-Version"] = tt.given
			status, m, h := w.do(r)
			if status != 400 {
				t.Fatalf("status %d", status)
			}
			if m["code"] == "invalid_api_version" {
				if m["header"] != "API-Version" || !strings.Contains(fmt.Sprint(m["detail"]), tt.want) {
					t.Errorf("got %v, want %q", m, tt.want)
				}
			} else if h.Get("API-Version") != tt.want || h.Get("Vary") != "API-Version" {
				t.Errorf("got version %q, want %q", h.Get("API-Version"), tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	good := newWorld(t, nil).cfg
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no keys", func(c *Config) { c.Keys = nil }, "Keys is required"},
		{"nowhere to keep receipts", func(c *Config) { c.Receipts = nil }, "Receipts"},
		{"negative", func(c *Config) { c.CreatesPerMinute = -1 }, "negative"},
	} {
		cfg := good
		tt.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
