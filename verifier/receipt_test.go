package verifier_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// subject returns the credentialSubject of a receipt, and its request.
func subject(t *testing.T, r *receipts.Receipt) (s, request object) {
	t.Helper()
	s = toObject(t, r.Bytes())["credentialSubject"].(object)
	return s, s["request"].(object)
}

// keyRows returns the keys that a receipt names, as DID and result.
func keyRows(t *testing.T, r *receipts.Receipt) (rows []string) {
	t.Helper()
	s, _ := subject(t, r)
	for _, c := range s["checks"].([]any) {
		if row := c.(object); row["check"] == "key" {
			rows = append(rows, fmt.Sprint(row["did"], " ", row["result"]))
		}
	}
	return rows
}

// The receipt of a deny calls unverified what was not proven.
func TestReceiptMarksUnverifiedParties(t *testing.T) {
	t.Run("nothing proven", func(t *testing.T) {
		vp := toObject(t, sample.Presentation())
		vc := vp["verifiableCredential"].([]any)[0].(object)
		vc["id"], vp["holder"] = "urn:via:credential:victim", "did:web:victim.example"
		_, receipt := denied(t, config(t), presenting(toJSON(t, vp)))
		s, r := subject(t, receipt)
		if s["id"] != nil || r["holder"] != nil || r["unverifiedCredential"] != "urn:via:credential:victim" || r["unverifiedHolder"] != "did:web:victim.example" {
			t.Errorf("id %v, request %v", s["id"], r)
		}
		if rows := keyRows(t, receipt); !slices.Equal(rows, []string{sample.Issuer + " pass"}) {
			t.Errorf("keys %q", rows)
		}
	})
	t.Run("forged presentation of a proven credential", func(t *testing.T) {
		vp := toObject(t, sample.Presentation())
		vp["proof"].(object)["nonce"] = "forged"
		_, receipt := denied(t, config(t), presenting(toJSON(t, vp)))
		s, r := subject(t, receipt)
		if s["id"] != sample.MandateID || r["holder"] != nil || r["unverifiedHolder"] != sample.Holder || s["reason"] != "proof_invalid" {
			t.Errorf("id %v, request %v, reason %v", s["id"], r, s["reason"])
		}
	})
	// A proven credential does not make a forged mandate beside it a fact.
	genuine := issue(t, func(vc, _ object) {
		vc["type"], vc["id"] = []string{"VerifiableCredential"}, "urn:genuine"
		vc["credentialSubject"] = object{"id": "did:x:y", "a": "b"}
	})
	for name, method := range map[string]string{
		"forged mandate, a key the issuer does not have": sample.Issuer + "#nokey",
		"forged mandate, a key of somebody else":         signer(t, 6).VerificationMethod(),
		"forged mandate, the issuer's key":               signer(t, 1).VerificationMethod(),
	} {
		forged := toObject(t, sample.Credential())
		forged["id"] = "urn:via:credential:forged"
		forged["proof"].(object)["verificationMethod"] = method
		for _, order := range [][][]byte{{genuine, toJSON(t, forged)}, {toJSON(t, forged), genuine}} {
			deny, receipt := denied(t, config(t), presenting(present(t, sample.Challenge, order...)))
			if r := string(receipt.Bytes()); strings.Contains(r, `"id":"urn:via:credential:forged"`) || !strings.Contains(r, `"unverifiedCredential":"urn:via:credential:forged"`) {
				t.Errorf("%s: %s: the receipt says %s", name, deny.Reason, r)
			}
		}
	}
}

