package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/workflows"
)

func (a *app) cancelCommand() *cobra.Command {
	var why string
	command := &cobra.Command{
		Use:   "cancel SYNC",
		Short: "End the run that is going: finish what is under way, send no more, and report",
		Long: `End the run that is going. What is under way is finished and recorded, nothing more is
sent, and the run closes with its report, which says who cancelled it. The next run sends
what is left: what is new or changed, or, after a run --full, everybody if it is one again.
The exit code is 7 when the run has ended as cancelled.

Without a worker the order is left with Temporal, and the run ends when a worker is there.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), sync)
			if err != nil {
				return err
			}
			defer c.Close()
			return a.cancel(cmd.Context(), c, sync, why)
		},
	}
	command.Flags().StringVar(&why, "why", "", "a reason, for the run's record")
	return command
}

// cancel ends the run of a sync and prints its report.
func (a *app) cancel(ctx context.Context, c client.Client, sync, why string) error {
	run, progress, err := a.giveOrder(ctx, c, sync, workflows.UpdateCancel, workflows.Steer{By: operator(), Why: why})
	if errors.Is(err, errNoWorker) {
		return leaveCancellation(ctx, c, sync, why)
	}
	if err != nil {
		return err
	}
	a.say("%s: %s cancelled: what is under way is finished", sync, numbered(progress.Run))
	report, err := a.follow(ctx, c, run, a.newView())
	if ctx.Err() != nil {
		a.say("Stopped watching; the run ends all the same. See it with: audiencesync status %s", sync)
		return &exitError{code: exitInterrupted}
	}
	return conclude(outcomeOf(sync, report, err), a.printReport)
}

// leaveCancellation asks Temporal to keep the order until a worker is there. The
// history says who gave it.
func leaveCancellation(ctx context.Context, c client.Client, sync, why string) error {
	reason := "cancelled by " + operator()
	if why != "" {
		reason += ": " + why
	}
	err := c.CancelWorkflowWithOptions(ctx, client.CancelWorkflowOptions{WorkflowID: workflows.SyncID(sync), Reason: reason})
	if err != nil {
		return steerError(sync, err)
	}
	return failed(sync, fmt.Errorf("%w; the run has not ended yet: the order is left with Temporal, and heeded when a worker is there", errNoWorker))
}
