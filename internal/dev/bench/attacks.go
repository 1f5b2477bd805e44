package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/status"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/testvectors"
	"github.com/mandate-engine/mandate/verifier"
)

// A byteString is a byte string of the corpus.
type byteString struct {
	Text, Hex, Base64 string
	Parts             []struct {
		Text, Hex, Base64 string
		Times             int
	}
}

func (s byteString) bytes() []byte {
	once := func(text, digits, encoded string) []byte {
		a, err := hex.DecodeString(digits)
		check(err)
		b, err := base64.StdEncoding.DecodeString(encoded)
		check(err)
		return slices.Concat([]byte(text), a, b)
	}
	out := once(s.Text, s.Hex, s.Base64)
	for _, p := range s.Parts {
		out = append(out, bytes.Repeat(once(p.Text, p.Hex, p.Base64), p.Times)...)
	}
	return out
}

// A question is the input of a corpus case: a request, or bytes. It has only
// the settings that affect how far a presentation gets.
type question struct {
	Area  string
	Input struct {
		byteString
		Document json.RawMessage
		Now      time.Time
		Config   struct {
			TrustedIssuers         []string
			Verifier               string
			InsecureTrustAnyIssuer bool
		}
		DIDDocuments []json.RawMessage
		StatusLists  []struct {
			URL             string
			Credential      json.RawMessage
			CredentialBytes byteString
		}
		Request struct {
			Presentation, ExecutionParams           json.RawMessage
			PresentationBytes, ExecutionParamsBytes byteString
			Verifier, Challenge, Scope, Mandate     string
			Domain                                  []string
		}
	}
}

// corpusAttacks returns the vectors of the corpus that are presentations or
// could be sent as presentations. An allowed one is sent again, so that it is
// refused as a replay.
func corpusAttacks() (out []attack) {
	cases, err := testvectors.Load()
	check(err)
	head := overhead()
	for _, c := range cases {
		var q question
		cfg := config()
		if c.Area != "verify" && c.Area != "canonical" && c.Area != "dataintegrity" {
			continue
		}
		check(json.Unmarshal(c.Question(), &q))
		in := &q.Input
		a := attack{name: c.ID, req: verifier.Request{Presentation: in.bytes()}}
		switch c.Area {
		case "dataintegrity":
			a.req.Presentation = in.Document
		case "verify":
			r := &in.Request
			a.req = verifier.Request{Presentation: slices.Concat([]byte(r.Presentation), r.PresentationBytes.bytes()), ExecutionParams: slices.Concat([]byte(r.ExecutionParams), r.ExecutionParamsBytes.bytes()),
				Verifier: r.Verifier, Challenge: r.Challenge, Domain: r.Domain, Scope: r.Scope, Mandate: r.Mandate}
			cfg.Now = func() time.Time { return in.Now }
			cfg.Verifier, cfg.TrustedIssuers, cfg.InsecureTrustAnyIssuer = in.Config.Verifier, in.Config.TrustedIssuers, in.Config.InsecureTrustAnyIssuer
			var documents []*didresolve.Document
			for _, b := range in.DIDDocuments {
				d, err := didresolve.ParseDocument(b)
				check(err)
				documents = append(documents, d)
			}
			cfg.Resolver = didresolve.Chain(didresolve.Key(), didresolve.JWK(), didresolve.Static(documents...))
			lists := status.Lists{}
			for _, l := range in.StatusLists {
				lists[l.URL] = slices.Concat([]byte(l.Credential), l.CredentialBytes.bytes())
			}
			cfg.Status = lists
		}
		a.cfg, a.v, a.sent = cfg, newVerifier(cfg), head+len(a.req.Presentation)+len(a.req.ExecutionParams)
		if decide(a.v, a.req) == nil {
			a.name += ", again"
		}
		out = append(out, a)
	}
	return out
}

