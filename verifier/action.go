package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/policy"
)

// errNoAction marks a referenced action that does not exist.
var errNoAction = errors.New("there is no such action")

// actionLookups asks for what is looked up only for a presenter who is proven: the
// documents of other signers of the credentials, status lists, and the action when
// the mandate references it.
func (d *decision) actionLookups() (asked []lookup) {
	for _, c := range d.credentials {
		asked = append(asked, d.awaited(c, byOthers)...)
	}
	asked = append(asked, d.statusLookups()...)
	if ref := d.mandate.ref(); d.referencesAction() && (ref.Digest != "" || d.v.cfg.InsecureUnpinnedActions) && d.v.cfg.Actions != nil {
		if doc, err := d.content(ref); doc == nil && err == nil {
			asked = append(asked, lookup{ofAction, ref})
		}
	}
	return asked
}

func (d *decision) referencesAction() bool {
	return d.mandate.Action.Kind() != canonical.Absent && d.mandate.Content.Kind() == canonical.Absent
}

// checkAction makes the checks that need those lookups, and checks the parameters that
// the challenge commits to.
func (d *decision) checkAction() bool {
	d.checkOthers()
	d.checkStatus()
	d.compileAction()
	return !d.failed()
}

// compileAction finds, pins and compiles the mandate's action.
func (d *decision) compileAction() {
	m := d.mandate
	if m.Action.Kind() == canonical.Absent {
		switch {
		case !d.v.cfg.AllowActionless:
			d.fail(checkActionRequired, ReasonActionRequired, m.vc.node, "the mandate has no action")
		case d.params.Len() > 0:
			d.fail(checkActionRequired, ReasonActionRequired, m.vc.node, "the mandate has no action that could judge the execution parameters")
		default:
			d.warn(checkActionRequired, m.vc.node, "the mandate has no action: nothing restricts what it is used for")
			d.checkParamsBound("")
		}
		return
	}
	d.pass(checkActionRequired)
	content, ok := d.actionContent()
	if !ok {
		return
	}
	action, err := d.v.actions.Compile(content)
	if err != nil {
		d.fail(checkActionCompile, ReasonActionInvalid, m.Action, "%s", shorten(err.Error()))
		return
	}
	d.pass(checkActionCompile)
	d.action = action
	name := action.Name()
	if action.HasTools() {
		name, _ = d.params.Get("tool").String()
	}
	d.checkParamsBound(name)
}

// actionContent returns the content of the action, compared with its digest.
func (d *decision) actionContent() (content canonical.Value, ok bool) {
	m := d.mandate
	if d.referencesAction() {
		if m.Digest == "" && !d.v.cfg.InsecureUnpinnedActions {
			d.fail(checkActionDigest, ReasonActionDigestMismatch, m.Action, "the action is referenced without a digest")
			return content, false
		}
		doc, err := d.content(m.ref())
		switch {
		case d.v.cfg.Actions == nil:
			d.fail(checkActionSource, ReasonActionUnavailable, m.Action, "the action is referenced, and there is no source of actions")
			return content, false
		case errors.Is(err, errNoAction):
			d.fail(checkActionSource, ReasonActionUnavailable, m.Action, "%v", err)
			return content, false
		case err != nil:
			d.fail(checkActionCompile, ReasonActionInvalid, m.Action, "the referenced action: %v", err)
			return content, false
		case doc == nil: // not looked up yet
			return content, false
		}
		content = doc.Root()
		d.pass(checkActionSource)
	} else {
		content = m.Content
		d.skip(checkActionSource, "the action is inline")
	}
	if m.Digest == "" {
		d.skip(checkActionDigest, "the mandate states no digest")
		return content, true
	}
	if got := canonical.SRI(content.SHA256()); got != m.Digest {
		d.fail(checkActionDigest, ReasonActionDigestMismatch, m.Action, "the digest of the action is %s, the mandate says %q", got, shorten(m.Digest))
		return content, false
	}
	d.pass(checkActionDigest)
	return content, true
}

// checkParamsBound: a challenge of the form nonce~sha256-… commits the
// presentation to one mandate, action and set of parameters.
func (d *decision) checkParamsBound(action string) {
	at := d.root.Get("proof")
	for _, p := range d.proofs {
		i := strings.LastIndex(p.Challenge, "~sha256-")
		if i < 0 {
			if d.v.cfg.RequireParamsBinding {
				d.fail(checkParamsBound, ReasonParamsMismatch, at, "the challenge does not commit to parameters")
			} else {
				d.skip(checkParamsBound, "the challenge does not commit to parameters")
			}
			continue
		}
		committed := p.Challenge[i+1:]
		hash, err := viamandate.ActionHash(d.mandate.ID, action, d.params)
		switch {
		case err != nil: // unreachable: all of it was parsed
			d.fail(checkParamsBound, ReasonParamsMismatch, at, "%v", err)
		case committed != hash:
			d.fail(checkParamsBound, ReasonParamsMismatch, at, "the challenge commits to %q, these parameters are %s", shorten(committed), hash)
		default:
			d.pass(checkParamsBound)
		}
	}
}

// proven is a decision of which no check has failed, and every proof was verified.
// Only prove makes one, and rules run on nothing else.
type proven struct{ *decision }

func (d *decision) prove() (p proven, ok bool) {
	if d.failed() || !d.passedAt(checkVPProof) || !d.passedAt(checkVCProof) || !d.allVerified() {
		return proven{}, false
	}
	return proven{d}, true
}

// evaluate runs the rules of the action.
func (p proven) evaluate(ctx context.Context) error {
	if p.action == nil {
		// AllowActionless; compileAction has checked that there are no parameters.
		if p.mandate.Action.Kind() != canonical.Absent || !p.mayAllow() {
			return noRetry(errors.New("there is neither an action nor a check that failed"))
		}
		p.skip(checkRules, "the mandate has no action")
		return nil
	}
	out, err := p.action.Evaluate(ctx, policy.Input{UserParams: p.mandate.UserParams, ExecutionParams: p.params, Now: p.now})
	if err != nil {
		return noDecision("rules", err)
	}
	at, reason := checkRules, ReasonRuleError // also for a reason that this version does not know
	switch out.Reason {
	case policy.ReasonUserParamsInvalid:
		at, reason = checkUserParams, ReasonUserParamsInvalid
	case policy.ReasonExecutionParamsInvalid:
		at, reason = checkExecutionParams, ReasonExecutionParamsInvalid
	case policy.ReasonRuleFailed:
		reason = ReasonRuleFailed
	}
	for _, c := range []check{checkUserParams, checkExecutionParams} { // before the rules
		if at > c {
			p.pass(c)
		}
	}
	if out.Allow && out.Reason == "" {
		p.pass(checkRules)
	} else {
		p.failAt(at, reason, "", explain(out))
	}
	p.ruled, p.evaluations, p.faults = p.action, out.Evaluations, out.Faults
	return nil
}

// explain says in a sentence what failed.
func explain(out *policy.Decision) string {
	var parts []string
	for _, f := range out.Faults {
		parts = append(parts, cmp.Or(f.Pointer, "the parameters")+": "+f.Message)
	}
	for _, e := range out.Evaluations {
		if e.Result == policy.ResultFail || e.Result == policy.ResultError {
			parts = append(parts, e.Rule+": "+e.Reason)
		}
	}
	const limit = 3
	if len(parts) > limit {
		parts = append(parts[:limit], fmt.Sprintf("and %d more", len(parts)-limit))
	}
	return strings.Join(parts, "; ")
}
