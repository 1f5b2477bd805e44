package bundle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/bundle"
)

// decide decides the sample with some parameters, and keeps the bundle.
func decide(t testing.TB, params []byte, change func(*verifier.Config)) (*verifier.Bundle, *receipts.Receipt) {
	t.Helper()
	return decideRequest(t, verifier.Request{Presentation: sample.Presentation(), ExecutionParams: params, Challenge: sample.Challenge}, change)
}

func decideRequest(t testing.TB, req verifier.Request, change func(*verifier.Config)) (*verifier.Bundle, *receipts.Receipt) {
	t.Helper()
	cfg := verifier.Config{Resolver: didresolve.Key(), Signer: samplesign.Signer(t, 9, ""), TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier,
		KeepBundle: true, Now: func() time.Time { return sample.Now().Add(123456789) }}
	if change != nil {
		change(&cfg)
	}
	v, err := verifier.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.Verify(context.Background(), req)
	var deny *verifier.DenyError
	switch {
	case err == nil:
		return res.Bundle, res.Receipt
	case errors.As(err, &deny):
		return deny.Bundle, deny.Receipt
	}
	t.Fatal(err)
	return nil, nil
}

// roundTrip writes a bundle and reads it again.
func roundTrip(t testing.TB, b *verifier.Bundle) ([]byte, *verifier.Bundle) {
	t.Helper()
	file, err := bundle.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := bundle.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := bundle.Marshal(again)
	if err != nil || !bytes.Equal(file, second) {
		t.Fatalf("a bundle that was read is written differently (%v)", err)
	}
	return file, again
}

// Reproduce decides a bundle that was written and read as it was decided before.
func TestReproduce(t *testing.T) {
	allow := sample.ParamsAllow()
	for name, tt := range map[string]struct {
		params []byte
		change func(*verifier.Config)
		want   string
	}{
		"allow":                       {allow, nil, "allow "},
		"deny":                        {sample.ParamsDeny(), nil, "deny rule_failed"},
		"invalid":                     {sample.ParamsInvalid(), nil, "deny execution_params_invalid"},
		"no parameters":               {nil, nil, "deny execution_params_invalid"},
		"denied before any lookup":    {allow, func(c *verifier.Config) { c.TrustedIssuers = []string{"did:x:y"} }, "deny issuer_untrusted"},
		"a checker agrees":            {allow, func(c *verifier.Config) { c.ContextChecker = checker{} }, "allow "},
		"a checker objects":           {allow, func(c *verifier.Config) { c.ContextChecker = checker{errors.New("no")} }, "deny context_not_allowed"},
		"used before":                 {allow, func(c *verifier.Config) { c.Replay = used{} }, "deny presentation_replayed"},
		"a signer for no holder":      {allow, func(c *verifier.Config) { c.PresentationSigners = map[string][]string{"did:x:y": nil} }, "allow "},
		"documents that were fetched": {allow, func(c *verifier.Config) { c.Resolver = fetched{} }, "allow "},
		"no document":                 {allow, func(c *verifier.Config) { c.Resolver = fetched{notFound} }, "deny did_not_found"},
		"settings that receipts name": {allow, func(c *verifier.Config) { c.Leeway, c.MaxAge, c.AllowActionless = time.Minute, time.Hour, true }, "allow "},
	} {
		t.Run(name, func(t *testing.T) {
			b, receipt := decide(t, tt.params, tt.change)
			_, read := roundTrip(t, b)
			r, err := bundle.Reproduce(context.Background(), read, receipt.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Decision + " " + string(r.Reason); got != tt.want || r.Difference != "" {
				t.Errorf("got %s, want %s; difference %q", got, tt.want, r.Difference)
			}
			d, err := canonical.Parse(receipt.Bytes())
			if err != nil || !bytes.Equal(r.Body, d.Root().AppendCanonical(nil, canonical.Omit("proof"))) {
				t.Errorf("the body is another (%v)", err)
			}
		})
	}
}

// notFound has a text that is no UTF-8, and one that is no character.
var notFound = &didresolve.Error{Type: didresolve.ErrNotFound, Detail: "\xff\ufffe"}

// fetched answers with err, or like a resolver that fetches.
type fetched struct{ err error }

func (f fetched) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	if f.err != nil {
		return nil, f.err
	}
	r, err := didresolve.Key().Resolve(ctx, did)
	if err == nil {
		r.Source, r.RetrievedAt = "https://x.example/"+did, sample.Now().Add(-time.Minute+1)
	}
	return r, err
}

type checker struct{ err error }

func (c checker) CheckContext(canonical.Value) error { return c.err }

// used is a Replay in which every key is used up.
type used struct{}

func (used) Use(context.Context, [32]byte, time.Time, time.Time) (bool, error) { return false, nil }

