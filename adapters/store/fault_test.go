package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/internal/dev/failsql"
)

// failing opens a database whose steps can be made to fail.
func failing(t *testing.T, file string) (*sql.DB, *failsql.Fault) {
	t.Helper()
	_, plain := open(t, file)
	var f failsql.Fault
	db := failsql.Open(plain.Driver(), store.SQLiteDSN(file), &f)
	t.Cleanup(func() { db.Close() })
	return db, &f
}

// dump returns the whole content of a database.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	s, err := failsql.Dump(db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// If any step of the database fails, the call fails without effect, and the
// next one succeeds.
func TestEveryStepFails(t *testing.T) {
	now := time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC)
	n := 0
	request := func() *store.Request {
		n++
		id := fmt.Sprintf("q%d", n)
		return &store.Request{ID: id, TenantID: "t", Seq: store.NewSeq(now, uint32(n)), Created: now, Name: "a long name", Body: []byte("{}"),
			Subjects: []store.Subject{{Contact: "c", OTP: []byte("m"), OTPUntil: now}}, Credentials: []store.Credential{{ID: "c" + id, RequestID: id, Slot: -1, Body: []byte("{}")}}}
	}
	file := filepath.Join(t.TempDir(), "db")
	db, fault := failing(t, file)
	s, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	s.Probe(2)
	_, plain := open(t, file)
	update := func(f func(store.Tx) error) func() error { return func() error { return s.Update(t.Context(), f) } }
	view := func(f func(store.Tx) error) func() error { return func() error { return s.View(t.Context(), f) } }
	for range 3 {
		if err := update(func(tx store.Tx) error {
			r := request()
			return errors.Join(tx.InsertRequest(r), tx.InsertDecision(r.ID, "c"+r.ID, store.Decision{ID: "d" + r.ID, Contact: "c"}))
		})(); err != nil {
			t.Fatal(err)
		}
	}
	if err := update(func(tx store.Tx) error {
		return errors.Join(tx.InsertTenant(store.Tenant{ID: "t", Name: "n", DID: "d", Key: store.CustodyKey{Public: []byte("p"), Handle: []byte("h")}}),
			tx.PutAPIKey(store.APIKey{ID: "k", TenantID: "t", Secret: []byte("s")}), tx.InsertEntry(store.Entry{ID: "e", TenantID: "t", Kind: "k", Name: "n", Version: 1, Body: []byte("{}")}))
	})(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Log().Append(t.Context(), []byte("first")); err != nil {
		t.Fatal(err)
	}
	receipts := 0
	calls := map[string]func() error{
		"insert a request": update(func(tx store.Tx) error { return tx.InsertRequest(request()) }),
		"a receipt": update(func(tx store.Tx) error {
			receipts++
			_, err := tx.PutReceipt("t", fmt.Sprint(receipts), fmt.Append(nil, "receipt ", receipts))
			return err
		}),
		"append to the log": func() error { _, err := s.Log().Append(t.Context(), []byte("entry")); return err },
		"an answer": update(func(tx store.Tx) error {
			n++
			return tx.PutAnswer(store.Answer{TenantID: "t", Key: fmt.Sprint(n), Body: []byte("{}"), Until: now}, now.Add(-1))
		}),
		"a setting": update(func(tx store.Tx) error { n++; return tx.PutSetting("x", fmt.Append(nil, n)) }),
		"use": func() error {
			n++
			_, err := s.Replay().Use(t.Context(), [32]byte{byte(n), byte(n >> 8)}, now.Add(time.Duration(n)*time.Hour), now)
			return err
		},
		"read a request": view(func(tx store.Tx) error { _, err := tx.RequestOf("cq1"); return err }),
		"keys":           view(func(tx store.Tx) error { _, err := tx.APIKeys(); return err }),
		"key":            view(func(tx store.Tx) error { _, err := tx.APIKey("k"); return err }),
		"entry":          view(func(tx store.Tx) error { _, err := tx.Entry("t", "k", "e"); return err }),
		"slots": view(func(tx store.Tx) error {
			_, err := tx.NextSlot()
			_, err2 := tx.RevokedSlots(0, 9)
			return errors.Join(err, err2)
		}),
		"unsent":    view(func(tx store.Tx) error { _, err := tx.Unsent(now, 9); return err }),
		"log entry": func() error { _, err := s.Log().Entry(0); return err },
		"log nodes": func() error { _, err := s.Log().ReadHashes([]int64{0}); return err },
	}
	for name, f := range map[string]store.Filter{"all": {}, "level": {SecurityLevels: []string{""}}, "short search": {Search: "a"}, "long search": {Search: "long name"}, "deep": {Search: "long name", Offset: 1},
		"two filters": {Search: "long name", Contact: "c"}, "few": {Search: "long name", InternalID: "nobody"}} {
		f.TenantID, f.Limit = "t", 5
		calls["list "+name] = view(func(tx store.Tx) error {
			for range 2 { // the second time the count is cached
				if _, _, err := tx.ListRequests(f); err != nil {
					return err
				}
			}
			return nil
		})
	}
	watch, err := plain.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	// version changes whenever another connection commits.
	version := func() (n int) {
		t.Helper()
		if err := watch.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := call(); err != nil {
				t.Fatalf("without a fault: %v", err)
			}
			for step := 1; ; step++ {
				if step > 500 {
					t.Fatal("it never ends")
				}
				s.Forget()
				before := version()
				fault.After(step)
				err := call()
				if !fault.Stop() {
					if err != nil {
						t.Errorf("without a fault: %v", err)
					}
					break
				}
				if !errors.Is(err, failsql.Err) {
					t.Errorf("step %d fails, and the call with %v", step, err)
				}
				if version() != before {
					t.Errorf("step %d fails, and something was committed", step)
				}
			}
		})
	}
	size := s.Log().Size()
	fault.After(1)
	if got := s.Log().Size(); got != size || !fault.Stop() {
		t.Errorf("the size of the log is %d when it cannot be read, and was %d", got, size)
	}
}

