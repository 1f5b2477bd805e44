package jsonld

import (
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"

	"github.com/mandate-engine/mandate/canonical"
)

// A scope is the active context at one place of a document (JSON-LD 1.1
// Processing Algorithms section 4.1). It is immutable.
type scope struct {
	context   *ld.Context
	unchecked bool   // it includes a context whose content is not known
	previous  *scope // the scope that nested objects revert to, or nil
}

func newScope(l library) scope {
	return scope{context: ld.NewContext(nil, options(l))}
}

// options returns options for json-gold with a loader that only knows the
// library. It does not call NewJsonLdOptions, whose loader opens files and
// URLs.
func options(l library) *ld.JsonLdOptions {
	return &ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, DocumentLoader: l, SafeMode: true}
}

// LoadDocument implements ld.DocumentLoader.
func (l library) LoadDocument(url string) (*ld.RemoteDocument, error) {
	k, ok := l[url]
	if !ok {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, nil)
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: map[string]any{"@context": k.context}}, nil
}

// expand returns the expansion of a member name or a type and whether it is an
// absolute IRI.
func (s scope) expand(name string) (iri string, defined bool) {
	iri, err := s.context.ExpandIri(name, false, true, nil, nil)
	if err != nil {
		return "", false
	}
	if vocab := s.context.Values.Vocab; vocab != nil && *vocab != "" && iri == *vocab+name && s.definition(name) == nil {
		return iri, absolute(*vocab)
	}
	return iri, absolute(iri)
}

// mayBe reports whether the context with unknown content may define name,
// which the other contexts do not define. It is false for reserved names
// (JSON-LD 1.1 section 9.15) and for names set to null.
func (s scope) mayBe(name string) bool {
	if _, removed := s.context.TermDefinitions[name]; removed || name == "" {
		return false
	}
	return s.unchecked && !reserved(name)
}

func (s scope) definition(name string) *ld.TermDefinition {
	return s.context.TermDefinitions[name]
}

// absolute reports whether s has the form of an absolute IRI. It checks only
// the scheme and the characters that RFC 3987 section 2.2 excludes. Blank node
// identifiers are not absolute IRIs.
func absolute(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || scheme == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if i < len(scheme) && !letter && (i == 0 || strings.IndexByte("0123456789+-.", c) < 0) {
			return false
		}
		if c <= ' ' || c == 0x7F || !letter && strings.IndexByte("<>\"{}|\\^`", c) >= 0 {
			return false
		}
	}
	return true
}

// reserved reports whether s has the form of a keyword.
func reserved(s string) bool {
	return len(s) > 1 && s[0] == '@' && !strings.ContainsFunc(s[1:], func(r rune) bool {
		return r|0x20 < 'a' || r|0x20 > 'z'
	})
}

// size returns the number of definitions that json-gold copies whenever it
// applies a context or reverts to a scope, including those of previous scopes.
func (s *scope) size() int {
	n := 0
	for ; s != nil && n <= maxWork; s = s.previous {
		n += 8 + len(s.context.TermDefinitions)
	}
	return n
}

// apply returns the scope after applying a context (section 4.1.2). With
// override the context may redefine protected terms, as property-scoped
// contexts may. Without propagate, nested objects revert to s, as for
// type-scoped contexts. at is the location for errors.
func (w *walker) apply(s scope, context any, propagate, override bool, at canonical.Value) (scope, *Error) {
	entries, ok := context.([]any)
	if !ok {
		entries = []any{context}
	}
	out := s
	if !propagate && len(entries) > 0 && out.previous == nil {
		out.previous = &s
	}
	for _, e := range entries {
		var err *Error
		switch e := e.(type) {
		case string:
			k := w.library[e]
			switch {
			case k.unchecked:
				out.unchecked = true
			case k.context == nil:
				return s, fault(UnknownContext, e, at, "nothing is fetched")
			default:
				out, err = w.apply(out, k.context, true, override, at)
			}
		case map[string]any:
			out.context, err = w.define(out, e, override, at)
		default: // null
			out, err = w.reset(out, propagate, override, at)
		}
		if err != nil {
			return s, err
		}
	}
	return out, nil
}

// reset returns the scope after a null context.
func (w *walker) reset(s scope, propagate, override bool, at canonical.Value) (scope, *Error) {
	if err := w.spend(s.size(), at); err != nil {
		return s, err
	}
	if !override {
		for _, d := range s.context.TermDefinitions {
			if d != nil && d.Protected {
				return s, fault(RedefinedTerm, "", at, "a null context would take protected terms away")
			}
		}
	}
	out := newScope(w.library)
	if !propagate {
		out.previous = &s
	}
	return out, nil
}

// define returns the active context with the definitions of an inline context.
//
// json-gold v0.9.1 has a bug: if a context sets a protected term to null or to
// a reserved name, it forgets the protection, and the next context may
// redefine the term. So define clears the protection of the terms that the
// context defines, and compares the result with the old definitions after each
// context.
func (w *walker) define(s scope, inline map[string]any, override bool, at canonical.Value) (*ld.Context, *Error) {
	active := s.context
	if err := w.spend(s.size()+8*len(inline), at); err != nil {
		return nil, err
	}
	var protected []string
	for name := range inline {
		if d := active.TermDefinitions[name]; d != nil && d.Protected {
			protected = append(protected, name)
		}
	}
	base := active
	if len(protected) > 0 {
		slices.Sort(protected)
		base = ld.CopyContext(active)
		for _, name := range protected {
			d := *active.TermDefinitions[name]
			d.Protected = false
			base.TermDefinitions[name] = &d
		}
	}
	next, err := base.Parse(inline)
	if err != nil {
		return nil, &Error{Kind: InvalidContext, Pointer: at.Pointer(), detail: code(err)}
	}
	if override {
		return next, nil
	}
	for _, name := range protected {
		d := next.TermDefinitions[name]
		if d == nil || !sameMeaning(active.TermDefinitions[name], d) {
			return nil, fault(RedefinedTerm, name, at, "it is protected")
		}
		d.Protected = true
	}
	return next, nil
}

// sameMeaning compares an old definition with a new one (section 4.2.2, step
// 27), except whether they are protected.
func sameMeaning(old, made *ld.TermDefinition) bool {
	isPrefix := func(d *ld.TermDefinition) bool { return d.Prefix != nil && *d.Prefix }
	d := *made
	d.Protected = old.Protected
	return isPrefix(old) == isPrefix(&d) && ld.DeepCompareTermDef(old, &d, true)
}

// code returns the JSON-LD error code. The rest of the message contains text
// from the document and varies from run to run.
func code(err error) string {
	if e, ok := err.(*ld.JsonLdError); ok {
		return string(e.Code)
	}
	return "it cannot be processed"
}
