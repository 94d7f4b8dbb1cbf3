package workflows

import (
	"errors"
	"time"

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

// Proving is how far a proof has come.
type Proving struct {
	Settling audience.Settling `json:"settling"`
	// Comparisons is how often the segment was compared with the ledger.
	Comparisons int `json:"comparisons,omitempty"`
}

// prove counts and compares the segment, and reads a sample of contacts back. What
// cannot be had is a result; only the end of the run itself is an error.
func (r *audienceSync) prove(ctx workflow.Context) (proof, error) {
	counted, compared, err := r.proveSegment(ctx)
	if err != nil {
		return proof{}, err
	}
	readBack, err := r.readBack(ctx, compared)
	return proof{counted, compared, readBack}, err
}

// proveSegment counts the segment until the count has come to rest, and compares it with
// the ledger then: again and again while what is missing or too many may only be late. A
// count alone cannot tell that, because as many may come as go.
func (r *audienceSync) proveSegment(ctx workflow.Context) (
	counted activities.CountSegmentResult, compared activities.CompareSegmentResult, err error,
) {
	if why := r.unproved(); why != "" {
		return activities.CountSegmentResult{Why: why}, compared, r.awaitResume(ctx)
	}
	if err := r.expect(ctx); err != nil {
		return counted, compared, err
	}
	if r.in.Entered != nil {
		r.progress.Counted = r.in.Entered
		return activities.CountSegmentResult{Counted: r.in.Entered}, compared, nil
	}
	for {
		if counted, err = r.settle(ctx); err != nil {
			return counted, compared, err
		}
		began := workflow.Now(ctx)
		compared, err = r.compare(ctx, counted.Counted)
		now := workflow.Now(ctx)
		if err != nil || !r.mayBeLate(compared.Comparison, now) {
			return counted, compared, err
		}
		// Listing takes no more than half of the time, however large the segment is.
		if err := sleep(ctx, max(r.spec.Verification.Poll.D(), now.Sub(began)), "until the segment is compared again"); err != nil {
			return counted, compared, err
		}
	}
}

// unproved says why there is nothing to prove by.
func (r *audienceSync) unproved() string {
	switch {
	case r.in.Entered != nil:
		return ""
	case r.spec.Verification.None:
		return "the sync asks for no verification"
	case r.spec.Verification.Segment == "":
		return "the sync names no segment (verification.segment)"
	default:
		return ""
	}
}

// compare compares the segment with the ledger, reference by reference, where the sync
// asks for that and a count was to be had. A list that is not to be had is a result.
func (r *audienceSync) compare(ctx workflow.Context, counted *int64) (activities.CompareSegmentResult, error) {
	var result activities.CompareSegmentResult
	different := counted != nil && *counted != r.proving.Settling.Expected
	switch how := r.spec.Verification.Compare; {
	case counted == nil:
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
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), do.CompareSegment,
		activities.CompareSegmentInput{Run: r.opened.Run}).Get(ctx, &result)
	r.moved(ctx)
	switch {
	case isFinal(err):
		return result, err
	case err != nil:
		return activities.CompareSegmentResult{Why: "the segment could not be listed: " + reasonOf(err)}, nil
	}
	r.proving.Comparisons++
	return result, r.awaitResume(ctx)
}

// mayBeLate reports whether another comparison may find less that is wrong: members
// who have not come, leavers who have not gone, or a segment that changed while it was
// listed.
func (r *audienceSync) mayBeLate(found *audience.Comparison, now time.Time) bool {
	if found == nil || !found.Moved && found.Late() == 0 {
		return false
	}
	return !r.proving.Settling.Over(now) || found.Moved && r.proving.Comparisons < mostComparisons
}

// mostComparisons is how often a segment that changes while it is listed is listed
// after the waiting is over.
const mostComparisons = 3

// sendsNothing reports whether the run only looks at what is there.
func (r *audienceSync) sendsNothing() bool { return r.in.VerifyOnly || r.in.Audit }

func sleep(ctx workflow.Context, pause time.Duration, summary string) error {
	return workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: summary}).Get(ctx, nil)
}

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
