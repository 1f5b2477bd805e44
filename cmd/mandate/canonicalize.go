package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/canonical"
)

func (a *app) canonicalizeCommand() *cobra.Command {
	var digest bool
	cmd := &cobra.Command{
		Use:   "canonicalize FILE",
		Short: "Print the RFC 8785 form of a JSON document",
		Long: `Print the RFC 8785 form of a JSON document of at most 1 MiB, without a newline.
What is not strict I-JSON (RFC 7493) is refused, with the kind, the byte offset
and the JSON pointer on stderr.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.canonicalize(args[0], digest) },
	}
	cmd.Flags().BoolVar(&digest, "sha256", false, "print the SHA-256 of that form in hex instead")
	return cmd
}

func (a *app) canonicalize(name string, digest bool) error {
	// Read one byte over the parser's limit, so that the parser reports the
	// limit.
	b, err := a.readSome(name, canonical.DefaultMaxBytes)
	if err != nil {
		return err
	}
	form, err := canonical.Transform(b)
	if err != nil {
		fmt.Fprintln(a.stderr, printable(refusal(err)))
		return &exit{code: exitUsage}
	}
	if digest {
		a.printf("%x\n", sha256.Sum256(form))
		return nil
	}
	a.stdout.Write(form) // the sink records the error
	return nil
}
