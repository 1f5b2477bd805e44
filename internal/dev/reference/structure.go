package reference

import (
	"slices"
)

// The structure of the Verifiable Credentials Data Model 2.0, and of mandates.
// Each function reports whether the document is well formed.

const contextV2 = "https://www.w3.org/ns/credentials/v2"

func wellFormedPresentation(vp object) bool {
	l, isList := vp["verifiableCredential"].([]any)
	_, isOne := vp["verifiableCredential"].(object)
	credentials := !has(vp, "verifiableCredential") || isOne || isList && len(l) <= 16
	return credentials && !slices.ContainsFunc(l, notObject) && common(vp, "VerifiablePresentation") &&
		(!has(vp, "holder") || idOf(vp["holder"]) != "") && typed(vp, "termsOfUse")
}

// wellFormedCredential checks a credential. With nullUntil a validUntil of
// null counts as absent.
func wellFormedCredential(vc object, nullUntil bool) bool {
	for _, name := range []string{"credentialStatus", "credentialSchema", "termsOfUse", "evidence", "refreshService", "confidenceMethod", "renderMethod"} {
		if !typed(vc, name) {
			return false
		}
	}
	from, okFrom := instant(text(vc, "validFrom"))
	until, okUntil := instant(text(vc, "validUntil"))
	noUntil := !has(vc, "validUntil") || nullUntil && vc["validUntil"] == nil
	subject := has(vc, "credentialSubject") && each(vc, "credentialSubject", func(s object) bool { return len(s) > 0 && optionalURL(s, "id") })
	seen := map[string]bool{}
	related := each(vc, "relatedResource", func(r object) bool {
		id, digests := text(r, "id"), 0
		for _, name := range []string{"digestSRI", "digestMultibase"} {
			if has(r, name) && text(r, name) == "" {
				return false
			}
			if has(r, name) {
				digests++
			}
		}
		fresh := !seen[id]
		seen[id] = true
		return isURL(id) && fresh && digests > 0
	})
	return common(vc, "VerifiableCredential") && idOf(vc["issuer"]) != "" && labels(vc["issuer"]) && subject &&
		(!has(vc, "validFrom") || okFrom) && (noUntil || okUntil) && (noUntil || !has(vc, "validFrom") || !until.Before(from)) &&
		each(vc, "credentialSchema", func(s object) bool { return has(s, "id") }) && related &&
		each(vc, "evidences", func(object) bool { return true })
}

// common checks the members common to credentials and presentations: @context,
// type, id, name and description.
func common(doc object, kind string) bool {
	context, _ := doc["@context"].([]any)
	if len(context) == 0 || context[0] != any(contextV2) {
		return false
	}
	for _, e := range context {
		s, isText := e.(string)
		if isText && !isURL(s) || !isText && notObject(e) {
			return false
		}
	}
	types, ok := texts(doc["type"])
	return ok && slices.Contains(types, kind) && !slices.Contains(types, "") && optionalURL(doc, "id") && labels(doc)
}

func labels(doc any) bool {
	for _, name := range []string{"name", "description"} {
		for _, l := range many(member(doc, name)) {
			if _, ok := l.(string); ok || !has(doc, name) {
				continue
			}
			o, _ := l.(object)
			_, ok := o["@value"].(string)
			for k, v := range o {
				s, isText := v.(string)
				ok = ok && isText && slices.Contains([]string{"@value", "@language", "@direction"}, k) && (k != "@direction" || s == "ltr" || s == "rtl")
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

func notObject(v any) bool { _, ok := v.(object); return !ok }

func optionalURL(o object, name string) bool { return !has(o, name) || isURL(text(o, name)) }

// each applies ok to the objects of an optional member, a non-empty list or a
// single object.
func each(doc object, name string, ok func(object) bool) bool {
	if !has(doc, name) {
		return true
	}
	l := many(doc[name])
	return len(l) > 0 && !slices.ContainsFunc(l, func(e any) bool { o, is := e.(object); return !is || !ok(o) })
}

func typed(doc object, name string) bool {
	return each(doc, name, func(o object) bool {
		types, ok := texts(o["type"])
		return ok && !slices.Contains(types, "") && optionalURL(o, "id")
	})
}

func hasType(doc any, name string) bool {
	types, ok := texts(member(doc, "type"))
	return ok && slices.Contains(types, name)
}

// idOf returns the URL of an issuer or a holder, or "".
func idOf(v any) string {
	if o, ok := v.(object); ok {
		v = o["id"]
	}
	if s, _ := v.(string); isURL(s) {
		return s
	}
	return ""
}

// A mandate is the content of a VIAMandate.
type mandate struct {
	id, subject, scope   string
	grantors, authorized []string
	restricted           bool
	hasAction            bool
	action, content      object // content nil: referenced
	userParams           object
}

// readMandate reads a mandate. ok is false if it is invalid.
func readMandate(vc object) (m mandate, ok bool) {
	ok = !has(vc, "expirationDate") && !has(vc, "issuanceDate") && !caseVariant(vc, "@context", "id", "type", "issuer", "validFrom", "validUntil",
		"credentialSubject", "credentialStatus", "termsOfUse", "evidence", "evidences", "proof", "proofs")
	s, _ := vc["credentialSubject"].(object)
	if l, isList := vc["credentialSubject"].([]any); isList && len(l) == 1 {
		s, _ = l[0].(object)
	}
	names := func(o any, known ...string) {
		_, isObject := o.(object)
		ok = ok && isObject
		for k := range without(toObject(o)) {
			ok = ok && slices.Contains(known, k)
		}
	}
	id := func(o any, name string, required bool) string {
		t := text(o, name)
		ok = ok && (!required && !has(o, name) || t != "" && len(t) <= 2048)
		return t
	}
	dids := func(o any, name string) (out []string) {
		l, isList := member(o, name).([]any)
		ok = ok && (isList || !has(o, name))
		for _, e := range l {
			t, isText := e.(string)
			out, ok = append(out, t), ok && isText
		}
		return out
	}
	node := s["mandate"]
	names(node, "grantor", "scope", "context", "action", "userParams", "name", "description")
	m.id, m.subject, m.scope, m.grantors = id(vc, "id", true), id(s, "id", true), id(node, "scope", true), dids(node, "grantor")
	if has(node, "context") {
		names(member(node, "context"), "authorizedDIDs")
		m.restricted, m.authorized = has(member(node, "context"), "authorizedDIDs"), dids(member(node, "context"), "authorizedDIDs")
	}
	if m.hasAction = has(node, "action"); m.hasAction {
		a := member(node, "action")
		names(a, "id", "version", "digestSRI", "content", "name", "description")
		id(a, "id", true)
		id(a, "digestSRI", false)
		m.action = toObject(a)
		v := number(a, "version")
		ok = ok && (!has(a, "version") || v >= 1 && v == float64(int64(v)) && v <= 1<<53-1)
		m.content, _ = m.action["content"].(object)
		ok = ok && (m.content != nil || !has(a, "content"))
	}
	m.userParams, _ = member(node, "userParams").(object)
	return m, ok && (m.userParams != nil || !has(node, "userParams"))
}

func toObject(v any) object { o, _ := v.(object); return o }
