package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/adapters/httpapi"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// A running is a running server with its address and credentials.
type running struct {
	t       *testing.T
	dir     string
	addr    string
	args    []string
	cmd     *exec.Cmd
	output  lockedBuffer // its whole output
	answers lockedBuffer
	creds   struct{ APIKey, SignatureSecret, DID string }
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func newRunning(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	s := &running{t: t, dir: dir, addr: freeAddr(t), args: args}
	t.Cleanup(s.kill)
	s.start()
	b, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s.creds); err != nil {
		t.Fatal(err)
	}
	return s
}

// start starts the server and waits until it listens.
func (s *running) start() {
	s.t.Helper()
	s.cmd = mandateCommand(s.t, append([]string{"serve", "--json", "--data", s.dir, "--addr", s.addr, "--public-url", "https://mandates.example", "--creates-per-minute", "1000000", "--calls-per-minute", "10000000"}, s.args...)...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stderr = &s.output
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var line [4096]byte
	n, err := out.Read(line[:])
	if err != nil {
		s.t.Fatalf("the server has not started: %v %s", err, s.output.String())
	}
	s.output.Write(line[:n])
	go io.Copy(&s.output, out)
}

// kill kills the server's process.
func (s *running) kill() {
	if s.cmd != nil && s.cmd.Process != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

// mandateCommand runs this test binary as the command mandate.
func mandateCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"mandate"}, args...)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// errUnanswered means that the outcome of a call is unknown.
var errUnanswered = errors.New("no answer")

func (s *running) call(method, target, body string, header ...string) (int, []byte, error) {
	r, err := http.NewRequest(method, "http://"+s.addr+target, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	r.Header.Set("Authorization", "Bearer "+s.creds.APIKey)
	r.Header.Set("X-Timestamp", stamp)
	r.Header.Set("X-Signature", httpapi.Sign([]byte(s.creds.SignatureSecret), false, stamp, method, target, []byte(body)))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, errUnanswered
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, errUnanswered
	}
	fmt.Fprintf(&s.answers, "%v\n%s\n", resp.Header, b)
	return resp.StatusCode, b, nil
}

// must is call for calls that must succeed.
func (s *running) must(method, target, body string) map[string]any {
	s.t.Helper()
	status, b, err := s.call(method, target, body)
	var m map[string]any
	if err != nil || status/100 != 2 || json.Unmarshal(b, &m) != nil {
		s.t.Fatalf("%s %s: %d %v %s", method, target, status, err, b)
	}
	return m
}

// otp returns the one-time password of a request in the outbox.
func (s *running) otp(id string) string {
	files, _ := filepath.Glob(filepath.Join(s.dir, "outbox", "*.json"))
	for _, f := range files {
		var m struct{ OTP, RequestID string }
		if b, err := os.ReadFile(f); err == nil && json.Unmarshal(b, &m) == nil && m.RequestID == id {
			return m.OTP
		}
	}
	return ""
}

func member(b []byte, path ...string) string {
	var v any
	json.Unmarshal(b, &v)
	for _, p := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			if len(x) == 0 {
				return ""
			}
			v = x[0]
		}
	}
	s, _ := v.(string)
	return s
}

// An acknowledged holds the answers that clients received, which must survive.
type acknowledged struct {
	mu        sync.Mutex
	requests  map[string][2]string // id and mandate by idempotency key
	decided   map[string]bool      // by mandate
	revoked   map[string]bool
	receipts  map[string]bool
	passports map[string]bool
	allowed   []string // presentations
	unsure    []string // presentations whose verification was not answered
}

func newAcknowledged() *acknowledged {
	return &acknowledged{requests: map[string][2]string{}, decided: map[string]bool{}, revoked: map[string]bool{}, receipts: map[string]bool{}, passports: map[string]bool{}}
}

