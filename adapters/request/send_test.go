package request_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/sample"
)

const consent = `{"contacts":["ana@x.example"],"credentials":[{"type":"CONSENT","data":[{"label":"text","type":"s","value":"x"}]}]}`

// sweep runs Sweep and returns the number of messages sent.
func (w *world) sweep() int {
	w.t.Helper()
	before := w.sent
	if err := w.Sweep(w.t.Context()); err != nil {
		w.t.Error(err)
	}
	return w.sent - before
}

// Sweep sends a message that failed when the request was created: once, with a
// new password that replaces the lost one.
func TestSweep(t *testing.T) {
	const ana = "ana@x.example"
	w := newWorld(t, "")
	w.fail = errors.New("no mail today")
	id, _ := w.create(consent)
	w.fail = nil
	w.pass(10*time.Second - time.Millisecond)
	if n := w.sweep(); n != 0 {
		t.Errorf("%d were sent that somebody may be about to send", n)
	}
	w.pass(time.Millisecond)
	w.fail = errors.New("no mail yet")
	if n := w.sweep(); n != 0 {
		t.Error("sent all the same")
	}
	w.fail = nil
	w.pass(10 * time.Second)
	if n := w.sweep(); n != 1 {
		t.Fatalf("%d messages, want 1", n)
	}
	w.pass(time.Minute)
	if n := w.sweep(); n != 0 {
		t.Errorf("%d messages more", n)
	}
	ok(t)(w.decide(id, ana, w.otp(id, ana), `,"accepted":true`))
}

