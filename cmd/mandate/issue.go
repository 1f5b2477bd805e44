package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/signing"
)

// A signCommand holds what issue, present and proof create have in common.
type signCommand struct {
	key, purpose, challenge, holder text
	domains                         texts
	created                         instant
}

func (s *signCommand) flags(cmd *cobra.Command) {
	cmd.Flags().Var(&s.key, "key", "sign with the key in `FILE`, as key generate writes it; required")
	cmd.Flags().Var(&s.created, "created", "the `time` the proof states, RFC 3339; default now")
}

func (s *signCommand) bindingFlags(cmd *cobra.Command) {
	cmd.Flags().Var(&s.challenge, "challenge", "the challenge that the verifier gave out")
	cmd.Flags().Var(&s.domains, "domain", "for whom it is, such as the verifier's DID; repeatable")
}

// sign reads the file and the key, has make sign, and prints the outcome.
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
	})
	if err != nil {
		return unusable("%s: %w", name, err)
	}
	a.stdout.Write(append(signed, '\n')) // the sink keeps the error
	return nil
}

func (a *app) issueCommand() *cobra.Command {
	var s signCommand
	cmd := &cobra.Command{
		Use:   "issue FILE --key FILE",
		Short: "Sign a credential and print it; its issuer must be the key's DID",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.sign(&s, args[0], func(doc []byte, signer signing.Signer, o signing.Options) ([]byte, error) {
				return signing.Credential(context.Background(), doc, signer, o)
			})
		},
	}
	s.flags(cmd)
	return cmd
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
