package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// histogram prints how many cases have which outcome.
func histogram(records []*record, out io.Writer) {
	corpus, made := map[string]int{}, map[string]int{}
	reasons := map[string]bool{}
	total := 0
	for _, r := range records {
		if strings.HasPrefix(r.outcome, "passed=") {
			corpus[r.outcome]++
			continue
		}
		if reason, ok := strings.CutPrefix(r.outcome, "deny "); ok {
			name, _, _ := strings.Cut(reason, " ")
			reasons[name] = true
		}
		if strings.HasPrefix(r.name, "verify/") {
			corpus[r.outcome]++
		} else {
			made[r.outcome]++
			total++
		}
	}
	all := map[string]int{}
	for k, n := range corpus {
		all[k] += n
	}
	for k, n := range made {
		all[k] += n
	}
	fmt.Fprintf(out, "%7s %9s\n", "corpus", "generated")
	for _, k := range sorted(all) {
		fmt.Fprintf(out, "%7d %9d  %s\n", corpus[k], made[k], k)
	}
	if total > 0 {
		fmt.Fprintf(out, "allowed: %d%% of what is generated\n", 100*made["allow"]/total)
	}
	for _, reason := range allReasons {
		if !reasons[string(reason)] {
			fmt.Fprintf(out, "never: %s\n", reason)
		}
	}
}

// diffFiles prints in what two full records differ: the same change once, with
// the number of cases.
func diffFiles(before, after string, out io.Writer) error {
	old, err := readFull(before)
	if err != nil {
		return err
	}
	recent, err := readFull(after)
	if err != nil {
		return err
	}
	groups, first := map[string]int{}, map[string]string{}
	note := func(name, was, is string) {
		if c := column(was[0]); c == texts { // wherever it is
			_, was, _ = strings.Cut(was, " ")
			_, was, _ = strings.Cut(was, " ")
		} else if run, rest, ok := strings.Cut(was, "."); ok && strings.Contains(run, " ") { // in whatever run
			was = string(c) + " " + rest
		}
		change := was + "\n  → " + is
		if groups[change]++; first[change] == "" {
			first[change] = name
		}
	}
	changed := map[string]bool{}
	for _, name := range sorted(old) {
		a, b := old[name], recent[name]
		for _, key := range sorted(a) {
			if a[key] != b[key] {
				note(name, key+" "+around(a[key], b[key]), around(b[key], a[key]))
				changed[name] = true
			}
		}
		for _, key := range sorted(b) {
			if _, ok := a[key]; !ok {
				note(name, key+" nothing", around(b[key], ""))
				changed[name] = true
			}
		}
	}
	order := sorted(groups)
	slices.SortStableFunc(order, func(a, b string) int { return groups[b] - groups[a] })
	for _, change := range order {
		fmt.Fprintf(out, "%d times, first in %s: %s\n", groups[change], first[change], change)
	}
	fmt.Fprintf(out, "%d of %d cases differ\n", len(changed), len(old))
	return nil
}

// around cuts a text to where it begins to differ from another.
func around(s, other string) string {
	const before, most = 40, 300
	i := 0
	for i < len(s) && i < len(other) && s[i] == other[i] {
		i++
	}
	if len(s) <= most {
		return s
	}
	start := max(i-before, 0)
	return "…" + s[start:min(start+most, len(s))] + "…"
}

// readFull reads a full record: lines by key, by case.
func readFull(file string) (map[string]map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]map[string]string{}
	var now map[string]string
	in := bufio.NewScanner(f)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		key, value, _ := strings.Cut(in.Text(), "\t")
		if name, ok := strings.CutPrefix(key, "case "); ok {
			now = map[string]string{"outcome": value}
			out[name] = now
			continue
		}
		now[key] = value
	}
	return out, in.Err()
}
