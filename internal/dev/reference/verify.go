package reference

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// The numbered checks. The lowest failed check gives the reason.
var checkNames = map[int]string{10: "vp.structure", 12: "vp.context", 14: "vp.proof.form", 16: "vp.challenge", 17: "vp.domain", 18: "vp.freshness",
	20: "vc.structure", 22: "vc.context", 24: "vc.proof.form", 26: "mandate.select", 28: "mandate.shape", 30: "issuer.trusted",
	40: "issuer.key", 42: "vc.proof", 44: "issuer.binding", 46: "grantor.proofs", 50: "vc.validity", 52: "vc.status", 54: "vc.evidence",
	60: "holder.authorized", 62: "verifier.authorized", 64: "scope", 70: "holder.key", 72: "vp.proof", 74: "holder.binding",
	80: "action.required", 82: "action.source", 84: "action.digest", 86: "action.compile", 88: "params.bound",
	90: "userParams.shape", 92: "executionParams.shape", 94: "rules", 98: "replay"}

// A judge decides one request. It looks everything up when needed, without a
// cache. A failed lookup ends the decision, unless the request is already
// denied by what is known.
type judge struct {
	world
	cfg, req object
	now      time.Time
	leeway   time.Duration
	trusted  []any

	failed   map[int]string
	warned   []string
	outage   bool
	resolved map[string]bool
	lists    map[string]bool

	vp          object
	proofs      []*proof
	holder      string
	credentials []*credential
	mandate     mandate
	chosen      *credential
	params      object
	bound       bool
	action      *action // nil: there is none
	outside     string  // a rule outside the supported subset
}

// A credential is a credential of the presentation, or a status list.
type credential struct {
	vc     object
	proofs []*proof
	form   string
	others []*proof // of signers other than the issuer
}

func (j *judge) fail(check int, reason string) {
	if _, already := j.failed[check]; !already && reason != "" {
		j.failed[check] = reason
	}
}

func (j *judge) unless(ok bool, check int, reason string) {
	if !ok {
		j.fail(check, reason)
	}
}

// doc looks up a document. reason is errOutage if the lookup fails.
func (j *judge) doc(did string) (object, string) {
	doc, reason := j.resolve(did)
	if j.resolved[did] = true; reason == errOutage || len(j.resolved) > 8 {
		j.outage = true
		return nil, errOutage
	}
	return doc, reason
}

// key finds the key of a proof. Every error fails the check.
func (j *judge) key(check int, p *proof, purpose string) []byte {
	doc, reason := j.doc(controller(p.method))
	if reason == errOutage {
		return nil
	}
	var key []byte
	if reason == "" {
		key, reason = keyIn(doc, p.method, purpose, j.now)
	}
	j.fail(check, reason)
	return key
}

func seconds(o object, name string, otherwise int) time.Duration {
	if n := number(o, name); n > 0 {
		return time.Duration(n) * time.Second
	}
	return time.Duration(otherwise) * time.Second
}

// verify decides a case of the area verify, in the format of its expect. It
// leaves out offsets and pointers of invalid JSON.
func verify(in object) (object, error) {
	used := false
	for _, b := range list(in, "before") {
		req := without(member(in, "request").(object), "executionParams", "executionParamsBytes")
		for _, name := range []string{"executionParams", "executionParamsBytes"} {
			if v, ok := b.(object)[name]; ok {
				req[name] = v
			}
		}
		o, err := decide(in, req, used)
		if err != nil {
			return nil, err
		}
		if o["decision"] != text(b, "decision") {
			return nil, errors.New("an earlier request was decided otherwise")
		}
		used = used || o["decision"] == "allow"
	}
	return decide(in, member(in, "request").(object), used)
}