// client runs the life of mandates until a call is not answered.
func (s *running) client(name string, ack *acknowledged, action string, calls chan<- struct{}) error {
	do := func(method, target, body string, header ...string) ([]byte, error) {
		status, b, err := s.call(method, target, body, header...)
		if err == nil && status/100 != 2 {
			err = fmt.Errorf("%s %s: %d %s", method, target, status, b)
		}
		calls <- struct{}{}
		return b, err
	}
	note := func(f func()) { ack.mu.Lock(); defer ack.mu.Unlock(); f() }
	for i := 0; ; i++ {
		key := fmt.Sprintf("%s-%d", name, i)
		note(func() { ack.requests[key] = [2]string{} })
		b, err := do("POST", "/request", createBody(action, key), "Idempotency-Key", key)
		if err != nil {
			return err
		}
		id, mandate := member(b, "id"), member(b, "credentials", "0", "id")
		note(func() { ack.requests[key] = [2]string{id, mandate} })
		if _, err := do("POST", "/request/"+id+"/decision", fmt.Sprintf(`{"contact":"ana@example.com","otp":%q,"accepted":true}`, s.otp(id))); err != nil {
			return err
		}
		note(func() { ack.decided[mandate] = true })
		if b, err = do("POST", "/credential/vp/"+mandate, "{}"); err != nil {
			return err
		}
		var vp struct{ Presentation, Receipt json.RawMessage }
		if err := json.Unmarshal(b, &vp); err != nil {
			return err
		}
		note(func() { ack.receipts[member(vp.Receipt, "id")] = true })
		verify := `{"presentation":` + string(vp.Presentation) + `,"executionParams":{"tool":"book","amount":1}}`
		note(func() { ack.unsure = append(ack.unsure, verify) })
		if b, err = do("POST", "/credential/verify", verify); err != nil {
			return err
		}
		note(func() { ack.allowed = append(ack.allowed, verify); ack.receipts[member(b, "receipt", "id")] = true })
		if i%2 == 0 {
			if b, err = do("DELETE", "/credential/revoke/"+mandate, ""); err != nil {
				return err
			}
			note(func() { ack.revoked[mandate] = true; ack.receipts[member(b, "receipt", "id")] = true })
		}
		if b, err = do("POST", "/passports", `{"type":"agent","name":"a"}`); err != nil {
			return err
		}
		note(func() { ack.passports[member(b, "data", "passportId")] = true })
	}
}

func createBody(action, key string) string {
	return fmt.Sprintf(`{"contacts":["ana@example.com"],"internalId":%q,"credentials":[{"type":"POLICY","scope":"payments.hotel","action":{"id":%q,"userParams":{"maxAmount":500}}}]}`, key, action)
}

const bookHotel = `{"name":"book_hotel","content":{"name":"book_hotel","profile":"via-cel/1","tools":["book"],"userParams":{"maxAmount":{"type":"number","required":true}},"executionParams":{"amount":{"type":"number","required":true}},"rules":[{"name":"cap","expression":"executionParams.amount <= userParams.maxAmount"}]}}`

