package vault_test

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/adapters/vault"
)

// A secret opens only in its own context.
func ExampleVault() {
	v, err := vault.New([]byte(strings.Repeat("ab", 32)), []byte("sixteen bytes of"))
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := v.Seal("user 1", []byte("secret"))
	if err != nil {
		fmt.Println(err)
		return
	}
	secret, err := v.Open("user 1", sealed)
	fmt.Printf("%s %v\n", secret, err)
	_, err = v.Open("user 2", sealed)
	fmt.Println(err)
	// Output:
	// secret <nil>
	// vault: sealed under another key, for another context, or changed
}