func decide(in, req object, used bool) (object, error) {
	j := &judge{world: world{in}, cfg: member(in, "config").(object), req: req, failed: map[int]string{}, resolved: map[string]bool{}, lists: map[string]bool{}}
	j.now, _ = instant(text(in, "now"))
	j.leeway, j.trusted = seconds(j.cfg, "leewaySeconds", 0), list(j.cfg, "trustedIssuers")
	if j.verifier() == "" { // a configuration error: the verifier's DID is missing
		return object{"decision": "none", "error": errOutage}, nil
	}
	v, err := parse(document(req, "presentation"))
	if err != nil {
		return none(err, "malformed_json"), nil
	}
	var ok bool
	if j.vp, ok = v.(object); !ok || !hasType(v, "VerifiablePresentation") {
		return object{"decision": "none", "error": "not_a_presentation"}, nil
	}
	params := object{}
	if b := document(req, "executionParams"); len(b) > 0 {
		if v, err = parse(b); err != nil {
			return none(err, "malformed_params"), nil
		}
		if params, ok = v.(object); !ok {
			return object{"decision": "none", "error": "malformed_params"}, nil
		}
	}
	j.params = params
	for _, stage := range []func(){j.screen, j.prove, j.authorize} {
		stage()
		if j.outage {
			return object{"decision": "none", "error": errOutage}, nil
		}
		if d := j.denied(); d != nil {
			return d, nil
		}
	}
	return j.evaluate(used)
}

func none(err error, kind string) object {
	if errors.Is(err, errTooLarge) {
		kind = "too_large"
	}
	return object{"decision": "none", "error": kind}
}

// denied returns the deny of the lowest failed check, or nil.
func (j *judge) denied() object {
	for n := range 100 {
		if reason, failed := j.failed[n]; failed {
			return object{"decision": "deny", "reason": reason, "check": checkNames[n]}
		}
	}
	return nil
}

// screen performs checks 10 to 30, which need no lookup.
func (j *judge) screen() {
	j.unless(wellFormedPresentation(j.vp), 10, "malformed_presentation")
	j.context(12, j.vp)
	proofs, _, code := parseProofs(j.vp, false)
	j.fail(14, code)
	j.proofs, j.holder = proofs, idOf(j.vp["holder"])
	if code == "" && !has(j.vp, "holder") {
		j.holder = controller(proofs[0].method)
		if !namesKey(proofs[0].method) {
			j.fail(14, "verification_method_invalid")
			j.proofs = nil
		}
	}
	for _, p := range j.proofs {
		j.presented(p)
	}
	all := slices.Clone(proofs)
	var mandates []*credential
	for i, v := range many(j.vp["verifiableCredential"]) {
		vc, ok := v.(object)
		if !ok || i >= 16 {
			continue
		}
		c := &credential{vc: vc}
		j.credentials = append(j.credentials, c)
		if hasType(vc, "VIAMandate") && (text(j.req, "mandate") == "" || text(vc, "id") == text(j.req, "mandate")) {
			mandates = append(mandates, c)
		}
		j.screenCredential(c)
		all = append(all, c.proofs...)
	}
	signers := map[string]bool{}
	for _, p := range all {
		signers[controller(p.method)] = true
	}
	j.unless(len(signers) <= 8, 24, "too_many_proofs")
	switch len(mandates) {
	case 0:
		j.fail(26, "no_mandate")
	case 1:
		j.chosen = mandates[0]
		m, ok := readMandate(j.chosen.vc)
		j.mandate = m
		j.unless(ok, 28, "malformed_credential")
	default:
		j.fail(26, "ambiguous_mandate")
	}
}

func (j *judge) context(check int, doc object) {
	known := append([]any{contextV2, "https://www.w3.org/ns/credentials/undefined-terms/v2", "https://w3id.org/security/data-integrity/v2",
		"https://via.humanos.dev/ns/v1"}, list(j.cfg, "contexts")...)
	for _, e := range list(doc, "@context") {
		_, isText := e.(string)
		j.unless(isText && slices.Contains(known, e), check, "context_not_allowed")
	}
}

