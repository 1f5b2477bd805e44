package dataintegrity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

// proofBy returns a proof of body (a document's members, without proofs) by the
// key of that number, made from JSON text alone. previous are the proofs it
// signs with the document.
func proofBy(t testing.TB, key byte, body, members string, previous ...string) string {
	t.Helper()
	config := fmt.Sprintf(`{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","verificationMethod":"did:x:%d#z","proofPurpose":"assertionMethod"%s`, key, members)
	doc := "{" + body + "}"
	if len(previous) > 0 {
		doc = "{" + body + `,"proof":[` + strings.Join(previous, ",") + "]}"
	}
	c, d := sha256.Sum256(transform(t, config+"}")), sha256.Sum256(transform(t, doc))
	return config + `,"proofValue":"` + multikey.EncodeBase58(ed25519.Sign(sample.Key(key), append(c[:], d[:]...))) + `"}`
}

func transform(t testing.TB, s string) []byte {
	t.Helper()
	b, err := canonical.Transform([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verdicts says of each proof of a document who made it, and whether it
// verifies; or why the proofs are refused.
func verdicts(t testing.TB, doc string, via bool) string {
	t.Helper()
	proofs, bad := Parse(parseDoc(t, doc), via)
	if bad != nil {
		return string(bad.Code) + ": " + bad.Detail
	}
	var out []string
	for _, p := range proofs {
		var n byte
		fmt.Sscanf(p.VerificationMethod, "did:x:%d#z", &n)
		s := fmt.Sprintf("%d ok", n)
		if !p.Verify(publicKey(t, sample.Key(n))) {
			s = fmt.Sprintf("%d bad", n)
		}
		if len(p.Previous) > 0 {
			s += fmt.Sprintf(" after %d", len(p.Previous))
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestSetsAndChains(t *testing.T) {
	const body, other = `"x":1`, `"x":2`
	set := func(proofs ...string) string { return "{" + body + `,"proof":[` + strings.Join(proofs, ",") + "]}" }
	id := func(s string) string { return `,"id":"urn:p:` + s + `"` }
	prev := func(s string) string { return `,"previousProof":` + s }

	a, b := proofBy(t, 1, body, id("a")), proofBy(t, 2, body, id("b"))
	chained := proofBy(t, 3, body, id("c")+prev(`"urn:p:a"`), a)
	both := proofBy(t, 4, body, id("d")+prev(`["urn:p:b","urn:p:a"]`), a, b)
	third := proofBy(t, 4, body, prev(`"urn:p:c"`), chained)

	tests := []struct {
		name, doc string
		via       bool
		want      string
	}{
		{"set of two", set(a, b), false, "1 ok, 2 ok"},
		{"set of two by one key, without ids", set(proofBy(t, 1, body, ""), proofBy(t, 1, body, `,"nonce":"2"`)), false, "1 ok, 1 ok"},
		{"set in the VIA form", "{" + body + `,"proofs":[` + a + "," + b + "]}", true, "1 ok, 2 ok"},
		{"set with a bad member", set(a, proofBy(t, 2, other, "")), false, "1 ok, 2 bad"},
		{"set in the other order", set(b, a), false, "2 ok, 1 ok"},
		{"set with one proof twice", set(a, a), false, `proof_invalid: two proofs have the id "urn:p:a"`},
		{"two proofs with one id", set(a, proofBy(t, 2, body, id("a"))), false, `proof_invalid: two proofs have the id "urn:p:a"`},
		{"chain of two", set(a, chained), false, "1 ok, 3 ok after 1"},
		{"chain in the other order", set(chained, a), false, "3 ok after 1, 1 ok"},
		{"chain of three", set(a, chained, third), false, "1 ok, 3 ok after 1, 4 ok after 1"},
		{"chain over a set", set(a, b, both), false, "1 ok, 2 ok, 4 ok after 2"},
		{"chain over a set in another order of the document", set(b, a, both), false, "2 ok, 1 ok, 4 bad after 2"},
		{"chain and a bystander", set(b, a, chained), false, "2 ok, 1 ok, 3 ok after 1"},
		{"previous proof removed", set(chained), false, `proof_invalid: the previous proof "urn:p:a" is not in the document`},
		{"previous proof replaced by another under its id", set(proofBy(t, 2, body, id("a")), chained), false, "2 ok, 3 bad after 1"},
		{"previous proof with a member more", set(strings.Replace(a, `{"type"`, `{"nonce":"n","type"`, 1), chained), false, "1 bad, 3 bad after 1"},
		{"previous proof not signed", set(a, proofBy(t, 3, body, prev(`"urn:p:a"`))), false, "1 ok, 3 bad after 1"},
		{"previous proof signed as an object", set(a, proofByObject(t, 3, body, prev(`"urn:p:a"`), a)), false, "1 ok, 3 bad after 1"},
		{"previous proof signed without its value", set(a, proofBy(t, 3, body, prev(`"urn:p:a"`), a[:strings.Index(a, `,"proofValue"`)]+"}")), false, "1 ok, 3 bad after 1"},
		{"previousProof taken out", set(a, strings.Replace(chained, prev(`"urn:p:a"`), "", 1)), false, "1 ok, 3 bad"},
		{"itself", set(a, proofBy(t, 3, body, id("c")+prev(`"urn:p:c"`))), false, "proof_invalid: the proof precedes itself"},
		{"a cycle", set(proofBy(t, 1, body, id("1")+prev(`"urn:p:2"`)), proofBy(t, 2, body, id("2")+prev(`"urn:p:1"`))), false, "proof_invalid: the proof precedes itself"},
		{"one behind a cycle", set(proofBy(t, 3, body, prev(`"urn:p:1"`)), proofBy(t, 1, body, id("1")+prev(`"urn:p:1"`))), false, "proof_invalid: the proof precedes itself"},
		{"named twice", set(a, proofBy(t, 3, body, prev(`["urn:p:a","urn:p:a"]`), a)), false, `proof_invalid: the previous proof "urn:p:a" is named twice`},
		{"the empty name, of a proof without id", set(proofBy(t, 1, body, ""), proofBy(t, 3, body, prev(`""`))), false, `proof_invalid: the previous proof "" is not in the document`},
		{"a name that is a number", set(a, proofBy(t, 3, body, prev(`1`))), false, "proof_invalid: previousProof is neither a string nor a list of 1 to 16 strings"},
		{"a list with a number", set(a, proofBy(t, 3, body, prev(`["urn:p:a",1]`))), false, "proof_invalid: previousProof holds a value of type number"},
		{"null", set(a, proofBy(t, 3, body, prev(`null`))), false, "proof_invalid: previousProof is neither a string nor a list of 1 to 16 strings"},
		{"17 names", set(a, proofBy(t, 3, body, prev(`["urn:p:a"`+strings.Repeat(`,"urn:p:a"`, 16)+`]`))), false, "proof_invalid: previousProof is neither a string nor a list of 1 to 16 strings"},
		{"a chain in the VIA form", "{" + body + `,"proofs":[` + a + "," + chained + "]}", true, "proof_invalid: only proofs in `proof` form chains"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := verdicts(t, tt.doc, tt.via); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// proofByObject signs a document whose `proof` is the previous proof itself, and
// no list of it.
func proofByObject(t testing.TB, key byte, body, members, previous string) string {
	t.Helper()
	good := proofBy(t, key, body, members)
	config := good[:strings.Index(good, `,"proofValue"`)]
	c, d := sha256.Sum256(transform(t, config+"}")), sha256.Sum256(transform(t, "{"+body+`,"proof":`+previous+"}"))
	return config + `,"proofValue":"` + multikey.EncodeBase58(ed25519.Sign(sample.Key(key), append(c[:], d[:]...))) + `"}`
}

// TestEveryByteOfSetsAndChains changes every byte of a set and of a chain. What
// still verifies as a whole has the same canonical form.
func TestEveryByteOfSetsAndChains(t *testing.T) {
	const body = `"x":[1,"é"]`
	a := proofBy(t, 1, body, `,"id":"urn:p:a"`)
	for name, second := range map[string]string{
		"set":   proofBy(t, 2, body, `,"id":"urn:p:b"`),
		"chain": proofBy(t, 2, body, `,"previousProof":["urn:p:a"]`, a),
	} {
		doc := "{" + body + `,"proof":[` + a + "," + second + "]}"
		whole := string(transform(t, doc))
		all := strings.ReplaceAll(verdicts(t, doc, false), " after 1", "")
		if all != "1 ok, 2 ok" {
			t.Fatal(all)
		}
		for i := range doc {
			for _, mask := range []byte{1, 2, 4, 8, 0x20, 0x80} {
				b := []byte(doc)
				b[i] ^= mask
				d, err := canonical.Parse(b)
				if err != nil {
					continue
				}
				if got := verdicts(t, string(b), false); strings.ReplaceAll(got, " after 1", "") == all && string(d.Root().AppendCanonical(nil)) != whole {
					t.Fatalf("%s: %s verifies", name, b)
				}
			}
		}
	}
}

// TestVerifiedDocumentOfASet: what all members signed is the document under the
// shortest @context.
func TestVerifiedDocumentOfASet(t *testing.T) {
	const body = `"@context":["a:1","b:2","c:3"],"x":1`
	under := func(key byte, context string) string {
		return proofBy(t, key, `"@context":`+context+`,"x":1`, `,"@context":`+context)
	}
	set := func(proofs ...string) string { return "{" + body + `,"proof":[` + strings.Join(proofs, ",") + "]}" }
	for _, tt := range []struct{ doc, want string }{
		{set(proofBy(t, 1, body, ""), under(2, `["a:1","b:2"]`), under(3, `["a:1","b:2","c:3"]`)), `["a:1","b:2"]`},
		{set(under(2, `["a:1","b:2"]`), under(3, `"a:1"`)), `"a:1"`},
		{set(proofBy(t, 1, body, "")), `["a:1","b:2","c:3"]`},
	} {
		if got := verdicts(t, tt.doc, false); strings.Contains(got, "bad") || strings.Contains(got, "proof_") {
			t.Fatal(got)
		}
		proofs, _ := Parse(parseDoc(t, tt.doc), false)
		if got := string(VerifiedDocument(proofs)); got != `{"@context":`+tt.want+`,"x":1}` {
			t.Errorf("got %s", got)
		}
	}
	a := proofBy(t, 1, `"@context":"a:1","x":1`, `,"@context":"a:1","id":"urn:p:a"`)
	chain := set(a, proofBy(t, 2, body, `,"previousProof":"urn:p:a"`, a))
	proofs, bad := Parse(parseDoc(t, chain), false)
	if bad != nil {
		t.Fatal(bad)
	}
	if got := string(proofs[1].VerifiedDocument()); got != "{"+body+"}" {
		t.Errorf("the proofs are no part of what may be believed: %s", got)
	}
}
