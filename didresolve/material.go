package didresolve

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
)

var (
	errSecret   = errors.New("the document holds a secret key")
	errMaterial = errors.New("want exactly one key material")
)

// isUnsupported reports whether err is about a valid key of another type.
func isUnsupported(err error) bool { return errors.Is(err, multikey.ErrUnsupported) }

// keyMaterial is the key of a verification method. The first read decodes it and
// later reads reuse the result, because caches keep documents and the check that
// a key is a point of the curve takes a tenth of the time of a signature
// verification.
type keyMaterial struct {
	once sync.Once
	key  multikey.PublicKey
	text string
	err  error
}

func (k *keyMaterial) read(typ string, vm canonical.Value) (multikey.PublicKey, error) {
	k.once.Do(func() {
		k.err = errMaterial // in case readKey panics
		k.key, k.err = readKey(typ, vm)
		k.text = k.key.String()
	})
	return k.key, k.err
}

// set sets the key and its Multikey text, unless the key has been read.
func (k *keyMaterial) set(key multikey.PublicKey, text string) {
	k.once.Do(func() { k.key, k.text = key, text })
}

// readKey decodes the key material of a verification method of type typ.
// Messages never quote the material, which may be a secret.
func readKey(typ string, vm canonical.Value) (multikey.PublicKey, error) {
	name, v, err := material(vm)
	if err != nil {
		return multikey.PublicKey{}, err
	}
	switch typ {
	case "Multikey", "Ed25519VerificationKey2020":
		// A draft of the 2020 suite had a form without the ed01 prefix.
		// ParsePublicKey refuses it as an unknown prefix.
		if text, ok := v.String(); ok && name == "publicKeyMultibase" {
			return multikey.ParsePublicKey(text)
		}
	case "JsonWebKey", "JsonWebKey2020":
		if name == "publicKeyJwk" {
			return readJWK(v)
		}
	case "Ed25519VerificationKey2018":
		// base58btc without a multibase prefix and without a codec.
		if text, ok := v.String(); ok && name == "publicKeyBase58" {
			raw, err := multikey.DecodeBase58("z"+text, 32)
			if err != nil {
				return multikey.PublicKey{}, err
			}
			return multikey.NewPublicKey(raw)
		}
	default:
		return multikey.PublicKey{}, fmt.Errorf("type %s is not supported", shown(typ))
	}
	return multikey.PublicKey{}, fmt.Errorf("type %s with material in %s", shown(typ), shown(name))
}

// material returns the member with the key material. It refuses a second one,
// and a secret. It recognizes members by a prefix of their names in any letter
// case, so an unknown or misspelt form counts as key material.
func material(vm canonical.Value) (name string, value canonical.Value, err error) {
	n := 0
	for m, v := range vm.Members() {
		switch {
		case hasPrefixFold(m, "secretKey"), hasPrefixFold(m, "privateKey"):
			return "", canonical.Value{}, errSecret
		case hasPrefixFold(m, "publicKey"), strings.EqualFold(m, "blockchainAccountId"), strings.EqualFold(m, "ethereumAddress"):
			name, value = m, v
			n++
		}
	}
	if n != 1 {
		return "", canonical.Value{}, errMaterial
	}
	return name, value, nil
}

// hasPrefixFold is strings.HasPrefix with the case folding of strings.EqualFold,
// under which some letters have different lengths. prefix must be ASCII.
func hasPrefixFold(s, prefix string) bool {
	n := 0
	for i := range s {
		if n == len(prefix) {
			return strings.EqualFold(s[:i], prefix)
		}
		n++
	}
	return strings.EqualFold(s, prefix)
}

// readJWK reads an Ed25519 public key (RFC 8037 §2). The members use, key_ops
// and alg restrict a key (RFC 7517 §4): each must be absent or allow
// verification with Ed25519. readJWK does not read other members.
func readJWK(jwk canonical.Value) (multikey.PublicKey, error) {
	var none multikey.PublicKey
	if jwk.Kind() != canonical.Object {
		return none, errors.New("publicKeyJwk is not an object")
	}
	if hasSecret(jwk) {
		return none, errSecret
	}
	if why := caseVariant(jwk, "kty", "crv", "x", "use", "key_ops", "alg"); why != "" {
		return none, errors.New(why)
	}
	kty, _ := jwk.Get("kty").String()
	crv, _ := jwk.Get("crv").String()
	if kty != "OKP" || crv != "Ed25519" {
		return none, fmt.Errorf("%w: JWK of kty %s and crv %s, want OKP and Ed25519", multikey.ErrUnsupported, shown(kty), shown(crv))
	}
	if use := jwk.Get("use"); use.Kind() != canonical.Absent && !isOneOf(use, "sig") {
		return none, errors.New("JWK use is not sig")
	}
	if alg := jwk.Get("alg"); alg.Kind() != canonical.Absent && !isOneOf(alg, "EdDSA", "Ed25519") {
		return none, errors.New("JWK alg is neither EdDSA nor Ed25519")
	}
	if ops := jwk.Get("key_ops"); ops.Kind() != canonical.Absent && !holds(ops, "verify") {
		return none, errors.New("JWK key_ops does not hold verify")
	}
	raw, err := coordinate(jwk, "x", 32)
	if err != nil {
		return none, err
	}
	return multikey.NewPublicKey(raw)
}

// hasSecret reports whether a JWK has a member, in any letter case, that only
// private and symmetric keys have.
func hasSecret(jwk canonical.Value) bool {
	for name := range jwk.Members() {
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if strings.EqualFold(name, secret) {
				return true
			}
		}
	}
	return false
}

// isOneOf reports whether v is a string and equals one of want.
func isOneOf(v canonical.Value, want ...string) bool {
	s, ok := v.String()
	for _, w := range want {
		if ok && s == w {
			return true
		}
	}
	return false
}

// holds reports whether v is an array of strings and contains want.
func holds(v canonical.Value, want string) bool {
	found := false
	for _, e := range v.Elements() {
		if e.Kind() != canonical.String {
			return false
		}
		found = found || isOneOf(e, want)
	}
	return found
}
