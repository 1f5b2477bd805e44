package request_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/status"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/receipts/translog"
	"github.com/mandate-engine/mandate/verifier"
)

// The whole life of a mandate, with DIDs of both methods.
func TestLife(t *testing.T) {
	for _, host := range []string{"", "mandate.example"} {
		t.Run("host "+host, func(t *testing.T) {
			w := newWorld(t, host)
			v := w.verifier()
			ctx := t.Context()
			id, mandate := w.create(w.policyBody(`"Ana@X.example","+351910000000"`))
			detail := ok(t)(w.Detail(ctx, w.a, id))
			if got := get(t, detail, "credentials/0/status") + get(t, detail, "credentials/0/w3cCredential/proofs"); got != "DRAFT[]" {
				t.Errorf("before a decision: %s", got)
			}
			if strings.Contains(string(detail), w.otp(id, "ana@x.example")) {
				t.Error("the one-time password is in the detail")
			}
			if host != "" && !strings.HasPrefix(get(t, detail, "subjects/0/id"), "did:web:mandate.example:user:") {
				t.Error(get(t, detail, "subjects/0/id"))
			}
			present := func(caller store.Tenant, body string) ([]byte, error) {
				return w.Present(ctx, caller, mandate, []byte(body))
			}
			if _, err := present(w.a, ""); code(err) != "not_active" {
				t.Errorf("a draft is presented: %v", err)
			}
			first := ok(t)(w.decide(id, "ana@x.example", w.otp(id, "ana@x.example"), `,"accepted":true`))
			if got := get(t, first, "credentials/0/status"); got != "DRAFT" {
				t.Errorf("after one of two: %s", got)
			}
			second := ok(t)(w.decide(id, "+351910000000", w.otp(id, "+351910000000"), `,"accepted":true`))
			if got := get(t, second, "credentials/0/status"); got != "ACTIVE" {
				t.Errorf("after both: %s", got)
			}
			detail = ok(t)(w.Detail(ctx, w.b, id))
			if get(t, detail, "credentials/0/w3cCredential/issuer") != signing.DID(w.Signer()) || get(t, detail, "credentials/0/decisions/1/contact") != "+351910000000" {
				t.Errorf("%s", detail)
			}
			evidence := get(t, detail, "credentials/0/w3cCredential/evidences/0/id")
			record := ok(t)(w.Evidence(ctx, w.b, evidence))
			if get(t, record, "contact") != "ana@x.example" || get(t, record, "accepted") != "true" || get(t, record, "credentialId") != mandate {
				t.Errorf("%s", record)
			}

			vp := ok(t)(present(w.a, ""))
			for _, step := range []struct{ params, want string }{
				{`{"tool":"book","amount":900}`, "rule_failed"},
				{`{"tool":"book","amount":400}`, "allow"},
				{`{"tool":"book","amount":400}`, "presentation_replayed"},
			} {
				if got := w.verify(v, w.a, vp, step.params); got != step.want {
					t.Errorf("%s: got %s, want %s", step.params, got, step.want)
				}
			}
			// The listed tenant presents to the requester, which verifies.
			vp = ok(t)(present(w.b, `{"targetVerifier":"`+w.a.DID+`"}`))
			if got := w.verify(v, w.b, vp, `{"tool":"book","amount":1}`); got != "domain_mismatch" {
				t.Errorf("for another verifier: %s", got)
			}
			if got := w.verify(v, w.c, ok(t)(present(w.b, `{"targetVerifier":"`+w.c.DID+`"}`)), `{"tool":"book","amount":1}`); got != "verifier_not_authorized" {
				t.Errorf("for a stranger: %s", got)
			}
			if got := w.verify(v, w.a, vp, `{"tool":"book","amount":1}`); got != "allow" {
				t.Errorf("by the one that is listed: %s", got)
			}

			kept := ok(t)(present(w.a, ""))
			revoked := ok(t)(w.Revoke(ctx, w.a, mandate, []byte(`{"reason":"lost"}`)))
			if get(t, revoked, "status") != "REVOKED" || get(t, revoked, "receipt/credentialSubject/event") != "MANDATE_REVOKED" {
				t.Errorf("%s", revoked)
			}
			if got := w.verify(v, w.a, kept, `{"tool":"book","amount":1}`); got != "credential_revoked" {
				t.Errorf("after it was revoked: %s", got)
			}
			if _, err := present(w.a, ""); code(err) != "not_active" {
				t.Errorf("a revoked one is presented: %v", err)
			}
			if _, err := w.Revoke(ctx, w.a, mandate, nil); code(err) != "not_active" {
				t.Errorf("revoked twice: %v", err)
			}
			// An offline verifier with the list denies as well.
			list, err := w.StatusList(ctx, publicURL+"/status/0")
			if err != nil {
				t.Fatal(err)
			}
			offline, err := verifier.New(verifier.Config{Resolver: didresolve.Chain(didresolve.Key(), w.Service), Signer: w.Signer(), TrustedIssuers: []string{signing.DID(w.Signer())},
				Status: status.Lists{publicURL + "/status/0": list}, Now: w.now})
			if err != nil {
				t.Fatal(err)
			}
			if got := w.verify(offline, w.a, kept, `{"tool":"book","amount":1}`); got != "credential_revoked" {
				t.Errorf("offline: %s", got)
			}
			// issued, 3 presented + 1, revoked, 2 allows: all in the log, in
			// order.
			log := w.store.Log()
			if audit, err := translog.Verify(translog.Entries(log, log.Size()), nil); err != nil || audit.Entries != 8 {
				t.Errorf("%+v, %v", audit, err)
			}
		})
	}
}

