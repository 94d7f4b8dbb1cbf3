package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// DueRunInput is the input of DueRun.
type DueRunInput struct {
	Spec config.Sync `json:"spec"`
	// Cadence is what the schedule goes by. Without one it is due whenever it is started.
	Cadence *config.Cadence `json:"cadence,omitempty"`
	// VerifyOnly says that a proof is due, and no run.
	VerifyOnly bool `json:"verify_only,omitempty"`
}

// DueRun is what a schedule starts. It runs the sync once for its due time:
// unless a run that is going, or has ended, opened its read at or after that
// time. The run is a child that is abandoned to itself, so that nothing that
// happens to DueRun stops it. A proof that is due is satisfied by any run that
// has come to its verdict since.
//
// It fails when the run fails, but not for a verdict, and pauses the schedule when
// that has happened several times in a row.
func DueRun(ctx workflow.Context, in DueRunInput) (DueRunResult, error) {
	run := &dueRun{in: in, past: pastOf(ctx)}
	run.result.FiredAt = firedAt(ctx)
	run.result.DueAt = run.result.FiredAt
	if !in.VerifyOnly {
		watchOverdue(ctx, in.Spec)
	}
	result, err := run.end(ctx, run.run(ctx))
	if result.Ended != "" {
		letFindDue(ctx, run.searched, in.Spec, result.Ended)
	}
	return result, err
}

type dueRun struct {
	in     DueRunInput
	past   DueRunResult
	result DueRunResult
	// report is that of the run, empty if it has none.
	report audience.Report
	// searched says that the server knows the search attributes of a run.
	searched bool
}

// run returns the error with which the run ended that was started, or found.
func (d *dueRun) run(ctx workflow.Context) error {
	input := AudienceSyncInput{Spec: d.in.Spec, Scheduled: true, VerifyOnly: d.in.VerifyOnly}
	// A context of its own, never cancelled: that would cancel the run.
	calm, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.WithChildOptions(calm, workflow.ChildWorkflowOptions{
		WorkflowID:            SyncID(d.in.Spec.Sync),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         Summary(d.in.Spec),
		StaticDetails:         Details(input),
	})
	for {
		going, err := d.awaitRun(ctx)
		if err != nil {
			return err
		}
		d.searched = going.Attributes
		if !going.DueAt.IsZero() {
			d.result.DueAt = going.DueAt
		}
		if going.Satisfied {
			d.result.Joined, d.result.Ended = true, going.Ended
			return nil
		}
		letFindDue(ctx, d.searched, d.in.Spec, "")
		if err := ctx.Err(); err != nil {
			return err
		}
		run := workflow.ExecuteChildWorkflow(child, AudienceSync, input)
		err = run.GetChildWorkflowExecution().Get(ctx, nil)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := workflow.Await(ctx, run.IsReady); err != nil {
			return err
		}
		return run.Get(ctx, &d.report)
	}
}

// awaitRun waits for the run that is going, if there is one.
func (d *dueRun) awaitRun(ctx workflow.Context) (activities.AwaitRunResult, error) {
	ctx = workflow.WithActivityOptions(ctx, waiting("wait for a run that is going"))
	var going activities.AwaitRunResult
	input := activities.AwaitRunInput{
		Sync: d.in.Spec.Sync, WorkflowID: SyncID(d.in.Spec.Sync), DueAt: d.result.FiredAt, Cadence: d.in.Cadence, VerifyOnly: d.in.VerifyOnly,
	}
	err := workflow.ExecuteActivity(ctx, do.AwaitRun, input).Get(ctx, &going)
	return going, err
}

// firedAt is the time at which the schedule meant to act, before jitter; without a
// schedule it is the start of the workflow.
func firedAt(ctx workflow.Context) time.Time {
	scheduled := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
	if at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduled); ok {
		return at
	}
	return workflow.GetInfo(ctx).WorkflowStartTime
}

// scheduleID is the schedule that has started the workflow, "" without one.
func scheduleID(ctx workflow.Context) string {
	id, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(temporal.NewSearchAttributeKeyKeyword("TemporalScheduledById"))
	return id
}
