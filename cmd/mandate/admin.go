package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
)

// adminCommand returns the operator's commands. They work directly on the
// database, also while a server uses it.
func (a *app) adminCommand() *cobra.Command {
	return group("admin", "Keep keys and identities of an installation",
		group("key", "Keys for the HTTP API", a.keyCreateCommand(), a.keyRotateCommand(), a.keyRevokeCommand(), a.keyListCommand()),
		a.identityCommand(),
	)
}

// administer runs a command on an installation.
func (a *app) administer(f *instanceFlags, do func(context.Context, *instance) error) error {
	ctx := context.Background()
	in, err := a.open(ctx, f, "http://127.0.0.1:8080", nil) // the URL is only for issuing, which admin commands do not do
	if err != nil {
		return err
	}
	err = do(ctx, in)
	var bad *fault.Error
	if errors.As(err, &bad) {
		err = unusable("%s", bad.Detail)
	}
	if closing := in.close(); err == nil && closing != nil {
		err = undecided("%w", closing)
	}
	return err
}

func (a *app) keyCreateCommand() *cobra.Command {
	var f instanceFlags
	var name, version text
	var expires duration
	var strict, json bool
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a key of a tenant: JSON {id, apiKey, signatureSecret, did, tenant}",
		Long: `Make a key of a tenant, which is made when there is none with the name, and
print {id, apiKey, signatureSecret, did, tenant}: once, because neither the key
nor the secret is kept in clear. did is the tenant's.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if v := version.value; v != "" {
				if _, err := time.Parse(time.DateOnly, v); err != nil {
					return unusable("--api-version is not a date YYYY-MM-DD")
				}
			}
			return a.administer(&f, func(ctx context.Context, in *instance) error {
				k := store.APIKey{Strict: strict, Version: version.value}
				if expires > 0 {
					k.Expires = a.now().Add(time.Duration(expires))
				}
				tenant := name.value
				if tenant == "" {
					tenant = "default"
				}
				c, err := a.newAPIKey(ctx, in, tenant, k)
				if err != nil {
					return err
				}
				return a.printJSON(c)
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().Var(&name, "name", "the `NAME` of the tenant; default \"default\"")
	cmd.Flags().BoolVar(&strict, "strict", false, "signatures also cover method and target, and no call goes without")
	cmd.Flags().Var(&expires, "expires", "for how long the key is good; default for ever")
	cmd.Flags().Var(&version, "api-version", "the `DATE` of the API version for calls that name none; default the newest")
	jsonFlag(cmd, &json)
	return cmd
}

func (a *app) keyRotateCommand() *cobra.Command {
	var f instanceFlags
	var json bool
	grace := 24 * time.Hour
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Give a key a new signature secret: JSON {id, signatureSecret}",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if grace < 0 {
				return unusable("--grace is negative")
			}
			return a.administer(&f, func(ctx context.Context, in *instance) error {
				c, err := in.keys.Rotate(ctx, args[0], a.now(), grace)
				if err != nil {
					return err
				}
				return a.printJSON(object{"id": c.ID, "signatureSecret": c.SignatureSecret})
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().DurationVar(&grace, "grace", grace, "for how long the last secret stays good; 0 ends it at once")
	jsonFlag(cmd, &json)
	return cmd
}

func (a *app) keyRevokeCommand() *cobra.Command {
	var f instanceFlags
	var json bool
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "End a key, at once and for good",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.administer(&f, func(ctx context.Context, in *instance) error {
				if err := in.keys.Revoke(ctx, args[0], a.now()); err != nil {
					return err
				}
				return a.printJSON(object{"id": args[0], "revoked": true})
			})
		},
	}
	f.flags(cmd)
	jsonFlag(cmd, &json)
	return cmd
}

func (a *app) keyListCommand() *cobra.Command {
	var f instanceFlags
	var json bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "All keys: JSON {keys: [{id, tenant, did, name, strict, created, …}]}",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.administer(&f, func(ctx context.Context, in *instance) error {
				rows := []object{}
				err := in.db.View(ctx, func(tx store.Tx) error {
					keys, err := tx.APIKeys()
					rows = rows[:0]
					for _, k := range keys {
						t, err := tx.Tenant(k.TenantID)
						if err != nil {
							return err
						}
						o := object{"id": k.ID, "tenant": t.Name, "did": t.DID, "name": k.Name, "strict": k.Strict}
						for name, at := range map[string]time.Time{"created": k.Created, "expires": k.Expires, "revoked": k.Revoked} {
							if !at.IsZero() {
								o[name] = at.UTC().Format(time.RFC3339)
							}
						}
						rows = append(rows, o)
					}
					return err
				})
				if err != nil {
					return undecided("%w", err)
				}
				return a.printJSON(object{"keys": rows})
			})
		},
	}
	f.flags(cmd)
	jsonFlag(cmd, &json)
	return cmd
}

func (a *app) identityCommand() *cobra.Command {
	var f instanceFlags
	var tenant, contact, document, kyc text
	var json bool
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "Say who uses a contact of a tenant, for requests above the level CONTACT",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if contact.value == "" {
				return unusable("--contact is required")
			}
			i := store.Identity{KYC: "APPROVED", DocID: document.value}
			switch kyc.value {
			case "", "approved":
				i.Verified = a.now()
			case "pending":
				i.KYC = "PENDING"
			case "rejected":
				i.KYC = "REJECTED"
			default:
				return unusable("--kyc is neither approved, pending nor rejected")
			}
			name := tenant.value
			if name == "" {
				name = "default"
			}
			return a.administer(&f, func(ctx context.Context, in *instance) error {
				var t store.Tenant
				err := in.db.View(ctx, func(tx store.Tx) (err error) { t, err = tx.TenantByName(name); return err })
				if errors.Is(err, store.ErrNotFound) {
					return unusable("there is no tenant %q", name)
				}
				if err != nil {
					return undecided("%w", err)
				}
				if err := in.requests.SetIdentity(ctx, t.ID, contact.value, i); err != nil {
					return err
				}
				return a.printJSON(object{"tenant": t.Name, "contact": contact.value, "kyc": i.KYC})
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().Var(&tenant, "tenant", "the `NAME` of the tenant; default \"default\"")
	cmd.Flags().Var(&contact, "contact", "the e-mail address or phone number, as in requests")
	cmd.Flags().Var(&document, "doc-id", "the `NUMBER` of the document that was shown")
	cmd.Flags().Var(&kyc, "kyc", "approved, pending or rejected; default approved")
	jsonFlag(cmd, &json)
	return cmd
}
