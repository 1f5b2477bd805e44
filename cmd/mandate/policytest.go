package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/policy/suite"
)

func (a *app) policyPermitsCommand() *cobra.Command {
	var userParams, tool text
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "permits FILE",
		Short: "Say what an action leaves open to an agent that holds a mandate",
		Long: `Say what an action leaves open once the grantor's parameters, and the tool if it
is known, are put into its rules: what is left of each rule, and the JSON Schema
of the parameters that an agent can give to its model. Exit 1 when nothing can
be allowed. Nothing is signed or verified.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.policyPermits(args[0], &userParams, tool.value, asJSON)
		},
	}
	cmd.Flags().Var(&userParams, "user-params", "what the grantor agreed to, `JSON|@FILE`; default {}")
	cmd.Flags().Var(&tool, "tool", "the `NAME` of the tool that is to be used; default any")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) policyPermits(name string, userParams *text, tool string, asJSON bool) error {
	content, err := a.parse(name)
	if err != nil {
		return err
	}
	user, err := a.paramsFlag("user-params", userParams)
	if err != nil {
		return err
	}
	action, issues, err := compile(content)
	if err != nil {
		return err
	}
	if action == nil {
		return a.printInvalid(&trial{json: asJSON}, issues)
	}
	p, err := action.Permits(context.Background(), user, tool)
	if err != nil {
		return undecided("%w", err)
	}
	possible := string(p.Schema) != "false"
	if asJSON {
		schema, err := canonical.Parse(p.Schema)
		if err != nil {
			return undecided("%w", err)
		}
		rules := make([]object, 0, len(p.Rules))
		for _, r := range p.Rules {
			rules = append(rules, object{"rule": r.Rule, "expression": r.Expression, "inSchema": r.InSchema})
		}
		o := object{"possible": possible, "schema": schema.Root(), "rules": rules}
		if len(p.Faults) > 0 {
			o["faults"] = decisionJSON("", "", nil, p.Faults)["faults"]
		}
		if err := a.printJSON(o); err != nil {
			return err
		}
		return answered(possible)
	}
	if !possible {
		a.printf("nothing is permitted\n")
	}
	a.printFaults(p.Faults)
	for _, r := range p.Rules {
		note := ""
		if r.InSchema {
			note = "  (in the schema)"
		}
		a.printf("  %s: %s%s\n", short(r.Rule), printable(r.Expression), note)
	}
	if possible {
		a.printf("%s\n", p.Schema)
	}
	return answered(possible)
}

func (a *app) policyTestCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test SUITE…",
		Short: "Run test suites for actions, and say which conditions they leave out",
		Long: `Run test suites for actions: YAML files with an action, named mandates, and cases
that say what is expected. Every outcome of a condition that no case has had is
listed; that alone is no failure. Exit 1 when a case is not as expected.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.policyTest(args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) policyTest(names []string, asJSON bool) error {
	passed := true
	suites := []object{}
	for _, name := range names {
		s, err := suite.Load(here{filepath.Dir(name)}, filepath.Base(name))
		if err != nil {
			return &exit{exitUsage, err}
		}
		report, err := s.Run(context.Background())
		if err != nil {
			return undecided("%w", err)
		}
		passed = passed && report.Passed()
		if asJSON {
			suites = append(suites, suiteJSON(report))
		} else {
			a.printSuite(report)
		}
	}
	if asJSON {
		if err := a.printJSON(object{"ok": passed, "suites": suites}); err != nil {
			return err
		}
	}
	return answered(passed)
}

// here opens files relative to a folder. Paths may leave the folder, because
// the suite is the user's own file.
type here struct{ dir string }

func (h here) Open(name string) (fs.File, error) { return os.Open(filepath.Join(h.dir, name)) }

func (a *app) printSuite(r *suite.Report) {
	failed := 0
	for _, c := range r.Results {
		if len(c.Problems) == 0 {
			continue
		}
		failed++
		a.printf("FAIL  %s: %s\n", short(r.Suite), short(c.Case))
		for _, p := range c.Problems {
			a.printf("      %s\n", printable(p))
		}
	}
	had, all := r.Coverage()
	a.printf("%s: %d of %d cases as expected, %d of %d branches\n", short(r.Suite), len(r.Results)-failed, len(r.Results), had, all)
	for _, b := range r.Branches {
		if missing := untried(b); missing != "" {
			a.printf("  %s:%d:%d %s: %s\n", short(b.Rule), b.Line, b.Column, printable(b.Source), missing)
		}
	}
}

// untried names the outcomes that no case had.
func untried(b policy.Branch) string {
	switch {
	case !b.True && !b.False:
		return "never evaluated"
	case !b.True:
		return "never true"
	case !b.False:
		return "never false"
	}
	return ""
}

func suiteJSON(r *suite.Report) object {
	had, all := r.Coverage()
	cases, branches := []object{}, []object{}
	for _, c := range r.Results {
		problems := []string{}
		for _, p := range c.Problems {
			problems = append(problems, printable(p))
		}
		cases = append(cases, object{"case": c.Case, "ok": len(problems) == 0, "problems": problems})
	}
	for _, b := range r.Branches {
		if missing := untried(b); missing != "" {
			branches = append(branches, object{"rule": b.Rule, "position": fmt.Sprintf("%d:%d", b.Line, b.Column), "condition": printable(b.Source), "missing": missing})
		}
	}
	return object{"suite": r.Suite, "ok": r.Passed(), "cases": cases, "branches": all, "branchesTried": had, "untried": branches}
}
