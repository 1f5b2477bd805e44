// Package bench answers one question: how do several ways to do a thing
// compare, on a machine that is busy with others?
//
// All subjects take turns in slices of a few milliseconds, on one thread, and
// their CPU time counts, so that what slows the machine down for a while slows
// all of them. Ratios of one run mean something; times do not.
package bench

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// A Subject is one way to do a thing.
type Subject struct {
	Name string
	Run  func()
}

// A Row is what a subject took.
type Row struct {
	Name string
	// P10 and Median are percentiles over the slices, per run of the subject.
	P10, Median time.Duration
}

// slice is how long a subject runs before the next one's turn.
const slice = 4 * time.Millisecond

// Compare lets the subjects take turns, rounds times, after one that is not
// counted.
func Compare(rounds int, subjects ...Subject) []Row {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	perSlice := make([]int, len(subjects))
	for i, s := range subjects {
		start := cpuTime()
		n := 0
		for n == 0 || cpuTime()-start < slice {
			s.Run()
			n++
		}
		perSlice[i] = n
	}
	took := make([][]time.Duration, len(subjects))
	for range rounds {
		for i, s := range subjects {
			start := cpuTime()
			for range perSlice[i] {
				s.Run()
			}
			took[i] = append(took[i], (cpuTime()-start)/time.Duration(perSlice[i]))
		}
	}
	rows := make([]Row, len(subjects))
	for i, s := range subjects {
		slices.Sort(took[i])
		rows[i] = Row{s.Name, took[i][rounds/10], took[i][rounds/2]}
	}
	return rows
}

// Print writes the rows as multiples of the one called base.
func Print(w io.Writer, title, base string, rows []Row) {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == base })
	if i < 0 {
		panic("bench: no row is called " + base)
	}
	fmt.Fprintf(w, "%s (× %s)\n", title, base)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(tw, "  %s\t%.2f p10\t%.2f median\n", r.Name, ratio(r.P10, rows[i].P10), ratio(r.Median, rows[i].Median))
	}
	tw.Flush()
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