// TestKill kills the server at many moments. Acknowledged data survives, a
// repeated create creates nothing twice, and no presentation is allowed twice.
// KILLS sets the number of kills.
func TestKill(t *testing.T) {
	kills := 3
	if s := os.Getenv("KILLS"); s != "" {
		kills, _ = strconv.Atoi(s)
	}
	s := newRunning(t, t.TempDir())
	action := member(mustJSON(s.must("POST", "/actions", bookHotel)), "id")
	all := newAcknowledged()
	total := 0
	for k := range kills {
		ack := newAcknowledged()
		calls := make(chan struct{}, 1<<12) // larger than the number of calls before the kill
		var clients sync.WaitGroup
		failed := make(chan error, 4)
		for c := range 4 {
			clients.Go(func() { failed <- s.client(fmt.Sprintf("k%d-c%d", k, c), ack, action, calls) })
		}
		for range 20 + 7*(k%5) { // anywhere in the life of a mandate
			select {
			case <-calls:
				total++
			case err := <-failed:
				t.Fatalf("a client: %v\n%s", err, s.output.String())
			}
		}
		s.kill()
		clients.Wait()
		close(failed)
		for err := range failed {
			if !errors.Is(err, errUnanswered) {
				t.Fatalf("a client: %v", err)
			}
		}
		s.start()
		s.holds(ack, action)
		maps.Copy(all.requests, ack.requests)
		maps.Copy(all.decided, ack.decided)
		maps.Copy(all.revoked, ack.revoked)
		maps.Copy(all.receipts, ack.receipts)
		maps.Copy(all.passports, ack.passports)
	}
	s.holds(all, action) // data that survived one kill survives the later kills
	s.kill()
	entries := checkLog(t, s.dir)
	for id := range all.receipts {
		if !entries[id] {
			t.Errorf("the receipt %s is not in the log", id)
		}
	}
	t.Logf("%d kills, %d calls, %d requests, %d receipts, %d entries in the log", kills, total, len(all.requests), len(all.receipts), len(entries))
	for _, secret := range []string{s.creds.APIKey, s.creds.SignatureSecret, "ana@example.com", `"otp"`, "secretKey"} {
		if strings.Contains(s.output.String(), secret) {
			t.Errorf("the server has written %.12q", secret)
		}
	}
	keys := privateKeys(t, s.dir)
	if len(keys) < 10 {
		t.Errorf("only %d private keys were looked for", len(keys))
	}
	for _, key := range keys {
		for _, secret := range []string{string(key.Seed()), hex.EncodeToString(key.Seed()), strings.ToUpper(hex.EncodeToString(key.Seed())), base64.RawStdEncoding.EncodeToString(key.Seed()), base64.RawURLEncoding.EncodeToString(key.Seed()),
			base64.RawStdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key), multikey.EncodeBase58(key.Seed()), multikey.EncodeBase58(key), multikey.EncodePrivateKey(key)[1:]} {
			if strings.Contains(s.output.String(), secret) || strings.Contains(s.answers.String(), secret) {
				t.Error("the server has written a private key")
			}
		}
	}
	for _, secret := range []string{s.creds.APIKey, s.creds.SignatureSecret} {
		if strings.Contains(s.answers.String(), secret) {
			t.Errorf("an answer shows %.12q", secret)
		}
	}
}

