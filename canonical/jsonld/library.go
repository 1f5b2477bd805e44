package jsonld

import (
	_ "embed" // for the files below
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
)

// The contexts of the W3C Recommendations Verifiable Credentials Data Model
// 2.0 (appendix B) and Data Integrity 1.0 (section 2.4).
var (
	//go:embed contexts/credentials-v2.json
	credentialsV2 string
	//go:embed contexts/undefined-terms-v2.json
	undefinedTermsV2 string
	//go:embed contexts/data-integrity-v2.json
	dataIntegrityV2 string
)

// viaV1 is a known context whose content is not known.
const viaV1 = "https://via.humanos.dev/ns/v1"

// builtin returns the context documents of the package by URL.
func builtin() map[string]string {
	return map[string]string{
		"https://www.w3.org/ns/credentials/v2":                 credentialsV2,
		"https://www.w3.org/ns/credentials/undefined-terms/v2": undefinedTermsV2,
		"https://w3id.org/security/data-integrity/v2":          dataIntegrityV2,
	}
}

// A library holds contexts by URL. It is immutable: json-gold changes loaded
// documents only for @import, which is refused.
type library map[string]known

// A known context is the value of @context in a context document.
type known struct {
	context   any
	unchecked bool // the content is not known
}

func newLibrary(extra map[string][]byte) (library, error) {
	l := library{viaV1: {context: map[string]any{}, unchecked: true}}
	docs := builtin()
	for url, b := range extra {
		if _, ok := docs[url]; ok {
			return nil, fmt.Errorf("jsonld: context %s: it is built in", quote.Text(url, maxShown))
		}
		if !absolute(url) {
			return nil, fmt.Errorf("jsonld: context %s: not an absolute URL", quote.Text(url, maxShown))
		}
		docs[url] = string(b)
	}
	for url := range docs {
		l[url] = known{} // for the references between them
	}
	refers := map[string][]string{}
	for _, url := range slices.Sorted(maps.Keys(docs)) {
		context, v, err := l.parse([]byte(docs[url]))
		if err != nil {
			return nil, fmt.Errorf("jsonld: context %s: %w", quote.Text(url, maxShown), err)
		}
		l[url] = known{context: context}
		refers[url] = v.refers
	}
	// A circle would make json-gold recurse until the process dies.
	done := map[string]bool{}
	for url := range refers {
		if !acyclic(url, refers, done) {
			return nil, fmt.Errorf("jsonld: context %s: it refers to itself", quote.Text(url, maxShown))
		}
	}
	return l, nil
}

func (l library) parse(b []byte) (any, *vetting, error) {
	d, err := canonical.Limits{MaxDepth: maxDepth}.Parse(b)
	if err != nil {
		return nil, nil, err
	}
	context := d.Root().Get("@context")
	if context.Kind() == canonical.Absent {
		return nil, nil, errors.New("it is no object with @context")
	}
	v := &vetting{library: l, trusted: true}
	if err := v.context(context); err != nil {
		return nil, nil, err
	}
	return tree(context, nil), v, nil
}

// acyclic reports whether no path of references leads from url back to url.
// done[url] is false while its references are followed, and true afterwards.
func acyclic(url string, refers map[string][]string, done map[string]bool) bool {
	if over, seen := done[url]; seen {
		return over
	}
	done[url] = false
	for _, to := range refers[url] {
		if !acyclic(to, refers, done) {
			return false
		}
	}
	done[url] = true
	return true
}

// A vetting checks the form of contexts before json-gold reads them: they must
// not load anything outside the library, exceed the limits, or contain
// anything that JSON-LD 1.1 section 9.15 does not list. json-gold would panic
// on such content or ignore it.
type vetting struct {
	library library
	trusted bool // not from a document, so the limits do not apply
	refers  []string

	contexts, terms, bytes int
}

