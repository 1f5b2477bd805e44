// Package viamandate answers one question: what does a mandate credential say?
// It reads a VIAMandate whose structure as a credential was checked, and refuses
// whatever in it would not be understood. It proves nothing of it.
package viamandate

import (
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// MaxIdentifier bounds identifiers, in bytes: they stand in receipts.
const MaxIdentifier = 2048

// maxShown bounds how much of a text of the input stands in a message.
const maxShown = 80

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
	r := reader{}
	r.spelled(vc)
	m.ID = r.text(vc, "id", true)

	subject := vc.Get("credentialSubject")
	if subject.Kind() == canonical.Array {
		if subject.Len() != 1 {
			return vcdm.Broken(subject, "a mandate has exactly one subject, not %d", subject.Len())
		}
		subject = subject.Index(0)
	}
	m.Subject = r.text(subject, "id", true)
	node := r.object(subject, "mandate", true)
	m.Scope = r.text(node, "scope", true)
	m.Grantors, _ = r.texts(node, "grantor")
	context := r.object(node, "context", false)
	m.Authorized, m.Restricted = r.texts(context, "authorizedDIDs")

	m.Action = r.object(node, "action", false)
	r.known(node, "grantor", "scope", "context", "action", "userParams", "name", "description")
	r.known(context, "authorizedDIDs")
	r.known(m.Action, "id", "version", "digestSRI", "content", "name", "description")
	m.Content = r.object(m.Action, "content", false)
	m.UserParams = r.object(node, "userParams", false)
	m.ActionID = r.text(m.Action, "id", m.Action.Kind() != canonical.Absent)
	m.Digest = r.text(m.Action, "digestSRI", false)
	m.Version = r.version(m.Action)
	return r.fault
}

// A reader reads members and keeps the first fault. Null is a fault:
// whoever signed it meant something, and nobody can say what.
type reader struct{ fault *vcdm.Fault }

func (r *reader) fail(f *vcdm.Fault) {
	if r.fault == nil {
		r.fault = f
	}
}

// known refuses members that nothing here reads: one that this version does not
// know, or that is misspelt, may restrict what was meant to be allowed.
func (r *reader) known(in canonical.Value, names ...string) {
	for name, m := range in.Members() {
		if !slices.Contains(names, name) {
			r.fail(vcdm.Broken(m, "unknown member %q", quote.Cut(name, maxShown)))
		}
	}
}

// spelled refuses members of a credential that differ from one that counts in
// case alone, and the validity of version 1.1 of the data model, which this
// version does not read. Other members may be there: the data model is open.
func (r *reader) spelled(vc canonical.Value) {
	counts := []string{"@context", "id", "type", "issuer", "validFrom", "validUntil", "credentialSubject", "credentialStatus",
		"termsOfUse", "evidence", "evidences", "proof", "proofs"}
	for name, m := range vc.Members() {
		if name == "expirationDate" || name == "issuanceDate" {
			r.fail(vcdm.Broken(m, "%s is of another version of the data model", name))
		}
		if slices.Contains(counts, name) {
			continue
		}
		for _, c := range counts {
			if strings.EqualFold(name, c) {
				r.fail(vcdm.Broken(m, "%q is no spelling of %s", quote.Cut(name, maxShown), c))
			}
		}
	}
}

func (r *reader) text(in canonical.Value, name string, required bool) string {
	v := in.Get(name)
	if v.Kind() == canonical.Absent {
		if required {
			r.fail(vcdm.Broken(in, "%s is missing", name))
		}
		return ""
	}
	s, ok := v.String()
	if !ok || s == "" || len(s) > MaxIdentifier {
		r.fail(vcdm.Broken(v, "%s is not a string of 1 to %d bytes", name, MaxIdentifier))
	}
	return s
}

func (r *reader) object(in canonical.Value, name string, required bool) canonical.Value {
	v := in.Get(name)
	switch v.Kind() {
	case canonical.Object:
		return v
	case canonical.Absent:
		if required {
			r.fail(vcdm.Broken(in, "%s is missing", name))
		}
	default:
		r.fail(vcdm.Broken(v, "%s is of type %s, not an object", name, v.Kind()))
	}
	return canonical.Value{}
}

// texts reads a list of strings; present is false when there is none.
func (r *reader) texts(in canonical.Value, name string) (list []string, present bool) {
	v := in.Get(name)
	if v.Kind() == canonical.Absent {
		return nil, false
	}
	if v.Kind() != canonical.Array {
		r.fail(vcdm.Broken(v, "%s is of type %s, not a list", name, v.Kind()))
		return nil, true
	}
	list = make([]string, 0, v.Len())
	for _, e := range v.Elements() {
		s, ok := e.String()
		if !ok {
			r.fail(vcdm.Broken(e, "%s holds a value of type %s", name, e.Kind()))
			return nil, true
		}
		list = append(list, s)
	}
	return list, true
}

// version reads the version of an action: a whole number from 1, or absent.
func (r *reader) version(action canonical.Value) int64 {
	v := action.Get("version")
	if v.Kind() == canonical.Absent {
		return 0
	}
	f, _ := v.Float64()
	if !v.IsSafeInteger() || f < 1 {
		r.fail(vcdm.Broken(v, "version is not a whole number from 1"))
		return 0
	}
	return int64(f)
}
