// Command core is the smallest program that verifies. Its start-up time and
// size measure the engine.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "core:", err)
		os.Exit(1)
	}
	fmt.Println("allow")
}

func run() error {
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		return err
	}
	v, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: signer, TrustedIssuers: []string{sample.Issuer}, Verifier: sample.Verifier, Now: sample.Now})
	if err != nil {
		return err
	}
	_, err = v.Verify(context.Background(), verifier.Request{Presentation: sample.Presentation(), ExecutionParams: sample.ParamsAllow(), Challenge: sample.Challenge})
	return err
}
