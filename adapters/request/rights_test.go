package request_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
)

// The rights of the requester, a tenant in authorizedDIDs, and another tenant,
// for an active mandate.
func TestRights(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	var id, mandate, evidence, receipt string
	fresh := func() {
		id, mandate = w.mandate()
		evidence = get(t, ok(t)(w.Detail(ctx, w.a, id)), "credentials/0/w3cCredential/evidences/0/id")
		receipt = get(t, ok(t)(w.Present(ctx, w.a, mandate, nil)), "receipt/id")
	}
	action := get(t, ok(t)(w.PublishAction(ctx, w.a, []byte(actionBody))), "id")
	resource := get(t, ok(t)(w.CreateResource(ctx, w.a, []byte(`{"type":"JSON","data":[{"label":"a","type":"b","value":1}]}`))), "id")
	tests := []struct {
		name                        string
		call                        func(store.Tenant) ([]byte, error)
		requester, listed, stranger string
	}{
		{"detail", func(c store.Tenant) ([]byte, error) { return w.Detail(ctx, c, id) }, "ok", "ok", "not_found"},
		{"credential", func(c store.Tenant) ([]byte, error) { return w.Credential(ctx, c, mandate) }, "ok", "ok", "not_found"},
		{"evidence", func(c store.Tenant) ([]byte, error) { return w.Evidence(ctx, c, evidence) }, "ok", "ok", "not_found"},
		{"present", func(c store.Tenant) ([]byte, error) { return w.Present(ctx, c, mandate, nil) }, "ok", "ok", "not_found"},
		{"receipt", func(c store.Tenant) ([]byte, error) { return w.Receipt(ctx, c, receipt) }, "ok", "unknown_receipt", "unknown_receipt"},
		{"decide", func(c store.Tenant) ([]byte, error) {
			return w.Decide(ctx, c, id, []byte(`{"contact":"ana@x.example","otp":"1","accepted":true}`))
		}, "otp_used", "not_found", "not_found"},
		{"resend", func(c store.Tenant) ([]byte, error) { return w.Resend(ctx, c, id, "") }, "ok", "not_found", "not_found"},
		{"revoke", func(c store.Tenant) ([]byte, error) { return w.Revoke(ctx, c, mandate, nil) }, "ok", "not_found", "not_found"},
		{"cancel", func(c store.Tenant) ([]byte, error) { return w.Cancel(ctx, c, id) }, "ok", "not_found", "not_found"},
		{"action", func(c store.Tenant) ([]byte, error) { return w.ActionVersion(ctx, c, action) }, "ok", "unknown_action", "unknown_action"},
		{"use an action", func(c store.Tenant) ([]byte, error) {
			b, _, err := w.Create(ctx, c, []byte(`{"contacts":["a@x.example"],"credentials":[{"type":"POLICY","scope":"a","action":{"id":"`+action+`","userParams":{"maxAmount":5}}}]}`), "", nil)
			return b, err
		}, "ok", "unknown_action", "unknown_action"},
		{"use a resource", func(c store.Tenant) ([]byte, error) {
			b, _, err := w.Create(ctx, c, []byte(`{"contacts":["a@x.example"],"resourcesIds":["`+resource+`"]}`), "", nil)
			return b, err
		}, "ok", "unknown_resource", "unknown_resource"},
		{"nobody", func(store.Tenant) ([]byte, error) { return w.Detail(ctx, store.Tenant{}, id) }, "not_found", "not_found", "not_found"},
	}
	for _, tt := range tests {
		for _, who := range []struct {
			name   string
			tenant store.Tenant
			want   string
		}{{"stranger", w.c, tt.stranger}, {"listed", w.b, tt.listed}, {"requester", w.a, tt.requester}} {
			fresh()
			if _, err := tt.call(who.tenant); code(err) != who.want {
				t.Errorf("%s by the %s: %v, want %s", tt.name, who.name, code(err), who.want)
			}
		}
	}
	// An absent credential looks the same as one of another tenant.
	_, err := w.Credential(ctx, w.c, mandate)
	_, err2 := w.Credential(ctx, w.c, "urn:via:credential:none")
	if err.Error() != err2.Error() {
		t.Errorf("%q and %q differ", err, err2)
	}
}

