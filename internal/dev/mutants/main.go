// Command mutants disables checks of the engine, one at a time, and runs the
// conformance corpus to see whether a vector fails.
//
//	go run ./internal/dev/mutants [NAME...]
//
// A mutant is a change to one place of the source, built as an overlay. The
// working tree does not change. The mutants of the numbered checks share one
// build, which selects the mutant by an environment variable. A mutant is
// noticed if at least one vector fails. A mutant that survives fails the run,
// unless survivors gives a reason.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mandate-engine/mandate/testvectors"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(only []string) error {
	if slices.Equal(only, []string{corpusArg}) {
		return runCorpus()
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	list := mutants()
	for _, name := range only {
		if !slices.ContainsFunc(list, func(m mutant) bool { return m.name == name }) {
			return fmt.Errorf("there is no mutant %q", name)
		}
	}
	bad, noticed := 0, 0
	for _, m := range list {
		if len(only) > 0 && !slices.Contains(only, m.name) {
			continue
		}
		failures, total, err := m.try(dir)
		if err != nil {
			bad++
			fmt.Printf("%-32s %v\n", m.name, err)
			continue
		}
		why, expected := survivors[m.name]
		switch {
		case len(failures) > 0 && expected:
			bad++
			fmt.Printf("%-32s noticed, and is listed as a survivor\n", m.name)
		case len(failures) > 0:
			noticed++
			fmt.Printf("%-32s %3d of %d notice, such as %s\n", m.name, len(failures), total, failures[0])
		case expected:
			fmt.Printf("%-32s survives: %s\n", m.name, why)
		default:
			bad++
			fmt.Printf("%-32s SURVIVES\n", m.name)
		}
	}
	fmt.Printf("%d noticed, %d not as listed\n", noticed, bad)
	if bad > 0 || noticed == 0 {
		return errors.New("not as listed")
	}
	return nil
}

// try runs the corpus with the mutant m of the engine and returns the failed
// vectors.
func (m mutant) try(dir string) (failures []string, total int, err error) {
	built := filepath.Join(dir, "corpus")
	if _, err := os.Stat(built); err == nil && m.env {
		return m.count(built) // the previous mutant had the same build
	}
	source, err := os.ReadFile(m.file)
	if err != nil {
		return nil, 0, err
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return nil, 0, fmt.Errorf("%s holds the line %d times: %s", m.file, n, m.old)
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	path, err := filepath.Abs(m.file)
	if err != nil {
		return nil, 0, err
	}
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		return nil, 0, err
	}
	text := strings.Replace(string(source), m.old, m.new, 1)
	if m.env {
		text = strings.Replace(text, "import (\n", "import (\n\t\"os\"\n", 1)
	}
	err = errors.Join(os.WriteFile(changed, []byte(text), 0o600), os.WriteFile(overlay, replaced, 0o600))
	if err != nil {
		return nil, 0, err
	}
	binary := filepath.Join(dir, "corpus")
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", binary, "./internal/dev/mutants").CombinedOutput(); err != nil {
		return nil, 0, fmt.Errorf("it does not build: %s", out)
	}
	return m.count(binary)
}

// count runs the corpus in a binary of this command built with m.
func (m mutant) count(binary string) (failures []string, total int, err error) {
	cmd := exec.Command(binary, corpusArg)
	cmd.Env = append(os.Environ(), envMutant+"="+m.name)
	stdout, err := cmd.Output()
	if err != nil {
		return nil, 0, err
	}
	lines := strings.Split(strings.TrimSpace(string(stdout)), "\n")
	total, err = strconv.Atoi(lines[0])
	return lines[1:], total, err
}

// corpusArg makes a binary built with a mutant run the corpus.
const corpusArg = "-corpus"

// runCorpus prints the number of vectors and the failed vectors.
func runCorpus() error {
	cases, err := testvectors.Load()
	if err != nil {
		return err
	}
	fmt.Println(len(cases))
	for _, c := range cases {
		if r := testvectors.Run(context.Background(), c); !r.Passed {
			fmt.Println(r.ID)
		}
	}
	return nil
}
