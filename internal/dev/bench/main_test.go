package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	least, most, none := goal{must: .9, stretch: .97, atLeast: true}, goal{must: 1.3, stretch: 1.15}, goal{}
	only := goal{must: 10}
	for _, tt := range []struct {
		name  string
		g     goal
		ratio float64
		want  string
	}{
		{"below the stretch goal", most, 1.1, "stretch"},
		{"at the stretch goal", most, 1.15, "stretch"},
		{"below the goal", most, 1.2, "ok"},
		{"at the goal", most, 1.3, "ok"},
		{"above the goal", most, 1.31, "MISSED"},
		{"more is better", least, .98, "stretch"},
		{"more is better, at the goal", least, .9, "ok"},
		{"more is better, too little", least, .89, "MISSED"},
		{"no stretch goal", only, 1, "ok"},
		{"no goal", none, 5, ""},
	} {
		if got := tt.g.verdict(tt.ratio); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// allRows returns all rows with invented numbers.
func allRows(ratio float64) (rows []row) {
	for _, g := range goals() {
		rows = append(rows, newRow(g, measured{ratio: ratio, median: ratio}))
	}
	return rows
}

// TestCheck checks that a file with all rows passes, and that one with a
// missing, additional or different row fails.
func TestCheck(t *testing.T) {
	rows := allRows(2)
	double := append(allRows(2), rows[0])
	other := allRows(2)
	other[3].Subject = "something else"
	for _, tt := range []struct {
		name, want string
		rows       []row
	}{
		{"all", "", rows},
		{"one too few", `there is no row "stripped binary, HTTP and SQLite"`, rows[:len(rows)-1]},
		{"one twice", "rows, want", double},
		{"another in its place", `there is no row "garbage collection for a warm verify"`, other},
	} {
		file := filepath.Join(t.TempDir(), "x")
		var b bytes.Buffer
		if err := writeJSON(&b, tt.rows); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		err := run([]string{"--check", file}, &b)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	file := filepath.Join(t.TempDir(), "x")
	os.WriteFile(file, []byte(`{"rows":[`), 0o600)
	if err := run([]string{"--check", file}, &bytes.Buffer{}); err == nil {
		t.Error("half a file passes")
	}
}

// TestMoves checks the comparison with the saved result and its partial
// replacement.
func TestMoves(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll(filepath.Dir(resultFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := saveRows(allRows(2), false); err != nil {
		t.Fatal(err)
	}
	rows := allRows(2)
	rows[0].Ratio, rows[1].Ratio, rows[2].Ratio, rows[3].Subject = 2.19, 2.3, 1.7, "another"
	var b bytes.Buffer
	if err := writeMoves(&b, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"moved  " + rows[1].Subject + " / V + S: 2.00 -> 2.30 (+15 %)\n", ": 2.00 -> 1.70 (-15 %)\n", "new    another / F: 2.00\n", "3 of 25 rows moved"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s, want %s in it", b.String(), want)
		}
	}
	if err := saveRows(rows[1:2], true); err != nil {
		t.Fatal(err)
	}
	kept, err := readResult(resultFile)
	if err != nil || len(kept.Rows) != len(rows) || kept.Rows[1].Ratio != 2.3 || kept.Rows[2].Ratio != 2 {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestSelected(t *testing.T) {
	if got, err := selected("hit,size-core"); err != nil || len(got) != 2 || got[1].id != "size-core" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := selected("hits"); err == nil || !strings.Contains(err.Error(), `no row "hits"; there are warm hit cold`) {
		t.Errorf("%v", err)
	}
}
