package httpapi

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

// FuzzQuery checks that a query is refused or each of its known parameters is
// in the result.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"securityLevel=a,b&securityLevel[]=c&securityLevel[0]=d", "contact=+351911111111", "search[x]=1", "securityLevel[=a", "[0]=1", "a=%zz", "search=%00&unknown[x]=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := query(raw, listParameters)
		if err != nil {
			var p *problem
			if !errors.As(err, &p) || p.status != 400 || p.code != "invalid_query" || p.parameter == "" {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatalf("%q was read: %v", raw, err)
		}
		for name, vs := range values {
			base, _, _ := strings.Cut(name, "[")
			if _, known := listParameters[base]; known && len(got[base]) < len(vs) {
				t.Errorf("%q: of %q there are %q", raw, name, got[base])
			}
		}
	})
}

// FuzzVerifyBody checks that the two parts that verifyRequest returns are
// parts of the body.
func FuzzVerifyBody(f *testing.F) {
	for _, s := range []string{`{"presentation":{"a":1},"executionParams":{}}`, `{"presentation":null}`, `{"presentation":1,"presentation":2}`, `[]`, `{"executionParams":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, at, err := verifyRequest(body)
		if err != nil {
			var p *problem
			if !errors.As(err, &p) || p.status != 400 || p.code == "" {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if vp := req.ParsedPresentation; vp.Kind() == canonical.Absent || !strings.HasPrefix(string(body[at.presentation:]), string(vp.Raw())) {
			t.Errorf("%q: presentation %q at %d", body, vp.Raw(), at.presentation)
		}
		if params := req.ParsedParams; params.Kind() != canonical.Absent && !strings.HasPrefix(string(body[at.params:]), string(params.Raw())) {
			t.Errorf("%q: params %q at %d", body, params.Raw(), at.params)
		}
	})
}
