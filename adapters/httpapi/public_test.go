package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// TestPublic checks the public routes, without a key.
func TestPublic(t *testing.T) {
	in := newInstallAt(t, "mandates.example:8443", func(c *Config) {
		c.Ready = func(context.Context) error { return errors.New("database is locked: /srv/secret.db") }
	})
	id, mandate := in.mandate()
	platform := text(in.must("requester", "GET", "/credential/"+mandate, ""), "w3cCredential", "issuer")
	user := text(in.must("requester", "GET", "/request/"+id, ""), "subjects", 0, "id")
	for _, tt := range []struct {
		path   string
		status int
		kind   string
		want   string
	}{
		{didPath(t, platform), 200, "application/did", `"id":"` + platform + `"`},
		{didPath(t, in.dids["requester"]), 200, "application/did", `"id":"` + in.dids["requester"] + `"`},
		{didPath(t, user), 200, "application/did", `"id":"` + user + `"`},
		{"/user/00000000-0000-4000-8000-000000000000/did.json", 404, "application/problem+json", `"not_found"`},
		{"/user/%3A/did.json", 404, "application/problem+json", `"not_found"`},
		{"/openapi.json", 200, "application/json", string(openAPIJSON)},
		{"/v1/openapi.yaml", 200, "application/yaml", string(openAPIYAML)},
		{"/healthz", 200, "application/json", `"ok"`},
		{"/readyz", 503, "application/problem+json", `"not_ready"`},
	} {
		rec := in.send(httptest.NewRequest("GET", tt.path, nil))
		if rec.Code != tt.status || rec.Header().Get("Content-Type") != tt.kind || !strings.Contains(rec.Body.String(), tt.want) || strings.Contains(rec.Body.String(), "/srv/") {
			t.Errorf("%s: %d %s %.200s, want %d", tt.path, rec.Code, rec.Header().Get("Content-Type"), rec.Body, tt.status)
		}
	}
	if status, m := in.verify("listed", in.present("listed", mandate, "listed"), inLimits); status != 200 {
		t.Errorf("a presentation by a did:web: %d %v", status, m["reason"])
	}
	none := newInstall(t, nil)
	if rec := none.send(httptest.NewRequest("GET", didPath(t, user), nil)); rec.Code != 404 {
		t.Errorf("without a public host: %d, want 404", rec.Code)
	}
}

// didPath returns the path where did:web looks for the document of a DID.
func didPath(t *testing.T, did string) string {
	t.Helper()
	rest, ok := strings.CutPrefix(did, "did:web:mandates.example%3A8443:")
	if !ok {
		t.Fatalf("%q is not under the public host", did)
	}
	return "/" + strings.ReplaceAll(rest, ":", "/") + "/did.json"
}

// TestParameters checks the parameters that this package refuses before it
// calls a service.
func TestParameters(t *testing.T) {
	in := newInstall(t, nil)
	for _, tt := range []struct{ method, target, code string }{
		{"GET", "/request?search=%zz", "invalid_query"},
		{"GET", "/request?securityLevel[x]=CONTACT", "invalid_query"},
		{"PATCH", "/request/resend/507f1f77bcf86cd799439011?contact[x]=a", "invalid_query"},
		{"PATCH", "/request/resend/507f1f77bcf86cd799439011?contact=a&contact=b", "invalid_parameter"},
		{"PATCH", "/request/resend/507f1f77bcf86cd799439011?contact=%zz", "invalid_query"},
	} {
		if status, m := in.do("requester", tt.method, tt.target, ""); status != 400 || m["code"] != tt.code || m["parameter"] == nil {
			t.Errorf("%s: %d %v, want 400 %s", tt.target, status, m, tt.code)
		}
	}
	r := in.signed("requester", "POST", "/request", "{}")
	r.Header.Set("Idempotency-Key", "")
	if rec := in.send(r); rec.Code != 400 || !strings.Contains(rec.Body.String(), "invalid_idempotency_key") {
		t.Errorf("an empty Idempotency-Key: %d %s", rec.Code, rec.Body)
	}
	r = in.signed("requester", "POST", "/request", "{}")
	r.Body = httptest.NewRequest("POST", "/", iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader([]byte("{}"))))).Body
	if rec := in.send(r); rec.Code != 400 || !strings.Contains(rec.Body.String(), "body_unreadable") {
		t.Errorf("a body that breaks off: %d %s", rec.Code, rec.Body)
	}
	broken := newInstall(t, func(c *Config) { c.Rand = iotest.ErrReader(errors.New("none")) })
	rec := httptest.NewRecorder()
	if broken.ServeHTTP(rec, broken.signed("requester", "GET", "/request", "")); rec.Code != 500 || !strings.Contains(rec.Body.String(), "internal_error") {
		t.Errorf("without randomness: %d %s", rec.Code, rec.Body)
	}
}

// TestPhoneNumberPlus checks that a phone number is found with every spelling
// of its plus.
func TestPhoneNumberPlus(t *testing.T) {
	in := newInstall(t, nil)
	id := text(in.hotel("+351912345678"), "id")
	for _, q := range []string{"contact=+351912345678", "contact=%2B351912345678"} {
		if got := text(in.must("requester", "GET", "/request?"+q, ""), "data", 0, "id"); got != id {
			t.Errorf("%s finds %q", q, got)
		}
	}
	if got := in.must("requester", "PATCH", "/request/resend/"+id+"?contact=+351912345678", ""); text(got, "contacts", 0) != "+351912345678" {
		t.Errorf("sent to %v", got)
	}
}

// TestNetHTTPErrors checks that invalid calls on a connection, which never
// reach a route, get JSON or no body.
func TestNetHTTPErrors(t *testing.T) {
	in := newInstall(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := in.HTTPServer()
	go server.Serve(l)
	defer server.Close()
	for _, tt := range []struct {
		name, sent string
		status     int
		body       string // prefix
	}{
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, `{"code":"not_found"`},
		{"GET *", "GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, `{"code":"not_found"`},
		{"OPTIONS of a route", "OPTIONS /v1/request HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405, `{"code":"method_not_allowed"`},
		{"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, `{"code":"not_found"`},
		{"an Expect that nobody knows", "POST /v1/passports HTTP/1.1\r\nHost: a\r\nExpect: foo\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 417, ""},
		{"an Expect that is met", "POST /v1/passports HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 401, `{"error"`},
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, tt.sent)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != tt.status || !strings.HasPrefix(string(b), tt.body) || tt.body == "" && len(b) > 0 {
			t.Errorf("%s: %d %q %v, want %d %q", tt.name, resp.StatusCode, b, err, tt.status, tt.body)
		}
		c.Close()
	}
}
