package store

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The texts of requests are also stored in blocks, blockSize texts of a tenant
// per row, for searches with many candidates. A full block never changes and
// is cached in memory.

const (
	// maxProbe is the number of candidates up to which a search uses the index
	// of substrings. Checking one candidate takes as long as reading about
	// fifty texts.
	maxProbe  = 2000
	blockSize = 128
	endOfText = "\x1e"
	// maxKept bounds the cached blocks of all tenants, in bytes: some million
	// texts. Other blocks are read for each search.
	maxKept = 128 << 20
)

// A block holds texts, each followed by endOfText, and the seqs of their
// requests.
type block struct {
	seqs  []int64
	texts []byte
}

var errBlock = errors.New("store: a block of texts is damaged: its texts are not those of its seqs")

// search appends the seqs of the texts that contain text.
func (b block) search(found []int64, text []byte) ([]int64, error) {
	texts := b.texts
	for at := 0; ; at++ {
		i := bytes.Index(texts, text)
		if i < 0 {
			return found, nil
		}
		at += bytes.Count(texts[:i], []byte(endOfText))
		end := bytes.Index(texts[i:], []byte(endOfText))
		if end < 0 || at >= len(b.seqs) {
			return nil, errBlock
		}
		found = append(found, b.seqs[at])
		texts = texts[i+end+1:]
	}
}

// addText adds a text to the last block of a tenant and counts the request.
func (t *tx) addText(tenantID string, seq int64, text string) error {
	_, err := t.exec(`INSERT INTO request_texts (tenant, block, seqs, texts) SELECT tenant, (n - 1) / $2, $3, $4 FROM request_counts WHERE tenant = $1
		ON CONFLICT (tenant, block) DO UPDATE SET seqs = request_texts.seqs || excluded.seqs, texts = request_texts.texts || excluded.texts`,
		tenantID, blockSize, fmt.Sprintf("%016x", seq), text+endOfText)
	return err
}

// texts calls look for each block of a tenant, in order, and returns the last
// result of look. It caches the full blocks that it read, but not those read
// in an Update, because they may not be committed.
func (t *tx) texts(tenantID string, look func(found []int64, b block) ([]int64, error)) (found []int64, err error) {
	var all int
	if err := t.row("SELECT n FROM request_counts WHERE tenant = $1", []any{tenantID}, &all); err != nil {
		return nil, err
	}
	found = make([]int64, 0, min(all, 1<<20))
	t.db.mu.Lock()
	kept := t.db.blocks[tenantID]
	t.db.mu.Unlock()
	seen := len(kept) * blockSize
	for _, b := range kept {
		if found, err = look(found, b); err != nil {
			return nil, err
		}
	}
	var full []block
	// As blobs they are not copied.
	err = t.rows("SELECT block, CAST(seqs AS BLOB), CAST(texts AS BLOB) FROM request_texts WHERE tenant = $1 AND block >= $2 ORDER BY block", []any{tenantID, len(kept)}, func(r scanner) error {
		var number int
		var digits, texts sql.RawBytes
		if err := r.Scan(&number, &digits, &texts); err != nil {
			return err
		}
		raw := make([]byte, len(digits)/2)
		n, _ := hex.Decode(raw, digits) // a short block is detected when it is searched
		b := block{seqs: make([]int64, 0, n/8), texts: texts}
		for ; n >= 8; n -= 8 {
			b.seqs = append(b.seqs, int64(binary.BigEndian.Uint64(raw)))
			raw = raw[8:]
		}
		if number == len(kept)+len(full) && len(b.seqs) == blockSize && bytes.Count(texts, []byte(endOfText)) == blockSize {
			b.texts = bytes.Clone(texts)
			full = append(full, b)
		}
		seen += len(b.seqs)
		found, err = look(found, b)
		return err
	})
	if err == nil && seen != all {
		err = errBlock
	}
	if err != nil {
		return nil, err
	}
	t.keep(tenantID, len(kept), full)
	return found, nil
}

// keep caches blocks that follow the first cached blocks of a tenant, unless
// another call has already done so.
func (t *tx) keep(tenantID string, first int, blocks []block) {
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	if !t.readOnly || len(t.db.blocks[tenantID]) != first {
		return
	}
	for _, b := range blocks {
		size := len(b.texts) + 8*len(b.seqs)
		if t.db.kept+size > t.db.keepLimit {
			return
		}
		t.db.kept += size
		t.db.blocks[tenantID] = append(t.db.blocks[tenantID], b)
	}
}

// search returns the seqs of the requests that match a filter with a search
// text, oldest first. many reports that the columns, or else the index of
// substrings, gave too many candidates to check one by one.
func (t *tx) search(f Filter) (found []int64, many bool, err error) {
	lead := f
	lead.Search, lead.SecurityLevels, lead.From, lead.To = "", nil, time.Time{}, time.Time{}
	q, exact := plan(lead), false
	if q.all() {
		var m string
		m, exact = match(f.TenantID, fold(f.Search))
		q = &query{from: "request_grams", seq: "rowid"}
		q.and("request_grams MATCH %s", q.arg(m))
	}
	seqs, err := t.seqs(fmt.Sprintf("SELECT %s FROM %s WHERE %s LIMIT %d", q.seq, q.from, strings.Join(q.where, " AND "), t.db.probe), q.args)
	if err != nil {
		return nil, false, err
	}
	if len(seqs) == t.db.probe {
		found, err = t.walk(f)
		return found, true, err
	}
	q = among(f, seqs, exact)
	found, err = t.seqs(q.text(" ORDER BY seq"), q.args)
	return found, false, err
}

// among returns the query for the given requests that match a filter. The
// requests already match the columns and, if sure, the search text.
func among(f Filter, seqs []int64, sure bool) *query {
	list := []byte{'['}
	for i, s := range seqs {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, s, 10)
	}
	q := &query{from: "requests", seq: "seq"}
	q.and("seq IN (SELECT value FROM json_each(%s))", q.arg(string(append(list, ']'))))
	if !sure {
		q.holds(f.Search)
	}
	q.restrict(f)
	return q
}

// seqs runs a query that returns seqs.
func (t *tx) seqs(query string, args []any) ([]int64, error) {
	seqs := []int64{}
	err := t.rows(query, args, func(r scanner) error {
		var seq int64
		err := r.Scan(&seq)
		seqs = append(seqs, seq)
		return err
	})
	return seqs, err
}

// walk searches all texts of a tenant and returns the seqs of the requests
// that match a filter, oldest first.
func (t *tx) walk(f Filter) ([]int64, error) {
	text := []byte(fold(f.Search))
	found, err := t.texts(f.TenantID, func(found []int64, b block) ([]int64, error) { return b.search(found, text) })
	if err != nil {
		return nil, err
	}
	slices.Sort(found) // almost sorted, so this is fast
	f.Search = ""
	q := plan(f)
	if q.all() {
		return found, nil
	}
	both, rest := []int64{}, found
	err = t.rows(q.text(" ORDER BY "+q.seq), q.args, func(r scanner) error {
		var seq int64
		err := r.Scan(&seq)
		for len(rest) > 0 && rest[0] < seq {
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] == seq {
			both = append(both, seq)
		}
		return err
	})
	return both, err
}
