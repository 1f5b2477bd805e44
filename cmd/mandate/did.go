package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
)

func (a *app) didResolveCommand() *cobra.Command {
	var from didSources
	cmd := &cobra.Command{
		Use:   "resolve DID",
		Short: "Print the DID resolution result as JSON",
		Long: `Print the DID resolution result as JSON. Offline unless --did-web is given: did:key,
did:jwk, and the documents that --did-doc pins.

Exit status: 0 a document, 1 there is none, 3 it could not be found out.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.didResolve(args[0], from) },
	}
	from.flags(cmd)
	return cmd
}

func (a *app) didResolve(did string, from didSources) error {
	resolver, err := a.resolver(from)
	if err != nil {
		return err
	}
	resolution, err := resolver.Resolve(context.Background(), did)
	if err != nil {
		if err := a.printJSON(object{
			"didDocument":           nil,
			"didDocumentMetadata":   object{},
			"didResolutionMetadata": object{"error": problem(err)},
		}); err != nil {
			return err
		}
		if didresolve.TypeOf(err) == didresolve.ErrInternal {
			return &exit{code: exitUndecided}
		}
		return answered(false)
	}
	d, err := canonical.Parse(resolution.Document.Raw())
	if err != nil {
		return undecided("%w", err)
	}
	return a.printJSON(object{
		"didDocument":           d.Root(),
		"didDocumentMetadata":   object{},
		"didResolutionMetadata": object{"contentType": "application/did"},
	})
}

// problem returns a resolver's error in RFC 9457 format.
func problem(err error) object {
	o := object{"detail": printable(err.Error())}
	var e *didresolve.Error
	if !errors.As(err, &e) {
		e = &didresolve.Error{Type: didresolve.TypeOf(err)}
	}
	o["type"], o["title"] = e.Problem(), e.Type.Error()
	return o
}

func (a *app) didURLCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "url DID",
		Short: "Print the URL of the document of a did:web DID",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			url, err := didresolve.WebURL(args[0])
			if err != nil {
				return &exit{exitNo, fmt.Errorf("%s: %w", string(didresolve.TypeOf(err)), err)}
			}
			a.printf("%s\n", url)
			return nil
		},
	}
}
