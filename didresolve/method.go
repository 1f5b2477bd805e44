package didresolve

import (
	"crypto/ed25519"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/xsdtime"
)

// VerificationMethod is an Ed25519 key of a document. [Document.VerificationMethod]
// has found and checked it. The zero value verifies nothing.
type VerificationMethod struct {
	// ID is the absolute DID URL of the key.
	ID string
	// Type is the type that the document declares, such as "Multikey".
	Type string
	// Controller is the DID of the document.
	Controller string
	// Expires and Revoked are the instants from which on the key proves
	// nothing, nil if the document names none. Both are after the time for
	// which the key was checked.
	Expires, Revoked *time.Time

	key  multikey.PublicKey
	text string
}

// Key returns the checked key. Use its Verify, which is stricter than
// ed25519.Verify.
func (m VerificationMethod) Key() multikey.PublicKey { return m.key }

// Multikey returns the key as Multikey text, which begins with z6Mk. For the zero
// value it returns "".
func (m VerificationMethod) Multikey() string { return m.text }

// PublicKey returns a copy of the 32 bytes of the key, nil for the zero value.
func (m VerificationMethod) PublicKey() ed25519.PublicKey { return m.key.Bytes() }

// VerificationMethod returns the key that vmURL names in the document, for a
// proof with the given purpose. It checks the dates of the key against the time
// at. It performs the steps of "Retrieve Verification Method" (Controlled
// Identifiers 1.0 §3.3) that follow the fetch of the document, and is pure. The
// error is an [*Error] of type:
//
//   - ErrInvalidVerificationMethodURL: vmURL is not an absolute DID URL
//   - ErrInvalidDIDURL: vmURL has a path
//   - ErrFeatureNotSupported: vmURL has a query
//   - ErrInvalidDocumentID: the id of the document is not the DID in vmURL,
//     byte for byte
//   - ErrInvalidDocument: d is nil or zero
//   - ErrMethodNotFound: the document does not have the key
//   - ErrInvalidVerificationMethod: vmURL has no fragment (there is no
//     default key); or the controller of the key is not the DID of the
//     document; or the key material is missing, duplicate or secret; or it is
//     not a valid Ed25519 key in the form of its type; or a date of the key is
//     malformed or has no time zone
//   - ErrInvalidRelationship: the document does not list the key under
//     purpose; a key embedded in one relationship counts only for that one
//   - ErrKeyRevoked, ErrKeyExpired: at is not before that instant
//   - ErrInvalidOptions: at is the zero time
//
// Take at from the clock of the verifier, never from the proof: a thief of a
// revoked key can backdate a proof.
func (d *Document) VerificationMethod(vmURL string, purpose Purpose, at time.Time) (VerificationMethod, error) {
	if d == nil || d.id == "" {
		return VerificationMethod{}, fail(ErrInvalidDocument, "no document")
	}
	if at.IsZero() {
		return VerificationMethod{}, fail(ErrInvalidOptions, "no time to judge the key at")
	}
	did, err := methodDID(vmURL)
	if err != nil {
		return VerificationMethod{}, err
	}
	if did != d.id {
		return VerificationMethod{}, fail(ErrInvalidDocumentID, "document %s cannot hold %s", shown(d.id), shown(vmURL))
	}
	c, ok := d.find(vmURL)
	if !ok {
		return VerificationMethod{}, fail(ErrMethodNotFound, "the document has no %s", shown(vmURL))
	}
	m, why := c.identify(d.id)
	if why != "" {
		return VerificationMethod{}, fail(ErrInvalidVerificationMethod, "%s: %s", shown(vmURL), why)
	}
	if !d.allows(c, purpose) {
		return VerificationMethod{}, fail(ErrInvalidRelationship, "%s is not listed for %s", shown(vmURL), shown(string(purpose)))
	}
	if err := m.readDates(c.value, at); err != nil {
		return VerificationMethod{}, err
	}
	if m.key, err = c.material.read(m.Type, c.value); err != nil {
		return VerificationMethod{}, &Error{Type: ErrInvalidVerificationMethod, Detail: shown(vmURL), Cause: err}
	}
	m.text = c.material.text
	return m, nil
}

