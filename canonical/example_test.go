package canonical_test

import (
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/canonical"
)

func ExampleTransform() {
	out, err := canonical.Transform([]byte(`{ "b": 1e2, "a": "\u20ac" }`))
	fmt.Println(string(out), err)
	// Output: {"a":"€","b":100} <nil>
}

func ExampleParse() {
	_, err := canonical.Parse([]byte(`{"amount":1,"\u0061mount":999}`))
	var e *canonical.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Offset, e.Pointer)
	}
	// Output: duplicate_key 12 /amount
}

func ExampleValue_SHA256() {
	doc, err := canonical.Parse([]byte(`{"amount":1,"proof":{"type":"…"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	// A proof signs the document without the proof.
	fmt.Println(canonical.SRI(doc.Root().SHA256(canonical.Omit("proof"))))
	// Output: sha256-wrEeZX4S/RdzWWJ8qJQSAY4idNCHPPv88fxQ9oVYLp4=
}
