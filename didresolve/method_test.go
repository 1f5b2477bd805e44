package didresolve

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"
)

const keyURL = webDID + "#key-1"

// multikeyVM returns a valid verification method with more members appended.
func multikeyVM(more string) string {
	return materialVM("Multikey", `"publicKeyMultibase":"`+key1+`"`+more)
}

func materialVM(typ, material string) string {
	return `{"id":"` + keyURL + `","type":"` + typ + `","controller":"` + webDID + `",` + material + `}`
}

func jwkVM(typ, more string) string {
	return materialVM(typ, `"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"`+key1JWKx+`"`+more+`}`)
}

// webDocument returns a document of webDID with these members.
func webDocument(members string) string { return `{"id":"` + webDID + `",` + members + `}` }

// methods returns a document with verification methods and other members.
func methods(vms, members string) string {
	return webDocument(`"verificationMethod":[` + vms + `],` + members)
}

const assertsKey = `"assertionMethod":["` + keyURL + `"]` // a member of a document

// listed returns a document that lists its only method for assertion.
func listed(vm string) string { return methods(vm, assertsKey) }

// These return listed documents: the first three with a valid method after a
// change, the others with a key of the given form.
func multikeyPlus(more string) string { return listed(multikeyVM(more)) }
func multikeyWith(old, new string) string {
	return listed(strings.Replace(multikeyVM(""), old, new, 1))
}
func publicKey(multikey string) string      { return multikeyWith(key1, multikey) }
func keyOfType(typ, material string) string { return listed(materialVM(typ, material)) }
func jwkPlus(more string) string            { return listed(jwkVM("JsonWebKey", more)) }
func jwkWith(old, new string) string {
	return listed(strings.Replace(jwkVM("JsonWebKey", ""), old, new, 1))
}

func TestVerificationMethod(t *testing.T) {
	vm := multikeyVM("")
	relative := strings.Replace(vm, webDID+"#", "#", 1)
	tests := []struct{ name, text string }{
		{"by absolute reference", listed(vm)},
		{"all ids relative", methods(relative, `"assertionMethod":["#key-1"]`)},
		{"relative reference", methods(vm, `"assertionMethod":["#key-1"]`)},
		{"listed after others", methods(`{"id":"#k"},`+vm, `"assertionMethod":["#k","did:web:other.example#key-1","#key-1"]`)},
		{"embedded", webDocument(`"assertionMethod":[` + vm + `]`)},
		{"@base is ignored", methods(relative, `"@base":"did:web:evil.com","@context":[{"@base":"did:web:evil.com"}],"assertionMethod":["#key-1"]`)},
		{"@base is a number", methods(vm, `"@base":5,"assertionMethod":["#key-1"]`)},
		{"unknown members", multikeyPlus(`,"name":"x","extension":{"secretKeyMultibase":"z"}`)},
		{"expires later", multikeyPlus(`,"expires":"2026-05-02T10:15:30.000000001Z"`)},
		{"revoked later", multikeyPlus(`,"revoked":"2026-05-01T24:00:00-14:00"`)},
		{"another key is unusable", methods(`{"id":"#rsa","type":"RsaVerificationKey2018","publicKeyPem":"x","privateKeyPem":"x"},`+vm, `"assertionMethod":["#rsa","#key-1"]`)},
		{"2020 suite", multikeyWith("Multikey", "Ed25519VerificationKey2020")},
		{"2018 suite", keyOfType("Ed25519VerificationKey2018", `"publicKeyBase58":"`+key1Base58+`"`)},
		{"JsonWebKey", jwkPlus("")},
		{"JsonWebKey2020", listed(jwkVM("JsonWebKey2020", ""))},
		{"JWK with use, alg and key_ops", jwkPlus(`,"use":"sig","alg":"EdDSA","key_ops":["verify"],"kid":"k"`)},
		{"JWK alg Ed25519", jwkPlus(`,"alg":"Ed25519","key_ops":["sign","verify"]`)},
	}
	priv := ed25519.NewKeyFromSeed(make([]byte, 32))
	sig := ed25519.Sign(priv, []byte("message"))
	for _, tt := range tests {
		m, err := parse(t, tt.text).VerificationMethod(keyURL, AssertionMethod, judged)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if m.ID != keyURL || m.Controller != webDID || m.Key().String() != key1 || !bytes.Equal(m.PublicKey(), priv.Public().(ed25519.PublicKey)) {
			t.Errorf("%s: got %+v", tt.name, m)
		}
		if !m.Key().Verify([]byte("message"), sig) || m.Key().Verify([]byte("massage"), sig) {
			t.Errorf("%s: Verify is wrong", tt.name)
		}
	}
	var zero VerificationMethod
	if zero.PublicKey() != nil || zero.Key().Verify([]byte("message"), sig) {
		t.Error("the zero value is a key")
	}
}

