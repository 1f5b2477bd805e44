package store_test

import (
	"context"
	"database/sql"
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
	file := filepath.Join(t.TempDir(), "a b%20?.db") // a name that has to be escaped
	a, _ := open(t, file)
	b, _ := open(t, file)
	if err := storetest.Check(a, b); err != nil {
		t.Error(err)
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

// A database that would forget what it has acknowledged is refused, and so is one
// of a newer version.
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

// A database of the first version gets what later ones have, and keeps what it
// has.
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
		INSERT INTO requests VALUES ('q', 7, 't', 1, 0, 'CONTACT', 'n', 'i', 'n', x'7b7d');
		INSERT INTO subjects VALUES ('q', 0, 't', 7, 'c', 'd', '', '', '1', x'00', 1, 2, 0)`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, err := store.Open(t.Context(), db, store.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx store.Tx) error {
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
