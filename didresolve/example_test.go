package didresolve_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
)

// Find the key that a proof names: resolve the DID, then select the key.
func Example() {
	const method = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH#z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
	now := time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC) // the verifier's clock

	u, err := didresolve.ParseURL(method)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := didresolve.Key().Resolve(context.Background(), u.DID.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	vm, err := res.Document.VerificationMethod(method, didresolve.Authentication, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(vm.Type, vm.Key())
	// Output:
	// Multikey z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH
}

// VerificationMethod compares the revocation date with the clock of the verifier,
// not with a date in the proof.
func ExampleDocument_VerificationMethod() {
	doc, err := didresolve.ParseDocument([]byte(`{
		"id": "did:web:example.com",
		"verificationMethod": [{
			"id": "#key-1",
			"type": "Multikey",
			"controller": "did:web:example.com",
			"publicKeyMultibase": "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
			"revoked": "2026-01-01T00:00:00Z"
		}],
		"assertionMethod": ["#key-1"]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, year := range []int{2025, 2026} {
		at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		_, err := doc.VerificationMethod("did:web:example.com#key-1", didresolve.AssertionMethod, at)
		fmt.Println(year, errors.Is(err, didresolve.ErrKeyRevoked), err)
	}
	// Output:
	// 2025 false <nil>
	// 2026 true didresolve: key revoked: "did:web:example.com#key-1" since 2026-01-01T00:00:00Z
}

// A deployment configures the documents of some DIDs, and derives those of did:key.
func ExampleChain() {
	doc, err := didresolve.ParseDocument([]byte(`{"id":"did:web:example.com"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := didresolve.Chain(didresolve.Static(doc), didresolve.Key())
	for _, did := range []string{"did:web:example.com", "did:web:example.org", "did:via:someone"} {
		res, err := r.Resolve(context.Background(), did)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(res.Document.ID(), "from", res.Source)
	}
	// Output:
	// did:web:example.com from static
	// didresolve: not found: no static document for "did:web:example.org"
	// didresolve: method not supported: "did:via:someone" is not a did:key
}

func ExampleWebURL() {
	for _, did := range []string{
		"did:web:example.com",
		"did:web:example.com%3A8443:user:alice",
		"did:web:example.com%2F..%2Fadmin:x",
	} {
		u, err := didresolve.WebURL(did)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u)
	}
	// Output:
	// https://example.com/.well-known/did.json
	// https://example.com:8443/user/alice/did.json
	// didresolve: invalid did: "did:web:example.com%2F..%2Fadmin:x": the host has percent-encoding other than %3A before a port
}
