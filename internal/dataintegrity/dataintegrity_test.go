package dataintegrity

import (
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

func parseDoc(t testing.TB, doc string) canonical.Value {
	t.Helper()
	d, err := canonical.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func publicKey(t testing.TB, key ed25519.PrivateKey) multikey.PublicKey {
	t.Helper()
	k, err := multikey.NewPublicKey(key[32:])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The test vector of vc-di-eddsa appendix B.2: facts of a published
// recommendation.
const (
	recKey   = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	recProof = `{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","created":"2023-02-24T23:36:38Z",
		"verificationMethod":"did:key:` + recKey + `#` + recKey + `","proofPurpose":"assertionMethod",
		"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],
		"proofValue":"z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"}`
	recUnsigned = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],
		"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","type":["VerifiableCredential","AlumniCredential"],
		"name":"Alumni Credential","description":"A minimum viable example of an Alumni Credential.",
		"issuer":"https://vc.example/issuers/5678","validFrom":"2023-01-01T00:00:00Z",
		"credentialSubject":{"id":"did:example:abcdefgh","alumniOf":"The School of Examples"}}`
	recCanonical = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"credentialSubject":{"alumniOf":"The School of Examples","id":"did:example:abcdefgh"},"description":"A minimum viable example of an Alumni Credential.","id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","issuer":"https://vc.example/issuers/5678","name":"Alumni Credential","type":["VerifiableCredential","AlumniCredential"],"validFrom":"2023-01-01T00:00:00Z"}`
	recHashes    = "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db" + "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
	recSignature = "407cd12654b33d718ecbb99179a1506daaa849450bf3fc523cce3e1c96f8b80351da3f253d725c6f00b07c9e5448d50b3ef78012b9ab54255116d069c6dd2808"
)

func recSigned() string { return strings.TrimSuffix(recUnsigned, "}") + `,"proof":` + recProof + "}" }

func TestRecommendationVector(t *testing.T) {
	proofs, err := Parse(parseDoc(t, recSigned()), false)
	if err != nil {
		t.Fatal(err)
	}
	p := proofs[0]
	if got := string(p.VerifiedDocument()); got != recCanonical {
		t.Errorf("canonical form: %s", got)
	}
	if data := p.HashData(); hex.EncodeToString(data[:]) != recHashes {
		t.Errorf("hashes: %x", data)
	}
	if hex.EncodeToString(p.signature[:]) != recSignature {
		t.Errorf("signature: %x", p.signature)
	}
	key, kerr := multikey.ParsePublicKey(recKey)
	if kerr != nil || !p.Verify(key) {
		t.Errorf("does not verify (%v)", kerr)
	}
	if p.Verify(publicKey(t, sample.Key(1))) || p.Verify(multikey.PublicKey{}) {
		t.Error("verifies with another key")
	}
}

func TestSampleOfAnotherImplementation(t *testing.T) {
	vp := parseDoc(t, string(sample.Presentation()))
	for _, tt := range []struct {
		doc     canonical.Value
		key     byte
		purpose string
	}{{vp, 2, Authentication}, {vp.Get("verifiableCredential").Index(0), 1, AssertionMethod}} {
		proofs, err := Parse(tt.doc, true)
		if err != nil {
			t.Fatal(err)
		}
		if !proofs[0].Verify(publicKey(t, sample.Key(tt.key))) {
			t.Errorf("%s proof does not verify", tt.purpose)
		}
		if err := proofs[0].CheckPurpose(tt.purpose); err != nil {
			t.Error(err)
		}
	}
}

// TestRecommendationFiles: the published files, where they are at hand, hold what
// the constants of this test hold.
func TestRecommendationFiles(t *testing.T) {
	const dir = "../../../shared/vectors/w3c-vc-di-eddsa/TestVectors/eddsa-jcs-2022/"
	read := func(name string) string {
		b, err := os.ReadFile(dir + name)
		if err != nil {
			t.Skip("the test data of vc-di-eddsa is not beside the project")
		}
		return strings.TrimSpace(string(b))
	}
	proofs, err := Parse(parseDoc(t, read("signedJCS.json")), false)
	if err != nil {
		t.Fatal(err)
	}
	data := proofs[0].HashData()
	for name, got := range map[string]string{
		"canonDocJCS.txt":     string(proofs[0].VerifiedDocument()),
		"docHashJCS.txt":      hex.EncodeToString(data[32:]),
		"proofHashJCS.txt":    hex.EncodeToString(data[:32]),
		"combinedHashJCS.txt": hex.EncodeToString(data[:]),
		"sigHexJCS.txt":       hex.EncodeToString(proofs[0].signature[:]),
	} {
		if want := read(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	key, kerr := multikey.ParsePublicKey(recKey)
	if kerr != nil || !proofs[0].Verify(key) {
		t.Errorf("does not verify (%v)", kerr)
	}
}

func TestFEP8b32(t *testing.T) {
	for _, dir := range []string{"2025-proof-context", "legacy-2023-no-proof-context"} {
		b, err := os.ReadFile("../../../shared/vectors/fep-8b32/" + dir + "/signed.json")
		if err != nil {
			t.Skip("the FEP-8b32 test data is not beside the project")
		}
		actor, err := os.ReadFile("../../../shared/vectors/fep-8b32/" + dir + "/actor.json")
		if err != nil {
			t.Fatal(err)
		}
		proofs, bad := Parse(parseDoc(t, string(b)), false)
		if bad != nil {
			t.Fatalf("%s: %v", dir, bad)
		}
		method := parseDoc(t, string(actor)).Get("assertionMethod").Index(0)
		if id, _ := method.Get("id").String(); id != proofs[0].VerificationMethod {
			t.Fatalf("%s: the actor's key is %q, the proof's %q", dir, id, proofs[0].VerificationMethod)
		}
		text, _ := method.Get("publicKeyMultibase").String()
		key, err := multikey.ParsePublicKey(text)
		if err != nil {
			t.Fatal(err)
		}
		if !proofs[0].Verify(key) {
			t.Errorf("%s: does not verify", dir)
		}
	}
}

// forge signs a document under a proof configuration that Create would not
// make. config must have no proofValue.
func forge(t testing.TB, doc, config, member string, array bool) string {
	t.Helper()
	d, c := parseDoc(t, doc), parseDoc(t, config)
	var edits []canonical.Edit
	if ctx := c.Get("@context"); ctx.Kind() != canonical.Absent {
		edits = append(edits, canonical.Replace("@context", ctx))
	}
	h1, h2 := c.SHA256(), d.SHA256(edits...)
	sig := ed25519.Sign(sample.Key(1), append(h1[:], h2[:]...))
	proof := strings.TrimSuffix(config, "}") + `,"proofValue":"` + multikey.EncodeBase58(sig) + `"}`
	if array {
		proof = "[" + proof + "]"
	}
	return strings.TrimSuffix(doc, "}") + `,"` + member + `":` + proof + "}"
}

const config = `{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","verificationMethod":"did:x:y#z","proofPurpose":"assertionMethod"}`

func withContext(context string) string {
	return strings.TrimSuffix(config, "}") + `,"@context":` + context + "}"
}

func TestForms(t *testing.T) {
	const doc = `{"@context":["a:1",{"b":[1]},"c:3"],"x":1}`
	one := forge(t, doc, config, "proof", false)
	reorder := func(context string) string { return strings.Replace(one, `["a:1",{"b":[1]},"c:3"]`, context, 1) }
	signedUnder := func(received, signed string) string {
		s := forge(t, `{"@context":`+signed+`,"x":1}`, withContext(signed), "proof", false)
		return strings.Replace(s, `"@context":`+signed, `"@context":`+received, 1)
	}
	replace := func(old, new string) string {
		s := strings.Replace(one, old, new, 1)
		if s == one {
			t.Fatalf("%q is not in the document", old)
		}
		return s
	}
	value := one[strings.Index(one, `"proofValue":"`)+14 : strings.LastIndex(one, `"`)]
	tests := []struct {
		name string
		doc  string
		via  bool
		want Code // "" verifies; "signature" parses and does not verify
	}{
		{"an object", one, false, ""},
		{"an array of one", forge(t, doc, config, "proof", true), false, ""},
		{"an array of one, VIA profile on", forge(t, doc, config, "proof", true), true, ""},
		{"VIA form", forge(t, doc, config, "proofs", true), true, ""},
		{"VIA form, profile off", forge(t, doc, config, "proofs", true), false, Missing},
		{"VIA form, an object", forge(t, doc, config, "proofs", false), true, Missing},
		{"VIA form, empty", `{"proofs":[]}`, true, Missing},
		{"VIA form, null", `{"proofs":null}`, true, Missing},
		{"VIA form signed as proof", strings.Replace(forge(t, doc, config, "proof", true), `"proof":`, `"proofs":`, 1), true, ""},
		{"both members", strings.TrimSuffix(one, "}") + `,"proofs":[{}]}`, true, Ambiguous},
		{"both members, one of them null", strings.TrimSuffix(one, "}") + `,"proofs":null}`, true, Ambiguous},
		{"both members, the W3C one null", `{"proof":null,"proofs":[{}]}`, true, Ambiguous},
		{"proofs is data when the profile is off", forge(t, `{"proofs":[1],"x":1}`, config, "proof", false), false, ""},
		{"absent", doc, false, Missing},
		{"null", `{"proof":null}`, false, Missing},
		{"empty array", `{"proof":[]}`, false, Missing},
		{"no object", `[]`, false, Missing},
		{"empty object", `{"proof":{}}`, false, Invalid},
		{"string", `{"proof":"z"}`, false, Invalid},
		{"number", `{"proof":1}`, false, Invalid},
		{"array of a string", `{"proof":["z"]}`, false, Invalid},
		{"array of null", `{"proof":[null]}`, false, Invalid},
		{"nested array", `{"proof":[[]]}`, false, Invalid},
		{"two proofs, both empty", `{"proof":[{},{}]}`, false, Invalid},
		{"17 proofs", `{"proof":[{}` + strings.Repeat(",{}", 16) + `]}`, false, TooMany},
		{"16 proofs in the VIA form are not too many", `{"proofs":[{}` + strings.Repeat(",{}", 15) + `]}`, true, Invalid},
		{"empty id", replace(`"type"`, `"id":"","type"`), false, Invalid},
		{"another type", replace("DataIntegrityProof", "Ed25519Signature2020"), false, Unsupported},
		{"type in lower case", replace("DataIntegrityProof", "dataintegrityproof"), false, Unsupported},
		{"another cryptosuite", replace("eddsa-jcs-2022", "eddsa-rdfc-2022"), false, Unsupported},
		{"cryptosuite in upper case", replace("eddsa-jcs-2022", "EDDSA-JCS-2022"), false, Unsupported},
		{"no type", replace(`"type":"DataIntegrityProof",`, ""), false, Invalid},
		{"type is a list", replace(`"DataIntegrityProof"`, `["DataIntegrityProof"]`), false, Invalid},
		{"no cryptosuite", replace(`"cryptosuite":"eddsa-jcs-2022",`, ""), false, Invalid},
		{"no verification method", replace(`"verificationMethod":"did:x:y#z",`, ""), false, Invalid},
		{"empty verification method", replace(`did:x:y#z`, ""), false, Invalid},
		{"verification method is an object", replace(`"did:x:y#z"`, `{"id":"did:x:y#z"}`), false, Invalid},
		{"no purpose", replace(`"proofPurpose":"assertionMethod",`, ""), false, Invalid},
		{"no proof value", replace(`,"proofValue":"`+value+`"`, ""), false, Invalid},
		{"proof value in capitals only", replace(`"proofValue"`, `"ProofValue"`), false, Invalid},
		{"proof value is a list", replace(`"`+value+`"`, `["`+value+`"]`), false, Invalid},
		{"proof value without prefix", replace(value, value[1:]), false, Invalid},
		{"proof value with another prefix", replace(value, "u"+value[1:]), false, Invalid},
		{"proof value in hex", replace(value, "f"+strings.Repeat("00", 64)), false, Invalid},
		{"proof value of 63 bytes", replace(value, multikey.EncodeBase58(make([]byte, 63))), false, Invalid},
		{"proof value of 65 bytes", replace(value, multikey.EncodeBase58(append([]byte{1}, make([]byte, 64)...))), false, Invalid},
		{"proof value with leading ones", replace(value, "z1"+value[1:]), false, Invalid},
		{"proof value with a letter outside base58", replace(value, "z0"+value[2:]), false, Invalid},
		{"proof value too long", replace(value, "z"+strings.Repeat("1", 200)), false, Invalid},
		{"unknown members are signed", forge(t, doc, strings.TrimSuffix(config, "}")+`,"extra":{"b":2,"a":1}}`, "proof", false), false, ""},
		{"unknown member added", replace(`"type"`, `"extra":1,"type"`), false, "signature"},
		{"created and expires", forge(t, doc, strings.TrimSuffix(config, "}")+`,"created":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00+01:00"}`, "proof", false), false, ""},
		{"created without a zone", replace(`"type"`, `"created":"2026-01-01T00:00:00","type"`), false, Invalid},
		{"created is a date", replace(`"type"`, `"created":"2026-01-01","type"`), false, Invalid},
		{"created is null", replace(`"type"`, `"created":null,"type"`), false, Invalid},
		{"expires is a number", replace(`"type"`, `"expires":1,"type"`), false, Invalid},
		{"challenge is a number", replace(`"type"`, `"challenge":1,"type"`), false, Invalid},
		{"nonce is a list", replace(`"type"`, `"nonce":["x"],"type"`), false, Invalid},
		{"id is no URL", replace(`"type"`, `"id":"proof 1","type"`), false, Invalid},
		{"domain is an empty list", replace(`"type"`, `"domain":[],"type"`), false, Invalid},
		{"domain holds a number", replace(`"type"`, `"domain":["a",1],"type"`), false, Invalid},
		{"17 domains", replace(`"type"`, `"domain":["a"`+strings.Repeat(`,"a"`, 16)+`],"type"`), false, Invalid},
		{"previous proof that is not there", replace(`"type"`, `"previousProof":"urn:x:1","type"`), false, Invalid},
		{"previous proof, an empty list", replace(`"type"`, `"previousProof":[],"type"`), false, Invalid},
		{"previous proof, itself", replace(`"type"`, `"id":"urn:x:1","previousProof":"urn:x:1","type"`), false, Invalid},

		{"no proof context, document context changed", reorder(`["a:1",{"b":[1]}]`), false, "signature"},
		{"proof context is the document's", signedUnder(`["a:1","b:2"]`, `["a:1","b:2"]`), false, ""},
		{"document context is longer", signedUnder(`["a:1","b:2","c:3"]`, `["a:1","b:2"]`), false, ""},
		{"document context is shorter", signedUnder(`["a:1"]`, `["a:1","b:2"]`), false, Invalid},
		{"document context is reordered", signedUnder(`["b:2","a:1"]`, `["a:1","b:2"]`), false, Invalid},
		{"document context has another in front", signedUnder(`["c:3","a:1","b:2"]`, `["a:1","b:2"]`), false, Invalid},
		{"proof context is a string", signedUnder(`["a:1","b:2"]`, `"a:1"`), false, ""},
		{"document context is a string", signedUnder(`"a:1"`, `["a:1"]`), false, ""},
		{"inline context, equal as JSON", signedUnder(`[{"b": 1e0 , "a":"\u0041"}]`, `[{"a":"A","b":1}]`), false, ""},
		{"inline context, another value", signedUnder(`[{"a":"A","b":2}]`, `[{"a":"A","b":1}]`), false, Invalid},
		{"no document context", strings.Replace(signedUnder(`["a:1"]`, `["a:1"]`), `{"@context":["a:1"],"x"`, `{"x"`, 1), false, Invalid},
		{"empty proof context", signedUnder(`["a:1"]`, `[]`), false, Invalid},
		{"proof context is null", signedUnder(`["a:1"]`, `null`), false, Invalid},
		{"proof context is a number", signedUnder(`["a:1"]`, `1`), false, Invalid},
		{"proof context is removed", strings.Replace(signedUnder(`["a:1"]`, `["a:1"]`), `,"@context":["a:1"],"proofValue"`, `,"proofValue"`, 1), false, "signature"},
	}
	key := publicKey(t, sample.Key(1))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			proofs, err := Parse(parseDoc(t, tt.doc), tt.via)
			got := Code("")
			switch {
			case err != nil:
				got = err.Code
				if proofs != nil {
					t.Error("proofs beside the error")
				}
				if err.Error() == "" || err.Detail == "" {
					t.Error("the error says nothing")
				}
			case len(proofs) == 0:
				t.Fatal("neither a proof nor an error")
			case !proofs[0].Verify(key):
				got = "signature"
			}
			if got != tt.want {
				t.Errorf("got %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

func TestVerifiedDocumentHasTheSignedContext(t *testing.T) {
	doc := forge(t, `{"@context":["a:1"],"x":1}`, withContext(`["a:1"]`), "proof", false)
	doc = strings.Replace(doc, `{"@context":["a:1"]`, `{"@context":["a:1","evil:2"]`, 1)
	proofs, err := Parse(parseDoc(t, doc), false)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(proofs[0].VerifiedDocument()); got != `{"@context":["a:1"],"x":1}` {
		t.Errorf("got %s", got)
	}
}

func TestChecks(t *testing.T) {
	at := func(s string) *time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	noon := at("2026-05-02T12:00:00Z")
	domains := func(d ...string) *Proof { return &Proof{Domain: d} }
	tests := []struct {
		name string
		got  *Error
		want Code
	}{
		{"purpose", (&Proof{Purpose: "a"}).CheckPurpose("a"), ""},
		{"another purpose", (&Proof{Purpose: "a"}).CheckPurpose("b"), PurposeMismatch},
		{"challenge", (&Proof{Challenge: "a", HasChallenge: true}).CheckChallenge("a"), ""},
		{"another challenge", (&Proof{Challenge: "A", HasChallenge: true}).CheckChallenge("a"), ChallengeMismatch},
		{"no challenge", (&Proof{}).CheckChallenge("a"), ChallengeMismatch},
		{"no challenge, none wanted", (&Proof{}).CheckChallenge(""), ChallengeMismatch},
		{"domain", domains("a").CheckDomain([]string{"a"}), ""},
		{"domains in another order", domains("a", "b").CheckDomain([]string{"b", "a"}), ""},
		{"domains repeated", domains("a", "a").CheckDomain([]string{"a"}), ""},
		{"one domain more", domains("a", "b").CheckDomain([]string{"a"}), DomainMismatch},
		{"one domain less", domains("a").CheckDomain([]string{"a", "b"}), DomainMismatch},
		{"another domain", domains("A").CheckDomain([]string{"a"}), DomainMismatch},
		{"no domain", domains().CheckDomain([]string{"a"}), DomainMismatch},
		{"no domain, none wanted", domains().CheckDomain(nil), DomainMismatch},
		{"no expires", (&Proof{}).CheckExpiry(*noon, 0), ""},
		{"before it expires", (&Proof{Expires: at("2026-05-02T12:00:01Z")}).CheckExpiry(*noon, 0), ""},
		{"when it expires", (&Proof{Expires: noon}).CheckExpiry(*noon, 0), Expired},
		{"when it expires, with leeway", (&Proof{Expires: noon}).CheckExpiry(*noon, time.Second), ""},
		{"no created", (&Proof{}).CheckCreated(*noon, 0), ""},
		{"created now", (&Proof{Created: noon}).CheckCreated(*noon, 0), ""},
		{"created ahead", (&Proof{Created: at("2026-05-02T12:01:00Z")}).CheckCreated(*noon, time.Minute), ""},
		{"created too far ahead", (&Proof{Created: at("2026-05-02T12:01:01Z")}).CheckCreated(*noon, time.Minute), FromFuture},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Code("")
			if tt.got != nil {
				got = tt.got.Code
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Many proofs, and a very long proof value, are refused for little memory.
func TestHostileSizes(t *testing.T) {
	for name, tt := range map[string]struct {
		doc  string
		want Code
	}{
		"100,000 proofs":      {`{"proof":[1` + strings.Repeat(",1", 99_999) + `]}`, TooMany},
		"a 1 MB proof value":  {strings.Replace(recSigned(), `"proofValue":"z`, `"proofValue":"z`+strings.Repeat("A", 1<<20), 1), Invalid},
		"a 1 MB method":       {strings.Replace(recSigned(), `"did:key:`, `"did:key:`+strings.Repeat("A", 1<<20), 1), ""},
		"a 1 MB verification": {strings.Replace(recSigned(), "DataIntegrityProof", strings.Repeat("A", 1<<20), 1), Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := canonical.Limits{MaxBytes: 4 << 20, MaxValues: 1 << 20}.Parse([]byte(tt.doc))
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, bad := Parse(d.Root(), false)
			runtime.ReadMemStats(&after)
			got := Code("")
			if bad != nil {
				got = bad.Code
				if len(bad.Error()) > 300 {
					t.Errorf("a message of %d bytes", len(bad.Error()))
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
}

// FuzzParse: no document makes Parse panic or return nothing, and none but the
// one that was signed verifies.
func FuzzParse(f *testing.F) {
	f.Add([]byte(recSigned()))
	f.Add(sample.Presentation())
	f.Add([]byte(`{"proofs":[{"type":"DataIntegrityProof"}]}`))
	key, err := multikey.ParsePublicKey(recKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := canonical.Parse(b)
		if err != nil {
			return
		}
		for _, via := range []bool{false, true} {
			proofs, bad := Parse(d.Root(), via)
			if (bad == nil) != (len(proofs) > 0) {
				t.Fatal("neither a proof nor an error")
			}
			for _, p := range proofs {
				if p.Verify(key) && string(p.VerifiedDocument()) != recCanonical {
					t.Fatalf("verified something that was never signed: %s", b)
				}
			}
		}
	})
}