// After a restart all data is there, and the same service continues.
func TestRestart(t *testing.T) {
	w := newWorld(t, "")
	id, mandate := w.mandate()
	vp := ok(t)(w.Present(t.Context(), w.a, mandate, nil))
	did := signing.DID(w.Signer())
	again := newService(t, w)
	if signing.DID(again.Signer()) != did {
		t.Error("another service")
	}
	w.Service = again.Service
	if got := get(t, ok(t)(w.Detail(t.Context(), w.a, id)), "credentials/0/status"); got != "ACTIVE" {
		t.Error(got)
	}
	if got := w.verify(w.verifier(), w.a, vp, `{"tool":"book","amount":1}`); got != "allow" {
		t.Error(got)
	}
	if got := w.verify(again.verifier(), w.a, vp, `{"tool":"book","amount":1}`); got != "presentation_replayed" {
		t.Error(got)
	}
}

// newService opens a second service on the same database, like another
// process.
func newService(t testing.TB, w *world) *world {
	t.Helper()
	s := openStore(t, w.file)
	cfg := w.cfg
	cfg.Store = s
	svc, err := newRequestService(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &world{Service: svc, t: t, store: s, file: w.file, cfg: cfg, a: w.a, b: w.b, c: w.c, at: w.at, otps: w.otps}
}

// A list that is made during a decision is valid from before the decision
// began, even if that was in the previous second. Otherwise the verifier would
// reject it.
func TestStatusListBeginsBeforeItsDecision(t *testing.T) {
	w := newWorld(t, "")
	began := w.now()
	w.pass(5 * time.Second) // the maximum time of lookups
	b, err := w.StatusList(t.Context(), publicURL+"/status/0")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ ValidFrom time.Time }
	if err := json.Unmarshal(b, &list); err != nil || list.ValidFrom.IsZero() || list.ValidFrom.After(began) {
		t.Errorf("valid from %s, the decision began at %s (%v)", list.ValidFrom, began, err)
	}
}

func TestStatusList(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	for url, want := range map[string]string{publicURL + "/status/0": "<nil>", publicURL + "/status/1": "no such", publicURL + "/status/00": "no such", publicURL + "/status/-1": "no such",
		publicURL + "/status/x": "no such", "https://elsewhere.example/status/0": "no such", publicURL + "/status/99999999999": "no such"} {
		if _, err := w.StatusList(ctx, url); !strings.Contains(errText(err), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
	// It is signed again before it expires, and after a revocation.
	first, _ := w.StatusList(ctx, publicURL+"/status/0")
	w.pass(4 * time.Minute)
	if same, _ := w.StatusList(ctx, publicURL+"/status/0"); string(same) != string(first) {
		t.Error("signed again though nothing changed")
	}
	w.pass(2 * time.Minute)
	second, _ := w.StatusList(ctx, publicURL+"/status/0")
	if string(second) == string(first) {
		t.Error("not signed again in time")
	}
	other := newService(t, w) // another process revokes
	_, mandate := w.mandate()
	ok(t)(other.Revoke(ctx, w.a, mandate, nil))
	third, err := w.StatusList(ctx, publicURL+"/status/0")
	if err != nil {
		t.Fatal(err)
	}
	if l, err := signing.ParseStatusList(third); err != nil || !l.IsSet(0) || l.IsSet(1) {
		t.Errorf("%v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}
