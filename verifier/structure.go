package verifier

import (
	"fmt"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
)

const contextV2 = "https://www.w3.org/ns/credentials/v2"

// knownContexts are the @context URLs that documents may use. They are
// compared, never fetched.
var knownContexts = map[string]bool{
	contextV2: true,
	"https://www.w3.org/ns/credentials/undefined-terms/v2": true,
	"https://w3id.org/security/data-integrity/v2":          true,
	"https://via.humanos.dev/ns/v1":                        true,
}

// A structureFault is a rule of the VC Data Model 2.0
// (https://www.w3.org/TR/vc-data-model-2.0/) that a document breaks.
type structureFault struct {
	at        canonical.Value
	detail    string
	enveloped bool // an EnvelopedVerifiableCredential: well formed, not accepted
}

func broken(at canonical.Value, format string, args ...any) *structureFault {
	return &structureFault{at: at, detail: fmt.Sprintf(format, args...)}
}

// A rule checks one aspect of a document.
type rule func(doc canonical.Value) *structureFault

// firstBroken returns the first rule that doc breaks, or nil.
func firstBroken(doc canonical.Value, rules ...rule) *structureFault {
	for _, r := range rules {
		if f := r(doc); f != nil {
			return f
		}
	}
	return nil
}

// checkPresentation checks the structure of a presentation (section 4.13),
// down to the kind of its credentials.
func checkPresentation(vp canonical.Value) *structureFault {
	return firstBroken(vp, contextRule, typeRule("VerifiablePresentation"), urlRule("id"), textRules, holderRule,
		typedRule("termsOfUse"), credentialsRule)
}

// checkCredential checks the structure of one credential (section 4). With
// nullUntil a validUntil of null counts as absent.
func checkCredential(vc canonical.Value, nullUntil bool) *structureFault {
	return firstBroken(vc, envelopeRule, contextRule, typeRule("VerifiableCredential"), urlRule("id"), textRules, issuerRule,
		subjectRule, validityRule(nullUntil), typedRule("credentialStatus"), schemaRule, typedRule("termsOfUse"),
		typedRule("evidence"), typedRule("refreshService"), typedRule("confidenceMethod"), typedRule("renderMethod"),
		relatedRule, objectsRule("evidences"))
}

// contextRule: an ordered set whose first item is the base context, the rest
// URLs or objects (section 4.3).
func contextRule(doc canonical.Value) *structureFault {
	c := doc.Get("@context")
	if c.Kind() != canonical.Array || c.Len() == 0 {
		return broken(orSelf(c, doc), "@context is not a list")
	}
	for i, e := range c.Elements() {
		s, isString := e.String()
		switch {
		case i == 0 && s != contextV2:
			return broken(e, "@context does not begin with %s", contextV2)
		case isString && !dataintegrity.IsURL(s):
			return broken(e, "@context holds text that is no URL")
		case !isString && e.Kind() != canonical.Object:
			return broken(e, "@context holds a %s", e.Kind())
		}
	}
	return nil
}

// typeRule: one or more strings, one of them base (section 4.5).
func typeRule(base string) rule {
	return func(doc canonical.Value) *structureFault {
		types, ok := typesOf(doc)
		switch {
		case !ok:
			return broken(orSelf(doc.Get("type"), doc), "type is neither a string nor a list of strings")
		case !slices.Contains(types, base):
			return broken(doc.Get("type"), "type does not name %s", base)
		case slices.Contains(types, ""):
			return broken(doc.Get("type"), "type holds empty text")
		}
		return nil
	}
}

// urlRule: absent or one URL (section 4.4 for id).
func urlRule(name string) rule {
	return func(doc canonical.Value) *structureFault {
		v := doc.Get(name)
		if v.Kind() == canonical.Absent {
			return nil
		}
		if s, ok := v.String(); !ok || !dataintegrity.IsURL(s) {
			return broken(v, "%s is no URL", name)
		}
		return nil
	}
}

// idOf returns the URL that names an issuer or holder: itself, or its id.
func idOf(v canonical.Value) (string, bool) {
	if v.Kind() == canonical.Object {
		v = v.Get("id")
	}
	s, ok := v.String()
	return s, ok && dataintegrity.IsURL(s)
}

// issuerRule: one URL, or an object with a URL as id (section 4.7).
func issuerRule(doc canonical.Value) *structureFault {
	issuer := doc.Get("issuer")
	if _, ok := idOf(issuer); !ok {
		return broken(orSelf(issuer, doc), "issuer is neither a URL nor an object with a URL as id")
	}
	return textRules(issuer)
}

func holderRule(doc canonical.Value) *structureFault {
	holder := doc.Get("holder")
	if _, ok := idOf(holder); !ok && holder.Kind() != canonical.Absent {
		return broken(holder, "holder is neither a URL nor an object with a URL as id")
	}
	return nil
}