func TestVerificationMethodURL(t *testing.T) {
	d := parse(t, listed(multikeyVM("")))
	tests := []struct {
		url  string
		want ErrorType
	}{
		{keyURL, ""},
		{"", ErrInvalidVerificationMethodURL},
		{"key-1", ErrInvalidVerificationMethodURL},
		{"#key-1", ErrInvalidVerificationMethodURL},
		{"https://example.com#key-1", ErrInvalidVerificationMethodURL},
		{webDID + "#", ErrInvalidVerificationMethodURL},
		{keyURL + "#key-1", ErrInvalidVerificationMethodURL},
		{keyURL + " ", ErrInvalidVerificationMethodURL},
		{"did:web:example.com:#key-1", ErrInvalidVerificationMethodURL},
		{webDID + "#" + strings.Repeat("k", 2048), ErrInvalidVerificationMethodURL},
		{webDID, ErrInvalidVerificationMethod}, // no default key
		{"did:web:humanos", ErrInvalidVerificationMethod},
		{webDID + "/path#key-1", ErrInvalidDIDURL},
		{webDID + "?versionId=1#key-1", ErrFeatureNotSupported},
		{webDID + "?x#key-1", ErrFeatureNotSupported},
		{"did:web:Example.com#key-1", ErrInvalidDocumentID},
		{"did:web:example%2ecom#key-1", ErrInvalidDocumentID},
		{"did:web:example.com%3A443#key-1", ErrInvalidDocumentID},
		{"did:web:example.com:a#key-1", ErrInvalidDocumentID},
		{"did:web:evil.com#key-1", ErrInvalidDocumentID},
		{webDID + "#key-2", ErrMethodNotFound},
		{webDID + "#KEY-1", ErrMethodNotFound},
		{webDID + "#key%2D1", ErrMethodNotFound},
	}
	for _, tt := range tests {
		_, err := d.VerificationMethod(tt.url, AssertionMethod, judged)
		wantType(t, tt.url, err, tt.want)
	}
	_, err := d.VerificationMethod(keyURL, AssertionMethod, time.Time{})
	wantType(t, "zero time", err, ErrInvalidOptions)
}

