// Package viamandate answers one question: what does a mandate credential say?
// It reads a VIAMandate whose structure as a credential was checked, and refuses
// whatever in it would not be understood. It proves nothing of it.
package viamandate

import (
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// MaxIdentifier bounds identifiers, in bytes: they stand in receipts.
const MaxIdentifier = 2048

// Is reports whether a credential is of the type of mandates.
func Is(vc canonical.Value) bool {
	return vcdm.HasType(vc, "VIAMandate")
}

// A Mandate is what a credential says, read but not proven.
type Mandate struct {
	ID         string
	Subject    string
	Grantors   []string
	Scope      string
	Authorized []string // authorizedDIDs
	Restricted bool     // authorizedDIDs is present, even when empty

	Action     canonical.Value // absent: a mandate without action
	ActionID   string
	Version    int64           // of the action; 0 when it states none
	Digest     string          // of the action's content; "" when it states none
	Content    canonical.Value // absent: the action is only referenced
	UserParams canonical.Value
}

// Read reads a mandate credential whose structure was checked into the zero Mandate. A member whose
// absence would change what the mandate allows must not be misspelt.
func (m *Mandate) Read(vc canonical.Value) *vcdm.Fault {
	r := jsonread.New(vc)
	spelled(&r)
	m.ID = identifier(&r, "id")

	subject := vc.Get("credentialSubject")
	if subject.Kind() == canonical.Array {
		if subject.Len() != 1 {
			return vcdm.Broken(subject, "a mandate has exactly one subject, not %d", subject.Len())
		}
		subject = subject.Index(0)
	}
	who := r.In(subject)
	m.Subject = identifier(&who, "id")
	node := who.Object("mandate")
	m.Scope = identifier(&node, "scope")
	m.Grantors = node.TextsIf("grantor")
	context := node.ObjectIf("context")
	m.Authorized, m.Restricted = context.TextsIf("authorizedDIDs"), context.Has("authorizedDIDs")

	// What nothing here reads, because this version does not know it or because it
	// is misspelt, may restrict what was meant to be allowed.
	action := node.ObjectIf("action")
	node.Only("grantor", "scope", "context", "action", "userParams", "name", "description")
	context.Only("authorizedDIDs")
	action.Only("id", "version", "digestSRI", "content", "name", "description")
	m.Action, m.Content, m.UserParams = action.At, action.ObjectIf("content").At, node.ObjectIf("userParams").At
	if node.Has("action") {
		m.ActionID = identifier(&action, "id")
	}
	if action.Has("digestSRI") {
		m.Digest = identifier(&action, "digestSRI")
	}
	if action.Has("version") {
		m.Version = action.Integer("version", 1)
	}
	if f := r.Fault(); f != nil {
		return vcdm.Broken(f.At, "%s", f.Message)
	}
	return nil
}

// spelled refuses members of a credential that differ from one that counts in
// case alone, and the validity of version 1.1 of the data model, which this
// version does not read. Other members may be there: the data model is open.
func spelled(r *jsonread.Reader) {
	counts := []string{"@context", "id", "type", "issuer", "validFrom", "validUntil", "credentialSubject", "credentialStatus",
		"termsOfUse", "evidence", "evidences", "proof", "proofs"}
	for name, m := range r.At.Members() {
		if name == "expirationDate" || name == "issuanceDate" {
			r.Fail(m, "%s is of another version of the data model", name)
		}
		if slices.Contains(counts, name) {
			continue
		}
		for _, c := range counts {
			if strings.EqualFold(name, c) {
				r.Fail(m, "%q is no spelling of %s", quote.Cut(name, 80), c)
			}
		}
	}
}

// identifier reads a string of a bounded length that is not empty.
func identifier(r *jsonread.Reader, name string) string {
	v := r.Get(name)
	s, ok := v.String()
	if !ok || s == "" || len(s) > MaxIdentifier {
		r.Fail(v, "%s is not a string of 1 to %d bytes", name, MaxIdentifier)
	}
	return s
}
