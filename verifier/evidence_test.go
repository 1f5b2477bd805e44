package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// A presentation without a holder whose proof names no DID must not get past
// the screen, let alone bring the host down.
func TestNobodyPresents(t *testing.T) {
	for _, method := range []string{"#k", "/x", "?x", "did:", "x", "did:key:", "did:key:z6Mk", " "} {
		vp := toObject(t, sample.Presentation())
		delete(vp, "holder")
		vp["proof"].(object)["verificationMethod"] = method
		req := request()
		req.Presentation = toJSON(t, vp)
		res, err := newVerifier(t, config(t)).Verify(context.Background(), req)
		if got := outcome(res, err); got != "verification_method_invalid" {
			t.Errorf("%q: got %s, %v", method, got, err)
		}
	}
}

// subject returns the credentialSubject of the receipt of a deny.
func subject(t *testing.T, err error) object {
	t.Helper()
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Receipt == nil {
		t.Fatalf("no deny with a receipt: %v", err)
	}
	return toObject(t, deny.Receipt.Bytes())["credentialSubject"].(object)
}

func keyRows(t *testing.T, s object) (rows []string) {
	for _, c := range s["checks"].([]any) {
		if row := c.(object); row["check"] == "key" {
			rows = append(rows, fmt.Sprint(row["did"], " ", row["result"]))
		}
	}
	return rows
}

