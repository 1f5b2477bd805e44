package store

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"time"
)

// seqShift is how many low bits of a Seq do not come from its time.
const seqShift = 21

// NewSeq returns a Seq for a request made at a time. random tells apart those of
// one millisecond; when it does not, insert again with another.
func NewSeq(at time.Time, random uint32) int64 {
	return at.UnixMilli()<<seqShift | int64(random&(1<<seqShift-1))
}

// A query chooses the seq of requests: conditions on one table, which leads with
// tenant and seq in an index of its own, or on the index of substrings.
type query struct {
	from, seq string
	distinct  bool // a seq may be there more than once
	where     []string
	args      []any
}

// arg adds an argument and returns its placeholder.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *query) and(format string, args ...any) {
	q.where = append(q.where, fmt.Sprintf(format, args...))
}

// plan turns a filter into a query. What leads is the search, or the first of the
// columns that are asked for, or else all requests of the tenant.
func plan(f Filter) *query {
	q := &query{from: "requests", seq: "seq"}
	columns := []struct{ table, column, value string }{
		{"requests", "internal_id", f.InternalID},
		{"credentials", "internal_id", f.CredentialInternalID},
		{"subjects", "contact", f.Contact},
		{"subjects", "did", f.DID},
		{"subjects", "internal_id", f.SubjectInternalID},
	}
	if f.Search != "" {
		text := fold(f.Search)
		m, exact := match(f.TenantID, text)
		q.from, q.seq = "request_grams", "rowid"
		q.and("request_grams MATCH %s", q.arg(m))
		if !exact {
			q.and(`(SELECT r.search FROM requests r WHERE r.seq = request_grams.rowid) LIKE %s ESCAPE '\'`, q.arg(like(text)))
		}
	}
	for _, c := range columns {
		switch {
		case c.value == "":
		case len(q.where) == 0:
			q.from, q.distinct = c.table, c.table != "requests"
			q.and("tenant = %s AND %s = %s", q.arg(f.TenantID), c.column, q.arg(c.value))
		default:
			// The + keeps SQLite from running the search once for each of them.
			q.and("+%s.%s IN (SELECT s.seq FROM %s s WHERE s.tenant = %s AND s.%s = %s)", q.from, q.seq, c.table, q.arg(f.TenantID), c.column, q.arg(c.value))
		}
	}
	if len(q.where) == 0 {
		q.and("tenant = %s", q.arg(f.TenantID))
	}
	if len(f.SecurityLevels) > 0 {
		var marks []string
		for _, l := range f.SecurityLevels {
			marks = append(marks, q.arg(l))
		}
		level := "level"
		if q.from != "requests" {
			level = fmt.Sprintf("(SELECT r.level FROM requests r WHERE r.seq = %s.%s)", q.from, q.seq)
		}
		q.and("%s IN (%s)", level, strings.Join(marks, ", "))
	}
	if !f.From.IsZero() {
		q.and("%s >= %s", q.seq, q.arg(f.From.UnixMilli()<<seqShift))
	}
	if !f.To.IsZero() {
		q.and("%s < %s", q.seq, q.arg(f.To.UnixMilli()<<seqShift))
	}
	return q
}

// text returns the query for the number of requests, or for a page of their seqs.
func (q *query) text(order string) string {
	what := q.seq
	if q.distinct {
		what = "DISTINCT " + what
	}
	if order == "" {
		what = "COUNT(" + what + ")"
	}
	return "SELECT " + what + " FROM " + q.from + " WHERE " + strings.Join(q.where, " AND ") + order
}

// order returns the end of a query for a page.
func (q *query) order(direction string, limit, offset int) string {
	return fmt.Sprintf(" ORDER BY %s %s LIMIT %d OFFSET %d", q.seq, direction, limit, offset)
}

// ListRequests implements [Requests].
func (t *tx) ListRequests(f Filter) ([]*Request, int, error) {
	if strings.Contains(f.Search, "\n") {
		return nil, 0, nil // no text holds one
	}
	q := plan(f)
	total, err := t.count(q, f)
	if err != nil || f.Offset < 0 || f.Offset >= total || f.Limit <= 0 {
		return nil, total, err
	}
	// From the nearer end: what is skipped is read.
	n, offset, order := min(f.Limit, total-f.Offset), f.Offset, "DESC"
	if behind := total - f.Offset - n; behind < offset {
		offset, order = behind, "ASC"
	}
	seqs := make([]int64, 0, n)
	err = t.rows(q.text(q.order(order, n, offset)), q.args, func(r scanner) error {
		var seq int64
		err := r.Scan(&seq)
		seqs = append(seqs, seq)
		return err
	})
	if err != nil || len(seqs) == 0 {
		return nil, total, err
	}
	page, err := t.page(seqs)
	return page, total, err
}

// maxCounts bounds how many counts are remembered.
const maxCounts = 4096

// count returns the exact number of requests that fit. What a filter finds never
// changes but by new requests, so that it is known as long as their number is
// the same.
func (t *tx) count(q *query, f Filter) (int, error) {
	var all int64
	if err := t.row("SELECT n FROM request_counts WHERE tenant = $1", []any{f.TenantID}, &all); err != nil {
		if err == ErrNotFound {
			return 0, nil
		}
		return 0, err
	}
	if q.from == "requests" && len(q.args) == 1 {
		return int(min(all, math.MaxInt32)), nil
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", all, q.text(""), fmt.Sprintf("%q", q.args)))
	t.db.mu.Lock()
	n, known := t.db.counts[key]
	t.db.mu.Unlock()
	if known {
		return n, nil
	}
	if err := t.row(q.text(""), q.args, &n); err != nil {
		return 0, err
	}
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	if len(t.db.counts) >= maxCounts {
		clear(t.db.counts)
	}
	t.db.counts[key] = n
	return n, nil
}

// page reads requests for a list.
func (t *tx) page(seqs []int64) ([]*Request, error) {
	marks, args := make([]string, len(seqs)), make([]any, len(seqs))
	for i, s := range seqs {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), s
	}
	list, err := t.requests("WHERE seq IN ("+strings.Join(marks, ", ")+") ORDER BY seq DESC", args...)
	if err != nil {
		return nil, err
	}
	byID := map[string]*Request{}
	for i, r := range list {
		marks[i], args[i], byID[r.ID] = fmt.Sprintf("$%d", i+1), r.ID, r
	}
	in := "request IN (" + strings.Join(marks[:len(list)], ", ") + ") ORDER BY request, n"
	args = args[:len(list)]
	if err := t.subjects(in, args, byID); err != nil {
		return nil, err
	}
	return list, t.rows("SELECT id, request, type, status, name, internal_id, until FROM credentials WHERE "+in, args, func(r scanner) error {
		var c Credential
		var until int64
		if err := r.Scan(&c.ID, &c.RequestID, &c.Type, &c.Status, &c.Name, &c.InternalID, &until); err != nil {
			return err
		}
		c.Until = at(until)
		byID[c.RequestID].Credentials = append(byID[c.RequestID].Credentials, c)
		return nil
	})
}
