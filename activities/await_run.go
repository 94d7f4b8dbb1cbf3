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
)

// AwaitRunInput is the input of AwaitRun.
type AwaitRunInput struct {
	Sync       string    `json:"sync"`
	WorkflowID string    `json:"workflow_id"`
	DueAt      time.Time `json:"due_at"`
}

// AwaitRunResult is the result of AwaitRun.
type AwaitRunResult struct {
	// Satisfied says that the run opened its read at or after the due time.
	Satisfied bool   `json:"satisfied"`
	Ended     string `json:"ended,omitempty"`
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
	var report audience.Report
	waitCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-activity.GetWorkerStopChannel(ctx):
			stop(errWorkerStopping)
		case <-waitCtx.Done():
		}
	}()
	err := a.temporal.GetWorkflow(waitCtx, in.WorkflowID, "").Get(waitCtx, &report)
	if errors.Is(context.Cause(waitCtx), errWorkerStopping) {
		return AwaitRunResult{}, errWorkerStopping
	}
	ended, err := EndOf(report, err)
	if err != nil {
		return AwaitRunResult{}, err
	}
	satisfied, err := a.ledger.ReadOpenedSince(ctx, in.Sync, in.DueAt)
	return AwaitRunResult{Satisfied: satisfied, Ended: ended, Attributes: a.knowsAttributes(ctx)}, err
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
