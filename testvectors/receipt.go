package testvectors

import (
	"context"
	"errors"

	"github.com/mandate-engine/mandate/receipts"
)

// readReceipt reads the area receipt: whether a receipt verifies.
func readReceipt(in, want *reader) runner {
	receipt := in.document("receipt")
	if receipt == nil {
		in.fail("receipt is missing")
	}
	cfg := receipts.VerifyConfig{Issuers: in.TextsIf("issuers"), At: in.Time("now"), Resolver: readResolver(in)}
	switch want.oneOf("verdict", "verified", "not_verified", "unavailable") {
	case "verified":
		for _, name := range []string{"id", "issuer", "event", "completeness"} {
			want.Text(name)
		}
		want.TextIf("decision")
		want.TextIf("outcomeOf")
		want.TextIf("reason")
		want.TextIf("credentialId")
	}
	return func(ctx context.Context) (outcome, string) {
		v, err := receipts.Verify(ctx, receipt, cfg)
		switch {
		case errors.Is(err, receipts.ErrNotVerified):
			return outcome{"verdict": "not_verified"}, err.Error()
		case err != nil:
			return outcome{"verdict": "unavailable"}, err.Error()
		}
		o := outcome{
			"verdict":      "verified",
			"id":           v.ID,
			"issuer":       v.Issuer,
			"event":        string(v.Event),
			"completeness": string(v.Completeness),
		}
		o.put("decision", v.Decision)
		o.put("outcomeOf", v.OutcomeOf.ID)
		o.put("reason", v.Reason)
		o.put("credentialId", v.Credential)
		return o, ""
	}
}
