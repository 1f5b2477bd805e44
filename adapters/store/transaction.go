package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// maxAttempts bounds the attempts to run a transaction after conflicts.
const maxAttempts = 20

// errReadOnly is the error of writes in a View.
var errReadOnly = errors.New("store: a View cannot write")

// tx implements [Tx] on one transaction. It holds the context of the call,
// because it does not outlive that call.
type tx struct {
	ctx      context.Context
	db       *DB
	sql      *sql.Tx
	readOnly bool
}

// View implements [Store].
func (d *DB) View(ctx context.Context, f func(Tx) error) error {
	var own error
	err := d.transact(ctx, true, func(s *sql.Tx) error {
		own = f(&tx{ctx, d, s, true})
		return own
	})
	return d.wrap(err, own)
}

// wrap adds the package name to errors other than the caller's own.
func (d *DB) wrap(err, own error) error {
	if err == nil || own != nil && errors.Is(err, own) {
		return err
	}
	return fmt.Errorf("store: %w", err)
}

// An update is a call of Update that waits for its turn and its commit.
type update struct {
	ctx  context.Context
	f    func(Tx) error
	own  error // the error of f
	bug  any   // the value with which f panicked
	done chan error
}

// Update implements [Store]. Concurrent updates share one transaction and so
// one write to disk. Each runs behind a savepoint, so a failing update does
// not affect the others. No update returns before the commit.
func (d *DB) Update(ctx context.Context, f func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &update{ctx: ctx, f: f, done: make(chan error, 1)}
	d.mu.Lock()
	d.waiting = append(d.waiting, u)
	d.mu.Unlock()
	select {
	case err := <-u.done:
		return u.result(d, err)
	case d.writing <- struct{}{}:
	}
	for {
		d.mu.Lock()
		n := min(len(d.waiting), maxBatch)
		batch := append([]*update(nil), d.waiting[:n]...)
		d.waiting = append([]*update(nil), d.waiting[n:]...)
		d.mu.Unlock()
		if n == 0 {
			break
		}
		d.commit(batch)
		if len(u.done) > 0 {
			break // the next update takes over
		}
	}
	<-d.writing
	return u.result(d, <-u.done)
}

func (u *update) result(d *DB, err error) error {
	if u.bug != nil {
		panic(u.bug)
	}
	return d.wrap(err, u.own)
}

// commit runs a batch in one transaction and tells each update its result. The
// transaction belongs to all of them, so none of their contexts cancels it.
func (d *DB) commit(batch []*update) {
	results := make([]error, len(batch))
	err := d.transact(context.Background(), false, func(s *sql.Tx) error {
		if len(batch) == 1 { // it has the transaction to itself
			if results[0] = batch[0].ctx.Err(); results[0] == nil {
				results[0] = d.call(s, batch[0])
			}
			return results[0]
		}
		for i, u := range batch {
			var err error
			if results[i], err = d.runOne(s, u); err != nil {
				return err
			}
		}
		return nil
	})
	for i, u := range batch {
		if err != nil && (len(batch) > 1 || results[i] == nil) {
			results[i], u.own = err, nil
		}
		u.done <- results[i]
	}
}

// runOne runs one update behind a savepoint. err ends the whole batch.
func (d *DB) runOne(s *sql.Tx, u *update) (result, err error) {
	if result = u.ctx.Err(); result != nil {
		return result, nil
	}
	if _, err = s.Exec("SAVEPOINT u"); err != nil {
		return nil, err
	}
	if result = d.call(s, u); result == nil {
		_, err = s.Exec("RELEASE u")
		return nil, err
	}
	if _, err = s.Exec("ROLLBACK TO u"); err == nil {
		_, err = s.Exec("RELEASE u")
	}
	return result, err
}

// errBug ends the transaction of an update that panicked.
var errBug = errors.New("store: an update panicked")