// presented checks the claims of a proof of the presentation.
func (j *judge) presented(p *proof) {
	j.times(14, p, "authentication", false)
	challenge := text(j.req, "challenge")
	j.unless(challenge == "" || text(p.node, "challenge") == challenge, 16, "challenge_mismatch")
	domain, _ := texts(j.req["domain"])
	if len(domain) == 0 {
		domain = []string{j.verifier()}
	}
	unbound := p.domain == nil && flag(j.cfg, "insecureAllowUnbound")
	j.unless(unbound || sameSet(p.domain, domain), 17, "domain_mismatch")
	j.unless(!p.fromFuture(j.now, seconds(j.cfg, "maxFutureSeconds", 60)), 18, "proof_from_future")
	fresh := p.created != nil && !p.created.Before(j.now.Add(-seconds(j.cfg, "maxAgeSeconds", 300)))
	j.unless(fresh || challenge != "", 18, "presentation_stale")
}

// times checks purpose and times of a proof.
func (j *judge) times(check int, p *proof, purpose string, created bool) {
	switch {
	case p.purpose != purpose:
		j.fail(check, "proof_purpose_mismatch")
	case p.expired(j.now, j.leeway):
		j.fail(check, "proof_expired")
	case created && p.fromFuture(j.now, seconds(j.cfg, "maxFutureSeconds", 60)):
		j.fail(check, "proof_from_future")
	}
}

func (j *judge) verifier() string {
	if v := text(j.req, "verifier"); v != "" {
		return v
	}
	return text(j.cfg, "verifier")
}

func (j *judge) screenCredential(c *credential) {
	if hasType(c.vc, "EnvelopedVerifiableCredential") {
		j.fail(20, "credential_enveloped")
		return
	}
	w3c := flag(j.cfg, "w3cOnly")
	j.unless(wellFormedCredential(c.vc, !w3c), 20, "malformed_credential")
	j.context(22, c.vc)
	var code string
	if c.proofs, c.form, code = parseProofs(c.vc, !w3c); code == "proof_missing" {
		code = "credential_unsecured"
	}
	j.fail(24, code)
	for _, p := range c.proofs {
		j.times(24, p, "assertionMethod", true)
	}
	j.unless(flag(j.cfg, "insecureTrustAnyIssuer") || slices.Contains(j.trusted, any(idOf(c.vc["issuer"]))), 30, "issuer_untrusted")
}

// prove performs checks 40 to 46: every credential has a proof of its issuer.
// Denials without a lookup come before lookups, which could fail.
func (j *judge) prove() {
	for _, look := range []bool{false, true} {
		for _, c := range j.credentials {
			j.proveIssuer(c, look)
		}
		j.grantors()
		if len(j.failed) > 0 {
			return
		}
	}
}

func (j *judge) proveIssuer(c *credential, look bool) {
	issuer, found := idOf(c.vc["issuer"]), false
	c.others = nil
	for _, p := range c.proofs {
		if !namesKey(p.method) {
			j.fail(40, "verification_method_invalid")
			return
		}
		own, known := j.ofIssuer(issuer, p, look)
		if !known {
			return
		}
		if !own {
			c.others = append(c.others, p)
			continue
		}
		if found = true; look {
			if key := j.key(40, p, "assertionMethod"); key != nil {
				j.unless(p.verifies(key), 42, "proof_invalid")
			}
		}
	}
	j.unless(found, 44, "issuer_mismatch")
}

// ofIssuer reports whether a proof counts as a proof of the issuer.
func (j *judge) ofIssuer(issuer string, p *proof, look bool) (own, known bool) {
	signer := controller(p.method)
	switch {
	case signer == issuer, text(j.cfg, "issuerBinding") == "mapped" && j.signs("issuerSigners", "issuers", signer, issuer):
		return true, true
	case text(j.cfg, "issuerBinding") != "listed":
		return false, true
	case !look:
		return false, false
	}
	doc, reason := j.doc(issuer)
	if reason != "" {
		if reason != errOutage {
			j.fail(40, reason)
		}
		return false, false
	}
	for _, e := range list(doc, "assertionMethod") {
		if s, _ := e.(string); s == p.method || strings.HasPrefix(s, "#") && text(doc, "id")+s == p.method {
			return true, true
		}
	}
	return false, true
}

