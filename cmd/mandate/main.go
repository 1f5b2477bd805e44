// Command mandate decides whether an agent may act. It verifies presentations
// of signed mandates. It also makes, checks and explains the documents for
// such a decision.
//
// The exit status is 0 for allow, verified, ok; 1 for deny, not verified,
// check failed; 2 for bad usage or input that cannot be judged; 3 for no
// decision. The status is 0 only if the answer was written completely. A crash
// of the Go runtime has status 2.
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/didweb"
	"github.com/mandate-engine/mandate/verifier"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run runs one command line and returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: &sink{w: stdout}, stderr: stderr, now: time.Now, rand: rand.Reader}
	a.web = func() (didresolve.Resolver, error) { return didweb.New(didweb.Config{}) }
	return a.run(args)
}

// An app is the environment of a command line.
type app struct {
	stdin  io.Reader
	stdout *sink
	stderr io.Writer
	now    func() time.Time
	rand   io.Reader
	// web returns the resolver for did:web.
	web func() (didresolve.Resolver, error)

	stdinRead bool
}

func (a *app) run(args []string) int {
	root := a.command()
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	cmd, err := root.ExecuteC()
	code := exitOK
	if err != nil {
		code = a.failed(cmd, err)
	}
	if a.stdout.err != nil && code == exitOK {
		a.complain("the answer could not be written: %v", a.stdout.err)
		code = exitUndecided
	}
	return code
}

// failed reports an error and returns its exit status, which is never 0.
func (a *app) failed(cmd *cobra.Command, err error) int {
	var e *exit
	if !errors.As(err, &e) { // cobra's own errors: unknown verbs and flags, wrong number of arguments
		e = &exit{exitUsage, fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath())}
	}
	if e.err == nil {
		return e.code // the answer has been printed
	}
	a.complain("%v", e.err)
	if asked, _ := cmd.Flags().GetBool("json"); asked && a.stdout.n == 0 {
		a.printJSON(failureJSON(cmd.CommandPath(), e))
	}
	return e.code
}

// failureJSON returns the --json output of a command without an answer.
func failureJSON(path string, e *exit) object {
	kind := "usage"
	if e.code == exitUndecided {
		kind = "unavailable"
	}
	o := object{"error": object{"kind": kind, "message": printable(e.err.Error())}}
	switch path {
	case "mandate verify", "mandate policy eval":
		o["decision"] = "none"
	case "mandate proof verify", "mandate receipt verify", "mandate log verify":
		o["verified"] = false
	default:
		o["ok"] = false
	}
	return o
}

// complain prints one line of diagnostics.
func (a *app) complain(format string, args ...any) {
	fmt.Fprintf(a.stderr, "mandate: %s\n", printable(fmt.Sprintf(format, args...)))
}

// The exit statuses.
const (
	exitOK        = 0 // allow, verified, ok
	exitNo        = 1 // deny, not verified, check failed
	exitUsage     = 2 // bad usage, or input that cannot be judged
	exitUndecided = 3 // no decision
)

// An exit ends a command with a status other than 0. err is nil if the answer
// on stdout is complete.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func unusable(format string, args ...any) error {
	return &exit{exitUsage, fmt.Errorf(format, args...)}
}

func undecided(format string, args ...any) error {
	return &exit{exitUndecided, fmt.Errorf(format, args...)}
}

// answered ends a command with a yes or no answer.
func answered(yes bool) error {
	if yes {
		return nil
	}
	return &exit{code: exitNo}
}

func (a *app) command() *cobra.Command {
	root := group("mandate", "May this presentation, with these parameters, go ahead?",
		a.demoCommand(),
		a.verifyCommand(),
		group("proof", "Check and make Data Integrity proofs", a.proofVerifyCommand(), a.proofCreateCommand()),
		a.canonicalizeCommand(),
		group("did", "Resolve decentralized identifiers", a.didResolveCommand(), a.didURLCommand()),
		group("key", "Make keys", a.keyGenerateCommand()),
		a.issueCommand(),
		a.presentCommand(),
		group("policy", "Check and try out actions", a.policyCheckCommand(), a.policyEvalCommand(), a.policyPermitsCommand(), a.policyTestCommand()),
		group("receipt", "Check receipts", a.receiptVerifyCommand(), a.receiptReplayCommand()),
		a.logCommand(),
		a.serveCommand(),
		a.adminCommand(),
		a.conformanceCommand(),
		a.inspectCommand(),
		a.versionCommand(),
	)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.DisableSuggestions = true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(helpCommand(root))
	return root
}

// group returns a command that only has subcommands. Without a subcommand, or
// with an unknown one, it is bad usage.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use:   use,
		Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
			}
			cmd.SetOut(cmd.ErrOrStderr())
			if err := cmd.Help(); err != nil {
				return err
			}
			return unusable("%s: which command?", cmd.CommandPath())
		},
	}
	g.AddCommand(commands...)
	return g
}

// helpCommand is cobra's help command, except that an unknown topic is an
// error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			topic, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unusable("no help on %q", args)
			}
			return topic.Help()
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the engine",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.printf("mandate %s\n", verifier.Version)
			return nil
		},
	}
}