// call runs an update. Update repeats its panic in the goroutine of the
// caller.
func (d *DB) call(s *sql.Tx, u *update) (err error) {
	defer func() {
		if u.bug = recover(); u.bug != nil {
			err = errBug
		}
	}()
	u.own = u.f(&tx{context.WithoutCancel(u.ctx), d, s, false}) // cancelling a statement would end the transaction of all
	if u.own == nil {
		return u.ctx.Err()
	}
	return u.own
}

// transact runs f in a transaction. It runs f again if the database reports a
// conflict.
func (d *DB) transact(ctx context.Context, readOnly bool, f func(*sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := d.once(ctx, readOnly, f)
		d.prepare()
		if err == nil || attempt == maxAttempts || !conflict(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * time.Millisecond):
		}
	}
}

func (d *DB) once(ctx context.Context, readOnly bool, f func(*sql.Tx) error) error {
	s, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly})
	if err != nil {
		return err
	}
	defer s.Rollback() // no effect after a commit
	if err := f(s); err != nil {
		return err
	}
	return s.Commit()
}

// conflict reports whether a transaction may succeed when it is run again:
// SQLITE_BUSY, or SQLSTATE 40001 and 40P01.
func conflict(err error) bool {
	var code interface{ Code() int }
	var state interface{ SQLState() string }
	switch {
	case errors.As(err, &code):
		return code.Code()&0xff == 5
	case errors.As(err, &state):
		return state.SQLState() == "40001" || state.SQLState() == "40P01"
	}
	return false
}

// exec runs a statement and returns the number of changed rows.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if t.readOnly {
		return 0, errReadOnly
	}
	var r sql.Result
	var err error
	if st := t.stmt(query); st != nil {
		r, err = st.ExecContext(t.ctx, args...)
	} else {
		r, err = t.sql.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// one runs a statement that changes one row. If it changes none, one returns
// otherwise.
func (t *tx) one(otherwise error, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		err = otherwise
	}
	return err
}

// row reads one row.
func (t *tx) row(query string, args []any, into ...any) error {
	var r *sql.Row
	if st := t.stmt(query); st != nil {
		r = st.QueryRowContext(t.ctx, args...)
	} else {
		r = t.sql.QueryRowContext(t.ctx, query, args...)
	}
	err := r.Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// rows reads all rows and calls scan for each.
func (t *tx) rows(query string, args []any, scan func(scanner) error) error {
	var r *sql.Rows
	var err error
	if st := t.stmt(query); st != nil {
		r, err = st.QueryContext(t.ctx, args...)
	} else {
		r, err = t.sql.QueryContext(t.ctx, query, args...)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := scan(r); err != nil {
			return err
		}
	}
	return r.Err()
}

type scanner interface{ Scan(into ...any) error }

// ms and at convert times to their stored form and back.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// flag converts a bool to its stored form.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// maxStatements bounds the number of prepared statements. The statements of
// lists vary with their filters; there are fewer of all other statements.
const maxStatements = 256

// stmt returns a prepared statement, or nil if it is not prepared yet. Then
// prepare prepares it after the transaction, because that takes another
// connection.
func (t *tx) stmt(query string) *sql.Stmt {
	t.db.mu.Lock()
	s, known := t.db.prepared[query]
	if !known && len(t.db.prepared) < maxStatements {
		t.db.prepared[query] = nil
		t.db.wanted = append(t.db.wanted, query)
	}
	t.db.mu.Unlock()
	if s == nil {
		return nil
	}
	return t.sql.StmtContext(t.ctx, s)
}

// prepare prepares the statements that ran for the first time.
func (d *DB) prepare() {
	d.mu.Lock()
	wanted := d.wanted
	d.wanted = nil
	d.mu.Unlock()
	for _, query := range wanted {
		if s, err := d.db.Prepare(query); err == nil { // on error it runs unprepared
			d.mu.Lock()
			d.prepared[query] = s
			d.mu.Unlock()
		}
	}
}
