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
}

// DueRunResult says what satisfied the due time.
type DueRunResult struct {
	DueAt time.Time `json:"due_at"`
	// Joined is set when a run that somebody else started satisfied it.
	Joined bool `json:"joined,omitempty"`
	// Ended names how the run ended: a verdict, or the type of its error.
	Ended string `json:"ended"`
}

// DueRun is what a schedule starts. It runs the sync once for its due time: as
// a child of its own, or, when a run is going already, by waiting for it and
// running afterwards unless that one opened its read after the due time. The
// run is abandoned to itself, so that nothing that happens to DueRun stops it.
func DueRun(ctx workflow.Context, in DueRunInput) (DueRunResult, error) {
	result := DueRunResult{DueAt: dueAt(ctx)}
	// A context of its own, never cancelled: that would cancel the run.
	calm, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.WithChildOptions(calm, workflow.ChildWorkflowOptions{
		WorkflowID:            SyncID(in.Spec.Sync),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         Summary(in.Spec),
	})
	for ctx.Err() == nil {
		run := workflow.ExecuteChildWorkflow(child, AudienceSync, AudienceSyncInput{Spec: in.Spec})
		err := run.GetChildWorkflowExecution().Get(ctx, nil)
		if err == nil {
			if err := workflow.Await(ctx, run.IsReady); err != nil {
				return result, err
			}
			var report audience.Report
			err := run.Get(ctx, &report)
			return end(result, report, err)
		}
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return result, err
		}
		var going activities.AwaitRunResult
		waitCtx := workflow.WithActivityOptions(ctx, waiting("wait for the run that is going"))
		input := activities.AwaitRunInput{Sync: in.Spec.Sync, WorkflowID: SyncID(in.Spec.Sync), DueAt: result.DueAt}
		if err := workflow.ExecuteActivity(waitCtx, do.AwaitRun, input).Get(ctx, &going); err != nil {
			return result, err
		}
		if going.Satisfied {
			result.Joined, result.Ended = true, going.Ended
			return result, nil
		}
	}
	return result, ctx.Err()
}

// end names how the run ended. A verdict is an end like others: only a run
// that failed fails the due run, so that a schedule can tell them apart.
func end(result DueRunResult, report audience.Report, err error) (DueRunResult, error) {
	var endErr error
	if result.Ended, endErr = activities.EndOf(report, err); endErr != nil {
		return result, endErr
	}
	switch result.Ended {
	case activities.TypeVerdictUnexplained, activities.TypeVerdictOutside:
		return result, nil
	}
	return result, err
}

// dueAt is the time that the schedule meant, before jitter; without a
// schedule it is the start of the workflow.
func dueAt(ctx workflow.Context) time.Time {
	scheduled := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
	if at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduled); ok {
		return at
	}
	return workflow.GetInfo(ctx).WorkflowStartTime
}
