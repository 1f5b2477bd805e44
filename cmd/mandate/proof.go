package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/didreason"
	"github.com/mandate-engine/mandate/verifier"
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
	cmd.Flags().Var(&s.id, "id", "the proof's id, a `URL`, for others to build on")
	cmd.Flags().BoolVar(&s.add, "add", false, "put the proof beside those that the document has")
	cmd.Flags().Var(&s.previous, "previous-proof", "sign the proof with this `ID` too; repeatable, with --add")
	return cmd
}

// proofLeeway is the clock skew tolerated at a proof's created and expires.
const proofLeeway = time.Minute

// A proofCheck holds the settings of proof verify. Empty expectations are not
// checked.
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
two). Purpose, challenge and domain are compared when they are given. All proofs
have to hold; when one cannot be read, none is reported. Not
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

// A failure is the reason why a proof does not verify. The zero failure means
// that it verifies.
type failure struct {
	problem string // W3C problem type, a URL
	code    verifier.Reason
	detail  string
}

// name returns the problem type without its vocabulary.
func (f failure) name() string {
	_, name, ok := strings.Cut(f.problem, "#")
	if !ok {
		return f.problem
	}
	return name
}

// A proofResult is the result for one proof.
type proofResult struct {
	proof *dataintegrity.Proof
	failure
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
		return a.proofReport(c, nil, nil, failure{problemOfForm(root, bad), verifier.Reason(bad.Code), bad.Error()})
	}
	at := c.at.or(a.now)
	var results []proofResult
	for _, p := range proofs {
		f, err := c.check(p, resolver, at)
		if err != nil {
			return undecided("%w", err)
		}
		results = append(results, proofResult{p, f})
	}
	chain(results)
	var first failure
	for _, r := range results {
		if first.problem == "" {
			first = r.failure
		}
	}
	// Parse returns at least one proof.
	return a.proofReport(c, results, dataintegrity.VerifiedDocument(proofs), first)
}

// chain fails the proofs that reference a failed proof.
func chain(results []proofResult) {
	broken := map[*dataintegrity.Proof]bool{}
	for range results { // the maximum length of a chain
		for i := range results {
			r := &results[i]
			if r.problem == "" && slices.ContainsFunc(r.proof.Previous, func(p *dataintegrity.Proof) bool { return broken[p] }) {
				r.failure = failure{security + "PROOF_VERIFICATION_ERROR", verifier.ReasonProofInvalid, "a proof that it builds on does not hold"}
			}
			broken[r.proof] = r.problem != ""
		}
	}
}

// check checks one proof. An error means no decision.
func (c *proofCheck) check(p *dataintegrity.Proof, resolver didresolve.Resolver, at time.Time) (failure, error) {
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
			return failure{problemOf(bad), verifier.Reason(bad.Code), bad.Error()}, nil
		}
	}
	method, err := retrieve(p, resolver, at)
	if err != nil {
		if didresolve.TypeOf(err) == didresolve.ErrInternal {
			return failure{}, err
		}
		return failure{problemOfKey(err), verifier.Reason(didreason.Code(err)), err.Error()}, nil
	}
	if !p.Verify(method.Key()) {
		return failure{security + "PROOF_VERIFICATION_ERROR", verifier.ReasonProofInvalid, "the signature does not fit the document and the key"}, nil
	}
	return failure{}, nil
}

