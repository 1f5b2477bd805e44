package didresolve

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	long := "did:example:" + strings.Repeat("a", 2048-len("did:example:"))
	tests := []struct{ text, method, id string }{
		{"did:web:humanos.tech:user:013a0628-fd20-4f73-a7d0-785e9f6e79c1", "web", "humanos.tech:user:013a0628-fd20-4f73-a7d0-785e9f6e79c1"},
		{"did:web:humanos.tech", "web", "humanos.tech"},
		{"did:web:humanos.techcredential:uuid", "web", "humanos.techcredential:uuid"},
		{"did:web:humanos.tech::evidence:uuid", "web", "humanos.tech::evidence:uuid"},
		{"did:web:humanos", "web", "humanos"},
		{"did:web:humanostech:issuer-uuid", "web", "humanostech:issuer-uuid"},
		{"did:via:humanos:user-550e8400-e29b-41d4-a716-446655440000", "via", "humanos:user-550e8400-e29b-41d4-a716-446655440000"},
		{"did:key:" + key1, "key", key1},
		{"did:x::a", "x", ":a"},
		{"did:3:-._aZ9", "3", "-._aZ9"},
		{"did:web:example.com%3A8443", "web", "example.com%3A8443"},
		{"did:web:example.com%3a8443:%ff", "web", "example.com%3a8443:%ff"},
		{long, "example", long[len("did:example:"):]},
	}
	for _, tt := range tests {
		d, err := Parse(tt.text)
		if err != nil || d != (DID{tt.method, tt.id}) || d.String() != tt.text {
			t.Errorf("%.80q: got %+v, %v", tt.text, d, err)
		}
	}
}

func TestParseRefused(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", `does not begin with "did:"`},
		{"did", `does not begin with "did:"`},
		{"DID:web:example.com", `does not begin with "did:"`},
		{"Did:web:example.com", `does not begin with "did:"`},
		{" did:web:example.com", `does not begin with "did:"`},
		{"urn:via:credential:1", `does not begin with "did:"`},
		{"https://example.com", `does not begin with "did:"`},
		{"\ufeffdid:web:example.com", `does not begin with "did:"`},
		{"did:", "no method name"},
		{"did::", "no method name"},
		{"did::example.com", "no method name"},
		{"did:web", "no method-specific id"},
		{"did:web:", "no method-specific id"},
		{"did:Web:example.com", "other than a-z and 0-9"},
		{"did:we-b:example.com", "other than a-z and 0-9"},
		{"did:w%65b:example.com", "other than a-z and 0-9"},
		{"did:wéb:example.com", "other than a-z and 0-9"},
		{"did:web:humanos:contact:", "last segment is empty"},
		{"did:web::", "last segment is empty"},
		{"did:web:example.com#key-1", "no path, query or fragment"},
		{"did:web:example.com#", "no path, query or fragment"},
		{"did:web:example.com/x", "no path, query or fragment"},
		{"did:web:example.com?x", "no path, query or fragment"},
		{"did:web:/x", "no method-specific id"},
		{"did:web:a@b", `"@" is not allowed`},
		{"did:web:a~b", `"~" is not allowed`},
		{"did:web:a+b", `"+" is not allowed`},
		{"did:web:a;b", `";" is not allowed`},
		{"did:web:a b", `" " is not allowed`},
		{"did:web:a\n", `"\n" is not allowed`},
		{"did:web:a\x00", `"\x00" is not allowed`},
		{"did:web:é", `"\xc3" is not allowed`},
		{"did:web:a\u202e", `"\xe2" is not allowed`},
		{"did:web:a\\b", `"\\" is not allowed`},
		{"did:web:%", "bad percent-encoding"},
		{"did:web:%4", "bad percent-encoding"},
		{"did:web:%4g", "bad percent-encoding"},
		{"did:web:%g4", "bad percent-encoding"},
		{"did:web:a%2", "bad percent-encoding"},
		{"did:example:" + strings.Repeat("a", 2049-len("did:example:")), "2049 bytes, at most 2048"},
	}
	for _, tt := range tests {
		d, err := Parse(tt.text)
		wantType(t, tt.text, err, ErrInvalidDID)
		if err != nil && !strings.Contains(err.Error(), tt.want) || d != (DID{}) {
			t.Errorf("%.80q: got %+v, %v; want %q", tt.text, d, err, tt.want)
		}
	}
}

