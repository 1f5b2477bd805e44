// Package bundle answers one question: does a decision follow from what it is
// said to rest on?
//
// A bundle is a file with everything that one decision was given: the request,
// the settings, the time, the DID documents, status lists and actions that were
// looked up. [Marshal] writes it, [Reproduce] decides again from it alone and
// compares with a receipt, byte for byte.
//
// A bundle is not signed, and holds the execution parameters and the salt of the
// receipt's commitment: whoever has it can read what the receipt only commits to.
// That a decision can be reproduced does not prove that the documents in the
// bundle were the true ones: the receipt's digests say which ones were used. Nor
// does it prove the settings and the request beyond what the receipt says of
// them: other trusted issuers, another required scope or mandate, files of
// evidence that were not there lead to the same receipt where they change
// nothing in it.
package bundle

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/internal/xsdtime"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/verifier"
)

// Format is the first member of every bundle.
const Format = "mandate-bundle/1"

// MaxBytes bounds a bundle: a presentation, parameters and evidence files in
// base64, eight DID documents, four status lists.
const MaxBytes = 32 << 20

type object = map[string]any

// Marshal writes a bundle as one canonical JSON object, in which every document
// stands in base64 beside its SRI digest.
func Marshal(b *verifier.Bundle) ([]byte, error) {
	if b == nil {
		return nil, errors.New("bundle: there is none: Config.KeepBundle was not set")
	}
	r := &b.Request
	request := object{
		"presentation": blob(r.Presentation), "executionParams": blob(r.ExecutionParams), "verifier": r.Verifier, "challenge": r.Challenge,
		"domain": orEmpty(r.Domain), "scope": r.Scope, "mandate": r.Mandate,
	}
	var evidence []object
	for _, id := range slices.Sorted(maps.Keys(r.Evidence)) {
		evidence = append(evidence, object{"id": id, "file": blob(r.Evidence[id])})
	}
	if evidence != nil {
		request["evidence"] = evidence
	}
	actions := []object{}
	for ref, a := range b.Actions {
		o := answer(a)
		o["id"], o["version"], o["digestSRI"] = ref.ID, ref.Version, ref.Digest
		actions = append(actions, o)
	}
	out, err := canonical.Marshal(object{
		"format": Format, "engine": b.Engine, "now": b.Now.UTC().Format(time.RFC3339Nano),
		"receiptRandom": base64.StdEncoding.EncodeToString(b.Random[:]), "config": settings(&b.Config), "request": request,
		"documents": answers("did", b.Documents), "statusLists": answers("url", b.Lists), "actions": actions,
		"contextChecks": contextChecks(b.Contexts), "replayed": b.Replayed,
	})
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	// What could not be read again is no evidence.
	if _, err := Parse(out); err != nil {
		return nil, err
	}
	return out, nil
}

func answers(key string, m map[string]verifier.Answer) []object {
	out := []object{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		o := answer(m[name])
		o[key] = name
		out = append(out, o)
	}
	return out
}

// answer writes what was found, or why there is nothing.
func answer(a verifier.Answer) object {
	o := object{}
	if a.Bytes != nil {
		o["document"] = blob(a.Bytes)
	}
	if a.Err != nil {
		text := a.Err.Error() // for people; it decides nothing
		o["error"] = quote.Cut(text, len(text))
		if t := didresolve.TypeOf(a.Err); t != didresolve.ErrInternal {
			o["errorType"] = string(t)
		}
	}
	if a.Source != "" {
		o["source"] = a.Source
	}
	if !a.RetrievedAt.IsZero() {
		o["retrievedAt"] = a.RetrievedAt.UTC().Format(time.RFC3339Nano)
	}
	return o
}

func blob(b []byte) object {
	return object{"base64": base64.StdEncoding.EncodeToString(b), "digest": canonical.SRI(sha256.Sum256(b))}
}

