package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// A receiptCheck is one run of receipt verify.
type receiptCheck struct {
	issuers, didDocs, logKeys texts
	checkpoint, proof         text
	at                        instant
	json                      bool
}

func (a *app) receiptVerifyCommand() *cobra.Command {
	var c receiptCheck
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Check receipts: their structure, their signature and who signed them",
		Long: `Check receipts: their structure, their signature and who signed them. Every
file is checked. Not checked: what a decision rested on, and whether times are
true.

With --proof, the one receipt is in the log of the checkpoint in the proof, which
has to be that of --checkpoint if one is given. With --checkpoint alone, the files
are all the receipts of the log, in order. Completeness is then
proven_to_size_N: the log has committed itself to its first N entries. Otherwise
it is unproven: nothing shows that no receipt was left out. The log's key is the
one that signed the receipts, named by their issuer, unless --log-key names it.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.receiptVerify(args, &c) },
	}
	cmd.Flags().Var(&c.issuers, "issuer", "the `DID` whose receipts are believed; required, repeatable")
	cmd.Flags().Var(&c.checkpoint, "checkpoint", "the log's checkpoint in `FILE` (C2SP tlog-checkpoint)")
	cmd.Flags().Var(&c.proof, "proof", "the proof in `FILE` that the receipt is in the log (C2SP tlog-proof)")
	logKeyFlag(cmd, &c.logKeys)
	didDocFlag(cmd, &c.didDocs)
	atFlag(cmd, &c.at)
	jsonFlag(cmd, &c.json)
	return cmd
}

// A receiptResult is what became of one file.
type receiptResult struct {
	file string
	*receipts.Verified
	err   error
	bytes []byte
	index int64 // in the log, when completeness is proven
}

// refused reports whether the receipt is not to be believed, as opposed to one
// that could not be checked.
func (r receiptResult) refused() bool { return errors.Is(r.err, receipts.ErrNotVerified) }

func (a *app) receiptVerify(files []string, c *receiptCheck) error {
	switch {
	case len(c.issuers) == 0:
		return unusable("whose receipts are believed? Name the issuers with --issuer DID")
	case c.proof.value != "" && len(files) != 1:
		return unusable("--proof FILE is for one receipt")
	case len(c.logKeys) > 0 && c.proof.value == "" && c.checkpoint.value == "":
		return unusable("--log-key needs --checkpoint FILE or --proof FILE")
	}
	resolver, err := a.resolver(c.didDocs)
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
		results = append(results, receiptResult{file: name, Verified: v, err: err, bytes: b})
	}
	code := receiptStatus(results)
	completeness := translog.Unproven
	var unproven error
	if code == exitOK && (c.proof.value != "" || c.checkpoint.value != "") {
		if completeness, unproven = a.proveReceipts(c, cfg, results); unproven != nil {
			if !errors.Is(unproven, translog.ErrNotProven) {
				return unproven
			}
			code = exitNo
		}
	}
	if err := a.receiptReport(c, results, completeness, unproven, code == exitOK); err != nil {
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

// proveReceipts compares verified receipts with what the log's key has signed.
func (a *app) proveReceipts(c *receiptCheck, cfg receipts.VerifyConfig, results []receiptResult) (translog.Completeness, error) {
	keys, err := logKeys(c.logKeys)
	for _, r := range results {
		if err == nil && len(c.logKeys) == 0 {
			var v note.Verifier
			if v, err = receiptLogKey(r.Verified, cfg); err == nil {
				keys = addKey(keys, v)
			}
		}
	}
	if err != nil {
		return translog.Unproven, err
	}
	var checkpoint []byte
	if c.checkpoint.value != "" {
		if checkpoint, err = a.read(c.checkpoint.value); err != nil {
			return translog.Unproven, err
		}
	}
	if c.proof.value == "" {
		return proveAll(results, checkpoint, keys)
	}
	proof, err := a.read(c.proof.value)
	if err != nil {
		return translog.Unproven, err
	}
	index, in, err := translog.VerifyInclusion(results[0].bytes, proof, keys...)
	if err != nil {
		return translog.Unproven, err
	}
	if checkpoint != nil {
		given, err := translog.Open(checkpoint, keys...)
		if err != nil {
			return translog.Unproven, err
		}
		if given != in {
			return translog.Unproven, fmt.Errorf("%w: the proof is for the checkpoint of size %d, another than that of size %d in --checkpoint", translog.ErrNotProven, in.Size, given.Size)
		}
	}
	results[0].index = index
	return in.Completeness(), nil
}

// proveAll compares all the receipts of a log with its checkpoint.
func proveAll(results []receiptResult, checkpoint []byte, keys []note.Verifier) (translog.Completeness, error) {
	audit, err := translog.Verify(func(yield func([]byte, error) bool) {
		for _, r := range results {
			if !yield(r.bytes, nil) {
				return
			}
		}
	}, checkpoint, keys...)
	if err != nil {
		return translog.Unproven, err
	}
	if audit.Completeness != translog.Proven(audit.Entries) {
		return translog.Unproven, fmt.Errorf("%w: there are more receipts than the checkpoint has: %s", translog.ErrNotProven, audit.Completeness)
	}
	for i := range results {
		results[i].index = int64(i)
	}
	return audit.Completeness, nil
}

// receiptLogKey returns the key that signed a receipt as that of the log named
// by its issuer.
func receiptLogKey(v *receipts.Verified, cfg receipts.VerifyConfig) (note.Verifier, error) {
	method, ok := v.Document.Get("proof").Get("verificationMethod").String()
	r, err := cfg.Resolver.Resolve(context.Background(), v.Issuer)
	if !ok || err != nil {
		return nil, unusable("the log's key is not known: name it with --log-key VKEY")
	}
	m, err := r.Document.VerificationMethod(method, didresolve.AssertionMethod, cfg.At)
	if err != nil {
		return nil, unusable("%w", err)
	}
	k, err := translog.NewVerifier(v.Issuer, m.PublicKey())
	if err != nil {
		return nil, unusable("%w", err)
	}
	return k, nil
}

func (a *app) receiptReport(c *receiptCheck, results []receiptResult, completeness translog.Completeness, unproven error, verified bool) error {
	if c.json {
		list := make([]object, 0, len(results))
		for _, r := range results {
			list = append(list, r.json(completeness))
		}
		o := object{"verified": verified, "completeness": string(completeness), "receipts": list}
		if unproven != nil {
			o["error"] = printable(unproven.Error())
		}
		return a.printJSON(o)
	}
	for _, r := range results {
		switch {
		case r.err == nil:
			outcome := r.Decision
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
	switch {
	case unproven != nil:
		a.printf("not verified  %s\n", short(unproven.Error()))
	case completeness != translog.Unproven && len(results) == 1:
		a.printf("completeness  %s: entry %d of the log\n", completeness, results[0].index)
		return nil
	case completeness != translog.Unproven:
		a.printf("completeness  %s\n", completeness)
		return nil
	}
	a.printf("completeness  %s: nothing shows that no receipt was left out\n", completeness)
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (r receiptResult) json(completeness translog.Completeness) object {
	o := object{"file": printable(r.file), "verified": r.err == nil, "completeness": string(completeness)}
	if r.err != nil {
		o["error"] = printable(r.err.Error())
		return o
	}
	if completeness != translog.Unproven {
		o["logIndex"] = r.index
	}
	o["id"], o["issuer"], o["timestamp"] = r.ID, r.Issuer, stamp(r.Time)
	o["event"], o["decision"] = string(r.Event), r.Decision
	o.put("reason", r.Reason)
	o.put("credentialId", r.Credential)
	return o
}
