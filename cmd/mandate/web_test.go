package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
)

// aWeb is a did:web resolver without network. It returns a document or an
// error.
type aWeb struct {
	asked  int
	answer string
	err    error
}

func (w *aWeb) Resolve(_ context.Context, did string) (*didresolve.Resolution, error) {
	if _, err := didresolve.WebURL(did); err != nil {
		return nil, err
	}
	w.asked++
	if w.err != nil {
		return nil, w.err
	}
	d, err := didresolve.ParseDocument([]byte(strings.ReplaceAll(w.answer, "DID", did)))
	return &didresolve.Resolution{Document: d, Source: "https://issuer.example/.well-known/did.json", RetrievedAt: sample.Now()}, err
}

// With --did-web, the command fetches documents that neither --did-doc nor the
// DID contains. Without it, the command fetches nothing.
func TestDIDWeb(t *testing.T) {
	pinned := filepath.Join(t.TempDir(), "did.json")
	if err := os.WriteFile(pinned, []byte(`{"id":"did:web:pinned.example"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const sound = `{"id":"DID"}`
	for _, tt := range []struct {
		name  string
		web   aWeb
		args  []string
		code  int
		want  string // in stdout
		asked int
	}{
		{"a document", aWeb{answer: sound}, []string{"did:web:issuer.example", "--did-web"}, exitOK, `"id":"did:web:issuer.example"`, 1},
		{"not without the flag", aWeb{answer: sound}, []string{"did:web:issuer.example"}, exitNo, "METHOD_NOT_SUPPORTED", 0},
		{"another method", aWeb{answer: sound}, []string{sample.Issuer, "--did-web"}, exitOK, sample.Issuer, 0},
		{"did:jwk", aWeb{}, []string{"did:jwk:eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6Ik8yb252TTYycEMxaW82alFLbThOYzJVeUZYY2Q0a09tT3NCSW9ZdFoyaWsifQ"}, exitOK, `publicKeyJwk`, 0},
		{"a pinned one", aWeb{answer: sound}, []string{"did:web:pinned.example", "--did-web", "--did-doc", pinned}, exitOK, `"id":"did:web:pinned.example"`, 0},
		{"beside a pinned one", aWeb{answer: sound}, []string{"did:web:issuer.example", "--did-web", "--did-doc", pinned}, exitOK, `"id":"did:web:issuer.example"`, 1},
		{"an address", aWeb{answer: sound}, []string{"did:web:127.0.0.1", "--did-web"}, exitNo, "INVALID_DID", 0},
		{"not found", aWeb{err: didresolve.ErrNotFound}, []string{"did:web:issuer.example", "--did-web"}, exitNo, "NOT_FOUND", 1},
		{"no document", aWeb{answer: "[]"}, []string{"did:web:issuer.example", "--did-web"}, exitNo, "INVALID_DID_DOCUMENT", 1},
		{"an outage", aWeb{err: &didresolve.Error{Type: didresolve.ErrInternal, Retryable: true}}, []string{"did:web:issuer.example", "--did-web"}, exitUndecided, "INTERNAL_ERROR", 1},
	} {
		a, out, diag := testApp("")
		a.web = func() (didresolve.Resolver, error) { return &tt.web, nil }
		if code := a.run(append([]string{"did", "resolve"}, tt.args...)); code != tt.code || !strings.Contains(out.String(), tt.want) || tt.web.asked != tt.asked {
			t.Errorf("%s: exit %d, asked %d times, stdout %s, stderr %s", tt.name, code, tt.web.asked, out, diag)
		}
	}
}

// The command does not decide during an outage of an issuer's web site. It denies
// when the document is missing.
func TestVerifyDIDWeb(t *testing.T) {
	const issuer = "did:web:issuer.example"
	vp := strings.ReplaceAll(string(sample.Presentation()), sample.Issuer, issuer)
	method := issuer + "#" + strings.TrimPrefix(sample.Issuer, "did:key:")
	vp = strings.ReplaceAll(vp, issuer+"#"+strings.TrimPrefix(issuer, "did:key:"), method)
	for _, tt := range []struct {
		name  string
		web   aWeb
		flags []string
		code  int
		want  string
		asked int
	}{
		{"an outage", aWeb{err: errors.New("no network")}, []string{"--did-web"}, exitUndecided, "", 1},
		{"gone", aWeb{err: didresolve.ErrNotFound}, []string{"--did-web"}, exitNo, "deny did_not_found", 1},
		{"without a key", aWeb{answer: `{"id":"DID"}`}, []string{"--did-web"}, exitNo, "deny key_not_authorized", 1},
		{"without the flag", aWeb{answer: `{"id":"DID"}`}, nil, exitNo, "deny did_method_not_supported", 0},
	} {
		a, out, diag := testApp(vp)
		a.web = func() (didresolve.Resolver, error) { return &tt.web, nil }
		args := append([]string{"verify", "-", "--params", string(sample.ParamsAllow()), "--issuer", issuer, "--verifier", sample.Verifier, "--challenge", sample.Challenge}, tt.flags...)
		if code := a.run(args); code != tt.code || !strings.HasPrefix(out.String(), tt.want) || tt.web.asked != tt.asked {
			t.Errorf("%s: exit %d, asked %d times, stdout %s, stderr %s", tt.name, code, tt.web.asked, out, diag)
		}
	}
}

// The command's own resolver sends nothing for a DID whose host is an address.
func TestDIDWebRefusesAddresses(t *testing.T) {
	var out, diag strings.Builder
	if code := run([]string{"did", "resolve", "did:web:169.254.169.254", "--did-web"}, strings.NewReader(""), &out, &diag); code != exitNo || !strings.Contains(out.String(), "INVALID_DID") {
		t.Errorf("exit %d, stdout %s, stderr %s", code, &out, &diag)
	}
}
