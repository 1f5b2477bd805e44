package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// A column groups the lines of a record. The compact file has a digest of each.
type column byte

const (
	checks   column = 'C' // outcomes, checks without details, codes, the calls to interfaces in order
	receipt  column = 'R' // whole receipts
	bundles  column = 'B' // bundles without texts, and what deciding from them gives
	counts   column = 'N' // how often signatures were verified and contexts checked
	texts    column = 'T' // texts for people
	metadata column = 'M' // how the case was made; in no digest
)

// columns are those with a digest, in the order of the compact file.
var columns = []column{checks, receipt, bundles, counts, texts}

var columnNames = map[column]string{checks: "checks", receipt: "receipts", bundles: "bundles", counts: "counts", texts: "texts"}

// A record is everything that was seen of one case.
type record struct {
	name    string
	note    string // how the case was made, in short
	outcome string // of the first decision
	lines   []line
}

type line struct {
	column     column
	key, value string
}

// add adds a line.
func (r *record) add(c column, key, format string, args ...any) {
	r.lines = append(r.lines, line{c, key, fmt.Sprintf(format, args...)})
}

// text adds a text for people, unless it is empty.
func (r *record) text(key, text string) {
	if text != "" {
		r.lines = append(r.lines, line{texts, key, fmt.Sprintf("%q", text)})
	}
}

// sum returns the digest of a column.
func (r *record) sum(c column) string {
	h := sha256.New()
	for _, l := range r.lines {
		if l.column == c {
			fmt.Fprintf(h, "%s\t%s\n", l.key, l.value)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// write writes the full record, one line each. Only texts can hold line breaks,
// and those are quoted.
func (r *record) write(w io.Writer) {
	fmt.Fprintf(w, "case %s\t%s\t%s\n", r.name, r.outcome, r.note)
	for _, l := range r.lines {
		fmt.Fprintf(w, "%c %s\t%s\n", l.column, l.key, strings.ReplaceAll(l.value, "\n", `\n`))
	}
}
