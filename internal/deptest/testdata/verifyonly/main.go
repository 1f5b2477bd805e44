// Command verifyonly is the smallest program that checks receipts: a third party
// needs nothing else of this module.
//
//	verifyonly ISSUER <receipt.json
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mandate-engine/mandate/receipts"
)

func main() {
	receipt, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
	if err != nil || len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: verifyonly ISSUER <receipt.json", err)
		os.Exit(2)
	}
	v, err := receipts.Verify(context.Background(), receipt, receipts.VerifyConfig{Issuers: os.Args[1:], At: time.Now()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(v.Event, v.Decision, v.Reason, v.Completeness)
}
