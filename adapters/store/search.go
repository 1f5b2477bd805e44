package store

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A request is found by any substring of the texts it is searched by. Its index
// holds every substring of one, two and three characters as a token. A search of
// up to three characters is one token; a longer one is all of its tokens of
// three, and each request that has them is then looked at. When many have them
// that costs more than to read all texts, which are there a second time for it,
// many in one row.

// fold returns the form in which texts are compared.
func fold(s string) string { return strings.ToLower(s) }

// searchText joins the texts of a request. A line feed stands between them, which
// none of them holds, so that no match goes from one to the next.
func searchText(r *Request) string {
	texts := []string{r.Name, r.InternalID}
	for _, c := range r.Credentials {
		texts = append(texts, c.Name)
	}
	for _, s := range r.Subjects {
		texts = append(texts, s.Contact)
	}
	return fold(strings.ReplaceAll(strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n"), endOfText, ""))
}

// token writes text as one word of the index.
func token(text string) string { return "x" + hex.EncodeToString([]byte(text)) }

// tenantToken is what the requests of a tenant have in common.
func tenantToken(id string) string { return "t" + hex.EncodeToString([]byte(id)) }

// grams returns the tokens of the substrings of text of from to three characters,
// each once.
func grams(text string, from int) []string {
	runes := []rune(text)
	seen := map[string]bool{}
	var out []string
	for n := from; n <= 3; n++ {
		for i := 0; i+n <= len(runes); i++ {
			if g := string(runes[i : i+n]); !seen[g] && !strings.Contains(g, "\n") {
				seen[g] = true
				out = append(out, token(g))
			}
		}
	}
	return out
}

// match returns the full-text query that finds all requests of a tenant in which
// a folded text occurs, and whether it finds others as well.
func match(tenantID, text string) (query string, exact bool) {
	n := len([]rune(text))
	tokens := grams(text, min(n, 3))
	return strings.Join(append(tokens, tenantToken(tenantID)), " AND "), n <= 3
}

// like escapes text for LIKE with the escape character \.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

const (
	// blockSize is how many texts share a row, and maxProbe how many requests a
	// search may find through the index of substrings: looking at each of those
	// takes as long as reading some fifty other texts.
	blockSize = 128
	maxProbe  = 2000
	endOfText = "\x1e"
)

// addText adds a text to the last block of a tenant. The request is counted.
func (t *tx) addText(tenantID string, seq int64, text string) error {
	_, err := t.exec(`INSERT INTO request_texts (tenant, block, seqs, texts) SELECT tenant, (n - 1) / $2, $3, $4 FROM request_counts WHERE tenant = $1
		ON CONFLICT (tenant, block) DO UPDATE SET seqs = request_texts.seqs || excluded.seqs, texts = request_texts.texts || excluded.texts`,
		tenantID, blockSize, fmt.Sprintf("%016x", seq), text+endOfText)
	return err
}

// many reports whether a search finds more requests than are to be looked at one
// by one: in the index of substrings, or by the columns that are asked for as well.
func (t *tx) many(f Filter) (bool, error) {
	lead := f
	lead.Search, lead.SecurityLevels, lead.From, lead.To = "", nil, time.Time{}, time.Time{}
	q := plan(lead)
	if q.all() {
		m, _ := match(f.TenantID, fold(f.Search))
		q = &query{from: "request_grams"}
		q.and("request_grams MATCH %s", q.arg(m))
	}
	n := 0
	err := t.row(fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) found", q.from, strings.Join(q.where, " AND "), t.db.probe), q.args, &n)
	return n == t.db.probe, err
}

// walk reads all texts of a tenant and returns the seqs of the requests that fit a
// filter, oldest first.
func (t *tx) walk(f Filter) ([]int64, error) {
	text := []byte(fold(f.Search))
	found, seqs := []int64{}, make([]byte, 8*blockSize)
	err := t.rows("SELECT seqs, texts FROM request_texts WHERE tenant = $1", []any{f.TenantID}, func(r scanner) error {
		var digits, texts sql.RawBytes // not copied
		if err := r.Scan(&digits, &texts); err != nil {
			return err
		}
		n, err := hex.Decode(seqs, digits[:min(len(digits), 2*len(seqs))])
		for at := 0; err == nil; at++ {
			i := bytes.Index(texts, text)
			if i < 0 {
				break
			}
			at += bytes.Count(texts[:i], []byte(endOfText))
			end := bytes.Index(texts[i:], []byte(endOfText))
			if end < 0 || n < (at+1)*8 {
				err = errors.New("its texts are not those of its seqs")
				break
			}
			found = append(found, int64(binary.BigEndian.Uint64(seqs[at*8:])))
			texts = texts[i+end+1:]
		}
		if err != nil {
			return fmt.Errorf("store: a block of texts is damaged: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(found) // almost in order: quick
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
