package request_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
)

const p256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="

var pdf = base64.StdEncoding.EncodeToString([]byte("%PDF-1.7\n"))

// full returns a request with every field.
func (w *world) full() map[string]any {
	w.t.Helper()
	var body map[string]any
	err := json.Unmarshal([]byte(`{
		"contacts": ["ana@x.example", "+1234567890"], "name": "My request", "internalId": "order-123", "description": "of\nmine", "securityLevel": "CONTACT",
		"language": "PRT", "redirectUrl": "https://example.com/callback", "pubKey": "`+p256+`", "authorizedDIDs": ["did:web:google.com", "did:web:google.pt"],
		"expectedDocIds": [{"contact": "ana@x.example", "docId": "1234567890"}], "active": true, "agentId": "ignored",
		"credentials": [
			{"type": "DOCUMENT", "name": "Document 1", "scope": "payments.hotel", "validFrom": "2025-01-01T00:00:00.000Z", "validUntil": "2027-01-01", "description": "NDA", "internalId": "c-1", "required": true,
			 "data": ["`+pdf+`"], "placements": [{"contact": "ana@x.example", "type": "SIGNATURE", "x": 123, "y": 1.5, "width": 0, "height": 123, "pageIndex": 0, "identityType": {}}]},
			{"type": "CONSENT", "data": [{"label": "text", "type": "string", "value": "I agree"}]},
			{"type": "JSON", "validUntil": null, "data": [{"label": "age", "type": "number", "value": 5, "hidden": true}]}
		]}`), &body)
	if err != nil {
		w.t.Fatal(err)
	}
	action := get(w.t, ok(w.t)(w.PublishAction(w.t.Context(), w.a, []byte(actionBody))), "id")
	body["credentials"] = append(body["credentials"].([]any), map[string]any{"type": "POLICY", "scope": "a.b", "action": map[string]any{"id": action, "userParams": map[string]any{"maxAmount": 5}}})
	return body
}

// set sets a value at a path of a document. The value remove removes it.
var remove = new(int)

func set(doc any, path string, value any) {
	tokens := strings.Split(path, "/")[1:]
	for _, token := range tokens[:len(tokens)-1] {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[token]
		case []any:
			i := 0
			fmt.Sscan(token, &i)
			doc = d[i]
		}
	}
	last := tokens[len(tokens)-1]
	switch d := doc.(type) {
	case map[string]any:
		if value == remove {
			delete(d, last)
		} else {
			d[last] = value
		}
	case []any:
		i := 0
		fmt.Sscan(last, &i)
		d[i] = value
	}
}

