package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// refusalsInARow is how many requests of the first batch Hello Charles may
// refuse as a whole, with nothing accepted, before the run stops. Finding one
// bad contact among 1,000 takes at most 11.
const refusalsInARow = 16

// drainFor is how long a cancelled run waits for requests that are under way
// before it takes them back.
const drainFor = 30 * time.Second

// send sends all batches: the first alone, to be looked at, then the others
// within the window.
func (r *audienceSync) send(ctx workflow.Context) error {
	if !r.answered() && !r.queue.empty() {
		if err := r.sendFirst(ctx); err != nil {
			return err
		}
	}
	return r.fanOut(ctx)
}

// answered reports whether Hello Charles has been asked to take a contact: a
// batch of which nothing could be sent says nothing about the others.
func (r *audienceSync) answered() bool {
	return r.progress.Outcomes.Taken()+r.progress.Outcomes.Refused+r.progress.Outcomes.Unresolved > 0
}

// sendFirst sends the first batch with all its parts and stops the run when
// Hello Charles refuses too much of it.
func (r *audienceSync) sendFirst(ctx workflow.Context) error {
	refusedRequests := 0
	for {
		result, err := r.sendOne(ctx, r.queue.next())
		if err != nil {
			return err
		}
		if result.Split || result.Outcomes[audience.Refused] > 0 {
			refusedRequests++
		}
		if refusedRequests >= refusalsInARow && r.progress.Outcomes.Taken() == 0 {
			return r.refuseFirst(fmt.Sprintf("Hello Charles refused %d requests and accepted nothing", refusedRequests))
		}
		if r.queue.empty() || (r.answered() && len(r.queue.first) == 0) {
			break
		}
		if !r.answered() && workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return r.continueAsNew(ctx)
		}
	}
	refused, settled := r.progress.Outcomes.Refused, r.progress.Outcomes.Taken()+r.progress.Outcomes.Refused
	if share := float64(r.spec.Limits.RefusedInFirstBatch); settled > 0 && float64(refused) > share*float64(settled) {
		return r.refuseFirst(fmt.Sprintf("Hello Charles refused %d of %d contacts, more than limits.refused_in_first_batch allows", refused, settled))
	}
	return nil
}

func (r *audienceSync) refuseFirst(what string) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(
		"sync %s: first batch: %s; check the destination's batch settings (method, path, envelope) and the mapping; the other %d batches were not sent",
		r.spec.Sync, what, r.queue.planned-r.queue.issued), activities.TypeFirstBatchRefused, nil)
}

// fanOut keeps the window full until every batch is settled. It stops issuing
// and drains when a batch fails for good, when the run is cancelled, and when
// the history is long enough for a new one.
func (r *audienceSync) fanOut(ctx workflow.Context) error {
	var failure error
	calm, cancelSends := workflow.NewDisconnectedContext(ctx)
	defer cancelSends()
	enough := func() bool {
		return workflow.GetInfo(ctx).GetContinueAsNewSuggested() || r.issuedHere >= r.spec.Limits.BatchesPerHistory
	}
	for failure == nil {
		// Await looks at its condition first: it issues a whole window although
		// the run is cancelled.
		if err := ctx.Err(); err != nil {
			return r.drain(calm, cancelSends, err)
		}
		free := func() bool { return r.progress.InFlight < r.opened.Window && !r.queue.empty() && !enough() }
		drained := func() bool { return r.progress.InFlight == 0 && (r.queue.empty() || enough()) }
		if err := workflow.Await(ctx, func() bool { return failure != nil || free() || drained() }); err != nil {
			return r.drain(calm, cancelSends, err)
		}
		if failure != nil || drained() {
			break
		}
		number := r.queue.next()
		r.issuedHere++
		r.progress.InFlight++
		workflow.GoNamed(calm, fmt.Sprintf("batch %d", number), func(ctx workflow.Context) {
			defer func() { r.progress.InFlight-- }()
			if _, err := r.sendOne(ctx, number); err != nil && failure == nil {
				failure = err
			}
		})
	}
	if failure != nil {
		return r.drain(calm, cancelSends, failure)
	}
	if !r.queue.empty() {
		return r.continueAsNew(ctx)
	}
	return nil
}

// drain waits for the requests that are under way, then takes back those that
// go on waiting, and returns the cause.
func (r *audienceSync) drain(ctx workflow.Context, cancelSends workflow.CancelFunc, cause error) error {
	empty := func() bool { return r.progress.InFlight == 0 }
	drained, err := workflow.AwaitWithTimeout(ctx, drainFor, empty)
	if err == nil && !drained {
		cancelSends()
	}
	// A context of its own: the one of the sends may be cancelled by now.
	calm, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := workflow.Await(calm, empty); err != nil {
		return err
	}
	return cause
}

func (r *audienceSync) sendOne(ctx workflow.Context, number int64) (activities.SendBatchResult, error) {
	ctx = workflow.WithActivityOptions(ctx, enduring(r.describe(number)))
	var result activities.SendBatchResult
	input := activities.SendBatchInput{Run: r.opened.Run, Batch: number}
	if err := workflow.ExecuteActivity(ctx, do.SendBatch, input).Get(ctx, &result); err != nil {
		return result, err
	}
	r.progress.Settled += r.progress.add(result.Outcomes)
	r.progress.BatchesDone++
	r.progress.Batches += int64(len(result.Next))
	r.queue.putFirst(result.Next)
	r.show(ctx)
	return result, nil
}

func (r *audienceSync) describe(number int64) string {
	size := r.opened.BatchSize
	switch {
	case number > r.plan.Batches:
		return fmt.Sprintf("batch %d: part of an earlier batch", number)
	case number == r.plan.Batches:
		size = r.plan.ToSend - (r.plan.Batches-1)*size
	}
	return fmt.Sprintf("batch %d: %s members", number, audience.Thousands(size))
}