func contextChecks(list []bool) []bool {
	if list == nil {
		return []bool{}
	}
	return list
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Parse reads a bundle, strictly: unknown members and digests that do not fit
// are errors.
func Parse(file []byte) (*verifier.Bundle, error) {
	limits := canonical.Limits{MaxBytes: MaxBytes}
	d, err := limits.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	r := &reader{at: d.Root()}
	if f := r.text("format"); f != Format && r.err() == nil {
		return nil, fmt.Errorf("bundle: format is %.40q, not %s", f, Format)
	}
	b := &verifier.Bundle{Engine: r.text("engine"), Now: r.time("now"), Replayed: r.flag("replayed")}
	random, err := base64.StdEncoding.Strict().DecodeString(r.text("receiptRandom"))
	if err != nil || copy(b.Random[:], random) != len(b.Random) || len(random) != len(b.Random) {
		r.fail("receiptRandom is not %d bytes in base64", len(b.Random))
	}
	config := r.object("config")
	b.Config = readSettings(config)
	config.done()
	readRequest(r.object("request"), &b.Request)
	b.Documents, b.Lists = r.answers("documents", "did"), r.answers("statusLists", "url")
	b.Actions = map[policy.Ref]verifier.Answer{}
	r.each("actions", func(e *reader) {
		ref := policy.Ref{ID: e.text("id"), Version: int64(e.number("version")), Digest: e.text("digestSRI")}
		if _, twice := b.Actions[ref]; twice {
			e.fail("action %.80q stands there twice", ref.ID)
		}
		b.Actions[ref] = e.answer()
	})
	for _, e := range r.get("contextChecks").Elements() {
		ok, is := e.Bool()
		if !is {
			r.fail("contextChecks holds something else than booleans")
		}
		b.Contexts = append(b.Contexts, ok)
	}
	r.done()
	if r.err() != nil {
		return nil, r.err()
	}
	return b, nil
}

func readRequest(r *reader, q *verifier.Request) {
	q.Presentation, q.ExecutionParams = r.blob("presentation"), r.blob("executionParams")
	q.Verifier, q.Challenge, q.Scope, q.Mandate = r.text("verifier"), r.text("challenge"), r.text("scope"), r.text("mandate")
	q.Domain = r.texts("domain")
	r.each("evidence", func(e *reader) {
		if q.Evidence == nil {
			q.Evidence = map[string][]byte{}
		}
		id := e.text("id")
		if _, twice := q.Evidence[id]; twice {
			e.fail("evidence %.80q stands there twice", id)
		}
		q.Evidence[id] = e.blob("file")
	})
	r.done()
}

// A reader reads the members of an object, each by its name, and keeps the first
// fault of the file.
type reader struct {
	at    canonical.Value
	asked []string
	first *error
}

func (r *reader) err() error {
	if r.first == nil {
		return nil
	}
	return *r.first
}

func (r *reader) fail(format string, args ...any) {
	if r.first == nil {
		r.first = new(error)
	}
	if *r.first == nil {
		*r.first = fmt.Errorf("bundle: at %q: %s", r.at.Pointer(), fmt.Sprintf(format, args...))
	}
}

// child returns a reader that shares the fault.
func (r *reader) child(v canonical.Value) *reader {
	if r.first == nil {
		r.first = new(error)
	}
	return &reader{at: v, first: r.first}
}

func (r *reader) get(name string) canonical.Value {
	r.asked = append(r.asked, name)
	return r.at.Get(name)
}

// done refuses members that nobody asked for.
func (r *reader) done() {
	for name := range r.at.Members() {
		if !slices.Contains(r.asked, name) {
			r.fail("unknown member %.40q", name)
		}
	}
}

func (r *reader) object(name string) *reader {
	v := r.get(name)
	if v.Kind() != canonical.Object {
		r.fail("%s is no object", name)
	}
	return r.child(v)
}

func (r *reader) each(name string, read func(*reader)) {
	v := r.get(name)
	if k := v.Kind(); k != canonical.Array && k != canonical.Absent {
		r.fail("%s is no list", name)
	}
	for _, e := range v.Elements() {
		c := r.child(e)
		if e.Kind() != canonical.Object {
			r.fail("%s holds something else than objects", name)
		}
		read(c)
		c.done()
	}
}

func (r *reader) text(name string) string {
	s, ok := r.get(name).String()
	if !ok {
		r.fail("%s is no string", name)
	}
	return s
}

func (r *reader) texts(name string) []string {
	v := r.get(name)
	if v.Kind() != canonical.Array {
		r.fail("%s is no list", name)
	}
	var out []string
	for _, e := range v.Elements() {
		s, ok := e.String()
		if !ok {
			r.fail("%s holds something else than strings", name)
		}
		out = append(out, s)
	}
	return out
}

func (r *reader) flag(name string) bool {
	b, ok := r.get(name).Bool()
	if !ok {
		r.fail("%s is no boolean", name)
	}
	return b
}

func (r *reader) number(name string) float64 {
	v := r.get(name)
	f, _ := v.Float64()
	if !v.IsSafeInteger() {
		r.fail("%s is no whole number", name)
	}
	return f
}

func (r *reader) time(name string) time.Time {
	t, err := xsdtime.Parse(r.text(name))
	if err != nil {
		r.fail("%s: %v", name, err)
	}
	return t
}

func (r *reader) blob(name string) []byte {
	c := r.object(name)
	b, err := base64.StdEncoding.Strict().DecodeString(c.text("base64"))
	if digest := c.text("digest"); err != nil || digest != canonical.SRI(sha256.Sum256(b)) {
		c.fail("the bytes do not have the digest %.80q", digest)
	}
	c.done()
	return b
}

func (r *reader) answers(name, key string) map[string]verifier.Answer {
	out := map[string]verifier.Answer{}
	r.each(name, func(e *reader) {
		k := e.text(key)
		if _, twice := out[k]; twice {
			e.fail("%s %.80q stands there twice", key, k)
		}
		out[k] = e.answer()
	})
	return out
}

func (r *reader) answer() verifier.Answer {
	var a verifier.Answer
	if r.at.Get("document").Kind() != canonical.Absent {
		a.Bytes = r.blob("document")
	}
	if r.at.Get("error").Kind() != canonical.Absent {
		e := recorded{text: r.text("error")}
		if r.at.Get("errorType").Kind() != canonical.Absent {
			e.is = didresolve.ErrorType(r.text("errorType"))
		}
		a.Err = e
	}
	if r.at.Get("source").Kind() != canonical.Absent {
		a.Source = r.text("source")
	}
	if r.at.Get("retrievedAt").Kind() != canonical.Absent {
		a.RetrievedAt = r.time("retrievedAt")
	}
	return a
}

// recorded is an error of a bundle that was read: its text and its type.
type recorded struct {
	text string
	is   didresolve.ErrorType // "" for none
}

func (e recorded) Error() string { return e.text }

func (e recorded) Unwrap() error {
	if e.is == "" {
		return nil
	}
	return e.is
}
