package verifier

import (
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/policy"
)

// maxIdentifier bounds identifiers, which stand in receipts.
const maxIdentifier = 2048

// A credential is one credential of a presentation, read but not proven.
type credential struct {
	node   canonical.Value
	issuer string
	proofs []*dataintegrity.Proof // at least one, or nil when their form is bad
	from   *time.Time             // nil when absent
	until  *time.Time
}

func isMandate(vc canonical.Value) bool {
	types, ok := vcdm.Types(vc)
	return ok && slices.Contains(types, "VIAMandate")
}

// A mandate is what the selected credential says, read but not proven.
type mandate struct {
	vc         *credential
	id         string
	subject    string
	grantors   []string
	scope      string
	authorized []string // authorizedDIDs
	restricted bool     // authorizedDIDs is present, even when empty

	action     canonical.Value // absent: a mandate without action
	ref        policy.Ref
	content    canonical.Value // absent: the action is only referenced
	userParams canonical.Value
}

// readMandate reads a mandate credential whose structure was checked.
func readMandate(vc *credential) (*mandate, *vcdm.Fault) {
	r := mandateReader{}
	m := &mandate{vc: vc}
	r.spelled(vc.node)
	m.id = r.text(vc.node, "id", true)

	subject := vc.node.Get("credentialSubject")
	if subject.Kind() == canonical.Array {
		if subject.Len() != 1 {
			return nil, vcdm.Broken(subject, "a mandate has exactly one subject, not %d", subject.Len())
		}
		subject = subject.Index(0)
	}
	m.subject = r.text(subject, "id", true)
	node := r.object(subject, "mandate", true)
	m.scope = r.text(node, "scope", true)
	m.grantors, _ = r.texts(node, "grantor")
	context := r.object(node, "context", false)
	m.authorized, m.restricted = r.texts(context, "authorizedDIDs")

	m.action = r.object(node, "action", false)
	r.known(node, "grantor", "scope", "context", "action", "userParams", "name", "description")
	r.known(context, "authorizedDIDs")
	r.known(m.action, "id", "version", "digestSRI", "content", "name", "description")
	m.content = r.object(m.action, "content", false)
	m.userParams = r.object(node, "userParams", false)
	m.ref.ID = r.text(m.action, "id", m.action.Kind() != canonical.Absent)
	m.ref.Digest = r.text(m.action, "digestSRI", false)
	m.ref.Version = r.version(m.action)
	if r.fault != nil {
		return nil, r.fault
	}
	return m, nil
}

// A mandateReader reads members and keeps the first fault. Null is a fault:
// whoever signed it meant something, and nobody can say what.
type mandateReader struct{ fault *vcdm.Fault }

func (r *mandateReader) fail(f *vcdm.Fault) {
	if r.fault == nil {
		r.fault = f
	}
}

// known refuses members that nothing here reads: one that this version does not
// know, or that is misspelt, may restrict what was meant to be allowed.
func (r *mandateReader) known(in canonical.Value, names ...string) {
	for name, m := range in.Members() {
		if !slices.Contains(names, name) {
			r.fail(vcdm.Broken(m, "unknown member %q", shorten(name)))
		}
	}
}

// spelled refuses members of a credential that differ from one that counts in
// case alone, and the validity of version 1.1 of the data model, which this
// version does not read. Other members may be there: the data model is open.
func (r *mandateReader) spelled(vc canonical.Value) {
	counts := []string{"@context", "id", "type", "issuer", "validFrom", "validUntil", "credentialSubject", "credentialStatus",
		"termsOfUse", "evidence", "evidences", "proof", "proofs"}
	for name, m := range vc.Members() {
		if name == "expirationDate" || name == "issuanceDate" {
			r.fail(vcdm.Broken(m, "%s is of another version of the data model", name))
		}
		for _, c := range counts {
			if name != c && strings.EqualFold(name, c) {
				r.fail(vcdm.Broken(m, "%q is no spelling of %s", shorten(name), c))
			}
		}
	}
}

func (r *mandateReader) text(in canonical.Value, name string, required bool) string {
	v := in.Get(name)
	if v.Kind() == canonical.Absent {
		if required {
			r.fail(vcdm.Broken(in, "%s is missing", name))
		}
		return ""
	}
	s, ok := v.String()
	if !ok || s == "" || len(s) > maxIdentifier {
		r.fail(vcdm.Broken(v, "%s is not a string of 1 to %d bytes", name, maxIdentifier))
	}
	return s
}

func (r *mandateReader) object(in canonical.Value, name string, required bool) canonical.Value {
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
func (r *mandateReader) texts(in canonical.Value, name string) (list []string, present bool) {
	v := in.Get(name)
	if v.Kind() == canonical.Absent {
		return nil, false
	}
	if v.Kind() != canonical.Array {
		r.fail(vcdm.Broken(v, "%s is of type %s, not a list", name, v.Kind()))
		return nil, true
	}
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
func (r *mandateReader) version(action canonical.Value) int64 {
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
