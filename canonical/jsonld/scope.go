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
	unchecked bool   // a context whose content is not known is part of it
	previous  *scope // what nested objects go back to, or nil
}

func newScope(l library) scope {
	return scope{context: ld.NewContext(nil, options(l))}
}

// options are those of json-gold, with a loader that knows the library alone.
// NewJsonLdOptions is not called, since its loader opens files and URLs.
func options(l library) *ld.JsonLdOptions {
	return &ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, DocumentLoader: l, SafeMode: true}
}

// LoadDocument implements the interface of json-gold.
func (l library) LoadDocument(url string) (*ld.RemoteDocument, error) {
	k, ok := l[url]
	if !ok {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, nil)
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: map[string]any{"@context": k.context}}, nil
}

// expand returns what a member name or a type expands to, and whether that is
// an absolute IRI.
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

// mayBe reports whether the context that is not known may define name, which
// the others do not: not when it is reserved (JSON-LD 1.1 section 9.15), nor
// when it was taken away by name.
func (s scope) mayBe(name string) bool {
	if _, removed := s.context.TermDefinitions[name]; removed || name == "" {
		return false
	}
	return s.unchecked && !reserved(name)
}

func (s scope) definition(name string) *ld.TermDefinition {
	return s.context.TermDefinitions[name]
}

// absolute reports whether s is an absolute IRI as far as RFC 3987 section 2.2
// goes with the scheme and the characters that cannot stand in one. A blank
// node identifier is not: it names nothing.
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

// size is what json-gold copies whenever a context is applied or a scope gone
// back to: all definitions, also those of the scopes before.
func (s *scope) size() int {
	n := 0
	for ; s != nil && n <= maxWork; s = s.previous {
		n += 8 + len(s.context.TermDefinitions)
	}
	return n
}

// apply returns the scope that a context leads to (section 4.1.2). override
// allows it to redefine protected terms, which a property-scoped context may;
// without propagate, nested objects go back to s, as from a type-scoped one.
// at is the place to blame.
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

// reset returns the scope of a null context.
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

// define returns the active context with the definitions of an inline one.
//
// json-gold v0.9.1 forgets that a term was protected when a context sets it to
// null, or to a reserved name, so that the next one may redefine it. So it is
// told that the terms it is about to define are not protected, and what came
// of them is compared here, after each context.
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

// sameMeaning compares a definition with one that has just been made (section
// 4.2.2, step 27): all but whether they are protected.
func sameMeaning(old, made *ld.TermDefinition) bool {
	isPrefix := func(d *ld.TermDefinition) bool { return d.Prefix != nil && *d.Prefix }
	d := *made
	d.Protected = old.Protected
	return isPrefix(old) == isPrefix(&d) && ld.DeepCompareTermDef(old, &d, true)
}

// code returns the error code of the JSON-LD specification. The rest of the
// message holds text of the document, and changes from run to run.
func code(err error) string {
	if e, ok := err.(*ld.JsonLdError); ok {
		return string(e.Code)
	}
	return "it cannot be processed"
}
