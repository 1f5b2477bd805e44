// Package roundrobin answers one question: how do several ways to do a thing
// compare, on a machine that is busy with others?
//
// All subjects take turns in slices of a few milliseconds, on one thread, and
// their CPU time counts, so that what slows the machine down for a while slows
// all of them. Ratios of one run mean something; times do not.
package roundrobin

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
	// Prepare, when set, is called with the number of runs before each slice,
	// and makes what they use up. Its time does not count, but for what it
	// leaves to the garbage collector.
	Prepare func(runs int)
}

// A Row is what a subject took.
type Row struct {
	Name string
	// P10 and Median are percentiles over the slices, per run of the subject.
	P10, Median time.Duration
}

// Slice is how long a subject runs before the next one's turn.
const Slice = 4 * time.Millisecond

// maxRuns bounds the runs of a slice: some subjects do nearly nothing, and some
// prepare every run.
const maxRuns = 1 << 16

// A Comparison says how subjects take turns.
type Comparison struct {
	// Rounds is how many slices each subject gets. Less than one means one.
	Rounds int
	// Slice is the length of a turn. Zero means the constant of that name. A
	// subject that takes longer runs once.
	Slice time.Duration
	// Wall measures time passed in place of CPU time: for what waits, such as a
	// disk, and for what runs on more than one thread.
	Wall bool
	// Threads is GOMAXPROCS. Zero means one.
	Threads int
}

// Compare lets the subjects take turns, rounds times.
func Compare(rounds int, subjects ...Subject) []Row {
	return Comparison{Rounds: rounds}.Run(subjects...)
}

// Run lets the subjects take turns, after a few that are not counted.
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
			if i = (i + round) % len(subjects); round/len(subjects)%2 == 1 { // so that nobody always comes after the same
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

// calibrate returns how many runs fill a slice.
func (c Comparison) calibrate(s Subject) int {
	for n := 1; ; n *= 2 {
		if t := c.time(s, n); t >= c.Slice/2 || n >= maxRuns {
			return min(max(1, int(int64(n)*int64(c.Slice)/max(1, int64(t)))), maxRuns)
		}
	}
}

// time returns what runs of a subject take.
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

// CPUTime returns the CPU time that the process has taken so far, all of its
// threads together.
func CPUTime() time.Duration { return cpuTime() }

// Print writes the rows as multiples of the one called base.
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

// Ratio returns a as a multiple of b, of which there is at least a nanosecond.
func Ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }
