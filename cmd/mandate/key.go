package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
)

func (a *app) keyGenerateCommand() *cobra.Command {
	var seed, out text
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make an Ed25519 key: JSON {did, publicKeyMultibase, secretKeyMultibase}",
		Long: `Make an Ed25519 key and print it as JSON {did, publicKeyMultibase,
secretKeyMultibase}. With --out the key goes to a new file that only its owner
can read, and stdout gets the public part.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.keyGenerate(seed.value, out.value) },
	}
	cmd.Flags().Var(&seed, "seed", "make the key of the seed `HEX32`, 64 hex digits: for fixtures only, others can see it")
	cmd.Flags().Var(&out, "out", "write the key to the new `FILE`")
	return cmd
}

func (a *app) keyGenerate(seedHex, out string) error {
	seed := make([]byte, ed25519.SeedSize)
	if seedHex != "" {
		b, err := hex.DecodeString(seedHex)
		if err != nil || len(b) != ed25519.SeedSize {
			return unusable("--seed is not %d hex digits", 2*ed25519.SeedSize)
		}
		seed = b
	} else if _, err := io.ReadFull(a.rand, seed); err != nil {
		return undecided("no randomness: %w", err)
	}
	pair, err := signing.NewKeyPair(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		return unusable("%w", err)
	}
	public := object{"did": pair.DID, "publicKeyMultibase": pair.PublicKeyMultibase}
	whole := object{"did": pair.DID, "publicKeyMultibase": pair.PublicKeyMultibase, "secretKeyMultibase": pair.SecretKeyMultibase}
	if out == "" {
		return a.printJSON(whole)
	}
	b, err := canonical.Marshal(whole)
	if err != nil {
		return undecided("%w", err)
	}
	if err := writeNew(out, append(b, '\n')); err != nil {
		return unusable("%w", err)
	}
	return a.printJSON(public)
}

// newKey returns a signer with a new key that is not stored.
func (a *app) newKey() (*receipts.KeySigner, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(a.rand, seed); err != nil {
		return nil, undecided("no randomness: %w", err)
	}
	signer, err := receipts.NewKeySigner(ed25519.NewKeyFromSeed(seed), "")
	if err != nil {
		return nil, undecided("%w", err)
	}
	return signer, nil
}

// readKey reads a file written by key generate. Its errors do not quote the
// file.
func (a *app) readKey(name string) (*receipts.KeySigner, error) {
	key, _, err := a.readPrivateKey(name)
	if err != nil {
		return nil, err
	}
	signer, err := receipts.NewKeySigner(key, "")
	if err != nil {
		return nil, unusable("%s: %w", name, err)
	}
	return signer, nil
}

// readPrivateKey is readKey for callers that need the key itself and its DID.
func (a *app) readPrivateKey(name string) (ed25519.PrivateKey, string, error) {
	if name == "" {
		return nil, "", unusable("--key FILE is required")
	}
	b, err := a.read(name)
	if err != nil {
		return nil, "", err
	}
	d, err := canonical.Limits{MaxBytes: 4096}.Parse(b)
	if err != nil {
		var e *canonical.Error
		errors.As(err, &e)
		return nil, "", unusable("%s: not a key file: %s at byte %d", name, e.Kind, e.Offset)
	}
	var pair signing.KeyPair
	for member, to := range map[string]*string{
		"did": &pair.DID, "publicKeyMultibase": &pair.PublicKeyMultibase, "secretKeyMultibase": &pair.SecretKeyMultibase,
	} {
		s, ok := d.Root().Get(member).String()
		if !ok {
			return nil, "", unusable("%s: not a key file: %s is missing or no string", name, member)
		}
		*to = s
	}
	if d.Root().Len() != 3 {
		return nil, "", unusable("%s: not a key file: it has other members than did, publicKeyMultibase and secretKeyMultibase", name)
	}
	key, err := signing.ParsePrivateKey(pair.SecretKeyMultibase)
	if err != nil {
		return nil, "", unusable("%s: %w", name, err)
	}
	if got, err := signing.NewKeyPair(key); err != nil || got != pair {
		return nil, "", unusable("%s: did and publicKeyMultibase do not belong to secretKeyMultibase", name)
	}
	return key, pair.DID, nil
}
