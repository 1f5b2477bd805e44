package store

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// seqShift is the number of low bits of a Seq below its time.
const seqShift = 21

// NewSeq returns a Seq for a request made at a time. random separates requests
// of the same millisecond. If the Seq is taken, insert again with another
// random.
func NewSeq(at time.Time, random uint32) int64 {
	return at.UnixMilli()<<seqShift | int64(random&(1<<seqShift-1))
}

// A query selects the seqs of requests. Its conditions apply to one table with
// an index on tenant and seq, or to the index of substrings.
type query struct {
	from, seq string
	distinct  bool // the table may have a seq more than once
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

// holds adds the condition that the text of a request contains search.
func (q *query) holds(search string) {
	q.and(`(SELECT r.search FROM requests r WHERE r.seq = %s.%s) LIKE %s ESCAPE '\'`, q.from, q.seq, q.arg(like(fold(search))))
}

// A column is a filter on a column and its value.
type column struct{ table, column, value string }

// plan turns a filter into a query. The leading condition is the first column
// in the filter, or the search, or all requests of the tenant.
func plan(f Filter) *query {
	q := &query{from: "requests", seq: "seq"}
	columns := []column{
		{"requests", "internal_id", f.InternalID},
		{"credentials", "internal_id", f.CredentialInternalID},
		{"subjects", "contact", f.Contact},
		{"subjects", "did", f.DID},
		{"subjects", "internal_id", f.SubjectInternalID},
	}
	leads := slices.ContainsFunc(columns, func(c column) bool { return c.value != "" })
	if f.Search != "" && !leads {
		m, exact := match(f.TenantID, fold(f.Search))
		q.from, q.seq = "request_grams", "rowid"
		q.and("request_grams MATCH %s", q.arg(m))
		if !exact {
			q.holds(f.Search)
		}
	}
	for _, c := range columns {
		switch {
		case c.value == "":
		case len(q.where) == 0:
			q.from, q.distinct = c.table, c.table != "requests"
			q.and("tenant = %s AND %s = %s", q.arg(f.TenantID), c.column, q.arg(c.value))
		default:
			// The + prevents SQLite from using this index first.
			q.and("+%s.%s IN (SELECT s.seq FROM %s s WHERE s.tenant = %s AND s.%s = %s)", q.from, q.seq, c.table, q.arg(f.TenantID), c.column, q.arg(c.value))
		}
	}
	if len(q.where) == 0 {
		q.and("tenant = %s", q.arg(f.TenantID))
	}
	if f.Search != "" && leads {
		q.holds(f.Search)
	}
	q.restrict(f)
	return q
}

// restrict adds the remaining conditions: security levels and dates.
func (q *query) restrict(f Filter) {
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
}

// text returns the SQL for the number of requests, or for a page of their
// seqs.
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

// order returns the SQL for the order and the limits of a page.
func (q *query) order(direction string, limit, offset int) string {
	return fmt.Sprintf(" ORDER BY %s %s LIMIT %d OFFSET %d", q.seq, direction, limit, offset)
}

// all reports whether a query selects all requests of a tenant.
func (q *query) all() bool { return q.from == "requests" && len(q.args) == 1 }

// ListRequests implements [Requests].
func (t *tx) ListRequests(f Filter) ([]*Request, int, error) {
	if strings.ContainsAny(f.Search, "\n"+endOfText) {
		return nil, 0, nil // texts cannot contain it
	}
	q := plan(f)
	c, found, err := t.count(q, f)
	total := c.n
	if err != nil || f.Offset < 0 || f.Offset >= total || f.Limit <= 0 {
		return nil, total, err
	}
	// Read from the nearer end, because the database also reads skipped rows.
	n, offset, order := min(f.Limit, total-f.Offset), f.Offset, "DESC"
	if behind := total - f.Offset - n; behind < offset {
		offset, order = behind, "ASC"
	}
	// Checking one request in twenty takes as long as reading all texts.
	if found == nil && c.many && (offset+n)*20 > total {
		if found, err = t.walk(f); err != nil {
			return nil, total, err
		}
	}
	if found != nil {
		end := max(0, len(found)-f.Offset)
		page, err := t.page(found[max(0, end-n):end])
		return page, total, err
	}
	seqs, err := t.seqs(q.text(q.order(order, n, offset)), q.args)
	if err != nil {
		return nil, total, err
	}
	page, err := t.page(seqs)
	return page, total, err
}

// maxCounts bounds the number of cached counts.
const maxCounts = 4096

// A counted is the number of matching requests, and whether many had to be
// checked.
type counted struct {
	n    int
	many bool
}

// count returns the exact number of matching requests. If it had to find all
// of them, it also returns their seqs, oldest first. Only new requests change
// the result of a filter, so a cached count is valid while the number of
// requests is the same.
func (t *tx) count(q *query, f Filter) (c counted, found []int64, err error) {
	var all int64
	if err := t.row("SELECT n FROM request_counts WHERE tenant = $1", []any{f.TenantID}, &all); err != nil {
		if err == ErrNotFound {
			return c, nil, nil
		}
		return c, nil, err
	}
	if q.all() {
		return counted{n: int(min(all, math.MaxInt32))}, nil, nil
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", all, q.text(""), fmt.Sprintf("%q", q.args)))
	t.db.mu.Lock()
	c, known := t.db.counts[key]
	t.db.mu.Unlock()
	if known {
		return c, nil, nil
	}
	if f.Search == "" {
		err = t.row(q.text(""), q.args, &c.n)
	} else {
		found, c.many, err = t.search(f)
		c.n = len(found)
	}
	if err != nil {
		return counted{}, nil, err
	}
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	if len(t.db.counts) >= maxCounts {
		clear(t.db.counts)
	}
	t.db.counts[key] = c
	return c, found, nil
}

// page reads the requests of a page.
func (t *tx) page(seqs []int64) ([]*Request, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
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