// textRules: name and description are strings, language value objects, or
// lists of these (section 4.6).
func textRules(doc canonical.Value) *structureFault {
	for _, name := range []string{"name", "description"} {
		v := doc.Get(name)
		switch v.Kind() {
		case canonical.Absent:
		case canonical.Array:
			for _, e := range v.Elements() {
				if !isText(e) {
					return broken(e, "%s holds neither text nor a language value", name)
				}
			}
		default:
			if !isText(v) {
				return broken(v, "%s is neither text nor a language value", name)
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
	}
	return true
}

// subjectRule: one or more objects, each with a claim (section 4.8).
func subjectRule(doc canonical.Value) *structureFault {
	subject := doc.Get("credentialSubject")
	if subject.Kind() == canonical.Absent {
		return broken(doc, "credentialSubject is missing")
	}
	return eachObject(subject, "credentialSubject", func(s canonical.Value) *structureFault {
		if s.Len() == 0 {
			return broken(s, "credentialSubject makes no claim")
		}
		return urlRule("id")(s)
	})
}

// eachObject applies check to an object, or to every element of a list of
// them, which must not be empty.
func eachObject(v canonical.Value, name string, check rule) *structureFault {
	switch v.Kind() {
	case canonical.Object:
		return check(v)
	case canonical.Array:
		if v.Len() == 0 {
			return broken(v, "%s is an empty list", name)
		}
		for _, e := range v.Elements() {
			if e.Kind() != canonical.Object {
				return broken(e, "%s holds a %s", name, e.Kind())
			}
			if f := check(e); f != nil {
				return f
			}
		}
		return nil
	}
	return broken(v, "%s is a %s", name, v.Kind())
}

// objectsRule: absent, or one or more objects.
func objectsRule(name string, checks ...rule) rule {
	return func(doc canonical.Value) *structureFault {
		v := doc.Get(name)
		if v.Kind() == canonical.Absent {
			return nil
		}
		return eachObject(v, name, func(o canonical.Value) *structureFault { return firstBroken(o, checks...) })
	}
}

// typedRule: absent, or one or more objects with a type, and a URL for an id
// (sections 4.10, 5.4 to 5.6).
func typedRule(name string) rule {
	return objectsRule(name, urlRule("id"), func(o canonical.Value) *structureFault {
		if _, ok := typesOf(o); !ok {
			return broken(o, "%s has no type", name)
		}
		return nil
	})
}

// schemaRule: each credentialSchema has a type and an id (section 4.11).
func schemaRule(doc canonical.Value) *structureFault {
	if f := typedRule("credentialSchema")(doc); f != nil {
		return f
	}
	return objectsRule("credentialSchema", func(o canonical.Value) *structureFault {
		if o.Get("id").Kind() == canonical.Absent {
			return broken(o, "credentialSchema has no id")
		}
		return nil
	})(doc)
}

// relatedRule: each related resource has a URL of its own and a digest
// (section 5.3).
func relatedRule(doc canonical.Value) *structureFault {
	seen := map[string]bool{}
	return objectsRule("relatedResource", urlRule("id"), func(o canonical.Value) *structureFault {
		id, ok := o.Get("id").String()
		switch {
		case !ok || seen[id]:
			return broken(o, "relatedResource has no id of its own")
		case o.Get("digestSRI").Kind() != canonical.String && o.Get("digestMultibase").Kind() != canonical.String:
			return broken(o, "relatedResource has no digest")
		}
		seen[id] = true
		return nil
	})(doc)
}

// validityRule: validFrom and validUntil are single dateTimeStamps, in order
// (section 4.9).
func validityRule(nullUntil bool) rule {
	return func(doc canonical.Value) *structureFault {
		from, f := instant(doc.Get("validFrom"), "validFrom")
		if f != nil {
			return f
		}
		v := doc.Get("validUntil")
		if nullUntil && v.Kind() == canonical.Null {
			return nil
		}
		until, f := instant(v, "validUntil")
		if f != nil {
			return f
		}
		if from != nil && until != nil && until.Before(*from) {
			return broken(v, "validUntil lies before validFrom")
		}
		return nil
	}
}

// envelopeRule tells an enveloped credential from a malformed one (section
// 4.14). Its signature covers another serialization than the one at hand.
func envelopeRule(doc canonical.Value) *structureFault {
	if types, ok := typesOf(doc); ok && slices.Contains(types, "EnvelopedVerifiableCredential") {
		return &structureFault{at: doc, detail: "enveloped credentials are not accepted", enveloped: true}
	}
	return nil
}

// credentialsRule: verifiableCredential is absent, an object, or a list of
// objects, never text or a number (section 4.13).
func credentialsRule(doc canonical.Value) *structureFault {
	v := doc.Get("verifiableCredential")
	switch v.Kind() {
	case canonical.Absent, canonical.Object:
		return nil
	case canonical.Array:
	default:
		return broken(v, "verifiableCredential is a %s", v.Kind())
	}
	if v.Len() > maxCredentials {
		return broken(v, "%d credentials, the limit is %d", v.Len(), maxCredentials)
	}
	for _, e := range v.Elements() {
		if e.Kind() != canonical.Object {
			return broken(e, "verifiableCredential holds a %s", e.Kind())
		}
	}
	return nil
}

// orSelf returns v, or parent when v is absent, to point at.
func orSelf(v, parent canonical.Value) canonical.Value {
	if v.Kind() == canonical.Absent {
		return parent
	}
	return v
}

// unknownContext returns the first @context entry that is not accepted: a URL
// that is not on the list, or an inline context.
func (v *Verifier) unknownContext(doc canonical.Value) (entry canonical.Value, found bool) {
	for _, e := range doc.Get("@context").Elements() {
		if s, ok := e.String(); !ok || !v.contexts[s] {
			return e, true
		}
	}
	return canonical.Value{}, false
}
