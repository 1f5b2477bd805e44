package resolvertest_test

import (
	"fmt"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/resolvertest"
)

func ExampleCheck() {
	known := []string{"did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"}
	fmt.Println(resolvertest.Check(didresolve.Key(), known, ""))
	// Output:
	// <nil>
}
