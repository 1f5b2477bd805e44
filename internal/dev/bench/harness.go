package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
)

// A harness runs measurements.
type harness struct {
	rounds   int
	times    int // number of comparisons; the best counts
	requests int // number of requests in the database
	smoke    bool
}

// A measured is the result for one row.
type measured struct {
	ratio, median float64
	note          string // such as the name of the worst case
}

// A failure is the error that ended a measurement.
type failure struct{ err error }

// check ends the measurement on an error.
func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// hold ends the measurement if ok is false: the measured code did not work as
// expected.
func hold(ok bool, what string) {
	if !ok {
		panic(failure{fmt.Errorf("not so: %s", what)})
	}
}

// measure returns the rows of goals. It measures the rows of a group together.
func (h *harness) measure(wanted []goal) (rows []row, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			err = f.err
		}
	}()
	by := map[string]func(*harness) map[string]measured{
		"verify": verifyRows, "collector": collectorRows, "allocs": allocRows, "tail": tailRows, "many": manyRows, "jcs": jcsRows, "jsontext": jsontextRows,
		"reject": rejectRows, "asymmetry": asymmetryRows, "receipt": receiptRows, "durable": durableRows, "http": httpRows,
		"list": listRows, "memory": memoryRows, "startup": startupRows, "size": sizeRows,
	}
	done := map[string]map[string]measured{}
	for _, g := range wanted {
		if done[g.group] == nil {
			fmt.Fprintln(os.Stderr, "measuring", g.group)
			done[g.group] = by[g.group](h)
		}
		m, ok := done[g.group][g.id]
		if !ok {
			return nil, fmt.Errorf("the row %s was not measured", g.id)
		}
		rows = append(rows, newRow(g, m))
	}
	return rows, nil
}

// comparison returns the settings of a comparison with the usual number of
// turns divided by less.
func (h *harness) comparison(less int) roundrobin.Comparison {
	c := roundrobin.Comparison{Rounds: max(h.rounds/less, 1)}
	if h.smoke {
		c.Slice = time.Microsecond
	}
	return c
}

// A pair has the indexes of a subject and its base.
type pair struct{ subject, base int }

// best compares subjects several times and returns the best ratio of each
// pair.
func (h *harness) best(c roundrobin.Comparison, pairs []pair, subjects ...roundrobin.Subject) []measured {
	out := make([]measured, len(pairs))
	for n := range h.times {
		rows := c.Run(subjects...)
		for i, p := range pairs {
			ratio, median := roundrobin.Ratio(rows[p.subject].P10, rows[p.base].P10), roundrobin.Ratio(rows[p.subject].Median, rows[p.base].Median)
			if n == 0 {
				out[i] = measured{ratio: ratio, median: median}
			}
			out[i].ratio, out[i].median = min(out[i].ratio, ratio), min(out[i].median, median)
		}
	}
	return out
}

// worst returns the pair with the highest ratio, named.
func worst(ms []measured, names []string) measured {
	i := 0
	for j := range ms {
		if ms[j].ratio > ms[i].ratio {
			i = j
		}
	}
	ms[i].note = names[i]
	return ms[i]
}

// percentile returns a percentile of durations, which it sorts.
func percentile(d []time.Duration, p int) time.Duration {
	slices.Sort(d)
	return d[min(len(d)*p/100, len(d)-1)]
}

// scratch returns a new folder and a function that removes it.
func scratch() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "bench")
	check(err)
	return dir, func() { os.RemoveAll(dir) }
}

// build builds a program as for release.
func build(dir, pkg, out string) {
	cmd := exec.Command("go", "build", "-C", dir, "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	if b, err := cmd.CombinedOutput(); err != nil {
		check(fmt.Errorf("%s: %w: %s", pkg, err, b))
	}
}
