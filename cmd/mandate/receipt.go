package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// A receiptCheck holds the settings of receipt verify.
type receiptCheck struct {
	issuers, logKeys, retired texts
	checkpoint, proof         text
	dids                      didSources
	at                        instant
	deadline                  duration
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
	cmd.Flags().Var(&c.retired, "retired-key", "`FILE` with a key that its issuer has withdrawn: {verificationMethod, publicKeyMultibase, size},\nsize being that of the log at its last checkpoint; repeatable, needs --log-key and the log")
	c.dids.flags(cmd)
	atFlag(cmd, &c.at)
	cmd.Flags().Var(&c.deadline, "outcome-deadline", "match allows with the outcomes among the files: exit 1 for an allow without one by then,\nan outcome without its allow, and contradicting outcomes")
	jsonFlag(cmd, &c.json)
	return cmd
}

// A receiptResult is the result for one file.
type receiptResult struct {
	file string
	*receipts.Verified
	err   error
	bytes []byte
	index int64 // in the log, if completeness is proven
}

// refused reports whether the receipt failed verification, as opposed to not
// having been checked.
func (r receiptResult) refused() bool { return errors.Is(r.err, receipts.ErrNotVerified) }

func (a *app) receiptVerify(files []string, c *receiptCheck) error {
	switch {
	case len(c.issuers) == 0:
		return unusable("whose receipts are believed? Name the issuers with --issuer DID")
	case c.proof.value != "" && len(files) != 1:
		return unusable("--proof FILE is for one receipt")
	case len(c.retired) > 0 && (len(c.logKeys) == 0 || c.proof.value == "" && c.checkpoint.value == ""):
		return unusable("--retired-key needs --log-key, and --checkpoint FILE or --proof FILE")
	case len(c.logKeys) > 0 && c.proof.value == "" && c.checkpoint.value == "":
		return unusable("--log-key needs --checkpoint FILE or --proof FILE")
	}
	resolver, err := a.resolver(c.dids)
	if err != nil {
		return err
	}
	cfg := receipts.VerifyConfig{Issuers: c.issuers, Resolver: resolver, At: c.at.or(a.now)}
	if cfg.Retired, err = a.retiredKeys(c.retired); err != nil {
		return err
	}
	for _, k := range cfg.Retired {
		if slices.ContainsFunc(c.logKeys, func(vkey string) bool { return isKey(vkey, k.PublicKeyMultibase) }) {
			return unusable("--log-key is the retired key %s: whoever holds it can sign a log of their own", short(k.VerificationMethod))
		}
	}
	results := make([]receiptResult, 0, len(files))
	for _, name := range files {
		b, err := a.read(name)
		if err != nil {
			return err
		}
		results = append(results, receiptResult{file: name, bytes: b})
	}
	report := receiptReport{results: results, completeness: translog.Unproven}
	prove := func() error {
		if c.proof.value == "" && c.checkpoint.value == "" || report.unproven != nil {
			return nil
		}
		report.completeness, report.unproven = a.proveReceipts(c, cfg, results)
		if report.unproven != nil && !errors.Is(report.unproven, translog.ErrNotProven) {
			return report.unproven
		}
		return nil
	}
	if len(cfg.Retired) > 0 { // their receipts are valid up to the size in the log
		if err := prove(); err != nil {
			return err
		}
	}
	for i := range results {
		r := &results[i]
		if cfg.Index = nil; report.completeness != translog.Unproven {
			cfg.Index = &r.index
		}
		r.Verified, r.err = receipts.Verify(context.Background(), r.bytes, cfg)
	}
	code := receiptStatus(results)
	if code == exitOK && len(cfg.Retired) == 0 {
		if err := prove(); err != nil {
			return err
		}
	}
	report.pairs = c.pair(results, cfg.At)
	loose := slices.ContainsFunc(report.pairs, func(p receipts.Pairing) bool { return p.State != receipts.Paired && p.State != receipts.Pending })
	if code == exitOK && (loose || report.unproven != nil) {
		code = exitNo
	}
	report.verified = code == exitOK
	if err := a.receiptReport(c, report); err != nil {
		return err
	}
	if code != exitOK {
		return &exit{code: code}
	}
	return nil
}

