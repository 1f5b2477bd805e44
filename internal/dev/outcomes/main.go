// Command outcomes proves that a change inside package verifier changes no outcome.
//
// It decides every case of the conformance corpus, and thousands of generated
// ones, and records everything that a caller can see: the outcome, the checks,
// the receipt, the bundle, the texts, and the calls to the interfaces of
// verifier.Config in their order. testdata holds digests of the last record.
//
//	go run ./internal/dev/outcomes -check           # what differs from testdata
//	go run ./internal/dev/outcomes -update          # write testdata
//	go run ./internal/dev/outcomes -o FILE          # write the full record
//	go run ./internal/dev/outcomes -diff OLD NEW    # compare two full records
//	go run ./internal/dev/outcomes -only g0012      # print the full record of some cases
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "outcomes:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("outcomes", flag.ContinueOnError)
	full := flags.String("o", "", "write the full record to this `file`")
	check := flags.Bool("check", false, "compare with the committed files")
	update := flags.Bool("update", false, "rewrite the committed files")
	diff := flags.Bool("diff", false, "compare two full records")
	only := flags.String("only", "", "print the cases whose name begins so")
	dir := flags.String("dir", "internal/dev/outcomes/testdata", "the `folder` of the committed files")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *diff {
		if flags.NArg() != 2 {
			return errors.New("-diff takes two files")
		}
		return diffFiles(flags.Arg(0), flags.Arg(1), out)
	}
	cases, err := all()
	if err != nil {
		return err
	}
	if *only != "" {
		for _, c := range cases {
			if strings.HasPrefix(c.name, *only) {
				c.record().write(out)
			}
		}
		return nil
	}
	records := decideAll(cases)
	if *full != "" {
		if err := writeFull(*full, records); err != nil {
			return err
		}
	}
	if *check {
		return compare(*dir, records, out)
	}
	histogram(records, out)
	if *update {
		return commit(*dir, records)
	}
	return nil
}

// A testCase is decided by record, which makes everything anew each time.
type testCase struct {
	name   string
	record func() *record
}

// all returns the cases of the corpus and the generated ones.
func all() ([]testCase, error) {
	cases, err := corpus()
	if err != nil {
		return nil, err
	}
	return append(cases, generated()...), nil
}

// decideAll decides the cases on all cores. The records are in the order of the
// cases.
func decideAll(cases []testCase) []*record {
	out := make([]*record, len(cases))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(cases)); i = next.Add(1) - 1 {
				out[i] = cases[i].record()
			}
		})
	}
	wg.Wait()
	return out
}

func writeFull(file string, records []*record) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, r := range records {
		r.write(w)
	}
	return errors.Join(w.Flush(), f.Close())
}