func actionHash(t *testing.T, params []byte) string {
	t.Helper()
	h, err := viamandate.ActionHash(sample.MandateID, "book_hotel", parseValue(t, params))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A receipt says that the parameters are bound only if the holder has signed a
// commitment to them.
func TestReceiptParamsBoundNeedsHolder(t *testing.T) {
	t.Run("forged commitment", func(t *testing.T) {
		vp := toObject(t, present(t, "n", sample.Credential()))
		vp["proof"].(object)["challenge"] = "n~" + actionHash(t, sample.ParamsAllow()) // right, but the holder did not sign it
		req := presenting(toJSON(t, vp))
		req.Challenge = ""
		deny, receipt := denied(t, config(t), req)
		if _, r := subject(t, receipt); r["paramsBound"] != false {
			t.Errorf("the parameters are bound, though the signature is wrong: %v", deny.Reason)
		}
	})
	t.Run("proof of somebody else", func(t *testing.T) {
		vp := toObject(t, present(t, "", sample.Credential()))
		first := vp["proof"]
		delete(vp, "proof")
		second := addProof(t, toJSON(t, vp), signer(t, 6), "authentication", "x~"+actionHash(t, sample.ParamsAllow()))
		added := toObject(t, second)["proof"]
		for _, proofs := range [][]any{{first, added}, {added, first}} {
			vp["proof"] = proofs
			req := presenting(toJSON(t, vp))
			req.Challenge = ""
			deny, receipt := denied(t, config(t), req)
			if r := string(receipt.Bytes()); deny.Reason != verifier.ReasonHolderMismatch || !strings.Contains(r, `"paramsBound":false`) || strings.Contains(r, "challengeDigest") || strings.Contains(r, `"params.bound"`) {
				t.Errorf("%s: the receipt says %s", deny.Reason, r)
			}
		}
	})
}

// A receipt has the check vc.proof only if every proof of every credential was
// verified.
func TestReceiptOmitsVCProofUntilAllAreVerified(t *testing.T) {
	mandate := addProof(t, sample.Credential(), signer(t, 6), "assertionMethod", "")
	vp := presentAs(t, signer(t, 7), sample.Challenge, mandate) // whom the mandate does not name
	deny, receipt := denied(t, config(t), presenting(vp))
	r := string(receipt.Bytes())
	if deny.Reason != verifier.ReasonHolderNotAuthorized || strings.Contains(r, `"check":"vc.proof"`) {
		t.Errorf("%s: the receipt says %s", deny.Reason, r)
	}
	if !strings.Contains(r, `"id":"`+sample.MandateID+`"`) {
		t.Error("the issuer's proof is good, so that the mandate is a fact")
	}
}

// A receipt names the keys that decided, also those that were refused.
func TestReceiptKeyResults(t *testing.T) {
	const holder = "did:web:h.example"
	document := func(text string) *didresolve.Document {
		d, err := didresolve.ParseDocument([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	t.Run("key revoked", func(t *testing.T) {
		vc := issue(t, func(_, mandate object) {
			mandate["context"] = object{"authorizedDIDs": []string{holder, sample.Verifier}}
		})
		req := presenting(presentAs(t, samplesign.Signer(t, 2, holder+"#k"), "", vc))
		req.Challenge = ""
		cfg := config(t)
		cfg.Resolver = didresolve.Chain(didresolve.Static(document(`{"id":"`+holder+`","verificationMethod":[{"id":"#k","type":"Multikey","controller":"`+holder+`",`+
			`"publicKeyMultibase":"`+strings.TrimPrefix(sample.Holder, "did:key:")+`","revoked":"2026-01-01T00:00:00Z"}],"authentication":["#k"],"assertionMethod":["#k"]}`)), didresolve.Key())
		deny, receipt := denied(t, cfg, req)
		if rows := keyRows(t, receipt); deny.Reason != "key_revoked" || !slices.Equal(rows, []string{sample.Issuer + " pass", holder + " fail"}) {
			t.Errorf("%v, keys %q", deny.Reason, rows)
		}
	})
	t.Run("issuer without a key", func(t *testing.T) {
		cfg := config(t)
		cfg.Resolver = didresolve.Static(document(`{"id":"` + sample.Issuer + `"}`))
		deny, receipt := denied(t, cfg, request())
		if rows := keyRows(t, receipt); deny.Reason != "key_not_authorized" || !slices.Equal(rows, []string{sample.Issuer + " fail"}) {
			t.Errorf("%v, keys %q", deny.Reason, rows)
		}
	})
}

// A receipt names a policy only if its rules ran.
func TestReceiptOmitsPolicyThatDidNotRun(t *testing.T) {
	vp := present(t, sample.Challenge, issue(t, func(vc, _ object) { vc["validUntil"] = "2026-01-01T00:00:00Z" }))
	_, receipt := denied(t, config(t), presenting(vp))
	if s, _ := subject(t, receipt); s["policy"] != nil || s["reason"] != "credential_expired" {
		t.Errorf("policy %v, reason %v", s["policy"], s["reason"])
	}
}

// A receipt names the settings that accept more than the defaults.
func TestReceiptModes(t *testing.T) {
	cfg, req := config(t), request()
	cfg.Leeway, cfg.MaxAge, cfg.MaxFuture, cfg.Contexts = time.Hour, time.Hour, time.Hour, []string{"urn:x:1"}
	req.ExecutionParams = sample.ParamsDeny()
	_, receipt := denied(t, cfg, req)
	_, r := subject(t, receipt)
	if got := fmt.Sprint(r["modes"]); got != "[issuer:strict max-age:1h0m0s max-future:1h0m0s leeway:1h0m0s contexts:1]" {
		t.Errorf("modes %s", got)
	}
}

// A receipt names a status list that was read, also if it is stale, and the keys that
// decided.
func TestReceiptNamesStaleStatusList(t *testing.T) {
	cfg := config(t)
	cfg.Status = lists{statusListURL: statusList(t, "revocation")}
	cfg.MaxStatusAge = time.Nanosecond
	deny, receipt := denied(t, cfg, presenting(present(t, sample.Challenge, issue(t, withStatus("5")))))
	if r := string(receipt.Bytes()); deny.Reason != verifier.ReasonStatusStale || !strings.Contains(r, `"check":"status.list"`) {
		t.Errorf("%s: the receipt says %s", deny.Reason, r)
	}
	if rows := keyRows(t, receipt); !slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, sample.Issuer) }) {
		t.Errorf("got %q", rows)
	}
}

// The receipt of an allow holds the keys that it rests on.
func TestReceiptHoldsPublicKeys(t *testing.T) {
	res, err := decide(t, config(t), request())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range parseValue(t, res.Receipt.Bytes()).Get("credentialSubject").Get("checks").Elements() {
		if key, ok := row.Get("publicKeyMultibase").String(); ok {
			did, _ := row.Get("did").String()
			got = append(got, fmt.Sprintf("%s is %s", did, "did:key:"+key))
		}
	}
	slices.Sort(got)
	want := []string{sample.Issuer + " is " + sample.Issuer, sample.Holder + " is " + sample.Holder}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A receipt omits an unproven text that is too long to be an identifier: nobody may
// use receipts to carry text about.
func TestReceiptOmitsLongIdentifiers(t *testing.T) {
	text := strings.Repeat("a", 3000)
	for name, presentation := range map[string][]byte{
		"a mandate": present(t, sample.Challenge, issue(t, func(vc, _ object) { vc["id"] = "urn:x:" + text })),
		"a holder":  bytes.Replace(sample.Presentation(), []byte(`"holder": "did:`), []byte(`"holder": "did:x:`+text), 1),
	} {
		_, receipt := denied(t, config(t), presenting(presentation))
		if r := string(receipt.Bytes()); strings.Contains(r, "aaaaaaaa") {
			t.Errorf("%s: the receipt is %s", name, r)
		}
	}
}

// A deny stays a deny if its receipt cannot be made, and says why there is none.
func TestDenyWithoutReceipt(t *testing.T) {
	cfg := config(t)
	cfg.Rand = strings.NewReader("too little")
	cfg.TrustedIssuers = []string{"did:x:y"}
	_, err := decide(t, cfg, request())
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Receipt != nil || deny.Unwrap() == nil || !strings.Contains(err.Error(), "denied: issuer_untrusted") || !strings.Contains(err.Error(), "without a receipt") {
		t.Errorf("got %v", err)
	}
}
