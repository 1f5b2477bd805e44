package httpapi

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

func (in *install) verify(as, presentation, params string) (int, map[string]any) {
	in.t.Helper()
	return in.do(as, "POST", "/credential/verify", `{"presentation":`+presentation+`,"executionParams":`+params+`}`)
}

// present makes a presentation of a mandate for a verifier.
func (in *install) present(as, mandate, target string) string {
	in.t.Helper()
	rec := in.send(in.signed(as, "POST", "/credential/vp/"+mandate, `{"targetVerifier":"`+in.dids[target]+`"}`))
	if rec.Code != 200 {
		in.t.Fatalf("present as %s: %d %s", as, rec.Code, rec.Body)
	}
	d, err := canonical.Parse(rec.Body.Bytes())
	if err != nil {
		in.t.Fatal(err)
	}
	return string(d.Root().Get("presentation").Raw())
}

const (
	inLimits  = `{"tool":"book","amount":120}`
	offLimits = `{"tool":"book","amount":900}`
)

// TestLife runs the life of a mandate.
func TestLife(t *testing.T) {
	in := newInstall(t, nil)
	id, mandate := in.mandate()

	detail := in.must("requester", "GET", "/request/"+id, "")
	credential := at(detail, "credentials", 0, "w3cCredential")
	if s := text(detail, "credentials", 0, "status"); s != "ACTIVE" {
		t.Fatalf("accepted: status %s", s)
	}
	if got, want := text(credential, "credentialSubject", "id"), text(detail, "subjects", 0, "id"); got != want || want == "" {
		t.Errorf("the subject of the mandate is %q, want %q", got, want)
	}
	evidence := at(credential, "evidences", 0)
	location, _ := strings.CutPrefix(text(evidence, "location"), publicURL)
	rec := in.send(in.signed("requester", "GET", location, ""))
	if sri := canonical.SRI(sha256.Sum256(rec.Body.Bytes())); rec.Code != 200 || sri != text(evidence, "digestSRI") {
		t.Errorf("evidence %s: %d, digest %s, the credential has %s", location, rec.Code, sri, text(evidence, "digestSRI"))
	}

	first := in.present("requester", mandate, "listed")
	for _, tt := range []struct {
		name, as, params string
		status           int
		want             string
	}{
		{"at another verifier", "requester", inLimits, 403, "domain_mismatch"},
		{"at a stranger", "stranger", inLimits, 403, "domain_mismatch"},
		{"off limits", "listed", offLimits, 403, "rule_failed"},
		{"without params", "listed", `{}`, 403, "execution_params_invalid"},
		{"without the tool", "listed", `{"amount":120}`, 403, "execution_params_invalid"},
		{"within limits", "listed", inLimits, 200, ""},
		{"a second time", "listed", inLimits, 403, "presentation_replayed"},
	} {
		status, m := in.verify(tt.as, first, tt.params)
		if status != tt.status || text(m, "reason") != tt.want {
			t.Errorf("%s: %d %q, want %d %q", tt.name, status, text(m, "reason"), tt.status, tt.want)
		}
		if id := text(m, "receipt", "id"); id == "" {
			t.Errorf("%s: no receipt", tt.name)
		} else if kept := in.must(tt.as, "GET", "/receipt/"+id, ""); text(kept, "id") != id {
			t.Errorf("%s: the receipt %s is not kept", tt.name, id)
		}
	}
	second := in.present("listed", mandate, "listed")
	revoked := in.must("requester", "DELETE", "/v1/credential/revoke/"+mandate, `{"reason":"enough"}`)
	if text(revoked, "status") != "REVOKED" || text(revoked, "credentialId") != mandate {
		t.Errorf("revoked: %v", revoked)
	}
	if status, m := in.verify("listed", second, inLimits); status != 403 || text(m, "reason") != "credential_revoked" {
		t.Errorf("after the revocation: %d %q, want 403 credential_revoked", status, text(m, "reason"))
	}
	if status, _ := in.do("requester", "POST", "/credential/vp/"+mandate, `{}`); status != 409 {
		t.Errorf("presenting a revoked mandate: %d, want 409", status)
	}
	url := strings.TrimPrefix(text(credential, "credentialStatus", "statusListCredential"), publicURL)
	if rec := in.send(httptest.NewRequest("GET", url, nil)); rec.Code != 200 || !strings.Contains(rec.Body.String(), "encodedList") {
		t.Errorf("the status list at %q: %d", url, rec.Code)
	}
	if status, _ := in.do("stranger", "GET", "/status/999999", ""); status != 404 {
		t.Errorf("an unknown status list: %d, want 404", status)
	}
	in.noSecrets()
}

