// Package verifier answers one question: may this presentation, with these
// execution parameters, go ahead?
//
//	res, err := v.Verify(ctx, verifier.Request{Presentation: vp, ExecutionParams: params, Challenge: challenge})
//	var deny *verifier.DenyError
//	switch {
//	case err == nil: // allow: res.Receipt is signed
//	case errors.As(err, &deny): // deny: deny.Reason, deny.Evaluations, deny.Receipt
//	default: // no decision: bad request, outage, cancelled; never act on it
//	}
//
// It implements verification of W3C Verifiable Presentations (VC Data Model 2.0)
// with eddsa-jcs-2022 proofs (Data Integrity EdDSA Cryptosuites 1.0), Bitstring
// Status Lists 1.0, and the rules of a mandate's action, in seven steps:
//
//  1. Form: strict JSON, data model, known @contexts, proofs of the one suite,
//     purpose and dates.
//  2. Binding: challenge, domain, age; issuers that are trusted.
//  3. Every credential: a key of its issuer's own DID document, every signature,
//     validity, status, evidence.
//  4. Who: the mandate authorizes the holder and the verifier; the scope.
//  5. The presentation: signed by its holder, or by a signer mapped to the holder.
//  6. The action: present, pinned by its digest, compiled; parameters of the
//     declared shapes; every rule.
//  7. Not used before; and a signed receipt.
//
// A nil error means allow, and nothing else does. A [*DenyError] carries a stable
// reason, every check that ran, and every rule with its values. A [*RequestError]
// says that the input could not be judged, any other error that something could not
// be looked up.
//
// The package does no I/O of its own. It asks the interfaces in [Config] for DID
// documents, referenced actions, status lists and used presentations. The decision
// is a pure function of the request, the time and their answers.
package verifier

import (
	"context"

	"github.com/mandate-engine/mandate/internal/fetchbudget"
	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/policy"
)

// Version is the version of the engine that receipts name.
const Version = "0.1.0"

// A Verifier decides. It is safe for concurrent use.
type Verifier struct {
	cfg      Config // with defaults filled in
	trusted  map[string]bool
	contexts map[string]bool
	actions  policy.Cache
	memo     *memo.Memo[[32]byte, struct{}] // of signatures that verified, by memo.SignatureID
	statuses *memo.Memo[statuslist.Key, statuslist.Result]
	modes    []string
	insecure []string
}

// Verify decides a request. The error is nil for allow, a [*DenyError] for
// deny, and anything else for no decision. An allow has used up the
// presentation, and the challenge that was expected: a second Verify of either
// is denied.
//
// A ctx that is done, an outage, and a panic of an implementation in the
// Config all end without a decision.
func (v *Verifier) Verify(ctx context.Context, req Request) (*Result, error) {
	// A panic in the engine itself must not take its host down.
	return guard("engine", func() (*Result, error) {
		d, err := v.decide(ctx, req) // steps 1 to 6
		if err != nil {
			return nil, err
		}
		return v.commit(ctx, d) // step 7
	})
}

// DryRun decides like Verify but neither consumes the presentation nor checks
// that it was used before, and signs no receipt. Its answer authorizes nothing.
func (v *Verifier) DryRun(ctx context.Context, req Request) (*Preview, error) {
	return guard("engine", func() (*Preview, error) {
		d, err := v.decide(ctx, req)
		if err != nil {
			return nil, err
		}
		return d.preview(), nil
	})
}

// A stage judges with the answers at hand, and then asks for lookups: those that
// have been earned so far, and no others. judge reports whether the next stage may
// run; it is pure, so that the same answers from a bundle give the same findings. asks
// is called even when judge says stop: a lookup may still change that.
type stage struct {
	judge func(*decision) (proceed bool)
	asks  func(*decision) []lookup
}

// stages are the steps 3 to 6, in the order in which lookups are earned.
var stages = [...]stage{
	{(*decision).proveIssuers, (*decision).issuerLookups},
	{(*decision).checkCredentials, func(*decision) []lookup { return nil }},
	{(*decision).proveHolder, (*decision).holderLookups},
	{(*decision).checkAction, (*decision).actionLookups},
}

// decide takes the steps 1 to 6. An error means that there is no decision.
func (v *Verifier) decide(ctx context.Context, req Request) (*decision, error) {
	d, err := v.read(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := d.checkForm(); err != nil || d.failed() {
		return d, err
	}
	lookupCtx, cancel := context.WithTimeout(fetchbudget.With(ctx, maxFetches), maxLookupTime)
	defer cancel()
	form := d.findings
	for i := 0; i < len(stages); {
		before := d.findings
		proceed := stages[i].judge(d)
		asked := stages[i].asks(d)
		switch {
		case len(asked) > 0: // look up, and judge this stage again
			refreshed, err := d.lookUp(lookupCtx, asked)
			if err != nil {
				return nil, err
			}
			if refreshed { // earlier stages have judged with the older document
				i, before = 0, form
			}
			d.findings = before
		case !proceed:
			return d, nil
		default:
			i++
		}
	}
	p, ok := d.prove()
	if !ok {
		return d, nil
	}
	return d, p.evaluate(ctx)
}
