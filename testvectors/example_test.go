package testvectors_test

import (
	"context"
	"fmt"

	"github.com/mandate-engine/mandate/testvectors"
)

func Example() {
	cases, err := testvectors.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	var results []testvectors.Result
	for _, c := range cases {
		if c.Area == "digests" {
			results = append(results, testvectors.Run(context.Background(), c))
		}
	}
	all, areas := testvectors.Count(results)
	fmt.Println(all.Failed, areas["digests"].Passed)
	// Output: 0 4
}