// Reproduce names the first difference between a receipt and a bundle of which one was
// changed.
func TestReproduceNamesDifference(t *testing.T) {
	b, receipt := decide(t, sample.ParamsAllow(), nil)
	denied, denial := decide(t, sample.ParamsDeny(), nil)
	edit := func(r *receipts.Receipt, old, new string) []byte {
		out := strings.Replace(string(r.Bytes()), old, new, 1)
		if out == string(r.Bytes()) {
			t.Fatalf("%q is not there", old)
		}
		return []byte(out)
	}
	changed := func(change func(*verifier.Bundle)) *verifier.Bundle {
		_, c := roundTrip(t, b)
		change(c)
		return c
	}
	for name, tt := range map[string]struct {
		bundle  *verifier.Bundle
		receipt []byte
		want    string
	}{
		"an evaluation":          {b, edit(receipt, `"result":"pass","rule":"amount-cap"`, `"result":"fail","rule":"amount-cap"`), `/credentialSubject/evaluations/0/result: the receipt has "fail", deciding again gives "pass"`},
		"a member more":          {b, edit(receipt, `"decision":"allow"`, `"decision":"allow","extra":1`), `/credentialSubject/extra: the receipt has 1, deciding again gives none`},
		"a member less":          {b, edit(receipt, `"paramsBound":false,`, ``), `/credentialSubject/request/paramsBound: the receipt has none, deciding again gives false`},
		"a check less":           {b, edit(receipt, `{"check":"vp.structure","result":"pass"},`, ``), `/credentialSubject/checks: the receipt has [`},
		"the other's receipt":    {b, denial.Bytes(), `deciding again gives`},
		"the other's bundle":     {denied, receipt.Bytes(), `deciding again gives`},
		"other parameters":       {changed(func(c *verifier.Bundle) { c.Request.ExecutionParams = sample.ParamsDeny() }), receipt.Bytes(), `/credentialSubject`},
		"another time":           {changed(func(c *verifier.Bundle) { c.Now = c.Now.Add(time.Millisecond) }), receipt.Bytes(), `timestamp`},
		"another salt":           {changed(func(c *verifier.Bundle) { c.Random[31]++ }), receipt.Bytes(), `/credentialSubject/request/paramsCommitment`},
		"another issuer trusted": {changed(func(c *verifier.Bundle) { c.Config.TrustedIssuers = []string{"did:x:y"} }), receipt.Bytes(), `/credentialSubject`},
	} {
		r, err := bundle.Reproduce(context.Background(), tt.bundle, tt.receipt)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(r.Difference, tt.want) {
			t.Errorf("%s: got %q, want %q", name, r.Difference, tt.want)
		}
	}
}