// signs reports whether the configuration lets a signer sign for whom.
func (j *judge) signs(table, column, signer, whom string) bool {
	return slices.ContainsFunc(list(j.cfg, table), func(row any) bool {
		return text(row, "signer") == signer && slices.Contains(list(row, column), any(whom))
	})
}

func (j *judge) grantors() {
	signed, all := map[string]bool{}, map[string]bool{}
	for _, g := range j.mandate.grantors {
		all[g] = true
	}
	for _, p := range j.chosen.proofs {
		if did := controller(p.method); all[did] {
			signed[did] = true
		}
	}
	want := int(number(j.cfg, "grantorProofs"))
	if flag(j.cfg, "allGrantorProofs") {
		want = max(len(all), 1)
	}
	j.unless(len(signed) >= want, 46, "grantor_proof_missing")
}

// authorize performs checks 50 to 88. It looks up proofs of others, status
// lists and actions only for a proven presenter.
func (j *judge) authorize() {
	for _, c := range j.credentials {
		j.validity(c.vc)
	}
	j.evidence()
	m := j.mandate
	listed := m.restricted && (slices.Contains(m.authorized, j.holder) || slices.Contains(m.grantors, j.holder))
	j.unless(j.holder == m.subject || listed, 60, "holder_not_authorized")
	verifier := !m.restricted || slices.Contains(m.authorized, j.verifier()) || j.verifier() == idOf(j.chosen.vc["issuer"])
	j.unless(verifier, 62, "verifier_not_authorized")
	j.unless(text(j.req, "scope") == "" || text(j.req, "scope") == m.scope, 64, "scope_mismatch")
	if j.failed[60] != "" || !j.proveHolder() || j.outage {
		return
	}
	for _, c := range j.credentials {
		for _, p := range c.others {
			if key := j.key(42, p, "assertionMethod"); key != nil {
				j.unless(p.verifies(key), 42, "proof_invalid")
			}
		}
	}
	checked := 0
	for _, c := range j.credentials {
		if !has(c.vc, "credentialStatus") {
			continue
		}
		entries := many(c.vc["credentialStatus"])
		if len(entries) > 4 || checked >= 16 {
			j.fail(52, "status_unknown")
			continue
		}
		for _, e := range entries {
			checked++
			j.fail(52, j.status(c, e.(object)))
		}
	}
	j.findAction()
}

func (j *judge) validity(vc object) {
	from, hasFrom := instant(text(vc, "validFrom"))
	until, hasUntil := instant(text(vc, "validUntil"))
	switch {
	case hasFrom && j.now.Before(from.Add(-j.leeway)):
		j.fail(50, "credential_not_yet_valid")
	case hasUntil && j.now.After(until.Add(j.leeway)):
		j.fail(50, "credential_expired")
	case has(vc, "validUntil") && vc["validUntil"] == nil:
		j.warn("vc.validity")
	}
}

func (j *judge) warn(check string) {
	if !slices.Contains(j.warned, check) {
		j.warned = append(j.warned, check)
	}
}

func (j *judge) evidence() {
	for _, file := range list(j.req, "evidence") {
		named := false
		digest := sri(bytesOf(without(file.(object), "id")))
		for _, c := range j.credentials {
			for _, e := range append(many(c.vc["evidence"]), many(c.vc["evidences"])...) {
				if text(e, "id") == text(file, "id") {
					named = true
					j.unless(text(e, "digestSRI") == digest, 54, "evidence_mismatch")
				}
			}
		}
		j.unless(named, 54, "evidence_mismatch")
	}
}

// proveHolder reports whether every proof of the presentation is valid.
func (j *judge) proveHolder() bool {
	before := len(j.failed)
	for _, p := range j.proofs {
		signer := controller(p.method)
		switch {
		case !namesKey(p.method):
			j.fail(70, "verification_method_invalid")
		case signer != j.holder && !j.signs("presentationSigners", "holders", signer, j.holder):
			j.fail(74, "holder_mismatch")
		default:
			if key := j.key(70, p, "authentication"); key != nil {
				j.unless(p.verifies(key), 72, "proof_invalid")
			}
		}
	}
	return len(j.failed) == before
}
