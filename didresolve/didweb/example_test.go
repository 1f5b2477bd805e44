package didweb_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
)

// A resolver for did:key, did:jwk and, behind a cache, did:web. The did:web resolver
// sends nothing for a DID whose host is not a public name.
func Example() {
	web, err := didweb.New(didweb.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	resolver := didresolve.Chain(didresolve.Key(), didresolve.JWK(), &didresolve.Cache{Resolver: web})

	_, err = resolver.Resolve(context.Background(), "did:web:169.254.169.254")
	fmt.Println(errors.Is(err, didresolve.ErrInvalidDID), err)
	// Output:
	// true didresolve: invalid did: "did:web:169.254.169.254": the host is an IP address
}