func TestDecide(t *testing.T) {
	const ana, bo = "ana@x.example", "bo@x.example"
	yes := `,"accepted":true`
	t.Run("input", func(t *testing.T) {
		w := newWorld(t, "")
		id, _ := w.create(w.policyBody(`"` + ana + `"`))
		otp := w.otp(id, ana)
		for body, want := range map[string]string{
			`{}`:                                    "missing_field (\"/contact\")",
			`{"contact":"ana@x.example"}`:           "missing_field (\"/otp\")",
			`{"contact":"ana@x.example","otp":"1"}`: "missing_field (\"/accepted\")",
			`{"contact":"ana@x.example","otp":1,"accepted":true}`:                                              "invalid_type (\"/otp\")",
			`{"contact":"ana@x.example","otp":"1","accepted":"true"}`:                                          "invalid_type (\"/accepted\")",
			`{"contact":"bo@x.example","otp":"` + otp + `","accepted":true}`:                                   "unknown_contact (\"/contact\")",
			`{"contact":"ana@x.example","otp":"` + otp + `","accepted":true,"credentialIds":[]}`:               "invalid_value (\"/credentialIds\")",
			`{"contact":"ana@x.example","otp":"` + otp + `","accepted":true,"credentialIds":["urn:via:none"]}`: "unknown_credential (\"/credentialIds/0\")",
		} {
			if _, err := w.Decide(t.Context(), w.a, id, []byte(body)); !strings.HasPrefix(errText(err), want) {
				t.Errorf("%s: got %v, want %s", body, err, want)
			}
		}
		ok(t)(w.decide(id, "ANA@x.example", otp, yes))
	})
	t.Run("a one-time password is used once", func(t *testing.T) {
		w := newWorld(t, "")
		id, _ := w.create(w.policyBody(`"` + ana + `","` + bo + `"`))
		otp := w.otp(id, ana)
		if _, err := w.decide(id, bo, otp, yes); code(err) != "otp_invalid" {
			t.Errorf("that of somebody else: %v", err)
		}
		ok(t)(w.decide(id, ana, otp, yes))
		if _, err := w.decide(id, ana, otp, yes); code(err) != "otp_used" {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.Resend(t.Context(), w.a, id, ana); code(err) != "already_decided" {
			t.Errorf("resent to one who has decided: %v", err)
		}
	})
	t.Run("a wrong one is counted", func(t *testing.T) {
		w := newWorld(t, "")
		id, _ := w.create(w.policyBody(`"` + ana + `"`))
		for i, want := range []string{"otp_invalid", "otp_invalid", "otp_invalid", "otp_invalid", "subject_locked", "subject_locked"} {
			if i == 3 { // a new password does not reset the count
				ok(t)(w.Resend(t.Context(), w.a, id, ana))
			}
			_, err := w.decide(id, ana, "00000000x", yes)
			if code(err) != want {
				t.Errorf("wrong for the %d. time: %v", i+1, err)
			}
			var f *fault.Error
			if errors.As(err, &f) && (f.Kind == fault.Locked) != (want == "subject_locked") {
				t.Errorf("kind %d", f.Kind)
			}
		}
		if _, err := w.decide(id, ana, w.otp(id, ana), yes); code(err) != "subject_locked" {
			t.Errorf("the right one after five wrong ones: %v", err)
		}
		if _, err := w.Resend(t.Context(), w.a, id, ana); code(err) != "subject_locked" {
			t.Errorf("resent to one that is locked: %v", err)
		}
	})
	t.Run("a new one ends the old one", func(t *testing.T) {
		w := newWorld(t, "")
		id, _ := w.create(w.policyBody(`"` + ana + `"`))
		old := w.otp(id, ana)
		if got := get(t, ok(t)(w.Resend(t.Context(), w.a, id, "")), "contacts/0"); got != ana {
			t.Error(got)
		}
		if _, err := w.decide(id, ana, old, yes); code(err) != "otp_invalid" && old != w.otp(id, ana) {
			t.Error(err)
		}
		w.pass(61 * 60e9)
		if _, err := w.decide(id, ana, w.otp(id, ana), yes); code(err) != "otp_expired" {
			t.Error(err)
		}
		if _, err := w.Resend(t.Context(), w.a, id, "nobody@x.example"); code(err) != "unknown_contact" {
			t.Error(err)
		}
	})
	t.Run("a reject ends it", func(t *testing.T) {
		w := newWorld(t, "")
		id, mandate := w.create(w.policyBody(`"` + ana + `","` + bo + `"`))
		answer := ok(t)(w.decide(id, ana, w.otp(id, ana), `,"accepted":false`))
		if get(t, answer, "credentials/0/status") != "REJECTED" {
			t.Errorf("%s", answer)
		}
		if _, err := w.decide(id, bo, w.otp(id, bo), yes); code(err) != "already_decided" {
			t.Errorf("after a reject: %v", err)
		}
		if _, err := w.decide(id, bo, w.otp(id, bo), yes+`,"credentialIds":["`+mandate+`"]`); code(err) != "not_open" {
			t.Errorf("after a reject, by id: %v", err)
		}
		if _, err := w.Revoke(t.Context(), w.a, mandate, nil); code(err) != "not_active" {
			t.Errorf("a rejected one is revoked: %v", err)
		}
	})
	t.Run("some of them", func(t *testing.T) {
		w := newWorld(t, "")
		answer, _, err := w.Create(t.Context(), w.a, []byte(`{"contacts":["`+ana+`"],"credentials":[{"type":"CONSENT","data":[{"label":"text","type":"s","value":"x"}]},{"type":"CONSENT","data":[{"label":"text","type":"s","value":"y"}]}]}`), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		id, second := get(t, answer, "id"), get(t, answer, "credentials/1/id")
		ok(t)(w.decide(id, ana, w.otp(id, ana), yes+`,"credentialIds":["`+second+`"]`))
		detail := ok(t)(w.Detail(t.Context(), w.a, id))
		if get(t, detail, "credentials/0/status")+get(t, detail, "credentials/1/status") != "DRAFTACTIVE" {
			t.Errorf("%s", detail)
		}
		ok(t)(w.Resend(t.Context(), w.a, id, ana))
		if _, err := w.decide(id, ana, w.otp(id, ana), yes+`,"credentialIds":["`+second+`"]`); code(err) != "already_decided" {
			t.Error(err)
		}
		ok(t)(w.decide(id, ana, w.otp(id, ana), yes))
		// A consent authorizes only empty parameters.
		vp := ok(t)(w.Present(t.Context(), w.a, second, nil))
		if got := w.verify(w.verifier(), w.a, vp, `{"amount":1}`); got != "action_required" {
			t.Errorf("with parameters: %s", got)
		}
		if got := w.verify(w.verifier(), w.a, vp, `{}`); got != "allow" {
			t.Errorf("without: %s", got)
		}
	})
	t.Run("identity", func(t *testing.T) {
		w := newWorld(t, "")
		action := get(t, ok(t)(w.PublishAction(t.Context(), w.a, []byte(actionBody))), "id")
		for _, tt := range []struct {
			level, more string
			identity    store.Identity
			later       bool // created after the request
			want        string
		}{
			{"HUMANOS_KYC", "", store.Identity{}, true, "identity_required"},
			{"HUMANOS_KYC", "", store.Identity{KYC: "PENDING"}, true, "identity_required"},
			{"ORGANIZATION_KYC", "", store.Identity{KYC: "REJECTED"}, true, "identity_required"},
			{"ORGANIZATION_KYC", "", store.Identity{KYC: "APPROVED"}, false, "ok"},
			{"HUMANOS_KYC", "", store.Identity{KYC: "APPROVED"}, true, "ok"},
			{"HUMANOS_REVALIDATION", "", store.Identity{KYC: "APPROVED"}, false, "identity_required"},
			{"HUMANOS_REVALIDATION", "", store.Identity{KYC: "APPROVED"}, true, "ok"},
			{"CONTACT", `,"expectedDocIds":[{"contact":"ana@x.example","docId":"1"}]`, store.Identity{}, true, "identity_required"},
			{"CONTACT", `,"expectedDocIds":[{"contact":"ana@x.example","docId":"1"}]`, store.Identity{KYC: "APPROVED", DocID: "2"}, true, "document_mismatch"},
			{"CONTACT", `,"expectedDocIds":[{"contact":"ana@x.example","docId":"1"}]`, store.Identity{KYC: "APPROVED", DocID: "1"}, true, "ok"},
		} {
			body := `{"contacts":["` + ana + `"],"securityLevel":"` + tt.level + `"` + tt.more + `,"credentials":[{"type":"POLICY","scope":"a","action":{"id":"` + action + `","userParams":{"maxAmount":5}}}]}`
			w.create(body) // so that the user exists
			set := func() {
				if err := w.SetIdentity(t.Context(), w.a.ID, ana, tt.identity); err != nil {
					t.Fatal(err)
				}
			}
			if !tt.later {
				set()
			}
			w.pass(60e9)
			id, _ := w.create(body)
			w.pass(60e9)
			if tt.later {
				set()
			}
			if _, err := w.decide(id, ana, w.otp(id, ana), yes); code(err) != tt.want {
				t.Errorf("%s%s, %+v: %v, want %s", tt.level, tt.more, tt.identity, code(err), tt.want)
			}
			// A refused decision does not consume the password.
			if err := w.SetIdentity(t.Context(), w.a.ID, ana, store.Identity{KYC: "APPROVED", DocID: "1"}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.decide(id, ana, w.otp(id, ana), yes); (code(err) == "ok") != (tt.want != "ok") {
				t.Errorf("%s, again: %v", tt.level, err)
			}
		}
		if err := w.SetIdentity(t.Context(), w.a.ID, ana, store.Identity{KYC: "YES"}); code(err) != "invalid_value" {
			t.Error(err)
		}
		if err := w.SetIdentity(t.Context(), w.b.ID, ana, store.Identity{}); code(err) != "unknown_contact" {
			t.Error(err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		w := newWorld(t, "")
		id, mandate := w.mandate()
		draft, _ := w.create(w.policyBody(`"` + ana + `"`))
		vp := ok(t)(w.Present(t.Context(), w.a, mandate, nil))
		if got := get(t, ok(t)(w.Cancel(t.Context(), w.a, id)), "credentials/0/status"); got != "CANCELED" {
			t.Error(got)
		}
		if got := w.verify(w.verifier(), w.a, vp, `{"tool":"book","amount":1}`); got != "credential_revoked" {
			t.Errorf("a mandate of a cancelled request: %s", got)
		}
		if _, err := w.Present(t.Context(), w.a, mandate, nil); code(err) != "request_canceled" {
			t.Error(err)
		}
		if _, err := w.Cancel(t.Context(), w.a, id); code(err) != "request_canceled" {
			t.Error(err)
		}
		otp := w.otp(draft, ana)
		ok(t)(w.Cancel(t.Context(), w.a, draft))
		if _, err := w.decide(draft, ana, otp, yes); code(err) != "request_canceled" {
			t.Error(err)
		}
		if _, err := w.Resend(t.Context(), w.a, draft, ""); code(err) != "request_canceled" {
			t.Error(err)
		}
		if detail := ok(t)(w.Detail(t.Context(), w.a, draft)); get(t, detail, "canceledAt") == "null" || get(t, detail, "credentials/0/status") != "CANCELED" {
			t.Errorf("%s", detail)
		}
	})
	t.Run("over", func(t *testing.T) {
		w := newWorld(t, "")
		body := strings.Replace(w.policyBody(`"`+ana+`"`), `"type":"POLICY"`, `"type":"POLICY","validUntil":"2026-05-02"`, 1)
		draft, _ := w.create(body)
		id, mandate := w.create(body)
		ok(t)(w.decide(id, ana, w.otp(id, ana), yes))
		w.pass(24 * 3600e9)
		ok(t)(w.Resend(t.Context(), w.a, draft, ""))
		if _, err := w.decide(draft, ana, w.otp(draft, ana), yes); code(err) != "not_open" {
			t.Errorf("decided after its end: %v", err)
		}
		if got := get(t, ok(t)(w.Credential(t.Context(), w.a, mandate)), "status"); got != "EXPIRED" {
			t.Error(got)
		}
		if _, err := w.Present(t.Context(), w.a, mandate, nil); code(err) != "not_active" {
			t.Error(err)
		}
		if _, err := w.Present(t.Context(), w.a, mandate, []byte(`{"targetVerifier":"x"}`)); code(err) != "invalid_did" {
			t.Error(err)
		}
		if _, err := w.Revoke(t.Context(), w.a, mandate, []byte(`{"reason":"`+strings.Repeat("a", 201)+`"}`)); code(err) != "too_long" {
			t.Error(err)
		}
	})
}
