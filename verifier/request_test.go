package verifier_test

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// Verify returns a RequestError for bytes that it cannot read as a presentation and
// parameters.
func TestRequestError(t *testing.T) {
	const limit = canonical.DefaultMaxBytes
	vp, long := string(sample.Presentation()), strings.Repeat(" ", limit+1)
	tests := []struct {
		name          string
		vp, params    string
		kind          verifier.RequestKind
		offset, limit int
		parsed        bool // it is JSON, so that there is no *canonical.Error
	}{
		{"empty", "", "", verifier.MalformedJSON, 0, 0, false},
		{"not JSON", "{", "", verifier.MalformedJSON, 1, 0, false},
		{"trailing bytes", vp + "x", "", verifier.MalformedJSON, len(vp), 0, false},
		{"byte order mark", "\ufeff{}", "", verifier.MalformedJSON, 0, 0, false},
		{"repeated member", `{"a":1,"a":2}`, "", verifier.MalformedJSON, 7, 0, false},
		{"an array", "[]", "", verifier.NotAPresentation, 0, 0, true},
		{"a string", `"x"`, "", verifier.NotAPresentation, 0, 0, true},
		{"null", `null`, "", verifier.NotAPresentation, 0, 0, true},
		{"no type", `{}`, "", verifier.NotAPresentation, 0, 0, true},
		{"a credential", string(sample.Credential()), "", verifier.NotAPresentation, 0, 0, true},
		{"an enveloped presentation", `{"type":"EnvelopedVerifiablePresentation"}`, "", verifier.NotAPresentation, 0, 0, true},
		{"type in another case", `{"type":"verifiablepresentation"}`, "", verifier.NotAPresentation, 0, 0, true},
		{"type holds a number", `{"type":["VerifiablePresentation",1]}`, "", verifier.NotAPresentation, 0, 0, true},
		{"parameters are not JSON", vp, `{"a":}`, verifier.MalformedParams, 5, 0, false},
		{"parameters are an array", vp, ` []`, verifier.MalformedParams, 1, 0, true},
		{"parameters repeat a member", vp, `{"amount":1,"\u0061mount":900}`, verifier.MalformedParams, 12, 0, false},
		{"too long", long, "", verifier.TooLarge, limit, limit, false},
		{"too deep", strings.Repeat("[", 200), "", verifier.TooLarge, 128, 128, false},
		{"parameters too long", vp, long, verifier.TooLarge, limit, limit, false},
	}
	v := newVerifier(t, config(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := v.Verify(t.Context(), verifier.Request{Presentation: []byte(tt.vp), ExecutionParams: []byte(tt.params), Challenge: sample.Challenge})
			var bad *verifier.RequestError
			if !errors.As(err, &bad) || res != nil {
				t.Fatalf("got %v, %v", res, err)
			}
			if bad.Kind != tt.kind || bad.Offset != tt.offset || bad.Limit != tt.limit || bad.Error() == "" {
				t.Errorf("got %s at %d, limit %d; want %s at %d, limit %d", bad.Kind, bad.Offset, bad.Limit, tt.kind, tt.offset, tt.limit)
			}
			var cause *canonical.Error
			if errors.As(err, &cause) == tt.parsed {
				t.Errorf("cause: %v", cause)
			}
		})
	}
}

