package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/testvectors"
)

func (a *app) conformanceCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "conformance [DIR]",
		Short: "Put the conformance corpus, or a folder of vectors, to this engine",
		Long: `Put the built-in conformance corpus, or the vectors in a folder, to this engine:
totals by area, and every vector that failed. Exit 1 when any did. A file that
is no vector, and a folder without any, is bad usage.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.conformance(args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) conformance(args []string, asJSON bool) error {
	load := testvectors.Load
	if len(args) > 0 {
		load = func() ([]testvectors.Case, error) { return testvectors.LoadDir(os.DirFS(args[0])) }
	}
	cases, err := load()
	if err != nil {
		return unusable("%w", err)
	}
	var results, failures []testvectors.Result
	for _, c := range cases {
		r := testvectors.Run(context.Background(), c)
		results = append(results, r)
		if !r.Passed {
			failures = append(failures, r)
		}
	}
	all, areas := testvectors.Count(results)
	// Not only that none failed: an empty corpus proves nothing.
	ok := all.Total > 0 && all.Passed == all.Total
	if asJSON {
		if err := a.printJSON(conformanceJSON(all, areas, failures)); err != nil {
			return err
		}
		return answered(ok)
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, area := range slices.Sorted(maps.Keys(areas)) {
		fmt.Fprintf(t, "%s\t%d passed\t%d failed\n", printable(area), areas[area].Passed, areas[area].Failed)
	}
	fmt.Fprintf(t, "total\t%d passed\t%d failed\n", all.Passed, all.Failed)
	t.Flush() // the sink keeps the error
	for _, r := range failures {
		a.printf("FAIL %s\n  got  %s\n  want %s\n  %s\n", printable(r.ID), printable(r.Got), printable(r.Want), printable(r.Detail))
	}
	return answered(ok)
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
