package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/canonical/jsonld"
)

// A signCommand holds the flags common to issue, present and proof create.
type signCommand struct {
	key, purpose, challenge, holder, id text
	domains, previous                   texts
	created                             instant
	add                                 bool
}

func (s *signCommand) flags(cmd *cobra.Command) {
	cmd.Flags().Var(&s.key, "key", "sign with the key in `FILE`, as key generate writes it; required")
	cmd.Flags().Var(&s.created, "created", "the `time` the proof states, RFC 3339; default now")
}

func (s *signCommand) bindingFlags(cmd *cobra.Command) {
	cmd.Flags().Var(&s.challenge, "challenge", "the challenge that the verifier gave out")
	cmd.Flags().Var(&s.domains, "domain", "for whom it is, such as the verifier's DID; repeatable")
}

// sign reads the file and the key, calls sign, and prints the result.
func (a *app) sign(s *signCommand, name string, sign func(doc []byte, signer signing.Signer, o signing.Options) ([]byte, error)) error {
	signer, err := a.readKey(s.key.value)
	if err != nil {
		return err
	}
	doc, err := a.read(name)
	if err != nil {
		return err
	}
	signed, err := sign(doc, signer, signing.Options{
		Purpose:   s.purpose.value,
		Created:   s.created.or(a.now),
		Challenge: s.challenge.value,
		Domain:    s.domains,
		ID:        s.id.value,
		Previous:  s.previous,
		Add:       s.add,
	})
	var decided *exit
	if errors.As(err, &decided) {
		return &exit{decided.code, fmt.Errorf("%s: %w", name, err)}
	}
	if err != nil {
		return unusable("%s: %w", name, err)
	}
	a.stdout.Write(append(signed, '\n')) // the sink records the error
	return nil
}

func (a *app) issueCommand() *cobra.Command {
	var s signCommand
	var unchecked, force bool
	cmd := &cobra.Command{
		Use:   "issue FILE --key FILE",
		Short: "Sign a credential and print it; its issuer must be the key's DID",
		Long: `Sign a credential and print it. Its issuer must be the key's DID, and every
member and type in it defined by its contexts: exit 1 otherwise. No context is
fetched; the terms of https://via.humanos.dev/ns/v1 are not checked. Exit 1 as
well for a mandate that no verifier accepts, because its scope is missing, its
action does not compile, or its userParams do not fit; what is only odd about
it is a warning.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.sign(&s, args[0], func(doc []byte, signer signing.Signer, o signing.Options) ([]byte, error) {
				// Report errors of signing before errors of terms.
				signed, err := signing.Credential(context.Background(), doc, signer, o)
				if err == nil && !unchecked {
					err = checkTerms(doc)
				}
				if err == nil && !force {
					err = a.checkMandate(args[0], doc)
				}
				return signed, err
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&unchecked, "no-context-check", false, "sign also what the contexts do not define")
	cmd.Flags().BoolVar(&force, "force", false, "sign also a mandate that no verifier accepts")
	return cmd
}

// checkTerms checks that the contexts of a document define its terms.
func checkTerms(b []byte) error {
	d, err := canonical.Parse(b)
	if err != nil {
		return err
	}
	checker, err := jsonld.New(nil)
	if err != nil {
		return undecided("%w", err)
	}
	err = checker.CheckContext(d.Root())
	if err == nil {
		return nil
	}
	message := errors.New(strings.TrimPrefix(err.Error(), "jsonld: "))
	var e *jsonld.Error
	if errors.As(err, &e) {
		switch e.Kind {
		case jsonld.Timeout, jsonld.Busy, jsonld.Broken:
		case jsonld.TooLarge:
			return &exit{exitUsage, message}
		default:
			return &exit{exitNo, message}
		}
	}
	return &exit{exitUndecided, message}
}

func (a *app) presentCommand() *cobra.Command {
	var s signCommand
	cmd := &cobra.Command{
		Use:   "present VC --key FILE",
		Short: "Make a presentation of a signed credential and print it",
		Long: `Make a presentation of a signed credential, sign it for authentication and
print it. The credential is not verified. A verifier asks for --domain, which
is its DID, and may ask for --challenge.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.sign(&s, args[0], func(doc []byte, signer signing.Signer, o signing.Options) ([]byte, error) {
				return signing.Presentation(context.Background(), s.holder.value, [][]byte{doc}, signer, o)
			})
		},
	}
	s.flags(cmd)
	s.bindingFlags(cmd)
	cmd.Flags().Var(&s.holder, "holder", "the `DID` of who presents; default that of the key")
	return cmd
}
