package reference

import (
	"fmt"
	"slices"
	"strings"
)

// findAction performs checks 80 to 88.
func (j *judge) findAction() {
	if !j.mandate.hasAction {
		if !flag(j.cfg, "allowActionless") || len(j.params) > 0 {
			j.fail(80, "action_required")
			return
		}
		j.warn("action.required")
		j.paramsBound("")
		return
	}
	content, ok := j.content()
	if !ok {
		return
	}
	if j.action, ok, j.outside = readAction(content); !ok {
		j.fail(86, "action_invalid")
		return
	}
	name := j.action.name
	if j.action.tools != nil {
		name = text(j.params, "tool")
	}
	j.paramsBound(name)
}

// evaluate performs checks 90 to 98.
func (j *judge) evaluate(used bool) (object, error) {
	if j.outside != "" {
		return nil, fmt.Errorf("%w: %s", ErrNotCovered, j.outside)
	}
	evaluations := []any{}
	if j.action != nil {
		var reason string
		var faults []fault
		reason, evaluations, faults = j.action.decide(j.mandate.userParams, j.params, j.now)
		j.fail(map[string]int{"user_params_invalid": 90, "execution_params_invalid": 92, "rule_failed": 94, "rule_error": 94}[reason], reason)
		if d := j.denied(); d != nil {
			withRules(d, evaluations, faults)
			return d, nil
		}
	}
	if used && !flag(j.cfg, "insecureAllowReplay") {
		d := object{"decision": "deny", "reason": "presentation_replayed", "check": "replay"}
		withRules(d, evaluations, nil)
		return d, nil
	}
	return j.allowed(evaluations), nil
}

func withRules(o object, evaluations []any, faults []fault) {
	if evaluations != nil {
		o["evaluations"] = evaluations
	}
	if len(faults) > 0 {
		l := []any{}
		for _, f := range faults {
			l = append(l, object{"pointer": f[0], "code": f[1]})
		}
		o["faults"] = l
	}
}

// content returns the content of the action, unless a check has failed.
func (j *judge) content() (content any, ok bool) {
	a := j.mandate.action
	digest := text(a, "digestSRI")
	if content = a["content"]; content == nil {
		if digest == "" && !flag(j.cfg, "insecureUnpinnedActions") {
			j.fail(84, "action_digest_mismatch")
			return nil, false
		}
		found := slices.IndexFunc(list(j.in, "actions"), func(e any) bool {
			return text(e, "id") == text(a, "id") && (!has(a, "version") || number(e, "version") == number(a, "version"))
		})
		if found < 0 {
			j.fail(82, "action_unavailable")
			return nil, false
		}
		b := document(list(j.in, "actions")[found].(object), "content")
		if j.outage = j.outage || b == nil; j.outage {
			return nil, false
		}
		var err error
		if content, err = parse(b); err != nil {
			j.fail(86, "action_invalid")
			return nil, false
		}
	}
	if digest != "" && sri(canon(content)) != digest {
		j.fail(84, "action_digest_mismatch")
		return nil, false
	}
	return content, true
}

func (j *judge) paramsBound(name string) {
	for _, p := range j.proofs {
		challenge := text(p.node, "challenge")
		at := strings.LastIndex(challenge, "~sha256-")
		if at < 0 {
			j.unless(!flag(j.cfg, "requireParamsBinding"), 88, "params_mismatch")
			continue
		}
		j.bound = true
		j.unless(challenge[at+1:] == actionHash(j.mandate.id, name, j.params), 88, "params_mismatch")
	}
}

func actionHash(mandate, name string, params any) string {
	return sri(canon(object{"mandateId": mandate, "action": name, "params": params}))
}

// allowed returns the allow of a request that passed every check.
func (j *judge) allowed(evaluations []any) object {
	o := object{"decision": "allow", "credentialId": j.mandate.id, "paramsBound": j.bound, "proofForm": j.chosen.form, "evaluations": evaluations}
	insecure := []any{}
	for _, name := range []string{"TrustAnyIssuer", "AllowUnbound", "AllowReplay", "UnpinnedActions"} {
		if flag(j.cfg, "insecure"+name) {
			insecure = append(insecure, "Insecure"+name)
		}
	}
	if len(insecure) > 0 {
		o["insecure"] = insecure
	}
	warnings := []any{}
	for _, n := range []string{"vc.validity", "vc.status", "action.required"} {
		if slices.Contains(j.warned, n) {
			warnings = append(warnings, n)
		}
	}
	if len(warnings) > 0 {
		o["warnings"] = warnings
	}
	return o
}
