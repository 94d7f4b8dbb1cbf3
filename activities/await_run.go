package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// AwaitRunInput is the input of AwaitRun.
type AwaitRunInput struct {
	Sync       string `json:"sync"`
	WorkflowID string `json:"workflow_id"`
	// DueAt is when a schedule has acted, and Cadence, if there is one, what it goes by:
	// where clocks are changed it may act at other times than it means.
	DueAt   time.Time       `json:"due_at"`
	Cadence *config.Cadence `json:"cadence,omitempty"`
	// VerifyOnly says that a proof is due, and no run.
	VerifyOnly bool `json:"verify_only,omitempty"`
}

// AwaitRunResult is the result of AwaitRun.
type AwaitRunResult struct {
	// Satisfied says that a run opened its read at or after the due time, or, where a
	// proof is due, that one has ended with a verdict since.
	Satisfied bool   `json:"satisfied"`
	Ended     string `json:"ended,omitempty"`
	// DueAt is the due time that the schedule means, if it is another one.
	DueAt time.Time `json:"due_at,omitzero"`
	// Attributes says that the server knows the search attributes of a run.
	Attributes bool `json:"attributes,omitempty"`
}

// AwaitRun waits for the end of the run that is going, if there is one, and
// says whether the due time is satisfied.
func (a *Activities) AwaitRun(ctx context.Context, in AwaitRunInput) (AwaitRunResult, error) {
	defer keepAlive(ctx)()
	result, err := a.awaitRun(ctx, in)
	return result, fail(ctx, in.Sync, err)
}

func (a *Activities) awaitRun(ctx context.Context, in AwaitRunInput) (AwaitRunResult, error) {
	due := in.Meant()
	run, err := a.goingOrLast(ctx, in.WorkflowID)
	if err != nil {
		return AwaitRunResult{}, err
	}
	report, err := a.untilItEnds(ctx, in.WorkflowID, run.id)
	if errors.Is(err, errWorkerStopping) {
		return AwaitRunResult{}, err
	}
	ended, unknown := EndOf(report, err)
	if unknown != nil {
		return AwaitRunResult{}, unknown
	}
	result := AwaitRunResult{Ended: ended, Attributes: a.knowsAttributes(ctx)}
	if !due.Equal(in.DueAt) {
		result.DueAt = due
	}
	if in.VerifyOnly {
		result.Satisfied = !run.closedBefore(due) && proved(report, err)
		return result, nil
	}
	result.Satisfied, err = a.ledger.ReadOpenedSince(ctx, in.Sync, due)
	return result, err
}

// Meant is the due time that a schedule means which has acted at DueAt.
func (in AwaitRunInput) Meant() time.Time {
	if in.Cadence == nil {
		return in.DueAt
	}
	times, err := in.Cadence.Timetable()
	if err != nil {
		return in.DueAt // Rather once too often than not at all.
	}
	return times.Due(in.DueAt)
}

// seenRun is a run as Temporal describes it; the zero value is none.
type seenRun struct {
	id string
	// closedAt is zero while the run goes on.
	closedAt time.Time
}

func (r seenRun) closedBefore(at time.Time) bool {
	return r.id == "" || !r.closedAt.IsZero() && r.closedAt.Before(at)
}

// goingOrLast describes the run that is going, or the last one.
func (a *Activities) goingOrLast(ctx context.Context, workflowID string) (seenRun, error) {
	description, err := a.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return seenRun{}, nil
	}
	if err != nil {
		return seenRun{}, fmt.Errorf("looking for a run that is going: %w", err)
	}
	info := description.GetWorkflowExecutionInfo()
	run := seenRun{id: info.GetExecution().GetRunId()}
	if info.GetCloseTime() != nil {
		run.closedAt = info.GetCloseTime().AsTime()
	}
	return run, nil
}

// untilItEnds waits for the end of a run, however often it goes on in a new history.
func (a *Activities) untilItEnds(ctx context.Context, workflowID, run string) (audience.Report, error) {
	waitCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-activity.GetWorkerStopChannel(ctx):
			stop(errWorkerStopping)
		case <-waitCtx.Done():
		}
	}()
	var report audience.Report
	err := a.temporal.GetWorkflow(waitCtx, workflowID, run).Get(waitCtx, &report)
	if errors.Is(context.Cause(waitCtx), errWorkerStopping) {
		return report, errWorkerStopping
	}
	return report, err
}

// proved reports whether a run has come to a verdict about what the sync has brought: a
// plan, an audit, or a run that failed, has none.
func proved(report audience.Report, err error) bool {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		if said.Type() != TypeVerdictUnexplained && said.Type() != TypeVerdictOutside || said.Details(&report) != nil {
			return false
		}
		err = nil
	}
	return err == nil && report.Ended == "" && !report.Audited
}

// Ends of runs without a verdict or an error of their own.
const (
	// EndStopped: somebody stopped the run from outside.
	EndStopped = "stopped"
	// EndUnknown: Temporal has no such run.
	EndUnknown = "unknown"
)

// EndOf names how a run ended: its verdict, or the type of the error that it
// failed with. An error is returned only when the end could not be learned.
func EndOf(report audience.Report, err error) (string, error) {
	var failed *temporal.ApplicationError
	var missing *serviceerror.NotFound
	switch {
	case err == nil:
		return string(report.Verdict), nil
	case errors.As(err, &failed):
		return failed.Type(), nil
	case temporal.IsCanceledError(err), temporal.IsTerminatedError(err), temporal.IsTimeoutError(err):
		return EndStopped, nil
	case errors.As(err, &missing):
		return EndUnknown, nil
	default:
		return "", fmt.Errorf("waiting for the run that is going: %w", err)
	}
}
