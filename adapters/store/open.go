package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"path"
	"sync"
)

//go:embed migrations/*.sql
var migrations embed.FS

// A Dialect names the SQL dialect of a database.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota + 1
)

// schemaVersion is the number of the newest migration.
const schemaVersion = 2

// maxBatch is the number of updates that share one commit. It bounds the time
// for which the first update waits for the others.
const maxBatch = 64

// A DB is a Store on a SQL database. See [Open].
type DB struct {
	db        *sql.DB
	probe     int           // maxProbe, smaller in tests
	keepLimit int           // maxKept, smaller in tests
	writing   chan struct{} // held by the goroutine that commits for all waiting updates

	mu       sync.Mutex
	waiting  []*update
	counts   map[[sha256.Size]byte]counted // cached by count
	logSize  int64
	blocks   map[string][]block   // by tenant, from the first block on; see texts
	kept     int                  // bytes of blocks
	prepared map[string]*sql.Stmt // nil: to be prepared
	wanted   []string
	purged   int64 // last purge of used keys, in milliseconds
}

// SQLiteDSN returns the data source name of a database file for the driver
// "sqlite" of modernc.org/sqlite. Commits are synchronous (synchronous FULL),
// and readers do not wait for writers (write-ahead log).
func SQLiteDSN(file string) string {
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16384)"},
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode()
}

// Open migrates a database to the schema of this version and returns a Store
// for it. Open db with [SQLiteDSN] and allow some idle connections, because a
// new connection costs more than a query. The Store caches up to 128 MiB of
// the texts for searches. Open fails if the database has a newer schema.
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*DB, error) {
	if db == nil || dialect != SQLite {
		return nil, errors.New("store: no database, or an unknown dialect")
	}
	var full int
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&full); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if full < 2 {
		return nil, errors.New("store: the database would lose what it has acknowledged: synchronous is not FULL")
	}
	d := &DB{db: db, writing: make(chan struct{}, 1), counts: map[[sha256.Size]byte]counted{}, prepared: map[string]*sql.Stmt{}, blocks: map[string][]block{}, probe: maxProbe, keepLimit: maxKept}
	if err := d.migrate(ctx); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return d, nil
}

func (d *DB) migrate(ctx context.Context) error {
	return d.transact(ctx, false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)"); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_version").Scan(&version); err != nil {
			return err
		}
		if version > schemaVersion {
			return fmt.Errorf("the database has version %d, this program knows up to %d", version, schemaVersion)
		}
		for v := version + 1; v <= schemaVersion; v++ {
			for _, suffix := range []string{".sql", ".sqlite.sql"} {
				text, err := migrations.ReadFile(path.Join("migrations", fmt.Sprintf("%04d%s", v, suffix)))
				if err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, string(text)); err != nil {
					return fmt.Errorf("migration %d: %w", v, err)
				}
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO schema_version (version) VALUES ($1)", v); err != nil {
				return err
			}
		}
		return nil
	})
}