func TestVerificationMethodRefused(t *testing.T) {
	const (
		invalid  = ErrInvalidVerificationMethod
		relation = ErrInvalidRelationship
	)
	vm := multikeyVM("")
	withID := func(id string) string { return strings.Replace(vm, keyURL, id, 1) }
	zeroKey := "z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP" // 32 zero bytes
	tests := []struct {
		name, text string
		want       ErrorType
	}{
		// The method.
		{"method among the services", webDocument(`"service":[` + vm + `],` + assertsKey), ErrMethodNotFound},
		{"method in an unknown member", webDocument(`"extension":[` + vm + `],` + assertsKey), ErrMethodNotFound},
		{"method in a method", listed(`{"id":"#k","x":` + vm + `}`), ErrMethodNotFound},
		{"method id in another DID", listed(withID("did:web:evil.com#key-1")), ErrMethodNotFound},
		{"method id without #", methods(withID("key-1"), `"assertionMethod":["key-1"]`), ErrMethodNotFound},
		{"method id against @base", methods(withID("key-1"), `"@base":"`+webDID+`#","assertionMethod":["key-1"]`), ErrMethodNotFound},
		{"controller is another DID", multikeyWith(`"controller":"`+webDID, `"controller":"did:web:evil.com`), invalid},
		{"controller in another case", multikeyWith(`"controller":"`+webDID, `"controller":"did:web:Example.com`), invalid},
		{"controller is an array", multikeyWith(`"controller":"`+webDID+`"`, `"controller":["`+webDID+`"]`), invalid},
		{"no controller", multikeyWith(`"controller"`, `"x"`), invalid},
		{"no type", multikeyWith(`"type"`, `"x"`), invalid},
		{"type is an array", multikeyWith(`"Multikey"`, `["Multikey"]`), invalid},
		{"member in another case", multikeyPlus(`,"Controller":"did:web:evil.com"`), invalid},
		{"revoked in another case", multikeyPlus(`,"Revoked":"2020-01-01T00:00:00Z"`), invalid},

		// The purpose.
		{"not listed", methods(vm, `"x":1`), relation},
		{"listed for authentication only", methods(vm, `"authentication":["`+keyURL+`"]`), relation},
		{"listed for key agreement only", methods(vm, `"keyAgreement":["`+keyURL+`"]`), relation},
		{"embedded for authentication", webDocument(`"authentication":[` + vm + `]`), relation},
		{"embedded for authentication, listed for assertion", webDocument(`"authentication":[` + vm + `],` + assertsKey), relation},
		{"embedded for key agreement, listed for assertion", webDocument(`"keyAgreement":[` + vm + `],` + assertsKey), relation},
		{"list is empty", methods(vm, `"assertionMethod":[]`), relation},
		{"reference in another case", methods(vm, `"assertionMethod":["#KEY-1"]`), relation},
		{"reference without #", methods(vm, `"assertionMethod":["key-1"]`), relation},
		{"reference to the DID", methods(vm, `"assertionMethod":["`+webDID+`"]`), relation},

		// The dates.
		{"revoked", multikeyPlus(`,"revoked":"2026-05-02T10:15:29Z"`), ErrKeyRevoked},
		{"revoked this instant", multikeyPlus(`,"revoked":"2026-05-02T12:15:30+02:00"`), ErrKeyRevoked},
		{"expired", multikeyPlus(`,"expires":"2020-01-01T00:00:00Z"`), ErrKeyExpired},
		{"expires this instant", multikeyPlus(`,"expires":"2026-05-02T10:15:30Z"`), ErrKeyExpired},
		{"revoked and expired", multikeyPlus(`,"expires":"2020-01-01T00:00:00Z","revoked":"2020-01-01T00:00:00Z"`), ErrKeyRevoked},
		{"revoked without zone", multikeyPlus(`,"revoked":"2030-01-01T00:00:00"`), invalid},
		{"expires without zone", multikeyPlus(`,"expires":"2030-01-01T00:00:00"`), invalid},
		{"revoked is garbage", multikeyPlus(`,"revoked":"never"`), invalid},
		{"expires is a date", multikeyPlus(`,"expires":"2030-01-01"`), invalid},
		{"revoked is null", multikeyPlus(`,"revoked":null`), invalid},
		{"revoked is false", multikeyPlus(`,"revoked":false`), invalid},
		{"expires is a number", multikeyPlus(`,"expires":1777716930`), invalid},
		{"expired, and revoked is garbage", multikeyPlus(`,"expires":"2020-01-01T00:00:00Z","revoked":""`), invalid},

		// The key material.
		{"no material", keyOfType("Multikey", `"x":1`), invalid},
		{"two materials", multikeyPlus(`,"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"` + key1JWKx + `"}`), invalid},
		{"unknown second material", multikeyPlus(`,"publicKeyHex":"00"`), invalid},
		{"unknown first material", keyOfType("Multikey", `"publicKeyHex":"00","publicKeyMultibase":"`+key1+`"`), invalid},
		{"address as first material", keyOfType("Multikey", `"ethereumAddress":"0x0","publicKeyMultibase":"`+key1+`"`), invalid},
		{"JWK in another member", jwkWith("publicKeyJwk", "publicKeyMultibase"), invalid},
		{"base58 in another member", keyOfType("Ed25519VerificationKey2018", `"publicKeyMultibase":"`+key1Base58+`"`), invalid},
		{"account as second material", multikeyPlus(`,"blockchainAccountId":"eip155:1:0x0"`), invalid},
		{"second material in another case", multikeyPlus(`,"publickeymultibase":"` + key2 + `"`), invalid},
		{"second material with a folded letter", multikeyPlus(`,"public\u212aeyMultibase":"` + key2 + `"`), invalid},
		{"material in another case alone", keyOfType("Multikey", `"publickeymultibase":"`+key1+`"`), invalid},
		{"secretKeyMultibase", multikeyPlus(`,"secretKeyMultibase":"` + privateKey + `"`), invalid},
		{"secretKeyJwk in another case", multikeyPlus(`,"SecretKeyJwk":{}`), invalid},
		{"privateKeyBase58", multikeyPlus(`,"privateKeyBase58":"x"`), invalid},
		{"private key as public one", keyOfType("Multikey", `"publicKeyMultibase":"`+privateKey+`"`), invalid},
		{"multibase is a number", keyOfType("Multikey", `"publicKeyMultibase":5`), invalid},
		{"multibase is an array", keyOfType("Multikey", `"publicKeyMultibase":["`+key1+`"]`), invalid},
		{"X25519", publicKey("z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW"), invalid},
		{"P-256", publicKey("zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"), invalid},
		{"base64url", publicKey("u7QE7aie8zraktLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ"), invalid},
		{"base16", publicKey("fed013b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"), invalid},
		{"no codec", publicKey("z" + key1Base58), invalid},
		{"2020 suite without codec", keyOfType("Ed25519VerificationKey2020", `"publicKeyMultibase":"z`+key1Base58+`"`), invalid},
		{"small order", publicKey(zeroKey), invalid},
		{"2 KiB of multibase", publicKey("z" + strings.Repeat("2", 2047)), invalid},
		{"2018 suite with prefix", keyOfType("Ed25519VerificationKey2018", `"publicKeyBase58":"z`+key1Base58+`"`), invalid},
		{"2018 suite too short", keyOfType("Ed25519VerificationKey2018", `"publicKeyBase58":"`+key1Base58[:42]+`"`), invalid},
		{"2018 suite with multibase", keyOfType("Ed25519VerificationKey2018", `"publicKeyMultibase":"`+key1+`"`), invalid},
		{"Multikey with JWK", listed(jwkVM("Multikey", "")), invalid},
		{"JsonWebKey with multibase", keyOfType("JsonWebKey", `"publicKeyMultibase":"`+key1+`"`), invalid},
		{"unknown type", keyOfType("EcdsaSecp256k1VerificationKey2019", `"publicKeyMultibase":"`+key1+`"`), invalid},
		{"type in another case", keyOfType("multikey", `"publicKeyMultibase":"`+key1+`"`), invalid},
		{"empty type", keyOfType("", `"publicKeyMultibase":"`+key1+`"`), invalid},

		// JWK.
		{"JWK is a string", keyOfType("JsonWebKey", `"publicKeyJwk":"x"`), invalid},
		{"JWK is empty", keyOfType("JsonWebKey", `"publicKeyJwk":{}`), invalid},
		{"JWK with d", jwkPlus(`,"d":"x"`), invalid},
		{"JWK with d null", jwkPlus(`,"d":null`), invalid},
		{"JWK with D", jwkPlus(`,"D":"x"`), invalid},
		{"JWK with k", jwkPlus(`,"k":"x"`), invalid},
		{"JWK with oth", jwkPlus(`,"oth":[]`), invalid},
		{"JWK with X", jwkPlus(`,"X":"x"`), invalid},
		{"JWK for encryption", jwkPlus(`,"use":"enc"`), invalid},
		{"JWK use null", jwkPlus(`,"use":null`), invalid},
		{"JWK for signing only", jwkPlus(`,"key_ops":["sign"]`), invalid},
		{"JWK key_ops empty", jwkPlus(`,"key_ops":[]`), invalid},
		{"JWK key_ops is a string", jwkPlus(`,"key_ops":"verify"`), invalid},
		{"JWK key_ops holds a number", jwkPlus(`,"key_ops":["verify",1]`), invalid},
		{"JWK alg ES256", jwkPlus(`,"alg":"ES256"`), invalid},
		{"JWK alg none", jwkPlus(`,"alg":"none"`), invalid},
		{"JWK P-256", jwkWith(`"OKP","crv":"Ed25519"`, `"EC","crv":"P-256","y":"x"`), invalid},
		{"JWK X25519", jwkWith(`"Ed25519"`, `"X25519"`), invalid},
		{"JWK kty in lower case", jwkWith("OKP", "okp"), invalid},
		{"JWK x too short", jwkWith(key1JWKx, key1JWKx[:42]), invalid},
		{"JWK x padded", jwkWith(key1JWKx, key1JWKx+"="), invalid},
		{"JWK x trailing bits", jwkWith(key1JWKx, key1JWKx[:42]+"l"), invalid},
		{"JWK x in base64", jwkWith(key1JWKx, "+"+key1JWKx[1:]), invalid},
		{"JWK x with an additional line break", jwkWith(key1JWKx, key1JWKx[:20]+`\n`+key1JWKx[20:]), invalid},
		{"JWK x with a line break in place of a digit", jwkWith(key1JWKx, key1JWKx[:20]+`\n`+key1JWKx[21:]), invalid},
		{"JWK x zero", jwkWith(key1JWKx, strings.Repeat("A", 43)), invalid},
	}
	for _, tt := range tests {
		m, err := parse(t, tt.text).VerificationMethod(keyURL, AssertionMethod, judged)
		wantType(t, tt.name, err, tt.want)
		if m.ID != "" || !m.Key().IsZero() {
			t.Errorf("%s: %+v with the error", tt.name, m)
		}
		if err != nil && strings.Contains(err.Error(), privateKey[3:20]) {
			t.Errorf("%s: the message contains the private key", tt.name)
		}
	}
}

