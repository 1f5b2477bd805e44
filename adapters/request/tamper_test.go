package request_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

// rawDB opens the database of a world for changes that no service makes.
func rawDB(t testing.TB, w *world) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", store.SQLiteDSN(w.file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// An action whose content was changed in the database no longer matches its
// digest. It is not used, shown or served.
func TestActionTampered(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	published := ok(t)(w.PublishAction(ctx, w.a, []byte(actionBody)))
	id, digest := get(t, published, "id"), get(t, published, "digestSRI")
	body := `{"contacts":["a@x.example"],"credentials":[{"type":"POLICY","scope":"a","action":{"id":"` + id + `","userParams":{"maxAmount":5}}}]}`
	calls := map[string]func() error{
		"create":  func() error { _, _, err := w.Create(ctx, w.a, []byte(body), "", nil); return err },
		"version": func() error { _, err := w.ActionVersion(ctx, w.a, id); return err },
		"list":    func() error { _, err := w.Actions(ctx, w.a); return err },
		"source":  func() error { _, err := w.Action(ctx, policy.Ref{ID: id, Digest: digest}); return err },
	}
	for name, call := range calls {
		if err := call(); err != nil {
			t.Fatalf("%s, before: %v", name, err)
		}
	}
	before := count(t, w)
	r, err := rawDB(t, w).Exec("UPDATE catalog SET body = CAST(replace(CAST(body AS TEXT), '<=', '>=') AS BLOB)")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for name, call := range calls {
		if err := call(); err == nil || !strings.Contains(err.Error(), "has changed in the store") || code(err)[:6] != "outage" {
			t.Errorf("%s, after: %v", name, err)
		}
	}
	if count(t, w) != before {
		t.Error("a request was made of it")
	}
	// With a matching digest it is another action, and the reference is not
	// found.
	var changed []byte
	if err := rawDB(t, w).QueryRow("SELECT body FROM catalog").Scan(&changed); err != nil {
		t.Fatal(err)
	}
	d, err := canonical.Parse(changed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rawDB(t, w).Exec("UPDATE catalog SET digest = $1", canonical.SRI(d.Root().Get("content").SHA256())); err != nil {
		t.Fatal(err)
	}
	if err := calls["source"](); err != policy.ErrNotFound {
		t.Errorf("source, after both: %v", err)
	}
}
