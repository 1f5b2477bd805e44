package httpapi

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// TestPublic: what anybody may read, without a key.
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

// didPath is where did:web has the document of a DID.
func didPath(t *testing.T, did string) string {
	t.Helper()
	rest, ok := strings.CutPrefix(did, "did:web:mandates.example%3A8443:")
	if !ok {
		t.Fatalf("%q is not under the public host", did)
	}
	return "/" + strings.ReplaceAll(rest, ":", "/") + "/did.json"
}

// TestParameters: what this package refuses before a service sees it.
func TestParameters(t *testing.T) {
	in := newInstall(t, nil)
	for _, tt := range []struct{ method, target, code string }{
		{"GET", "/request?search=%zz", "invalid_query"},
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