// privateKeys opens all keys in the database of a stopped server.
func privateKeys(t *testing.T, dir string) (keys []ed25519.PrivateKey) {
	t.Helper()
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(dir, "mandate.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	st, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	kek, err := os.ReadFile(filepath.Join(dir, "kek"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), st, bytes.TrimSpace(kek))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query("SELECT public, handle FROM tenants UNION ALL SELECT public, handle FROM users UNION ALL SELECT public, handle FROM passports")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var public, handle []byte
		if err := rows.Scan(&public, &handle); err != nil {
			t.Fatal(err)
		}
		seed, err := v.Open("signing key"+string(public), handle)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, ed25519.NewKeyFromSeed(seed))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return keys
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// holds checks the acknowledged data and determines the outcome of unanswered
// calls.
func (s *running) holds(ack *acknowledged, action string) {
	s.t.Helper()
	for key, ids := range ack.requests {
		status, b, err := s.call("POST", "/request", createBody(action, key), "Idempotency-Key", key)
		if err != nil || status != 200 || ids[0] != "" && member(b, "id") != ids[0] {
			s.t.Fatalf("create %s again: %d %v %s, the first answer was %v", key, status, err, b, ids)
		}
		ack.requests[key] = [2]string{member(b, "id"), member(b, "credentials", "0", "id")}
		var page struct{ Data []any }
		if err := json.Unmarshal(mustJSON(s.must("GET", "/request?internalId="+key, "")), &page); err != nil || len(page.Data) != 1 {
			s.t.Fatalf("%s made %d requests", key, len(page.Data))
		}
	}
	for mandate := range ack.decided {
		want := "ACTIVE"
		if got := member(mustJSON(s.must("GET", "/credential/"+mandate, "")), "status"); ack.revoked[mandate] {
			if got != "REVOKED" {
				s.t.Fatalf("%s was revoked, and is %s", mandate, got)
			}
		} else if got != want && got != "REVOKED" { // an unanswered revocation
			s.t.Fatalf("%s was decided, and is %s", mandate, got)
		}
	}
	for id := range ack.receipts {
		if got := member(mustJSON(s.must("GET", "/receipt/"+id, "")), "id"); got != id {
			s.t.Fatalf("the receipt %s is %s", id, got)
		}
	}
	for id := range ack.passports {
		s.must("GET", "/passports/"+id, "")
	}
	told := map[string]bool{}
	for _, verify := range ack.allowed {
		told[verify] = true
	}
	for _, verify := range ack.unsure {
		allows := 0
		for range 2 {
			status, b, err := s.call("POST", "/credential/verify", verify)
			if err != nil || status != 200 && status != 403 {
				s.t.Fatalf("verify again: %d %v %s", status, err, b)
			}
			if status == 200 {
				allows++
			}
		}
		if told[verify] && allows > 0 || allows > 1 {
			s.t.Fatalf("a presentation was allowed twice (told before: %v, allowed again %d times)", told[verify], allows)
		}
	}
}

// checkLog reads the log from the database and rebuilds its tree. It returns
// the ids of its receipts.
func checkLog(t *testing.T, dir string) map[string]bool {
	t.Helper()
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(dir, "mandate.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	st, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	log, ids := st.Log(), map[string]bool{}
	var tree translog.Tree
	for i := range log.Size() {
		e, err := log.Entry(i)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		tree.Add(tlog.RecordHash(e))
		ids[member(e, "id")] = true
	}
	kept, err := tlog.TreeHash(log.Size(), log)
	if err != nil {
		t.Fatal(err)
	}
	if built, err := tlog.TreeHash(log.Size(), &tree); err != nil || built != kept {
		t.Errorf("the tree that is kept is not that of the entries: %v", err)
	}
	return ids
}

// TestTwoServers checks that two processes on one database create one request
// for one idempotency key.
func TestTwoServers(t *testing.T) {
	dir := t.TempDir()
	a := newRunning(t, dir)
	b := newRunning(t, dir)
	action := member(mustJSON(a.must("POST", "/actions", bookHotel)), "id")
	const n = 200
	ids := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		s := a
		if i%2 == 1 {
			s = b
		}
		wg.Go(func() {
			for { // 409 while the first call runs
				status, body, err := s.call("POST", "/request", createBody(action, "one"), "Idempotency-Key", "one")
				if err != nil || status != 200 && status != 409 {
					t.Errorf("create: %d %v %s", status, err, body)
					return
				}
				if status == 200 {
					ids[i] = member(body, "id")
					return
				}
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Fatalf("one key made the requests %q and %q", ids[0], id)
		}
	}
	if got := len(b.must("GET", "/request", "")["data"].([]any)); got != 1 {
		t.Errorf("%d requests", got)
	}
}

// TestAdmin creates, rotates and revokes keys while the server runs.
func TestAdmin(t *testing.T) {
	s := newRunning(t, filepath.Join(t.TempDir(), "data"))
	admin := func(args ...string) []byte {
		t.Helper()
		var out, diag bytes.Buffer
		if code := run(append([]string{"admin"}, append(args, "--data", s.dir, "--json")...), nil, &out, &diag); code != exitOK {
			t.Fatalf("admin %v: exit %d %s", args, code, diag.String())
		}
		return out.Bytes()
	}
	as := func(key, secret string) *running {
		other := &running{t: t, addr: s.addr}
		other.creds.APIKey, other.creds.SignatureSecret = key, secret
		return other
	}
	status := func(r *running) int {
		t.Helper()
		code, _, err := r.call("GET", "/request", "")
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	made := admin("key", "create", "--name", "acme")
	key, secret, id := member(made, "apiKey"), member(made, "signatureSecret"), member(made, "id")
	if !strings.HasPrefix(member(made, "did"), "did:key:") || member(made, "did") == s.creds.DID {
		t.Errorf("the tenant acme has the DID %q", member(made, "did"))
	}
	if got := member(admin("key", "create", "--name", "acme"), "did"); got != member(made, "did") {
		t.Errorf("another key of acme is of %q", got)
	}
	if got := status(as(key, secret)); got != 200 {
		t.Errorf("the new key: %d", got)
	}
	rotated := member(admin("key", "rotate", id, "--grace", "1h"), "signatureSecret")
	if a, b := status(as(key, secret)), status(as(key, rotated)); a != 200 || b != 200 {
		t.Errorf("rotated: the last secret %d, the new one %d", a, b)
	}
	rotated = member(admin("key", "rotate", id, "--grace", "0s"), "signatureSecret")
	if a, b := status(as(key, secret)), status(as(key, rotated)); a != 401 || b != 200 {
		t.Errorf("rotated without grace: the last secret %d, the new one %d", a, b)
	}
	admin("key", "revoke", id)
	if got := status(as(key, rotated)); got != 401 {
		t.Errorf("revoked: %d", got)
	}
	list := string(admin("key", "list"))
	if !strings.Contains(list, id) || !strings.Contains(list, `"revoked"`) || strings.Contains(list, key) || strings.Contains(list, rotated) {
		t.Errorf("list: %s", list)
	}
	r := s.must("POST", "/request", `{"contacts":["ana@example.com"],"securityLevel":"HUMANOS_KYC","credentials":[{"type":"CONSENT","data":[{"label":"text","type":"string","value":"I agree","hidden":false}]}]}`)
	request := r["id"].(string)
	decide := func() int {
		code, _, err := s.call("POST", "/request/"+request+"/decision", fmt.Sprintf(`{"contact":"ana@example.com","otp":%q,"accepted":true}`, s.otp(request)))
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if got := decide(); got != 409 {
		t.Errorf("without an identity: %d, want 409", got)
	}
	admin("identity", "--contact", "ana@example.com", "--doc-id", "123")
	if got := decide(); got != 200 {
		t.Errorf("with an identity: %d, want 200", got)
	}
	var out, diag bytes.Buffer
	for _, tt := range []struct{ args, want string }{
		{"admin key revoke key_none", "there is no key"},
		{"admin key rotate " + id, "the key is revoked"},
		{"admin identity --contact a@example.com --tenant nobody", "there is no tenant"},
	} {
		diag.Reset()
		if code := run(append(strings.Fields(tt.args), "--data", s.dir), nil, &out, &diag); code != exitUsage || !strings.Contains(diag.String(), tt.want) {
			t.Errorf("%s: exit %d %q, want %q", tt.args, code, diag.String(), tt.want)
		}
	}
	for name, mode := range map[string]os.FileMode{"credentials.json": 0o600, "mandate.db": 0o600, "kek": 0o600, "outbox": 0o700, ".": 0o700} {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v, want mode %v", name, info.Mode(), err, mode)
		}
	}
}

// TestWrongKEK checks that the server does not start with another
// key-encryption key.
func TestWrongKEK(t *testing.T) {
	s := newRunning(t, filepath.Join(t.TempDir(), "data"))
	t.Setenv("MANDATE_KEK", strings.Repeat("ab", 32))
	var out, diag bytes.Buffer
	if code := run([]string{"admin", "key", "list", "--data", s.dir}, nil, &out, &diag); code != exitUsage || out.Len() > 0 || !strings.Contains(diag.String(), "not the one of this store") {
		t.Errorf("exit %d %q %q", code, out.String(), diag.String())
	}
}

// TestSweepLoop checks that serve sweeps at its start and at each tick, also
// after a failure, until it is stopped.
func TestSweepLoop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tick, swept := make(chan time.Time), make(chan struct{})
	var log lockedBuffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		sweep(ctx, func(context.Context) error { swept <- struct{}{}; return errors.New("no mail today") }, tick, slog.New(slog.NewTextHandler(&log, nil)))
	}()
	<-swept
	for range 3 {
		tick <- time.Time{}
		<-swept
	}
	tick <- time.Time{}
	cancel()
	<-swept
	<-ended
	if got := strings.Count(log.String(), "no mail today"); got != 4 {
		t.Errorf("%d failures in the log, want 4", got)
	}
}

// TestOutboxCleanedAtStart checks that a new server removes the incomplete
// messages of a killed server from the outbox.
func TestOutboxCleanedAtStart(t *testing.T) {
	s := newRunning(t, t.TempDir())
	s.must("POST", "/request", `{"contacts":["ana@example.com"],"credentials":[{"type":"CONSENT","data":[{"label":"text","type":"string","value":"I agree"}]}]}`)
	s.kill()
	half := filepath.Join(s.dir, "outbox", ".new-1")
	if err := os.WriteFile(half, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	files, err := os.ReadDir(filepath.Join(s.dir, "outbox"))
	if err != nil || len(files) != 1 {
		t.Errorf("%v %v, want the one message", files, err)
	}
}
