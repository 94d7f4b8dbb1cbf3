package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
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
		Args: oneArgument,
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
	going, err := runsNow(ctx, c, sync)
	if err != nil {
		return err
	}
	if going {
		return a.showProgress(ctx, c, sync)
	}
	var report audience.Report
	err = c.GetWorkflow(ctx, workflows.SyncID(sync), "").Get(ctx, &report)
	return conclude(outcomeOf(sync, &report, err), a.printReport)
}

func (a *app) showProgress(ctx context.Context, c client.Client, sync string) error {
	id := workflows.SyncID(sync)
	progress, err := askProgress(ctx, c, id)
	if err != nil {
		return failed(sync, errors.New("a run is going, but no worker answers: "+manning(ctx, c)))
	}
	if err := a.printProgress(standing{Progress: progress, Waiting: waitingFor(ctx, c, id)}); err != nil {
		return failed(sync, err)
	}
	if hold := holdOf(progress); hold != "" {
		return &exitError{code: exitWaiting, err: errors.New(hold)}
	}
	return nil
}

func (a *app) printProgress(s standing) error {
	now := time.Now()
	if a.output == outputJSON {
		return a.printJSON(s.printed(now))
	}
	if atGate(s.Progress) {
		return writeGate(a.stdout, s.Progress)
	}
	_, err := io.WriteString(a.stdout, strings.Join(s.lines(now), "\n")+"\n")
	return err
}
