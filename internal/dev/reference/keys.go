package reference

import (
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A world provides a case's inputs from outside the engine.
type world struct{ in object }

// errOutage is the reason of a failed lookup: there is no decision.
const errOutage = "unavailable"

var didForm = regexp.MustCompile(`^did:([a-z0-9]+):((?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}|:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}))$`)

func isDID(s string) bool { return len(s) <= 2048 && didForm.MatchString(s) }

var keyURLForm = regexp.MustCompile(`^(did:[^/?#]+)#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+$`)

// namesKey reports whether a DID URL is a DID with a fragment, without path
// and query.
func namesKey(url string) bool {
	m := keyURLForm.FindStringSubmatch(url)
	return m != nil && isDID(m[1]) && len(url) <= 2048
}

// controller returns the DID of a key.
func controller(url string) string {
	if i := strings.IndexAny(url, "#?/"); i >= 0 {
		return url[:i]
	}
	return url
}

// resolve returns the document of a DID, or the reason for not having one.
func (w world) resolve(did string) (doc object, reason string) {
	doc, reason = w.unpinned(did)
	for _, p := range list(w.in, "pins") {
		sum := sha256.Sum256(canon(doc))
		if text(p, "did") == did && reason == "" && text(p, "sha256") != hex.EncodeToString(sum[:]) {
			return nil, "did_invalid"
		}
	}
	return doc, reason
}

func (w world) unpinned(did string) (object, string) {
	switch {
	case slices.Contains(list(w.in, "deactivated"), any(did)):
		return nil, "did_deactivated"
	case slices.Contains(list(w.in, "unavailable"), any(did)):
		return nil, errOutage
	case !isDID(did):
		return nil, "did_invalid"
	}
	m := didForm.FindStringSubmatch(did)
	switch m[1] {
	case "key":
		key, other := multikey(m[2])
		if other {
			return nil, "verification_method_invalid"
		}
		if key == nil {
			return nil, "did_invalid"
		}
		method := object{"id": did + "#" + m[2], "type": "Multikey", "controller": did, "publicKeyMultibase": m[2]}
		return object{"id": did, "verificationMethod": []any{method}, "assertionMethod": []any{method["id"]}, "authentication": []any{method["id"]}}, ""
	case "jwk":
		return jwkDocument(did, m[2])
	}
	var found []object
	reason := "did_method_not_supported"
	for _, d := range list(w.in, "didDocuments") {
		if strings.HasPrefix(text(d, "id"), "did:"+m[1]+":") {
			reason = "did_not_found"
		}
		if text(d, "id") == did {
			found = append(found, d.(object))
		}
	}
	switch len(found) {
	case 0:
		return nil, reason
	case 1:
		return found[0], ""
	}
	return nil, "did_invalid"
}

func jwkDocument(did, id string) (object, string) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(id)
	v, bad := parse(b)
	jwk, _ := v.(object)
	if err != nil || bad != nil || jwk == nil {
		return nil, "did_invalid"
	}
	if text(jwk, "crv") == "Ed25519" && jwkKey(object{"kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"]}) == nil {
		return nil, "did_invalid"
	}
	method := object{"id": did + "#0", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": v}
	return object{"id": did, "verificationMethod": []any{method}, "assertionMethod": []any{method["id"]}, "authentication": []any{method["id"]}}, ""
}

