package workflows

import (
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// expect asks the ledger what the segment should hold, unless an earlier history did.
func (r *audienceSync) expect(ctx workflow.Context) error {
	if r.proving != nil {
		return nil
	}
	var expected int64
	expecting := workflow.WithActivityOptions(ctx, enduring("count what the ledger holds as marked"))
	if err := workflow.ExecuteActivity(expecting, do.ExpectSegment, activities.ExpectSegmentInput{Run: r.opened.Run}).Get(ctx, &expected); err != nil {
		return err
	}
	r.progress.Expected = &expected
	r.proving = &Proving{Settling: audience.Settling{
		Expected: expected, MaxLag: r.spec.Verification.MaxLag.D(), Deadline: r.spec.Verification.Deadline.D(),
	}}
	if r.sendsNothing() { // Nothing was sent whose effect could be waited for.
		r.proving.Settling.MaxLag = min(r.proving.Settling.MaxLag, r.spec.Verification.Poll.D())
	}
	return nil
}

// settle polls the segment count until it has settled. It does not end while the run
// is paused: a pause may come with the last batch or count.
func (r *audienceSync) settle(ctx workflow.Context) (activities.CountSegmentResult, error) {
	for {
		if err := r.awaitResume(ctx); err != nil {
			return activities.CountSegmentResult{}, err
		}
		// Each poll is eleven events.
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return activities.CountSegmentResult{}, r.continueAsNew(ctx)
		}
		result, err := r.count(ctx)
		if err != nil {
			return result, err
		}
		if result.Counted == nil {
			return result, r.awaitResume(ctx)
		}
		r.progress.Counted = result.Counted
		r.moved(ctx)
		r.show(ctx)
		if r.proving.Settling.Observe(*result.Counted, workflow.Now(ctx)) && r.progress.Paused == nil {
			return result, nil
		}
		if err := sleep(ctx, r.spec.Verification.Poll.D(), "until the next segment count"); err != nil {
			return result, err
		}
	}
}

func (r *audienceSync) count(ctx workflow.Context) (activities.CountSegmentResult, error) {
	var result activities.CountSegmentResult
	options := counting("count segment " + r.spec.Verification.Segment)
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), do.CountSegment,
		activities.CountSegmentInput{Run: r.opened.Run}).Get(ctx, &result)
	if err == nil || isFinal(err) {
		return result, err
	}
	return activities.CountSegmentResult{Why: "the segment could not be counted: " + reasonOf(err)}, nil
}