// What a receipt says of a denial is what was proven, and what was not is
// called so.
func TestReceiptsClaimWhatIsProven(t *testing.T) {
	verify := func(vp object, change func(*verifier.Config, *verifier.Request)) object {
		cfg, req := config(t), request()
		req.Presentation = toJSON(t, vp)
		if change != nil {
			change(&cfg, &req)
		}
		_, err := newVerifier(t, cfg).Verify(context.Background(), req)
		return subject(t, err)
	}
	t.Run("nothing proven", func(t *testing.T) {
		vp := toObject(t, sample.Presentation())
		vc := vp["verifiableCredential"].([]any)[0].(object)
		vc["id"], vp["holder"] = "urn:via:credential:victim", "did:web:victim.example"
		s := verify(vp, nil)
		r := s["request"].(object)
		if s["id"] != nil || r["holder"] != nil || r["unverifiedCredential"] != "urn:via:credential:victim" || r["unverifiedHolder"] != "did:web:victim.example" {
			t.Errorf("id %v, request %v", s["id"], r)
		}
		if rows := keyRows(t, s); !slices.Equal(rows, []string{sample.Issuer + " pass"}) {
			t.Errorf("keys %q", rows)
		}
	})
	t.Run("forged presentation of a proven credential", func(t *testing.T) {
		vp := toObject(t, sample.Presentation())
		vp["proof"].(object)["nonce"] = "forged"
		s := verify(vp, nil)
		r := s["request"].(object)
		if s["id"] != sample.MandateID || r["holder"] != nil || r["unverifiedHolder"] != sample.Holder || s["reason"] != "proof_invalid" {
			t.Errorf("id %v, request %v, reason %v", s["id"], r, s["reason"])
		}
	})
	t.Run("forged commitment to parameters", func(t *testing.T) {
		// The right commitment for the parameters, which the holder never signed.
		vp := toObject(t, present(t, "n", sample.Credential()))
		vp["proof"].(object)["challenge"] = "n~" + actionHash(t, sample.ParamsAllow())
		s := verify(vp, func(_ *verifier.Config, req *verifier.Request) { req.Challenge = "" })
		if s["request"].(object)["paramsBound"] != false {
			t.Errorf("the parameters are bound, though the signature is wrong: %v", s["reason"])
		}
	})
	t.Run("key revoked", func(t *testing.T) {
		doc := func(more string) *didresolve.Document {
			d, err := didresolve.ParseDocument([]byte(`{"id":"did:web:h.example","verificationMethod":[{"id":"#k","type":"Multikey","controller":"did:web:h.example",` +
				`"publicKeyMultibase":"` + strings.TrimPrefix(sample.Holder, "did:key:") + `"` + more + `}],"authentication":["#k"],"assertionMethod":["#k"]}`))
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		s, err := receipts.NewKeySigner(sample.Key(2), "did:web:h.example#k")
		if err != nil {
			t.Fatal(err)
		}
		vc := issue(t, func(_, mandate object) {
			mandate["context"] = object{"authorizedDIDs": []string{"did:web:h.example", sample.Verifier}}
		})
		vp, err := signing.Presentation(context.Background(), "", [][]byte{vc}, s, signing.Options{Created: sample.Now(), Domain: []string{sample.Verifier}})
		if err != nil {
			t.Fatal(err)
		}
		got := verify(toObject(t, vp), func(c *verifier.Config, req *verifier.Request) {
			req.Challenge = ""
			c.Resolver = didresolve.Chain(didresolve.Static(doc(`,"revoked":"2026-01-01T00:00:00Z"`)), didresolve.Key())
		})
		if rows := keyRows(t, got); got["reason"] != "key_revoked" || !slices.Equal(rows, []string{sample.Issuer + " pass", "did:web:h.example fail"}) {
			t.Errorf("%v, keys %q", got["reason"], rows)
		}
		issuerGone := verify(toObject(t, sample.Presentation()), func(c *verifier.Config, _ *verifier.Request) {
			d, err := didresolve.ParseDocument([]byte(`{"id":"` + sample.Issuer + `"}`))
			if err != nil {
				t.Fatal(err)
			}
			c.Resolver = didresolve.Static(d)
		})
		if rows := keyRows(t, issuerGone); issuerGone["reason"] != "key_not_authorized" || !slices.Equal(rows, []string{sample.Issuer + " fail"}) {
			t.Errorf("%v, keys %q", issuerGone["reason"], rows)
		}
	})
	t.Run("no policy without an evaluation", func(t *testing.T) {
		vp := toObject(t, present(t, sample.Challenge, issue(t, func(vc, _ object) { vc["validUntil"] = "2026-01-01T00:00:00Z" })))
		if s := verify(vp, nil); s["policy"] != nil || s["reason"] != "credential_expired" {
			t.Errorf("policy %v, reason %v", s["policy"], s["reason"])
		}
	})
	t.Run("settings that widen", func(t *testing.T) {
		s := verify(toObject(t, sample.Presentation()), func(c *verifier.Config, req *verifier.Request) {
			c.Leeway, c.MaxAge, c.MaxFuture, c.Contexts = time.Hour, time.Hour, time.Hour, []string{"urn:x:1"}
			req.ExecutionParams = sample.ParamsDeny()
		})
		if got := fmt.Sprint(s["request"].(object)["modes"]); got != "[issuer:strict max-age:1h0m0s max-future:1h0m0s leeway:1h0m0s contexts:1]" {
			t.Errorf("modes %s", got)
		}
	})
}

func actionHash(t *testing.T, params []byte) string {
	t.Helper()
	h, err := viamandate.ActionHash(sample.MandateID, "book_hotel", parseValue(t, params))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Lookups are bounded, and in the order in which each is earned.
func TestLookups(t *testing.T) {
	entry := func(i int) object {
		return object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "5", "statusListCredential": fmt.Sprintf("%s%d", statusListURL, i)}
	}
	withEntries := func(from, n int) []byte {
		return issue(t, func(vc, _ object) {
			var entries []object
			for i := range n {
				entries = append(entries, entry(from+i))
			}
			vc["credentialStatus"] = entries
			if from > 0 {
				vc["type"] = []string{"VerifiableCredential"}
			}
		})
	}
	t.Run("more lists than the limit", func(t *testing.T) {
		cfg := config(t)
		asked := 0
		cfg.Status = statusFunc(func() ([]byte, error) { asked++; return nil, verifier.ErrNoStatusList })
		req := request()
		req.Presentation = present(t, sample.Challenge, withEntries(0, 4), withEntries(4, 1))
		res, err := newVerifier(t, cfg).Verify(context.Background(), req)
		var none *verifier.NoDecisionError
		if !errors.As(err, &none) || none.Retryable || asked != 0 {
			t.Errorf("got %s, %v after %d lookups", outcome(res, err), err, asked)
		}
	})
	t.Run("more DIDs than the limit", func(t *testing.T) {
		vp := toObject(t, sample.Presentation())
		vc := vp["verifiableCredential"].([]any)[0].(object)
		var all []any
		for i := range 9 {
			c := toObject(t, toJSON(t, vc))
			did := fmt.Sprintf("did:web:i%d.example", i)
			c["issuer"] = did
			c["proof"].(object)["verificationMethod"] = did + "#k"
			if i > 0 {
				c["type"] = []string{"VerifiableCredential"}
			}
			all = append(all, c)
		}
		for n, want := range map[int]string{7: "did_method_not_supported", 8: "too_many_proofs", 9: "too_many_proofs"} { // and the holder
			vp["verifiableCredential"] = all[:n]
			r := &recordingResolver{next: didresolve.Key()}
			cfg := config(t)
			cfg.TrustedIssuers, cfg.InsecureTrustAnyIssuer, cfg.Resolver = nil, true, r
			req := request()
			req.Presentation = toJSON(t, vp)
			res, err := newVerifier(t, cfg).Verify(context.Background(), req)
			if got := outcome(res, err); got != want || n > 7 && len(r.asked) != 0 {
				t.Errorf("%d DIDs: got %s, %v after %d lookups, want %s", n, got, err, len(r.asked), want)
			}
		}
	})
	t.Run("nothing more for a presenter who is not proven", func(t *testing.T) {
		vp := toObject(t, present(t, "c", issue(t, func(vc, mandate object) {
			withStatus("5")(vc, mandate)
			byReference(t, actions{})(vc, mandate)
		})))
		vp["proof"].(object)["nonce"] = "forged"
		cfg := config(t)
		asked := 0
		cfg.Status = statusFunc(func() ([]byte, error) { asked++; return nil, errors.New("down") })
		cfg.Actions = actionFunc(func() ([]byte, error) { asked++; return nil, errors.New("down") })
		res, err := newVerifier(t, cfg).Verify(context.Background(), verifier.Request{Presentation: toJSON(t, vp), Challenge: "c"})
		if outcome(res, err) != "proof_invalid" || asked != 0 {
			t.Errorf("got %s, %v after %d lookups", outcome(res, err), err, asked)
		}
	})
	t.Run("an answer after the deadline", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cfg := config(t)
		cfg.Resolver = resolverFunc(func() (*didresolve.Resolution, error) {
			cancel() // and a definite answer, which whatever was late may have caused
			return nil, &didresolve.Error{Type: didresolve.ErrNotFound}
		})
		res, err := newVerifier(t, cfg).Verify(ctx, request())
		if outcome(res, err) != "none" {
			t.Errorf("got %s, %v", outcome(res, err), err)
		}
	})
	t.Run("the document of another DID lists the key", func(t *testing.T) {
		other, err := didresolve.ParseDocument([]byte(`{"id":"did:web:other.example","assertionMethod":["did:key:` +
			strings.TrimPrefix(sample.Holder, "did:key:") + `#` + strings.TrimPrefix(sample.Holder, "did:key:") + `"]}`))
		if err != nil {
			t.Fatal(err)
		}
		vp := toObject(t, sample.Presentation())
		vc := vp["verifiableCredential"].([]any)[0].(object)
		vc["issuer"] = "did:web:issuer.example"
		vc["proof"].(object)["verificationMethod"] = sample.Holder + "#" + strings.TrimPrefix(sample.Holder, "did:key:")
		cfg := config(t)
		cfg.TrustedIssuers, cfg.IssuerBinding = []string{"did:web:issuer.example"}, verifier.IssuerListed
		cfg.Resolver = swapped{"did:web:issuer.example", other}
		req := request()
		req.Presentation = toJSON(t, vp)
		res, err := newVerifier(t, cfg).Verify(context.Background(), req)
		if outcome(res, err) != "did_invalid" {
			t.Errorf("got %s, %v", outcome(res, err), err)
		}
	})
}

// swapped answers for one DID with the document of another.
type swapped struct {
	did   string
	other *didresolve.Document
}

func (s swapped) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	if did == s.did {
		return &didresolve.Resolution{Document: s.other}, nil
	}
	return didresolve.Key().Resolve(ctx, did)
}

type statusFunc func() ([]byte, error)

func (f statusFunc) StatusList(context.Context, string) ([]byte, error) { return f() }

type actionFunc func() ([]byte, error)

func (f actionFunc) Action(context.Context, policy.Ref) ([]byte, error) { return f() }
