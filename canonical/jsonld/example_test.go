package jsonld_test

import (
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/canonical/jsonld"
)

func ExampleChecker() {
	checker, err := jsonld.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := canonical.Parse([]byte(`{
		"@context": "https://www.w3.org/ns/credentials/v2",
		"type": "VerifiableCredential",
		"issuer": "did:example:issuer",
		"credentialSubject": {"id": "did:example:subject", "maxAmount": 500}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = checker.CheckContext(doc.Root())
	var e *jsonld.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Term, e.Pointer)
	}
	// Output: undefined_term maxAmount /credentialSubject/maxAmount
}
