package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/testvectors"
	"github.com/mandate-engine/mandate/verifier"
)

// corpus returns the cases of the conformance corpus. Those that decide nothing
// are recorded as testvectors runs them.
func corpus() ([]testCase, error) {
	list, err := testvectors.Load()
	if err != nil {
		return nil, err
	}
	var out []testCase
	for _, c := range list {
		if c.Area != "verify" {
			out = append(out, testCase{c.ID, func() *record { return runVector(c) }})
			continue
		}
		var q question
		if err := json.Unmarshal(c.Question(), &q); err != nil {
			return nil, fmt.Errorf("%s: %w", c.ID, err)
		}
		out = append(out, testCase{c.ID, func() *record { return decide(c.ID, "", q.Input.world) }})
	}
	return out, nil
}

func runVector(c testvectors.Case) *record {
	result := testvectors.Run(context.Background(), c)
	r := &record{name: c.ID, outcome: fmt.Sprintf("passed=%t", result.Passed)}
	r.add(checks, "got", "%s", result.Got)
	r.text("detail", result.Detail)
	return r
}

// A question is a case file of the area verify, as testvectors/README.md
// describes it.
type question struct{ Input vectorInput }

type vectorInput struct {
	Now    time.Time
	Config struct {
		TrustedIssuers, Contexts                          []string
		Verifier, IssuerBinding                           string
		MaxAgeSeconds, MaxFutureSeconds                   int
		LeewaySeconds, MaxStatusAgeSeconds, GrantorProofs int
		RequireParamsBinding, AllowActionless, W3COnly    bool
		AllGrantorProofs                                  bool
		InsecureTrustAnyIssuer, InsecureAllowUnbound      bool
		InsecureAllowReplay, InsecureUnpinnedActions      bool
		IssuerSigners, PresentationSigners                []vectorSigner
	}
	Request struct {
		vectorDocuments
		Verifier, Challenge, Scope, Mandate string
		Domain                              []string
		Evidence                            []vectorEvidence
	}
	Before                   []vectorDocuments
	DIDDocuments             []json.RawMessage
	Deactivated, Unavailable []string
	Pins                     []struct{ DID, SHA256 string }
	StatusLists              *[]struct {
		URL string
		vectorDocuments
	}
	Actions *[]struct {
		ID      string
		Version int64
		vectorDocuments
	}
}

type vectorSigner struct {
	Signer           string
	Issuers, Holders []string
}

type vectorEvidence struct {
	ID string
	vectorBytes
}

// vectorDocuments are the members that hold a JSON document, or its bytes.
type vectorDocuments struct {
	Presentation, ExecutionParams, Credential, Content                     json.RawMessage
	PresentationBytes, ExecutionParamsBytes, CredentialBytes, ContentBytes *vectorBytes
}

type vectorBytes struct {
	Text, Hex, Base64 *string
	Times             int
	Parts             []vectorBytes
}

func (b *vectorBytes) bytes() []byte {
	switch {
	case b == nil:
		return nil
	case b.Text != nil:
		return []byte(*b.Text)
	case b.Hex != nil:
		return must(hex.DecodeString(*b.Hex))
	case b.Base64 != nil:
		return must(base64.StdEncoding.DecodeString(*b.Base64))
	}
	out := []byte{}
	for _, part := range b.Parts {
		once := part
		once.Times = 0
		out = append(out, slices.Repeat(once.bytes(), part.Times)...)
	}
	return out
}

func document(embedded json.RawMessage, b *vectorBytes) []byte {
	if embedded != nil {
		return embedded
	}
	return b.bytes()
}

