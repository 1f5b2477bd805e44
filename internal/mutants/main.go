// Command mutants turns checks of the engine off, one at a time, and asks whether
// the conformance corpus notices.
//
//	go run ./internal/mutants [NAME...]
//
// A mutant is a change to one line of the source, built as an overlay: the tree
// itself is not touched. One that is noticed fails at least one vector. One that
// survives fails the run, unless survivors says why.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(only []string) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	list := mutants()
	bad, noticed := 0, 0
	for _, m := range list {
		if len(only) > 0 && !slices.Contains(only, m.name) {
			continue
		}
		failures, total, err := m.try(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
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
	err = errors.Join(os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600), os.WriteFile(overlay, replaced, 0o600))
	if err != nil {
		return nil, 0, err
	}
	binary := filepath.Join(dir, "mandate")
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", binary, "./cmd/mandate").CombinedOutput(); err != nil {
		return nil, 0, fmt.Errorf("it does not build: %s", out)
	}
	var stdout bytes.Buffer
	cmd := exec.Command(binary, "conformance", "--json")
	cmd.Stdout = &stdout
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, 0, err
	}
	var result struct {
		Total    int
		Failures []struct{ ID string }
	}
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil {
		return nil, 0, err
	}
	for _, f := range result.Failures {
		failures = append(failures, f.ID)
	}
	return failures, result.Total, nil
}
