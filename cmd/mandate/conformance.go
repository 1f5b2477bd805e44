package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/testvectors"
)

// A conformance holds the settings of one run of the corpus.
type conformance struct {
	exec, filter, junit string
	timeout             time.Duration
	json                bool
}

func (a *app) conformanceCommand() *cobra.Command {
	var run conformance
	cmd := &cobra.Command{
		Use:   "conformance [DIR]",
		Short: "Put the conformance corpus, or a folder of vectors, to this engine or another one",
		Long: `Put the built-in conformance corpus, or the vectors in a folder, to this engine:
totals by area, and every vector that failed. Exit 1 when any did. A file that
is no vector, and a folder without any, is bad usage.

With --exec the vectors are put to another implementation and compared: the
command, split at spaces and run without a shell, once for each vector. It reads
one case file without its member "expect" on stdin, one line of JSON, and writes
what it finds to be that member on stdout. Whatever else it does fails the
vector: an exit status other than 0, an answer that is no JSON, or none in time.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			// An empty flag is an error: if a script's variable is not set,
			// the run must not test this engine instead of the other one.
			for _, name := range []string{"exec", "filter", "junit"} {
				if f := cmd.Flags().Lookup(name); f.Changed && len(fields(f.Value.String())) == 0 {
					return unusable("--%s is empty", name)
				}
			}
			if cmd.Flags().Changed("timeout") && run.exec == "" {
				return unusable("--timeout is for --exec")
			}
			return a.conformance(args, run)
		},
	}
	cmd.Flags().StringVar(&run.exec, "exec", "", "put the vectors to this command")
	cmd.Flags().DurationVar(&run.timeout, "timeout", 10*time.Second, "how long the command may take for one vector")
	cmd.Flags().StringVar(&run.filter, "filter", "", "only vectors whose id matches this regular expression, such as ^policy/")
	cmd.Flags().StringVar(&run.junit, "junit", "", "write the results to this file as JUnit XML too")
	jsonFlag(cmd, &run.json)
	return cmd
}

func (a *app) conformance(args []string, run conformance) error {
	load := testvectors.Load
	if len(args) > 0 {
		load = func() ([]testvectors.Case, error) { return testvectors.LoadDir(os.DirFS(args[0])) }
	}
	cases, err := load()
	if err != nil {
		return unusable("%w", err)
	}
	filter, err := regexp.Compile(run.filter)
	if err != nil {
		return unusable("--filter: %w", err)
	}
	cases = slices.DeleteFunc(cases, func(c testvectors.Case) bool { return !filter.MatchString(c.ID) })
	if len(cases) == 0 {
		return unusable("--filter: no vector matches %s", printable(run.filter))
	}
	if run.timeout <= 0 {
		return unusable("--timeout needs more than nothing")
	}
	var junit *os.File
	if run.junit != "" { // before the run, which can take long, so that no old result remains
		if junit, err = os.Create(run.junit); err != nil {
			return unusable("--junit: %w", err)
		}
		defer junit.Close()
	}
	var results, here []testvectors.Result
	progress := a.progress(len(cases))
	for i, c := range cases {
		r := testvectors.Run(context.Background(), c)
		if here = append(here, r); run.exec != "" {
			r = run.ask(c)
		}
		results = append(results, r)
		progress(i + 1)
	}
	if junit != nil {
		if err := errors.Join(writeJUnit(junit, results), junit.Close()); err != nil {
			return unusable("--junit: %w", err)
		}
	}
	return a.printConformance(results, here, run)
}

func (a *app) printConformance(results, here []testvectors.Result, run conformance) error {
	all, areas := testvectors.Count(results)
	failures := slices.DeleteFunc(slices.Clone(results), func(r testvectors.Result) bool { return r.Passed })
	// Require passes, not only no failures: an empty corpus proves nothing.
	ok := all.Total > 0 && all.Passed == all.Total
	if run.json {
		if err := a.printJSON(conformanceJSON(all, areas, failures)); err != nil {
			return err
		}
		return answered(ok)
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	ours, oursByArea := testvectors.Count(here)
	row := func(name string, there, here testvectors.Totals) {
		fmt.Fprintf(t, "%s\t%d passed\t%d failed", name, there.Passed, there.Failed)
		if run.exec != "" {
			fmt.Fprintf(t, "\t(%d passed here)", here.Passed)
		}
		fmt.Fprintln(t)
	}
	for _, area := range slices.Sorted(maps.Keys(areas)) {
		row(printable(area), areas[area], oursByArea[area])
	}
	row("total", all, ours)
	t.Flush() // the sink records the error
	for _, r := range failures {
		a.printf("FAIL %s\n  got  %s\n  want %s\n  %s\n", printable(r.ID), printable(r.Got), printable(r.Want), printable(r.Detail))
	}
	return answered(ok)
}

// progress returns a function that displays progress on a terminal. If stderr
// is not a terminal, the function does nothing.
func (a *app) progress(total int) func(done int) {
	f, isFile := a.stderr.(*os.File)
	if !isFile {
		return func(int) {}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int) {}
	}
	return func(done int) { showProgress(f, done, total) }
}

func showProgress(w io.Writer, done, total int) {
	fmt.Fprintf(w, "\r%d/%d", done, total)
	if done == total {
		fmt.Fprint(w, "\r          \r")
	}
}

func conformanceJSON(all testvectors.Totals, areas map[string]testvectors.Totals, failures []testvectors.Result) object {
	totals := func(t testvectors.Totals) object {
		return object{"total": t.Total, "passed": t.Passed, "failed": t.Failed}
	}
	byArea := object{}
	for area, t := range areas {
		byArea[area] = totals(t)
	}
	failed := make([]object, 0, len(failures))
	for _, r := range failures {
		failed = append(failed, object{"id": r.ID, "got": printable(r.Got), "want": printable(r.Want), "detail": printable(r.Detail)})
	}
	o := totals(all)
	o["areas"], o["failures"] = byArea, failed
	return o
}

// The JUnit format that build servers read: one suite per area.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, results []testvectors.Result) error {
	all, areas := testvectors.Count(results)
	out := junitSuites{Tests: all.Total, Failures: all.Failed}
	for _, area := range slices.Sorted(maps.Keys(areas)) {
		s := junitSuite{Name: area, Tests: areas[area].Total, Failures: areas[area].Failed}
		for _, r := range results {
			if r.Area != area {
				continue
			}
			c := junitCase{Name: r.ID, Class: "conformance." + area}
			if !r.Passed {
				c.Failure = &junitFailure{printable(r.Detail), "got  " + printable(r.Got) + "\nwant " + printable(r.Want)}
			}
			s.Cases = append(s.Cases, c)
		}
		out.Suites = append(out.Suites, s)
	}
	b, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	return err
}
