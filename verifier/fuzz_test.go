package verifier_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// FuzzVerify checks that any bytes lead to an allow, a deny with a reason and a receipt,
// or a RequestError, and that only the presentation that was signed is allowed.
func FuzzVerify(f *testing.F) {
	f.Add(sample.Presentation(), sample.ParamsAllow())
	f.Add(sample.Presentation(), sample.ParamsDeny())
	f.Add(sample.Presentation(), sample.ParamsInvalid())
	f.Add([]byte(`{"type":"VerifiablePresentation"}`), []byte(`{}`))
	f.Add(present(f, sample.Challenge, issue(f, withStatus("5"))), []byte(`{"amount":1}`))
	signed := map[string]bool{}
	cfg := config(f)
	cfg.InsecureAllowReplay = true
	cfg.Rand = zeros{} // the same input takes the same path
	cfg.Status = lists{statusListURL: statusList(f, "revocation", 5)}
	v := newVerifier(f, cfg)
	form, err := canonical.Transform(sample.Presentation())
	if err != nil {
		f.Fatal(err)
	}
	signed[string(form)] = true
	f.Fuzz(func(t *testing.T, vp, params []byte) {
		req := verifier.Request{Presentation: vp, ExecutionParams: params, Challenge: sample.Challenge}
		res, err := v.Verify(context.Background(), req)
		var deny *verifier.DenyError
		var bad *verifier.RequestError
		switch {
		case err == nil:
			form, ferr := canonical.Transform(vp)
			if ferr != nil || !signed[string(form)] || res == nil || res.Receipt == nil {
				t.Fatalf("allowed %q", vp)
			}
		case errors.As(err, &deny):
			if deny.Reason == "" || deny.Check == "" || deny.Receipt == nil || res != nil {
				t.Fatalf("a deny without reason or receipt: %+v", deny)
			}
		case !errors.As(err, &bad):
			t.Fatalf("no decision, though nothing was out of reach: %v", err)
		}
		report(t, res, err) // every text has a JSON form
	})
}