// retrieve returns the key of a proof (Controlled Identifiers 1.0 section
// 3.3). The key must be listed for the purpose of the proof.
func retrieve(p *dataintegrity.Proof, resolver didresolve.Resolver, at time.Time) (didresolve.VerificationMethod, error) {
	u, err := didresolve.ParseURL(p.VerificationMethod)
	if err != nil {
		return didresolve.VerificationMethod{}, &didresolve.Error{Type: didresolve.ErrInvalidVerificationMethodURL, Cause: err}
	}
	resolution, err := resolver.Resolve(context.Background(), u.DID.String())
	if err != nil {
		return didresolve.VerificationMethod{}, err
	}
	method, err := resolution.Document.VerificationMethod(p.VerificationMethod, didresolve.Purpose(p.Purpose), at)
	if t := didresolve.TypeOf(err); t == didresolve.ErrInvalidDIDURL || t == didresolve.ErrFeatureNotSupported { // a path or a query
		err = &didresolve.Error{Type: didresolve.ErrInvalidVerificationMethodURL, Cause: err}
	}
	return method, err
}

// The vocabularies of W3C problem types.
const (
	security  = "https://w3id.org/security#"
	dataModel = "https://www.w3.org/TR/vc-data-model#"
)

// problemOfForm returns the problem type for proofs that cannot be parsed
// (Data Integrity section 4.4 steps 1 to 3).
func problemOfForm(doc canonical.Value, bad *dataintegrity.Error) string {
	if bad.Code == dataintegrity.Missing {
		return dataModel + "PARSING_ERROR"
	}
	for _, member := range []string{"proof", "proofs"} {
		v := doc.Get(member)
		if k := v.Kind(); k != canonical.Absent && k != canonical.Object && k != canonical.Array {
			return dataModel + "PARSING_ERROR"
		}
		for _, e := range v.Elements() {
			if e.Kind() != canonical.Object {
				return dataModel + "PARSING_ERROR"
			}
		}
	}
	return security + "PROOF_VERIFICATION_ERROR"
}

func problemOf(bad *dataintegrity.Error) string {
	switch bad.Code {
	case dataintegrity.ChallengeMismatch:
		return security + "INVALID_CHALLENGE_ERROR"
	case dataintegrity.DomainMismatch:
		return security + "INVALID_DOMAIN_ERROR"
	}
	return security + "PROOF_VERIFICATION_ERROR"
}

// problemOfKey returns the W3C problem type for an error of a key. An absent,
// revoked or expired key is an invalid verification method.
func problemOfKey(err error) string {
	e := &didresolve.Error{Type: didresolve.TypeOf(err)}
	return e.Problem()
}

// proofUnreadable answers for a file that is not a JSON object.
func (a *app) proofUnreadable(c *proofCheck, message string) error {
	a.complain("%s", message)
	if c.json {
		o := object{"verified": false, "proofs": []object{}}
		failure{problem: dataModel + "PARSING_ERROR", detail: message}.put(o)
		if err := a.printJSON(o); err != nil {
			return err
		}
	}
	return &exit{code: exitUsage}
}

// put adds a failure to an answer. The zero failure adds nothing.
func (f failure) put(o object) {
	o.put("error", f.name())
	o.put("problem", f.problem)
	o.put("code", string(f.code))
	o.put("detail", printable(f.detail))
}

// proofReport prints the answer. failed is the first failure, if any.
func (a *app) proofReport(c *proofCheck, results []proofResult, document []byte, failed failure) error {
	verified := failed.problem == "" && len(results) > 0
	if c.json {
		o := object{"verified": verified, "proofs": proofsJSON(results)}
		failed.put(o)
		if verified {
			// The canonical form can be longer than the document.
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
		a.printf("not verified: %s: %s\n", failed.name(), short(failed.detail))
	}
	for _, r := range results {
		outcome := "pass"
		if r.problem != "" {
			outcome = "fail " + r.name()
		}
		a.printf("  proof by %s: %s\n", short(r.proof.VerificationMethod), outcome)
	}
	return answered(verified)
}

func proofsJSON(results []proofResult) []object {
	out := make([]object, 0, len(results))
	for _, r := range results {
		o := object{"verificationMethod": r.proof.VerificationMethod, "result": "pass"}
		o.put("id", r.proof.ID)
		if r.problem != "" {
			o["result"] = "fail"
			r.put(o)
		}
		out = append(out, o)
	}
	return out
}
