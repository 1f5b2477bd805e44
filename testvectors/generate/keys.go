package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// published is the key of the example in the did:key specification and of the
// test vectors of vc-di-eddsa.
const published = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"

func (p party) publicHex() string { return hex.EncodeToString(p.key()[32:]) }

func multikeyVectors() []vector {
	good := issuer.publicHex()
	bad := func(name, comment, text string) vector {
		return vector{"multikey/" + name, comment, obj{"multikey": text}, obj{"error": "invalid"}}
	}
	other := func(name, comment, text string) vector {
		return vector{"multikey/" + name, comment, obj{"multikey": text}, obj{"error": "unsupported"}}
	}
	zeros := strings.Repeat("00", 32)
	raw := must(hex.DecodeString("ed01" + good))
	return []vector{
		{"multikey/ed25519", "ed01 and the 32 bytes of an Ed25519 key in base58btc.",
			obj{"multikey": issuer.multikey()}, obj{"publicKeyHex": good}},
		other("x25519", "ec01 marks a key for key agreement, which signs nothing.", multibase("ec01", good)),
		other("p256", "8024 marks a P-256 key.", multibase("8024", "02"+good)),
		bad("p256-off-the-curve", "8024 and a number that is x of no point of P-256.", multibase("8024", "02"+strings.Repeat("ff", 32))),
		other("secp256k1", "e701 marks a secp256k1 key.", multibase("e701", "02"+good)),
		bad("private-key", "8026 marks a private key; a verifier must not accept it for its public half.", multibase("8026", good)),
		bad("long-varint", "ed8100 is another spelling of the number that ed01 means; only the exact two bytes are accepted.", multibase("ed8100", good)),
		bad("no-codec", "The 32 bytes of the key without a prefix.", multibase("", good)),
		bad("31-bytes", "A key that is one byte short.", multibase("ed01", good[2:])),
		bad("33-bytes", "A key that is one byte long.", multibase("ed01", good+"00")),
		bad("base64url", "Multibase u is a legal encoding elsewhere, and never of a Multikey.", "u"+base64.RawURLEncoding.EncodeToString(raw)),
		bad("base16", "Multibase f likewise.", "f"+hex.EncodeToString(raw)),
		bad("no-multibase-prefix", "base58btc without the leading z.", issuer.multikey()[1:]),
		bad("not-base58", "0, O, I and l are not in the alphabet.", "z0"+issuer.multikey()[2:]),
		bad("empty", "Nothing is no key.", ""),
		bad("prefix-only", "z encodes no bytes.", "z"),
		bad("too-long", "Base58 takes quadratic time, so the length is judged before anything is decoded.", "z"+strings.Repeat("6", 5000)),
		bad("identity-point", "With the identity as key, one signature fits every message.", multibase("ed01", "01"+zeros[2:])),
		bad("order-4-point", "32 zero bytes are a point of order 4.", multibase("ed01", zeros)),
		bad("order-8-point", "A point of order 8.", multibase("ed01", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
		{"multikey/y-just-below", "y is p-3, the largest but two: reduced, and on the curve.", obj{"multikey": multibase("ed01", "ea"+strings.Repeat("ff", 30)+"7f")},
			obj{"publicKeyHex": "ea" + strings.Repeat("ff", 30) + "7f"}},
		{"multikey/y-high", "y has the first and the last byte of a y that is not reduced, and is.", obj{"multikey": multibase("ed01", "ee00"+strings.Repeat("ff", 29)+"7f")},
			obj{"publicKeyHex": "ee00" + strings.Repeat("ff", 29) + "7f"}},
		bad("y-not-reduced", "y is not below the field prime: p+1, another encoding of the identity.", multibase("ed01", "ee"+strings.Repeat("ff", 30)+"7f")),
		bad("y-not-reduced-large-order", "y is p+3, a point of large order, so that a list of small points alone does not find it.",
			multibase("ed01", "f0"+strings.Repeat("ff", 30)+"7f")),
		bad("off-the-curve", "No point of the curve has y = 2.", multibase("ed01", "02"+zeros[2:])),
	}
}

func didVectors() []vector {
	var out []vector
	add := func(name, comment string, input, expect obj) {
		out = append(out, vector{"did/" + name, comment, input, expect})
	}
	parses := func(name, comment, did, method, id string) {
		add(name, comment, obj{"op": "parse", "did": did}, obj{"method": method, "id": id})
	}
	refuse := func(name, comment, op, did string, t didresolve.ErrorType) {
		add(name, comment, obj{"op": op, "did": did}, obj{"error": string(t)})
	}
	url := func(name, comment, did, url string) {
		add(name, comment, obj{"op": "webUrl", "did": did}, obj{"url": url})
	}

	parses("parse-web", "A DID with a path in its id.", "did:web:humanos.tech:user:013a8c1e", "web", "humanos.tech:user:013a8c1e")
	parses("parse-empty-segment", "An empty segment inside the id is legal grammar; whether the method can use it is another question.",
		"did:web:humanos.tech::evidence:uuid", "web", "humanos.tech::evidence:uuid")
	parses("parse-unknown-method", "Any method name of lower-case letters and digits is grammar.", "did:via:humanos:user-550e8400", "via", "humanos:user-550e8400")
	parses("parse-percent-encoded", "Percent-encoding stays as it is written.", "did:web:example.com%3A8443", "web", "example.com%3A8443")
	const invalid = didresolve.ErrInvalidDID
	refuse("parse-trailing-colon", "The last segment of an id is not empty.", "parse", "did:web:humanos:contact:", invalid)
	refuse("parse-upper-case-scheme", "The scheme is lower case; nothing is folded.", "parse", "DID:web:example.com", invalid)
	refuse("parse-upper-case-method", "Method names are lower case.", "parse", "did:Web:example.com", invalid)
	refuse("parse-fragment", "A DID has no fragment: that would be a DID URL.", "parse", "did:web:example.com#key-1", invalid)
	refuse("parse-no-id", "A DID names something.", "parse", "did:web", invalid)
	refuse("parse-no-method", "A DID has a method.", "parse", "did::example.com", invalid)
	refuse("parse-space", "White space is never trimmed.", "parse", " did:web:example.com", invalid)
	refuse("parse-non-ascii", "Characters outside ASCII are not in the grammar.", "parse", "did:web:exämple.com", invalid)
	refuse("parse-bad-percent", "A percent sign is followed by two hexadecimal digits.", "parse", "did:web:example.com%3", invalid)
	refuse("parse-too-long", "A DID has at most 2,048 bytes.", "parse", "did:web:example.com:"+strings.Repeat("a", 2048), invalid)

	url("web-host", "A DID without a path has its document under /.well-known.", "did:web:humanos.tech", "https://humanos.tech/.well-known/did.json")
	url("web-path", "The segments after the host are the path.", "did:web:humanos.tech:user:013a8c1e", "https://humanos.tech/user/013a8c1e/did.json")
	url("web-missing-colon", "humanos.techcredential is a host like any other; an id that looks misspelt is never repaired.",
		"did:web:humanos.techcredential:uuid", "https://humanos.techcredential/uuid/did.json")
	url("web-port", "A port follows the host as %3A.", "did:web:example.com%3a8443:dids", "https://example.com:8443/dids/did.json")
	url("web-host-case", "The host is lower-cased in the URL, the path is not.", "did:web:Example.COM:Users", "https://example.com/Users/did.json")
	url("web-path-encoding", "A path segment is decoded once, and only what needs it is encoded again.", "did:web:example.com:%61%2Bb", "https://example.com/a%2Bb/did.json")
	refuse("web-empty-segment", "An empty path segment names nothing.", "webUrl", "did:web:humanos.tech::evidence:uuid", invalid)
	refuse("web-trailing-colon", "Not a DID at all.", "webUrl", "did:web:humanos:contact:", invalid)
	refuse("web-single-label", "A host of one label is a name in somebody's local network.", "webUrl", "did:web:humanos", invalid)
	refuse("web-single-label-path", "A host of one label is refused with a path too.", "webUrl", "did:web:humanostech:issuer-uuid", invalid)
	refuse("web-other-method", "Only did:web has a document URL.", "webUrl", "did:via:humanos:user-550e8400", didresolve.ErrMethodNotSupported)
	refuse("web-userinfo", "%40 would make good.com the user name of evil.com.", "webUrl", "did:web:good.com%40evil.com", invalid)
	refuse("web-host-slash", "%2F in the host would begin the path.", "webUrl", "did:web:example.com%2F..%2Fx:y", invalid)
	refuse("web-dot-segments", "%2e%2e would climb out of the path.", "webUrl", "did:web:example.com:%2e%2e:admin", invalid)
	refuse("web-segment-slash", "%2F in a segment would add another.", "webUrl", "did:web:example.com:a%2Fb", invalid)
	refuse("web-double-encoding", "%252e would be decoded again by somebody else.", "webUrl", "did:web:example.com:%252e", invalid)
	refuse("web-nul", "Control characters have no place in a URL.", "webUrl", "did:web:example.com:a%00b", invalid)
	refuse("web-ipv4", "An address is no name: 169.254.169.254 is the metadata service of clouds.", "webUrl", "did:web:169.254.169.254", invalid)
	refuse("web-ipv4-short", "127.1 is 127.0.0.1 to many resolvers.", "webUrl", "did:web:127.1", invalid)
	refuse("web-ipv4-hex", "0x7f.0x1 is 127.0.0.1 to many resolvers; what decides is the last label.", "webUrl", "did:web:0x7f.0x1", invalid)
	refuse("web-localhost", "Special-use names do not lead to a public document.", "webUrl", "did:web:api.localhost", invalid)
	refuse("web-trailing-dot", "example.com. would be a second name of one host.", "webUrl", "did:web:example.com.", invalid)
	refuse("web-underscore", "Underscores are not allowed in host names.", "webUrl", "did:web:my_host.example", invalid)
	refuse("web-hyphen", "A label of a host does not begin with a hyphen.", "webUrl", "did:web:-a.example", invalid)
	refuse("web-long-label", "A label of a host has at most 63 characters.", "webUrl", "did:web:"+strings.Repeat("a", 64)+".example", invalid)
	refuse("web-long-host", "A host has at most 253 characters.", "webUrl", "did:web:"+strings.Repeat(strings.Repeat("a", 49)+".", 5)+"info", invalid)
	refuse("web-not-utf8", "A segment that is not UTF-8 has no one spelling.", "webUrl", "did:web:example.com:%ff", invalid)
	refuse("web-space", "A segment that ends in a space, which some readers trim.", "webUrl", "did:web:example.com:a%20", invalid)
	refuse("web-port-zero", "There is no port 0.", "webUrl", "did:web:example.com%3A0", invalid)
	refuse("web-port-leading-zero", "00443 would be a second spelling of 443.", "webUrl", "did:web:example.com%3A00443", invalid)

	add("key-ed25519", "The fragment of a did:key's only method repeats its id.", obj{"op": "resolve", "did": "did:key:" + published},
		obj{"verificationMethod": "did:key:" + published + "#" + published, "publicKeyMultibase": published})
	refuse("key-p256", "A key type that is known and not used here.", "resolve", "did:key:"+multibase("8024", "02"+issuer.publicHex()), didresolve.ErrFeatureNotSupported)
	refuse("key-version", "The form with a version is refused, so that one key has one DID.", "resolve", "did:key:1.1:"+published, invalid)
	refuse("key-base64url", "Only base58btc is read, though the grammar of did:key admits u.", "resolve",
		"did:key:u"+base64.RawURLEncoding.EncodeToString(must(multikey.DecodeBase58(published, 34))), invalid)
	refuse("key-small-order", "A DID whose key would verify anything has no document.", "resolve", "did:key:"+multibase("ed01", "01"+strings.Repeat("00", 31)), invalid)
	refuse("key-no-point", "A DID whose key is no point of the curve has no document.", "resolve", "did:key:"+multibase("ed01", "02"+strings.Repeat("00", 31)), invalid)
	refuse("key-private", "A private key pasted as a DID is not resolved.", "resolve", "did:key:"+multibase("8026", issuer.publicHex()), invalid)
	return append(append(out, jwkVectors()...), methodVectors()...)
}

// jwkVectors returns cases of did:jwk. Its id is the base64url encoding of a
// JWK's bytes.
func jwkVectors() []vector {
	encode := func(jwk string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(jwk)) }
	x := base64.RawURLEncoding.EncodeToString(issuer.key()[32:])
	ed := func(more string) string { return `{"kty":"OKP","crv":"Ed25519","x":"` + x + `"` + more + `}` }
	var out []vector
	key := func(name, comment, did string) {
		out = append(out, vector{"did/jwk-" + name, comment, obj{"op": "resolve", "did": did},
			obj{"verificationMethod": did + "#0", "publicKeyMultibase": issuer.multikey()}})
	}
	refuse := func(name, comment, did string, t didresolve.ErrorType) {
		out = append(out, vector{"did/jwk-" + name, comment, obj{"op": "resolve", "did": did}, obj{"error": string(t)}})
	}
	const invalid = didresolve.ErrInvalidDID
	key("ed25519", "The only key of a did:jwk is #0.", encode(ed("")))
	key("use-sig", "use sig is a key for signatures.", encode(ed(`,"use":"sig"`)))
	key("spelling", "White space is part of the id: the same key, another DID.", encode(" "+ed("")))
	refuse("use-enc", "use enc restricts the key to key agreement.", encode(ed(`,"use":"enc"`)), didresolve.ErrInvalidRelationship)
	refuse("use-unknown", "Another use is not guessed.", encode(ed(`,"use":"both"`)), invalid)
	refuse("p256", "A sound P-256 key has a document, and signs nothing here.",
		encode(`{"kty":"EC","crv":"P-256","x":"acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0","y":"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"}`),
		didresolve.ErrInvalidVerificationMethod)
	refuse("p256-off-the-curve", "Coordinates of no point of the curve are no key.",
		encode(`{"kty":"EC","crv":"P-256","x":"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE","y":"acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0"}`), invalid)
	refuse("other-curve", "A key type that is not read.", encode(strings.Replace(ed(""), "Ed25519", "Ed448", 1)), invalid)
	refuse("private", "Member d: a private key was pasted.", encode(ed(`,"d":"AA"`)), invalid)
	refuse("symmetric", "A symmetric key has no public half.", encode(`{"kty":"oct","k":"AAAA"}`), invalid)
	refuse("duplicate-member", "Two members x: nobody can say which one counts.", encode(ed(`,"x":"`+x+`"`)), invalid)
	refuse("case-variant", "X beside x: a reader that folds case sees another key.", encode(ed(`,"X":"AA"`)), invalid)
	refuse("small-order", "x is the identity, under which one signature fits every message.",
		encode(strings.Replace(ed(""), x, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1)), invalid)
	refuse("trailing-bits", "The last character of x has bits that belong to no byte: another spelling of one key.",
		encode(strings.Replace(ed(""), x, x[:42]+next(x[42]), 1)), invalid)
	refuse("id-trailing-bits", "Bits of the id that belong to no byte: e30 is {}, and so would e31 be.", "did:jwk:e31", invalid)
	refuse("padding", "base64url without padding; = is not even grammar.", encode(ed(""))+"=", invalid)
	p384 := `{"kty":"EC","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3","y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}`
	refuse("p384", "A sound P-384 key has a document, and signs nothing here.", encode(p384), didresolve.ErrInvalidVerificationMethod)
	refuse("x25519", "A key for key agreement has a document, and signs nothing.", encode(strings.Replace(ed(""), "Ed25519", "X25519", 1)), didresolve.ErrInvalidVerificationMethod)
	refuse("short-x", "31 bytes are no key of Ed25519.", encode(strings.Replace(ed(""), x, base64.RawURLEncoding.EncodeToString(make([]byte, 31)), 1)), invalid)
	refuse("array", "A JWK is an object.", encode("["+ed("")+"]"), invalid)
	refuse("not-json", "A JWK is JSON.", encode("x"), invalid)
	return out
}

// next returns the base64url character after c.
func next(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

const webIssuer = "did:web:issuer.example"

// webDocument returns a DID document with one key for both purposes.
func webDocument(did string, p party) obj {
	id := did + "#key-1"
	return obj{
		"id":                 did,
		"verificationMethod": arr{obj{"id": id, "type": "Multikey", "controller": did, "publicKeyMultibase": p.multikey()}},
		"assertionMethod":    arr{id},
		"authentication":     arr{id},
	}
}

func methodVectors() []vector {
	var out []vector
	type ask struct {
		url, purpose string
		document     func(doc, method obj)
		raw          string
	}
	add := func(name, comment string, a ask, expect obj) {
		doc := webDocument(webIssuer, issuer)
		if a.document != nil {
			a.document(doc, doc["verificationMethod"].(arr)[0].(obj))
		}
		in := obj{"op": "key", "verificationMethod": webIssuer + "#key-1", "purpose": "assertionMethod", "now": now, "document": doc}
		if a.url != "" {
			in["verificationMethod"] = a.url
		}
		if a.purpose != "" {
			in["purpose"] = a.purpose
		}
		if a.raw != "" {
			delete(in, "document")
			in["documentBytes"] = text(a.raw)
		}
		out = append(out, vector{"did/method-" + name, comment, in, expect})
	}
	found := func(name, comment string, edit func(doc, method obj)) {
		add(name, comment, ask{document: edit}, obj{"publicKeyMultibase": issuer.multikey()})
	}
	refuse := func(name, comment string, t didresolve.ErrorType, edit func(doc, method obj)) {
		add(name, comment, ask{document: edit}, obj{"error": string(t)})
	}
	const badDocument = didresolve.ErrInvalidDIDDocument
	const noMethod, noPurpose = didresolve.ErrInvalidVerificationMethod, didresolve.ErrInvalidRelationship
	jwk := func() obj {
		x := base64.RawURLEncoding.EncodeToString(must(hex.DecodeString(issuer.publicHex())))
		return obj{"kty": "OKP", "crv": "Ed25519", "x": x}
	}
	asJWK := func(method, jwk obj) {
		delete(method, "publicKeyMultibase")
		method["type"], method["publicKeyJwk"] = "JsonWebKey", jwk
	}

	found("multikey", "The usual document: a Multikey, referred to by its absolute id.", nil)
	found("relative", "#key-1 is relative to the id of the document, in the method and in the reference.", func(doc, method obj) {
		method["id"], doc["assertionMethod"] = "#key-1", arr{"#key-1"}
	})
	found("embedded", "A method may stand in the relationship itself.", func(doc, method obj) {
		delete(doc, "verificationMethod")
		doc["assertionMethod"], doc["authentication"] = arr{method}, arr{}
	})
	found("jwk", "A key may be a JSON Web Key.", func(_, method obj) { asJWK(method, jwk()) })
	found("ed25519-2018", "The oldest suite writes plain base58btc, without prefixes.", func(_, method obj) {
		delete(method, "publicKeyMultibase")
		method["type"] = "Ed25519VerificationKey2018"
		method["publicKeyBase58"] = strings.TrimPrefix(multibase("", issuer.publicHex()), "z")
	})
	found("expires-later", "A key counts until the instant at which it expires.", func(_, method obj) { method["expires"] = "2026-05-02T10:16:01Z" })

	add("no-fragment", "A DID names no key; there is no first key of a document.", ask{url: webIssuer}, obj{"error": string(noMethod)})
	add("query", "Documents are not resolved by version.", ask{url: webIssuer + "?versionId=1#key-1"}, obj{"error": string(didresolve.ErrFeatureNotSupported)})
	add("path", "A verification method has no path.", ask{url: webIssuer + "/keys#key-1"}, obj{"error": string(didresolve.ErrInvalidDIDURL)})
	add("not-a-url", "Without a DID in front it is no DID URL.", ask{url: "#key-1"}, obj{"error": string(didresolve.ErrInvalidVerificationMethodURL)})
	add("other-document", "A document holds only the keys of its own DID.", ask{url: "did:web:other.example#key-1"}, obj{"error": string(didresolve.ErrInvalidDocumentID)})
	add("key-agreement", "keyAgreement is no purpose of proofs.", ask{purpose: "keyAgreement", document: func(doc, _ obj) { doc["keyAgreement"] = arr{webIssuer + "#key-1"} }},
		obj{"error": string(noPurpose)})
	refuse("not-listed", "The key is in the document, and not under this purpose.", noPurpose, func(doc, _ obj) { delete(doc, "assertionMethod") })
	refuse("embedded-elsewhere", "A method embedded under authentication counts for authentication alone, also when another list names it.", noPurpose, func(doc, method obj) {
		delete(doc, "verificationMethod")
		doc["authentication"] = arr{method}
	})
	refuse("missing", "The document has no such key.", didresolve.ErrMethodNotFound, func(_, method obj) { method["id"] = webIssuer + "#key-2" })
	refuse("in-service", "A service with the shape of a key is no key.", didresolve.ErrMethodNotFound, func(doc, method obj) {
		service := maps.Clone(method)
		service["serviceEndpoint"] = "https://issuer.example"
		doc["service"], doc["verificationMethod"] = arr{service}, arr{}
	})
	refuse("other-controller", "The key of another controller in this document.", noMethod, func(_, method obj) { method["controller"] = "did:web:other.example" })
	refuse("two-materials", "Two key materials: nobody can say which one counts.", noMethod, func(_, method obj) { method["publicKeyJwk"] = jwk() })
	refuse("secret", "A document that publishes the secret key.", noMethod, func(_, method obj) { method["secretKeyMultibase"] = "z3u2" })
	refuse("jwk-secret", "A document that publishes a secret key, as member d of a JSON Web Key.", noMethod, func(_, method obj) {
		k := jwk()
		k["d"] = "AA"
		asJWK(method, k)
	})
	refuse("jwk-for-encryption", "use enc restricts the key to encryption.", noMethod, func(_, method obj) {
		k := jwk()
		k["use"] = "enc"
		asJWK(method, k)
	})
	refuse("x25519", "A Multikey for key agreement, listed under assertionMethod.", noMethod, func(_, method obj) {
		method["publicKeyMultibase"] = multibase("ec01", issuer.publicHex())
	})
	refuse("unknown-type", "The type decides how a key is read; an unknown one is not guessed.", noMethod, func(_, method obj) { method["type"] = "MultiKey" })
	refuse("revoked-now", "A key proves nothing from the instant on at which it is revoked.", didresolve.ErrKeyRevoked, func(_, method obj) { method["revoked"] = now })
	refuse("expired", "A key proves nothing after it has expired.", didresolve.ErrKeyExpired, func(_, method obj) { method["expires"] = "2026-05-02T10:00:00+00:00" })
	refuse("expires-without-zone", "A time without a zone could be 26 different instants.", noMethod, func(_, method obj) { method["expires"] = "2027-01-01T00:00:00" })
	refuse("duplicate-id", "Two methods with one id, one relative and one absolute: the document is unusable.", didresolve.ErrInvalidDIDDocument, func(doc, method obj) {
		second := maps.Clone(method)
		second["id"], second["publicKeyMultibase"] = "#key-1", stranger.multikey()
		doc["verificationMethod"] = slices.Concat(doc["verificationMethod"].(arr), arr{second})
	})
	refuse("case-variant", "ID beside id: a reader that folds case sees another document.", didresolve.ErrInvalidDIDDocument, func(doc, _ obj) { doc["ID"] = "did:web:evil.example" })
	refuse("id-not-a-did", "The id of a document is a DID.", didresolve.ErrInvalidDIDDocument, func(doc, _ obj) { doc["id"] = "https://issuer.example" })
	add("document-array", "A document is an object.", ask{raw: `[]`}, obj{"error": string(badDocument)})
	refuse("list-object", "assertionMethod is a list, not one method.", badDocument, func(doc, method obj) { doc["assertionMethod"] = method })
	refuse("list-too-long", "A relationship has at most 100 entries.", badDocument, func(doc, _ obj) {
		doc["assertionMethod"] = slices.Repeat(doc["assertionMethod"].(arr), 101)
	})
	refuse("methods-too-many", "A document has at most 100 methods, those in relationships among them.", badDocument, func(doc, method obj) {
		more := arr{}
		for i := range 100 {
			more = append(more, merge(method, obj{"id": fmt.Sprintf("#key-%d", i+2)}))
		}
		doc["authentication"] = more
	})
	refuse("reference-as-method", "verificationMethod holds methods, not their names.", badDocument, func(doc, _ obj) {
		doc["verificationMethod"] = slices.Concat(doc["verificationMethod"].(arr), arr{"did:web:other.example#key-1"})
	})
	refuse("relationship-number", "A relationship holds methods and their names.", badDocument, func(doc, _ obj) { doc["authentication"] = arr{7} })
	refuse("without-id", "A method without an id, beside the one that is asked for.", badDocument, func(doc, method obj) {
		second := maps.Clone(method)
		delete(second, "id")
		doc["verificationMethod"] = slices.Concat(doc["verificationMethod"].(arr), arr{second})
	})
	refuse("text-too-long", "A text of more than 2 KiB.", badDocument, func(doc, _ obj) { doc["alsoKnownAs"] = arr{strings.Repeat("a", 2049)} })
	refuse("name-too-long", "A member name of more than 2 KiB.", badDocument, func(_, method obj) { method[strings.Repeat("a", 2049)] = 1 })
	refuse("services-too-many", "A document has at most 64 services.", badDocument, func(doc, _ obj) { doc["service"] = slices.Repeat(arr{obj{}}, 65) })
	refuse("service-object", "service is a list.", badDocument, func(doc, _ obj) { doc["service"] = obj{} })
	refuse("relationship-case-variant", "AssertionMethod beside assertionMethod.", badDocument, func(doc, _ obj) { doc["AssertionMethod"] = arr{} })
	refuse("expires-case-variant", "Expires ends nothing, though whoever wrote it meant to.", noMethod, func(_, method obj) { method["Expires"] = "2026-01-01T00:00:00Z" })
	refuse("revoked-null", "null is no time, and not the absence of one.", noMethod, func(_, method obj) { method["revoked"] = nil })
	refuse("type-list", "The type of a method is one string.", noMethod, func(_, method obj) { method["type"] = arr{"Multikey"} })
	refuse("controller-list", "A method has one controller.", noMethod, func(_, method obj) { method["controller"] = arr{webIssuer} })
	refuse("controller-absent", "Nobody says whose key it is.", noMethod, func(_, method obj) { delete(method, "controller") })
	refuse("material-of-other-type", "A Multikey stands in publicKeyMultibase.", noMethod, func(_, method obj) {
		delete(method, "publicKeyMultibase")
		method["publicKeyJwk"] = jwk()
	})
	refuse("material-case-variant", "PublicKeyMultibase beside publicKeyMultibase is a second material.", noMethod, func(_, method obj) {
		method["PublicKeyMultibase"] = stranger.multikey()
	})
	refuse("account", "A blockchain account beside the key is a second material.", noMethod, func(_, method obj) {
		method["blockchainAccountId"] = "eip155:1:0xab16a96D359eC26a11e2C2b3d8f8B8942d5Bfcdb"
	})
	refuse("private-key", "A document that publishes the private key.", noMethod, func(_, method obj) { method["privateKeyMultibase"] = "z3u2" })
	jwkBut := func(name, comment string, set obj) {
		refuse("jwk-"+name, comment, noMethod, func(_, method obj) { asJWK(method, merge(jwk(), set)) })
	}
	jwkBut("alg", "alg restricts the key to another algorithm.", obj{"alg": "ES256"})
	jwkBut("key-ops", "key_ops restricts the key to signing.", obj{"key_ops": arr{"sign"}})
	jwkBut("key-ops-number", "key_ops holds strings.", obj{"key_ops": arr{"verify", 1}})
	jwkBut("case-variant", "USE beside use: a restriction that counts for some readers.", obj{"USE": "enc"})
	jwkBut("other-curve", "A key for key agreement as a JSON Web Key.", obj{"crv": "X25519"})
	jwkBut("x-too-long", "33 bytes are no key of Ed25519.", obj{"x": base64.RawURLEncoding.EncodeToString(make([]byte, 33))})
	refuse("jwk-string", "A JSON Web Key is an object.", noMethod, func(_, method obj) {
		asJWK(method, jwk())
		method["publicKeyJwk"] = "{}"
	})
	found("jwk-for-verifying", "use, alg and key_ops that allow to verify with Ed25519.", func(_, method obj) {
		asJWK(method, merge(jwk(), obj{"use": "sig", "alg": "EdDSA", "key_ops": arr{"sign", "verify"}}))
	})
	add("empty-fragment", "A fragment that is empty.", ask{url: webIssuer + "#"}, obj{"error": string(didresolve.ErrInvalidVerificationMethodURL)})
	add("bad-fragment", "A fragment with a space.", ask{url: webIssuer + "#key 1"}, obj{"error": string(didresolve.ErrInvalidVerificationMethodURL)})
	add("empty-query", "A query that is empty.", ask{url: webIssuer + "?#key-1"}, obj{"error": string(didresolve.ErrInvalidVerificationMethodURL)})
	add("url-too-long", "A DID URL has at most 2,048 bytes.", ask{url: webIssuer + "#" + strings.Repeat("a", 2048)}, obj{"error": string(didresolve.ErrInvalidVerificationMethodURL)})
	add("duplicate-member", "A document is read as strictly as everything else.", ask{raw: `{"id":"did:web:issuer.example","id":"did:web:issuer.example"}`},
		obj{"error": string(didresolve.ErrInvalidDIDDocument)})
	return out
}