// noSecrets searches the log, the responses and the database for secrets.
func (in *install) noSecrets() {
	in.t.Helper()
	in.post.mu.Lock()
	defer in.post.mu.Unlock()
	for _, m := range in.post.messages {
		if strings.Contains(in.log.String(), m.To) {
			in.t.Error("the log shows a contact")
		}
	}
	n := 0
	written := map[string][]byte{"the log": in.log.Bytes(), "an answer": in.answers.Bytes(), "the database": in.files()}
	for what, forms := range in.secrets() {
		for _, form := range forms {
			n++
			for where, b := range written {
				if len(form) == 8 && where == "the database" { // eight digits may be part of other numbers; the database has a MAC
					continue
				}
				if shows(b, form) {
					in.t.Errorf("%s shows %s", where, what)
				}
			}
		}
	}
	if n < 50 || in.answers.Len() == 0 {
		in.t.Errorf("only %d secrets were looked for", n)
	}
}

// shows reports whether b contains secret. Eight digits count only if they are
// not part of a longer word.
func shows(b, secret []byte) bool {
	for {
		i := bytes.Index(b, secret)
		if i < 0 {
			return false
		}
		word := func(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }
		end := i + len(secret)
		if len(secret) > 8 || (i == 0 || !word(b[i-1])) && (end == len(b) || !word(b[end])) {
			return true
		}
		b = b[i+1:]
	}
}

// secrets returns all secrets in all encodings: bearer tokens, signature
// secrets, one-time passwords, private keys.
func (in *install) secrets() map[string][][]byte {
	in.t.Helper()
	out := map[string][][]byte{}
	for name, c := range in.creds {
		out["the bearer token of "+name] = [][]byte{[]byte(c.APIKey), []byte(strings.TrimPrefix(c.APIKey, "mk_"))}
		out["the signature secret of "+name] = [][]byte{[]byte(c.SignatureSecret), []byte(strings.TrimPrefix(c.SignatureSecret, "ms_"))}
	}
	for i, m := range in.post.messages {
		out[fmt.Sprint("the one-time password ", i)] = [][]byte{[]byte(m.OTP)}
	}
	db, err := sql.Open("sqlite", store.SQLiteDSN(in.file))
	if err != nil {
		in.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT 'tenant ' || name, public, handle FROM tenants WHERE id <> 't1' UNION ALL SELECT 'user ' || contact, public, handle FROM users UNION ALL SELECT 'passport ' || id, public, handle FROM passports")
	if err != nil {
		in.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var public, handle []byte
		if err := rows.Scan(&name, &public, &handle); err != nil {
			in.t.Fatal(err)
		}
		seed, err := in.vault.Open("signing key"+string(public), handle)
		if err != nil || len(seed) != ed25519.SeedSize {
			in.t.Fatalf("the key of %s: %v", name, err)
		}
		private := ed25519.NewKeyFromSeed(seed)
		if !private.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(public)) {
			in.t.Fatalf("the key of %s is another", name)
		}
		var forms [][]byte
		for _, raw := range [][]byte{seed, private} {
			forms = append(forms, raw)
			for _, written := range []string{hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
				multikey.EncodeBase58(raw), multikey.EncodePrivateKey(private)[1:]} {
				forms = append(forms, []byte(written))
			}
		}
		out["the private key of "+name] = forms
	}
	if rows.Err() != nil {
		in.t.Fatal(rows.Err())
	}
	return out
}

