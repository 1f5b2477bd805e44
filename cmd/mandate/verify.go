package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/bundle"
)

// A verification holds the settings of verify.
type verification struct {
	params, verifier, challenge, scope, mandate text
	receiptKey, receiptOut, bundle              text
	issuers, domains, signers, actions          texts
	statusLists                                 texts
	dids                                        didSources
	binding                                     binding
	maxAge                                      duration
	leeway                                      time.Duration
	at                                          instant
	anyIssuer, actionless, unbound, w3cOnly     bool
	dryRun, json                                bool
}

func (a *app) verifyCommand() *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Decide a presentation, or a body {presentation, executionParams}",
		Long: `Decide whether a presentation, with these execution parameters, may go ahead.
FILE is a presentation, or a body {presentation, executionParams}.

Exit status: 0 allow, 1 deny, 2 input that cannot be judged, 3 no decision.
Nothing is fetched unless --did-web is given: a DID that is neither did:key, did:jwk
nor pinned with --did-doc does not exist. A presentation is remembered as used for this process only.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.verify(args[0], &v) },
	}
	f := cmd.Flags()
	f.Var(&v.params, "params", "the execution parameters, `JSON|@FILE`; default the body's, else {}")
	f.Var(&v.verifier, "verifier", "the `DID` on whose behalf to decide; default that of the receipt key")
	f.Var(&v.issuers, "issuer", "trust the issuer `DID`; repeatable")
	f.BoolVar(&v.anyIssuer, "insecure-any-issuer", false, "trust every issuer: anybody can then issue a mandate that allows anything")
	f.Var(&v.binding, "issuer-binding", "strict: the issuer's own keys; listed: also keys that its document names")
	f.Var(&v.signers, "presentation-signer", "`DID=HOLDER`: DID may sign presentations for HOLDER; repeatable")
	f.BoolVar(&v.actionless, "allow-actionless", false, "allow mandates without an action, without parameters only")
	f.BoolVar(&v.unbound, "insecure-allow-unbound", false, "allow presentations without a domain, which others can present elsewhere")
	f.Var(&v.maxAge, "max-age", "how old a presentation may be without an expected challenge; default 5m")
	f.DurationVar(&v.leeway, "leeway", 0, "clock skew tolerated at the ends of a validity")
	f.BoolVar(&v.dryRun, "dry-run", false, "decide without consuming the presentation or signing a receipt")
	f.Var(&v.challenge, "challenge", "the challenge that was given out for this presentation")
	f.Var(&v.domains, "domain", "the domain it must be for; repeatable, as a set; default the verifier's DID")
	v.dids.flags(cmd)
	f.Var(&v.actions, "action", "`FILE` with the content of an action that a mandate only references; repeatable")
	f.Var(&v.statusLists, "status-list", "`FILE` with a status list credential, for the mandates that name its id; repeatable")
	atFlag(cmd, &v.at)
	f.Var(&v.mandate, "mandate", "decide on the mandate with this `ID`")
	f.Var(&v.scope, "scope", "the scope that the mandate must have")
	f.Var(&v.receiptKey, "receipt-key", "sign the receipt with the key in `FILE`; default a new key, kept nowhere")
	f.Var(&v.receiptOut, "receipt-out", "write the receipt to `FILE`")
	f.Var(&v.bundle, "bundle", "write everything that the decision rests on to `FILE`, for receipt replay; it holds the parameters")
	f.BoolVar(&v.w3cOnly, "w3c-only", false, "turn the VIA profile off")
	jsonFlag(cmd, &v.json)
	return cmd
}

func (a *app) verify(name string, v *verification) error {
	engine, err := a.engine(v)
	if err != nil {
		return err
	}
	req, err := a.request(name, v)
	if err != nil {
		return err
	}
	if v.dryRun {
		preview, err := engine.DryRun(context.Background(), req)
		if err != nil {
			return a.noDecision(v, err)
		}
		return a.printPreview(v, preview)
	}
	res, err := engine.Verify(context.Background(), req)
	var deny *verifier.DenyError
	switch {
	case err == nil:
		return a.allowed(v, res)
	case errors.As(err, &deny):
		return a.denied(v, deny)
	default:
		return a.noDecision(v, err)
	}
}

// allowed answers an allow. It writes the receipt first: if a receipt was
// requested and cannot be written, there is no allow.
func (a *app) allowed(v *verification, res *verifier.Result) error {
	if err := writeReceipt(v, res.Receipt); err != nil {
		return undecided("no decision: the receipt cannot be written: %w", err)
	}
	if err := writeBundle(v, res.Bundle); err != nil {
		return undecided("no decision: the bundle cannot be written: %w", err)
	}
	if v.json {
		a.printBytes(answer.JSON(res, nil))
	} else {
		a.printAllow("allow", res.Checks(), res.Evaluations)
		a.printf("mandate  %s\n", short(res.Credential))
		a.printf("receipt  %s\n", res.Receipt.ID())
		a.printSalt(v, res.Salt)
	}
	return nil
}

// denied answers a deny. A failure to write the receipt does not change the
// answer.
func (a *app) denied(v *verification, deny *verifier.DenyError) error {
	if err := deny.Unwrap(); err != nil {
		a.complain("the deny has no receipt: %v", err)
	} else if err := writeReceipt(v, deny.Receipt); err != nil {
		a.complain("the receipt cannot be written: %v", err)
	} else if err := writeBundle(v, deny.Bundle); err != nil {
		a.complain("the bundle cannot be written: %v", err)
	}
	if v.json {
		a.printBytes(answer.JSON(nil, deny))
	} else {
		a.printDeny("deny", deny, deny.Checks())
		a.printSalt(v, deny.Salt)
	}
	return answered(false)
}

func writeReceipt(v *verification, r *receipts.Receipt) error {
	switch {
	case v.receiptOut.value == "":
		return nil
	case r == nil:
		return errors.New("there is none")
	}
	return write(v.receiptOut.value, r.Bytes(), os.O_TRUNC)
}

// writeBundle writes the evidence to the requested file. It does not replace
// an existing file, which could be a key.
func writeBundle(v *verification, evidence *verifier.Bundle) error {
	if v.bundle.value == "" {
		return nil
	}
	b, err := bundle.Marshal(evidence)
	if err != nil {
		return err
	}
	return write(v.bundle.value, b, os.O_EXCL)
}

// overwritable refuses to replace a file other than a receipt, such as a key.
func overwritable(name string) error {
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(b) == 0 {
		return nil
	}
	if err != nil {
		return unusable("--receipt-out: %w", err)
	}
	if d, err := canonical.Parse(b); err == nil {
		for _, e := range d.Root().Get("type").Elements() {
			if s, _ := e.String(); s == "VerificationReceipt" {
				return nil
			}
		}
	}
	return unusable("--receipt-out: %s is there and is no receipt; nothing was decided", name)
}

// noDecision ends a request without a decision.
func (a *app) noDecision(v *verification, err error) error {
	if v.json {
		a.printBytes(answer.JSON(nil, err))
	}
	var bad *verifier.RequestError
	if errors.As(err, &bad) {
		return &exit{exitUsage, err}
	}
	return &exit{exitUndecided, err}
}

// printBytes prints an answer that is one JSON object.
func (a *app) printBytes(answer []byte) {
	a.stdout.Write(append(answer, '\n')) // the sink records the error
}
