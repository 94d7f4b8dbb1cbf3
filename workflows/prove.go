package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// prove polls the segment count until it has settled. A count that cannot be
// had is a result; only the end of the run itself is an error. It does not end
// while the run is paused: a pause may come with the last batch or count.
func (r *audienceSync) prove(ctx workflow.Context) (activities.CountSegmentResult, error) {
	switch {
	case r.spec.Verification.None:
		return activities.CountSegmentResult{Why: "the sync asks for no verification"}, r.awaitResume(ctx)
	case r.spec.Verification.Segment == "":
		return activities.CountSegmentResult{Why: "the sync names no segment (verification.segment)"}, r.awaitResume(ctx)
	}
	var expected int64
	expecting := workflow.WithActivityOptions(ctx, enduring("count what the ledger holds as marked"))
	if err := workflow.ExecuteActivity(expecting, do.ExpectSegment, activities.ExpectSegmentInput{Run: r.opened.Run}).Get(ctx, &expected); err != nil {
		return activities.CountSegmentResult{}, err
	}
	r.progress.Expected = &expected
	settling := audience.Settling{
		Expected: expected, MaxLag: r.spec.Verification.MaxLag.D(), Deadline: r.spec.Verification.Deadline.D(),
	}
	started := workflow.Now(ctx)
	for {
		if err := r.awaitResume(ctx); err != nil {
			return activities.CountSegmentResult{}, err
		}
		result, err := r.count(ctx)
		if err != nil {
			return result, err
		}
		if result.Counted == nil {
			return result, r.awaitResume(ctx)
		}
		r.progress.Counted = result.Counted
		r.show(ctx)
		if settling.Observe(*result.Counted, workflow.Now(ctx)) && r.progress.Paused == nil {
			return result, nil
		}
		// Each poll is eleven events. A two-hundredth of the time waited so far keeps
		// them to some hundreds, however long the deadline is.
		pause := max(r.spec.Verification.Poll.D(), workflow.Now(ctx).Sub(started)/200)
		timer := workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: "until the next segment count"})
		if err := timer.Get(ctx, nil); err != nil {
			return result, err
		}
	}
}

func (r *audienceSync) count(ctx workflow.Context) (activities.CountSegmentResult, error) {
	var result activities.CountSegmentResult
	options := counting("count segment " + r.spec.Verification.Segment)
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), do.CountSegment,
		activities.CountSegmentInput{Run: r.opened.Run}).Get(ctx, &result)
	if err == nil || temporal.IsCanceledError(err) {
		return result, err
	}
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) && failed.Type() == activities.TypeFenced {
		return result, err
	}
	why := err.Error()
	if failed != nil {
		why = failed.Message()
	}
	return activities.CountSegmentResult{Why: "the segment could not be counted: " + why}, nil
}
