package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/store/storetest"
	"github.com/mandate-engine/mandate/receipts/logtest"
	"github.com/mandate-engine/mandate/verifier/replaytest"
)

func open(t testing.TB, file string) (*store.DB, *sql.DB) {
	t.Helper()
	db, err := sql.Open("sqlite", store.SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestSQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a b%20?.db") // a name that needs escaping
	a, _ := open(t, file)
	b, _ := open(t, file)
	if err := storetest.Check(a, b); err != nil {
		t.Error(err)
	}
	a, _ = open(t, filepath.Join(t.TempDir(), "db"))
	a.Probe(1) // all searches read all texts
	if err := storetest.Check(a, a); err != nil {
		t.Errorf("reading all texts: %v", err)
	}
}

// A search returns the same through the index of substrings and by reading all
// texts, over several blocks, inserted in any order.
func TestSearchIndexAndScan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	few, _ := open(t, file)
	many, _ := open(t, file)
	many.Probe(1)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := few.Update(t.Context(), func(tx store.Tx) error {
		for i := range 700 {
			at := begin.Add(time.Duration(i*7919%700) * time.Minute)
			name := fmt.Sprintf("Employee %d\x1eOnboarding ÄÖ", i%37)
			if err := tx.InsertRequest(&store.Request{ID: fmt.Sprint(i), TenantID: fmt.Sprint("t", i%2), Seq: store.NewSeq(at, uint32(i)), Created: at, SecurityLevel: fmt.Sprint(i % 3), Name: name, Body: []byte("{}"),
				Subjects: []store.Subject{{Contact: fmt.Sprint("c", i%5)}}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	list := func(s store.Store, f store.Filter) (ids string) {
		t.Helper()
		for f.Offset = 0; f.Offset < 400; f.Offset += f.Limit {
			if err := s.View(t.Context(), func(tx store.Tx) error {
				page, total, err := tx.ListRequests(f)
				ids += fmt.Sprint(total, ":")
				for _, r := range page {
					ids += r.ID + " "
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		return ids
	}
	for _, f := range []store.Filter{{Search: "employee"}, {Search: "ee 17onb"}, {Search: "7"}, {Search: "äö"}, {Search: "ding äö"}, {Search: "\x1e"}, {Search: "nobody"}, {Search: "ployee 3", SecurityLevels: []string{"0", "2"}},
		{Search: "onboarding", Contact: "c3"}, {Search: "yee 1", Contact: "c3", From: begin.Add(time.Hour), To: begin.Add(9 * time.Hour)}} {
		f.TenantID, f.Limit = "t1", 33
		a, b := list(few, f), list(many, f)
		if a != b || strings.HasPrefix(a, "0:") != (f.Search == "nobody" || f.Search == "\x1e") {
			t.Errorf("%+v\nindex: %s\ntexts: %s", f, a, b)
		}
	}
	// Damaged data is an error.
	_, db := open(t, file)
	for _, harm := range []string{"UPDATE request_texts SET seqs = 'zz'", "UPDATE request_texts SET seqs = '00'", "UPDATE request_texts SET seqs = ''", "UPDATE request_texts SET texts = 'employee'", "DELETE FROM request_texts"} {
		if _, err := db.Exec(harm + " WHERE block = 1"); err != nil {
			t.Fatal(err)
		}
		fresh, _ := open(t, file)
		fresh.Probe(1)
		if err := fresh.View(t.Context(), func(tx store.Tx) error {
			_, _, err := tx.ListRequests(store.Filter{TenantID: "t1", Search: "employee", Limit: 5})
			return err
		}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", harm, err)
		}
	}
}

// Full, committed blocks of texts are cached as far as there is space. Their
// results equal those of the index.
func TestKeptTexts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	few, db := open(t, file)
	many, _ := open(t, file)
	many.Probe(1)
	insert := func(tx store.Tx, tenant string, from, to int) {
		for i := from; i < to; i++ {
			at := time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
			if err := tx.InsertRequest(&store.Request{ID: fmt.Sprint(tenant, i), TenantID: tenant, Seq: store.NewSeq(at, uint32(i)), Created: at, SecurityLevel: "CONTACT", Name: fmt.Sprint("Employee ", i), Body: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	list := func(tx store.Tx, tenant string) string {
		page, total, err := tx.ListRequests(store.Filter{TenantID: tenant, Search: "employee", Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		ids := fmt.Sprint(total)
		for _, r := range page {
			ids += " " + r.ID
		}
		return ids
	}
	same := func(what, tenant string, blocks int) {
		t.Helper()
		var a, b string
		few.View(t.Context(), func(tx store.Tx) error { a = list(tx, tenant); return nil })
		many.View(t.Context(), func(tx store.Tx) error { b = list(tx, tenant); return nil })
		if a != b || a == "" {
			t.Errorf("%s\nindex: %s\ntexts: %s", what, a, b)
		}
		if n, _ := many.Kept(tenant); n != blocks {
			t.Errorf("%s: %d blocks are kept, want %d", what, n, blocks)
		}
	}
	add := func(tenant string, from, to int) {
		t.Helper()
		if err := few.Update(t.Context(), func(tx store.Tx) error { insert(tx, tenant, from, to); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	add("a", 0, 127)
	same("one is missing", "a", 0)
	undone := errors.New("undone")
	if err := many.Update(t.Context(), func(tx store.Tx) error {
		insert(tx, "a", 900, 1100)
		if got := list(tx, "a"); !strings.HasPrefix(got, "327 ") {
			t.Errorf("inside of the update: %s", got)
		}
		return undone
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	same("what was undone", "a", 0)
	add("a", 127, 300)
	same("two full ones", "a", 2)
	add("a", 300, 390)
	same("one more", "a", 3)
	add("c", 4000, 4300)
	if _, err := db.Exec("UPDATE request_texts SET block = 9 WHERE tenant = 'c' AND block = 0; UPDATE request_texts SET block = 0 WHERE tenant = 'c' AND block = 2; UPDATE request_texts SET block = 2 WHERE tenant = 'c' AND block = 9"); err != nil {
		t.Fatal(err)
	}
	same("the first is not full", "c", 0)
	same("the first is not full, again", "c", 0)
	_, bytes := many.Kept("a")
	many.Room(bytes + 3000)
	add("b", 2000, 2300) // seqs are shared by all tenants
	same("room for one", "b", 1)
	same("room for one, again", "b", 1)
	if _, now := many.Kept("b"); now <= bytes || now > bytes+3000 {
		t.Errorf("%d bytes are kept, of %d", now, bytes+3000)
	}
}

func TestLogAndReplay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	a, _ := open(t, file)
	for range 2 {
		if err := logtest.Check(a.Log()); err != nil {
			t.Error(err)
		}
	}
	for _, salt := range []string{"1", "2"} {
		if err := replaytest.Check(a.Replay(), salt, time.Now()); err != nil {
			t.Error(err)
		}
	}
	b, _ := open(t, file) // another process sees the same
	if a.Log().Size() != b.Log().Size() || b.Log().Size() == 0 {
		t.Error("sizes differ")
	}
	now := time.Now()
	if first, err := a.Replay().Use(t.Context(), [32]byte{9}, now, now.Add(time.Hour)); !first || err != nil {
		t.Error(first, err)
	}
	if first, err := b.Replay().Use(t.Context(), [32]byte{9}, now, now.Add(time.Hour)); first || err != nil {
		t.Errorf("used twice: %v", err)
	}
}

// Open refuses a database without durable commits, and one of a newer version.
func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	careless, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer careless.Close()
	if _, err := store.Open(t.Context(), careless, store.SQLite); err == nil || !strings.Contains(err.Error(), "synchronous") {
		t.Errorf("synchronous NORMAL: %v", err)
	}
	_, db := open(t, file)
	if _, err := store.Open(t.Context(), db, 0); err == nil {
		t.Error("no dialect")
	}
	if _, err := db.Exec("INSERT INTO schema_version (version) VALUES (1000)"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), db, store.SQLite); err == nil || !strings.Contains(err.Error(), "version 1000") {
		t.Errorf("a newer version: %v", err)
	}
}

// A database of the first version gets the later tables and keeps its data.
func TestMigrates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	db, err := sql.Open("sqlite", store.SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{"0001.sql", "0001.sqlite.sql"} {
		text, err := os.ReadFile(filepath.Join("migrations", name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`CREATE TABLE schema_version (version BIGINT PRIMARY KEY); INSERT INTO schema_version VALUES (1);
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
		INSERT INTO requests SELECT 'r' || i, 1000 + i, 't', 1, 0, 'CONTACT', 'n', 'i', 'some long text ' || i, x'7b7d' FROM n;
		INSERT INTO request_grams (rowid, grams) SELECT seq, 'x736f6d x6f6d65 t74' FROM requests;
		INSERT INTO request_counts VALUES ('t', 301);
		INSERT INTO requests VALUES ('q', 7, 't', 1, 0, 'CONTACT', 'n', 'i', 'some', x'7b7d');
		INSERT INTO subjects VALUES ('q', 0, 't', 7, 'c', 'd', '', '', '1', x'00', 1, 2, 0)`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, err := store.Open(t.Context(), db, store.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		s.Probe(1)
		if err := s.View(t.Context(), func(tx store.Tx) error {
			page, total, err := tx.ListRequests(store.Filter{TenantID: "t", Search: "some", Limit: 2})
			if err != nil || total != 301 || page[1].ID != "r299" {
				t.Errorf("%d found, %v", total, err)
			}
			r, err := tx.Request("q")
			if err == nil && (r.Subjects[0].Failures != 2 || r.Subjects[0].Resends != 0 || !r.Subjects[0].Resent.IsZero()) {
				t.Errorf("%+v", r.Subjects[0])
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
