// Command bench measures the cost of the engine in units of the unavoidable
// cryptography and prints a table of ratios with their goals:
//
//	go run ./internal/dev/bench                      all rows, a few minutes
//	go run ./internal/dev/bench --row warm,hit,cold  some of them
//	go run ./internal/dev/bench --compare            and what moved since RESULT.json
//	go run ./internal/dev/bench --save               write RESULT.json
//	go run ./internal/dev/bench --smoke --json       every row in seconds; its numbers say nothing
//	go run ./internal/dev/bench --check FILE         is FILE an answer of --json with all rows?
//
// The subjects of a comparison run alternately in slices of about 4 ms, on one
// thread. The process's CPU time counts, except that subjects that wait for a
// disk or use two cores are timed by wall clock. A row is the best of three
// comparisons: the ratio of 10th percentiles, and of medians. Absolute times
// are meaningless on a shared machine. Ratios are accurate to 5 to 10 %.
//
// Run it in the root of the repository.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// resultFile is the last saved result.
const resultFile = "internal/dev/bench/RESULT.json"

// A row is one line of the result.
type row struct {
	Subject string   `json:"subject"`
	Base    string   `json:"base"`
	Ratio   float64  `json:"ratio"`
	Median  float64  `json:"median"`
	Must    *float64 `json:"must"`
	Stretch *float64 `json:"stretch"`

	verdict, note string
}

// A result is the output of --json.
type result struct {
	Rows []row `json:"rows"`
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("row", "", "measure these rows alone, separated by commas: "+strings.Join(ids(), " "))
	asJSON := flags.Bool("json", false, "print JSON")
	save := flags.Bool("save", false, "write "+resultFile+"; with --row, these rows of it")
	compare := flags.Bool("compare", false, "print what moved by more than 10 % since "+resultFile)
	smoke := flags.Bool("smoke", false, "measure next to nothing: to see that every row can be produced")
	check := flags.String("check", "", "check that a file is an answer of --json with all rows, and do nothing else")
	h := &harness{}
	flags.IntVar(&h.rounds, "rounds", 100, "turns that each subject takes")
	flags.IntVar(&h.requests, "requests", 20_000, "requests in the database of the list rows, up to 1,000,000")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *check != "" {
		return checkFile(*check)
	}
	if h.requests < 200 || h.requests > 1_000_000 || h.rounds < 1 || flags.NArg() > 0 {
		return errors.New("--requests is 200 to 1000000, --rounds at least 1, and there are no arguments")
	}
	h.times = 3
	if *smoke {
		h.rounds, h.times, h.smoke, h.requests = 1, 1, true, 200
	}
	wanted, err := selected(*only)
	if err != nil {
		return err
	}
	rows, err := h.measure(wanted)
	if err != nil {
		return err
	}
	if *asJSON {
		err = writeJSON(out, rows)
	} else {
		err = writeTable(out, rows)
	}
	if err == nil && *compare {
		err = writeMoves(out, rows)
	}
	if err == nil && *save {
		err = saveRows(rows, *only != "")
	}
	return err
}

func ids() (out []string) {
	for _, g := range goals() {
		out = append(out, g.id)
	}
	return out
}

// selected returns the requested goals; "" requests all.
func selected(only string) ([]goal, error) {
	if only == "" {
		return goals(), nil
	}
	var out []goal
	for _, id := range strings.Split(only, ",") {
		i := slices.IndexFunc(goals(), func(g goal) bool { return g.id == id })
		if i < 0 {
			return nil, fmt.Errorf("there is no row %q; there are %s", id, strings.Join(ids(), " "))
		}
		out = append(out, goals()[i])
	}
	return out, nil
}

func newRow(g goal, m measured) row {
	limit := func(f float64) *float64 {
		if f == 0 {
			return nil
		}
		return &f
	}
	round := func(f float64) float64 { return math.Round(f*1000) / 1000 }
	r := row{Subject: g.subject, Base: g.base, Ratio: round(m.ratio), Median: round(m.median), Must: limit(g.must), Stretch: limit(g.stretch), note: m.note}
	r.verdict = g.verdict(r.Ratio)
	return r
}

func writeJSON(out io.Writer, rows []row) error {
	b, err := json.MarshalIndent(result{rows}, "", "\t")
	if err != nil {
		return err
	}
	_, err = out.Write(append(b, '\n'))
	return err
}

func writeTable(out io.Writer, rows []row) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "subject\tbase\tratio\tmedian\tmust\tstretch\tverdict\t")
	limit := func(f *float64) string {
		if f == nil {
			return "-"
		}
		return fmt.Sprint(*f)
	}
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%s\t%.2f\t%.2f\t%s\t%s\t%s\t%s\n", r.Subject, r.Base, r.Ratio, r.Median, limit(r.Must), limit(r.Stretch), r.verdict, r.note)
	}
	return tw.Flush()
}

func readResult(file string) (result, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return result{}, err
	}
	var r result
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return result{}, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// same reports whether two rows measure the same.
func same(a row) func(row) bool {
	return func(b row) bool { return a.Subject == b.Subject && a.Base == b.Base }
}

// checkFile checks that a file has every row, with a number.
func checkFile(file string) error {
	r, err := readResult(file)
	if err != nil {
		return err
	}
	for _, g := range goals() {
		want := newRow(g, measured{})
		if i := slices.IndexFunc(r.Rows, same(want)); i < 0 || !(r.Rows[i].Ratio >= 0) || math.IsInf(r.Rows[i].Ratio, 0) {
			return fmt.Errorf("%s: there is no row %q with a number", file, g.subject)
		}
	}
	if len(r.Rows) != len(goals()) {
		return fmt.Errorf("%s: %d rows, want %d", file, len(r.Rows), len(goals()))
	}
	return nil
}

// writeMoves prints the rows that differ by more than 10 % from the saved
// result.
func writeMoves(out io.Writer, rows []row) error {
	old, err := readResult(resultFile)
	if err != nil {
		return err
	}
	moved := 0
	for _, r := range rows {
		i := slices.IndexFunc(old.Rows, same(r))
		switch {
		case i < 0:
			fmt.Fprintf(out, "new    %s / %s: %.2f\n", r.Subject, r.Base, r.Ratio)
		case math.Abs(r.Ratio-old.Rows[i].Ratio) > .1*math.Abs(old.Rows[i].Ratio):
			fmt.Fprintf(out, "moved  %s / %s: %.2f -> %.2f (%+.0f %%)\n", r.Subject, r.Base, old.Rows[i].Ratio, r.Ratio, 100*(r.Ratio/old.Rows[i].Ratio-1))
		default:
			continue
		}
		moved++
	}
	_, err = fmt.Fprintf(out, "%d of %d rows moved by more than 10 %% since %s\n", moved, len(rows), resultFile)
	return err
}

// saveRows saves the result. With part, the rows of the saved result that are
// not in rows stay.
func saveRows(rows []row, part bool) error {
	if part {
		old, err := readResult(resultFile)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if i := slices.IndexFunc(old.Rows, same(r)); i >= 0 {
				old.Rows[i] = r
			} else {
				old.Rows = append(old.Rows, r)
			}
		}
		rows = old.Rows
	}
	var b bytes.Buffer
	if err := writeJSON(&b, rows); err != nil {
		return err
	}
	return os.WriteFile(resultFile, b.Bytes(), 0o644)
}
