package bundle

import (
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/verifier"
)

// settings writes what of a Config a decision depends on, beside what its
// interfaces answered. ChallengeLifetime and the sources of time and randomness
// are not among it.
func settings(c *verifier.Config) object {
	return object{
		"trustedIssuers": orEmpty(c.TrustedIssuers), "issuerBinding": c.IssuerBinding.String(),
		"issuerSigners": signers(c.IssuerSigners), "presentationSigners": signers(c.PresentationSigners),
		"grantorProofs": c.GrantorProofs, "verifier": c.Verifier,
		"maxAge": c.MaxAge.String(), "maxFuture": c.MaxFuture.String(), "leeway": c.Leeway.String(), "maxStatusAge": c.MaxStatusAge.String(),
		"requireParamsBinding": c.RequireParamsBinding, "allowActionless": c.AllowActionless, "w3cOnly": c.W3COnly,
		"contexts": orEmpty(c.Contexts), "status": c.Status != nil, "actions": c.Actions != nil, "contextChecker": c.ContextChecker != nil,
		"insecureTrustAnyIssuer": c.InsecureTrustAnyIssuer, "insecureAllowUnbound": c.InsecureAllowUnbound,
		"insecureAllowReplay": c.InsecureAllowReplay, "insecureUnpinnedActions": c.InsecureUnpinnedActions,
	}
}

func signers(m map[string][]string) []object {
	out := []object{}
	for _, did := range slices.Sorted(maps.Keys(m)) {
		out = append(out, object{"signer": did, "for": orEmpty(m[did])})
	}
	return out
}

// present marks an interface that was configured. Nothing of it is ever called:
// [Reproduce] puts the answers of the bundle in its place.
type present struct {
	verifier.StatusSource
	verifier.ContextChecker
	actionSource
}

func readSettings(r *reader) verifier.Config {
	c := verifier.Config{
		TrustedIssuers: r.texts("trustedIssuers"),
		IssuerSigners:  r.signers("issuerSigners"), PresentationSigners: r.signers("presentationSigners"),
		GrantorProofs: int(r.number("grantorProofs")), Verifier: r.text("verifier"),
		MaxAge: r.duration("maxAge"), MaxFuture: r.duration("maxFuture"), Leeway: r.duration("leeway"), MaxStatusAge: r.duration("maxStatusAge"),
		RequireParamsBinding: r.flag("requireParamsBinding"), AllowActionless: r.flag("allowActionless"), W3COnly: r.flag("w3cOnly"),
		Contexts:               r.texts("contexts"),
		InsecureTrustAnyIssuer: r.flag("insecureTrustAnyIssuer"), InsecureAllowUnbound: r.flag("insecureAllowUnbound"),
		InsecureAllowReplay: r.flag("insecureAllowReplay"), InsecureUnpinnedActions: r.flag("insecureUnpinnedActions"),
	}
	binding := r.text("issuerBinding")
	known := []verifier.IssuerBinding{verifier.IssuerStrict, verifier.IssuerListed, verifier.IssuerMapped}
	i := slices.IndexFunc(known, func(b verifier.IssuerBinding) bool { return b.String() == binding })
	if i < 0 {
		r.fail("issuerBinding is %.40q", binding)
	} else {
		c.IssuerBinding = known[i]
	}
	if r.flag("status") {
		c.Status = present{}
	}
	if r.flag("actions") {
		c.Actions = present{}
	}
	if r.flag("contextChecker") {
		c.ContextChecker = present{}
	}
	return c
}

func (r *reader) signers(name string) map[string][]string {
	m := map[string][]string{}
	r.each(name, func(e *reader) {
		did := e.text("signer")
		if _, twice := m[did]; twice {
			e.fail("signer %.80q stands there twice", did)
		}
		m[did] = e.texts("for")
	})
	return m
}

func (r *reader) duration(name string) time.Duration {
	d, err := time.ParseDuration(r.text(name))
	if err != nil {
		r.fail("%s is no duration", name)
	}
	return d
}