// files returns the bytes of the database and its write-ahead log.
func (in *install) files() (all []byte) {
	in.t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(in.file + suffix)
		if err != nil {
			in.t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// TestNoSecretsFindsSecrets checks that noSecrets finds a secret that is
// present.
func TestNoSecretsFindsSecrets(t *testing.T) {
	in := newInstall(t, nil)
	in.mandate()
	in.must("requester", "POST", "/passports", `{"type":"agent","name":"a"}`)
	in.noSecrets()
	kinds := map[string]int{}
	for what, forms := range in.secrets() {
		kind := strings.Join(strings.Fields(what)[:4], " ")
		kinds[kind] += len(forms)
	}
	for kind, least := range map[string]int{"the bearer token of": 6, "the signature secret of": 6, "the one-time password 0": 1, "the private key of": 6 * 14} {
		if kinds[kind] < least {
			t.Errorf("%d forms of %s are looked for, want %d: %v", kinds[kind], kind, least, kinds)
		}
	}
}

// TestAuthority checks the rights of the requester, a tenant in
// authorizedDIDs, another tenant, and a caller without a key. It covers every
// route.
func TestAuthority(t *testing.T) {
	in := newInstallAt(t, "mandates.example", nil)
	action := text(in.must("requester", "POST", "/actions", hotelAction), "id")
	resource := text(in.must("requester", "POST", "/resource", `{"type":"JSON","name":"theirs","data":[{"label":"a","type":"b","value":1}]}`), "id")
	const json = `{"type":"JSON","data":[{"label":"a","type":"b","value":1}]}`
	tests := []struct {
		route, path, body                   string // path is empty if it equals the route
		requester, listed, stranger, nobody int
	}{
		{"GET /request/{id}", "/request/{R}", "", 200, 200, 404, 401},
		{"GET /credential/{id}", "/credential/{M}", "", 200, 200, 404, 401},
		{"GET /evidence/{id}", "/evidence/{E}", "", 200, 200, 404, 401},
		{"GET /receipt/{id}", "/receipt/{RR}", "", 200, 404, 404, 401},
		{"POST /credential/vp/{id}", "/credential/vp/{M}", "{}", 200, 200, 404, 401},
		{"POST /credential/verify", "", `{"presentation":{VP},"executionParams":` + inLimits + `}`, 200, 200, 403, 401},
		{"GET /actions/version/{id}", "/actions/version/" + action, "", 200, 404, 404, 401},
		{"PATCH /request/resend/{id}", "/request/resend/{D}", "", 200, 404, 404, 401},
		{"POST /request/{id}/decision", "/request/{D}/decision", `{"contact":"ana@example.com","otp":"12","accepted":true}`, 403, 404, 404, 401},
		{"DELETE /credential/revoke/{id}", "/credential/revoke/{M}", "", 200, 404, 404, 401},
		{"DELETE /request/{id}", "/request/{R}", "", 200, 404, 404, 401},
		{"GET /passports/{id}", "/passports/{P}", "", 200, 404, 404, 401},
		// Each tenant sees its own data and nothing of the requester's:
		{"GET /request", "", "", 200, 200, 200, 401},
		{"GET /actions", "", "", 200, 200, 200, 401},
		{"GET /resource", "", "", 200, 200, 200, 401},
		{"POST /request", "", `{"contacts":["bo@example.com"],"credentials":[` + json + `]}`, 200, 200, 200, 401},
		{"POST /request", "", `{"contacts":["bo@example.com"],"resourcesIds":["` + resource + `"]}`, 200, 400, 400, 401},
		{"POST /request", "", `{"contacts":["bo@example.com"],"credentials":[{"type":"POLICY","scope":"a","action":{"id":"` + action + `","userParams":{"maxAmount":1}}}]}`, 200, 400, 400, 401},
		{"POST /actions", "", hotelAction, 201, 201, 201, 401},
		{"POST /resource", "", json, 201, 201, 201, 401},
		{"POST /resource/group", "", `{"name":"g","resourcesIds":["` + resource + `"]}`, 201, 400, 400, 401},
		{"POST /passports", "", `{"type":"agent","name":"a"}`, 201, 201, 201, 401},
		// Public routes:
		{"GET /healthz", "", "", 200, 200, 200, 200},
		{"GET /readyz", "", "", 200, 200, 200, 200},
		{"GET /openapi.json", "", "", 200, 200, 200, 200},
		{"GET /openapi.yaml", "", "", 200, 200, 200, 200},
		{"GET /status/{n}", "/status/0", "", 200, 200, 200, 200},
		{"GET /platform/{id}/did.json", "{platform}", "", 200, 200, 200, 200},
		{"GET /user/{id}/did.json", "{user}", "", 200, 200, 200, 200},
	}
	untold := map[string]bool{}
	for _, rt := range in.routes() {
		untold[rt.pattern] = true
	}
	for _, tt := range tests {
		delete(untold, tt.route)
		method, path, _ := strings.Cut(tt.route, " ")
		if tt.path != "" {
			path = tt.path
		}
		t.Run(tt.route, func(t *testing.T) {
			in.t = t
			draft := text(in.hotel("ana@example.com"), "id")
			id, m := in.mandate()
			detail := in.must("requester", "GET", "/request/"+id, "")
			evidence := strings.TrimPrefix(text(detail, "credentials", 0, "w3cCredential", "evidences", 0, "location"), publicURL+"/evidence/")
			passport := text(in.must("requester", "POST", "/passports", `{"type":"agent","name":"a"}`), "data", "passportId")
			for as, want := range map[string]int{"requester": tt.requester, "listed": tt.listed, "stranger": tt.stranger, "nobody": tt.nobody} {
				if method != "GET" { // GET changes nothing
					id, m = in.mandate()
				}
				receipt := ""
				if strings.Contains(path, "{RR}") {
					_, denied := in.verify("requester", string(sample.Presentation()), `{}`)
					receipt = text(denied, "receipt", "id")
				}
				body, target := tt.body, as
				if as == "nobody" {
					target = "stranger"
				}
				if strings.Contains(body, "{VP}") {
					body = strings.ReplaceAll(body, "{VP}", in.present("requester", m, target))
				}
				doc := func(did string) string {
					return "/" + strings.ReplaceAll(strings.TrimPrefix(did, "did:web:mandates.example:"), ":", "/") + "/did.json"
				}
				path := strings.NewReplacer("{RR}", receipt, "{R}", id, "{D}", draft, "{M}", m, "{P}", passport, "{E}", evidence,
					"{platform}", doc(in.dids["requester"]), "{user}", doc(text(detail, "subjects", 0, "id"))).Replace(path)
				r := in.signed(target, method, path, body)
				if as == "nobody" {
					r.Header = http.Header{}
				}
				rec := in.send(r)
				if rec.Code != want {
					t.Errorf("%s: %d, want %d: %s", as, rec.Code, want, rec.Body)
				}
				if as != "requester" && want != 200 || strings.HasPrefix(tt.route, "GET /request") && as == "stranger" {
					for _, theirs := range []string{id, m, draft, resource, "theirs"} {
						if strings.Contains(rec.Body.String(), theirs) && !strings.Contains(path, theirs) && !strings.Contains(body, theirs) {
							t.Errorf("%s sees %s, which is the requester's: %s", as, theirs, rec.Body)
						}
					}
				}
			}
		})
	}
	for pattern := range untold {
		t.Errorf("%s is not in the table", pattern)
	}
	in.t = t
	in.noSecrets()
}

// TestOneTimePassword checks that a new password ends the old one, that wrong
// ones are refused, and that five wrong ones lock the subject.
func TestOneTimePassword(t *testing.T) {
	in := newInstall(t, nil)
	id := text(in.hotel("ana@example.com"), "id")
	path := "/request/" + id + "/decision"
	old := in.decision(id, "ana@example.com", true)
	in.must("requester", "PATCH", "/request/resend/"+id+"?contact=ana%40example.com", "")
	right := in.decision(id, "ana@example.com", true)
	if old == right {
		t.Fatal("the new password is the old one")
	}
	if status, m := in.do("requester", "POST", path, old); status != 403 {
		t.Errorf("the old password: %d %v, want 403", status, m)
	}
	wrong := `{"contact":"ana@example.com","otp":"000 000","accepted":true}`
	for i := 2; i <= 5; i++ {
		if status, m := in.do("requester", "POST", path, wrong); status != 403 && (i < 5 || status != 423) {
			t.Fatalf("wrong password %d: %d %v", i, status, m)
		}
	}
	if status, m := in.do("requester", "POST", path, right); status != 423 || m["code"] != "subject_locked" {
		t.Errorf("the right one after five wrong ones: %d %v, want 423 subject_locked", status, m)
	}
	if status, m := in.do("requester", "PATCH", "/request/resend/"+id+"?contact=ana%40example.com", ""); status != 423 {
		t.Errorf("sending again to who is locked: %d %v, want 423", status, m)
	}
	in.noSecrets()
}

// TestResendLimit checks that a second resend within a minute is refused with
// the time to wait.
func TestResendLimit(t *testing.T) {
	in := newInstall(t, nil)
	target := "/v1/request/resend/" + text(in.hotel("ana@example.com"), "id")
	in.must("requester", "PATCH", target, "")
	in.wait(time.Second)
	rec := in.send(in.signed("requester", "PATCH", target+"?contact=ana%40example.com", ""))
	if rec.Code != 429 || rec.Header().Get("Retry-After") != "59" || !strings.Contains(rec.Body.String(), `"resend_limit"`) {
		t.Errorf("got %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	in.wait(59 * time.Second)
	in.must("requester", "PATCH", target, "")
}

func TestReject(t *testing.T) {
	in := newInstall(t, nil)
	r := in.hotel("ana@example.com", "+351912345678")
	id, mandate := text(r, "id"), text(r, "credentials", 0, "id")
	in.must("requester", "POST", "/request/"+id+"/decision", in.decision(id, "ana@example.com", true))
	if s := text(in.must("requester", "GET", "/credential/"+mandate, ""), "status"); s != "DRAFT" {
		t.Errorf("with one of two decisions: %s, want DRAFT", s)
	}
	in.must("requester", "POST", "/request/"+id+"/decision", in.decision(id, "+351912345678", false))
	if s := text(in.must("requester", "GET", "/credential/"+mandate, ""), "status"); s != "REJECTED" {
		t.Errorf("rejected by one: %s, want REJECTED", s)
	}
	if status, _ := in.do("requester", "POST", "/credential/vp/"+mandate, `{}`); status != 409 {
		t.Errorf("presenting it: %d, want 409", status)
	}
}

func TestIdempotency(t *testing.T) {
	in := newInstall(t, nil)
	const body = `{"contacts":["ana@example.com"],"credentials":[{"type":"CONSENT","name":"c","data":[{"label":"text","type":"string","value":"I agree","hidden":false}]}]}`
	create := func(as, key, body string) *httptest.ResponseRecorder {
		r := in.signed(as, "POST", "/request", body)
		r.Header.Set("Idempotency-Key", key)
		return in.send(r)
	}
	const n = 200
	answers := make([]*httptest.ResponseRecorder, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i] = create("requester", "k", body) })
	}
	wg.Wait()
	fresh := 0
	for i, a := range answers {
		if a.Code == 409 {
			continue // while the first call runs
		}
		if a.Code != 200 {
			t.Fatalf("create %d: %d %s", i, a.Code, a.Body)
		}
		if a.Header().Get("Idempotency-Replayed") == "" {
			fresh++
		}
		if a.Body.String() != answers[0].Body.String() && answers[0].Code == 200 {
			t.Fatalf("two answers: %s\n%s", a.Body, answers[0].Body)
		}
	}
	list := in.must("requester", "GET", "/request", "")
	if got := len(at(list, "data").([]any)); got != 1 || fresh != 1 {
		t.Fatalf("%d creates made %d requests, %d answers are not replayed", n, got, fresh)
	}
	for _, tt := range []struct {
		name, as, key, body string
		status              int
		replayed            string
	}{
		{"again, in quotes", "requester", `"k"`, body, 200, "true"},
		{"with another body", "requester", "k", body + " ", 422, ""},
		{"with another key", "requester", "l", body, 200, ""},
		{"by another tenant", "stranger", "k", body, 200, ""},
	} {
		a := create(tt.as, tt.key, tt.body)
		if a.Code != tt.status || a.Header().Get("Idempotency-Replayed") != tt.replayed {
			t.Errorf("%s: %d, replayed %q: %s", tt.name, a.Code, a.Header().Get("Idempotency-Replayed"), a.Body)
		}
	}
	in.wait(24*time.Hour + time.Second)
	if a := create("requester", "k", body); a.Code != 200 || a.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("a day later: %d, replayed %q", a.Code, a.Header().Get("Idempotency-Replayed"))
	}
}