// methodDID returns the DID part of the verification method URL vmURL.
func methodDID(vmURL string) (string, error) {
	u, err := ParseURL(vmURL)
	switch {
	case err != nil:
		return "", &Error{Type: ErrInvalidVerificationMethodURL, Cause: err}
	case u.Path != "":
		return "", fail(ErrInvalidDIDURL, "%s: a verification method has no path", shown(vmURL))
	case u.Query != "":
		return "", fail(ErrFeatureNotSupported, "%s: documents are not resolved by version", shown(vmURL))
	case u.Fragment == "":
		return "", fail(ErrInvalidVerificationMethod, "%s: no fragment, so it names no key", shown(vmURL))
	}
	return vmURL[:len(vmURL)-len("#")-len(u.Fragment)], nil
}

// find returns the method with that absolute id. ParseDocument has refused
// documents with two.
func (d *Document) find(id string) (candidate, bool) {
	for _, c := range d.methods {
		if c.id == id {
			return c, true
		}
	}
	return candidate{}, false
}

// allows reports whether c is embedded in the relationship purpose or the
// document refers to it there.
func (d *Document) allows(c candidate, purpose Purpose) bool {
	if c.embedded != "" {
		return purpose.valid() && c.embedded == purpose
	}
	return d.Lists(c.id, purpose)
}

// Lists reports whether the document refers to the verification method vmURL
// under purpose. The method may be part of another document: the reference says
// only that the subject of this document accepts the method, and the other
// document has the key. A method embedded in the relationship is not a
// reference.
func (d *Document) Lists(vmURL string, purpose Purpose) bool {
	if d == nil || vmURL == "" || !purpose.valid() {
		return false
	}
	for _, v := range d.doc.Root().Get(string(purpose)).Elements() {
		if ref, ok := v.String(); ok && d.absolute(ref) == vmURL {
			return true
		}
	}
	return false
}

// identify reads the type and the controller. It returns what is wrong, or "".
func (c candidate) identify(did string) (m VerificationMethod, why string) {
	if why := caseVariant(c.value, "id", "type", "controller", "expires", "revoked"); why != "" {
		return m, why
	}
	typ, ok := c.value.Get("type").String()
	if !ok {
		return m, "its type is not a string"
	}
	controller, ok := c.value.Get("controller").String()
	if !ok || controller != did {
		return m, "its controller is not the DID of the document"
	}
	return VerificationMethod{ID: c.id, Type: typ, Controller: controller}, ""
}

// readDates reads revoked and expires, then compares them with at. It reads both
// first, so that it never overlooks a malformed date.
func (m *VerificationMethod) readDates(v canonical.Value, at time.Time) error {
	var err error
	if m.Revoked, err = m.date(v, "revoked"); err != nil {
		return err
	}
	if m.Expires, err = m.date(v, "expires"); err != nil {
		return err
	}
	switch {
	case m.Revoked != nil && !at.Before(*m.Revoked):
		return fail(ErrKeyRevoked, "%s since %s", shown(m.ID), m.Revoked.Format(time.RFC3339))
	case m.Expires != nil && !at.Before(*m.Expires):
		return fail(ErrKeyExpired, "%s since %s", shown(m.ID), m.Expires.Format(time.RFC3339))
	}
	return nil
}

// date reads one xsd:dateTimeStamp. It returns nil if the member is absent; null
// is an error.
func (m *VerificationMethod) date(v canonical.Value, name string) (*time.Time, error) {
	date := v.Get(name)
	if date.Kind() == canonical.Absent {
		return nil, nil
	}
	text, ok := date.String()
	if !ok {
		return nil, fail(ErrInvalidVerificationMethod, "%s: %s is not a string", shown(m.ID), name)
	}
	t, err := xsdtime.Parse(text)
	if err != nil {
		return nil, &Error{Type: ErrInvalidVerificationMethod, Detail: shown(m.ID) + ": " + name, Cause: err}
	}
	return &t, nil
}
