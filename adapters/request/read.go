package request

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/xsdtime"
)

// Limits of a create request.
const (
	maxBody        = 12 << 20 // documents are in it
	maxContacts    = 100
	maxCredentials = 10  // inline
	maxAll         = 100 // with those of templates
	maxTemplates   = 50
	maxText        = 200
	maxScope       = 128
	maxURL         = 2048
	maxDIDs        = 100
	maxItems       = 200 // of data
	maxPlacements  = 100
)

// Security levels, from the lowest.
const (
	levelContact      = "CONTACT"
	levelOrganization = "ORGANIZATION_KYC"
	levelKYC          = "HUMANOS_KYC"
	levelRevalidation = "HUMANOS_REVALIDATION"
)

var levels = []string{levelContact, levelOrganization, levelKYC, levelRevalidation}

// Types of resources.
const (
	typeDocument = "DOCUMENT"
	typeConsent  = "CONSENT"
	typeJSON     = "JSON"
	typePolicy   = "POLICY"
	typeForm     = "FORM"
)

// defaultScope is the scope of credentials without their own scope.
const defaultScope = "credential.request"

var (
	email  = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~\x60-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$`)
	phone  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	dotted = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
)

// normalize returns the form of a contact for storage and comparison.
func normalize(contact string) string { return strings.ToLower(contact) }

func isContact(s string) bool {
	return len(s) <= 254 && email.MatchString(s) || phone.MatchString(s)
}

// An input is a parsed create request.
type input struct {
	contacts                          []string
	name, internalID, description     string
	level, language, redirect, pubKey string
	authorized                        []string
	documents                         map[string]string // docId by contact
	groups, resources                 []string
	credentials                       []*template
}

// A template describes a credential to create.
type template struct {
	kind, name, internalID, description, scope string
	from, until                                time.Time // zero: none
	data                                       canonical.Value
	placements                                 []canonical.Value
	action                                     string // id
	userParams                                 canonical.Value
	pointer                                    string // of its action, for faults
}

func readInput(body []byte) (*input, error) {
	o, err := fault.Body(body, maxBody, false)
	if err != nil {
		return nil, err
	}
	in := &input{documents: map[string]string{}}
	in.contacts = o.Texts("contacts", maxContacts, 254, true)
	if len(in.contacts) == 0 {
		o.Fail("contacts", fault.Value, "is empty")
	}
	for i, c := range in.contacts {
		in.contacts[i] = normalize(c)
		if !isContact(c) {
			o.FailItem("contacts", i, "invalid_contact", "is neither an e-mail address nor a phone number in E.164")
		}
		if slices.Contains(in.contacts[:i], in.contacts[i]) {
			o.FailItem("contacts", i, "duplicate_contact", "is in the list already")
		}
	}
	in.name, in.internalID, in.description = o.Text("name", maxText, false), o.Text("internalId", maxText, false), o.Prose("description", maxText, false)
	in.level = o.Enum("securityLevel", levelContact, levels...)
	in.language = o.Enum("language", "ENG", "ENG", "PRT")
	if in.redirect = o.Text("redirectUrl", maxURL, false); in.redirect != "" && !isHTTPS(in.redirect) {
		o.Fail("redirectUrl", fault.Value, "is not an https URL")
	}
	if in.pubKey = o.Text("pubKey", 1024, false); o.Has("pubKey") && !isP256(in.pubKey) {
		o.Fail("pubKey", fault.Value, "is not a P-256 public key, SPKI in base64")
	}
	in.authorized = o.Texts("authorizedDIDs", maxDIDs, maxURL, false)
	for i, d := range in.authorized {
		if _, err := didresolve.Parse(d); err != nil {
			o.FailItem("authorizedDIDs", i, "invalid_did", "is not a DID")
		}
	}
	for _, d := range o.Objects("expectedDocIds", maxContacts, false) {
		contact, id := normalize(d.Text("contact", 254, true)), d.Text("docId", maxText, true)
		if !slices.Contains(in.contacts, contact) {
			d.Fail("contact", fault.Value, "is none of contacts")
		} else if in.documents[contact] != "" {
			d.Fail("contact", fault.Value, "is in the list already")
		}
		in.documents[contact] = id
	}
	in.groups, in.resources = o.Texts("groupIds", maxTemplates, maxText, false), o.Texts("resourcesIds", maxTemplates, maxText, false)
	for _, c := range o.Objects("credentials", maxCredentials, false) {
		in.credentials = append(in.credentials, readTemplate(c, in.contacts, typeDocument, typeConsent, typeJSON, typePolicy))
	}
	if len(in.groups)+len(in.resources)+len(in.credentials) == 0 {
		o.Fail("credentials", "no_credentials", "there is nothing to ask for: neither credentials nor resourcesIds nor groupIds")
	}
	return in, o.Err()
}

// readTemplate reads a credential. contacts is nil if the contacts are not
// known yet.
func readTemplate(o *fault.Object, contacts []string, kinds ...string) *template {
	t := &template{kind: o.Enum("type", "", kinds...), pointer: o.Pointer + "/action"}
	t.name, t.internalID, t.description = o.Text("name", maxText, false), o.Text("internalId", maxText, false), o.Prose("description", maxText, false)
	t.scope = o.Text("scope", maxScope, t.kind == typePolicy)
	switch {
	case t.scope == "":
		t.scope = defaultScope
	case !dotted.MatchString(t.scope):
		o.Fail("scope", fault.Value, "is not words with dots between them")
	}
	t.from, t.until = readTime(o, "validFrom", false), readTime(o, "validUntil", true)
	if !t.from.IsZero() && !t.until.IsZero() && t.until.Before(t.from) {
		o.Fail("validUntil", fault.OutOfRange, "is before validFrom")
	}
	t.readData(o)
	for _, p := range o.Objects("placements", maxPlacements, false) {
		if c := normalize(p.Text("contact", 254, true)); contacts != nil && !slices.Contains(contacts, c) {
			p.Fail("contact", fault.Value, "is none of contacts")
		}
		p.Enum("type", "", "SIGNATURE")
		for _, name := range []string{"x", "y", "width", "height"} {
			p.Number(name, false)
		}
		p.Number("pageIndex", true)
		p.Object("identityType", false)
		t.placements = append(t.placements, p.Value)
	}
	if a := o.Object("action", t.kind == typePolicy); a != nil {
		t.action = a.Text("id", maxText, true)
		if p := a.Object("userParams", false); p != nil {
			t.userParams = p.Value
		}
		if t.kind != typePolicy {
			o.Fail("action", fault.Value, "is for POLICY alone")
		}
	}
	return t
}

// readData reads the data of a credential. Its format depends on the type.
func (t *template) readData(o *fault.Object) {
	if t.kind == typeDocument {
		files := o.List("data", 1, true)
		if o.Has("data") && len(files) == 0 {
			o.Fail("data", fault.Value, "is empty")
		}
		for i, f := range files {
			text, ok := f.String()
			if !ok {
				o.FailItem("data", i, fault.Type, "is of type %s, not string", f.Kind())
			} else if b, err := base64.StdEncoding.DecodeString(text); err != nil || !strings.HasPrefix(string(b), "%PDF-") {
				o.FailItem("data", i, fault.Value, "is not a PDF in base64")
			}
		}
	} else {
		items := o.Objects("data", maxItems, t.kind == typeConsent || t.kind == typeJSON || t.kind == typeForm)
		if o.Has("data") && len(items) == 0 && t.kind != typePolicy {
			o.Fail("data", fault.Value, "is empty")
		}
		labels := []string{}
		for _, d := range items {
			labels = append(labels, d.Text("label", maxText, true))
			d.Text("type", 64, true)
			d.Bool("hidden", false)
			if !d.Has("value") && t.kind != typeForm {
				d.Fail("value", fault.Missing, "is missing")
			}
		}
		if t.kind == typeConsent && len(labels) > 0 && !slices.Contains(labels, "text") {
			o.Fail("data", fault.Value, "a CONSENT needs an item with the label text")
		}
	}
	t.data = o.Value.Get("data")
}

// readTime reads a date or a dateTime. Null means none. A date means its first
// second in UTC, or its last second if last is set.
func readTime(o *fault.Object, name string, last bool) time.Time {
	if o.Value.Get(name).Kind() == canonical.Null {
		return time.Time{}
	}
	s := o.Text(name, 64, false)
	if s == "" {
		if o.Has(name) {
			o.Fail(name, fault.Value, "is neither a date nor a time with a zone")
		}
		return time.Time{}
	}
	t, isDate, err := parseTime(s)
	if err != nil {
		o.Fail(name, fault.Value, "is neither a date nor a time with a zone")
	}
	if isDate && last {
		t = t.Add(24*time.Hour - time.Second)
	}
	return t
}

func parseTime(s string) (t time.Time, isDate bool, err error) {
	if len(s) == len(time.DateOnly) {
		t, err = xsdtime.Parse(s + "T00:00:00Z")
		return t, true, err
	}
	t, err = xsdtime.Parse(s)
	return t, false, err
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && !strings.ContainsAny(s, " \\")
}

func isP256(s string) bool {
	der, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return false
	}
	k, err := x509.ParsePKIXPublicKey(der)
	p, ok := k.(*ecdsa.PublicKey)
	return err == nil && ok && p.Curve == elliptic.P256()
}
