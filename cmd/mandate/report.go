package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/verifier"
)

// printPreview prints the answer of a dry run.
func (a *app) printPreview(v *verification, p *verifier.Preview) error {
	switch {
	case v.json:
		a.printBytes(answer.Preview(p))
	case p.Allow:
		a.printAllow("dry run: allow", p.Checks(), p.Evaluations)
	default:
		a.printDeny("dry run: deny", p.Deny, p.Checks())
	}
	return answered(p.Allow)
}

// printSalt prints the salt of a stored receipt. Without the salt nobody can
// show to which parameters the receipt commits.
func (a *app) printSalt(v *verification, salt string) {
	if v.receiptOut.value != "" && salt != "" {
		a.printf("salt     %s opens the receipt's paramsCommitment\n", salt)
	}
}

// printAllow prints an allow and remarks for a careful reader.
func (a *app) printAllow(decision string, checks []verifier.Check, evaluations []policy.Evaluation) {
	a.printf("%s\n", decision)
	a.printRules(evaluations)
	for _, c := range checks {
		if c.Result == verifier.Warn {
			a.printf("warning  %s: %s\n", c.Check, short(c.Detail))
		}
	}
}

// printDeny prints a deny: the reason first, then the reason of every rule,
// the faults of the parameters, and each failed check.
func (a *app) printDeny(decision string, d *verifier.DenyError, checks []verifier.Check) {
	a.printf("%s %s\n", decision, printable(string(d.Reason)))
	a.printRules(d.Evaluations)
	a.printFaults(d.Faults)
	for _, c := range checks {
		switch {
		case c.Result != verifier.Fail:
		case len(d.Evaluations)+len(d.Faults) > 0: // they replace the detail
			a.printf("failed   %s: %s\n", c.Check, printable(string(c.Code)))
		default:
			a.printf("failed   %s: %s: %s\n", c.Check, printable(string(c.Code)), short(c.Detail))
		}
	}
	if d.Credential != "" {
		a.printf("mandate  %s\n", short(d.Credential))
	}
	if d.Receipt != nil {
		a.printf("receipt  %s\n", d.Receipt.ID())
	}
}

func (a *app) printRules(evaluations []policy.Evaluation) {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, e := range evaluations {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", e.Result, short(e.Rule), printable(e.Reason))
		if e.PassesIf != "" {
			fmt.Fprintf(t, "  \t\tpasses if %s\n", printable(e.PassesIf))
		}
	}
	t.Flush() // the sink records the error
}

func (a *app) printFaults(faults []policy.Fault) {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, f := range faults {
		fmt.Fprintf(t, "  fault\t%s\t%s\t%s\n", short(f.Pointer), f.Code, printable(f.Message))
	}
	t.Flush() // the sink records the error
}
