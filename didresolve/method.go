package didresolve

import (
	"crypto/ed25519"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/xsdtime"
)

// VerificationMethod is one Ed25519 key of a document, found and checked by
// [Document.VerificationMethod]. The zero value verifies nothing.
type VerificationMethod struct {
	// ID is the absolute DID URL of the key.
	ID string
	// Type is the type that the document declares, such as "Multikey".
	Type string
	// Controller is the DID that controls the key: the document's.
	Controller string
	// Expires and Revoked are the instants from which on the key proves
	// nothing, nil where the document names none. Both lay ahead of the
	// time that the key was judged at.
	Expires, Revoked *time.Time

	key  multikey.PublicKey
	text string
}

// Key returns the checked key. Its Verify is stricter than that of crypto/ed25519
// and is the one to use.
func (m VerificationMethod) Key() multikey.PublicKey { return m.key }

// Multikey returns the key as Multikey text, which begins z6Mk, and "" for the zero
// value.
func (m VerificationMethod) Multikey() string { return m.text }

// PublicKey returns a copy of the key's 32 bytes, nil for the zero value.
func (m VerificationMethod) PublicKey() ed25519.PublicKey { return m.key.Bytes() }

// VerificationMethod returns the key that vmURL names in the document, for
// use in proofs of the given purpose judged at the given time. It follows
// "Retrieve Verification Method" (Controlled Identifiers 1.0 §3.3) from the
// fetched document on, and is pure. The error is an [*Error]:
//
//   - ErrInvalidVerificationMethodURL: vmURL is no absolute DID URL;
//     ErrInvalidDIDURL: it has a path; ErrFeatureNotSupported: it has a query
//   - ErrInvalidDocumentID: the document's id is not the DID in vmURL, byte
//     for byte
//   - ErrInvalidDocument: d is nil or zero
//   - ErrMethodNotFound: the document has no such key
//   - ErrInvalidVerificationMethod: vmURL has no fragment (there is no
//     default key); the key's controller is not the
//     document's DID; it has no key material, two, a secret, or one that is
//     not a sound Ed25519 key in the form of its type; its dates are
//     malformed or have no time zone
//   - ErrInvalidRelationship: the document does not list the key under
//     purpose; a key embedded in one relationship counts for that one only
//   - ErrKeyRevoked, ErrKeyExpired: at is not before that instant
//   - ErrInvalidOptions: at is the zero time
//
// at is the verifier's clock, never a date in the proof: whoever stole a
// revoked key could date a proof back.
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

// methodDID returns the DID whose document holds the method vmURL.
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

// find returns the method with that absolute id. ParseDocument has made
// sure that there is one at most.
func (d *Document) find(id string) (candidate, bool) {
	for _, c := range d.methods {
		if c.id == id {
			return c, true
		}
	}
	return candidate{}, false
}

// allows reports whether the document lists c under purpose, by value or by
// reference.
func (d *Document) allows(c candidate, purpose Purpose) bool {
	if c.embedded != "" {
		return purpose.valid() && c.embedded == purpose
	}
	return d.Lists(c.id, purpose)
}

// Lists reports whether the document refers to the verification method
// vmURL under purpose. The method may stand in another document, which is
// then the one to ask for the key: a reference says only that this
// document's subject accepts it. Methods embedded in the relationship are no
// references.
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

// identify reads id, type and controller.
func (c candidate) identify(did string) (m VerificationMethod, why string) {
	if why := caseVariant(c.value, "id", "type", "controller", "expires", "revoked"); why != "" {
		return m, why
	}
	typ, ok := c.value.Get("type").String()
	if !ok {
		return m, "its type is no string"
	}
	controller, ok := c.value.Get("controller").String()
	if !ok || controller != did {
		return m, "its controller is not the DID of the document"
	}
	return VerificationMethod{ID: c.id, Type: typ, Controller: controller}, ""
}

// readDates reads expires and revoked and judges them. Both are read before
// either is judged, so that a malformed date is not overlooked.
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

// date reads one xsd:dateTimeStamp, nil when it is absent. Null is not.
func (m *VerificationMethod) date(v canonical.Value, name string) (*time.Time, error) {
	date := v.Get(name)
	if date.Kind() == canonical.Absent {
		return nil, nil
	}
	text, ok := date.String()
	if !ok {
		return nil, fail(ErrInvalidVerificationMethod, "%s: %s is no string", shown(m.ID), name)
	}
	t, err := xsdtime.Parse(text)
	if err != nil {
		return nil, &Error{Type: ErrInvalidVerificationMethod, Detail: shown(m.ID) + ": " + name, Cause: err}
	}
	return &t, nil
}