// Each missing, mistyped, too long, out-of-range or malformed field is refused
// with its pointer, and nothing is stored.
func TestInput(t *testing.T) {
	w := newWorld(t, "")
	long := func(n int) string { return strings.Repeat("ä", n) }
	many := func(n int, v any) []any {
		out := make([]any, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	contacts := func(n int) (out []any) {
		for i := range n {
			out = append(out, fmt.Sprintf("u%d@x.example", i))
		}
		return out
	}
	const c0 = "/credentials/0"
	tests := []struct {
		path  string
		value any
		want  string // "" is accepted; otherwise code, and pointer if it differs from path
	}{
		{"/contacts", remove, "missing_field"},
		{"/contacts", "ana@x.example", "invalid_type"},
		{"/contacts", []any{}, "invalid_value"},
		{"/contacts", contacts(101), "too_long"},
		{"/contacts/1", 5, "invalid_type"},
		{"/contacts/1", "ana at x.example", "invalid_contact"},
		{"/contacts/1", "ana@localhost", "invalid_contact"},
		{"/contacts/1", "ana@x.example\n", "invalid_value"},
		{"/contacts/1", "00351910000000", "invalid_contact"},
		{"/contacts/1", "+0351910000000", "invalid_contact"},
		{"/contacts/1", "+12345678901234567", "invalid_contact"},
		{"/contacts/1", "ANA@x.example", "duplicate_contact"},
		{"/name", 5, "invalid_type"},
		{"/name", nil, "invalid_type"},
		{"/name", long(201), "too_long"},
		{"/name", long(200), ""},
		{"/name", "a\nb", "invalid_value"},
		{"/internalId", long(201), "too_long"},
		{"/internalId", []any{}, "invalid_type"},
		{"/description", long(201), "too_long"},
		{"/description", true, "invalid_type"},
		{"/securityLevel", remove, ""},
		{"/securityLevel", "contact", "invalid_value"},
		{"/securityLevel", 1, "invalid_type"},
		{"/language", "ENG", ""},
		{"/language", "FRA", "invalid_value"},
		{"/language", nil, "invalid_type"},
		{"/redirectUrl", "http://example.com", "invalid_value"},
		{"/redirectUrl", "https://user@example.com", "invalid_value"},
		{"/redirectUrl", "https:///x", "invalid_value"},
		{"/redirectUrl", "javascript:alert(1)", "invalid_value"},
		{"/redirectUrl", "https://x.example/" + strings.Repeat("a", 2031), "too_long"},
		{"/pubKey", "MFkw", "invalid_value"},
		{"/pubKey", "", "invalid_value"},
		{"/pubKey", "!", "invalid_value"},
		{"/pubKey", base64.StdEncoding.EncodeToString(make([]byte, 91)), "invalid_value"},
		{"/pubKey", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=", "invalid_value"}, // Ed25519
		{"/pubKey", 5, "invalid_type"},
		{"/authorizedDIDs", "did:web:google.com", "invalid_type"},
		{"/authorizedDIDs", []any{}, ""},
		{"/authorizedDIDs", many(101, "did:web:google.com"), "too_long"},
		{"/authorizedDIDs/0", "google.com", "invalid_did"},
		{"/authorizedDIDs/0", nil, "invalid_type"},
		{"/expectedDocIds", []any{"1234567890"}, "invalid_type /expectedDocIds/0"},
		{"/expectedDocIds/0/contact", "bo@x.example", "invalid_value"},
		{"/expectedDocIds/0/contact", remove, "missing_field"},
		{"/expectedDocIds/0/docId", remove, "missing_field"},
		{"/expectedDocIds/0/docId", 1234567890, "invalid_type"},
		{"/expectedDocIds", []any{map[string]any{"contact": "+1234567890", "docId": "1"}, map[string]any{"contact": "+1234567890", "docId": "2"}}, "invalid_value /expectedDocIds/1/contact"},
		{"/groupIds", []any{"1234567890"}, "unknown_resource /groupIds/0"},
		{"/groupIds", "1234567890", "invalid_type"},
		{"/groupIds", many(51, "x"), "too_long"},
		{"/resourcesIds", []any{"1234567890"}, "unknown_resource /resourcesIds/0"},
		{"/resourcesIds", []any{5}, "invalid_type /resourcesIds/0"},
		{"/credentials", remove, "no_credentials"},
		{"/credentials", []any{}, "no_credentials"},
		{"/credentials", map[string]any{}, "invalid_type"},
		{"/credentials", many(11, map[string]any{}), "too_long"},
		{"/credentials/1", "x", "invalid_type"},
		{c0 + "/type", remove, "missing_field"},
		{c0 + "/type", "FORM", "invalid_value"},
		{c0 + "/type", "document", "invalid_value"},
		{c0 + "/name", long(201), "too_long"},
		{c0 + "/internalId", 5, "invalid_type"},
		{c0 + "/description", long(201), "too_long"},
		{c0 + "/scope", "payments hotel", "invalid_value"},
		{c0 + "/scope", ".", "invalid_value"},
		{c0 + "/scope", strings.Repeat("a", 129), "too_long"},
		{c0 + "/scope", remove, ""},
		{"/credentials/3/scope", remove, "missing_field"},
		{c0 + "/validFrom", "2025-13-01", "invalid_value"},
		{c0 + "/validFrom", "", "invalid_value"},
		{c0 + "/validFrom", "2025-01-01T00:00:00", "invalid_value"},
		{c0 + "/validFrom", 1735689600, "invalid_type"},
		{c0 + "/validUntil", "2024-12-31", "out_of_range"},
		{c0 + "/validUntil", "2025-01-01", ""},
		{c0 + "/validUntil", "soon", "invalid_value"},
		{c0 + "/data", remove, "missing_field"},
		{c0 + "/data", []any{}, "invalid_value"},
		{c0 + "/data", []any{pdf, pdf}, "too_long"},
		{c0 + "/data", pdf, "invalid_type"},
		{c0 + "/data/0", "base64 encoded PDF", "invalid_value"},
		{c0 + "/data/0", base64.StdEncoding.EncodeToString([]byte("GIF89a")), "invalid_value"},
		{c0 + "/data/0", map[string]any{}, "invalid_type"},
		{"/credentials/1/data/0/label", "Text", "invalid_value /credentials/1/data"},
		{"/credentials/1/data/0/label", remove, "missing_field"},
		{"/credentials/1/data/0/value", remove, "missing_field"},
		{"/credentials/1/data/0/type", 5, "invalid_type"},
		{"/credentials/2/data", []any{"x"}, "invalid_type /credentials/2/data/0"},
		{"/credentials/2/data", []any{}, "invalid_value"},
		{"/credentials/2/data", remove, "missing_field"},
		{"/credentials/2/data/0/hidden", "no", "invalid_type"},
		{"/credentials/2/data", many(201, map[string]any{"label": "a", "type": "b", "value": 1}), "too_long"},
		{c0 + "/placements", map[string]any{}, "invalid_type"},
		{c0 + "/placements/0/contact", "bo@x.example", "invalid_value"},
		{c0 + "/placements/0/type", "STAMP", "invalid_value"},
		{c0 + "/placements/0/type", remove, "missing_field"},
		{c0 + "/placements/0/x", -1, "out_of_range"},
		{c0 + "/placements/0/y", "1", "invalid_type"},
		{c0 + "/placements/0/width", remove, "missing_field"},
		{c0 + "/placements/0/height", nil, "invalid_type"},
		{c0 + "/placements/0/pageIndex", 1.5, "out_of_range"},
		{c0 + "/placements/0/identityType", "x", "invalid_type"},
		{c0 + "/action", map[string]any{"id": "x"}, "invalid_value"},
		{"/credentials/3/action", remove, "missing_field"},
		{"/credentials/3/action", "x", "invalid_type"},
		{"/credentials/3/action/id", remove, "missing_field"},
		{"/credentials/3/action/id", "urn:via:action:none", "unknown_action"},
		{"/credentials/3/action/userParams", remove, "user_params_invalid /credentials/3/action/userParams/maxAmount"},
		{"/credentials/3/action/userParams", []any{}, "invalid_type"},
		{"/credentials/3/action/userParams/maxAmount", "5", "user_params_invalid"},
		{"/credentials/3/action/userParams/minAmount", 5, "user_params_invalid"},
	}
	size := func() (n int) {
		if err := w.store.View(t.Context(), func(tx store.Tx) (err error) {
			_, n, err = tx.ListRequests(store.Filter{TenantID: w.a.ID})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	try := func(body any) error {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = w.Create(t.Context(), w.a, b, "", nil)
		return err
	}
	if err := try(w.full()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		body := w.full()
		set(body, tt.path, tt.value)
		before := size()
		err := try(body)
		wantCode, wantPointer, given := strings.Cut(tt.want, " ")
		if !given {
			wantPointer = tt.path
		}
		var f *fault.Error
		switch {
		case tt.want == "":
			if err != nil {
				t.Errorf("%s = %.60v: %v", tt.path, tt.value, err)
			}
			continue
		case !errors.As(err, &f) || f.Kind != fault.Invalid || f.Code != wantCode || f.Pointer != wantPointer || !f.InBody:
			t.Errorf("%s = %.60v: got %v, want %s at %s", tt.path, tt.value, err, wantCode, wantPointer)
		}
		if got := size(); got != before {
			t.Errorf("%s = %.60v: %d requests were stored", tt.path, tt.value, got-before)
		}
	}
	for body, want := range map[string]string{"": "malformed_json", "[]": "invalid_type", `{"contacts":[],"contacts":[]}`: "malformed_json", `{"contacts":["a@x.example"]} x`: "malformed_json"} {
		if _, _, err := w.Create(t.Context(), w.a, []byte(body), "", nil); code(err) != want {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
	if _, _, err := w.Create(t.Context(), w.a, make([]byte, 12<<20+1), "", nil); code(err) != "too_large" {
		t.Error(err)
	}
}

// Detail returns what was sent.
func TestDetail(t *testing.T) {
	w := newWorld(t, "")
	b, _ := json.Marshal(w.full())
	answer, _, err := w.Create(t.Context(), w.a, b, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if link := get(t, answer, "subjects/0/link"); link != publicURL+"/link/"+get(t, answer, "id") || len(get(t, answer, "subjects/0/code")) != 6 {
		t.Errorf("%s", answer)
	}
	detail := ok(t)(w.Detail(t.Context(), w.a, get(t, answer, "id")))
	for path, want := range map[string]string{
		"securityLevel": "CONTACT", "createdAt": "2026-05-02T10:16:00.000Z", "name": "My request", "internalId": "order-123", "language": "PRT", "canceledAt": "null",
		"redirectUrl": "https://example.com/callback", "description": "of\nmine", "pubKey": p256,
		"authorizedDIDs/0": "did:web:google.com", "authorizedDIDs/2": w.a.DID,
		"subjects/0/contact": "ana@x.example", "subjects/0/contacts/0/contact": "ana@x.example", "subjects/0/identityStatus": "NONE", "subjects/0/kyc": "PENDING", "subjects/1/kyc": "null",
		"subjects/0/organization/contacts": "[]", "subjects/0/createdAt": "2026-05-02T10:16:00.000Z", "subjects/0/internalId": "null",
		"credentials/0/resourceType": "DOCUMENT", "credentials/0/name": "Document 1", "credentials/0/description": "NDA", "credentials/0/internalId": "c-1", "credentials/0/tags": "[]", "credentials/0/decisions": "[]",
		"credentials/0/placements/0/y": "1.5", "credentials/0/w3cCredential/validFrom": "2025-01-01T00:00:00Z", "credentials/0/w3cCredential/validUntil": "2027-01-01T23:59:59Z",
		"credentials/0/w3cCredential/credentialSubject/mandate/scope": "payments.hotel", "credentials/0/w3cCredential/credentialSubject/mandate/grantor/1": get(t, answer, "subjects/1/id"),
		"credentials/0/w3cCredential/credentialSubject/id": get(t, answer, "subjects/0/id"), "credentials/0/w3cCredential/proofs": "[]",
		"credentials/0/w3cCredential/credentialSubject/mandate/context/authorizedDIDs/2": w.a.DID,
		"credentials/1/w3cCredential/credentialSubject/mandate/scope":                    "credential.request",
		"credentials/2/resourceType":                                                     "JSON", "credentials/2/name": "null",
		"credentials/3/w3cCredential/credentialSubject/mandate/action/version":       "1",
		"credentials/3/w3cCredential/credentialSubject/mandate/userParams/maxAmount": "5",
		"credentials/3/w3cCredential/evidences":                                      "[]",
	} {
		if got := get(t, detail, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	evidence := get(t, detail, "credentials/0/w3cCredential/evidences/0/id")
	if got := ok(t)(w.Evidence(t.Context(), w.a, evidence)); string(got) != `["`+pdf+`"]` {
		t.Errorf("%s", got)
	}
	row := ok(t)(w.Credential(t.Context(), w.a, get(t, answer, "credentials/2/id")))
	if get(t, row, "id") != get(t, answer, "credentials/2/id") || get(t, row, "resourceType") != "JSON" {
		t.Errorf("%s", row)
	}
	if _, err := w.Detail(t.Context(), w.a, "507f1f77bcf86cd79943901"); code(err) != "invalid_id" {
		t.Error(err)
	}
	if _, err := w.Detail(t.Context(), w.a, "507f1f77bcf86cd799439011"); code(err) != "not_found" {
		t.Error(err)
	}
}

func TestListInput(t *testing.T) {
	w := newWorld(t, "")
	for _, tt := range []struct {
		name   string
		values []string
		want   string
	}{
		{"pageIndex", []string{"-1"}, "out_of_range"}, {"pageIndex", []string{"x"}, "invalid_type"}, {"pageIndex", []string{""}, "invalid_type"}, {"pageIndex", []string{"1", "2"}, "invalid_value"},
		{"pageIndex", []string{"99999999999999999999"}, "out_of_range"}, {"pageIndex", []string{"1.5"}, "invalid_type"}, {"pageIndex", []string{"3"}, ""},
		{"pageSize", []string{"4"}, "out_of_range"}, {"pageSize", []string{"101"}, "out_of_range"}, {"pageSize", []string{"5"}, ""}, {"pageSize", []string{"100"}, ""},
		{"search", []string{strings.Repeat("ä", 121)}, "too_long"}, {"search", []string{strings.Repeat("ä", 120)}, ""}, {"search", []string{"\xff"}, "invalid_value"},
		{"contact", []string{strings.Repeat("a", 255)}, "too_long"}, {"did", []string{strings.Repeat("a", 2049)}, "too_long"},
		{"subjectInternalId", []string{strings.Repeat("a", 201)}, "too_long"}, {"internalId", []string{strings.Repeat("a", 201)}, "too_long"}, {"credentialInternalId", []string{strings.Repeat("a", 201)}, "too_long"},
		{"securityLevel", []string{"CONTACT", "none"}, "invalid_value"}, {"securityLevel", []string{"CONTACT", "HUMANOS_KYC"}, ""},
		{"securityLevel", []string{"CONTACT", "CONTACT", "CONTACT", "CONTACT", "CONTACT"}, "too_long"},
		{"dateFrom", []string{"yesterday"}, "invalid_value"}, {"dateFrom", []string{""}, "invalid_value"}, {"dateFrom", []string{"2025-01-01"}, ""}, {"dateTo", []string{"2025-01-01"}, "invalid_value"},
		{"unknown", []string{"x"}, ""},
	} {
		_, err := w.List(t.Context(), w.a, map[string][]string{tt.name: tt.values})
		var f *fault.Error
		if tt.want == "" && err == nil {
			continue
		}
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Code != tt.want || f.Parameter != tt.name {
			t.Errorf("%s=%.30q: got %v, want %s", tt.name, tt.values, err, tt.want)
		}
	}
	if _, err := w.List(t.Context(), w.a, map[string][]string{"dateFrom": {"2025-01-02"}, "dateTo": {"2025-01-01T23:00:00.000Z"}}); code(err) != "out_of_range" {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	w := newWorld(t, "")
	body := w.policyBody(`"ana@x.example"`)
	var newest string
	for range 7 {
		w.pass(36e11)
		newest, _ = w.create(body)
	}
	list := func(query map[string][]string) []byte { return ok(t)(w.List(t.Context(), w.a, query)) }
	all := list(map[string][]string{"pageSize": {"5"}})
	for path, want := range map[string]string{"totalPages": "2", "data/0/id": newest, "data/0/credentials/0/status": "PENDING", "data/0/credentials/0/resourceType": "POLICY", "data/0/subjects/0/contact": "ana@x.example",
		"data/0/subjects/0/name": "null", "data/0/securityLevel": "CONTACT", "data/0/language": "ENG", "data/0/redirectUrl": "null", "data/0/internalId": "order-1", "data/0/name": "Trip"} {
		if got := get(t, all, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if strings.Contains(string(all), "otp") || strings.Contains(string(all), `"code"`) {
		t.Errorf("%s", all)
	}
	for name, want := range map[string]map[string][]string{
		"1": {"search": {"TRI"}}, "2": {"pageSize": {"5"}, "search": {"ana@"}}, "0": {"search": {"zzz"}}, "1 ": {"contact": {"ANA@x.example"}}, "0 ": {"contact": {"bo@x.example"}},
		"1  ": {"dateFrom": {"2026-05-02"}, "dateTo": {"2026-05-02"}}, "0  ": {"dateFrom": {"2026-05-03"}}, "1   ": {"did": {get(t, all, "data/0/subjects/0/did")}}, "1    ": {"credentialInternalId": {"c-1"}},
		"0   ": {"internalId": {"order-2"}}, "1     ": {"securityLevel": {"CONTACT", "HUMANOS_KYC"}}, "0    ": {"securityLevel": {"HUMANOS_KYC"}},
	} {
		if got := get(t, list(want), "totalPages"); got != strings.TrimSpace(name) {
			t.Errorf("%v: %s pages", want, got)
		}
	}
	if got := get(t, ok(t)(w.List(t.Context(), w.b, nil)), "data"); got != "[]" {
		t.Errorf("another tenant's list: %s", got)
	}
}
