// Package vcdm implements the structural rules of the Verifiable Credentials
// Data Model v2.0 (https://www.w3.org/TR/vc-data-model-2.0/) for credentials
// and presentations. Section numbers in comments refer to that document.
//
// It checks the form of members, not their meaning. It does not check proofs,
// times or trust, and it neither reads nor fetches an @context.
package vcdm

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/xsdtime"
)

// ContextV2 is the base context. It must be the first @context of every
// document.
const ContextV2 = "https://www.w3.org/ns/credentials/v2"

// MaxCredentials is the maximum number of credentials in one presentation.
const MaxCredentials = 16

// A Fault is a violation of a rule of the data model.
type Fault struct {
	At        canonical.Value // the location
	Detail    string
	Enveloped bool // an EnvelopedVerifiableCredential: well formed, not accepted
}

// Broken returns a Fault.
func Broken(at canonical.Value, format string, args ...any) *Fault {
	return &Fault{At: at, Detail: fmt.Sprintf(format, args...)}
}

// A rule checks one aspect of a document.
type rule func(doc canonical.Value) *Fault

// firstBroken returns the Fault of the first rule that doc violates, or nil.
func firstBroken(doc canonical.Value, rules ...rule) *Fault {
	for _, r := range rules {
		if f := r(doc); f != nil {
			return f
		}
	}
	return nil
}

// CheckPresentation checks the structure of a presentation (section 4.13). It
// checks that each credential is an object, but not its structure.
func CheckPresentation(vp canonical.Value) *Fault {
	if f := firstBroken(vp, contextRule, isPresentation, idRule, textRules, holderRule); f != nil {
		return f
	}
	if f := firstBroken(vp, typedRule("termsOfUse")); f != nil {
		return f
	}
	return credentialsRule(vp)
}

// CheckCredential checks the structure of one credential (section 4). With
// nullUntil a validUntil of null counts as absent.
func CheckCredential(vc canonical.Value, nullUntil bool) *Fault {
	if f := firstBroken(vc, envelopeRule, contextRule, isCredential, idRule, textRules, issuerRule, subjectRule); f != nil {
		return f
	}
	if _, f := Validity(vc, nullUntil); f != nil || plain(vc) {
		return f
	}
	return firstBroken(vc, typedRule("credentialStatus"), schemaRule, typedRule("termsOfUse"),
		typedRule("evidence"), typedRule("refreshService"), typedRule("confidenceMethod"), typedRule("renderMethod"),
		relatedRule, objectsRule("evidences"))
}

// plain reports whether a credential has no optional members beyond the common
// ones. The rules about them can then be skipped.
func plain(vc canonical.Value) bool {
	for name := range vc.Members() {
		switch name {
		case "@context", "credentialSubject", "description", "id", "issuer", "name", "proof", "proofs", "type", "validFrom", "validUntil":
		default:
			return false
		}
	}
	return true
}

// contextRule requires an ordered set. The first item is the base context, the
// others are URLs or objects (section 4.3).
func contextRule(doc canonical.Value) *Fault {
	c := doc.Get("@context")
	if c.Kind() != canonical.Array || c.Len() == 0 {
		return Broken(orSelf(c, doc), "@context is not a list")
	}
	for i, e := range c.Elements() {
		s, isString := e.String()
		switch {
		case i == 0 && s != ContextV2:
			return Broken(e, "@context does not begin with %s", ContextV2)
		case isString && !IsURL(s):
			return Broken(e, "@context holds text that is no URL")
		case !isString && e.Kind() != canonical.Object:
			return Broken(e, "@context holds a value of type %s", e.Kind())
		}
	}
	return nil
}

// typeRule requires one or more strings, one of them base (section 4.5).
func typeRule(doc canonical.Value, base string) *Fault {
	switch ok, found, empty := types(doc, base); {
	case !ok:
		return Broken(orSelf(doc.Get("type"), doc), "type is neither a string nor a list of strings")
	case !found:
		return Broken(doc.Get("type"), "type does not name %s", base)
	case empty:
		return Broken(doc.Get("type"), "type holds empty text")
	}
	return nil
}

func isPresentation(doc canonical.Value) *Fault { return typeRule(doc, "VerifiablePresentation") }
func isCredential(doc canonical.Value) *Fault   { return typeRule(doc, "VerifiableCredential") }

// urlRule requires one URL, or that the member is absent (section 4.4 for id).
func urlRule(name string) rule {
	return func(doc canonical.Value) *Fault {
		v := doc.Get(name)
		if v.Kind() == canonical.Absent {
			return nil
		}
		if s, ok := v.String(); !ok || !IsURL(s) {
			return Broken(v, "%s is no URL", name)
		}
		return nil
	}
}

func idRule(doc canonical.Value) *Fault { return urlRule("id")(doc) }

