package verifier_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
)

func TestEveryByte(t *testing.T) { everyByte(t, sample.Presentation()) }

func TestEveryByteOfSetsAndChains(t *testing.T) { everyByte(t, withSetAndChain(t)) }

func TestEveryMember(t *testing.T) { everyMember(t, sample.Presentation(), nil) }

// Of a presentation with proof sets and chains, one of several proofs that sign
// the same may be taken away, and nothing else changed.
func TestEveryMemberOfSetsAndChains(t *testing.T) {
	vp := withSetAndChain(t)
	req := request()
	req.Presentation = vp
	if res, err := decide(t, config(t), req); err != nil || res.Receipt == nil {
		t.Fatal(err)
	}
	everyMember(t, vp, map[string]bool{"without /proof/0": true, "without /proof/1": true})
}

// withSetAndChain returns a presentation that its holder has signed twice, of a
// mandate that its issuer has signed, and a notary on top of that.
func withSetAndChain(t testing.TB) []byte {
	t.Helper()
	add := func(document []byte, seed byte, o proofs.Options) []byte {
		o.Add, o.Created = true, sample.Now().Add(-30*time.Second)
		return samplesign.Document(t, document, signer(t, seed), o)
	}
	chain := add(unsigned(t, nil), 1, proofs.Options{Purpose: "assertionMethod", ID: "urn:p:issuer"})
	chain = add(chain, 6, proofs.Options{Purpose: "assertionMethod", Previous: []string{"urn:p:issuer"}})
	return add(present(t, sample.Challenge, chain), 2, proofs.Options{Purpose: "authentication", Challenge: sample.Challenge,
		Domain: []string{sample.Verifier}, Nonce: "second"})
}

// everyByte changes every byte of a presentation in several ways. Whatever is
// not the same document is never allowed.
func everyByte(t *testing.T, presentation []byte) {
	cfg := config(t)
	cfg.InsecureAllowReplay = true
	v := newVerifier(t, cfg)
	original, err := canonical.Transform(presentation)
	if err != nil {
		t.Fatal(err)
	}
	same, tried := 0, 0
	for i := range presentation {
		for _, mask := range []byte{0x01, 0x02, 0x20, 0x80, 0xff} {
			req := request()
			req.Presentation = slices.Clone(presentation)
			req.Presentation[i] ^= mask
			tried++
			res, err := v.Verify(t.Context(), req)
			if got := outcome(res, err); got == "allow" {
				form, _ := canonical.Transform(req.Presentation)
				if !bytes.Equal(form, original) {
					t.Fatalf("byte %d ^ %#x: allowed a changed presentation", i, mask)
				}
				same++
			} else if got == "none" {
				t.Fatalf("byte %d ^ %#x: no decision: %v", i, mask, err)
			}
		}
	}
	t.Logf("%d changes, %d of them to white space alone", tried, same)
	if same == tried {
		t.Error("nothing was refused")
	}
}

// everyMember deletes every member and array element of a presentation, one at a
// time, adds one to every object and array, and replaces every value. Nothing of
// it is allowed but what tolerated names.
func everyMember(t *testing.T, presentation []byte, tolerated map[string]bool) {
	cfg := config(t)
	cfg.InsecureAllowReplay = true
	v := newVerifier(t, cfg)
	tried, allowed := 0, map[string]bool{}
	try := func(what string, doc any) {
		tried++
		req := request()
		req.Presentation = toJSON(t, doc)
		res, err := v.Verify(t.Context(), req)
		switch got := outcome(res, err); {
		case got == "allow" && tolerated[what]:
			allowed[what] = true
		case got == "allow" || got == "none":
			t.Errorf("%s: %s", what, got)
		}
	}
	var root any = toObject(t, presentation)
	var walk func(path string, node any, put func(any))
	walk = func(path string, node any, put func(any)) {
		switch n := node.(type) {
		case object:
			for k, child := range n {
				delete(n, k)
				try("without "+path+"/"+k, root)
				n[k] = child
				walk(path+"/"+k, child, func(c any) { n[k] = c })
			}
			n["extra"] = "x"
			try("more in "+path, root)
			delete(n, "extra")
		case []any:
			for i := range n {
				put(slices.Delete(slices.Clone(n), i, i+1))
				try(fmt.Sprintf("without %s/%d", path, i), root)
				put(n)
				walk(fmt.Sprintf("%s/%d", path, i), n[i], func(c any) { n[i] = c })
			}
			put(append(slices.Clone(n), "https://www.w3.org/ns/credentials/undefined-terms/v2"))
			if path != "/@context" && path != "/verifiableCredential/0/@context" {
				try("more in "+path, root)
			}
			put(n)
		}
		for _, other := range []any{nil, "", 1.5, object{}, []any{}} {
			if path != "" && string(toJSON(t, other)) != string(toJSON(t, node)) {
				put(other)
				try(fmt.Sprintf("%s is %v", path, other), root)
				put(node)
			}
		}
	}
	walk("", root, func(any) {})
	if tried < 500 {
		t.Errorf("only %d documents were tried", tried)
	}
	if len(allowed) != len(tolerated) {
		t.Errorf("allowed are %v, of %v", allowed, tolerated)
	}
	t.Logf("%d documents", tried)
}
