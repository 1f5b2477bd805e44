package httpapi

import (
	_ "embed" // for the files below
	"net/http"
)

// The API in OpenAPI 3.1. The YAML is written by hand; a test derives the
// JSON.
var (
	//go:embed openapi.yaml
	openAPIYAML []byte
	//go:embed openapi.json
	openAPIJSON []byte
)

func (*Server) openAPIJSON(*call) (reply, error) {
	return reply{status: http.StatusOK, body: openAPIJSON}, nil
}

func (*Server) openAPIYAML(*call) (reply, error) {
	return reply{status: http.StatusOK, body: openAPIYAML, kind: "application/yaml"}, nil
}