// world builds what the case describes.
func (in *vectorInput) world() *world {
	w := newWorld(in.Now)
	s := &in.Config
	c := &w.cfg
	c.TrustedIssuers, c.Contexts, c.Verifier = s.TrustedIssuers, s.Contexts, s.Verifier
	c.IssuerBinding = map[string]verifier.IssuerBinding{"listed": verifier.IssuerListed, "mapped": verifier.IssuerMapped}[s.IssuerBinding]
	c.MaxAge, c.MaxFuture = seconds(s.MaxAgeSeconds), seconds(s.MaxFutureSeconds)
	c.Leeway, c.MaxStatusAge = seconds(s.LeewaySeconds), seconds(s.MaxStatusAgeSeconds)
	if c.GrantorProofs = s.GrantorProofs; s.AllGrantorProofs {
		c.GrantorProofs = verifier.AllGrantors
	}
	c.RequireParamsBinding, c.AllowActionless, c.W3COnly = s.RequireParamsBinding, s.AllowActionless, s.W3COnly
	c.InsecureTrustAnyIssuer, c.InsecureAllowUnbound = s.InsecureTrustAnyIssuer, s.InsecureAllowUnbound
	c.InsecureAllowReplay, c.InsecureUnpinnedActions = s.InsecureAllowReplay, s.InsecureUnpinnedActions
	for _, m := range s.IssuerSigners {
		c.IssuerSigners = with(c.IssuerSigners, m.Signer, m.Issuers)
	}
	for _, m := range s.PresentationSigners {
		c.PresentationSigners = with(c.PresentationSigners, m.Signer, m.Holders)
	}
	if in.StatusLists != nil {
		lists := map[string][]byte{}
		for _, l := range *in.StatusLists {
			lists[l.URL] = document(l.Credential, l.CredentialBytes)
		}
		c.Status = &tracedStatus{lists: lists, trace: w.trace, end: w.end}
	}
	if in.Actions != nil {
		var list []action
		for _, a := range *in.Actions {
			list = append(list, action{a.ID, a.Version, document(a.Content, a.ContentBytes)})
		}
		c.Actions = &tracedActions{actions: list, trace: w.trace, end: w.end}
	}
	c.Resolver = in.resolver(w)
	q := &in.Request
	w.req = verifier.Request{Presentation: document(q.Presentation, q.PresentationBytes), ExecutionParams: document(q.ExecutionParams, q.ExecutionParamsBytes),
		Verifier: q.Verifier, Challenge: q.Challenge, Scope: q.Scope, Mandate: q.Mandate, Domain: q.Domain}
	for _, e := range q.Evidence {
		if w.req.Evidence == nil {
			w.req.Evidence = map[string][]byte{}
		}
		w.req.Evidence[e.ID] = e.bytes()
	}
	for _, b := range in.Before {
		w.before = append(w.before, document(b.ExecutionParams, b.ExecutionParamsBytes))
	}
	return w
}

// resolver has the engine derive what it can, like the runner of testvectors,
// unless something is out of order or pinned.
func (in *vectorInput) resolver(w *world) didresolve.Resolver {
	var docs []*didresolve.Document
	for _, d := range in.DIDDocuments {
		docs = append(docs, must(didresolve.ParseDocument(d)))
	}
	faults, pins := map[string]fault{}, map[string][sha256.Size]byte{}
	for _, did := range in.Deactivated {
		faults[did] = gone
	}
	for _, did := range in.Unavailable {
		faults[did] = outage
	}
	for _, p := range in.Pins {
		pins[p.DID] = [sha256.Size]byte(must(hex.DecodeString(p.SHA256)))
	}
	static := tracedResolver{didresolve.Static(docs...), w.trace, "static"}
	chain := didresolve.Chain(didresolve.Key(), didresolve.JWK(), static)
	if len(faults)+len(pins) == 0 {
		return chain
	}
	return tracedResolver{&faulty{next: didresolve.Pinned(pins, chain), faults: faults, end: w.end}, w.trace, "all"}
}

// newWorld returns a world in which everything is in order, and nothing known.
func newWorld(now time.Time) *world {
	w := &world{trace: &trace{}}
	w.ctx, w.end = context.WithCancel(context.Background())
	w.replay = &tracedReplay{trace: w.trace, end: w.end}
	w.replay.forget()
	key := must(receipts.NewKeySigner(ed25519.NewKeyFromSeed(slices.Repeat([]byte{9}, ed25519.SeedSize)), ""))
	w.cfg = verifier.Config{
		Now: func() time.Time { return now }, Rand: &stream{}, Replay: w.replay, KeepBundle: true,
		Signer: &tracedSigner{KeySigner: key, trace: w.trace, end: w.end},
	}
	return w
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func with(m map[string][]string, key string, list []string) map[string][]string {
	if m = maps.Clone(m); m == nil {
		m = map[string][]string{}
	}
	m[key] = list
	return m
}

// must returns v. Whatever it is used for cannot fail but for a mistake here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
