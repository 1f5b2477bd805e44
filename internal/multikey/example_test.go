package multikey_test

import (
	"crypto/ed25519"
	"fmt"

	"github.com/mandate-engine/mandate/internal/multikey"
)

func ExampleParsePublicKey() {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	signature := ed25519.Sign(private, []byte("message"))

	k, err := multikey.ParsePublicKey("z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.Verify([]byte("message"), signature), k.Verify([]byte("another"), signature))

	_, err = multikey.ParsePublicKey("z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW")
	fmt.Println(err)
	// Output:
	// true false
	// multikey: key type is not supported: X25519 (prefix ec01), want Ed25519 (prefix ed01)
}
