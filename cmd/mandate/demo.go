package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "One screen: an allow, an explained deny, and the receipt checked",
		Long: `Run the engine on an embedded sample, at the fixed time of the sample: an
allow, a deny with the values that explain it, and the receipt of the deny,
checked as a stranger would check it. Exit 1 when anything is not as shown.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.demo(); err != nil {
				return &exit{exitNo, fmt.Errorf("demo: %w", err)}
			}
			return nil
		},
	}
}

func (a *app) demo() error {
	signer, err := a.newKey()
	if err != nil {
		return err
	}
	engine, err := verifier.New(verifier.Config{
		Resolver:       didresolve.Key(),
		Signer:         signer,
		TrustedIssuers: []string{sample.Issuer},
		Verifier:       sample.Verifier,
		Now:            sample.Now,
		Rand:           a.rand,
	})
	if err != nil {
		return err
	}
	request := func(params []byte) verifier.Request {
		return verifier.Request{Presentation: sample.Presentation(), ExecutionParams: params, Challenge: sample.Challenge}
	}
	a.printf("An agent presents a signed mandate: book hotels in Lisboa or Porto, at most 500 EUR each.\n")

	params := sample.ParamsAllow()
	res, err := engine.Verify(context.Background(), request(params))
	if err != nil {
		return fmt.Errorf("the first booking was not allowed: %w", err)
	}
	if err := a.demoDecision("1. May it do this?", params, "allow", res.Evaluations); err != nil {
		return err
	}

	params = sample.ParamsDeny()
	_, err = engine.Verify(context.Background(), request(params))
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Reason != verifier.ReasonRuleFailed || deny.Receipt == nil {
		return fmt.Errorf("the second booking was not denied by a rule: %v", err)
	}
	if err := a.demoDecision("2. And this?", params, "deny "+string(deny.Reason), deny.Evaluations); err != nil {
		return err
	}
	return a.demoReceipt(deny.Receipt, signing.DID(signer))
}

func (a *app) demoDecision(question string, params []byte, decision string, evaluations []policy.Evaluation) error {
	shown, err := canonical.Transform(params)
	if err != nil {
		return err
	}
	if len(evaluations) != 3 {
		return fmt.Errorf("%d rules ran, want 3", len(evaluations))
	}
	a.printf("\n%s  %s\n  %s\n", question, shown, decision)
	for _, e := range evaluations {
		reason := strings.Replace(e.Reason, "Expression evaluated to false: ", "", 1)
		a.printf("  %-4s %-13s %s\n", e.Result, e.Rule, reason)
	}
	return nil
}

// demoReceipt verifies the receipt of the deny, and a forged copy that claims
// an allow.
func (a *app) demoReceipt(r *receipts.Receipt, issuer string) error {
	cfg := receipts.VerifyConfig{Issuers: []string{issuer}, At: sample.Now()}
	v, err := receipts.Verify(context.Background(), r.Bytes(), cfg)
	if err != nil {
		return fmt.Errorf("the receipt of the deny: %w", err)
	}
	a.printf("\n3. Who says so? %s\n", v.ID)
	a.printf("  signed by     %s\n", v.Issuer)
	a.printf("  verified      %s %s at %s\n", v.Decision, v.Reason, stamp(v.Time))

	forged := forge(r.Bytes())
	_, err = receipts.Verify(context.Background(), forged, cfg)
	if !errors.Is(err, receipts.ErrNotVerified) || bytes.Equal(forged, r.Bytes()) {
		return fmt.Errorf("a receipt that was changed into an allow was not refused: %v", err)
	}
	why, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), receipts.ErrNotVerified.Error()+": "), ` "`)
	a.printf("  and a copy in which deny was changed to allow:\n")
	a.printf("  not verified  %s\n", short(why))
	a.printf("\nDecide for yourself: mandate verify --help\n")
	return nil
}

// forge changes the receipt of a deny into a well-formed receipt of an allow.
func forge(receipt []byte) []byte {
	return []byte(strings.NewReplacer(
		`"decision":"deny"`, `"decision":"allow"`,
		`"event":"`+string(receipts.Denied)+`"`, `"event":"`+string(receipts.Approved)+`"`,
		`"reason":"`+string(verifier.ReasonRuleFailed)+`",`, ``,
	).Replace(string(receipt)))
}
