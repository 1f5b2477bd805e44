package verifier_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// askedResolver hides that a resolver derives, and counts what it is asked.
type askedResolver struct {
	didresolve.Resolver
	asked int
}

func (r *askedResolver) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	r.asked++
	return r.Resolver.Resolve(ctx, did)
}

// A decision is the same whether documents are derived in the middle of it or looked
// up between its rounds.
func TestDerivedOrAsked(t *testing.T) {
	change := func(old, new string) []byte {
		vp := present(t, "c", sample.Credential())
		out := strings.Replace(string(vp), old, new, 1)
		if out == string(vp) {
			t.Fatalf("%q is not in the presentation", old)
		}
		return []byte(out)
	}
	for _, tt := range []struct {
		name         string
		presentation []byte
		params       []byte
		want         string
	}{
		{"allow", present(t, "c", sample.Credential()), sample.ParamsAllow(), "allow"},
		{"a rule", present(t, "c", sample.Credential()), sample.ParamsDeny(), "rule_failed"},
		{"another holder", presentAs(t, 5, sample.Credential()), sample.ParamsAllow(), "challenge_mismatch"},
		{"a forged presentation", forged(t, present(t, "c", sample.Credential())), sample.ParamsAllow(), "proof_invalid"},
		{"a changed mandate", change(`"maxAmount"`, `"maxAmounts"`), sample.ParamsAllow(), "proof_invalid"},
		{"a key that is none", change(sample.Issuer+"#", sample.Issuer[:len(sample.Issuer)-1]+"a#"), sample.ParamsAllow(), "issuer_mismatch"},
		{"a fragment that is none", change(sample.Issuer+"#z", sample.Issuer+"#y"), sample.ParamsAllow(), "key_not_authorized"},
	} {
		run := func(r didresolve.Resolver) (string, []verifier.Check) {
			cfg := config(t)
			cfg.Resolver = r
			req := request()
			req.Presentation, req.ExecutionParams, req.Challenge = tt.presentation, tt.params, "c"
			res, err := newVerifier(t, cfg).Verify(t.Context(), req)
			var deny *verifier.DenyError
			if errors.As(err, &deny) {
				return outcome(res, err), deny.Checks
			}
			return outcome(res, err), res.Checks
		}
		asked := &askedResolver{Resolver: didresolve.Key()}
		derived, derivedChecks := run(didresolve.Key())
		looked, lookedChecks := run(asked)
		if derived != tt.want || looked != tt.want || !slices.Equal(derivedChecks, lookedChecks) {
			t.Errorf("%s: %s derived, %s looked up, want %s\n%v\n%v", tt.name, derived, looked, tt.want, derivedChecks, lookedChecks)
		}
		if proven := tt.want == "allow" || tt.want == "rule_failed"; proven && asked.asked != 2 {
			t.Errorf("%s: %d lookups, want 2", tt.name, asked.asked)
		}
	}
}
