package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/verifier/bundle"
)

// A replay holds the settings of receipt replay.
type replay struct {
	bundle text
	json   bool
}

func (a *app) receiptReplayCommand() *cobra.Command {
	var r replay
	cmd := &cobra.Command{
		Use:   "replay FILE --bundle FILE",
		Short: "Decide again from a bundle and compare with the receipt",
		Long: `Decide again from a bundle alone, which verify --bundle wrote, and compare with
the receipt, byte for byte but for its proof. Exit status: 0 the decision and
the body are the same, 1 they are not, and what differs first, 2 files that
cannot be read. Not checked: the receipt's signature (receipt verify does), and
whether the documents in the bundle were the true ones.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.receiptReplay(args[0], &r) },
	}
	cmd.Flags().Var(&r.bundle, "bundle", "the bundle `FILE`; required")
	jsonFlag(cmd, &r.json)
	return cmd
}

func (a *app) receiptReplay(name string, r *replay) error {
	if r.bundle.value == "" {
		return unusable("--bundle FILE is required")
	}
	receipt, err := a.read(name)
	if err != nil {
		return err
	}
	file, err := a.readSome(r.bundle.value, bundle.MaxBytes)
	if err != nil {
		return err
	}
	evidence, err := bundle.Parse(file)
	if err != nil {
		return unusable("%s: %w", r.bundle.value, err)
	}
	again, err := bundle.Reproduce(context.Background(), evidence, receipt)
	if err != nil {
		return unusable("%w", err)
	}
	same := again.Difference == ""
	if r.json {
		o := object{"reproduced": same, "decision": again.Decision}
		o.put("reason", string(again.Reason))
		o.put("difference", printable(again.Difference))
		if err := a.printJSON(o); err != nil {
			return err
		}
		return answered(same)
	}
	outcome := again.Decision
	if again.Reason != "" {
		outcome += " " + string(again.Reason)
	}
	if same {
		a.printf("reproduced: %s\n", short(outcome))
	} else {
		a.printf("not reproduced: deciding again gives %s; %s\n", short(outcome), printable(again.Difference))
	}
	return answered(same)
}