// TestReplayDoesNotCountAsCreate checks that replays do not count against the
// limit of creates and work when the limit is reached.
func TestReplayDoesNotCountAsCreate(t *testing.T) {
	in := newInstall(t, func(c *Config) { c.CreatesPerMinute = 2 })
	const body = `{"contacts":["ana@example.com"],"credentials":[{"type":"CONSENT","data":[{"label":"text","type":"string","value":"I agree"}]}]}`
	for i, tt := range []struct {
		key, body      string
		status         int
		replayed, left string
	}{
		{"k", body, 200, "", `"key";r=1;t=30`},
		{"k", body, 200, "true", ""},
		{"k", body, 200, "true", ""},
		{"k", body + " ", 422, "", ""}, // refused, so not a create either
		{"l", body, 200, "", `"key";r=0;t=60`},
		{"k", body, 200, "true", ""},
		{"m", body, 429, "", `"key";r=0;t=60`},
		{"", body, 429, "", `"key";r=0;t=60`},
		{"l", body, 200, "true", ""},
	} {
		r := in.signed("requester", "POST", "/request", tt.body)
		if tt.key != "" {
			r.Header.Set("Idempotency-Key", tt.key)
		}
		rec := in.send(r)
		left := rec.Header().Get("RateLimit")
		if tt.left == "" && rec.Header().Get("RateLimit-Policy") == `"key";q=60000;w=60` {
			left = "" // of calls
		}
		if rec.Code != tt.status || rec.Header().Get("Idempotency-Replayed") != tt.replayed || left != tt.left {
			t.Errorf("call %d: %d, replayed %q, %q: %s", i, rec.Code, rec.Header().Get("Idempotency-Replayed"), left, rec.Body)
		}
	}
}

