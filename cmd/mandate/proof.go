package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
)

func (a *app) proofCreateCommand() *cobra.Command {
	var s signCommand
	cmd := &cobra.Command{
		Use:   "create FILE --key FILE",
		Short: "Sign any JSON object and print it",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if s.purpose.value == "" {
				s.purpose.value = dataintegrity.AssertionMethod
			}
			return a.sign(&s, args[0], func(doc []byte, signer signing.Signer, o signing.Options) ([]byte, error) {
				return signing.Document(context.Background(), doc, signer, o)
			})
		},
	}
	s.flags(cmd)
	s.bindingFlags(cmd)
	cmd.Flags().Var(&s.purpose, "purpose", "the proof's purpose; default assertionMethod")
	return cmd
}

// proofLeeway is the clock skew tolerated at a proof's created and expires.
const proofLeeway = time.Minute

// A proofCheck is one run of proof verify. An expectation that is empty is not
// compared.
type proofCheck struct {
	purpose, challenge text
	domains            texts
	dids               didSources
	at                 instant
	viaProfile, json   bool
}

func (a *app) proofVerifyCommand() *cobra.Command {
	var c proofCheck
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check the Data Integrity proofs of any JSON document",
		Long: `Check the eddsa-jcs-2022 proofs of any JSON document: signature, key, and time
(created, expires, key expired or revoked, 60 seconds tolerated for the first
two). Purpose, challenge and domain are compared when they are given. Not
checked: the structure of the document, and whether the key is that of its
issuer or holder.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.proofVerify(args[0], &c) },
	}
	cmd.Flags().Var(&c.purpose, "purpose", "the purpose that the proofs must have")
	cmd.Flags().Var(&c.challenge, "challenge", "the challenge that the proofs must carry")
	cmd.Flags().Var(&c.domains, "domain", "the domain that the proofs must be for; repeatable, as a set")
	c.dids.flags(cmd)
	atFlag(cmd, &c.at)
	cmd.Flags().BoolVar(&c.viaProfile, "via-profile", false, "accept the member proofs where there is no proof")
	jsonFlag(cmd, &c.json)
	return cmd
}

// A proofResult is what became of one proof. failure is a W3C problem type, ""
// when the proof holds.
type proofResult struct {
	id, method, failure, detail string
}

func (a *app) proofVerify(name string, c *proofCheck) error {
	resolver, err := a.resolver(c.dids)
	if err != nil {
		return err
	}
	b, err := a.read(name)
	if err != nil {
		return err
	}
	d, err := canonical.Parse(b)
	if err != nil {
		return a.proofUnreadable(c, name+": "+refusal(err))
	}
	root := d.Root()
	if root.Kind() != canonical.Object {
		return a.proofUnreadable(c, name+": the document is of type "+root.Kind().String()+", not an object")
	}
	proofs, bad := dataintegrity.Parse(root, c.viaProfile)
	if bad != nil {
		return a.proofReport(c, nil, nil, proofResult{failure: problemOfForm(root, bad), detail: bad.Error()})
	}
	at := c.at.or(a.now)
	var results []proofResult
	var first proofResult // that failed
	for _, p := range proofs {
		r, err := c.check(p, resolver, at)
		if err != nil {
			return undecided("%w", err)
		}
		results = append(results, r)
		if first.failure == "" {
			first = r
		}
	}
	// At least one proof: Parse does not return none.
	return a.proofReport(c, results, proofs[0].VerifiedDocument(), first)
}

// check checks one proof. An error is no decision.
func (c *proofCheck) check(p *dataintegrity.Proof, resolver didresolve.Resolver, at time.Time) (proofResult, error) {
	r := proofResult{id: p.ID, method: p.VerificationMethod}
	var checks []*dataintegrity.Error
	if c.purpose.value != "" {
		checks = append(checks, p.CheckPurpose(c.purpose.value))
	}
	if len(c.domains) > 0 {
		checks = append(checks, p.CheckDomain(c.domains))
	}
	if c.challenge.value != "" {
		checks = append(checks, p.CheckChallenge(c.challenge.value))
	}
	checks = append(checks, p.CheckExpiry(at, proofLeeway), p.CheckCreated(at, proofLeeway))
	for _, bad := range checks {
		if bad != nil {
			r.failure, r.detail = problemOf(bad), bad.Error()
			return r, nil
		}
	}
	method, err := retrieve(p, resolver, at)
	if err != nil {
		if didresolve.TypeOf(err) == didresolve.ErrInternal {
			return r, err
		}
		r.failure, r.detail = problemOfKey(err), err.Error()
		return r, nil
	}
	if !p.Verify(method.Key()) {
		r.failure, r.detail = "PROOF_VERIFICATION_ERROR", "the signature does not fit the document and the key"
	}
	return r, nil
}

// retrieve finds the key of a proof (Controlled Identifiers 1.0 section 3.3).
// It must be listed for the purpose that the proof states.
func retrieve(p *dataintegrity.Proof, resolver didresolve.Resolver, at time.Time) (didresolve.VerificationMethod, error) {
	u, err := didresolve.ParseURL(p.VerificationMethod)
	if err != nil {
		return didresolve.VerificationMethod{}, &didresolve.Error{Type: didresolve.ErrInvalidVerificationMethodURL, Cause: err}
	}
	resolution, err := resolver.Resolve(context.Background(), u.DID.String())
	if err != nil {
		return didresolve.VerificationMethod{}, err
	}
	return resolution.Document.VerificationMethod(p.VerificationMethod, didresolve.Purpose(p.Purpose), at)
}

// problemOfForm names the problem of proofs that cannot be read (Data Integrity
// section 4.4 steps 1 to 3).
func problemOfForm(doc canonical.Value, bad *dataintegrity.Error) string {
	if bad.Code == dataintegrity.Missing {
		return "PARSING_ERROR"
	}
	for _, member := range []string{"proof", "proofs"} {
		v := doc.Get(member)
		if k := v.Kind(); k != canonical.Absent && k != canonical.Object && k != canonical.Array {
			return "PARSING_ERROR"
		}
		for _, e := range v.Elements() {
			if e.Kind() != canonical.Object {
				return "PARSING_ERROR"
			}
		}
	}
	return "PROOF_VERIFICATION_ERROR"
}

func problemOf(bad *dataintegrity.Error) string {
	switch bad.Code {
	case dataintegrity.ChallengeMismatch:
		return "INVALID_CHALLENGE_ERROR"
	case dataintegrity.DomainMismatch:
		return "INVALID_DOMAIN_ERROR"
	}
	return "PROOF_VERIFICATION_ERROR"
}

// problemOfKey names the problem of a key by its W3C problem type. A key that is
// not there, revoked or expired is an invalid verification method.
func problemOfKey(err error) string {
	e := &didresolve.Error{Type: didresolve.TypeOf(err)}
	if _, name, ok := strings.Cut(e.Problem(), "#"); ok {
		return name
	}
	return string(e.Type) // a deactivated DID has no such type
}

// proofUnreadable answers for a file that is no JSON object.
func (a *app) proofUnreadable(c *proofCheck, message string) error {
	a.complain("%s", message)
	if c.json {
		if err := a.printJSON(object{"verified": false, "proofs": []object{}, "error": "PARSING_ERROR", "detail": printable(message)}); err != nil {
			return err
		}
	}
	return &exit{code: exitUsage}
}

// proofReport answers. failed is the first result that is a failure; its
// failure is "" when there is none.
func (a *app) proofReport(c *proofCheck, results []proofResult, document []byte, failed proofResult) error {
	verified := failed.failure == "" && len(results) > 0
	if c.json {
		o := object{"verified": verified, "proofs": proofsJSON(results)}
		o.put("error", failed.failure)
		o.put("detail", printable(failed.detail))
		if verified {
			// The canonical form can be longer than the document was.
			d, err := canonical.Limits{MaxBytes: maxInput}.Parse(document)
			if err != nil {
				return undecided("%w", err)
			}
			o["verifiedDocument"] = d.Root()
		}
		if err := a.printJSON(o); err != nil {
			return err
		}
		return answered(verified)
	}
	if verified {
		a.printf("verified\n")
	} else {
		a.printf("not verified: %s: %s\n", failed.failure, short(failed.detail))
	}
	for _, r := range results {
		outcome := "pass"
		if r.failure != "" {
			outcome = "fail " + r.failure
		}
		a.printf("  proof by %s: %s\n", short(r.method), outcome)
	}
	return answered(verified)
}

func proofsJSON(results []proofResult) []object {
	out := make([]object, 0, len(results))
	for _, r := range results {
		o := object{"verificationMethod": r.method, "result": "pass"}
		o.put("id", r.id)
		if r.failure != "" {
			o["result"], o["error"], o["detail"] = "fail", r.failure, printable(r.detail)
		}
		out = append(out, o)
	}
	return out
}
