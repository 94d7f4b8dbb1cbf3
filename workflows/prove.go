package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// proof is what a run has found out about its segment.
type proof struct {
	counted  activities.CountSegmentResult
	compared activities.CompareSegmentResult
	readBack *audience.ReadBack
}

// prove counts the segment until the count has come to rest, compares it with the ledger
// then, and reads a sample of contacts back. What cannot be had is a result; only the end of the run itself is an
// error.
func (r *audienceSync) prove(ctx workflow.Context) (proof, error) {
	counted, err := r.settle(ctx)
	if err != nil {
		return proof{}, err
	}
	compared, err := r.compare(ctx, counted.Counted)
	if err != nil {
		return proof{}, err
	}
	readBack, err := r.readBack(ctx, compared)
	return proof{counted, compared, readBack}, err
}

// settle polls the segment count until it has settled. It does not end while the run
// is paused: a pause may come with the last batch or count.
func (r *audienceSync) settle(ctx workflow.Context) (activities.CountSegmentResult, error) {
	switch {
	case r.in.Entered != nil:
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
	if r.in.Entered != nil {
		r.progress.Counted = r.in.Entered
		return activities.CountSegmentResult{Counted: r.in.Entered}, nil
	}
	settling := audience.Settling{
		Expected: expected, MaxLag: r.spec.Verification.MaxLag.D(), Deadline: r.spec.Verification.Deadline.D(),
	}
	if r.sendsNothing() { // Nothing was sent whose effect could be waited for.
		settling.MaxLag = min(settling.MaxLag, r.spec.Verification.Poll.D())
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
		r.moved(ctx)
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

// compare compares the segment with the ledger, reference by reference, where the sync
// asks for that and a count was to be had. A list that is not to be had is a result.
func (r *audienceSync) compare(ctx workflow.Context, counted *int64) (activities.CompareSegmentResult, error) {
	var result activities.CompareSegmentResult
	different := counted != nil && r.progress.Expected != nil && *counted != *r.progress.Expected
	switch how := r.spec.Verification.Compare; {
	case counted == nil, r.in.Entered != nil:
		return result, nil
	case r.in.Audit, how == config.CompareAlways, how == config.CompareWhenDifferent && different:
	default:
		return activities.CompareSegmentResult{Why: "the sync asks for numbers only (verification.compare)"}, nil
	}
	with := "the ledger"
	if r.in.Audit {
		with = "the audience"
	}
	options := comparing("compare segment " + r.spec.Verification.Segment + " with " + with)
	for tries := 1; ; tries++ {
		result = activities.CompareSegmentResult{} // What JSON leaves out would stay.
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), do.CompareSegment,
			activities.CompareSegmentInput{Run: r.opened.Run}).Get(ctx, &result)
		r.moved(ctx)
		switch {
		case isFinal(err):
			return result, err
		case err != nil:
			return activities.CompareSegmentResult{Why: "the segment could not be listed: " + reasonOf(err)}, nil
		case result.Comparison == nil, !result.Comparison.Moved, tries == mostComparisons:
			return result, r.awaitResume(ctx)
		}
		timer := workflow.NewTimerWithOptions(ctx, r.spec.Verification.Poll.D(), workflow.TimerOptions{Summary: "until the segment stands still"})
		if err := timer.Get(ctx, nil); err != nil {
			return result, err
		}
	}
}

// sendsNothing reports whether the run only looks at what is there.
func (r *audienceSync) sendsNothing() bool { return r.in.VerifyOnly || r.in.Audit }

// mostComparisons is how often a segment is listed that changes while it is listed.
const mostComparisons = 3

// isFinal reports whether an error ends the run, and not only a proof.
func isFinal(err error) bool {
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	return temporal.IsCanceledError(err) || ok && failed.Type() == activities.TypeFenced
}

func reasonOf(err error) string {
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return failed.Message()
	}
	return err.Error()
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