// Reproduce returns an error if the bundle lacks an answer, or if either of the two
// cannot be read.
func TestReproduceRefuses(t *testing.T) {
	b, receipt := decide(t, sample.ParamsAllow(), nil)
	_, without := roundTrip(t, b)
	clear(without.Documents)
	_, settings := roundTrip(t, b)
	settings.Config.TrustedIssuers = nil
	_, version := roundTrip(t, b)
	version.Engine = "9.9.9"
	for name, tt := range map[string]struct {
		bundle  *verifier.Bundle
		receipt []byte
		want    string
	}{
		"no document":       {without, receipt.Bytes(), "the bundle does not have it"},
		"no trusted issuer": {settings, receipt.Bytes(), "TrustedIssuers is empty"},
		"no receipt":        {b, []byte("{"), "syntax"},
		"an empty receipt":  {b, []byte("{}"), "verification method"},
	} {
		if r, err := bundle.Reproduce(context.Background(), tt.bundle, tt.receipt); err == nil || r != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := bundle.Marshal(nil); err == nil {
		t.Error("Marshal writes a nil bundle")
	}
}

func TestParseRefuses(t *testing.T) {
	b, _ := decide(t, sample.ParamsAllow(), nil)
	file, _ := roundTrip(t, b)
	good := string(file)
	for _, tt := range []struct{ name, old, new, want string }{
		{"no JSON", good, "{", "syntax"},
		{"another format", bundle.Format, "mandate-bundle/2", "format is"},
		{"an unknown member", `"replayed"`, `"note":1,"replayed"`, `unknown member "note"`},
		{"an unknown setting", `"w3cOnly"`, `"w3cOnlyy":true,"w3cOnly"`, "unknown member"},
		{"a setting that is missing", `"allowActionless":false,`, ``, "allowActionless is missing"},
		{"a digest that does not fit", `"digest":"sha256-`, `"digest":"sha256-x`, "do not have the digest"},
		{"an unknown binding", `"issuerBinding":"strict"`, `"issuerBinding":"lax"`, "issuerBinding is"},
		{"no time", `"now":"2026`, `"now":"x2026`, "now:"},
		{"a duration", `"leeway":"0s"`, `"leeway":"0"`, ""},
		{"no duration", `"leeway":"0s"`, `"leeway":"long"`, "no duration"},
		{"randomness too short", `"receiptRandom":"`, `"receiptRandom":"AAAA`, "32 bytes"},
		{"documents in no list", `"documents":[`, `"documents":{},"x":[`, "documents is of type object, not a list"},
		{"a check that is no boolean", `"contextChecks":[]`, `"contextChecks":[1]`, "contextChecks holds a value of type number"},
		{"a number in a list of texts", `"contexts":[]`, `"contexts":[1]`, "contexts holds a value of type number"},
		{"a document twice", `"documents":[`, `"documents":[{"did":"did:x:y","error":"x"},{"did":"did:x:y","error":"x"},`, "stands there twice"},
		{"an action twice", `"actions":[`, `"actions":[{"id":"a","version":1,"digestSRI":"","error":"x"},{"id":"a","version":1,"digestSRI":"","error":"x"}`, "stands there twice"},
		{"a signer twice", `"issuerSigners":[`, `"issuerSigners":[{"signer":"a","for":[]},{"signer":"a","for":[]}`, "stands there twice"},
		{"evidence twice", `"scope":""`, `"evidence":[{"id":"a","file":{"base64":"","digest":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}},{"id":"a","file":{"base64":"","digest":"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}}],"scope":""`, "stands there twice"},
		{"half a number", `"grantorProofs":0`, `"grantorProofs":0.5`, "whole number"},
		{"actions of numbers", `"actions":[]`, `"actions":[1]`, "actions holds a value of type number"},
	} {
		changed := strings.Replace(good, tt.old, tt.new, 1)
		if changed == good {
			t.Fatalf("%s: %q is not there", tt.name, tt.old)
		}
		got, err := bundle.Parse([]byte(changed))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || got != nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	b, receipt := decide(f, sample.ParamsAllow(), nil)
	file, err := bundle.Marshal(b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(`{"format":"mandate-bundle/1"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := bundle.Parse(in)
		if (err == nil) != (b != nil) {
			t.Fatal("neither a bundle nor an error")
		}
		if b == nil {
			return
		}
		if r, err := bundle.Reproduce(context.Background(), b, receipt.Bytes()); (err == nil) != (r != nil) {
			t.Fatal("neither a reproduction nor an error")
		}
	})
}

func ExampleReproduce() {
	b, receipt := decide(exampleTB{}, sample.ParamsDeny(), nil)
	file, err := bundle.Marshal(b)
	if err != nil {
		panic(err)
	}
	// Years later, from the two files alone.
	read, err := bundle.Parse(file)
	if err != nil {
		panic(err)
	}
	r, err := bundle.Reproduce(context.Background(), read, receipt.Bytes())
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Decision, r.Reason, r.Difference == "")
	// Output: deny rule_failed true
}

// exampleTB is the testing.TB of an example, which has none.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()           {}
func (exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// Reproduce tells an action that is not found from one without a byte: each is denied
// for the reason that it was denied for before.
func TestReproduceWithoutAction(t *testing.T) {
	var vc map[string]any
	if err := json.Unmarshal(sample.Credential(), &vc); err != nil {
		t.Fatal(err)
	}
	delete(vc, "proof")
	vc["credentialSubject"].(map[string]any)["mandate"].(map[string]any)["action"] = map[string]any{
		"id": "urn:via:action:1", "digestSRI": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
	unsigned, err := json.Marshal(vc)
	if err != nil {
		t.Fatal(err)
	}
	mandate := samplesign.Credential(t, unsigned, samplesign.Signer(t, 1, ""))
	vp := samplesign.Presentation(t, [][]byte{mandate}, samplesign.Signer(t, 2, ""), proofs.Options{Created: sample.Now(), Challenge: "c"})
	for _, tt := range []struct {
		name string
		err  error
		want verifier.Reason
	}{
		{"no byte", nil, verifier.ReasonActionInvalid},
		{"not found", policy.ErrNotFound, verifier.ReasonActionUnavailable},
	} {
		b, receipt := decideRequest(t, verifier.Request{Presentation: vp, Challenge: "c"}, func(c *verifier.Config) { c.Actions = source{tt.err} })
		_, read := roundTrip(t, b)
		if r, err := bundle.Reproduce(t.Context(), read, receipt.Bytes()); err != nil || r.Difference != "" || r.Reason != tt.want {
			t.Errorf("%s: got %+v, %v; want %s", tt.name, r, err, tt.want)
		}
	}
}

// source answers every reference with nothing, or with err.
type source struct{ err error }

func (s source) Action(context.Context, policy.Ref) ([]byte, error) { return nil, s.err }