// Sweep sends nothing to subjects without open decisions and does not read
// them again.
func TestSweepSkipsDecided(t *testing.T) {
	const ana = "ana@x.example"
	for name, end := range map[string]func(w *world, id string){
		"sent":      func(w *world, id string) { w.fail = nil; ok(w.t)(w.Resend(w.t.Context(), w.a, id, "")) },
		"cancelled": func(w *world, id string) { ok(w.t)(w.Cancel(w.t.Context(), w.a, id)) },
		"locked": func(w *world, id string) {
			for range 5 {
				w.decide(id, ana, "wrong", `,"accepted":true`)
			}
		},
	} {
		w := newWorld(t, "")
		w.fail = errors.New("no mail today")
		id, _ := w.create(consent)
		end(w, id)
		w.fail = nil
		w.pass(time.Minute)
		if n := w.sweep(); n != 0 {
			t.Errorf("%s: %d messages", name, n)
		}
		if err := w.store.View(t.Context(), func(tx store.Tx) error {
			left, err := tx.Unsent(w.now().Add(24*time.Hour), 10)
			if len(left) != 0 {
				t.Errorf("%s: %v is left to send", name, left)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// Each of many stuck subjects gets one message, even when several processes
// sweep. One unreachable contact does not delay the others.
func TestSweepMany(t *testing.T) {
	const n = 130
	w := newWorld(t, "")
	w.fail = errors.New("no mail today")
	for i := range n {
		w.create(strings.Replace(consent, "ana@", fmt.Sprintf("u%d@", i), 1))
	}
	w.fail = nil
	other := newService(t, w)
	w.pass(10 * time.Second)
	var both sync.WaitGroup
	for _, s := range []*request.Service{w.Service, other.Service} {
		both.Go(func() {
			if err := s.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if w.sent < 100 || w.sent != len(w.otps) {
		t.Errorf("two sweeps at once have sent %d messages to %d", w.sent, len(w.otps))
	}
	w.sweep()
	if len(w.otps) != n || w.sent != n {
		t.Errorf("%d messages to %d", w.sent, len(w.otps))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Sweep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// dying is the outbox of a process that dies at a given point of sending.
type dying struct {
	request.Outbox
	at string
}

func (d dying) Notify(ctx context.Context, m request.Message) error {
	if d.at == "after" {
		if err := d.Outbox.Notify(ctx, m); err != nil {
			return err
		}
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // wait to be killed
}

// dieSending creates a request in a separate process, which dies.
func dieSending(dir, at string) {
	ctx := context.Background()
	w := serviceOn(dir, dying{request.Outbox{Dir: filepath.Join(dir, "outbox")}, at}, sample.Now)
	a, err := w.Tenant(ctx, "a")
	if err == nil {
		_, _, err = w.Create(ctx, a, []byte(consent), "k", nil)
	}
	fmt.Fprintln(os.Stderr, "not killed", err)
	os.Exit(3)
}

func serviceOn(dir string, n request.Notifier, now func() time.Time) *request.Service {
	keys, err := vault.New([]byte(strings.Repeat("ab", 32)), []byte("0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	s, err := request.New(context.Background(), request.Config{Store: openStore(panicTB{}, filepath.Join(dir, "db")), Keys: keys, Secrets: keys, Notifier: n, PublicURL: publicURL, Now: now})
	if err != nil {
		panic(err)
	}
	return s
}

// A process is killed between storing a request and writing to the outbox, or
// between writing and recording it. The next process sends the subject a
// password, and the decision succeeds with it.
func TestKilledSending(t *testing.T) {
	for _, tt := range []struct {
		at     string
		before int // files in the outbox
	}{{"before", 0}, {"after", 1}} {
		t.Run(tt.at, func(t *testing.T) {
			dir := t.TempDir()
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), "MANDATE_KILL_DIR="+dir, "MANDATE_KILL_AT="+tt.at)
			c.Stderr = os.Stderr
			if err := c.Run(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the process ended otherwise: %v", err)
			}
			outbox := request.Outbox{Dir: filepath.Join(dir, "outbox")}
			if got := messages(t, outbox); len(got) != tt.before {
				t.Fatalf("%d messages before", len(got))
			}
			s := serviceOn(dir, outbox, func() time.Time { return sample.Now().Add(10 * time.Second) })
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := messages(t, outbox)
			if len(got) != tt.before+1 {
				t.Fatalf("%d messages after", len(got))
			}
			a, err := s.Tenant(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range got { // the last message counts
				id, otp := get(t, m, "requestId"), get(t, m, "otp")
				_, err := s.Decide(t.Context(), a, id, []byte(`{"contact":"ana@x.example","otp":"`+otp+`","accepted":true}`))
				want := "otp_invalid"
				if i == len(got)-1 {
					want = "ok"
				}
				if code(err) != want {
					t.Errorf("message %d: %v, want %s", i, err, want)
				}
			}
		})
	}
}

// messages reads an outbox, oldest first.
func messages(t *testing.T, o request.Outbox) (out [][]byte) {
	t.Helper()
	files, err := os.ReadDir(o.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".json" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(o.Dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := canonical.Parse(b); err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// Clean removes incomplete files and nothing else.
func TestOutboxClean(t *testing.T) {
	o := request.Outbox{Dir: filepath.Join(t.TempDir(), "out[box")}
	if err := o.Clean(); err != nil {
		t.Errorf("no outbox yet: %v", err)
	}
	if err := o.Notify(t.Context(), request.Message{To: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".new-123", ".new-", "keep", ".newer"} {
		if err := os.WriteFile(filepath.Join(o.Dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Clean(); err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(o.Dir)
	if len(files) != 3 || len(messages(t, o)) != 1 {
		t.Errorf("left: %v", files)
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, ".new-dir", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := o.Clean(); err == nil {
		t.Error("what cannot be removed is no error")
	}
	if err := (request.Outbox{Dir: filepath.Join(o.Dir, "keep")}).Clean(); err == nil {
		t.Error("an outbox that is a file")
	}
}

// Passwords are sent again ten times with a minute between, and then once a
// day. Messages to other subjects do not count.
func TestResendLimit(t *testing.T) {
	const ana, rui = "ana@x.example", "rui@x.example"
	w := newWorld(t, "")
	id, _ := w.create(strings.Replace(consent, `"ana@x.example"`, `"ana@x.example","rui@x.example"`, 1))
	wait := func(contact string) time.Duration {
		t.Helper()
		sent := w.sent
		_, err := w.Resend(t.Context(), w.a, id, contact)
		var limited *fault.Error
		switch {
		case err == nil && w.sent > sent:
			return 0
		case errors.As(err, &limited) && limited.Kind == fault.Limited && limited.Code == "resend_limit" && limited.RetryAfter > 0 && w.sent == sent:
			return limited.RetryAfter
		}
		t.Fatalf("%v, %d messages", err, w.sent-sent)
		return 0
	}
	step := func(contact string, want time.Duration) {
		t.Helper()
		if got := wait(contact); got != want {
			t.Errorf("wait %s, want %s", got, want)
		}
	}
	for range 9 {
		step(ana, 0)
		step(ana, time.Minute)
		w.pass(time.Minute - time.Millisecond)
		step(ana, time.Millisecond)
		w.pass(time.Millisecond)
	}
	step(ana, 0)
	step(ana, 24*time.Hour)
	step("", 0) // to the other subject
	if otp := w.otp(id, rui); otp == "" {
		t.Error("the other subject was sent nothing")
	}
	step("", time.Minute)
	if got := get(t, ok(t)(w.decide(id, ana, w.otp(id, ana), `,"accepted":true`)), "contact"); got != ana {
		t.Error("what was sent last no longer counts")
	}
	w.pass(24 * time.Hour)
	answer := ok(t)(w.Resend(t.Context(), w.a, id, ""))
	if !bytes.Contains(answer, []byte(`"contacts":["`+rui+`"]`)) {
		t.Errorf("%s", answer)
	}
}

// Concurrent calls have the same limit as sequential calls.
func TestResendConcurrently(t *testing.T) {
	w := newWorld(t, "")
	id, _ := w.create(consent)
	before := w.sent
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { w.Resend(t.Context(), w.a, id, "") })
	}
	all.Wait()
	if got := w.sent - before; got != 1 {
		t.Errorf("%d messages", got)
	}
}
