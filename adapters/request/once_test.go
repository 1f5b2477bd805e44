package request_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/store"
)

func count(t testing.TB, w *world) (n int) {
	t.Helper()
	if err := w.store.View(t.Context(), func(tx store.Tx) (err error) {
		_, n, err = tx.ListRequests(store.Filter{TenantID: w.a.ID})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// Many calls with one key create one request, also from two processes on one
// file.
func TestOnce(t *testing.T) {
	for _, contacts := range []string{`"ana@x.example"`, `"new@x.example"`} { // a known and a new contact
		w := newWorld(t, "")
		body := w.policyBody(contacts)
		if contacts == `"ana@x.example"` {
			w.create(body)
		}
		before := count(t, w)
		other := newService(t, w)
		const calls = 200
		var mu sync.Mutex
		var wg sync.WaitGroup
		answers, codes, replays := map[string]int{}, map[string]int{}, 0
		for i := range calls {
			s := w.Service
			if i%2 == 1 {
				s = other.Service
			}
			wg.Go(func() {
				answer, replayed, err := s.Create(t.Context(), w.a, []byte(body), `"key-1"`, nil)
				mu.Lock()
				defer mu.Unlock()
				codes[code(err)]++
				if err == nil {
					answers[string(answer)]++
				}
				if replayed {
					replays++
				}
			})
		}
		wg.Wait()
		if got := count(t, w) - before; got != 1 || len(answers) != 1 || codes["ok"] != replays+1 || codes["ok"]+codes["idempotency_in_flight"] != calls {
			t.Errorf("%d requests, %d answers, %d replays, %v", got, len(answers), replays, codes)
		}
		w.mu.Lock()
		if sent := w.sent; sent != before+1 {
			t.Errorf("%d messages for %d requests", sent, before+1)
		}
		w.mu.Unlock()
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t, "")
	body := w.policyBody(`"ana@x.example"`)
	call := func(caller store.Tenant, body, key string) (string, bool) {
		b, replayed, err := w.Create(t.Context(), caller, []byte(body), key, nil)
		if err != nil {
			return code(err), replayed
		}
		return string(b), replayed
	}
	first, replayed := call(w.a, body, "k")
	if replayed || !strings.Contains(first, `"id"`) {
		t.Fatal(first)
	}
	if again, replayed := call(w.a, body, `"k"`); again != first || !replayed {
		t.Errorf("again, quoted: %s, %t", again, replayed)
	}
	if got, _ := call(w.a, body+" ", "k"); got != "idempotency_mismatch" {
		t.Errorf("another body: %s", got)
	}
	if got, replayed := call(w.a, body, "l"); got == first || replayed {
		t.Errorf("another key: %s", got)
	}
	other := `{"contacts":["a@x.example"],"credentials":[{"type":"JSON","data":[{"label":"a","type":"b","value":1}]}]}`
	if got, replayed := call(w.b, other, "k"); replayed || !strings.Contains(got, `"id"`) {
		t.Errorf("another tenant: %s", got)
	}
	// A refused call is not remembered: the corrected body may use the key.
	if got, _ := call(w.a, `{}`, "m"); got != "missing_field" {
		t.Error(got)
	}
	if got, replayed := call(w.a, other, "m"); replayed || !strings.Contains(got, `"id"`) {
		t.Errorf("corrected: %s", got)
	}
	for _, bad := range []string{`""`, "a b", "ä", strings.Repeat("k", 256), "\n"} {
		if got, _ := call(w.a, body, bad); got != "invalid_value" {
			t.Errorf("key %.20q: %s", bad, got)
		}
	}
	w.pass(24*time.Hour + time.Second)
	if got, replayed := call(w.a, body, "k"); got == first || replayed {
		t.Error("remembered for too long")
	}
}

// Two processes that see a new contact at the same time create one user.
func TestNewContactConcurrently(t *testing.T) {
	w := newWorld(t, "")
	body := w.policyBody(`"ana@x.example"`)
	other := newService(t, w)
	var mu sync.Mutex
	var wg sync.WaitGroup
	dids := map[string]bool{}
	for i := range 20 {
		s := w.Service
		if i%2 == 1 {
			s = other.Service
		}
		wg.Go(func() {
			answer, _, err := s.Create(t.Context(), w.a, []byte(body), "", nil)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			dids[get(t, answer, "subjects/0/id")] = true
		})
	}
	wg.Wait()
	if len(dids) != 1 || count(t, w) != 20 {
		t.Errorf("%d DIDs of one contact, %d requests", len(dids), count(t, w))
	}
}

// A process that dies after storing a request has not sent anything. A retry
// with the same key sends the password.
func TestRetrySends(t *testing.T) {
	w := newWorld(t, "")
	body := w.policyBody(`"ana@x.example"`)
	w.fail = errors.New("no mail today")
	first, _, err := w.Create(t.Context(), w.a, []byte(body), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	id := get(t, first, "id")
	w.fail = nil
	again, replayed, err := w.Create(t.Context(), w.a, []byte(body), "k", nil)
	if err != nil || !replayed || string(again) != string(first) || w.otp(id, "ana@x.example") != "" {
		t.Fatalf("at once: %t, %v, %q", replayed, err, w.otp(id, "ana@x.example"))
	}
	w.pass(11 * time.Second)
	if _, _, err := w.Create(t.Context(), w.a, []byte(body), "k", nil); err != nil {
		t.Fatal(err)
	}
	ok(t)(w.decide(id, "ana@x.example", w.otp(id, "ana@x.example"), `,"accepted":true`))
}

func TestTemplates(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	var ids []string
	for _, body := range []string{`{"type":"JSON","name":"one","internalId":"i","data":[{"label":"a","type":"b","value":1}]}`, `{"type":"FORM","name":"two","data":[{"label":"a","type":"b"}]}`} {
		ids = append(ids, get(t, ok(t)(w.CreateResource(ctx, w.a, []byte(body))), "id"))
	}
	group := get(t, ok(t)(w.CreateGroup(ctx, w.a, []byte(`{"name":"both","resourcesIds":["`+ids[0]+`","`+ids[1]+`"]}`))), "id")
	answer, _, err := w.Create(ctx, w.a, []byte(`{"contacts":["ana@x.example"],"resourcesIds":["`+ids[1]+`"],"groupIds":["`+group+`"]}`), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	detail := ok(t)(w.Detail(ctx, w.a, get(t, answer, "id")))
	got := ""
	for _, i := range []string{"0", "1", "2"} {
		got += get(t, detail, "credentials/"+i+"/resourceType") + " " + get(t, detail, "credentials/"+i+"/name") + " "
	}
	if got != "FORM two JSON one FORM two " {
		t.Error(got)
	}
	list := ok(t)(w.Resources(ctx, w.a))
	if get(t, list, "groups/0/name") != "both" || strings.Count(string(list), `"createdAt"`) != 3 {
		t.Errorf("%s", list)
	}
	for body, want := range map[string]string{`{"type":"FORM"}`: "missing_field", `{"type":"X"}`: "invalid_value", `{"type":"POLICY","scope":"a","action":{"id":"x"}}`: "unknown_action",
		`{"type":"JSON","data":[{"label":"a","type":"b","value":1}],"placements":[{"contact":"a@x.example","type":"SIGNATURE","x":1,"y":1,"width":1,"height":1,"pageIndex":1}]}`: "invalid_value"} {
		if _, err := w.CreateResource(ctx, w.a, []byte(body)); code(err) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	for body, want := range map[string]string{`{}`: "missing_field", `{"name":"x","resourcesIds":[]}`: "invalid_value", `{"name":"x","resourcesIds":["y"]}`: "unknown_resource"} {
		if _, err := w.CreateGroup(ctx, w.a, []byte(body)); code(err) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestActions(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	first := ok(t)(w.PublishAction(ctx, w.a, []byte(actionBody)))
	same := ok(t)(w.PublishAction(ctx, w.a, []byte(actionBody)))
	if string(first) != string(same) || get(t, first, "version") != "1" {
		t.Errorf("%s\n%s", first, same)
	}
	second := ok(t)(w.PublishAction(ctx, w.a, []byte(strings.Replace(actionBody, "amount <=", "amount <", 1))))
	if get(t, second, "version") != "2" || get(t, second, "id") != get(t, first, "id") || get(t, second, "digestSRI") == get(t, first, "digestSRI") {
		t.Errorf("%s", second)
	}
	id, _ := w.create(w.policyBody(`"ana@x.example"`)) // publishes the first again, now as the third version
	if got := get(t, ok(t)(w.Detail(ctx, w.a, id)), "credentials/0/w3cCredential/credentialSubject/mandate/action/version"); got != "3" {
		t.Errorf("the mandate names version %s", got)
	}
	if got := get(t, ok(t)(w.ActionVersion(ctx, w.a, get(t, second, "versionId"))), "version"); got != "2" {
		t.Error(got)
	}
	if got := get(t, ok(t)(w.ActionVersion(ctx, w.a, get(t, first, "id"))), "version"); got != "3" {
		t.Error(got)
	}
	if got := ok(t)(w.Actions(ctx, w.a)); get(t, got, "data/0/version") != "3" || get(t, got, "data/2/name") != "hotels" {
		t.Errorf("%s", got)
	}
	for body, want := range map[string]string{`{}`: "missing_field", `{"name":"x"}`: "missing_field", `{"name":"x","content":[]}`: "invalid_type", `{"name":"x","content":{}}`: "action_invalid",
		strings.Replace(actionBody, "amount <=", "amount <= <=", 1): "action_invalid"} {
		if _, err := w.PublishAction(ctx, w.a, []byte(body)); code(err) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// An Outbox writes one complete file per message, readable only by its owner.
func TestOutbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	o := request.Outbox{Dir: dir}
	for range 3 {
		if err := o.Notify(t.Context(), request.Message{To: "a@x.example", OTP: "12345678", Link: "l", RequestID: "r", Language: "PRT"}); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	info, err := files[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Ext(files[0].Name()) != ".json" {
		t.Error(info.Mode(), files[0].Name(), err)
	}
	b, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	if want := `{"kind":"otp","language":"PRT","link":"l","otp":"12345678","requestId":"r","to":"a@x.example"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	if err := (request.Outbox{Dir: filepath.Join(dir, files[0].Name())}).Notify(t.Context(), request.Message{}); err == nil {
		t.Error("an outbox that is a file")
	}
}
