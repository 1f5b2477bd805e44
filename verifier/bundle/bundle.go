// Package bundle answers one question: does a decision follow from what it is
// said to rest on?
//
// It implements a file format for everything that one decision was given: the
// request, the settings, the time, and the DID documents, status lists and actions
// that were looked up. [Marshal] writes a bundle. [Reproduce] decides again from a
// bundle alone, and compares the receipt byte for byte.
//
// A bundle is not signed. It holds the execution parameters and the salt of the
// receipt's commitment, so a reader of the bundle sees what the receipt only
// commits to. A reproduced decision does not prove that the documents in the bundle
// are the true ones: the receipt's digests say which ones were used. Nor does it
// prove more of the settings and the request than the receipt says of them: other
// trusted issuers, another required scope or mandate, or more evidence files lead
// to the same receipt when they change nothing in it.
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
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/verifier"
)

// Format is the first member of every bundle.
const Format = "mandate-bundle/1"

// MaxBytes bounds a bundle: a presentation, parameters and evidence files in
// base64, eight DID documents, four status lists.
const MaxBytes = 32 << 20

type object = map[string]any

// Marshal writes a bundle as one canonical JSON object. Every document in it is
// base64 with its SRI digest.
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
	// Marshal refuses a bundle that Parse could not read again.
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
	r := jsonread.Strict(d.Root())
	if f := r.Text("format"); f != Format && r.Err() == nil {
		return nil, fmt.Errorf("bundle: format is %.40q, not %s", f, Format)
	}
	b := &verifier.Bundle{Engine: r.Text("engine"), Now: r.Time("now"), Replayed: r.Bool("replayed")}
	random, err := base64.StdEncoding.Strict().DecodeString(r.Text("receiptRandom"))
	if err != nil || copy(b.Random[:], random) != len(b.Random) || len(random) != len(b.Random) {
		r.Fail(r.At.Get("receiptRandom"), "receiptRandom is not %d bytes in base64", len(b.Random))
	}
	config, request := r.Object("config"), r.Object("request")
	b.Config = readSettings(&config)
	readRequest(&request, &b.Request)
	b.Documents, b.Lists = readAnswers(&r, "documents", "did"), readAnswers(&r, "statusLists", "url")
	b.Actions = map[policy.Ref]verifier.Answer{}
	for _, e := range r.Objects("actions") {
		ref := policy.Ref{ID: e.Text("id"), Version: e.Integer("version", 0), Digest: e.Text("digestSRI")}
		if _, twice := b.Actions[ref]; twice {
			e.Fail(e.At, "action %.80q stands there twice", ref.ID)
		}
		b.Actions[ref] = readAnswer(&e)
	}
	for _, e := range r.Get("contextChecks").Elements() {
		ok, is := e.Bool()
		if !is {
			r.Fail(e, "contextChecks holds a value of type %s", e.Kind())
		}
		b.Contexts = append(b.Contexts, ok)
	}
	r.Done()
	if f := r.Fault(); f != nil {
		return nil, fmt.Errorf("bundle: %v", f)
	}
	return b, nil
}

func readRequest(r *jsonread.Reader, q *verifier.Request) {
	q.Presentation, q.ExecutionParams = readBlob(r, "presentation"), readBlob(r, "executionParams")
	q.Verifier, q.Challenge, q.Scope, q.Mandate = r.Text("verifier"), r.Text("challenge"), r.Text("scope"), r.Text("mandate")
	q.Domain = r.Texts("domain")
	if r.Has("evidence") {
		q.Evidence = map[string][]byte{}
		for _, e := range r.Objects("evidence") {
			id := e.Text("id")
			if _, twice := q.Evidence[id]; twice {
				e.Fail(e.At, "evidence %.80q stands there twice", id)
			}
			q.Evidence[id] = readBlob(&e, "file")
			e.Done()
		}
	}
	r.Done()
}

func readBlob(r *jsonread.Reader, name string) []byte {
	c := r.Object(name)
	b, err := base64.StdEncoding.Strict().DecodeString(c.Text("base64"))
	if digest := c.Text("digest"); err != nil || digest != canonical.SRI(sha256.Sum256(b)) {
		c.Fail(c.At, "the bytes do not have the digest %.80q", digest)
	}
	c.Done()
	return b
}

func readAnswers(r *jsonread.Reader, name, key string) map[string]verifier.Answer {
	out := map[string]verifier.Answer{}
	for _, e := range r.Objects(name) {
		k := e.Text(key)
		if _, twice := out[k]; twice {
			e.Fail(e.At, "%s %.80q stands there twice", key, k)
		}
		out[k] = readAnswer(&e)
	}
	return out
}

func readAnswer(r *jsonread.Reader) verifier.Answer {
	a := verifier.Answer{Source: r.TextIf("source")}
	if r.Has("document") {
		a.Bytes = readBlob(r, "document")
	}
	if r.Has("error") {
		a.Err = recorded{text: r.Text("error"), is: didresolve.ErrorType(r.TextIf("errorType"))}
	}
	if r.Has("retrievedAt") {
		a.RetrievedAt = r.Time("retrievedAt")
	}
	r.Done()
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
