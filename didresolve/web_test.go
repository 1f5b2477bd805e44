package didresolve

import (
	"net/url"
	"strings"
	"testing"
)

func TestWebURL(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	host253 := strings.Repeat(label63+".", 3) + strings.Repeat("b", 61)
	tests := []struct{ did, want string }{
		{"did:web:humanos.tech:user:013a0628-fd20-4f73-a7d0-785e9f6e79c1", "https://humanos.tech/user/013a0628-fd20-4f73-a7d0-785e9f6e79c1/did.json"},
		{"did:web:humanos.tech", "https://humanos.tech/.well-known/did.json"},
		{"did:web:humanos.techcredential:uuid", "https://humanos.techcredential/uuid/did.json"},
		{"did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"},
		{"did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"},
		{"did:web:example.com%3a443", "https://example.com:443/.well-known/did.json"},
		{"did:web:example.com%3A65535", "https://example.com:65535/.well-known/did.json"},
		{"did:web:Example.COM:Path", "https://example.com/Path/did.json"},
		{"did:web:xn--bcher-kva.example", "https://xn--bcher-kva.example/.well-known/did.json"},
		{"did:web:1.2.3.4.example.com", "https://1.2.3.4.example.com/.well-known/did.json"},
		{"did:web:example.0com", "https://example.0com/.well-known/did.json"},
		{"did:web:" + host253, "https://" + host253 + "/.well-known/did.json"},
		{"did:web:example.com:a%20b", "https://example.com/a%20b/did.json"},
		{"did:web:example.com:%61%7E%2B%40%3b", "https://example.com/a~%2B%40%3B/did.json"},
		{"did:web:example.com:%3Fq%23f", "https://example.com/%3Fq%23f/did.json"},
		{"did:web:example.com:%C3%A9", "https://example.com/%C3%A9/did.json"},
		{"did:web:example.com:...", "https://example.com/.../did.json"},
		{"did:web:example.com:.well-known", "https://example.com/.well-known/did.json"},
	}
	for _, tt := range tests {
		if got, err := WebURL(tt.did); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.did, got, err, tt.want)
		}
	}
}