func (v *vetting) context(c canonical.Value) *Error {
	if c.Kind() != canonical.Array {
		return v.entry(c)
	}
	for _, e := range c.Elements() {
		if err := v.entry(e); err != nil {
			return err
		}
	}
	return nil
}

func (v *vetting) entry(e canonical.Value) *Error {
	if v.contexts++; v.contexts > maxContexts && !v.trusted {
		return fault(TooLarge, "", e, "more than %d contexts", maxContexts)
	}
	switch e.Kind() {
	case canonical.Null:
		return nil
	case canonical.String:
		url, _ := e.String()
		if _, ok := v.library[url]; !ok {
			return fault(UnknownContext, url, e, "nothing is fetched")
		}
		v.refers = append(v.refers, url)
		return nil
	case canonical.Object:
		return v.definitions(e)
	}
	return fault(InvalidContext, "", e, "a context is a URL, an object or null")
}

func (v *vetting) definitions(c canonical.Value) *Error {
	for name, m := range c.Members() {
		if err := v.text(name, m); err != nil {
			return err
		}
		ok := false
		switch name {
		case "@version":
			n, _ := m.Float64()
			ok = n == 1.1
		case "@vocab", "@language", "@direction":
			ok = m.Kind() == canonical.String || m.Kind() == canonical.Null
		case "@protected":
			ok = m.Kind() == canonical.Bool
		case "@import", "@base", "@propagate":
			return fault(InvalidContext, name, m, "not supported here")
		default:
			if err := v.definition(name, m); err != nil {
				return err
			}
			continue
		}
		if !ok {
			return fault(InvalidContext, name, m, "not a value that it can have")
		}
	}
	return nil
}

// definition checks one term definition (JSON-LD 1.1 section 9.15.1).
func (v *vetting) definition(name string, d canonical.Value) *Error {
	if v.terms++; v.terms > maxTerms && !v.trusted {
		return fault(TooLarge, name, d, "more than %d terms are defined", maxTerms)
	}
	if name == "" || strings.HasPrefix(name, "@") && name != "@type" {
		return fault(InvalidContext, name, d, "it cannot be defined")
	}
	switch d.Kind() {
	case canonical.Null, canonical.String:
		return nil
	case canonical.Object:
	default:
		return fault(InvalidContext, name, d, "a term is defined by a string, an object or null")
	}
	for key, m := range d.Members() {
		if err := v.text(key, m); err != nil {
			return err
		}
		ok := false
		s, isString := m.String()
		switch key {
		case "@context":
			if err := v.context(m); err != nil {
				return err
			}
			continue
		case "@id", "@language", "@direction":
			ok = isString || m.Kind() == canonical.Null
		case "@type", "@reverse":
			ok = isString
		case "@index", "@nest":
			ok = s != ""
		case "@prefix", "@protected":
			ok = m.Kind() == canonical.Bool
		case "@container":
			ok = isString || isTexts(m)
		}
		if !ok {
			return fault(InvalidContext, name, m, "%s has a value that it cannot have, or is not known", quote.Text(key, maxShown))
		}
	}
	return nil
}

// text counts the bytes of a name and of its text value, if it has one.
func (v *vetting) text(name string, m canonical.Value) *Error {
	s, _ := m.String()
	if v.bytes += len(name) + len(s); v.bytes > maxContextBytes && !v.trusted {
		return fault(TooLarge, "", m, "the contexts hold more than %d bytes", maxContextBytes)
	}
	return nil
}

// isTexts reports whether c is a short list of strings, as in @container.
func isTexts(c canonical.Value) bool {
	if c.Kind() != canonical.Array || c.Len() > 4 {
		return false
	}
	for _, e := range c.Elements() {
		if _, ok := e.String(); !ok {
			return false
		}
	}
	return true
}

// fault returns an Error about v.
func fault(kind Kind, term string, v canonical.Value, format string, args ...any) *Error {
	return &Error{Kind: kind, Term: term, Pointer: v.Pointer(), detail: fmt.Sprintf(format, args...)}
}
