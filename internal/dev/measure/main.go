// Command measure prints how hard the inside of package verifier is to follow:
// a table of figures, each with the goal it is held to. With -check it exits
// with 1 when a goal is missed, and with -list NAME it prints what a figure
// counts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A figure is one row of the table. A negative goal means that there is none.
type figure struct {
	name  string
	value int
	goal  int
	list  []string
}

func measure() ([]figure, error) {
	c, err := load("./canonical/...", "./didresolve/...", "./policy/...", "./receipts/...", "./verifier/...", "./adapters/...", "./internal/...", "./cmd/...", "./testvectors/...")
	if err != nil {
		return nil, err
	}
	g := c.graph("verifier")
	verify := g.named("verifier", "(*Verifier).Verify")
	if verify == nil {
		return nil, fmt.Errorf("package verifier has no (*Verifier).Verify")
	}
	t := c.trail(g)
	var hops []string
	for _, fn := range g.path(verify, "crypto/ed25519.Verify") {
		hops = append(hops, fn.FullName())
	}
	if len(hops) == 0 {
		return nil, fmt.Errorf("no chain of calls leads from Verify to ed25519.Verify")
	}
	exported := c.exported("verifier")
	var engine []string
	for _, s := range c.linked("verifier") {
		engine = append(engine, s.path)
	}
	readers, cutters := c.stickyReaders(), c.cutters()
	comments := c.comments("verifier", "didresolve", "receipts", "canonical", "policy", "adapters", "internal/dataintegrity", "internal/multikey", "internal/statuslist", "internal/vcdm", "internal/viamandate")
	return []figure{
		{"stops: lines that name what was or has to be looked up, from Verify on", t.stops, 60, t.at},
		{"climbs: calls that can come back with a lookup missing", t.climbs, 8, nil},
		{"  functions on that way", t.functions, -1, nil},
		{"  returns in them", t.returns, -1, nil},
		{"  names in them", t.names, -1, nil},
		{"hops: calls from Verify to ed25519.Verify", len(hops) - 1, 5, hops},
		{"functions that take evidence and need side by side", c.sideBySide(), 0, nil},
		{"exported: names of verifier that are no constants", len(exported), 20, exported},
		{"lines of code of verifier + internal/dataintegrity", c.lines("verifier", "internal/dataintegrity"), 2300, nil},
		{"lines of code of all packages that verifier links", c.lines(engine...), -1, engine},
		{"readers: of JSON, with an error that sticks", len(readers), 1, readers},
		{"cutters: functions that cut or quote a text for a message", len(cutters), 2, cutters},
		{"comments: lines that have to be translated while reading", len(comments), 0, comments},
	}, nil
}

func main() {
	check := flag.Bool("check", false, "exit with 1 when a goal is missed")
	list := flag.String("list", "", "print what the figure whose name begins so counts")
	flag.Parse()
	figures, err := measure()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(2)
	}
	missed := 0
	fmt.Printf("%7s %7s  figure\n", "now", "goal")
	for _, f := range figures {
		goal, mark := "", ""
		if f.goal >= 0 {
			goal = fmt.Sprint(f.goal)
			if f.value > f.goal {
				missed, mark = missed+1, "  MISSED"
			}
		}
		fmt.Printf("%7d %7s  %s%s\n", f.value, goal, f.name, mark)
		if *list != "" && strings.HasPrefix(f.name, *list) {
			fmt.Println("\t\t" + strings.Join(f.list, "\n\t\t"))
		}
	}
	if *check && missed > 0 {
		fmt.Fprintf(os.Stderr, "measure: %d goals missed\n", missed)
		os.Exit(1)
	}
}

// relative shortens a file name to one below the working directory.
func relative(name string) string {
	dir, err := os.Getwd()
	if err != nil {
		return name
	}
	if root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output(); err == nil {
		dir = strings.TrimSpace(string(root))
	}
	if rel, err := filepath.Rel(dir, name); err == nil {
		return rel
	}
	return name
}