// ID returns the URL of an issuer or holder: the value itself or its id.
func ID(v canonical.Value) (string, bool) {
	if v.Kind() == canonical.Object {
		v = v.Get("id")
	}
	s, ok := v.String()
	return s, ok && IsURL(s)
}

// issuerRule requires one URL, or an object with a URL as id (section 4.7).
func issuerRule(doc canonical.Value) *Fault {
	issuer := doc.Get("issuer")
	if _, ok := ID(issuer); !ok {
		return Broken(orSelf(issuer, doc), "issuer is neither a URL nor an object with a URL as id")
	}
	return textRules(issuer)
}

func holderRule(doc canonical.Value) *Fault {
	holder := doc.Get("holder")
	if _, ok := ID(holder); !ok && holder.Kind() != canonical.Absent {
		return Broken(holder, "holder is neither a URL nor an object with a URL as id")
	}
	return nil
}

// textRules requires that name and description are strings, language value
// objects, or lists of these (section 4.6).
func textRules(doc canonical.Value) *Fault {
	for _, name := range []string{"name", "description"} {
		v := doc.Get(name)
		switch v.Kind() {
		case canonical.Absent:
		case canonical.Array:
			for _, e := range v.Elements() {
				if !isText(e) {
					return Broken(e, "%s holds neither text nor a language value", name)
				}
			}
		default:
			if !isText(v) {
				return Broken(v, "%s is neither text nor a language value", name)
			}
		}
	}
	return nil
}

func isText(v canonical.Value) bool {
	if v.Kind() == canonical.String {
		return true
	}
	if v.Kind() != canonical.Object || v.Get("@value").Kind() != canonical.String {
		return false
	}
	for name, m := range v.Members() {
		if !slices.Contains([]string{"@value", "@language", "@direction"}, name) || m.Kind() != canonical.String {
			return false
		}
		if d, _ := m.String(); name == "@direction" && d != "ltr" && d != "rtl" {
			return false
		}
	}
	return true
}

// subjectRule requires one or more objects, each with a claim (section 4.8).
func subjectRule(doc canonical.Value) *Fault {
	subject := doc.Get("credentialSubject")
	if subject.Kind() == canonical.Absent {
		return Broken(doc, "credentialSubject is missing")
	}
	return eachObject(subject, "credentialSubject", func(s canonical.Value) *Fault {
		if s.Len() == 0 {
			return Broken(s, "credentialSubject makes no claim")
		}
		return urlRule("id")(s)
	})
}

// eachObject applies check to an object, or to every element of a non-empty
// list of objects.
func eachObject(v canonical.Value, name string, check rule) *Fault {
	switch v.Kind() {
	case canonical.Object:
		return check(v)
	case canonical.Array:
		if v.Len() == 0 {
			return Broken(v, "%s is an empty list", name)
		}
		for _, e := range v.Elements() {
			if e.Kind() != canonical.Object {
				return Broken(e, "%s holds a value of type %s", name, e.Kind())
			}
			if f := check(e); f != nil {
				return f
			}
		}
		return nil
	}
	return Broken(v, "%s is of type %s", name, v.Kind())
}

// objectsRule requires one or more objects, or that the member is absent.
func objectsRule(name string, checks ...rule) rule {
	return func(doc canonical.Value) *Fault {
		v := doc.Get(name)
		if v.Kind() == canonical.Absent {
			return nil
		}
		return eachObject(v, name, func(o canonical.Value) *Fault { return firstBroken(o, checks...) })
	}
}

// typedRule requires one or more objects with a type and, if there is an id, a
// URL as id, or that the member is absent (sections 4.10, 5.4 to 5.6).
func typedRule(name string) rule {
	return objectsRule(name, urlRule("id"), func(o canonical.Value) *Fault {
		if ok, _, empty := types(o, ""); !ok || empty {
			return Broken(o, "%s has no type", name)
		}
		return nil
	})
}

// schemaRule requires that each credentialSchema has a type and an id (section
// 4.11).
func schemaRule(doc canonical.Value) *Fault {
	if f := typedRule("credentialSchema")(doc); f != nil {
		return f
	}
	return objectsRule("credentialSchema", func(o canonical.Value) *Fault {
		if o.Get("id").Kind() == canonical.Absent {
			return Broken(o, "credentialSchema has no id")
		}
		return nil
	})(doc)
}

// relatedRule requires that each related resource has a unique URL and a
// digest (section 5.3).
func relatedRule(doc canonical.Value) *Fault {
	seen := map[string]bool{}
	return objectsRule("relatedResource", urlRule("id"), func(o canonical.Value) *Fault {
		id, ok := o.Get("id").String()
		switch {
		case !ok || seen[id]:
			return Broken(o, "relatedResource has no id of its own")
		}
		seen[id] = true
		digests := 0
		for _, name := range []string{"digestSRI", "digestMultibase"} {
			d := o.Get(name)
			if d.Kind() == canonical.Absent {
				continue
			}
			if s, _ := d.String(); s == "" {
				return Broken(d, "%s is no digest", name)
			}
			digests++
		}
		if digests == 0 {
			return Broken(o, "relatedResource has no digest")
		}
		return nil
	})(doc)
}

