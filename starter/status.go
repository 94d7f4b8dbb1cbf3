package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	workflowpb "go.temporal.io/api/workflow/v1"
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
code is 6 while the run waits for a person, and that of the run when it has ended. Plans,
proofs alone and audits are no runs here, unless there is nothing else: one that came later
is named. If a later start failed or was refused, its error is said, and is the exit code.

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
	newest := outcomeOf(sync, &report, err)
	if newest.report != nil && !aside(newest.report) {
		return conclude(newest, a.printReport)
	}
	return a.statusBefore(ctx, c, sync, newest)
}

// statusBefore is the status where no run has ended last, but a plan, a proof alone, an
// audit, or a start without a report: the last run is shown, and what came after it is
// said. A start that failed is the exit code, as nothing has been brought since.
func (a *app) statusBefore(ctx context.Context, c client.Client, sync string, newest outcome) error {
	last, err := lastRun(ctx, c, sync)
	switch {
	case err != nil:
		return failed(sync, err)
	case last == nil:
		return conclude(newest, a.printReport)
	case newest.report == nil:
		return conclude(outcome{report: last.report, err: newest.err}, a.printReport)
	}
	r := newest.report
	how := cmp.Or(r.Ended, string(r.Verdict))
	a.say("since then %s %d has ended: %s (audiencesync report %s --run %d)", kindOfRun(r), r.Run, how, sync, r.Run)
	return conclude(*last, a.printReport)
}

// mostBefore is how many runs are looked at to find the last one with a report.
const mostBefore = 50

// lastRun finds the newest run that has a report and is no plan, proof or audit; nil if
// Temporal knows of none.
func lastRun(ctx context.Context, c client.Client, sync string) (*outcome, error) {
	var runs []*workflowpb.WorkflowExecutionInfo
	err := eachRun(ctx, c, "WorkflowId = '"+workflows.SyncID(sync)+"'", func(run *workflowpb.WorkflowExecutionInfo) (enough bool) {
		if !isGoing(run) { // One may have begun just now.
			runs = append(runs, run)
		}
		return len(runs) == mostBefore
	})
	if err != nil {
		return nil, err
	}
	newestFirst(runs)
	for _, run := range runs {
		came, err := cameOf(ctx, c, run)
		if err != nil {
			return nil, err
		}
		if came.report != nil && !aside(came.report) {
			return &came, nil
		}
	}
	return nil, nil
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