// keyIn retrieves a verification method (Controlled Identifiers 1.0 section
// 3.3) from the document of its DID.
func keyIn(doc object, url, purpose string, now time.Time) (key []byte, reason string) {
	absolute := func(id string) string {
		if strings.HasPrefix(id, "#") {
			return text(doc, "id") + id
		}
		return id
	}
	var method object
	listed := false
	for _, relation := range []string{"verificationMethod", "assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement"} {
		for _, e := range list(doc, relation) {
			if id, ok := e.(string); ok {
				listed = listed || relation == purpose && absolute(id) == url
			} else if absolute(text(e, "id")) == url {
				method = e.(object)
				listed = listed || relation == purpose
			}
		}
	}
	if method == nil {
		return nil, "key_not_authorized"
	}
	// A method embedded in a relationship is valid for that relationship only.
	for _, relation := range []string{"assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement"} {
		if relation != purpose && slices.ContainsFunc(list(doc, relation), func(e any) bool { return absolute(text(e, "id")) == url && e != nil }) {
			listed = false
		}
	}
	const invalid = "verification_method_invalid"
	if _, ok := method["type"].(string); !ok || text(method, "controller") != text(doc, "id") || caseVariant(method, "id", "type", "controller", "expires", "revoked") {
		return nil, invalid
	}
	if !listed {
		return nil, "key_not_authorized"
	}
	ends := map[string]string{"revoked": "key_revoked", "expires": "key_expired"}
	for name := range ends {
		if _, ok := instant(text(method, name)); has(method, name) && !ok {
			return nil, invalid
		}
	}
	for _, name := range []string{"revoked", "expires"} {
		if t, _ := instant(text(method, name)); has(method, name) && !now.Before(t) {
			return nil, ends[name]
		}
	}
	if key = material(method); key == nil {
		return nil, invalid
	}
	return key, ""
}

func caseVariant(o object, names ...string) bool {
	for k := range o {
		for _, n := range names {
			if k != n && strings.EqualFold(k, n) {
				return true
			}
		}
	}
	return false
}

// material returns the key of a method, or nil unless it has exactly one key,
// an Ed25519 key.
func material(method object) []byte {
	var name string
	for k := range method {
		low := strings.ToLower(k)
		switch {
		case strings.HasPrefix(low, "secretkey"), strings.HasPrefix(low, "privatekey"):
			return nil
		case strings.HasPrefix(low, "publickey"), low == "blockchainaccountid", low == "ethereumaddress":
			if name != "" {
				return nil
			}
			name = k
		}
	}
	switch text(method, "type") + " " + name {
	case "Multikey publicKeyMultibase", "Ed25519VerificationKey2020 publicKeyMultibase":
		key, _ := multikey(text(method, name))
		return key
	case "Ed25519VerificationKey2018 publicKeyBase58":
		if key := base58("z"+text(method, name), 32); key != nil && soundPoint(key) {
			return key
		}
	case "JsonWebKey publicKeyJwk", "JsonWebKey2020 publicKeyJwk":
		return jwkKey(method[name])
	}
	return nil
}

func jwkKey(jwk any) []byte {
	o, _ := jwk.(object)
	if text(o, "kty") != "OKP" || text(o, "crv") != "Ed25519" || caseVariant(o, "kty", "crv", "x", "use", "key_ops", "alg") {
		return nil
	}
	for k := range o {
		if slices.ContainsFunc([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, func(s string) bool { return strings.EqualFold(s, k) }) {
			return nil
		}
	}
	ops, _ := texts(o["key_ops"])
	_, isList := o["key_ops"].([]any)
	if has(o, "use") && o["use"] != "sig" || has(o, "alg") && o["alg"] != "EdDSA" && o["alg"] != "Ed25519" ||
		has(o, "key_ops") && (!isList || !slices.Contains(ops, "verify")) {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text(o, "x"))
	if err != nil || len(b) != 32 || len(text(o, "x")) != 43 || !soundPoint(b) {
		return nil
	}
	return b
}

// multikey decodes an Ed25519 Multikey. other reports a valid key of another
// type.
func multikey(s string) (key []byte, other bool) {
	b := base58(s, -1)
	if len(s) > 128 || len(b) < 2 {
		return nil, false
	}
	switch codec, rest := string(b[:2]), b[2:]; codec {
	case "\xed\x01":
		if len(rest) == 32 && soundPoint(rest) {
			return rest, false
		}
	case "\x80\x24":
		x, _ := elliptic.UnmarshalCompressed(elliptic.P256(), rest)
		return nil, x != nil
	case "\x81\x24":
		x, _ := elliptic.UnmarshalCompressed(elliptic.P384(), rest)
		return nil, x != nil
	case "\x82\x24", "\x83\x24", "\x86\x24", "\xec\x01", "\xe7\x01", "\xea\x01":
		return nil, true
	}
	return nil, false
}