// A Period is the validity of a credential, both ends included.
type Period struct {
	From, Until       time.Time
	HasFrom, HasUntil bool // false: that end is open
}

// Validity reads validFrom and validUntil, which must be single dateTimeStamps
// in order (section 4.9). With nullUntil a validUntil of null counts as
// absent.
func Validity(doc canonical.Value, nullUntil bool) (p Period, f *Fault) {
	if p.From, p.HasFrom, f = instant(doc.Get("validFrom"), "validFrom"); f != nil {
		return p, f
	}
	v := doc.Get("validUntil")
	if nullUntil && v.Kind() == canonical.Null {
		return p, nil
	}
	if p.Until, p.HasUntil, f = instant(v, "validUntil"); f != nil {
		return p, f
	}
	if p.HasFrom && p.HasUntil && p.Until.Before(p.From) {
		return p, Broken(v, "validUntil lies before validFrom")
	}
	return p, nil
}

// envelopeRule distinguishes an enveloped credential from a malformed one
// (section 4.14). The signature of an enveloped credential covers another
// serialization.
func envelopeRule(doc canonical.Value) *Fault {
	if HasType(doc, "EnvelopedVerifiableCredential") {
		return &Fault{At: doc, Detail: "enveloped credentials are not accepted", Enveloped: true}
	}
	return nil
}

// credentialsRule requires that verifiableCredential is absent, an object, or
// a list of objects, never a string or a number (section 4.13).
func credentialsRule(doc canonical.Value) *Fault {
	v := doc.Get("verifiableCredential")
	switch v.Kind() {
	case canonical.Absent, canonical.Object:
		return nil
	case canonical.Array:
	default:
		return Broken(v, "verifiableCredential is of type %s", v.Kind())
	}
	if v.Len() > MaxCredentials {
		return Broken(v, "%d credentials, the limit is %d", v.Len(), MaxCredentials)
	}
	for _, e := range v.Elements() {
		if e.Kind() != canonical.Object {
			return Broken(e, "verifiableCredential holds a value of type %s", e.Kind())
		}
	}
	return nil
}

// orSelf returns v, or parent if v is absent, as a location.
func orSelf(v, parent canonical.Value) canonical.Value {
	if v.Kind() == canonical.Absent {
		return parent
	}
	return v
}

// types reads the type of a document. ok reports that it is a string or a
// non-empty list of strings, found that it includes typ, and empty that it
// includes an empty string.
func types(v canonical.Value, typ string) (ok, found, empty bool) {
	t := v.Get("type")
	if s, ok := t.String(); ok {
		return true, s == typ, s == ""
	}
	for _, e := range t.Elements() {
		s, text := e.String()
		if !text {
			return false, false, false
		}
		ok, found, empty = true, found || s == typ, empty || s == ""
	}
	return ok, found, empty
}

// HasType reports whether the type of a document is well formed and includes
// typ.
func HasType(v canonical.Value, typ string) bool {
	ok, found, _ := types(v, typ)
	return ok && found
}

// instant reads a dateTimeStamp, unless v is absent.
func instant(v canonical.Value, name string) (t time.Time, present bool, f *Fault) {
	if v.Kind() == canonical.Absent {
		return t, false, nil
	}
	s, ok := v.String()
	if !ok {
		return t, false, Broken(v, "%s is of type %s, not a dateTimeStamp", name, v.Kind())
	}
	t, err := xsdtime.Parse(s)
	if err != nil {
		return t, false, Broken(v, "%s: %v", name, err)
	}
	return t, true, nil
}

// KnownContexts returns the @context URLs that documents may use. They are
// compared, never fetched.
func KnownContexts() map[string]bool {
	return map[string]bool{
		ContextV2: true,
		"https://www.w3.org/ns/credentials/undefined-terms/v2": true,
		"https://w3id.org/security/data-integrity/v2":          true,
		"https://via.humanos.dev/ns/v1":                        true,
	}
}

// UnknownContext returns the first @context entry that is not accepted: a URL
// outside the list, or an inline context.
func UnknownContext(doc canonical.Value, accepted map[string]bool) (entry canonical.Value, found bool) {
	for _, e := range doc.Get("@context").Elements() {
		if s, ok := e.String(); !ok || !accepted[s] {
			return e, true
		}
	}
	return canonical.Value{}, false
}

// Many visits the elements of an array, an object as if it were the only one of an
// array, and nothing for any other value: the data model writes one object without
// brackets.
func Many(v canonical.Value) iter.Seq[canonical.Value] {
	return func(yield func(canonical.Value) bool) {
		if v.Kind() == canonical.Object {
			yield(v)
			return
		}
		for _, e := range v.Elements() {
			if !yield(e) {
				return
			}
		}
	}
}