// The limits bound the memory that a request takes, whatever its size.
func TestHostileSizesAllocateLittle(t *testing.T) {
	with := func(edit func(vp object)) []byte {
		vp := toObject(t, sample.Presentation())
		edit(vp)
		return toJSON(t, vp)
	}
	withProof := func(name, value string) []byte {
		return with(func(vp object) { vp["proof"].(object)[name] = value })
	}
	withMember := func(name string, value any) []byte { return with(func(vp object) { vp[name] = value }) }
	manyNulls := make([]any, 100_000)
	tests := []struct {
		name string
		vp   []byte
		want string
		max  uint64
	}{
		{"100 MB of brackets", bytes.Repeat([]byte("["), 100<<20), "too_large", 64 << 10},
		{"10^7 arrays deep", bytes.Repeat([]byte("["), 10_000_000), "too_large", 64 << 10},
		{"1 MB of brackets", bytes.Repeat([]byte("["), 1<<20), "too_large", 2 << 20},
		{"a multibase string of 1 MB", withProof("proofValue", "z"+strings.Repeat("A", 1<<20)), "too_large", 64 << 10},
		{"a multibase string of 900 KB", withProof("proofValue", "z"+strings.Repeat("A", 900_000)), "proof_invalid", 8 << 20},
		{"100,000 proofs", withMember("proof", manyNulls), "too_large", 12 << 20},
		{"50,000 proofs", withMember("proof", manyNulls[:50_000]), "too_many_proofs", 12 << 20},
		{"50,000 credentials", withMember("verifiableCredential", manyNulls[:50_000]), "malformed_presentation", 12 << 20},
		{"17 credentials", with(func(vp object) {
			vp["verifiableCredential"] = slices.Repeat(vp["verifiableCredential"].([]any)[:1], 17)
		}), "malformed_presentation", 4 << 20},
		{"a verification method of 900 KB", withProof("verificationMethod", "did:key:z"+strings.Repeat("A", 900_000)), "verification_method_invalid", 16 << 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVerifier(t, config(t))
			req := request()
			req.Presentation = tt.vp
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			res, err := v.Verify(t.Context(), req)
			runtime.ReadMemStats(&after)
			if got := outcome(res, err); got != tt.want {
				t.Fatalf("got %s, want %s: %v", got, tt.want, err)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > tt.max {
				t.Errorf("allocated %d bytes, want at most %d", got, tt.max)
			}
			if n := len(report(t, res, err)); n > 20_000 {
				t.Errorf("the outcome has %d bytes", n)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// Text of a presentation or of parameters that is cut short in a message must
// stay valid: else nobody could sign a receipt of the denial.
func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	for n := range 4 {
		long := strings.Repeat("a", n) + strings.Repeat("é", 150) + strings.Repeat("🏨", 100)
		// in puts long into the presentation.
		in := func(edit func(vp, vc object)) func(*verifier.Request) {
			return func(req *verifier.Request) {
				vp := toObject(t, sample.Presentation())
				edit(vp, vp["verifiableCredential"].([]any)[0].(object))
				req.Presentation = toJSON(t, vp)
			}
		}
		tests := map[string]func(req *verifier.Request){
			"tool":      func(req *verifier.Request) { req.ExecutionParams = toJSON(t, object{"tool": long}) },
			"challenge": func(req *verifier.Request) { req.Challenge = long },
			"scope":     func(req *verifier.Request) { req.Scope = long },
			"mandate":   func(req *verifier.Request) { req.Mandate = long },
			"suite":     in(func(vp, _ object) { vp["proof"].(object)["cryptosuite"] = long }),
			"issuer":    in(func(_, vc object) { vc["issuer"] = "did:x:" + long }),
			"member":    in(func(_, vc object) { vc["proof"].(object)["challenge"] = object{long: 1} }),
			"context":   in(func(_, vc object) { vc["@context"] = []string{"https://www.w3.org/ns/credentials/v2", "x:" + long} }),
			"rule": func(req *verifier.Request) {
				req.Presentation = present(t, sample.Challenge, issue(t, func(_, mandate object) {
					mandate["action"].(object)["content"].(object)["rules"] = []object{{"name": long, "expression": long}}
				}))
			},
		}
		for name, change := range tests {
			req := request()
			change(&req)
			res, err := decide(t, config(t), req)
			var deny *verifier.DenyError
			if !errors.As(err, &deny) {
				t.Errorf("%s: got %s, %v", name, outcome(res, err), err)
				continue
			}
			if deny.Receipt == nil {
				t.Errorf("%s: no receipt: %v", name, err)
			}
			report(t, res, err) // every text has a JSON form
		}
	}
}
