package main

import (
	"context"
	"encoding/json"
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
	var in runFlags
	command := &cobra.Command{
		Use:   "run SYNC.yaml",
		Short: "Run a sync now, or join the run that is going, and report",
		Args:  oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := loadSync(args[0])
			if err != nil {
				return err
			}
			input, err := in.input(cmd, spec)
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), spec.Sync)
			if err != nil {
				return err
			}
			defer c.Close()
			a.tellPinned(cmd.Context(), c, args[0], spec)
			err = a.runSync(cmd.Context(), c, input)
			if cmd.Context().Err() != nil {
				a.say("Stopped watching; the run goes on. See it with: audiencesync status %s", spec.Sync)
			}
			return err
		},
	}
	in.add(command)
	return command
}

// runFlags are what run and plan may be told.
type runFlags struct {
	full, recreate bool
	expect         int64
}

const expectFlag = "expect"

func (f *runFlags) add(command *cobra.Command) {
	command.Flags().BoolVar(&f.full, "full", false, "send every member again, whatever the ledger knows of it")
	command.Flags().BoolVar(&f.recreate, "recreate", false, "create contacts again that Hello Charles held and holds no more, such as erased ones")
	command.Flags().Int64Var(&f.expect, expectFlag, 0, "the number of members that you expect; a run that reads another number (by more than accept.source_gap) stops and asks")
}

func (f *runFlags) input(command *cobra.Command, spec config.Sync) (workflows.AudienceSyncInput, error) {
	in := workflows.AudienceSyncInput{Spec: spec, Full: f.full, Recreate: f.recreate}
	if !command.Flags().Changed(expectFlag) {
		return in, nil
	}
	if f.expect < 0 {
		return in, usage("--%s %d: write a number of members", expectFlag, f.expect)
	}
	in.Expect = &f.expect
	return in, nil
}

// runSync starts the sync or joins its run, watches it and prints the report.
func (a *app) runSync(ctx context.Context, c client.Client, in workflows.AudienceSyncInput) error {
	return a.runAndPrint(ctx, c, in, a.printReport)
}

// runAndPrint is runSync with another way to print the report.
func (a *app) runAndPrint(ctx context.Context, c client.Client, in workflows.AudienceSyncInput, print func(*audience.Report) error) error {
	run, joined, err := startSync(ctx, c, in)
	switch {
	case ctx.Err() != nil:
		return &exitError{code: exitInterrupted}
	case err != nil:
		return &exitError{code: exitFailed, err: err}
	case joined && in.Retire:
		return usage("sync %s: a run is going: retire when it has ended (audiencesync status)", in.Spec.Sync)
	case joined && in.Audit:
		return usage("sync %s: a run is going: audit when it has ended (audiencesync status)", in.Spec.Sync)
	case joined && in.VerifyOnly:
		return usage("sync %s: a run is going, which ends with a proof of its own: look at it with audiencesync status", in.Spec.Sync)
	case joined && in.PlanOnly:
		return usage("sync %s: a run is going, so there is no plan for the next one: look at it with audiencesync status, and plan when it has ended", in.Spec.Sync)
	case joined:
		a.say("A run of %s is going already; this command joins it and starts no second one.", in.Spec.Sync)
		a.sayDifferences(startedWith(ctx, c, run), in)
	}
	report, err := a.follow(ctx, c, run, a.newView())
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return conclude(outcomeOf(in.Spec.Sync, report, err), print)
}

// startSync starts a run, or finds the one that is going.
func startSync(ctx context.Context, c client.Client, in workflows.AudienceSyncInput) (run client.WorkflowRun, joined bool, err error) {
	options := client.StartWorkflowOptions{
		ID:                                       workflows.SyncID(in.Spec.Sync),
		TaskQueue:                                workflows.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            workflows.Summary(in.Spec),
		StaticDetails:                            workflows.Details(in),
	}
	run, err = c.ExecuteWorkflow(ctx, options, workflows.AudienceSync, in)
	if going, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return c.GetWorkflow(ctx, options.ID, going.RunId), true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("starting sync %s: %w", in.Spec.Sync, err)
	}
	return run, false, nil
}

// conclude prints the report of a run that has ended and returns its exit code.
func conclude(o outcome, print func(*audience.Report) error) error {
	if o.report != nil {
		if err := print(o.report); err != nil {
			return dataError(err)
		}
	}
	if o.err == nil {
		return nil
	}
	return o.err
}

// printReportLine prints a report as one line of JSON.
func (a *app) printReportLine(report *audience.Report) error {
	return json.NewEncoder(a.stdout).Encode(report)
}

func (a *app) printReport(report *audience.Report) error {
	if a.output == outputJSON {
		return a.printJSON(report)
	}
	if report.Ended == audience.EndedPlanned {
		return writePlan(a.stdout, report)
	}
	return writeReport(a.stdout, report)
}
