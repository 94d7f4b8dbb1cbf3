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

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status SYNC",
		Short: "Show the run that is going and what it waits for, or the report of the last one",
		Args:  cobra.ExactArgs(1),
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
			return a.status(cmd.Context(), c, name)
		},
	}
}

func (a *app) status(ctx context.Context, c client.Client, sync string) error {
	going, err := isGoing(ctx, c, sync)
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
		return failed(sync, errors.New("a run is going, but no worker answers: start one with \"audiencesync up\" or audiencesync-worker"))
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
