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

// isUnsupported reports whether err is about a sound key of another type.
func isUnsupported(err error) bool { return errors.Is(err, multikey.ErrUnsupported) }

// keyMaterial is the key of a verification method, decoded when it is first
// asked for: documents are kept, and checking that a key is a point of the curve
// takes a tenth of the time that verifying a signature takes.
type keyMaterial struct {
	once sync.Once
	key  multikey.PublicKey
	text string
	err  error
}

func (k *keyMaterial) read(typ string, vm canonical.Value) (multikey.PublicKey, error) {
	k.once.Do(func() {
		k.err = errMaterial // unless readKey returns
		k.key, k.err = readKey(typ, vm)
		k.text = k.key.String()
	})
	return k.key, k.err
}

// set fills in the key of material that was not read yet.
func (k *keyMaterial) set(key multikey.PublicKey) {
	k.once.Do(func() { k.key, k.text = key, key.String() })
}

// readKey decodes the key material of a verification method of type typ.
// Messages never quote the material: it could be a secret.
func readKey(typ string, vm canonical.Value) (multikey.PublicKey, error) {
	name, v, err := material(vm)
	if err != nil {
		return multikey.PublicKey{}, err
	}
	switch typ {
	case "Multikey", "Ed25519VerificationKey2020":
		// The 2020 suite once had a form without the ed01 prefix; it is
		// refused like any other unknown prefix.
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

// material returns the one member that holds key material. Members are
// recognized by the beginnings of their names, whatever their letter case,
// so that an unknown or misspelt form counts as a second material instead of
// being passed over.
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

// hasPrefixFold is strings.HasPrefix under the folding of strings.EqualFold,
// in which some letters have another length. prefix is ASCII.
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

// readJWK reads an Ed25519 public key as RFC 8037 §2 writes it. The members
// use, key_ops and alg restrict a key (RFC 7517 §4), so each must either be
// absent or allow verification with Ed25519. Other members are not read.
func readJWK(jwk canonical.Value) (multikey.PublicKey, error) {
	var none multikey.PublicKey
	if jwk.Kind() != canonical.Object {
		return none, errors.New("publicKeyJwk is no object")
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

// hasSecret reports whether a JWK has a member that only private and symmetric
// keys have, whatever its letter case.
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

// isOneOf reports whether v is one of these strings.
func isOneOf(v canonical.Value, want ...string) bool {
	s, ok := v.String()
	for _, w := range want {
		if ok && s == w {
			return true
		}
	}
	return false
}

// holds reports whether v is an array of strings, want among them.
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
