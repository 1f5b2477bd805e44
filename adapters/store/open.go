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

// A Dialect is which database it is.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota + 1
)

// schemaVersion is the number of the newest migration.
const schemaVersion = 2

// maxBatch is how many updates share one commit: it bounds for how long the first
// of them waits for the others.
const maxBatch = 64

// A DB is a Store on a SQL database. See [Open].
type DB struct {
	db      *sql.DB
	probe   int           // maxProbe, fewer in tests
	room    int           // maxKept, less in tests
	writing chan struct{} // held by whoever commits for all that wait

	mu       sync.Mutex
	waiting  []*update
	counts   map[[sha256.Size]byte]counted // see count
	logSize  int64
	blocks   map[string][]block   // by tenant, from the first on: see texts
	kept     int                  // bytes of them
	prepared map[string]*sql.Stmt // nil: wanted
	wanted   []string
	purged   int64 // when used was last purged, in milliseconds
}

// SQLiteDSN returns the data source name of a database file for the driver
// "sqlite" of modernc.org/sqlite. What was committed is on the disk (synchronous
// FULL), and readers do not wait for writers (write-ahead log).
func SQLiteDSN(file string) string {
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16384)"},
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode()
}

// Open migrates a database to the schema of this version, and returns the Store
// on it. db has to be opened with [SQLiteDSN]; give it some idle connections,
// since every new one costs more than a query. Up to 128 MiB of the texts that
// requests are searched by stay in memory. It fails when the database is of a
// newer version.
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
	d := &DB{db: db, writing: make(chan struct{}, 1), counts: map[[sha256.Size]byte]counted{}, prepared: map[string]*sql.Stmt{}, blocks: map[string][]block{}, probe: maxProbe, room: maxKept}
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
		var have int
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_version").Scan(&have); err != nil {
			return err
		}
		if have > schemaVersion {
			return fmt.Errorf("the database has version %d, this program knows up to %d", have, schemaVersion)
		}
		for v := have + 1; v <= schemaVersion; v++ {
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
