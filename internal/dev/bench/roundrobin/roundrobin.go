// Package roundrobin implements benchmarks that compare several subjects on a
// busy machine.
//
// All subjects run alternately in slices of a few milliseconds, on one thread,
// and their CPU time counts. A temporary slowdown of the machine then slows
// all subjects. The ratios of one run are meaningful; the times are not.
package roundrobin

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// A Subject is one of the compared functions.
type Subject struct {
	Name string
	Run  func()
	// Prepare, if set, is called before each slice with its number of runs, to
	// make what the runs consume. Its time does not count, except for the
	// garbage that it leaves to the collector.
	Prepare func(runs int)
}

// A Row is the result for a subject.
type Row struct {
	Name string
	// P10 and Median are percentiles over the slices, per run of the subject.
	P10, Median time.Duration
}

// Slice is the time for which a subject runs before the next one.
const Slice = 4 * time.Millisecond

// maxRuns bounds the runs of a slice: some subjects take almost no time, and
// some prepare every run.
const maxRuns = 1 << 16

// A Comparison configures how subjects alternate.
type Comparison struct {
	// Rounds is the number of slices per subject. Less than one means one.
	Rounds int
	// Slice is the length of a slice. Zero means the constant Slice. A subject
	// that takes longer runs once.
	Slice time.Duration
	// Wall measures elapsed time instead of CPU time, for subjects that wait,
	// for example for a disk, or use more than one thread.
	Wall bool
	// Threads is GOMAXPROCS. Zero means one.
	Threads int
}

// Compare runs the subjects alternately, rounds times.
func Compare(rounds int, subjects ...Subject) []Row {
	return Comparison{Rounds: rounds}.Run(subjects...)
}

// Run runs the subjects alternately, after a few rounds that do not count.
func (c Comparison) Run(subjects ...Subject) []Row {
	c.Rounds, c.Threads = max(c.Rounds, 1), max(c.Threads, 1)
	if c.Slice <= 0 {
		c.Slice = Slice
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.Threads))
	perSlice := make([]int, len(subjects))
	for i, s := range subjects {
		perSlice[i] = c.calibrate(s)
	}
	took := make([][]time.Duration, len(subjects))
	for round := range c.Rounds {
		for i := range subjects {
			if i = (i + round) % len(subjects); round/len(subjects)%2 == 1 { // so that the order of the subjects varies
				i = len(subjects) - 1 - i
			}
			took[i] = append(took[i], c.time(subjects[i], perSlice[i])/time.Duration(perSlice[i]))
		}
	}
	rows := make([]Row, len(subjects))
	for i, s := range subjects {
		slices.Sort(took[i])
		rows[i] = Row{s.Name, took[i][c.Rounds/10], took[i][c.Rounds/2]}
	}
	return rows
}

// calibrate returns the number of runs that fill a slice.
func (c Comparison) calibrate(s Subject) int {
	for n := 1; ; n *= 2 {
		if t := c.time(s, n); t >= c.Slice/2 || n >= maxRuns {
			return min(max(1, int(int64(n)*int64(c.Slice)/max(1, int64(t)))), maxRuns)
		}
	}
}

// time returns the time of a number of runs of a subject.
func (c Comparison) time(s Subject, runs int) time.Duration {
	if s.Prepare != nil {
		s.Prepare(runs)
	}
	now := cpuTime
	if c.Wall {
		begin := time.Now()
		now = func() time.Duration { return time.Since(begin) }
	}
	start := now()
	for range runs {
		s.Run()
	}
	return now() - start
}

// CPUTime returns the CPU time of the process so far, for all threads.
func CPUTime() time.Duration { return cpuTime() }

// Print writes the rows as multiples of the row named base.
func Print(w io.Writer, title, base string, rows []Row) {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == base })
	if i < 0 {
		panic("roundrobin: no row is called " + base)
	}
	fmt.Fprintf(w, "%s (× %s)\n", title, base)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(tw, "  %s\t%.2f p10\t%.2f median\n", r.Name, Ratio(r.P10, rows[i].P10), Ratio(r.Median, rows[i].Median))
	}
	tw.Flush()
}

// Ratio returns a / b, with b at least a nanosecond.
func Ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }
