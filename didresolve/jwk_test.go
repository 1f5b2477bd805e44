package didresolve

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

// jwkDID encodes a JWK as a did:jwk without canonicalizing it.
func jwkDID(jwk string) string {
	return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(jwk))
}

const edJWK = `{"kty":"OKP","crv":"Ed25519","x":"` + key1JWKx + `"}`

func TestJWK(t *testing.T) {
	all := []Purpose{AssertionMethod, Authentication, CapabilityInvocation, CapabilityDelegation}
	for _, tt := range []struct {
		name, jwk string
		want      ErrorType // for a proof with the key
	}{
		{"Ed25519", edJWK, ""},
		{"Ed25519 for signatures", strings.Replace(edJWK, "}", `,"use":"sig","alg":"EdDSA","kid":"1"}`, 1), ""},
		{"Ed25519 for encryption", strings.Replace(edJWK, "}", `,"use":"enc"}`, 1), ErrInvalidRelationship},
		{"Ed25519 to sign with", strings.Replace(edJWK, "}", `,"key_ops":["sign"]}`, 1), ErrInvalidVerificationMethod},
		{"white space", " " + edJWK + "\n", ""},
		{"P-256", `{"kty":"EC","crv":"P-256","x":"acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0","y":"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"}`, ErrInvalidVerificationMethod},
		{"P-384", `{"kty":"EC","crv":"P-384","x":"lInTxl8fjLKp_UCrxI0WDklahi-7-_6JbtiHjiRvMvhedhKVdHBfi2HCY8t_QJyc","y":"y6N1IC-2mXxHreETBW7K3mBcw0qGr3CWHCs-yl09yCQRLcyfGv7XhqAngHOu51Zv"}`, ErrInvalidVerificationMethod},
	} {
		did := jwkDID(tt.jwk)
		res, err := JWK().Resolve(t.Context(), did)
		if err != nil || res.Source != "did:jwk" || res.Document.ID() != did || !res.RetrievedAt.IsZero() {
			t.Errorf("%s: %+v, %v", tt.name, res, err)
			continue
		}
		for _, p := range all {
			m, err := res.Document.VerificationMethod(did+"#0", p, judged)
			wantType(t, tt.name, err, tt.want)
			if tt.want == "" && (m.Key().String() != key1 || m.Type != "JsonWebKey2020") {
				t.Errorf("%s: %+v", tt.name, m)
			}
		}
		for _, fragment := range []string{"#1", "#key-1", "#" + strings.TrimPrefix(did, "did:jwk:")} {
			_, err := res.Document.VerificationMethod(did+fragment, AssertionMethod, judged)
			wantType(t, tt.name+fragment, err, ErrMethodNotFound)
		}
	}
}

func TestJWKRefused(t *testing.T) {
	with := func(members string) string { return jwkDID(strings.Replace(edJWK, "}", ","+members+"}", 1)) }
	x := func(x string) string { return jwkDID(strings.Replace(edJWK, key1JWKx, x, 1)) }
	ec := func(crv, x, y string) string {
		return jwkDID(`{"kty":"EC","crv":"` + crv + `","x":"` + x + `","y":"` + y + `"}`)
	}
	const px, py = "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0", "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"
	tests := []struct{ name, did, want string }{
		{"padding", jwkDID(edJWK+" ") + "==", "is not allowed"},
		{"standard base64", "did:jwk:" + strings.Repeat("+", 8), "is not allowed"},
		{"trailing bits", "did:jwk:e31", "not base64url"}, // e30 is {}
		{"a length that base64 never has", "did:jwk:eyJ9A", "not base64url"},
		{"percent-encoding", "did:jwk:%65yJ9", "not base64url"},
		{"a second segment", jwkDID(edJWK) + ":x", "not base64url"},
		{"another method", "did:key:" + key1, "not a did:jwk"},
		{"no JSON", jwkDID("x"), "strict JSON"},
		{"trailing bytes", jwkDID(edJWK + "{}"), "strict JSON"},
		{"bad UTF-8", jwkDID(strings.Replace(edJWK, "}", ",\"kid\":\"\xff\"}", 1)), "strict JSON"},
		{"a member twice", with(`"x":"` + key1JWKx + `"`), "strict JSON"},
		{"5 deep", with(`"z":[[[[]]]]`), "strict JSON"},
		{"65 values", with(`"z":[` + strings.Repeat("0,", 64) + `0]`), "strict JSON"},
		{"an array", jwkDID("[" + edJWK + "]"), "not an object"},
		{"null", jwkDID("null"), "not an object"},
		{"empty", jwkDID("{}"), "none of"},
		{"another curve", jwkDID(strings.Replace(edJWK, "Ed25519", "Ed448", 1)), "none of"},
		{"secp256k1", ec("secp256k1", px, py), "none of"},
		{"P-521", ec("P-521", px, py), "none of"},
		{"RSA", jwkDID(`{"kty":"RSA","n":"AQAB","e":"AQAB"}`), "none of"},
		{"symmetric", jwkDID(`{"kty":"oct","k":"AAAA"}`), "secret"},
		{"private", with(`"d":"` + key1JWKx + `"`), "secret"},
		{"private in upper case", with(`"D":1`), "secret"},
		{"kty in two cases", with(`"KTY":"EC"`), "letter case"},
		{"use for something else", with(`"use":"both"`), "use is neither"},
		{"use is not a string", with(`"use":["sig"]`), "use is neither"},
		{"use is null", with(`"use":null`), "use is neither"},
		{"x too short", x(key1JWKx[1:]), "42 characters"},
		{"x too long", x(key1JWKx + "A"), "44 characters"},
		{"x with trailing bits", x(key1JWKx[:42] + "l"), "not base64url"},
		{"x with a line break", x(key1JWKx[:41] + `\n` + "k"), "not base64url"},
		{"x of X25519 with a line break", jwkDID(`{"kty":"OKP","crv":"X25519","x":"` + key1JWKx[:41] + `\n` + `A"}`), "not base64url"},
		{"identity", x("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "small order"},
		{"off the curve", x("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "not on the curve"},
		{"P-256 off the curve", ec("P-256", py, px), "not a point"},
		{"P-256 without y", jwkDID(`{"kty":"EC","crv":"P-256","x":"` + px + `"}`), "JWK y has 0"},
		{"P-256 of 31 bytes", ec("P-256", px[:42], py), "JWK x has 42"},
		{"P-384 with coordinates of P-256", ec("P-384", px, py), "want 64"},
		{"X25519 too short", jwkDID(`{"kty":"OKP","crv":"X25519","x":"AAAA"}`), "JWK x has 4"},
		{"a number without canonical form", with(`"z":1e999`), "strict JSON"},
		{"too long", jwkDID(strings.Replace(edJWK, "}", `,"kid":"`+strings.Repeat("x", 2048)+`"}`, 1)), "at most 2048"},
		{"100 escaped characters", with(`"kid":"` + strings.Repeat(`\u0001`, 100) + `"`), ""},
	}
	for _, tt := range tests {
		res, err := JWK().Resolve(t.Context(), tt.did)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		want := ErrInvalidDID
		if tt.name == "another method" {
			want = ErrMethodNotSupported
		}
		wantType(t, tt.name, err, want)
		if res != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), key1JWKx) {
			t.Errorf("%s: the message contains a coordinate, which may be a private key", tt.name)
		}
	}
}

// TestJWKVectors tests the examples of the specification, and invalid DIDs that it
// does not have.
func TestJWKVectors(t *testing.T) {
	var file struct {
		Valid []struct {
			Name, DID   string
			DidDocument json.RawMessage
		}
		Invalid []struct{ DID, Error, Why string }
	}
	readVectors(t, "did-jwk/did-jwk.json", &file)
	if len(file.Valid) == 0 || len(file.Invalid) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Valid {
		res, err := JWK().Resolve(t.Context(), v.DID)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		want, err := canonical.Transform(v.DidDocument)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := canonical.Transform(res.Document.Raw()); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", v.Name, got, want)
		}
	}
	for _, v := range file.Invalid {
		res, err := JWK().Resolve(t.Context(), v.DID)
		wantType(t, v.Why, err, ErrorType(v.Error))
		if res != nil {
			t.Errorf("%s: %+v", v.Why, res)
		}
	}
}

// FuzzJWK: for any id, JWK returns a document with exactly that DID and without a
// secret, or ErrInvalidDID.
func FuzzJWK(f *testing.F) {
	for _, s := range []string{edJWK, "{}", `{"kty":"EC","crv":"P-256","x":"","y":""}`, `[[[[`, `{"kty":"OKP","crv":"X25519","x":"` + key1JWKx + `","use":"enc"}`} {
		f.Add(strings.TrimPrefix(jwkDID(s), "did:jwk:"))
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		for _, did := range []string{"did:jwk:" + id, jwkDID(id)} {
			res, err := JWK().Resolve(t.Context(), did)
			switch {
			case err != nil && (res != nil || TypeOf(err) != ErrInvalidDID):
				t.Fatalf("%q: %+v, %v", did, res, err)
			case err == nil:
				if res.Document.ID() != did {
					t.Fatalf("%q: document of %q", did, res.Document.ID())
				}
				jwk := res.Document.methods[0].value.Get("publicKeyJwk")
				if hasSecret(jwk) {
					t.Fatalf("%q: the document contains a secret key", did)
				}
			}
		}
	})
}
