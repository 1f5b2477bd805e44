// Package viamandate implements the parser of VIAMandate credentials. It
// requires a credential whose structure was checked, and refuses members that
// it does not understand. It proves nothing.
package viamandate

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
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

// A reader reads members and keeps the first fault. A member that is null is a
// fault, because its meaning is unclear.
type reader struct{ fault *vcdm.Fault }

func (r *reader) fail(f *vcdm.Fault) {
	if r.fault == nil {
		r.fault = f
	}
}

// known refuses members outside names. An unknown or misspelt member may be a
// restriction.
func (r *reader) known(in canonical.Value, names ...string) {
	for name, m := range in.Members() {
		if !slices.Contains(names, name) {
			r.fail(vcdm.Broken(m, "unknown member %q", truncate(name)))
		}
	}
}

// spelled refuses members of a credential that differ from a known member only
// in case. It also refuses the validity members of version 1.1 of the data
// model, which this version does not read. Other members are allowed, because
// the data model is open.
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
				r.fail(vcdm.Broken(m, "%q is not the spelling of %s", truncate(name), c))
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

// texts reads a list of strings. present is false if the member is absent.
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

// version reads the version of an action: an integer from 1, or absent.
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

// truncate bounds text from the input in messages.
func truncate(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
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
