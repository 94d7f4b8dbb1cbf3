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

// DueRun is what a schedule starts. It runs the sync once for its due time:
// unless a run that is going, or has ended, opened its read at or after that
// time. The run is a child that is abandoned to itself, so that nothing that
// happens to DueRun stops it.
func DueRun(ctx workflow.Context, in DueRunInput) (DueRunResult, error) {
	result := DueRunResult{DueAt: dueAt(ctx)}
	watchOverdue(ctx, in.Spec)
	synced := AudienceSyncInput{Spec: in.Spec, Scheduled: true}
	// A context of its own, never cancelled: that would cancel the run.
	calm, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.WithChildOptions(calm, workflow.ChildWorkflowOptions{
		WorkflowID:            SyncID(in.Spec.Sync),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         Summary(in.Spec),
		StaticDetails:         Details(synced),
	})
	for {
		going, err := awaitRun(ctx, in.Spec.Sync, result.DueAt)
		if err != nil {
			return result, err
		}
		if going.Satisfied {
			result.Joined, result.Ended = true, going.Ended
			letFindDue(ctx, going.Attributes, in.Spec, result.Ended)
			return result, nil
		}
		letFindDue(ctx, going.Attributes, in.Spec, "")
		if err := ctx.Err(); err != nil {
			return result, err
		}
		run := workflow.ExecuteChildWorkflow(child, AudienceSync, synced)
		err = run.GetChildWorkflowExecution().Get(ctx, nil)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			continue
		}
		if err != nil {
			return result, err
		}
		if err := workflow.Await(ctx, run.IsReady); err != nil {
			return result, err
		}
		var report audience.Report
		err = run.Get(ctx, &report)
		result, err = end(result, report, err)
		letFindDue(ctx, going.Attributes, in.Spec, result.Ended)
		return result, err
	}
}

// awaitRun waits for the run that is going, if there is one.
func awaitRun(ctx workflow.Context, sync string, dueAt time.Time) (activities.AwaitRunResult, error) {
	ctx = workflow.WithActivityOptions(ctx, waiting("wait for a run that is going"))
	var going activities.AwaitRunResult
	input := activities.AwaitRunInput{Sync: sync, WorkflowID: SyncID(sync), DueAt: dueAt}
	err := workflow.ExecuteActivity(ctx, do.AwaitRun, input).Get(ctx, &going)
	return going, err
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
