package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

func (a *app) runCommand() *cobra.Command {
	var full bool
	command := &cobra.Command{
		Use:   "run SYNC.yaml",
		Short: "Run a sync now, or join the run that is going, and report",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			err = a.runSync(cmd.Context(), c, spec, full)
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the run goes on. See it with: audiencesync status %s", spec.Sync)
			}
			return err
		},
	}
	command.Flags().BoolVar(&full, "full", false, "send every member again, whatever the ledger knows of it")
	return command
}

// runSync starts the sync or joins its run, watches it and prints the report.
func (a *app) runSync(ctx context.Context, c client.Client, spec config.Sync, full bool) error {
	run, joined, err := startSync(ctx, c, spec, full)
	switch {
	case ctx.Err() != nil:
		return &exitError{code: exitInterrupted}
	case err != nil:
		return &exitError{code: exitFailed, err: err}
	case joined:
		a.say("A run of %s is going already; this command joins it and starts no second one.", spec.Sync)
		if full {
			a.say("That run is not known to be a full one: run it again with --full when it has ended.")
		}
	}
	report, err := a.watch(ctx, c, run)
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return a.conclude(outcomeOf(spec.Sync, report, err))
}

// startSync starts a run, or finds the one that is going.
func startSync(ctx context.Context, c client.Client, spec config.Sync, full bool) (run client.WorkflowRun, joined bool, err error) {
	options := client.StartWorkflowOptions{
		ID:                                       workflows.SyncID(spec.Sync),
		TaskQueue:                                workflows.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            workflows.Summary(spec),
	}
	run, err = c.ExecuteWorkflow(ctx, options, workflows.AudienceSync, workflows.AudienceSyncInput{Spec: spec, Full: full})
	if going, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return c.GetWorkflow(ctx, options.ID, going.RunId), true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("starting sync %s: %w", spec.Sync, err)
	}
	return run, false, nil
}

// conclude prints the report of a run that has ended and returns its exit code.
func (a *app) conclude(o outcome) error {
	if o.report != nil {
		if err := a.printReport(o.report); err != nil {
			return &exitError{code: exitFailed, err: err}
		}
	}
	if o.err == nil {
		return nil
	}
	return o.err
}

func (a *app) printReport(report *audience.Report) error {
	if a.output == outputJSON {
		return a.printJSON(report)
	}
	return writeReport(a.stdout, report)
}
