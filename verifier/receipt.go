package verifier

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/receipts"
)

// receipt builds and signs the receipt of a decision.
func (d *decision) receipt(ctx context.Context, allow bool, random randomness) (*receipts.Receipt, error) {
	body, err := d.receiptBody(allow, random)
	if err != nil {
		return nil, err
	}
	return guard("signer", func() (*receipts.Receipt, error) { return receipts.Sign(ctx, body, d.v.cfg.Signer) })
}

// receiptBody says what was decided. What is not proven has names that say so: an
// attacker's claim must not look like a fact.
func (d *decision) receiptBody(allow bool, random randomness) (receipts.Body, error) {
	commitment, err := receipts.Commitment(random.salt(), d.params)
	if err != nil {
		return receipts.Body{}, err
	}
	b := receipts.Body{
		ID:       receipts.NewID(random.id()),
		Time:     d.now,
		Event:    receipts.Denied,
		Decision: "deny",
		Request: receipts.Request{
			ParamsCommitment:   commitment,
			PresentationDigest: canonical.SRI(d.root.SHA256()),
			Verifier:           d.req.Verifier,
			Domain:             d.req.Domain,
			ParamsBound:        d.passedAt(checkParamsBound),
			Modes:              d.v.modes,
			Insecure:           d.v.insecure,
		},
		Engine: receipts.Engine{Name: "mandate", Version: Version},
		Checks: d.receiptChecks(),
	}
	if allow {
		b.Event, b.Decision = receipts.Approved, "allow"
	} else {
		c, _ := d.firstFailure()
		b.Reason = string(c.Code)
	}
	if d.passedAt(checkVPProof) {
		b.Request.Holder = d.holder
	} else {
		b.Request.UnverifiedHolder = identifier(d.holder)
	}
	if tool, ok := d.params.Get("tool").String(); ok {
		b.Request.Tool = shorten(tool)
	}
	for _, p := range d.proofs {
		if p.HasChallenge && d.verified(p) {
			b.Request.ChallengeDigest = canonical.SRI(sha256.Sum256([]byte(p.Challenge)))
		}
	}
	if m := d.mandate; m != nil {
		if m.vc.proven {
			b.Credential = m.ID
		} else {
			b.Request.UnverifiedCredential = identifier(m.ID)
		}
		b.Request.MandateDigest = canonical.SRI(m.vc.sum())
		for _, p := range m.vc.proofs {
			b.Request.ProofForm = string(p.Form)
		}
		if d.ruled != nil {
			b.Policy = &receipts.Policy{ID: shorten(m.ActionID), Version: m.Version, Digest: d.ruled.Digest(), Profile: d.ruled.Profile()}
		}
	}
	b.Evaluations = make([]receipts.Evaluation, 0, len(d.evaluations))
	for _, e := range d.evaluations {
		b.Evaluations = append(b.Evaluations, receipts.Evaluation{Rule: e.Rule, Result: string(e.Result), Code: string(e.Code)})
	}
	return b, nil
}

// identifier returns an unproven identifier for a receipt, and "" for one that is too
// long: nobody may carry text in a receipt.
func identifier(s string) string {
	if len(s) > viamandate.MaxIdentifier {
		return ""
	}
	return s
}

// receiptChecks lists the checks, and the keys and status lists that they rest on.
func (d *decision) receiptChecks() []receipts.Check {
	out := make([]receipts.Check, 0, len(d.results)-bytes.Count(d.results[:], []byte{notRun})+len(d.keys)+len(d.usedLists))
	for c, result := range d.results {
		if result == notRun {
			continue
		}
		row := receipts.Check{Check: check(c).String(), Result: results[result]}
		if result == failed { // no other has a code
			row.Code = string(d.row(check(c)).Code)
		}
		out = append(out, row)
	}
	findings := make([]receipts.Finding, 0, len(d.keys)+len(d.usedLists)) // rows point into it
	add := func(check, result string, f receipts.Finding) {
		findings = append(findings, f)
		out = append(out, receipts.Check{Check: check, Result: result, Finding: &findings[len(findings)-1]})
	}
	for _, k := range d.keys {
		result := Fail
		if k.accepted {
			result = Pass
		}
		add("key", result, receipts.Finding{
			DID:            k.resolution.Document.ID(),
			DocumentDigest: k.resolution.Document.SRI(),
			Source:         k.resolution.Source,
			RetrievedAt:    k.resolution.RetrievedAt,
			Key:            k.text,
		})
	}
	for _, l := range d.usedLists {
		add("status.list", Pass, receipts.Finding{DID: l.issuer, Source: canonical.SRI(l.sum()), AsOf: l.valid.From})
	}
	return out
}
