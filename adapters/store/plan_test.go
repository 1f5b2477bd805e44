package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// No list scans a table: every query searches an index.
func TestListsUseIndexes(t *testing.T) {
	db, err := sql.Open("sqlite", SQLiteDSN(filepath.Join(t.TempDir(), "db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := Open(context.Background(), db, SQLite); err != nil {
		t.Fatal(err)
	}
	explain := func(name, text string, args ...any) {
		t.Helper()
		rows, err := db.Query("EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, text, err)
		}
		var steps []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, detail)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		for _, s := range steps {
			indexed := strings.HasPrefix(s, "SEARCH ") || strings.Contains(s, "VIRTUAL TABLE INDEX") && !strings.HasSuffix(s, "INDEX 0:")
			if !indexed && (strings.HasPrefix(s, "SCAN ") || strings.Contains(s, "AUTOMATIC") || s == "USE TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s: %s\n%s", name, text, strings.Join(steps, "\n"))
			}
		}
		t.Logf("%s: %s", name, strings.Join(steps, "; "))
	}
	now := time.Now()
	explain("not sent", unsent, 1, 2)
	filters := map[string]Filter{
		"all": {}, "internalId": {InternalID: "x"}, "contact": {Contact: "x"}, "did": {DID: "x"}, "subjectInternalId": {SubjectInternalID: "x"},
		"credentialInternalId": {CredentialInternalID: "x"}, "level": {SecurityLevels: []string{"a"}}, "levels": {SecurityLevels: []string{"a", "b"}},
		"dates": {From: now, To: now}, "search 1": {Search: "a"}, "search 2": {Search: "ab"}, "search": {Search: "abcdef"},
		"search, level": {Search: "abc", SecurityLevels: []string{"a"}},
		"everything":    {Search: "abcdef", InternalID: "x", Contact: "x", DID: "x", SubjectInternalID: "x", CredentialInternalID: "x", SecurityLevels: []string{"a"}, From: now, To: now},
	}
	for name, f := range filters {
		f.TenantID = "t"
		q := among(f, []int64{1, 2}, false)
		explain(name+", a few", q.text(" ORDER BY seq"), q.args...)
		q = plan(f)
		for _, text := range []string{q.text(""), q.text(q.order("DESC", 10, 20)), q.text(q.order("ASC", 10, 20))} {
			explain(name, text, q.args...)
		}
	}
}
