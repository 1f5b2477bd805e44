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

// multikeyVM is a sound verification method with more members added.
func multikeyVM(more string) string {
	return `{"id":"` + keyURL + `","type":"Multikey","controller":"` + webDID + `","publicKeyMultibase":"` + key1 + `"` + more + `}`
}

// webDocument is a document of webDID with these members.
func webDocument(members string) string { return `{"id":"` + webDID + `",` + members + `}` }

// listed is a document that lists the method for assertion.
func listed(vm string) string {
	return webDocument(`"verificationMethod":[` + vm + `],"assertionMethod":["` + keyURL + `"]`)
}

func TestVerificationMethod(t *testing.T) {
	tests := []struct{ name, text string }{
		{"by absolute reference", listed(multikeyVM(""))},
		{"all ids relative", webDocument(`"verificationMethod":[{"id":"#key-1","type":"Multikey","controller":"` + webDID + `","publicKeyMultibase":"` + key1 + `"}],"assertionMethod":["#key-1"]`)},
		{"relative reference", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"assertionMethod":["#key-1"]`)},
		{"listed after others", webDocument(`"verificationMethod":[{"id":"#k"},` + multikeyVM("") + `],"assertionMethod":["#k","did:web:other.example#key-1","#key-1"]`)},
		{"embedded", webDocument(`"assertionMethod":[` + multikeyVM("") + `]`)},
		{"@base is ignored", webDocument(`"@base":"did:web:evil.com","@context":[{"@base":"did:web:evil.com"}],"verificationMethod":[{"id":"#key-1","type":"Multikey","controller":"` + webDID + `","publicKeyMultibase":"` + key1 + `"}],"assertionMethod":["#key-1"]`)},
		{"@base is a number", webDocument(`"@base":5,"verificationMethod":[` + multikeyVM("") + `],"assertionMethod":["#key-1"]`)},
		{"unknown members", listed(multikeyVM(`,"name":"x","extension":{"secretKeyMultibase":"z"}`))},
		{"expires later", listed(multikeyVM(`,"expires":"2026-05-02T10:15:30.000000001Z"`))},
		{"revoked later", listed(multikeyVM(`,"revoked":"2026-05-01T24:00:00-14:00"`))},
		{"another key is unusable", webDocument(`"verificationMethod":[{"id":"#rsa","type":"RsaVerificationKey2018","publicKeyPem":"x","privateKeyPem":"x"},` + multikeyVM("") + `],"assertionMethod":["#rsa","#key-1"]`)},
		{"2020 suite", listed(strings.Replace(multikeyVM(""), "Multikey", "Ed25519VerificationKey2020", 1))},
		{"2018 suite", listed(materialVM("Ed25519VerificationKey2018", `"publicKeyBase58":"`+key1Base58+`"`))},
		{"JsonWebKey", listed(jwkVM("JsonWebKey", ""))},
		{"JsonWebKey2020", listed(jwkVM("JsonWebKey2020", ""))},
		{"JWK with everything", listed(jwkVM("JsonWebKey", `,"use":"sig","alg":"EdDSA","key_ops":["verify"],"kid":"k"`))},
		{"JWK alg Ed25519", listed(jwkVM("JsonWebKey", `,"alg":"Ed25519","key_ops":["sign","verify"]`))},
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
			t.Errorf("%s: verdict", tt.name)
		}
	}
	var zero VerificationMethod
	if zero.PublicKey() != nil || zero.Key().Verify([]byte("message"), sig) {
		t.Error("the zero value is a key")
	}
}

func materialVM(typ, material string) string {
	return `{"id":"` + keyURL + `","type":"` + typ + `","controller":"` + webDID + `",` + material + `}`
}

func jwkVM(typ, more string) string {
	return materialVM(typ, `"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"`+key1JWKx+`"`+more+`}`)
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
		{webDID, ErrInvalidVerificationMethod}, // there is no first key
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
	zeroKey := "z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP" // 32 zero bytes
	tests := []struct {
		name, text string
		want       ErrorType
	}{
		// Which method.
		{"service poses as method", webDocument(`"service":[` + multikeyVM("") + `],"assertionMethod":["` + keyURL + `"]`), ErrMethodNotFound},
		{"extension poses as method", webDocument(`"extension":[` + multikeyVM("") + `],"assertionMethod":["` + keyURL + `"]`), ErrMethodNotFound},
		{"method in a method", webDocument(`"verificationMethod":[{"id":"#k","x":` + multikeyVM("") + `}],"assertionMethod":["` + keyURL + `"]`), ErrMethodNotFound},
		{"method id in another DID", webDocument(`"verificationMethod":[` + strings.Replace(multikeyVM(""), keyURL, "did:web:evil.com#key-1", 1) + `],"assertionMethod":["` + keyURL + `"]`), ErrMethodNotFound},
		{"method id without #", webDocument(`"verificationMethod":[` + strings.Replace(multikeyVM(""), keyURL, "key-1", 1) + `],"assertionMethod":["key-1"]`), ErrMethodNotFound},
		{"method id against @base", webDocument(`"@base":"` + webDID + `#","verificationMethod":[` + strings.Replace(multikeyVM(""), keyURL, "key-1", 1) + `],"assertionMethod":["key-1"]`), ErrMethodNotFound},
		{"controller is another DID", listed(strings.Replace(multikeyVM(""), `"controller":"`+webDID, `"controller":"did:web:evil.com`, 1)), invalid},
		{"controller in another case", listed(strings.Replace(multikeyVM(""), `"controller":"`+webDID, `"controller":"did:web:Example.com`, 1)), invalid},
		{"controller is an array", listed(strings.Replace(multikeyVM(""), `"controller":"`+webDID+`"`, `"controller":["`+webDID+`"]`, 1)), invalid},
		{"no controller", listed(strings.Replace(multikeyVM(""), `"controller"`, `"x"`, 1)), invalid},
		{"no type", listed(strings.Replace(multikeyVM(""), `"type"`, `"x"`, 1)), invalid},
		{"type is an array", listed(strings.Replace(multikeyVM(""), `"Multikey"`, `["Multikey"]`, 1)), invalid},
		{"member in another case", listed(multikeyVM(`,"Controller":"did:web:evil.com"`)), invalid},
		{"revoked in another case", listed(multikeyVM(`,"Revoked":"2020-01-01T00:00:00Z"`)), invalid},

		// For what.
		{"not listed", webDocument(`"verificationMethod":[` + multikeyVM("") + `]`), relation},
		{"listed for authentication only", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"authentication":["` + keyURL + `"]`), relation},
		{"listed for key agreement only", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"keyAgreement":["` + keyURL + `"]`), relation},
		{"embedded for authentication", webDocument(`"authentication":[` + multikeyVM("") + `]`), relation},
		{"embedded for authentication, listed for assertion", webDocument(`"authentication":[` + multikeyVM("") + `],"assertionMethod":["` + keyURL + `"]`), relation},
		{"embedded for key agreement, listed for assertion", webDocument(`"keyAgreement":[` + multikeyVM("") + `],"assertionMethod":["` + keyURL + `"]`), relation},
		{"list is empty", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"assertionMethod":[]`), relation},
		{"reference in another case", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"assertionMethod":["#KEY-1"]`), relation},
		{"reference without #", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"assertionMethod":["key-1"]`), relation},
		{"reference to the DID", webDocument(`"verificationMethod":[` + multikeyVM("") + `],"assertionMethod":["` + webDID + `"]`), relation},

		// When.
		{"revoked", listed(multikeyVM(`,"revoked":"2026-05-02T10:15:29Z"`)), ErrKeyRevoked},
		{"revoked this instant", listed(multikeyVM(`,"revoked":"2026-05-02T12:15:30+02:00"`)), ErrKeyRevoked},
		{"expired", listed(multikeyVM(`,"expires":"2020-01-01T00:00:00Z"`)), ErrKeyExpired},
		{"expires this instant", listed(multikeyVM(`,"expires":"2026-05-02T10:15:30Z"`)), ErrKeyExpired},
		{"revoked and expired", listed(multikeyVM(`,"expires":"2020-01-01T00:00:00Z","revoked":"2020-01-01T00:00:00Z"`)), ErrKeyRevoked},
		{"revoked without zone", listed(multikeyVM(`,"revoked":"2030-01-01T00:00:00"`)), invalid},
		{"expires without zone", listed(multikeyVM(`,"expires":"2030-01-01T00:00:00"`)), invalid},
		{"revoked is garbage", listed(multikeyVM(`,"revoked":"never"`)), invalid},
		{"expires is a date", listed(multikeyVM(`,"expires":"2030-01-01"`)), invalid},
		{"revoked is null", listed(multikeyVM(`,"revoked":null`)), invalid},
		{"revoked is false", listed(multikeyVM(`,"revoked":false`)), invalid},
		{"expires is a number", listed(multikeyVM(`,"expires":1777716930`)), invalid},
		{"expired, and revoked is garbage", listed(multikeyVM(`,"expires":"2020-01-01T00:00:00Z","revoked":""`)), invalid},

		// Which key.
		{"no material", listed(materialVM("Multikey", `"x":1`)), invalid},
		{"two materials", listed(multikeyVM(`,"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"` + key1JWKx + `"}`)), invalid},
		{"unknown second material", listed(multikeyVM(`,"publicKeyHex":"00"`)), invalid},
		{"unknown first material", listed(materialVM("Multikey", `"publicKeyHex":"00","publicKeyMultibase":"`+key1+`"`)), invalid},
		{"address as first material", listed(materialVM("Multikey", `"ethereumAddress":"0x0","publicKeyMultibase":"`+key1+`"`)), invalid},
		{"JWK in another member", listed(strings.Replace(jwkVM("JsonWebKey", ""), "publicKeyJwk", "publicKeyMultibase", 1)), invalid},
		{"base58 in another member", listed(materialVM("Ed25519VerificationKey2018", `"publicKeyMultibase":"`+key1Base58+`"`)), invalid},
		{"account as second material", listed(multikeyVM(`,"blockchainAccountId":"eip155:1:0x0"`)), invalid},
		{"second material in another case", listed(multikeyVM(`,"publickeymultibase":"` + key2 + `"`)), invalid},
		{"second material with a folded letter", listed(multikeyVM(`,"public\u212aeyMultibase":"` + key2 + `"`)), invalid},
		{"material in another case alone", listed(materialVM("Multikey", `"publickeymultibase":"`+key1+`"`)), invalid},
		{"secretKeyMultibase", listed(multikeyVM(`,"secretKeyMultibase":"` + privateKey + `"`)), invalid},
		{"secretKeyJwk in another case", listed(multikeyVM(`,"SecretKeyJwk":{}`)), invalid},
		{"privateKeyBase58", listed(multikeyVM(`,"privateKeyBase58":"x"`)), invalid},
		{"private key as public one", listed(materialVM("Multikey", `"publicKeyMultibase":"`+privateKey+`"`)), invalid},
		{"multibase is a number", listed(materialVM("Multikey", `"publicKeyMultibase":5`)), invalid},
		{"multibase is an array", listed(materialVM("Multikey", `"publicKeyMultibase":["`+key1+`"]`)), invalid},
		{"X25519", listed(strings.Replace(multikeyVM(""), key1, "z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW", 1)), invalid},
		{"P-256", listed(strings.Replace(multikeyVM(""), key1, "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", 1)), invalid},
		{"base64url", listed(strings.Replace(multikeyVM(""), key1, "u7QE7aie8zraktLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ", 1)), invalid},
		{"base16", listed(strings.Replace(multikeyVM(""), key1, "fed013b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", 1)), invalid},
		{"no codec", listed(strings.Replace(multikeyVM(""), key1, "z"+key1Base58, 1)), invalid},
		{"2020 suite without codec", listed(materialVM("Ed25519VerificationKey2020", `"publicKeyMultibase":"z`+key1Base58+`"`)), invalid},
		{"small order", listed(strings.Replace(multikeyVM(""), key1, zeroKey, 1)), invalid},
		{"2 KiB of multibase", listed(strings.Replace(multikeyVM(""), key1, "z"+strings.Repeat("2", 2047), 1)), invalid},
		{"2018 suite with prefix", listed(materialVM("Ed25519VerificationKey2018", `"publicKeyBase58":"z`+key1Base58+`"`)), invalid},
		{"2018 suite too short", listed(materialVM("Ed25519VerificationKey2018", `"publicKeyBase58":"`+key1Base58[:42]+`"`)), invalid},
		{"2018 suite with multibase", listed(materialVM("Ed25519VerificationKey2018", `"publicKeyMultibase":"`+key1+`"`)), invalid},
		{"Multikey with JWK", listed(jwkVM("Multikey", "")), invalid},
		{"JsonWebKey with multibase", listed(materialVM("JsonWebKey", `"publicKeyMultibase":"`+key1+`"`)), invalid},
		{"unknown type", listed(materialVM("EcdsaSecp256k1VerificationKey2019", `"publicKeyMultibase":"`+key1+`"`)), invalid},
		{"type in another case", listed(materialVM("multikey", `"publicKeyMultibase":"`+key1+`"`)), invalid},
		{"empty type", listed(materialVM("", `"publicKeyMultibase":"`+key1+`"`)), invalid},

		// JWK.
		{"JWK is a string", listed(materialVM("JsonWebKey", `"publicKeyJwk":"x"`)), invalid},
		{"JWK is empty", listed(materialVM("JsonWebKey", `"publicKeyJwk":{}`)), invalid},
		{"JWK with d", listed(jwkVM("JsonWebKey", `,"d":"x"`)), invalid},
		{"JWK with d null", listed(jwkVM("JsonWebKey", `,"d":null`)), invalid},
		{"JWK with D", listed(jwkVM("JsonWebKey", `,"D":"x"`)), invalid},
		{"JWK with k", listed(jwkVM("JsonWebKey", `,"k":"x"`)), invalid},
		{"JWK with oth", listed(jwkVM("JsonWebKey", `,"oth":[]`)), invalid},
		{"JWK with X", listed(jwkVM("JsonWebKey", `,"X":"x"`)), invalid},
		{"JWK for encryption", listed(jwkVM("JsonWebKey", `,"use":"enc"`)), invalid},
		{"JWK use null", listed(jwkVM("JsonWebKey", `,"use":null`)), invalid},
		{"JWK for signing only", listed(jwkVM("JsonWebKey", `,"key_ops":["sign"]`)), invalid},
		{"JWK key_ops empty", listed(jwkVM("JsonWebKey", `,"key_ops":[]`)), invalid},
		{"JWK key_ops is a string", listed(jwkVM("JsonWebKey", `,"key_ops":"verify"`)), invalid},
		{"JWK key_ops holds a number", listed(jwkVM("JsonWebKey", `,"key_ops":["verify",1]`)), invalid},
		{"JWK alg ES256", listed(jwkVM("JsonWebKey", `,"alg":"ES256"`)), invalid},
		{"JWK alg none", listed(jwkVM("JsonWebKey", `,"alg":"none"`)), invalid},
		{"JWK P-256", listed(strings.Replace(strings.Replace(jwkVM("JsonWebKey", `,"y":"x"`), "OKP", "EC", 1), "Ed25519", "P-256", 1)), invalid},
		{"JWK X25519", listed(strings.Replace(jwkVM("JsonWebKey", ""), `"Ed25519"`, `"X25519"`, 1)), invalid},
		{"JWK kty in lower case", listed(strings.Replace(jwkVM("JsonWebKey", ""), "OKP", "okp", 1)), invalid},
		{"JWK x too short", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, key1JWKx[:42], 1)), invalid},
		{"JWK x padded", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, key1JWKx+"=", 1)), invalid},
		{"JWK x trailing bits", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, key1JWKx[:42]+"l", 1)), invalid},
		{"JWK x in base64", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, "+"+key1JWKx[1:], 1)), invalid},
		{"JWK x with a line break more", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, key1JWKx[:20]+`\n`+key1JWKx[20:], 1)), invalid},
		{"JWK x with a line break", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, key1JWKx[:20]+`\n`+key1JWKx[21:], 1)), invalid},
		{"JWK x zero", listed(strings.Replace(jwkVM("JsonWebKey", ""), key1JWKx, strings.Repeat("A", 43), 1)), invalid},
	}
	for _, tt := range tests {
		m, err := parse(t, tt.text).VerificationMethod(keyURL, AssertionMethod, judged)
		wantType(t, tt.name, err, tt.want)
		if m.ID != "" || !m.Key().IsZero() {
			t.Errorf("%s: %+v beside the error", tt.name, m)
		}
		if err != nil && strings.Contains(err.Error(), privateKey[3:20]) {
			t.Errorf("%s: the message holds the private key", tt.name)
		}
	}
}

// Each relationship allows its own purpose and no other.
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
	// Being listed does not put the foreign key into this document.
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
		t.Errorf("changing the answer changed the document: %v", err)
	}
	// The zone of the clock does not matter.
	_, err = d.VerificationMethod(keyURL, AssertionMethod, time.Date(2026, 5, 31, 12, 0, 0, 0, time.FixedZone("", -10*3600)))
	wantType(t, "other zone", err, ErrKeyExpired)
}
