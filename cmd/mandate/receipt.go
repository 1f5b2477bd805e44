package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/receipts"
)

// A receiptCheck is one run of receipt verify.
type receiptCheck struct {
	issuers  texts
	dids     didSources
	at       instant
	deadline duration
	json     bool
}

func (a *app) receiptVerifyCommand() *cobra.Command {
	var c receiptCheck
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check receipts: their structure, their signature and who signed them",
		Long: `Check receipts: their structure, their signature and who signed them. Every
file is checked. Completeness is unproven: nothing shows that no receipt was
left out. Not checked: what a decision rested on, and whether times are true.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.receiptVerify(args, &c) },
	}
	cmd.Flags().Var(&c.issuers, "issuer", "the `DID` whose receipts are believed; required, repeatable")
	c.dids.flags(cmd)
	atFlag(cmd, &c.at)
	cmd.Flags().Var(&c.deadline, "outcome-deadline", "match allows with the outcomes among the files: exit 1 for an allow without one by then,\nan outcome without its allow, and contradicting outcomes")
	jsonFlag(cmd, &c.json)
	return cmd
}

// A receiptResult is what became of one file.
type receiptResult struct {
	file string
	*receipts.Verified
	err error
}

// refused reports whether the receipt is not to be believed, as opposed to one
// that could not be checked.
func (r receiptResult) refused() bool { return errors.Is(r.err, receipts.ErrNotVerified) }

func (a *app) receiptVerify(files []string, c *receiptCheck) error {
	if len(c.issuers) == 0 {
		return unusable("whose receipts are believed? Name the issuers with --issuer DID")
	}
	resolver, err := a.resolver(c.dids)
	if err != nil {
		return err
	}
	cfg := receipts.VerifyConfig{Issuers: c.issuers, Resolver: resolver, At: c.at.or(a.now)}
	results := make([]receiptResult, 0, len(files))
	for _, name := range files {
		b, err := a.read(name)
		if err != nil {
			return err
		}
		v, err := receipts.Verify(context.Background(), b, cfg)
		results = append(results, receiptResult{name, v, err})
	}
	code := receiptStatus(results)
	pairs := c.pair(results, cfg.At)
	if code == exitOK && slices.ContainsFunc(pairs, func(p receipts.Pairing) bool { return p.State != receipts.Paired && p.State != receipts.Pending }) {
		code = exitNo
	}
	if err := a.receiptReport(c, results, pairs, code == exitOK); err != nil {
		return err
	}
	if code != exitOK {
		return &exit{code: code}
	}
	return nil
}

// receiptStatus is the exit status of some results. One that is refused
// outweighs one that could not be checked; none at all is not success.
func receiptStatus(results []receiptResult) int {
	if len(results) == 0 {
		return exitNo
	}
	code := exitOK
	for _, r := range results {
		switch {
		case r.refused():
			return exitNo
		case r.err != nil:
			code = exitUndecided
		}
	}
	return code
}

// pair matches the receipts that verified, when that was asked for.
func (c *receiptCheck) pair(results []receiptResult, at time.Time) []receipts.Pairing {
	if c.deadline == 0 {
		return nil
	}
	var list []*receipts.Verified
	for _, r := range results {
		if r.err == nil {
			list = append(list, r.Verified)
		}
	}
	return receipts.Pair(list, time.Duration(c.deadline), at)
}

func pairJSON(p receipts.Pairing) object {
	o := object{"state": string(p.State)}
	if p.Decision != nil {
		o["decision"] = p.Decision.ID
	}
	if p.Outcome != nil {
		o["outcome"], o["event"] = p.Outcome.ID, string(p.Outcome.Event)
	}
	return o
}

func (a *app) receiptReport(c *receiptCheck, results []receiptResult, pairs []receipts.Pairing, verified bool) error {
	if c.json {
		list := make([]object, 0, len(results))
		for _, r := range results {
			list = append(list, r.json())
		}
		o := object{"verified": verified, "completeness": string(receipts.Unproven), "receipts": list}
		if c.deadline != 0 {
			outcomes := make([]object, 0, len(pairs))
			for _, p := range pairs {
				outcomes = append(outcomes, pairJSON(p))
			}
			o["outcomes"] = outcomes
		}
		return a.printJSON(o)
	}
	for _, r := range results {
		switch {
		case r.err == nil:
			outcome := r.Decision
			if outcome == "" {
				outcome = string(r.Event)
			}
			if r.Reason != "" {
				outcome += " " + short(r.Reason)
			}
			a.printf("verified      %s: %s, %s at %s\n", short(r.file), outcome, short(r.ID), stamp(r.Time))
		case r.refused():
			a.printf("not verified  %s: %s\n", short(r.file), short(r.err.Error()))
		default:
			a.printf("not checked   %s: %s\n", short(r.file), short(r.err.Error()))
		}
	}
	for _, p := range pairs {
		switch {
		case p.Outcome == nil:
			a.printf("%-13s %s: no outcome\n", p.State, short(p.Decision.ID))
		case p.Decision == nil:
			a.printf("%-13s %s: %s of %s\n", p.State, short(p.Outcome.ID), p.Outcome.Event, short(p.Outcome.OutcomeOf.ID))
		default:
			a.printf("%-13s %s: %s, %s\n", p.State, short(p.Decision.ID), p.Outcome.Event, short(p.Outcome.ID))
		}
	}
	a.printf("completeness  %s: nothing shows that no receipt was left out\n", receipts.Unproven)
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (r receiptResult) json() object {
	o := object{"file": printable(r.file), "verified": r.err == nil, "completeness": string(receipts.Unproven)}
	if r.err != nil {
		o["error"] = printable(r.err.Error())
		return o
	}
	o["id"], o["issuer"], o["timestamp"] = r.ID, r.Issuer, stamp(r.Time)
	o["event"] = string(r.Event)
	o.put("decision", r.Decision)
	o.put("outcomeOf", r.OutcomeOf.ID)
	o.put("reason", r.Reason)
	o.put("credentialId", r.Credential)
	return o
}