func TestParseURL(t *testing.T) {
	tests := []struct {
		text string
		want DIDURL
	}{
		{"did:web:humanos.tech:platform:550e8400-e29b-41d4-a716-446655440000#key-1",
			DIDURL{DID: DID{"web", "humanos.tech:platform:550e8400-e29b-41d4-a716-446655440000"}, Fragment: "key-1"}},
		{"did:web:humanos", DIDURL{DID: DID{"web", "humanos"}}},
		{"did:x:y/a/b?c=d&e#f?g/h", DIDURL{DID{"x", "y"}, "/a/b", "c=d&e", "f?g/h"}},
		{"did:x:y/", DIDURL{DID: DID{"x", "y"}, Path: "/"}},
		{"did:x:y//", DIDURL{DID: DID{"x", "y"}, Path: "//"}},
		{"did:x:y?a?b", DIDURL{DID: DID{"x", "y"}, Query: "a?b"}},
		{"did:x:y#%23", DIDURL{DID: DID{"x", "y"}, Fragment: "%23"}},
		{"did:x:y;a", DIDURL{}},
		{"did:x:y#a#b", DIDURL{}},
		{"did:x:y#", DIDURL{}},
		{"did:x:y?", DIDURL{}},
		{"did:x:y?#a", DIDURL{}},
		{"did:x:y#a b", DIDURL{}},
		{"did:x:y#%zz", DIDURL{}},
		{"did:x:y/%", DIDURL{}},
		{"did:x:y?é", DIDURL{}},
		{"did:x:y#\"", DIDURL{}},
		{"did:x:#key", DIDURL{}},
		{"did:x:y:#key", DIDURL{}},
		{"#key", DIDURL{}},
		{"/did:x:y#key", DIDURL{}},
		{"", DIDURL{}},
		{"did:x:y#" + strings.Repeat("k", 2041), DIDURL{}},
	}
	for _, tt := range tests {
		u, err := ParseURL(tt.text)
		if tt.want == (DIDURL{}) {
			wantType(t, tt.text, err, ErrInvalidDIDURL)
			if u != (DIDURL{}) {
				t.Errorf("%q: %+v with the error", tt.text, u)
			}
			continue
		}
		if err != nil || u != tt.want || u.String() != tt.text {
			t.Errorf("%q: got %+v, %v", tt.text, u, err)
		}
	}
}

// TestHostileIDsAllocateLittle: refusing a DID of a megabyte allocates at most
// 64 KiB.
func TestHostileIDsAllocateLittle(t *testing.T) {
	long := "did:web:" + strings.Repeat("a", 1<<20)
	doc := parse(t, `{"id":"`+webDID+`"}`)
	for _, s := range []string{long, long + "#k", strings.Repeat("%", 1<<20), strings.Repeat(":", 1<<20), "did:key:z" + strings.Repeat("2", 100<<10),
		"did:jwk:" + strings.Repeat("e30", 100<<10)} {
		got := allocated(func() {
			_, err := Parse(s)
			wantType(t, "Parse", err, ErrInvalidDID)
			_, err = ParseURL(s)
			wantType(t, "ParseURL", err, ErrInvalidDIDURL)
			_, err = WebURL(s)
			wantType(t, "WebURL", err, ErrInvalidDID)
			_, err = Key().Resolve(t.Context(), s)
			wantType(t, "Key", err, ErrInvalidDID)
			_, err = JWK().Resolve(t.Context(), s)
			wantType(t, "JWK", err, ErrInvalidDID)
			_, err = doc.VerificationMethod(s, AssertionMethod, judged)
			wantType(t, "VerificationMethod", err, ErrInvalidVerificationMethodURL)
		})
		if got > 64<<10 {
			t.Errorf("%.20q: allocated %d bytes for %d", s, got, len(s))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		webDID, "did:web:humanos.tech::evidence:uuid", "did:web:humanos:contact:", "did:key:" + key1,
		"did:web:a%3A1:%2e", "did:x:y#z", "did::", "", "did:web:%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err == nil && (d.String() != s || strings.ContainsAny(s, "/?#@ ")) {
			t.Fatalf("%q is read as %q", s, d)
		}
		u, urlErr := ParseURL(s)
		if (err == nil) != (urlErr == nil && u == DIDURL{DID: d}) {
			t.Fatalf("%q: Parse says %v, ParseURL %+v %v", s, err, u, urlErr)
		}
	})
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		webDID + "#key-1", "did:x:y/a/b?c=d&e#f?g/h", "did:x:y/?a", "did:x:y#", "did:x:y?#a", "did:x:y//", "#k", "did:x:y#%23#",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseURL(s)
		if err != nil {
			if u != (DIDURL{}) || TypeOf(err) != ErrInvalidDIDURL {
				t.Fatalf("%q: %+v, %v", s, u, err)
			}
			return
		}
		if u.String() != s {
			t.Fatalf("%q is read as %q", s, u)
		}
		if _, err := Parse(u.DID.String()); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
