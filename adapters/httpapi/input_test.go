package httpapi

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// good is a create with every documented member.
func (in *install) good(t *testing.T) map[string]any {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	action := text(in.must("requester", "POST", "/actions", hotelAction), "id")
	resource := text(in.must("requester", "POST", "/resource", `{"type":"CONSENT","name":"Terms","data":[{"label":"text","type":"string","value":"I agree","hidden":false}]}`), "id")
	group := text(in.must("requester", "POST", "/resource/group", fmt.Sprintf(`{"name":"All","resourcesIds":[%q]}`, resource)), "id")
	var m map[string]any
	err = json.Unmarshal(fmt.Appendf(nil, `{
		"contacts": ["ana@example.com", "+351912345678"], "name": "My request", "description": "d", "securityLevel": "HUMANOS_KYC",
		"groupIds": [%q], "resourcesIds": [%q],
		"credentials": [
			{"type": "DOCUMENT", "name": "Document 1", "scope": "payments.hotel", "validFrom": "2025-01-01T00:00:00.000Z",
			 "validUntil": "2027-01-01", "description": "NDA", "internalId": "internal-12345", "data": [%q],
			 "placements": [{"contact": "ana@example.com", "type": "SIGNATURE", "x": 1, "y": 2, "width": 3, "height": 4, "pageIndex": 0, "identityType": {}}]},
			{"type": "POLICY", "scope": "payments.hotel", "action": {"id": %q, "userParams": {"maxAmount": 500}}}],
		"language": "PRT", "redirectUrl": "https://example.com/callback", "internalId": "order-123", "pubKey": %q,
		"authorizedDIDs": ["did:web:google.com"], "expectedDocIds": [{"contact": "ana@example.com", "docId": "1234567890"}],
		"active": true, "agentId": "x", "required": []}`,
		group, resource, base64.StdEncoding.EncodeToString([]byte("%PDF-1.7\n")), action, base64.StdEncoding.EncodeToString(spki)), &m)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// put sets a member by its pointer; the value absent removes it.
func put(root any, pointer string, value any) {
	parts := strings.Split(pointer[1:], "/")
	v := root
	for _, p := range parts[:len(parts)-1] {
		if l, ok := v.([]any); ok {
			var i int
			fmt.Sscan(p, &i)
			v = l[i]
		} else {
			v = v.(map[string]any)[p]
		}
	}
	last := parts[len(parts)-1]
	if l, ok := v.([]any); ok {
		var i int
		fmt.Sscan(last, &i)
		l[i] = value
	} else if value == absent {
		delete(v.(map[string]any), last)
	} else {
		v.(map[string]any)[last] = value
	}
}

type absence struct{}

var absent = absence{}

func repeat(v any, n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// TestCreateRefuses makes each member, one at a time, missing, of the wrong
// type, too long, out of range or malformed. The call is refused and nothing
// is stored.
func TestCreateRefuses(t *testing.T) {
	in := newInstall(t, nil)
	good := in.good(t)
	encoded, _ := json.Marshal(good)
	if status, m := in.do("requester", "POST", "/request", string(encoded)); status != 200 {
		t.Fatalf("the good one: %d %v", status, m)
	}
	long, contacts := strings.Repeat("n", 201), []any{}
	for i := range 101 {
		contacts = append(contacts, fmt.Sprintf("a%d@example.com", i))
	}
	dids := repeat("did:web:example.com", 101)
	const doc, place, policy = "/credentials/0", "/credentials/0/placements/0", "/credentials/1"
	tests := []struct {
		field string // as a pointer
		value any
		code  string
		at    string // the reported pointer if it differs
	}{
		{"/contacts", absent, "missing_field", ""},
		{"/contacts", nil, "invalid_type", ""},
		{"/contacts", "ana@example.com", "invalid_type", ""},
		{"/contacts", []any{}, "invalid_value", ""},
		{"/contacts", contacts, "too_long", ""},
		{"/contacts/0", 1, "invalid_type", ""},
		{"/contacts/0", "", "invalid_value", ""},
		{"/contacts/0", "[email protected]", "invalid_contact", ""},
		{"/contacts/1", "0912345678", "invalid_contact", ""},
		{"/contacts/1", "Ana@Example.com", "duplicate_contact", ""},
		{"/name", 1, "invalid_type", ""}, {"/name", long, "too_long", ""}, {"/name", "a\x00b", "invalid_value", ""},
		{"/internalId", false, "invalid_type", ""}, {"/internalId", long, "too_long", ""},
		{"/description", []any{}, "invalid_type", ""}, {"/description", long, "too_long", ""},
		{"/securityLevel", "contact", "invalid_value", ""}, {"/securityLevel", nil, "invalid_type", ""}, {"/securityLevel", 1, "invalid_type", ""},
		{"/language", "eng", "invalid_value", ""}, {"/language", 1, "invalid_type", ""},
		{"/redirectUrl", "http://example.com", "invalid_value", ""}, {"/redirectUrl", 1, "invalid_type", ""},
		{"/redirectUrl", "https://example.com/" + strings.Repeat("p", 2048), "too_long", ""}, {"/redirectUrl", "javascript:alert(1)", "invalid_value", ""},
		{"/pubKey", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE...", "invalid_value", ""}, {"/pubKey", 1, "invalid_type", ""}, {"/pubKey", "", "invalid_value", ""},
		{"/authorizedDIDs", "did:web:a", "invalid_type", ""}, {"/authorizedDIDs", dids, "too_long", ""},
		{"/authorizedDIDs/0", "google.com", "invalid_did", ""}, {"/authorizedDIDs/0", nil, "invalid_type", ""},
		{"/expectedDocIds", []any{"1234567890"}, "invalid_type", "/expectedDocIds/0"}, {"/expectedDocIds", map[string]any{}, "invalid_type", ""},
		{"/expectedDocIds/0/contact", "b@example.com", "invalid_value", ""}, {"/expectedDocIds/0/contact", absent, "missing_field", ""},
		{"/expectedDocIds/0/docId", absent, "missing_field", ""}, {"/expectedDocIds/0/docId", 1234567890, "invalid_type", ""}, {"/expectedDocIds/0/docId", long, "too_long", ""},
		{"/groupIds", "g", "invalid_type", ""}, {"/groupIds", repeat("g", 51), "too_long", ""}, {"/groupIds/0", "1234567890", "unknown_resource", ""},
		{"/resourcesIds", 1, "invalid_type", ""}, {"/resourcesIds", repeat("r", 51), "too_long", ""}, {"/resourcesIds/0", "1234567890", "unknown_resource", ""},
		{"/credentials", map[string]any{}, "invalid_type", ""}, {"/credentials", repeat(map[string]any{}, 11), "too_long", ""}, {"/credentials/0", "x", "invalid_type", ""},
		{doc + "/type", absent, "missing_field", ""}, {doc + "/type", "FORM", "invalid_value", ""}, {doc + "/type", "document", "invalid_value", ""}, {doc + "/type", nil, "invalid_type", ""},
		{doc + "/name", 1, "invalid_type", ""}, {doc + "/name", long, "too_long", ""},
		{doc + "/description", 1, "invalid_type", ""}, {doc + "/description", long, "too_long", ""},
		{doc + "/internalId", 1, "invalid_type", ""}, {doc + "/internalId", long, "too_long", ""},
		{doc + "/scope", 1, "invalid_type", ""}, {doc + "/scope", strings.Repeat("s", 129), "too_long", ""}, {doc + "/scope", "payments hotel", "invalid_value", ""}, {doc + "/scope", "payments.", "invalid_value", ""},
		{policy + "/scope", absent, "missing_field", ""}, {policy + "/scope", "", "invalid_value", ""},
		{doc + "/validFrom", "yesterday", "invalid_value", ""}, {doc + "/validFrom", 1735689600, "invalid_type", ""}, {doc + "/validFrom", "2025-02-30", "invalid_value", ""},
		{doc + "/validFrom", "2028-01-01", "out_of_range", doc + "/validUntil"}, {doc + "/validUntil", "2024-12-31", "out_of_range", ""}, {doc + "/validUntil", "2026-01-01T00:00:00", "invalid_value", ""},
		{doc + "/data", absent, "missing_field", ""}, {doc + "/data", "JVBERi0=", "invalid_type", ""}, {doc + "/data", []any{}, "invalid_value", ""},
		{doc + "/data/0", "base64 encoded PDF", "invalid_value", ""}, {doc + "/data/0", "aGVsbG8=", "invalid_value", ""}, {doc + "/data/0", 1, "invalid_type", ""},
		{doc + "/placements", "x", "invalid_type", ""}, {place + "/contact", "b@example.com", "invalid_value", ""}, {place + "/contact", absent, "missing_field", ""},
		{place + "/type", "STAMP", "invalid_value", ""}, {place + "/type", absent, "missing_field", ""},
		{place + "/x", -1, "out_of_range", ""}, {place + "/x", "1", "invalid_type", ""}, {place + "/x", absent, "missing_field", ""},
		{place + "/y", -0.5, "out_of_range", ""}, {place + "/width", -1, "out_of_range", ""}, {place + "/height", nil, "invalid_type", ""},
		{place + "/pageIndex", 0.5, "out_of_range", ""}, {place + "/pageIndex", -1, "out_of_range", ""}, {place + "/identityType", "x", "invalid_type", ""},
		{policy + "/action", absent, "missing_field", ""}, {policy + "/action", "x", "invalid_type", ""}, {doc + "/action", map[string]any{"id": "x"}, "invalid_value", ""},
		{policy + "/action/id", absent, "missing_field", ""}, {policy + "/action/id", "unknown", "unknown_action", ""},
		{policy + "/action/userParams", 1, "invalid_type", ""}, {policy + "/action/userParams", map[string]any{}, "user_params_invalid", "/credentials/1/action/userParams/maxAmount"},
		{policy + "/action/userParams/maxAmount", "500", "user_params_invalid", ""},
	}
	for _, tt := range tests {
		name := tt.field + "=" + tt.code
		t.Run(name, func(t *testing.T) {
			in.t = t
			var bad any
			if err := json.Unmarshal(encoded, &bad); err != nil {
				t.Fatal(err)
			}
			put(bad, tt.field, tt.value)
			b, _ := json.Marshal(bad)
			status, m := in.do("requester", "POST", "/request", string(b))
			pointer := tt.at
			if pointer == "" {
				pointer = tt.field
			}
			if status != 400 || m["code"] != tt.code || m["pointer"] != pointer {
				t.Errorf("%v: got %d %v at %v, want 400 %s at %s (%v)", tt.value, status, m["code"], m["pointer"], tt.code, pointer, m["detail"])
			}
		})
	}
	in.t = t
	for name, b := range map[string]string{"no source": `{"contacts":["ana@example.com"]}`, "empty sources": `{"contacts":["ana@example.com"],"credentials":[],"groupIds":[],"resourcesIds":[]}`} {
		if status, m := in.do("requester", "POST", "/request", b); status != 400 || m["code"] != "no_credentials" || m["pointer"] != "/credentials" {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	for name, b := range map[string]string{"empty": "", "a list": "[]", "cut": `{"contacts":`, "twice": `{"contacts":["ana@example.com"],"contacts":[]}`} {
		if status, m := in.do("requester", "POST", "/request", b); status != 400 || m["pointer"] == nil {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	if n := len(at(in.must("requester", "GET", "/request", ""), "data").([]any)); n != 1 {
		t.Errorf("%d requests are stored, only the good one should be", n)
	}
}

// TestListRefuses makes each parameter out of range or malformed.
func TestListRefuses(t *testing.T) {
	in := newInstall(t, nil)
	for _, tt := range []struct{ query, parameter string }{
		{"pageIndex=-1", "pageIndex"}, {"pageIndex=x", "pageIndex"}, {"pageIndex=1.5", "pageIndex"}, {"pageIndex=", "pageIndex"}, {"pageIndex=0&pageIndex=1", "pageIndex"}, {"pageIndex=99999999999999999999", "pageIndex"},
		{"pageSize=4", "pageSize"}, {"pageSize=101", "pageSize"}, {"pageSize=ten", "pageSize"},
		{"search=" + strings.Repeat("s", 121), "search"}, {"search=a&search=b", "search"},
		{"securityLevel=NONE", "securityLevel"}, {"securityLevel=CONTACT,none", "securityLevel"}, {"securityLevel[]=", "securityLevel"},
		{"dateFrom=yesterday", "dateFrom"}, {"dateTo=2026-01-01", "dateTo"}, {"dateFrom=2026-01-01&dateTo=2026-13-01", "dateTo"}, {"dateFrom=2026-01-02&dateTo=2026-01-01", "dateTo"},
	} {
		status, m := in.do("requester", "GET", "/request?"+tt.query, "")
		if status != 400 || m["parameter"] != tt.parameter || m["code"] == nil {
			t.Errorf("%.60s: %d %v, want 400 with the parameter %s", tt.query, status, m, tt.parameter)
		}
	}
	for _, path := range []string{"/request/xyz", "/request/507f1f77bcf86cd79943901", "/request/507F1F77BCF86CD79943901g"} {
		if status, m := in.do("requester", "GET", path, ""); status != 400 || m["parameter"] == nil {
			t.Errorf("%s: %d %v, want 400 with the parameter", path, status, m)
		}
	}
	if status, m := in.do("requester", "GET", "/request/507f1f77bcf86cd799439011", ""); status != 404 || m["code"] == nil {
		t.Errorf("an unknown id: %d %v, want 404", status, m)
	}
}

// TestListFilters checks that each parameter finds exactly the matching
// request.
func TestListFilters(t *testing.T) {
	in := newInstall(t, nil)
	body, _ := json.Marshal(in.good(t))
	id := text(in.must("requester", "POST", "/request", string(body)), "id")
	in.wait(time.Millisecond)
	other := text(in.hotel("bob@example.org"), "id")
	did := text(in.must("requester", "GET", "/request/"+id, ""), "subjects", 0, "id")
	day := in.clock().UTC().Format("2006-01-02")
	for _, tt := range []struct {
		query string
		want  string
	}{
		{"", other + " " + id},
		{"active=true&agentId=x", other + " " + id},
		{"search=y+REQ", id}, {"search=ORDER-1", id}, {"search=document", id}, {"search=bob%40", other}, {"search=My", id}, {"search=%25", ""}, {"search=_y", ""}, {"search=", other + " " + id},
		{"contact=ana%40example.com", id}, {"contact=ana%40example", ""}, {"did=" + did, id}, {"did=did%3Aweb%3Anobody", ""},
		{"subjectInternalId=nobody", ""}, {"internalId=order-123", id}, {"internalId=order", ""}, {"credentialInternalId=internal-12345", id},
		{"securityLevel=CONTACT", other}, {"securityLevel[]=CONTACT&securityLevel[]=HUMANOS_KYC", other + " " + id}, {"securityLevel%5B0%5D=HUMANOS_KYC", id}, {"securityLevel=ORGANIZATION_KYC,HUMANOS_KYC", id},
		{"dateFrom=" + day, other + " " + id}, {"dateFrom=" + day + "&dateTo=" + day, other + " " + id}, {"dateFrom=2020-01-01&dateTo=2020-12-31", ""}, {"dateFrom=2026-05-02T23:59:59.000Z", other + " " + id},
		{"pageSize=5&pageIndex=1", ""},
	} {
		m := in.must("requester", "GET", "/v1/request?"+tt.query, "")
		var got []string
		for _, r := range at(m, "data").([]any) {
			got = append(got, text(r, "id"))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: found %q, want %q", tt.query, s, tt.want)
		}
		for _, r := range at(m, "data").([]any) {
			if s := text(r, "credentials", 0, "status"); s != "PENDING" {
				t.Errorf("%s: a draft is %q in the list, want PENDING", tt.query, s)
			}
		}
	}
}

// TestSeedExamples sends every JSON example of a call in the API documents to
// the server, first as written, then with its placeholders (such as "[email
// protected]") replaced.
func TestSeedExamples(t *testing.T) {
	in := newInstall(t, nil)
	seeds := readSeeds(t)
	create := seeds["000"].examples[0]
	if status, m := in.do("requester", "POST", "/request", string(create.Raw())); status != 400 || m["code"] != "invalid_contact" || m["pointer"] != "/contacts/0" {
		t.Errorf("create, as it stands: %d %v, want 400 invalid_contact at /contacts/0", status, m)
	}
	good := in.good(t)
	var fixed map[string]any
	raw := bytes.ReplaceAll(create.Raw(), []byte("[email\u00a0protected]"), []byte("user@example.com"))
	if err := json.Unmarshal(raw, &fixed); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"groupIds", "resourcesIds", "pubKey"} {
		fixed[name] = good[name]
	}
	put(fixed, "/credentials/0/data", at(good, "credentials", 0, "data"))
	b, _ := json.Marshal(fixed)
	id := text(in.must("requester", "POST", "/request", string(b)), "id")
	detail := in.must("requester", "GET", "/request/"+id, "")
	same(t, "detail", seeds["001"].examples[0], detail)
	same(t, "list", seeds["002"].examples[0], in.must("requester", "GET", "/v1/request", ""))
	same(t, "created", seeds["000"].examples[1], in.must("requester", "POST", "/request", string(b)))

	// The example's presentation names a method without a fragment and has no
	// valid signature. It is refused as a presentation, with a receipt.
	status, m := in.do("requester", "POST", "/credential/verify", string(seeds["003"].examples[0].Raw()))
	if status != 403 || m["decision"] != "deny" || text(m, "receipt", "id") == "" {
		t.Errorf("verify, as it stands: %d %v, want 403", status, m["reason"])
	}
	_, mandate := in.mandate()
	status, allowed := in.verify("requester", in.present("requester", mandate, "requester"), inLimits)
	if status != 200 {
		t.Fatalf("verify: %d %v", status, allowed)
	}
	same(t, "allow", seeds["003"].examples[1], allowed)

	m = in.must("requester", "POST", "/v1/passports", string(seeds["004"].examples[0].Raw()))
	same(t, "passport", seeds["004"].examples[1], m)
}

// same checks that an answer has every member of an example, with the same
// type or null. Empty lists in the answer are not compared.
func same(t *testing.T, where string, want canonical.Value, got any) {
	t.Helper()
	switch want.Kind() {
	case canonical.Object:
		m, ok := got.(map[string]any)
		if !ok {
			if got != nil {
				t.Errorf("%s is %T, want an object", where, got)
			}
			return
		}
		for name, v := range want.Members() {
			g, ok := m[name]
			if !ok {
				t.Errorf("%s.%s is missing", where, name)
				continue
			}
			same(t, where+"."+name, v, g)
		}
	case canonical.Array:
		l, ok := got.([]any)
		if !ok {
			t.Errorf("%s is %T, want a list", where, got)
		} else if len(l) > 0 && want.Len() > 0 {
			same(t, where+"[]", want.Index(0), l[0])
		}
	case canonical.String:
		if _, ok := got.(string); !ok && got != nil {
			t.Errorf("%s is %T, want text", where, got)
		}
	}
}

// A seed is one API document: its JSON objects and its list of parameters.
type seed struct {
	examples []canonical.Value
	params   []string
}

// readSeeds reads the API documents, which are not part of the repository.
func readSeeds(t *testing.T) map[string]seed {
	t.Helper()
	files, _ := filepath.Glob("../../../shared/seeds/*.txt")
	if len(files) == 0 {
		t.Skip("the documents of the API are not here")
	}
	out := map[string]seed{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s seed
		for i := 0; i < len(b); i++ {
			if b[i] != '{' {
				continue
			}
			for end := i + 1; end <= len(b); end++ {
				if b[end-1] != '}' {
					continue
				}
				if d, err := canonical.Parse(b[i:end]); err == nil {
					if d.Root().Len() > 0 {
						s.examples = append(s.examples, d.Root())
					}
					i = end - 1
					break
				}
			}
		}
		lines := strings.Split(string(b), "\n")
		for i := 0; i+1 < len(lines); i++ {
			kind := strings.HasPrefix(lines[i+1], "string") || strings.HasPrefix(lines[i+1], "number") || strings.HasPrefix(lines[i+1], "enum<") || strings.HasPrefix(lines[i+1], "object") || strings.HasPrefix(lines[i+1], "RequestEntity")
			if kind && lines[i] != "" && strings.Trim(lines[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == "" {
				s.params = append(s.params, lines[i])
			}
		}
		out[filepath.Base(file)[:3]] = s
	}
	return out
}
