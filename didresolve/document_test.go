package didresolve

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

// repeat joins n copies of text and replaces %d by the number of the copy.
func repeat(n int, text string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strings.ReplaceAll(text, "%d", fmt.Sprint(i))
	}
	return strings.Join(parts, ",")
}

func TestParseDocument(t *testing.T) {
	const text = ` {"id":"did:web:example.com", "@context":["https://www.w3.org/ns/did/v1"],
		"alsoKnownAs":["https://example.com"],"controller":"did:web:other.example",
		"verificationMethod":[{"id":"#key-1"}],"assertionMethod":["#key-1"],"service":[]}
	`
	b := []byte(text)
	d, err := ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	if d.ID() != webDID || string(d.Raw()) != strings.TrimSpace(text) {
		t.Errorf("id %q, raw %s", d.ID(), d.Raw())
	}
	jcs, err := canonical.Transform(b)
	if err != nil {
		t.Fatal(err)
	}
	if d.Digest() != sha256.Sum256(jcs) {
		t.Errorf("digest %x", d.Digest())
	}
	clear(b)
	clear(d.Raw())
	if string(d.Raw()) != strings.TrimSpace(text) {
		t.Error("the document changed")
	}
	var none *Document
	for _, d := range []*Document{none, {}} {
		if d.ID() != "" || d.Raw() != nil || d.Digest() != [32]byte{} || d.Lists("did:x:y#z", AssertionMethod) {
			t.Errorf("%v is not empty", d)
		}
		_, err := d.VerificationMethod(webDID+"#key-1", AssertionMethod, judged)
		wantType(t, "no document", err, ErrInvalidDocument)
	}
}