func TestWebURLRefused(t *testing.T) {
	const (
		single   = "single label"
		address  = "IP address"
		private  = "not a public name"
		encoding = "percent-encoding other than %3A"
		port     = "port is not a number"
		dots     = ". or .."
		encoded  = `holds an encoded`
		unseen   = "not printable"
		edge     = "begins or ends with a space"
		hyphen   = "hyphen"
		empty    = "segment is empty"
	)
	label64 := strings.Repeat("a", 64)
	tests := []struct{ did, want string }{
		{"did:web:humanos.tech::evidence:uuid", empty},
		{"did:web:humanos:contact:", "last segment is empty"},
		{"did:web:humanos", single},
		{"did:web:humanostech:issuer-uuid", single},
		{"did:web::example.com", single},
		{"did:web:localhost", single},
		{"did:web:localhost%3A8443", single},
		{"did:web:good.com%40evil.com", encoding},
		{"did:web:example.com%2F..%2Fx:y", encoding},
		{"did:web:example%2Ecom", encoding},
		{"did:web:ex%61mple.com", encoding},
		{"did:web:example.com%3A80%2Fx", port},
		{"did:web:example.com%3A80%3A80", port},
		{"did:web:%3A80", "single label"},
		{"did:web:example.com%3A", port},
		{"did:web:example.com%3A0", port},
		{"did:web:example.com%3A080", port},
		{"did:web:example.com%3A65536", port},
		{"did:web:example.com%3A-1", port},
		{"did:web:example.com%3A99999999999999999999", port},
		{"did:web:example.com%3A4_4", port},
		{"did:web:user%3Apass%40example.com", "port is not a number"},
		{"did:web:169.254.169.254", address},
		{"did:web:127.0.0.1", address},
		{"did:web:127.1", address},
		{"did:web:2130706433", single},
		{"did:web:0x7f000001", single},
		{"did:web:0177.0.0.1", address},
		{"did:web:1.0x7f", address},
		{"did:web:1.0X7F000001", address},
		{"did:web:127.0.0.1%3A80", address},
		{"did:web:%5B%3A%3A1%5D", encoding},
		{"did:web:example.123", address},
		{"did:web:foo.localhost", private},
		{"did:web:printer.local", private},
		{"did:web:metadata.google.internal", private},
		{"did:web:a.test", private},
		{"did:web:a.invalid", private},
		{"did:web:a.onion", private},
		{"did:web:1.0.0.127.in-addr.arpa", private},
		{"did:web:router.home", private},
		{"did:web:a.lan", private},
		{"did:web:a.CORP", private},
		{"did:web:a_b.com", "underscore"},
		{"did:web:-a.com", hyphen},
		{"did:web:a-.com", hyphen},
		{"did:web:a.-com", hyphen},
		{"did:web:a..com", "empty label"},
		{"did:web:.a.com", "empty label"},
		{"did:web:a.com.", "empty label"},
		{"did:web:" + label64 + ".com", "longer than 63"},
		{"did:web:" + strings.Repeat("a.", 126) + "bc", "longer than 253"},
		{"did:web:example.com:..", dots},
		{"did:web:example.com:.", dots},
		{"did:web:example.com:%2e%2e", dots},
		{"did:web:example.com:%2E", dots},
		{"did:web:example.com:a%2Fb", encoded},
		{"did:web:example.com:a%5Cb", encoded},
		{"did:web:example.com:%252e%252e", encoded},
		{"did:web:example.com:%00", unseen},
		{"did:web:example.com:a%0D%0AHost", unseen},
		{"did:web:example.com:a%7F", unseen},
		{"did:web:example.com:a%C2%85b", unseen},
		{"did:web:example.com:a%C2%A0b", unseen},
		{"did:web:example.com:a%E2%80%AEb", unseen},
		{"did:web:example.com:%20a", edge},
		{"did:web:example.com:a%20", edge},
		{"did:web:example.com:%09", edge},
		{"did:web:example.com:%ff", "not UTF-8"},
		{"did:web:example.com:%C3", "not UTF-8"},
		{"did:web:example.com:a::b", empty},
	}
	for _, tt := range tests {
		got, err := WebURL(tt.did)
		wantType(t, tt.did, err, ErrInvalidDID)
		if got != "" || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %q, %v; want %q", tt.did, got, err, tt.want)
		}
	}
	for _, did := range []string{"did:via:humanos:user-550e8400-e29b-41d4-a716-446655440000", "did:key:" + key1, "did:webvh:a:b.com"} {
		_, err := WebURL(did)
		wantType(t, did, err, ErrMethodNotSupported)
	}
}

func FuzzWebURL(f *testing.F) {
	for _, s := range []string{
		"humanos.tech", "humanos.tech:user:1", "example.com%3A3000:user:alice", "good.com%40evil.com",
		"example.com%2F..%2Fx:y", "example.com:%2e%2e", "127.1", "1.0x7f", "example.com:a%20b", "example.com:%C3%A9",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		got, err := WebURL("did:web:" + id)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		// The host equals the first segment, and decoding adds no segments.
		host := strings.ToLower(strings.Split(id, ":")[0])
		host = strings.Replace(host, "%3a", ":", 1)
		if u.Scheme != "https" || u.Host != host || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
			!strings.HasSuffix(u.Path, "/did.json") || u.JoinPath().String() != got {
			t.Fatalf("%q gives %q: %+v", id, got, u)
		}
		if want := max(strings.Count(id, ":"), 1) + 1; strings.Count(u.Path, "/") != want {
			t.Fatalf("%q gives %q: %d segments, want %d", id, got, strings.Count(u.Path, "/"), want)
		}
	})
}
