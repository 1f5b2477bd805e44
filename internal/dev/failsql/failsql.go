// Package failsql answers one question, for tests: what happens when the database
// fails at this very step?
//
// It wraps a driver of database/sql. Every begin, commit, statement and row is a
// step; one of them can be made to fail, as a disk or a connection would.
package failsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// Err is what a step fails with.
var Err = errors.New("failsql: the disk is gone")

// A Fault fails one step of the databases that were opened with it. The zero
// Fault fails none.
type Fault struct{ left atomic.Int64 }

// After has the n-th step from now fail, from 1.
func (f *Fault) After(n int) { f.left.Store(int64(n)) }

// Stop ends that, and reports whether the step was reached.
func (f *Fault) Stop() bool { return f.left.Swap(0) < 0 }

// Step is one step. Whatever else can fail may be counted with it.
func (f *Fault) Step() error {
	for {
		n := f.left.Load()
		if n <= 0 {
			return nil
		}
		next := n - 1
		if next == 0 {
			next = -1
		}
		if f.left.CompareAndSwap(n, next) {
			if next < 0 {
				return Err
			}
			return nil
		}
	}
}

// Open opens a database whose steps a Fault can fail. The driver has to support
// contexts, as all do.
func Open(d driver.Driver, dsn string, f *Fault) *sql.DB { return sql.OpenDB(connector{d, dsn, f}) }

// Dump writes all rows of a SQLite database but those of virtual tables.
func Dump(db *sql.DB) (string, error) {
	var out strings.Builder
	tables, err := query(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
	for _, name := range tables {
		rows, failed := query(db, fmt.Sprintf("SELECT * FROM %s", name[0]))
		err = errors.Join(err, failed)
		for _, r := range rows {
			fmt.Fprintf(&out, "%s %v\n", name[0], r)
		}
	}
	return out.String(), err
}

func query(db *sql.DB, q string) (all [][]any, err error) {
	r, err := db.Query(q)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	columns, err := r.Columns()
	for err == nil && r.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		err = r.Scan(into...)
		all = append(all, values)
	}
	return all, errors.Join(err, r.Err())
}

type connector struct {
	d   driver.Driver
	dsn string
	f   *Fault
}

func (c connector) Driver() driver.Driver { return c.d }
func (c connector) Connect(context.Context) (driver.Conn, error) {
	in, err := c.d.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &conn{in, c.f}, nil
}

type conn struct {
	driver.Conn
	f *Fault
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.f.Step(); err != nil {
		return nil, err
	}
	in, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	return tx{in, c.f}, err
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	in, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return stmt{in, c.f}, err
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.f.Step(); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.f.Step(); err != nil {
		return nil, err
	}
	in, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	return rows{in, c.f}, err
}

type stmt struct {
	driver.Stmt
	f *Fault
}

func (s stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.f.Step(); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.f.Step(); err != nil {
		return nil, err
	}
	in, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	return rows{in, s.f}, err
}

type rows struct {
	driver.Rows
	f *Fault
}

func (r rows) Next(dest []driver.Value) error {
	if err := r.f.Step(); err != nil {
		return err
	}
	return r.Rows.Next(dest)
}

type tx struct {
	driver.Tx
	f *Fault
}

// Commit fails by rolling back: what is said not to be there is not.
func (t tx) Commit() error {
	if err := t.f.Step(); err != nil {
		return errors.Join(err, t.Tx.Rollback())
	}
	return t.Tx.Commit()
}
