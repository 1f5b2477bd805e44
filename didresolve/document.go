package didresolve

import (
	"crypto/sha256"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

// Limits of a DID document. Real documents have a few keys and less than
// 10 KiB. A parsed document takes up to about forty times its size in memory.
const (
	maxDocumentBytes  = 64 << 10
	maxDocumentDepth  = 32
	maxDocumentValues = 8192    // twice what 100 methods and 64 services need
	maxMethods        = 100     // verification methods, embedded ones included
	maxReferences     = 100     // entries of one relationship
	maxServices       = 64      // services are counted, not read
	maxString         = 2 << 10 // bytes of a string or member name, as for a DID URL
)

// Purpose is a verification relationship that a proof can name as its
// proofPurpose. The zero value matches no key.
type Purpose string

// The purposes. keyAgreement is missing: its keys sign nothing.
const (
	AssertionMethod      Purpose = "assertionMethod"
	Authentication       Purpose = "authentication"
	CapabilityInvocation Purpose = "capabilityInvocation"
	CapabilityDelegation Purpose = "capabilityDelegation"
)

func (p Purpose) valid() bool {
	switch p {
	case AssertionMethod, Authentication, CapabilityInvocation, CapabilityDelegation:
		return true
	}
	return false
}

// keyAgreement is the relationship for encryption keys. Methods embedded in it
// count as methods of the document, but no proof can use them.
const keyAgreement Purpose = "keyAgreement"

func relationships() []Purpose {
	return []Purpose{AssertionMethod, Authentication, CapabilityInvocation, CapabilityDelegation, keyAgreement}
}

// Document is a DID document. It is immutable and safe for concurrent use.
// A nil or zero Document has no id and no keys.
type Document struct {
	doc     *canonical.Doc
	id      string
	size    int // bytes of the parsed text
	digest  [sha256.Size]byte
	sri     string
	methods []candidate
}

// candidate is a map at a position for verification methods. ParseDocument has
// checked only its id.
type candidate struct {
	id       string // absolute
	value    canonical.Value
	embedded Purpose // the relationship that contains it, "" for verificationMethod
	material *keyMaterial
}

// ParseDocument reads a DID document. The error is an [*Error] of type
// ErrInvalidDIDDocument.
//
// The text must be strict JSON of at most 64 KiB and depth 32, with at most 100
// verification methods, 100 entries per relationship, 64 services and 2 KiB
// per string. The root must have an id, which must be a DID. If present,
// verificationMethod must be an array of maps, and each relationship an array
// of strings and maps. Each of these maps must have an id, and no two the same
// id. An id of the form "#x" is relative to the document's id; @base and other
// relative forms have no effect. ParseDocument refuses a member of the root
// that differs only in letter case from a member that it reads, because
// lenient readers confuse the two.
//
// [Document.VerificationMethod] reads the keys, one at a time, so one unusable
// key does not affect the others. ParseDocument does not read services,
// @context and the controller of the document. It does not check which DID the
// document was fetched for.
func ParseDocument(b []byte) (*Document, error) {
	limits := canonical.Limits{MaxBytes: maxDocumentBytes, MaxDepth: maxDocumentDepth, MaxValues: maxDocumentValues}
	doc, err := limits.Parse(b)
	if err != nil {
		return nil, &Error{Type: ErrInvalidDIDDocument, Cause: err}
	}
	d := &Document{doc: doc, size: len(b)}
	if why := d.read(doc.Root()); why != "" {
		return nil, fail(ErrInvalidDIDDocument, "%s", why)
	}
	d.digest = doc.Root().SHA256()
	d.sri = canonical.SRI(d.digest)
	return d, nil
}

// ID returns the document's id, a DID.
func (d *Document) ID() string {
	if d == nil {
		return ""
	}
	return d.id
}

// Digest returns the SHA-256 of the document's canonical form (RFC 8785).
func (d *Document) Digest() [sha256.Size]byte {
	if d == nil {
		return [sha256.Size]byte{}
	}
	return d.digest
}

// SRI returns the digest as receipts record it, "sha256-" and base64.
func (d *Document) SRI() string {
	if d == nil {
		return ""
	}
	return d.sri
}

// Raw returns a copy of the parsed JSON text, without leading and trailing
// white space.
func (d *Document) Raw() []byte {
	if d == nil {
		return nil
	}
	return d.doc.Root().Raw()
}

// read checks the shape of a document and collects its methods. It returns
// what is wrong, or "".
func (d *Document) read(root canonical.Value) (why string) {
	if root.Kind() != canonical.Object {
		return "the document is not an object"
	}
	if v, ok := longString(root); ok {
		return at(v) + "text of more than 2 KiB"
	}
	if why := caseVariant(root, "id", "verificationMethod", "assertionMethod", "authentication",
		"capabilityInvocation", "capabilityDelegation", "keyAgreement", "service"); why != "" {
		return why
	}
	id, _ := root.Get("id").String()
	if _, err := Parse(id); err != nil {
		return "/id: not a DID"
	}
	d.id = id

	if why := d.collect(root.Get("verificationMethod"), "", maxMethods); why != "" {
		return why
	}
	for _, p := range relationships() {
		if why := d.collect(root.Get(string(p)), p, maxReferences); why != "" {
			return why
		}
	}
	if len(d.methods) > maxMethods {
		return "more than 100 verification methods"
	}
	seen := make(map[string]bool, len(d.methods))
	for _, m := range d.methods {
		if seen[m.id] {
			return at(m.value) + "the id of another verification method"
		}
		seen[m.id] = true
	}
	service := root.Get("service")
	switch {
	case service.Kind() != canonical.Absent && service.Kind() != canonical.Array:
		return at(service) + "not an array"
	case service.Len() > maxServices:
		return at(service) + "more than 64 services"
	}
	return ""
}

// collect adds the maps of one array to the methods of d. Strings are
// references; only a relationship may contain them.
func (d *Document) collect(list canonical.Value, relationship Purpose, limit int) (why string) {
	switch {
	case list.Kind() == canonical.Absent:
		return ""
	case list.Kind() != canonical.Array:
		return at(list) + "not an array"
	case list.Len() > limit:
		return at(list) + "more than 100 entries"
	}
	for _, v := range list.Elements() {
		switch {
		case v.Kind() == canonical.String && relationship != "":
		case v.Kind() == canonical.Object:
			id, ok := v.Get("id").String()
			if !ok || id == "" {
				return at(v) + "a verification method without an id"
			}
			d.methods = append(d.methods, candidate{id: d.absolute(id), value: v, embedded: relationship, material: &keyMaterial{}})
		default:
			return at(v) + "not a verification method"
		}
	}
	return ""
}

// absolute expands "#x" against the document's id.
func (d *Document) absolute(ref string) string {
	if strings.HasPrefix(ref, "#") {
		return d.id + ref
	}
	return ref
}

// longString finds a string or a member name longer than maxString. The depth
// of the recursion is at most maxDocumentDepth.
func longString(v canonical.Value) (canonical.Value, bool) {
	if s, ok := v.String(); ok && len(s) > maxString {
		return v, true
	}
	for name, m := range v.Members() {
		if len(name) > maxString {
			return v, true
		}
		if long, ok := longString(m); ok {
			return long, true
		}
	}
	for _, e := range v.Elements() {
		if long, ok := longString(e); ok {
			return long, true
		}
	}
	return canonical.Value{}, false
}

// caseVariant finds a member of v that differs from one of names only in letter
// case. It returns a description, or "".
func caseVariant(v canonical.Value, names ...string) (why string) {
	for name, m := range v.Members() {
		for _, known := range names {
			if name != known && strings.EqualFold(name, known) {
				return at(m) + "differs from " + known + " by letter case alone"
			}
		}
	}
	return ""
}

// at returns the beginning of a message about v: its position in the document.
func at(v canonical.Value) string {
	if p := v.Pointer(); p != "" {
		return shown(p) + ": "
	}
	return "document: "
}