// isKey reports whether a log key, NAME+HASH+KEY, has the same public key as a
// Multikey.
func isKey(vkey, multibase string) bool {
	public, err := multikey.ParsePublicKey(multibase)
	if err != nil {
		return false // receipts.Verify reports the error
	}
	b, err := base64.StdEncoding.DecodeString(vkey[strings.LastIndexByte(vkey, '+')+1:])
	return err == nil && len(b) > 1 && bytes.Equal(b[1:], public.Bytes())
}

// retiredKeys reads the files of --retired-key.
func (a *app) retiredKeys(files []string) ([]receipts.RetiredKey, error) {
	var keys []receipts.RetiredKey
	for _, name := range files {
		v, err := a.parse(name)
		if err != nil {
			return nil, err
		}
		var k receipts.RetiredKey
		var ok [2]bool
		k.VerificationMethod, ok[0] = v.Get("verificationMethod").String()
		k.PublicKeyMultibase, ok[1] = v.Get("publicKeyMultibase").String()
		size, _ := v.Get("size").Float64()
		if ok != [2]bool{true, true} || !v.Get("size").IsSafeInteger() || size < 0 || v.Len() != 3 {
			return nil, unusable("%s: not {verificationMethod, publicKeyMultibase, size}", name)
		}
		k.Size = int64(size)
		keys = append(keys, k)
	}
	return keys, nil
}

// receiptStatus returns the exit status for results. A refused receipt
// outweighs one that could not be checked. No results are not a success.
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

// pair matches the verified receipts, if pairing was requested.
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

// proveReceipts compares verified receipts with the log that the log's key has
// signed.
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

// proveAll compares all receipts of a log with its checkpoint.
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

// receiptLogKey returns the key that signed a receipt as the key of a log
// named by its issuer.
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

// A receiptReport is the result of receipt verify.
type receiptReport struct {
	results      []receiptResult
	pairs        []receipts.Pairing
	completeness translog.Completeness
	unproven     error // why the log does not prove the receipts
	verified     bool
}

func (a *app) receiptReport(c *receiptCheck, r receiptReport) error {
	if c.json {
		list := make([]object, 0, len(r.results))
		for _, one := range r.results {
			list = append(list, one.json(r.completeness))
		}
		o := object{"verified": r.verified, "completeness": string(r.completeness), "receipts": list}
		if r.unproven != nil {
			o["error"] = printable(r.unproven.Error())
		}
		if c.deadline != 0 {
			outcomes := make([]object, 0, len(r.pairs))
			for _, p := range r.pairs {
				outcomes = append(outcomes, pairJSON(p))
			}
			o["outcomes"] = outcomes
		}
		return a.printJSON(o)
	}
	for _, r := range r.results {
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
	for _, p := range r.pairs {
		switch {
		case p.Outcome == nil:
			a.printf("%-13s %s: no outcome\n", p.State, short(p.Decision.ID))
		case p.Decision == nil:
			a.printf("%-13s %s: %s of %s\n", p.State, short(p.Outcome.ID), p.Outcome.Event, short(p.Outcome.OutcomeOf.ID))
		default:
			a.printf("%-13s %s: %s, %s\n", p.State, short(p.Decision.ID), p.Outcome.Event, short(p.Outcome.ID))
		}
	}
	switch {
	case r.unproven != nil:
		a.printf("not verified  %s\n", short(r.unproven.Error()))
	case r.completeness != translog.Unproven && len(r.results) == 1:
		a.printf("completeness  %s: entry %d of the log\n", r.completeness, r.results[0].index)
		return nil
	case r.completeness != translog.Unproven:
		a.printf("completeness  %s\n", r.completeness)
		return nil
	}
	a.printf("completeness  %s: nothing shows that no receipt was left out\n", r.completeness)
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
	o["event"] = string(r.Event)
	o.put("decision", r.Decision)
	o.put("outcomeOf", r.OutcomeOf.ID)
	o.put("reason", r.Reason)
	o.put("credentialId", r.Credential)
	return o
}