// A migration that fails at any step changes nothing, and the next start
// completes it.
func TestOpenFails(t *testing.T) {
	for step := 1; ; step++ {
		file := filepath.Join(t.TempDir(), "db")
		plain, err := sql.Open("sqlite", store.SQLiteDSN(file))
		if err != nil {
			t.Fatal(err)
		}
		var fault failsql.Fault
		db := failsql.Open(plain.Driver(), store.SQLiteDSN(file), &fault)
		fault.After(step)
		_, err = store.Open(t.Context(), db, store.SQLite)
		if !fault.Stop() {
			if err != nil || step < 8 {
				t.Errorf("%d steps, %v", step, err)
			}
			db.Close()
			plain.Close()
			break
		}
		if !errors.Is(err, failsql.Err) {
			t.Errorf("step %d: %v", step, err)
		}
		if got := dump(t, plain); got != "" {
			t.Errorf("step %d fails, and there is\n%s", step, got)
		}
		if _, err := store.Open(t.Context(), db, store.SQLite); err != nil {
			t.Errorf("after a fault at step %d: %v", step, err)
		}
		db.Close()
		plain.Close()
	}
}

// Updates that share a commit all fail with it. An update that fails by
// itself, at any step, does not affect the others.
func TestSharedCommitFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	db, fault := failing(t, file)
	s, err := store.Open(t.Context(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	for step := 1; ; step++ {
		inside, leave := make(chan struct{}), make(chan struct{})
		first := make(chan error, 1)
		go func() {
			first <- s.Update(t.Context(), func(store.Tx) error { close(inside); <-leave; return nil })
		}()
		<-inside
		cancelled, cancel := context.WithCancel(t.Context())
		results := make([]chan error, 4)
		for i := range results {
			results[i] = make(chan error, 1)
			ctx := t.Context()
			if i == 3 {
				ctx = cancelled
			}
			go func() {
				defer func() {
					if v := recover(); v != nil {
						results[i] <- fmt.Errorf("panic %v", v)
					}
				}()
				results[i] <- s.Update(ctx, func(tx store.Tx) error {
					if err := tx.PutSetting(fmt.Sprint(step, " ", i), nil0); err != nil {
						return err
					}
					switch i {
					case 1:
						return refused
					case 2:
						panic("bug")
					}
					return nil
				})
			}()
			for s.Waiting() != i+1 { // in this order
				runtime.Gosched()
			}
		}
		cancel()
		fault.After(step)
		close(leave)
		firstErr := <-first
		var errs [4]error
		for i := range errs {
			errs[i] = <-results[i]
		}
		reached := fault.Stop()
		for i := range errs {
			err := s.View(t.Context(), func(tx store.Tx) error { _, err := tx.Setting(fmt.Sprint(step, " ", i)); return err })
			if kept := err == nil; kept != (errs[i] == nil) {
				t.Errorf("step %d, update %d: kept is %t, told %v", step, i, kept, errs[i])
			}
		}
		if !reached {
			if firstErr != nil || errs[0] != nil || errs[1] != refused || errs[2] == nil || errs[2].Error() != "panic bug" || !errors.Is(errs[3], context.Canceled) {
				t.Errorf("without a fault: %v %v", firstErr, errs)
			}
			break
		}
	}
}

var nil0 = []byte{}
