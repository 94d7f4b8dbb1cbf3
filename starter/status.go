package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

const failIfOlderFlag = "fail-if-older"

func (a *app) statusCommand() *cobra.Command {
	var allowed time.Duration
	command := &cobra.Command{
		Use:   "status SYNC",
		Short: "Show the run that is going and what it waits for, or the report of the last one",
		Long: `Show the run that is going and what it waits for, or the report of the last one. The exit
code is 6 while the run waits for a person, and that of the run when it has ended.

With --fail-if-older it says instead when a run has last ended well (what "run" ends with
exit code 0 for), and ends with exit code 1 if that is longer ago: for a monitor. It asks
Temporal alone, so it needs no worker and no ledger.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := syncName(args[0])
			if err != nil {
				return err
			}
			limited := cmd.Flags().Changed(failIfOlderFlag)
			if limited && allowed <= 0 {
				return usage("--%s %s: write how old the last good run may be, for example 26h", failIfOlderFlag, allowed)
			}
			c, err := a.dial(cmd.Context(), name)
			if err != nil {
				return err
			}
			defer c.Close()
			if limited {
				return a.failIfOlder(cmd.Context(), c, name, allowed)
			}
			return a.status(cmd.Context(), c, name)
		},
	}
	command.Flags().DurationVar(&allowed, failIfOlderFlag, 0, "fail unless a good run has ended within this time, for example 26h")
	return command
}

func (a *app) status(ctx context.Context, c client.Client, sync string) error {
	id := workflows.SyncID(sync)
	description, err := c.DescribeWorkflowExecution(ctx, id, "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return usage("sync %s: Temporal has no run of it (it may never have run, or the run is past the namespace's retention)", sync)
	}
	if err != nil {
		return failed(sync, err)
	}
	if description.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return a.showProgress(ctx, c, sync)
	}
	var report audience.Report
	err = c.GetWorkflow(ctx, id, "").Get(ctx, &report)
	return conclude(outcomeOf(sync, &report, err), a.printReport)
}

func (a *app) showProgress(ctx context.Context, c client.Client, sync string) error {
	id := workflows.SyncID(sync)
	progress, err := askProgress(ctx, c, id)
	if err != nil {
		return failed(sync, errors.New("a run is going, but no worker answers: start one with \"audiencesync up\" or audiencesync-worker"))
	}
	why := waitingFor(ctx, c, id)
	if err := a.printProgress(progress, why); err != nil {
		return failed(sync, err)
	}
	if hold := holdOf(progress); hold != "" {
		return &exitError{code: exitWaiting, err: errors.New(hold)}
	}
	return nil
}

func (a *app) printProgress(progress workflows.Progress, waiting string) error {
	if a.output == outputJSON {
		return a.printJSON(struct {
			workflows.Progress
			Waiting string `json:"waiting,omitempty"`
		}{progress, waiting})
	}
	if atGate(progress) {
		return writeGate(a.stdout, progress)
	}
	lines := describe(progress) + "\n"
	if waiting != "" {
		lines += "waiting: " + waiting + "\n"
	}
	_, err := a.stdout.Write([]byte(lines))
	return err
}