// TestPurposes: each relationship allows exactly its own purpose.
func TestPurposes(t *testing.T) {
	all := append(relationships(), "", "proofPurpose", "AssertionMethod", "verificationMethod")
	for _, listedFor := range relationships() {
		reference := parse(t, webDocument(fmt.Sprintf(`"verificationMethod":[%s],%q:[%q]`, multikeyVM(""), listedFor, keyURL)))
		embedded := parse(t, webDocument(fmt.Sprintf(`%q:[%s]`, listedFor, multikeyVM(""))))
		for _, purpose := range all {
			want := ErrInvalidRelationship
			if purpose == listedFor && purpose != keyAgreement {
				want = ""
			}
			for name, d := range map[string]*Document{"reference": reference, "embedded": embedded} {
				_, err := d.VerificationMethod(keyURL, purpose, judged)
				wantType(t, fmt.Sprintf("%s in %s, used for %s", name, listedFor, purpose), err, want)
			}
		}
	}
}

func TestLists(t *testing.T) {
	const foreign = "did:web:platform.example#key-1"
	d := parse(t, webDocument(`"assertionMethod":["`+foreign+`","#local","",{"id":"#inner"}]`))
	tests := []struct {
		url     string
		purpose Purpose
		want    bool
	}{
		{foreign, AssertionMethod, true},
		{webDID + "#local", AssertionMethod, true},
		{"#local", AssertionMethod, false},
		{webDID + "#inner", AssertionMethod, false},
		{foreign, Authentication, false},
		{foreign, "", false},
		{foreign, keyAgreement, false},
		{"", AssertionMethod, false},
		{"did:web:platform.example", AssertionMethod, false},
	}
	for _, tt := range tests {
		if got := d.Lists(tt.url, tt.purpose); got != tt.want {
			t.Errorf("%s for %q: %v", tt.url, tt.purpose, got)
		}
	}
	// The document refers to the foreign key but does not contain it.
	_, err := d.VerificationMethod(foreign, AssertionMethod, judged)
	wantType(t, "foreign key", err, ErrInvalidDocumentID)
}

func TestDates(t *testing.T) {
	d := parse(t, listed(multikeyVM(`,"expires":"2026-06-01T00:00:00+02:00","revoked":"2026-07-01T00:00:00Z"`)))
	m, err := d.VerificationMethod(keyURL, AssertionMethod, judged)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Expires.Equal(time.Date(2026, 5, 31, 22, 0, 0, 0, time.UTC)) || !m.Revoked.Equal(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %v, %v", m.Expires, m.Revoked)
	}
	*m.Expires = m.Expires.Add(-time.Hour * 10000)
	if _, err := d.VerificationMethod(keyURL, AssertionMethod, judged); err != nil {
		t.Errorf("a change of the result changed the document: %v", err)
	}
	// The zone of the clock does not matter.
	_, err = d.VerificationMethod(keyURL, AssertionMethod, time.Date(2026, 5, 31, 12, 0, 0, 0, time.FixedZone("", -10*3600)))
	wantType(t, "other zone", err, ErrKeyExpired)
}
