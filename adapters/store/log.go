package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/receipts/translog"
	"github.com/mandate-engine/mandate/verifier"
)

// A Log is the log of receipts in the database. It implements [translog.Log]
// and [translog.Source]. An entry and its tree nodes are stored in one
// transaction, so a crash leaves no gaps.
type Log struct{ db *DB }

// Log returns the log.
func (d *DB) Log() *Log { return &Log{d} }

// Append implements [translog.Log].
func (l *Log) Append(ctx context.Context, entry []byte) (index int64, err error) {
	err = l.db.Update(ctx, func(t Tx) error {
		index, err = t.(*tx).append(entry)
		return err
	})
	return index, err
}

// append adds an entry and the tree nodes that it completes.
func (t *tx) append(entry []byte) (int64, error) {
	if err := translog.CheckEntry(entry); err != nil {
		return 0, err
	}
	size, err := t.logSize()
	if err != nil {
		return 0, err
	}
	if size >= translog.MaxSize {
		return 0, errors.New("store: the log is full")
	}
	nodes, err := tlog.StoredHashes(size, entry, t)
	if err != nil {
		return 0, err
	}
	if _, err := t.exec("INSERT INTO log_entries (idx, entry) VALUES ($1, $2)", size, entry); err != nil {
		return 0, err
	}
	first := tlog.StoredHashIndex(0, size)
	for i, h := range nodes {
		if _, err := t.exec("INSERT INTO log_nodes (idx, hash) VALUES ($1, $2)", first+int64(i), h[:]); err != nil {
			return 0, err
		}
	}
	return size, nil
}

func (t *tx) logSize() (size int64, err error) {
	err = t.row("SELECT COALESCE(MAX(idx), -1) + 1 FROM log_entries", nil, &size)
	return size, err
}

// ReadHashes implements [tlog.HashReader].
func (t *tx) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		var h []byte
		if err := t.row("SELECT hash FROM log_nodes WHERE idx = $1", []any{x}, &h); err != nil {
			return nil, fmt.Errorf("store: node %d of the log: %w", x, err)
		}
		if copy(out[i][:], h) != tlog.HashSize {
			return nil, fmt.Errorf("store: node %d of the log has %d bytes", x, len(h))
		}
	}
	return out, nil
}

// Size implements [translog.Source]. If the database fails, it returns the
// last known size.
func (l *Log) Size() int64 {
	var size int64
	err := l.db.View(context.Background(), func(t Tx) (err error) {
		size, err = t.(*tx).logSize()
		return err
	})
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	if err == nil {
		l.db.logSize = max(l.db.logSize, size)
	}
	return l.db.logSize
}

// Entry implements [translog.Source].
func (l *Log) Entry(index int64) (entry []byte, err error) {
	err = l.db.View(context.Background(), func(t Tx) error {
		return t.(*tx).row("SELECT entry FROM log_entries WHERE idx = $1", []any{index}, &entry)
	})
	if err != nil {
		return nil, fmt.Errorf("store: entry %d of the log: %w", index, err)
	}
	return entry, nil
}

// ReadHashes implements [translog.Source].
func (l *Log) ReadHashes(indexes []int64) (out []tlog.Hash, err error) {
	err = l.db.View(context.Background(), func(t Tx) error {
		out, err = t.(*tx).ReadHashes(indexes)
		return err
	})
	return out, err
}

// PutReceipt implements [Receipts].
func (t *tx) PutReceipt(tenantID, id string, bytes []byte) (int64, error) {
	index, err := t.append(bytes)
	if err != nil {
		return 0, err
	}
	return index, t.one(ErrExists, "INSERT INTO receipts (id, tenant, idx) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", id, tenantID, index)
}

// Receipt implements [Receipts].
func (t *tx) Receipt(id string) (r Receipt, err error) {
	err = t.row("SELECT r.id, r.tenant, r.idx, e.entry FROM receipts r JOIN log_entries e ON e.idx = r.idx WHERE r.id = $1", []any{id},
		&r.ID, &r.TenantID, &r.Index, &r.Bytes)
	return r, err
}

// purgeEvery is the interval between deletions of expired keys, in
// milliseconds.
const purgeEvery = 60_000

// Replay returns a [verifier.Replay] that stores used presentations in the
// database, for all processes that share it.
func (d *DB) Replay() verifier.Replay { return replay{d} }

type replay struct{ db *DB }

// Use implements [verifier.Replay].
func (r replay) Use(ctx context.Context, key [sha256.Size]byte, now, until time.Time) (first bool, err error) {
	end := int64(math.MaxInt64)
	if !until.IsZero() {
		end = until.UnixMilli() + 1 // round up, so that a key is never forgotten early
	}
	err = r.db.Update(ctx, func(t Tx) error {
		q := t.(*tx)
		if err := q.purge(now.UnixMilli()); err != nil {
			return err
		}
		n, err := q.exec("INSERT INTO used (key, until) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE used.until < $3",
			key[:], end, now.UnixMilli())
		first = n == 1
		return err
	})
	return first && err == nil, err
}

// purge deletes expired keys, once per purgeEvery.
func (t *tx) purge(now int64) error {
	t.db.mu.Lock()
	due := now >= t.db.purged+purgeEvery || now < t.db.purged
	if due {
		t.db.purged = now
	}
	t.db.mu.Unlock()
	if !due {
		return nil
	}
	_, err := t.exec("DELETE FROM used WHERE until < $1", now)
	return err
}
