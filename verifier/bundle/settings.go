package bundle

import (
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/internal/jsonread"
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

func readSettings(r *jsonread.Reader) verifier.Config {
	c := verifier.Config{
		TrustedIssuers: r.Texts("trustedIssuers"),
		IssuerSigners:  readSigners(r, "issuerSigners"), PresentationSigners: readSigners(r, "presentationSigners"),
		GrantorProofs: int(r.Integer("grantorProofs", verifier.AllGrantors)), Verifier: r.Text("verifier"),
		MaxAge: readDuration(r, "maxAge"), MaxFuture: readDuration(r, "maxFuture"), Leeway: readDuration(r, "leeway"), MaxStatusAge: readDuration(r, "maxStatusAge"),
		RequireParamsBinding: r.Bool("requireParamsBinding"), AllowActionless: r.Bool("allowActionless"), W3COnly: r.Bool("w3cOnly"),
		Contexts:               r.Texts("contexts"),
		InsecureTrustAnyIssuer: r.Bool("insecureTrustAnyIssuer"), InsecureAllowUnbound: r.Bool("insecureAllowUnbound"),
		InsecureAllowReplay: r.Bool("insecureAllowReplay"), InsecureUnpinnedActions: r.Bool("insecureUnpinnedActions"),
	}
	binding := r.Text("issuerBinding")
	known := []verifier.IssuerBinding{verifier.IssuerStrict, verifier.IssuerListed, verifier.IssuerMapped}
	i := slices.IndexFunc(known, func(b verifier.IssuerBinding) bool { return b.String() == binding })
	if i < 0 {
		r.Fail(r.At.Get("issuerBinding"), "issuerBinding is %.40q", binding)
	} else {
		c.IssuerBinding = known[i]
	}
	if r.Bool("status") {
		c.Status = present{}
	}
	if r.Bool("actions") {
		c.Actions = present{}
	}
	if r.Bool("contextChecker") {
		c.ContextChecker = present{}
	}
	r.Done()
	return c
}

func readSigners(r *jsonread.Reader, name string) map[string][]string {
	m := map[string][]string{}
	for _, e := range r.Objects(name) {
		did := e.Text("signer")
		if _, twice := m[did]; twice {
			e.Fail(e.At, "signer %.80q stands there twice", did)
		}
		m[did] = e.Texts("for")
		e.Done()
	}
	return m
}

func readDuration(r *jsonread.Reader, name string) time.Duration {
	d, err := time.ParseDuration(r.Text(name))
	if err != nil {
		r.Fail(r.At.Get(name), "%s is no duration", name)
	}
	return d
}
