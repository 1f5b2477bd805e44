package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// The committed files: a line for each case, and every text.
const (
	outcomesFile = "outcomes.txt"
	textsFile    = "texts.txt"
)

// compact returns the content of the committed files.
func compact(records []*record) (outcomes, allTexts string) {
	var b strings.Builder
	fmt.Fprintf(&b, "verifier.Version %s: case, outcome, digests of", verifier.Version)
	for _, c := range columns {
		fmt.Fprintf(&b, " %s", columnNames[c])
	}
	b.WriteString(", how it was made\n")
	seen := map[string]bool{}
	for _, r := range records {
		b.WriteString(r.short() + "\n")
		for _, l := range r.lines {
			if l.column == texts {
				seen[l.value] = true
			}
		}
	}
	return b.String(), strings.Join(slices.Sorted(maps.Keys(seen)), "\n") + "\n"
}

// short is the line of a case in the compact file.
func (r *record) short() string {
	fields := []string{r.name, r.outcome}
	for _, c := range columns {
		fields = append(fields, r.sum(c))
	}
	return strings.Join(append(fields, r.note), "\t")
}

func commit(dir string, records []*record) error {
	outcomes, all := compact(records)
	return errors.Join(os.WriteFile(filepath.Join(dir, outcomesFile), []byte(outcomes), 0o644),
		os.WriteFile(filepath.Join(dir, textsFile), []byte(all), 0o644))
}

// A committed is the compact file.
type committed struct {
	head  string
	lines map[string]string // by case
}

func readCommitted(dir string) (*committed, error) {
	f, err := os.Open(filepath.Join(dir, outcomesFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := &committed{lines: map[string]string{}}
	in := bufio.NewScanner(f)
	for in.Scan() {
		if name, _, ok := strings.Cut(in.Text(), "\t"); ok {
			out.lines[name] = in.Text()
		} else {
			out.head = in.Text()
		}
	}
	return out, in.Err()
}

// version returns the verifier.Version that the file is of.
func (c *committed) version() string {
	version, _, _ := strings.Cut(strings.TrimPrefix(c.head, "verifier.Version "), ":")
	return version
}

// A difference is a case whose record is not as committed.
type difference struct {
	name    string
	columns []string // outcome, or names of columns
	was, is string
}

// differences compares records with the committed lines of these cases.
func (c *committed) differences(records []*record) []difference {
	var out []difference
	for _, r := range records {
		line, ok := c.lines[r.name]
		if !ok {
			out = append(out, difference{r.name, []string{"new"}, "", r.outcome})
			continue
		}
		was, is := strings.Split(line, "\t"), strings.Split(r.short(), "\t")
		d := difference{name: r.name, was: was[1], is: is[1]}
		if was[1] != is[1] {
			d.columns = append(d.columns, "outcome")
		}
		for i, col := range columns {
			if was[2+i] != is[2+i] {
				d.columns = append(d.columns, columnNames[col])
			}
		}
		if d.columns != nil {
			out = append(out, d)
		}
	}
	return out
}

// compare prints what differs from the committed files.
func compare(dir string, records []*record, out io.Writer) error {
	c, err := readCommitted(dir)
	if err != nil {
		return err
	}
	list := c.differences(records)
	count := map[string]int{}
	for _, d := range list {
		for _, name := range d.columns {
			count[name]++
		}
		change := d.is
		if d.was != d.is {
			change = d.was + " → " + d.is
		}
		fmt.Fprintf(out, "%s: %s (%s)\n", d.name, strings.Join(d.columns, ", "), change)
	}
	missing := 0
	have := map[string]bool{}
	for _, r := range records {
		have[r.name] = true
	}
	for _, name := range sorted(c.lines) {
		if !have[name] {
			missing++
			fmt.Fprintf(out, "%s: is no more\n", name)
		}
	}
	compareTexts(dir, records, out)
	if len(list)+missing > 0 {
		return fmt.Errorf("%d of %d cases differ: %v", len(list)+missing, len(records), count)
	}
	fmt.Fprintf(out, "all %d cases are as committed\n", len(records))
	return nil
}

// compareTexts prints texts that are new, or no more.
func compareTexts(dir string, records []*record, out io.Writer) {
	b, err := os.ReadFile(filepath.Join(dir, textsFile))
	if err != nil {
		return
	}
	_, now := compact(records)
	was, is := strings.Split(string(b), "\n"), strings.Split(now, "\n")
	print := func(sign string, list, other []string) {
		for _, t := range list {
			if _, ok := slices.BinarySearch(other, t); !ok && t != "" {
				fmt.Fprintf(out, "%s %s\n", sign, t)
			}
		}
	}
	slices.Sort(was)
	slices.Sort(is)
	print("-", was, is)
	print("+", is, was)
}
