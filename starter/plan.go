package main

import (
	"context"

	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// planFlags are what a plan may be told.
type planFlags struct {
	runFlags
	dataFlags

	samples int
}

const samplesFlag = "samples"

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	command := &cobra.Command{
		Use:   "plan SYNC.yaml",
		Short: "Read the audience and say what a run would do, and send nothing",
		Long: `Read the whole audience, map every member that would be sent, find out who left, and
say what a run would do: how many it would send, mark, unmark, and why it would stop and
ask. Nothing is sent, and no run goes by it: a run that follows reads again.

With --samples it also shows some of the new and changed members and of those who left,
and which fields changed. This is contact data: it is read from the ledger, which keeps it
until the next run or plan of the sync, and never passes through Temporal.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			input, err := f.input(cmd, spec)
			if err != nil {
				return err
			}
			input.PlanOnly = true
			if !cmd.Flags().Changed(samplesFlag) {
				return a.plan(cmd.Context(), args[0], spec, input, a.printReport)
			}
			if f.samples < 1 || f.samples > ledger.MostSamples {
				return usage("--%s %d: a plan keeps up to %d of each kind; write a number from 1 to that", samplesFlag, f.samples, ledger.MostSamples)
			}
			// Opened first: who asks for samples is not to wait for a plan without them.
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				return a.plan(cmd.Context(), args[0], spec, input, func(r *audience.Report) error {
					return a.printWithSamples(cmd.Context(), l, r, f)
				})
			})
		},
	}
	f.runFlags.add(command)
	f.dataFlags.add(command)
	command.Flags().IntVar(&f.samples, samplesFlag, 0, "also show up to so many new and changed members and leavers each (needs --ledger; --failure-key also shows new values)")
	return command
}

// plan makes a plan and prints it.
func (a *app) plan(ctx context.Context, path string, spec config.Sync, in workflows.AudienceSyncInput, print func(*audience.Report) error) error {
	c, err := a.dial(ctx, spec.Sync)
	if err != nil {
		return err
	}
	defer c.Close()
	a.tellPinned(ctx, c, path, spec)
	err = a.runAndPrint(ctx, c, in, print)
	if ctx.Err() != nil {
		a.say("Stopped watching; the plan is still being made. See it with: audiencesync status %s", spec.Sync)
	}
	return err
}
