package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

func (a *app) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch SYNC",
		Short: "Follow the run that is going until it ends, or show the report of the last one",
		Long: `Follow the run that is going, whoever started it, until it ends or waits for a person:
live on a terminal, in calm lines elsewhere. Then its report is printed, and the exit code
is that of run. Without a run that is going it is the report of the last one.

With --output json there is one line of JSON for each change, once a second at the most:
what "audiencesync status -o json" would print at that moment, and as the last line the
report.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := syncName(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), name)
			if err != nil {
				return err
			}
			defer c.Close()
			err = a.watch(cmd.Context(), c, name)
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the run goes on. See it with: audiencesync status %s", name)
			}
			return err
		},
	}
}

func (a *app) watch(ctx context.Context, c client.Client, sync string) error {
	id := workflows.SyncID(sync)
	going, err := runsNow(ctx, c, sync)
	switch {
	case ctx.Err() != nil:
		return &exitError{code: exitInterrupted}
	case err != nil:
		return err
	}
	view, print := a.newView(), a.printReport
	if a.output == outputJSON {
		view, print = &jsonView{app: a}, a.printReportLine
	}
	var report *audience.Report
	run := c.GetWorkflow(ctx, id, "")
	if going {
		report, err = a.follow(ctx, c, run, view)
	} else {
		report = &audience.Report{}
		err = run.Get(ctx, report)
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return conclude(outcomeOf(sync, report, err), print)
}

// runsNow reports whether a run of the sync is going. That Temporal knows none at all is
// an error.
func runsNow(ctx context.Context, c client.Client, sync string) (bool, error) {
	description, err := c.DescribeWorkflowExecution(ctx, workflows.SyncID(sync), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return false, usage("sync %s: Temporal has no run of it (it may never have run, or the run is past the namespace's retention); audiencesync list shows all syncs", sync)
	}
	if err != nil {
		return false, failed(sync, err)
	}
	return description.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}