func TestDocumentLimits(t *testing.T) {
	const vm = `{"id":"#%d"}`
	doc := func(members string) string { return `{"id":"did:web:example.com",` + members + `}` }
	pad := func(n int) string {
		head, tail := doc(`"x":[`), ""
		head, tail = head[:len(head)-1], `]}`
		return head + strings.Repeat(" ", n-len(head)-len(tail)) + tail
	}
	deep := func(n int) string { return doc(`"x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1)) }
	tests := []struct{ name, text, want string }{
		{"64 KiB", pad(64 << 10), ""},
		{"64 KiB and a byte", pad(64<<10 + 1), "too_large"},
		{"depth 32", deep(32), ""},
		{"depth 33", deep(33), "too_deep"},
		{"100 methods", doc(`"verificationMethod":[` + repeat(100, vm) + `]`), ""},
		{"101 methods", doc(`"verificationMethod":[` + repeat(101, vm) + `]`), "/verificationMethod\": more than 100 entries"},
		{"100 methods, one embedded", doc(`"verificationMethod":[` + repeat(99, vm) + `],"keyAgreement":[{"id":"#k"}]`), ""},
		{"101 methods, one embedded", doc(`"verificationMethod":[` + repeat(100, vm) + `],"keyAgreement":[{"id":"#k"}]`), "more than 100 verification methods"},
		{"100 references", doc(`"authentication":[` + repeat(100, `"#x"`) + `]`), ""},
		{"101 references", doc(`"authentication":[` + repeat(101, `"#x"`) + `]`), "/authentication\": more than 100 entries"},
		{"64 services", doc(`"service":[` + repeat(64, vm) + `]`), ""},
		{"65 services", doc(`"service":[` + repeat(65, vm) + `]`), "more than 64 services"},
		{"text of 2 KiB", doc(`"x":["` + strings.Repeat("a", 2048) + `"]`), ""},
		{"text over 2 KiB", doc(`"x":["` + strings.Repeat("a", 2049) + `"]`), `"/x/0": text of more than 2 KiB`},
		{"name of 2 KiB", doc(`"x":{"` + strings.Repeat("a", 2048) + `":1}`), ""},
		{"name over 2 KiB", doc(`"x":{"` + strings.Repeat("a", 2049) + `":1}`), `"/x": text of more than 2 KiB`},
		{"root name over 2 KiB", doc(`"` + strings.Repeat("a", 2049) + `":1`), `document: text of more than 2 KiB`},
		{"8,192 values", doc(`"x":[` + repeat(8192-3, "1") + `]`), ""},
		{"8,193 values", doc(`"x":[` + repeat(8193-3, "1") + `]`), "too_many_values"},
	}
	for _, tt := range tests {
		_, err := ParseDocument([]byte(tt.text))
		if tt.want == "" {
			wantType(t, tt.name, err, "")
			continue
		}
		wantType(t, tt.name, err, ErrInvalidDIDDocument)
		if err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	bomb := []byte(`{"id":"did:web:example.com","x":[` + strings.Repeat("{},", 1<<20) + `{}]}`)
	if got := allocated(func() {
		if _, err := ParseDocument(bomb); err == nil {
			t.Error("accepted")
		}
	}); got > 64<<10 {
		t.Errorf("allocated %d bytes for a document over the limit", got)
	}
}

func TestParseDocumentRefused(t *testing.T) {
	const id = `"id":"did:web:example.com"`
	tests := []struct{ name, text, want string }{
		{"empty", ``, "syntax"},
		{"a NUL byte", "\x00", "syntax"},
		{"byte order mark", "\ufeff{" + id + "}", "canonical"},
		{"trailing bytes", `{` + id + `}x`, "trailing_data"},
		{"two documents", `{` + id + `}{}`, "trailing_data"},
		{"invalid UTF-8", "{" + id + ",\"x\":\"\xff\"}", "invalid_utf8"},
		{"html", `<html></html>`, "syntax"},
		{"duplicate id", `{` + id + `,"id":"did:web:evil.com"}`, "duplicate_key"},
		{"duplicate id, escaped", `{` + id + `,"\u0069d":"did:web:evil.com"}`, "duplicate_key"},
		{"duplicate method member", `{` + id + `,"verificationMethod":[{"id":"#a","id":"#b"}]}`, "duplicate_key"},
		{"null", `null`, "not an object"},
		{"array", `[{` + id + `}]`, "not an object"},
		{"string", `"did:web:example.com"`, "not an object"},
		{"ID beside id", `{` + id + `,"ID":"did:web:evil.com"}`, "differs from id by letter case alone"},
		{"Id instead of id", `{"Id":"did:web:example.com"}`, "differs from id by letter case alone"},
		{"folded name", `{` + id + `,"verıficationMethod":[],"a\u017f\u017fertionMethod":[]}`, "differs from assertionMethod"},
		{"lower-case method list", `{` + id + `,"verificationmethod":[]}`, "differs from verificationMethod"},
		{"no id", `{}`, "/id: not a DID"},
		{"id null", `{"id":null}`, "/id: not a DID"},
		{"id number", `{"id":5}`, "/id: not a DID"},
		{"id array", `{"id":["did:web:example.com"]}`, "/id: not a DID"},
		{"id relative", `{"id":"#x"}`, "/id: not a DID"},
		{"id with fragment", `{"id":"did:web:example.com#x"}`, "/id: not a DID"},
		{"id is a URL", `{"id":"https://example.com"}`, "/id: not a DID"},
		{"id with a space", `{"id":"did:web:example.com "}`, "/id: not a DID"},
		{"methods are a map", `{` + id + `,"verificationMethod":{"id":"#a"}}`, `"/verificationMethod": not an array`},
		{"methods are null", `{` + id + `,"verificationMethod":null}`, `"/verificationMethod": not an array`},
		{"method is a string", `{` + id + `,"verificationMethod":["#a"]}`, `"/verificationMethod/0": not a verification method`},
		{"method is null", `{` + id + `,"verificationMethod":[null]}`, `"/verificationMethod/0": not a verification method`},
		{"method is an array", `{` + id + `,"verificationMethod":[[{"id":"#a"}]]}`, `"/verificationMethod/0": not a verification method`},
		{"method without id", `{` + id + `,"verificationMethod":[{"type":"Multikey"}]}`, "without an id"},
		{"method id empty", `{` + id + `,"verificationMethod":[{"id":""}]}`, "without an id"},
		{"method id number", `{` + id + `,"verificationMethod":[{"id":1}]}`, "without an id"},
		{"relationship is a string", `{` + id + `,"authentication":"#a"}`, `"/authentication": not an array`},
		{"relationship holds a number", `{` + id + `,"authentication":["#a",5]}`, `"/authentication/1": not a verification method`},
		{"embedded without id", `{` + id + `,"keyAgreement":[{}]}`, "without an id"},
		{"two methods, one id", `{` + id + `,"verificationMethod":[{"id":"#a"},{"id":"#a"}]}`, "the id of another verification method"},
		{"relative and absolute id", `{` + id + `,"verificationMethod":[{"id":"#a"},{"id":"did:web:example.com#a"}]}`, "the id of another verification method"},
		{"embedded with an id that is taken", `{` + id + `,"verificationMethod":[{"id":"#a"}],"authentication":[{"id":"#a"}]}`, "the id of another verification method"},
		{"embedded twice", `{` + id + `,"assertionMethod":[{"id":"#a"}],"keyAgreement":[{"id":"#a"}]}`, "the id of another verification method"},
		{"services are a map", `{` + id + `,"service":{}}`, `"/service": not an array`},
	}
	for _, tt := range tests {
		d, err := ParseDocument([]byte(tt.text))
		wantType(t, tt.name, err, ErrInvalidDIDDocument)
		if d != nil || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want %q", tt.name, d, err, tt.want)
		}
	}
}

// TestPublishedJWKDocuments: ParseDocument reads the documents of the published
// did:jwk examples. VerificationMethod refuses their keys, which are not Ed25519.
func TestPublishedJWKDocuments(t *testing.T) {
	var file struct {
		Valid []struct {
			Name, DID, DIDURL string
			DIDDocument       json.RawMessage
		}
	}
	readVectors(t, "did-jwk/did-jwk.json", &file)
	if len(file.Valid) == 0 {
		t.Fatal("no examples")
	}
	for _, v := range file.Valid {
		d, err := ParseDocument(v.DIDDocument)
		if err != nil || d.ID() != v.DID {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		want := ErrInvalidVerificationMethod
		if v.Name == "X25519" { // listed for key agreement only
			want = ErrInvalidRelationship
		}
		_, err = d.VerificationMethod(v.DIDURL, AssertionMethod, judged)
		wantType(t, v.Name, err, want)
	}
}

// TestDigest: the digest depends on the canonical form only. White space, order and
// spelling do not change it; another value does.
func TestDigest(t *testing.T) {
	a := parse(t, `{"id":"did:web:example.com","x":1.0}`)
	b := parse(t, `{ "x": 1, "id": "did:web:example.com" }`)
	c := parse(t, `{"id":"did:web:example.com","x":2}`)
	if a.Digest() != b.Digest() || a.Digest() == c.Digest() {
		t.Errorf("digests %x, %x, %x", a.Digest(), b.Digest(), c.Digest())
	}
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"id":"did:web:example.com","verificationMethod":[{"id":"#key-1","type":"Multikey","controller":"did:web:example.com","publicKeyMultibase":"` + key1 + `"}],"assertionMethod":["#key-1"]}`))
	f.Add([]byte(`{"id":"did:web:example.com","assertionMethod":[{"id":"#key-1","type":"JsonWebKey","controller":"did:web:example.com","publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"` + key1JWKx + `"}}]}`))
	f.Add([]byte(`{"id":"did:web:example.com","@base":5,"service":[{"id":"#key-1"}]}`))
	f.Add([]byte(`{"id":"did:x:y","authentication":["#a","#a"],"keyAgreement":[{"id":"#b","revoked":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDocument(b)
		if err != nil {
			if d != nil || TypeOf(err) != ErrInvalidDIDDocument {
				t.Fatalf("%v, %v", d, err)
			}
			return
		}
		again, err := ParseDocument(d.Raw())
		if err != nil || again.ID() != d.ID() || again.Digest() != d.Digest() {
			t.Fatalf("%v", err)
		}
		for _, c := range d.methods {
			for _, p := range append(relationships(), "") {
				m, err := d.VerificationMethod(c.id, p, judged)
				if err != nil {
					if !m.Key().IsZero() || TypeOf(err) == ErrInternal {
						t.Fatalf("%s %s: %v, %v", c.id, p, m, err)
					}
					continue
				}
				// The properties that the specification demands of a key.
				if m.ID != c.id || m.Controller != d.ID() || !strings.HasPrefix(m.ID, d.ID()+"#") ||
					p == keyAgreement || p == "" || m.Key().IsZero() {
					t.Fatalf("%s %s: %+v", c.id, p, m)
				}
			}
		}
	})
}
