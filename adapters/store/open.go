package store

import (
	"context"
	"database/sql"
	"errors"
)

// A DB is a Store on a SQL database. The zero value is not usable: see Open.
type DB struct {
	db *sql.DB
}

// A Dialect is which database it is.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota + 1
)

// Open migrates a database to this version and returns the Store on it.
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*DB, error) {
	return nil, errors.New("store: not there yet")
}

// View implements [Store].
func (d *DB) View(ctx context.Context, f func(Tx) error) error { return errors.ErrUnsupported }

// Update implements [Store].
func (d *DB) Update(ctx context.Context, f func(Tx) error) error { return errors.ErrUnsupported }

// SQLiteDSN returns the data source name for a database file, as the driver of
// modernc.org/sqlite (named "sqlite") reads it.
func SQLiteDSN(path string) string { return "file:" + path }
