// Command coverage prints the statement coverage of each package in a profile
// of go test -coverprofile and, if the environment variable MISSED is set, the
// statements that no test reached.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: coverage PROFILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(profile string) error {
	f, err := os.Open(profile)
	if err != nil {
		return err
	}
	defer f.Close()
	// A block stands in the profile once for each test binary.
	statements, hit := map[string]int{}, map[string]bool{}
	s := bufio.NewScanner(f)
	for s.Scan() {
		fields := strings.Fields(s.Text())
		if len(fields) != 3 {
			continue // the mode line
		}
		n, err1 := strconv.Atoi(fields[1])
		count, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil {
			return fmt.Errorf("coverage: bad line %q", s.Text())
		}
		statements[fields[0]] = n
		hit[fields[0]] = hit[fields[0]] || count > 0
	}
	if err := s.Err(); err != nil {
		return err
	}
	all, reached := map[string]int{}, map[string]int{}
	var missed []string
	for block, n := range statements {
		file, _, _ := strings.Cut(block, ":")
		pkg := path.Dir(file)
		all[pkg] += n
		if hit[block] {
			reached[pkg] += n
		} else {
			missed = append(missed, block)
		}
	}
	pkgs := make([]string, 0, len(all))
	for pkg := range all {
		pkgs = append(pkgs, pkg)
	}
	slices.Sort(pkgs)
	for _, pkg := range pkgs {
		fmt.Printf("%6.1f %%  %s\n", 100*float64(reached[pkg])/float64(all[pkg]), pkg)
	}
	slices.Sort(missed)
	if os.Getenv("MISSED") != "" {
		for _, block := range missed {
			fmt.Println(block)
		}
	}
	return nil
}
