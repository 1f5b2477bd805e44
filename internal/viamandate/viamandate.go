// Package viamandate implements the parser of VIAMandate credentials. It
// requires a credential whose structure was checked, and refuses members that
// it does not understand. It proves nothing.
package viamandate

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// MaxIdentifier bounds identifiers, in bytes, because receipts contain them.
const MaxIdentifier = 2048

// Is reports whether a credential has the type of mandates.
func Is(vc canonical.Value) bool {
	return vcdm.HasType(vc, "VIAMandate")
}

// A Mandate is the parsed and unproven content of a credential.
type Mandate struct {
	ID         string
	Subject    string
	Grantors   []string
	Scope      string
	Authorized []string // authorizedDIDs
	Restricted bool     // authorizedDIDs is present, possibly empty

	Action     canonical.Value // absent: a mandate without an action
	ActionID   string
	Version    int64           // of the action; 0 if absent
	Digest     string          // of the action's content; "" if absent
	Content    canonical.Value // absent: the action is only referenced
	UserParams canonical.Value
}

// Read reads a mandate credential into the zero Mandate. The structure of the
// credential must have been checked. Read refuses misspelt members if their
// absence would change what the mandate allows.
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

	// An unknown or misspelt member may be a restriction.
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

// spelled refuses members of a credential that differ from a known member only
// in case. It also refuses the validity members of version 1.1 of the data
// model, which this version does not read. Other members are allowed, because
// the data model is open.
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
				r.Fail(m, "%q is not the spelling of %s", quote.Cut(name, 80), c)
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

// ActionHash returns what a challenge of the form nonce~sha256-… commits to:
// the SRI of JCS({"mandateId": …, "action": …, "params": …}). action is the
// tool, or the name of the action when it declares no tools.
func ActionHash(mandateID, action string, params canonical.Value) (string, error) {
	b, err := canonical.Marshal(map[string]any{"mandateId": mandateID, "action": action, "params": params})
	if err != nil {
		return "", err
	}
	return canonical.SRI(sha256.Sum256(b)), nil
}