// madeUpAttacks returns inputs designed to be expensive.
func madeUpAttacks() (out []attack) {
	head := overhead()
	add := func(name string, r verifier.Request) {
		cfg := config()
		if r.ExecutionParams == nil {
			r.ExecutionParams = sample.ParamsAllow()
		}
		out = append(out, attack{name, cfg, newVerifier(cfg), r, head + len(r.Presentation) + len(r.ExecutionParams)})
	}
	w := newWorld()
	// with returns a captured presentation with an additional first member. It
	// is well formed, and the engine must hash it to find that its signature
	// is invalid.
	with := func(member string) verifier.Request {
		r := w.newMandate()
		r.Presentation = slices.Concat([]byte("{"+member+","), r.Presentation[1:])
		return r
	}
	const limit = 1<<20 - 8000
	fill := func(name, item string, values int) {
		n := min(60_000/values, limit/(len(item)+1))
		add(name, with(`"x":[`+strings.TrimSuffix(strings.Repeat(item+",", n), ",")+"]"))
	}
	fill("empty objects", `{}`, 1)
	fill("nested arrays", strings.Repeat("[", 100)+strings.Repeat("]", 100), 100)
	fill("long numbers", `1.7976931348623157e308`, 1)
	fill("short exponents", `1e9`, 1)
	fill("numbers of many digits", "0."+strings.Repeat("123456789", 100), 1)
	fill("escapes", `"`+strings.Repeat(`\u00e9`, 1000)+`"`, 1)
	fill("surrogate pairs", `"`+strings.Repeat(`\ud83d\ude00`, 1000)+`"`, 1)
	fill("members out of order", `{"z":0,"y":0,"x":0,"w":0,"\u00e9":0,"b":0,"a":0}`, 8)
	var members strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&members, `,"%d":0`, (i*7919)%60_000)
	}
	add("one object of 60,000 members", with(`"x":{`+members.String()[1:]+`}`))
	add("no JSON", verifier.Request{Presentation: []byte("x")})
	add("a type and nothing else", verifier.Request{Presentation: []byte(`{"type":"VerifiablePresentation"}`)})

	change := func(r verifier.Request, old, new string) verifier.Request {
		i := bytes.LastIndex(r.Presentation, []byte(old))
		hold(i >= 0, old+" is in the presentation")
		r.Presentation = slices.Concat(r.Presentation[:i], []byte(new), r.Presentation[i+len(old):])
		return r
	}
	add("a proofValue of 1 MiB", change(w.newMandate(), `"proofValue":"z`, `"proofValue":"z`+strings.Repeat("2", limit)))
	add("a verificationMethod of 1 MiB", change(w.newMandate(), `"verificationMethod":"did:key:z`, `"verificationMethod":"did:key:z`+strings.Repeat("2", limit)))
	// In the following attacks, the mandate is valid: a captured one, or the
	// attacker's own.
	add("a mandate of somebody else", w.present(stranger(7), w.issue(w.issuer, w.holder)))
	captured := w.newMandate()
	add("a captured mandate, its presentation changed", change(captured, `"challenge":"`+captured.Challenge, `"nonce":"x","challenge":"`+captured.Challenge))
	add("a captured mandate, with sixteen proofs", signedAgain(w, 15, true))
	add("a mandate of one's own, with sixteen proofs, the last one bad", signedAgain(w, 15, false))
	add("a mandate of one's own, signed by six strangers as well, the last proof bad", signedByMany(w, 6))
	small := signCredential([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"`+w.issuer.did+`","credentialSubject":{"id":"urn:x"}}`), w.issuer)
	short := w.present(w.holder, append(slices.Repeat([][]byte{small}, 15), w.issue(w.issuer, w.holder))...)
	add("a small credential of the issuer fifteen times, the presentation changed", change(short, `"challenge":"`+short.Challenge, `"nonce":"x","challenge":"`+short.Challenge))
	least := signCredential([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://via.humanos.dev/ns/v1"],"id":"urn:x","type":["VerifiableCredential","VIAMandate"],"issuer":"`+w.issuer.did+
		`","credentialSubject":{"id":"`+w.holder.did+`","mandate":{"grantor":["`+w.holder.did+`"],"scope":"x","action":{"id":"urn:y","content":{"name":"a","profile":"via-cel/1","executionParams":{},"rules":[{"name":"r","expression":"1 == 2"}]}},"userParams":{}}}}`), w.issuer)
	refused := w.present(w.holder, least)
	refused.ExecutionParams = []byte("{}")
	add("the smallest mandate, of one's own, for what it does not permit", refused)
	return out
}

// signedAgain returns a presentation with additional proofs of its holder. The
// first or the last one is invalid.
func signedAgain(w *world, more int, first bool) verifier.Request {
	r := w.newMandate()
	for i := range more {
		r.Presentation = addProof(r.Presentation, w.holder, signing.Options{Purpose: "authentication", Challenge: r.Challenge, Domain: []string{sample.Verifier}, Nonce: fmt.Sprint(i)})
	}
	r.Presentation = spoil(r.Presentation, first)
	return r
}

// signedByMany returns a presentation of a mandate with additional proofs of
// strangers. The last one is invalid.
func signedByMany(w *world, more int) verifier.Request {
	vc := w.issue(w.issuer, w.holder)
	for i := range more {
		vc = addProof(vc, stranger(1000+i), signing.Options{Purpose: "assertionMethod"})
	}
	return w.present(w.holder, spoil(vc, false))
}

func addProof(document []byte, by party, o signing.Options) []byte {
	o.Add, o.Created = true, sample.Now()
	b, err := signing.Document(context.Background(), document, by.signer, o)
	check(err)
	return b
}

// spoil changes the first or the last proof of a document with several proofs.
func spoil(document []byte, first bool) []byte {
	d, err := canonical.Parse(document)
	check(err)
	proofs := d.Root().Get("proof")
	which := proofs.Len() - 1
	if first {
		which = 0
	}
	value, _ := proofs.Index(which).Get("proofValue").String()
	bad := []byte(value)
	i := len(bad) - 5
	if bad[i] != 'e' {
		bad[i] = 'e'
	} else {
		bad[i] = 'f'
	}
	hold(string(bad) != value && bytes.Count(document, []byte(value)) == 1, "a proof can be spoilt")
	return bytes.Replace(document, []byte(value), bad, 1)
}
