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

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/bundle"
)

// decide decides the sample with some parameters, and keeps the bundle.
func decide(t testing.TB, params []byte, change func(*verifier.Config)) (*verifier.Bundle, *receipts.Receipt) {
	t.Helper()
	key, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	cfg := verifier.Config{Resolver: didresolve.Key(), Signer: key, TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier,
		KeepBundle: true, Now: func() time.Time { return sample.Now().Add(123456789) }}
	if change != nil {
		change(&cfg)
	}
	v, err := verifier.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.Verify(context.Background(), verifier.Request{Presentation: sample.Presentation(), ExecutionParams: params, Challenge: sample.Challenge})
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

// through writes a bundle and reads it again.
func through(t testing.TB, b *verifier.Bundle) ([]byte, *verifier.Bundle) {
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

func TestReproduce(t *testing.T) {
	for name, tt := range map[string]struct {
		params []byte
		change func(*verifier.Config)
		want   string
	}{
		"allow":                       {sample.ParamsAllow(), nil, "allow "},
		"deny":                        {sample.ParamsDeny(), nil, "deny rule_failed"},
		"invalid":                     {sample.ParamsInvalid(), nil, "deny execution_params_invalid"},
		"no parameters":               {nil, nil, "deny execution_params_invalid"},
		"denied by screen":            {sample.ParamsAllow(), func(c *verifier.Config) { c.TrustedIssuers = []string{"did:x:y"} }, "deny issuer_untrusted"},
		"a checker agrees":            {sample.ParamsAllow(), func(c *verifier.Config) { c.ContextChecker = checker{} }, "allow "},
		"a checker objects":           {sample.ParamsAllow(), func(c *verifier.Config) { c.ContextChecker = checker{errors.New("no")} }, "deny context_not_allowed"},
		"used before":                 {sample.ParamsAllow(), func(c *verifier.Config) { c.Replay = used{} }, "deny presentation_replayed"},
		"a signer for nobody":         {sample.ParamsAllow(), func(c *verifier.Config) { c.PresentationSigners = map[string][]string{"did:x:y": nil} }, "allow "},
		"documents that were fetched": {sample.ParamsAllow(), func(c *verifier.Config) { c.Resolver = fetched{} }, "allow "},
		"no document": {sample.ParamsAllow(), func(c *verifier.Config) {
			c.Resolver = fetched{&didresolve.Error{Type: didresolve.ErrNotFound, Detail: "\xff\ufffe"}}
		}, "deny did_not_found"},
		"settings that tell": {sample.ParamsAllow(), func(c *verifier.Config) { c.Leeway, c.MaxAge, c.AllowActionless = time.Minute, time.Hour, true }, "allow "},
	} {
		t.Run(name, func(t *testing.T) {
			b, receipt := decide(t, tt.params, tt.change)
			_, read := through(t, b)
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

// fetched answers like a resolver that fetches.
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

type used struct{}

func (used) Use(context.Context, [32]byte, time.Time, time.Time) (bool, error) { return false, nil }

// What was changed in the receipt or in the bundle is named.
func TestDifference(t *testing.T) {
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
		_, c := through(t, b)
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

// Nothing is reproduced from what is not there.
func TestReproduceRefuses(t *testing.T) {
	b, receipt := decide(t, sample.ParamsAllow(), nil)
	_, without := through(t, b)
	clear(without.Documents)
	_, settings := through(t, b)
	settings.Config.TrustedIssuers = nil
	_, version := through(t, b)
	version.Engine = "9.9.9"
	for name, tt := range map[string]struct {
		bundle  *verifier.Bundle
		receipt []byte
		want    string
	}{
		"no document":         {without, receipt.Bytes(), "the bundle does not have it"},
		"settings of nobody":  {settings, receipt.Bytes(), "TrustedIssuers is empty"},
		"no receipt":          {b, []byte("{"), "syntax"},
		"a receipt of nobody": {b, []byte("{}"), "verification method"},
	} {
		if r, err := bundle.Reproduce(context.Background(), tt.bundle, tt.receipt); err == nil || r != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := bundle.Marshal(nil); err == nil {
		t.Error("a bundle of nothing")
	}
}

func TestParseRefuses(t *testing.T) {
	b, _ := decide(t, sample.ParamsAllow(), nil)
	file, _ := through(t, b)
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
	b, receipt := decide(nil2{}, sample.ParamsDeny(), nil)
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

// nil2 stands for a test where an example has none.
type nil2 struct{ testing.TB }

func (nil2) Helper()           {}
func (nil2) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// A source that answers with nothing at all, and one that says that there is
// nothing, lead to different decisions, and to the same ones again.
func TestNothingAndNothingAtAll(t *testing.T) {
	for name, answer := range map[string]error{"nothing at all": nil, "no such action": policy.ErrNotFound} {
		vc := map[string]any{}
		if err := json.Unmarshal(sample.Credential(), &vc); err != nil {
			t.Fatal(err)
		}
		delete(vc, "proof")
		mandate := vc["credentialSubject"].(map[string]any)["mandate"].(map[string]any)
		mandate["action"] = map[string]any{"id": "urn:via:action:1", "digestSRI": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
		unsigned, _ := json.Marshal(vc)
		issuer, _ := receipts.NewKeySigner(sample.Key(1), "")
		holder, _ := receipts.NewKeySigner(sample.Key(2), "")
		signed, err := signing.Credential(t.Context(), unsigned, issuer, signing.Options{Created: sample.Now()})
		if err != nil {
			t.Fatal(err)
		}
		vp, err := signing.Presentation(t.Context(), "", [][]byte{signed}, holder, signing.Options{Created: sample.Now(), Challenge: "c", Domain: []string{sample.Verifier}})
		if err != nil {
			t.Fatal(err)
		}
		key, _ := receipts.NewKeySigner(sample.Key(9), "")
		v, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: key, TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier,
			KeepBundle: true, Now: sample.Now, Actions: source{answer}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), verifier.Request{Presentation: vp, Challenge: "c"})
		var deny *verifier.DenyError
		if !errors.As(err, &deny) {
			t.Fatal(err)
		}
		_, read := through(t, deny.Bundle)
		if r, err := bundle.Reproduce(t.Context(), read, deny.Receipt.Bytes()); err != nil || r.Difference != "" || r.Reason != deny.Reason {
			t.Errorf("%s: %s, then %+v, %v", name, deny.Reason, r, err)
		}
	}
}

type source struct{ err error }

func (s source) Action(context.Context, policy.Ref) ([]byte, error) { return nil, s.err }
