// Package sample holds one presentation for demonstrations, examples and
// tests: a mandate to book hotels, issued and presented by an independent
// implementation (@digitalbazaar/vc with eddsa-jcs-2022-cryptosuite).
package sample

import (
	"bytes"
	"crypto/ed25519"
	_ "embed" // for the files below
	"time"
)

// The documents.
var (
	//go:embed hotel/vp.json
	presentation string
	//go:embed hotel/vc.json
	credential string
	//go:embed hotel/params-allow.json
	paramsAllow string
	//go:embed hotel/params-deny.json
	paramsDeny string
	//go:embed hotel/params-invalid.json
	paramsInvalid string
)

// Presentation returns the signed presentation, and Credential the signed
// mandate in it.
func Presentation() []byte { return []byte(presentation) }

// Credential returns the signed mandate alone.
func Credential() []byte { return []byte(credential) }

// ParamsAllow returns execution parameters that every rule accepts.
func ParamsAllow() []byte { return []byte(paramsAllow) }

// ParamsDeny returns parameters that two of the three rules refuse.
func ParamsDeny() []byte { return []byte(paramsDeny) }

// ParamsInvalid returns parameters with three faults.
func ParamsInvalid() []byte { return []byte(paramsInvalid) }

// The parties, and what the presentation is bound to.
const (
	Issuer    = "did:key:z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX"
	Holder    = "did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH"
	Subject   = "did:key:z6MkvRXNYcE7MMduynWTgeKbDaT1iijDSC8pZqXZc8rHPrf2"
	Verifier  = "did:web:verifier.example"
	Challenge = "1f44d55f-f161-4938-a659-f8026467f126"
	MandateID = "urn:via:credential:550e8400-e29b-41d4-a716-446655440000"
)

// Now is half a minute after the presentation was signed.
func Now() time.Time { return time.Date(2026, 5, 2, 10, 16, 0, 0, time.UTC) }

// Key returns the test key whose seed is the byte b, 32 times: 1 is the
// issuer's, 2 the holder's, 3 the subject's.
func Key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }
