package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"go.yaml.in/yaml/v3"

	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/request"
)

var update = flag.Bool("update", false, "write openapi.json")

// TestOpenAPIForms checks that JSON and YAML are the same document.
func TestOpenAPIForms(t *testing.T) {
	var doc any
	if err := yaml.Unmarshal(openAPIYAML, &doc); err != nil {
		t.Fatal(err)
	}
	want, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(openAPIJSON, want) {
		t.Error("openapi.json is not that of openapi.yaml; go test ./adapters/httpapi -run TestOpenAPIForms -update")
	}
}

// load reads the document as a client would, once.
var load = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPIJSON)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
})

func spec(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestOpenAPIRoutes checks that the document has exactly the routes of the
// server.
func TestOpenAPIRoutes(t *testing.T) {
	var documented, served []string
	for path, item := range spec(t).Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	for _, rt := range allRoutes(t) {
		served = append(served, rt.pattern)
	}
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented and served differ:\n%s\n\n%s", strings.Join(documented, "\n"), strings.Join(served, "\n"))
	}
}

// allRoutes returns the routes of a server with every service.
func allRoutes(t *testing.T) []route {
	t.Helper()
	w := newWorld(t, func(c *Config) { c.Requests, c.Passports = &request.Service{}, &passport.Service{} })
	return w.routes()
}

// find returns the documented route of a call, or nil. Literal paths come
// before patterns.
func find(doc *openapi3.T, method, target string) *routers.Route {
	path, _, _ := strings.Cut(target, "?")
	path = strings.TrimPrefix(path, "/v1")
	for _, exact := range []bool{true, false} {
		for _, pattern := range doc.Paths.InMatchingOrder() {
			item := doc.Paths.Value(pattern)
			have, want := strings.Split(path, "/"), strings.Split(pattern, "/")
			fits := len(have) == len(want) && item.GetOperation(method) != nil
			for i := 0; fits && i < len(have); i++ {
				fits = have[i] == want[i] || !exact && strings.HasPrefix(want[i], "{")
			}
			if fits {
				return &routers.Route{Spec: doc, Path: pattern, PathItem: item, Method: method, Operation: item.GetOperation(method)}
			}
		}
	}
	return nil
}

// documented validates one response against the document. A call outside the
// document must be refused.
func documented(t testing.TB, doc *openapi3.T, method, target string, rec *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	route := find(doc, method, target)
	if route == nil {
		if rec.Code != http.StatusNotFound && rec.Code != http.StatusMethodNotAllowed && rec.Code != http.StatusRequestURITooLong {
			t.Errorf("%s %s: answered %d, and not documented", method, target, rec.Code)
		}
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route},
		Status:                 rec.Code, Header: rec.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	in.SetBodyBytes(rec.Body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s %.100s: %d: %v\n%s", method, target, rec.Code, err, rec.Body)
	}
}
