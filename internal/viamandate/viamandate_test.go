package viamandate

import (
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
)

func parse(t *testing.T, s string) canonical.Value {
	t.Helper()
	d, err := canonical.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func TestRead(t *testing.T) {
	vc := parse(t, string(sample.Credential()))
	var m Mandate
	f := m.Read(vc)
	if f != nil || !Is(vc) || m.ID != sample.MandateID || m.Scope == "" || !m.Restricted || m.Action.Kind() != canonical.Object || m.UserParams.Len() == 0 {
		t.Errorf("got %+v, %+v", m, f)
	}
	with := func(mandate string) string {
		return `{"id":"urn:x:1","type":["VerifiableCredential","VIAMandate"],"credentialSubject":{"id":"did:x:s","mandate":` + mandate + `}}`
	}
	tests := []struct{ name, vc, pointer, detail string }{
		{"the least", with(`{"scope":"s"}`), "", ""},
		{"one subject in a list", `{"id":"urn:x:1","credentialSubject":[{"id":"did:x:s","mandate":{"scope":"s"}}]}`, "", ""},
		{"two subjects", `{"id":"urn:x:1","credentialSubject":[{"id":"did:x:s"},{"id":"did:x:t"}]}`, "/credentialSubject", "exactly one subject, not 2"},
		{"no scope", with(`{}`), "/credentialSubject/mandate", "scope is missing"},
		{"a misspelt member, cut short", with(`{"scope":"s","` + strings.Repeat("é", 100) + `":1}`), "/credentialSubject/mandate/" + strings.Repeat("é", 100), `unknown member "` + strings.Repeat("é", 40) + `…"`},
		{"cut inside a character", with(`{"scope":"s","x` + strings.Repeat("é", 100) + `":1}`), "/credentialSubject/mandate/x" + strings.Repeat("é", 100), `unknown member "x` + strings.Repeat("é", 39) + `…"`},
		{"grantor is a string", with(`{"scope":"s","grantor":"did:x:g"}`), "/credentialSubject/mandate/grantor", "not a list"},
		{"version is a fraction", with(`{"scope":"s","action":{"id":"urn:a:1","version":1.5}}`), "/credentialSubject/mandate/action/version", "whole number"},
		{"an action that is null", with(`{"scope":"s","action":null}`), "/credentialSubject/mandate/action", "of type null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := new(Mandate).Read(parse(t, tt.vc))
			switch {
			case tt.detail == "" && f != nil:
				t.Errorf("refused: %+v", f)
			case tt.detail != "" && f == nil:
				t.Error("read")
			case tt.detail != "" && (f.At.Pointer() != tt.pointer || !strings.Contains(f.Detail, tt.detail)):
				t.Errorf("got %q at %q, want %q at %q", f.Detail, f.At.Pointer(), tt.detail, tt.pointer)
			}
		})
	}
	if Is(parse(t, `{"type":"VerifiableCredential"}`)) || Is(canonical.Value{}) {
		t.Error("what is no mandate is taken for one")
	}
}
