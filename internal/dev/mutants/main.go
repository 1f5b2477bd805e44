// Command mutants turns checks of the engine off, one at a time, and asks whether
// the conformance corpus notices.
//
//	go run ./internal/dev/mutants [NAME...]
//
// A mutant is a change to one place of the source, built as an overlay: the tree
// itself is not touched. Those of the numbered checks are one build, told apart
// by the environment. One that is noticed fails at least one vector. One that
// survives fails the run, unless survivors says why.
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

// try runs the corpus against the engine with m in it, and returns the vectors
// that fail.
func (m mutant) try(dir string) (failures []string, total int, err error) {
	built := filepath.Join(dir, "corpus")
	if _, err := os.Stat(built); err == nil && m.env {
		return m.count(built) // the one before was of the same build
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

// count runs the corpus in a binary of this command that was built with m.
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

// corpusArg makes this command, built with a mutant, run the corpus.
const corpusArg = "-corpus"

// runCorpus prints how many vectors there are, and those that fail.
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