func TestPassports(t *testing.T) {
	in := newInstall(t, nil)
	m := in.must("requester", "POST", "/v1/passports", `{"type":"individual","name":"Alice Smith","metadata":{"email":"alice@example.com"},"capabilities":["optional-initial-capabilities"]}`)
	got := in.must("requester", "GET", "/v1/passports/"+text(m, "data", "passportId"), "")
	if text(got, "data", "did") != text(m, "data", "did") {
		t.Errorf("the passport is %v, made as %v", got, m)
	}
	for _, tt := range []struct{ name, body, code, pointer string }{
		{"no type", `{"name":"a"}`, "missing_field", "/type"},
		{"unknown type", `{"type":"robot","name":"a"}`, "invalid_value", "/type"},
		{"no name", `{"type":"agent"}`, "missing_field", "/name"},
		{"empty name", `{"type":"agent","name":""}`, "invalid_value", "/name"},
		{"long name", `{"type":"agent","name":"` + strings.Repeat("n", 201) + `"}`, "too_long", "/name"},
		{"name as a number", `{"type":"agent","name":1}`, "invalid_type", "/name"},
		{"metadata as a list", `{"type":"agent","name":"a","metadata":[]}`, "invalid_type", "/metadata"},
		{"large metadata", `{"type":"agent","name":"a","metadata":{"a":"` + strings.Repeat("m", 8192) + `"}}`, "too_long", "/metadata"},
		{"capability no text", `{"type":"agent","name":"a","capabilities":[1]}`, "invalid_type", "/capabilities/0"},
		{"51 capabilities", `{"type":"agent","name":"a","capabilities":["c"` + strings.Repeat(`,"c"`, 50) + `]}`, "too_long", "/capabilities"},
		{"no JSON", `type`, "malformed_json", ""},
	} {
		status, m := in.do("requester", "POST", "/passports", tt.body)
		if status != 400 || text(m, "error", "code") != "invalid_request" || text(m, "error", "details", "code") != tt.code ||
			at(m, "error", "details", "pointer") != tt.pointer || text(m, "meta", "requestId") == "" {
			t.Errorf("%s: %d %v, want %s at %s", tt.name, status, m, tt.code, tt.pointer)
		}
	}
	// The bearer token suffices here, but a signature must be valid if it is
	// sent.
	r := in.signed("requester", "POST", "/passports", `{"type":"agent","name":"a"}`)
	r.Header.Del("X-Signature")
	r.Header.Del("X-Timestamp")
	if rec := in.send(r); rec.Code != 201 {
		t.Errorf("without a signature: %d %s", rec.Code, rec.Body)
	}
	for name, change := range map[string]func(h map[string][]string){
		"wrong signature": func(h map[string][]string) { h["X-Signature"] = []string{strings.Repeat("0", 64)} },
		"no timestamp":    func(h map[string][]string) { delete(h, "X-Timestamp") },
		"no token":        func(h map[string][]string) { delete(h, "Authorization") },
	} {
		r := in.signed("requester", "POST", "/passports", `{"type":"agent","name":"a"}`)
		change(r.Header)
		rec := in.send(r)
		var m map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil || rec.Code != 401 || text(m, "error", "code") != "unauthorized" {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	strict := newInstall(t, func(c *Config) {
		c.Keys = keys{"mk_strict": {ID: "k", Tenant: store.Tenant{ID: "t1", DID: sample.Verifier}, Secrets: [][]byte{[]byte("ms")}, Strict: true}}
	})
	r = httptest.NewRequest("POST", "/passports", strings.NewReader(`{"type":"agent","name":"a"}`))
	r.Header.Set("Authorization", "Bearer mk_strict")
	if rec := strict.send(r); rec.Code != 401 {
		t.Errorf("a strict key without a signature: %d %s", rec.Code, rec.Body)
	}
	if status, m := in.do("requester", "GET", "/passports/passport_none", ""); status != 404 || text(m, "error", "code") == "" {
		t.Errorf("an unknown passport: %d %v", status, m)
	}
	limited := newInstall(t, func(c *Config) { c.CreatesPerMinute = 1 })
	limited.must("requester", "POST", "/passports", `{"type":"agent","name":"a"}`)
	rec := limited.send(limited.signed("requester", "POST", "/passports", `{"type":"agent","name":"a"}`))
	if rec.Code != 429 || rec.Header().Get("Retry-After") != "60" || rec.Header().Get("RateLimit-Policy") == "" || !strings.Contains(rec.Body.String(), `"rate_limit_exceeded"`) {
		t.Errorf("the second in a minute: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

// TestSecurityLevel checks that, above CONTACT, a decision requires an
// identity and the expected document.
func TestSecurityLevel(t *testing.T) {
	in := newInstall(t, nil)
	r := in.must("requester", "POST", "/request", `{"contacts":["ana@example.com"],"securityLevel":"HUMANOS_KYC","expectedDocIds":[{"contact":"ana@example.com","docId":"123"}],
		"credentials":[{"type":"CONSENT","name":"c","data":[{"label":"text","type":"string","value":"I agree","hidden":false}]}]}`)
	id := text(r, "id")
	tenant, err := in.svc.Tenant(t.Context(), "requester")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		identity store.Identity
		status   int
		code     string
	}{
		{"nobody has said anything", store.Identity{}, 409, "identity_required"},
		{"pending", store.Identity{KYC: "PENDING"}, 409, "identity_required"},
		{"rejected", store.Identity{KYC: "REJECTED", DocID: "123"}, 409, "identity_required"},
		{"another document", store.Identity{KYC: "APPROVED", DocID: "124", Verified: in.now}, 409, "document_mismatch"},
		{"as expected", store.Identity{KYC: "APPROVED", DocID: "123", Verified: in.now}, 200, ""},
	} {
		if tt.identity != (store.Identity{}) {
			if err := in.svc.SetIdentity(t.Context(), tenant.ID, "ana@example.com", tt.identity); err != nil {
				t.Fatal(err)
			}
		}
		status, m := in.do("requester", "POST", "/request/"+id+"/decision", in.decision(id, "ana@example.com", true))
		if status != tt.status || text(m, "code") != tt.code {
			t.Errorf("%s: %d %v, want %d %s", tt.name, status, m, tt.status, tt.code)
		}
	}
}
