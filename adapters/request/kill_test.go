package request_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// TestMain also runs the process that the tests kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MANDATE_KILL_DIR"); dir != "" {
		if at := os.Getenv("MANDATE_KILL_AT"); at != "" {
			dieSending(dir, at)
		}
		work(dir)
		return
	}
	os.Exit(m.Run())
}

// A spool stores the last one-time password by request.
type spool struct{ otps sync.Map }

func (s *spool) Notify(_ context.Context, m request.Message) error {
	s.otps.Store(m.RequestID, m.OTP)
	return nil
}

// work creates, decides, presents and revokes until it is killed. It prints
// each result as a line on standard output.
func work(dir string) {
	die := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	}
	ctx := context.Background()
	db := openStore(panicTB{}, filepath.Join(dir, "db"))
	keys, err := vault.New([]byte(strings.Repeat("ab", 32)), []byte("0123456789abcdef"))
	die(err)
	mail := &spool{}
	s, err := request.New(ctx, request.Config{Store: db, Keys: keys, Secrets: keys, Notifier: mail, PublicURL: publicURL, Now: sample.Now})
	die(err)
	a, err := s.Tenant(ctx, "a")
	die(err)
	var out sync.Mutex
	say := func(format string, args ...any) {
		out.Lock()
		defer out.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	say("ready")
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				contact := fmt.Sprintf("u%d@x.example", w)
				answer, _, err := s.Create(ctx, a, []byte(`{"contacts":["`+contact+`"],"credentials":[{"type":"CONSENT","data":[{"label":"text","type":"s","value":"x"}]}]}`), fmt.Sprint(os.Getpid(), "-", w, "-", i), nil)
				die(err)
				id, credential := get(panicTB{}, answer, "id"), get(panicTB{}, answer, "credentials/0/id")
				say("request %s", id)
				otp, _ := mail.otps.Load(id)
				_, err = s.Decide(ctx, a, id, []byte(fmt.Sprintf(`{"contact":"%s","otp":"%s","accepted":true}`, contact, otp)))
				die(err)
				say("active %s", credential)
				answer, err = s.Present(ctx, a, credential, nil)
				die(err)
				say("receipt %s", get(panicTB{}, answer, "receipt/id"))
				answer, err = s.Revoke(ctx, a, credential, nil)
				die(err)
				say("revoked %s", credential)
				say("receipt %s", get(panicTB{}, answer, "receipt/id"))
			}
		}()
	}
	select {}
}

// panicTB is a testing.TB outside a test.
type panicTB struct{ testing.TB }

func (panicTB) Helper()                   {}
func (panicTB) Cleanup(func())            {}
func (panicTB) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (panicTB) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// A killed process loses nothing that it has reported, and the log is
// complete.
func TestKilled(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("KILLS"))
	if err != nil {
		kills = 3
	}
	dir := t.TempDir()
	said := map[string]map[string]bool{"request": {}, "active": {}, "revoked": {}, "receipt": {}}
	for k := range kills {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "MANDATE_KILL_DIR="+dir)
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if kind, id, ok := strings.Cut(lines.Text(), " "); ok {
				said[kind][id] = true
			}
			if n == 20+k%37 {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process ended otherwise: %v", err)
		}
		check(t, filepath.Join(dir, "db"), said)
	}
	t.Logf("%d kills; kept: %d requests, %d decisions, %d revocations, %d receipts", kills, len(said["request"]), len(said["active"]), len(said["revoked"]), len(said["receipt"]))
	if len(said["revoked"]) == 0 {
		t.Error("nothing was tried")
	}
}

func check(t *testing.T, file string, said map[string]map[string]bool) {
	t.Helper()
	s := openStore(t, file)
	if err := s.View(t.Context(), func(tx store.Tx) error {
		for id := range said["request"] {
			if r, err := tx.Request(id); err != nil || len(r.Subjects) != 1 || len(r.Credentials) != 1 {
				t.Errorf("request %s: %v", id, err)
			}
		}
		for id := range said["active"] {
			r, err := tx.RequestOf(id)
			if err != nil || r.Credentials[0].Signed == nil || len(r.Credentials[0].Decisions) != 1 {
				t.Errorf("decision on %s: %v", id, err)
				continue
			}
			if said["revoked"][id] && r.Credentials[0].Status != "REVOKED" {
				t.Errorf("revocation of %s: %s", id, r.Credentials[0].Status)
			}
		}
		for id := range said["receipt"] {
			if _, err := tx.Receipt(id); err != nil {
				t.Errorf("receipt %s: %v", id, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	log := s.Log()
	audit, err := translog.Verify(translog.Entries(log, log.Size()), nil)
	if err != nil || audit.Entries < int64(len(said["receipt"])+len(said["active"])) {
		t.Errorf("the log: %+v, %v", audit, err)
	}
	if root, err2 := tlog.TreeHash(log.Size(), log); err == nil && (err2 != nil || root != audit.Root) {
		t.Errorf("the tree of the log is not that of its entries: %v", err2)
	}
}
