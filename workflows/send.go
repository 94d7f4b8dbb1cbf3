package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// drainFor is how long a run that ends waits for requests that are under way
// before it takes them back.
const drainFor = 30 * time.Second

// send sends all batches, stage by stage. Of each stage the first one goes alone,
// to be looked at, then the others within the window. Before it sends more it asks,
// when Hello Charles refuses too much, is silent for long or denies access; and it
// waits while somebody has paused the run.
func (r *audienceSync) send(ctx workflow.Context) error {
	for {
		if err := r.sendStage(ctx); err != nil {
			return err
		}
		if !r.queue.nextStage() {
			return nil
		}
		r.askedBefore = r.brakes.Asked
	}
}

func (r *audienceSync) sendStage(ctx workflow.Context) error {
	if r.brakes.Asked == r.askedBefore {
		if err := r.sendFirst(ctx); err != nil {
			return err
		}
	}
	for !r.queue.empty() {
		if err := r.mayGoOn(ctx, r.window); err != nil {
			return err
		}
		if r.historyIsLong(ctx) {
			return r.continueAsNew(ctx)
		}
		if err := r.withAccess(ctx, func() error { return r.fanOut(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// sendFirst sends the first batch with all its parts, one request at a time,
// until Hello Charles has said something about contacts: a batch of which
// nothing could be sent says nothing about the others.
func (r *audienceSync) sendFirst(ctx workflow.Context) error {
	for !r.queue.empty() {
		if err := r.awaitResume(ctx); err != nil {
			return err
		}
		number := r.queue.next()
		err := r.withAccess(ctx, func() error { return r.sendOne(ctx, number) })
		if err != nil {
			return err
		}
		if len(r.queue.first) == 0 && r.brakes.Asked > r.askedBefore {
			return nil
		}
		if err := r.askAfterSilence(ctx); err != nil {
			return err
		}
		if r.brakes.tooManyInARow(1) {
			if err := r.mayGoOn(ctx, 1); err != nil {
				return err
			}
		}
		if r.brakes.Asked == r.askedBefore && workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return r.continueAsNew(ctx)
		}
	}
	return nil
}

// mayGoOn waits while the run is paused, and asks whether to go on when Hello
// Charles has been silent for long or refuses too much.
func (r *audienceSync) mayGoOn(ctx workflow.Context, underWay int) error {
	if err := r.awaitResume(ctx); err != nil {
		return err
	}
	if err := r.askAfterSilence(ctx); err != nil {
		return err
	}
	why := r.brakes.whyStop(underWay, float64(r.spec.Limits.Refused))
	if why == "" || r.queue.empty() {
		return nil
	}
	err := r.awaitApproval(ctx, fmt.Sprintf(
		"%s (limits.refused); %s members wait to be sent; look at audiencesync failures %s, and check the mapping and the destination's batch settings (method, path, envelope)",
		why, r.waiting(), r.spec.Sync))
	if err == nil {
		r.brakes.release()
	}
	return err
}

// askAfterSilence asks whether to go on when Hello Charles has answered for
// nothing in hours.
func (r *audienceSync) askAfterSilence(ctx workflow.Context) error {
	if !r.postponed.Silence.isLong() {
		return nil
	}
	err := r.awaitApproval(ctx, fmt.Sprintf(
		"%s; %s members wait to be sent; approve to go on batch by batch: one that gets no answer again is halved, down to single contacts, which end as unresolved",
		r.postponed.Silence.why(), r.waiting()))
	if err == nil {
		r.postponed.Silence.approve()
	}
	return err
}

// waiting is the number of members that wait to be sent.
func (r *audienceSync) waiting() string {
	return audience.Thousands(r.progress.ToSend - r.progress.Settled)
}

// historyIsLong reports whether the run should go on in a new history.
func (r *audienceSync) historyIsLong(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() || r.issuedHere >= r.spec.Limits.BatchesPerHistory
}

// fanOut keeps the window full until every batch is settled, or until there is
// a reason to stop: then nothing more is issued, and it returns when nothing is
// under way any more. It drains when a batch fails for good and when the run
// is cancelled. Batches to which access was denied are back in the queue.
func (r *audienceSync) fanOut(ctx workflow.Context) error {
	var failure, denied error
	calm, cancelSends := workflow.NewDisconnectedContext(ctx)
	defer cancelSends()
	stop := func() bool {
		return denied != nil || r.progress.Paused != nil || r.historyIsLong(ctx) || r.postponed.Silence.isLong() ||
			r.brakes.whyStop(r.window, float64(r.spec.Limits.Refused)) != ""
	}
	for {
		// Await looks at its condition first: it would issue a whole window although
		// the run is cancelled.
		if err := ctx.Err(); err != nil {
			return r.drain(calm, cancelSends, err)
		}
		free := func() bool { return r.progress.InFlight < r.window && !r.queue.empty() && !stop() }
		drained := func() bool { return r.progress.InFlight == 0 && (r.queue.empty() || stop()) }
		if err := workflow.Await(ctx, func() bool { return failure != nil || free() || drained() }); err != nil {
			return r.drain(calm, cancelSends, err)
		}
		switch {
		case failure != nil:
			return r.drain(calm, cancelSends, failure)
		case drained():
			return denied
		}
		number := r.queue.next()
		r.issuedHere++
		r.progress.InFlight++
		workflow.GoNamed(calm, fmt.Sprintf("batch %d", number), func(ctx workflow.Context) {
			defer func() { r.progress.InFlight-- }()
			switch err := r.sendOne(ctx, number); {
			case accessDenied(err):
				denied = err
				r.queue.putFirst([]int64{number})
			case err != nil && failure == nil:
				failure = err
			}
		})
	}
}

// accessDenied reports whether a vendor denied access, which a person can give
// back.
func accessDenied(err error) bool {
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && said.Type() == activities.TypeAccessDenied
}

// messageOf returns what an activity said when it failed.
func messageOf(err error) string {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return said.Message()
	}
	return err.Error()
}

// drain waits for the requests that are under way, then takes back those that
// go on waiting, and returns the cause.
func (r *audienceSync) drain(ctx workflow.Context, cancelSends workflow.CancelFunc, cause error) error {
	empty := func() bool { return r.progress.InFlight == 0 }
	drained, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: drainFor, TimerOptions: workflow.TimerOptions{Summary: "until requests that are under way are taken back"},
	}, empty)
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

func (r *audienceSync) sendOne(ctx workflow.Context, number int64) error {
	ctx = workflow.WithActivityOptions(ctx, enduring(r.describe(number)))
	var result activities.SendBatchResult
	sent := sending{batch: number, mode: r.postponed.mode(number, r.window), began: workflow.Now(ctx)}
	input := activities.SendBatchInput{
		Run: r.opened.Run, Batch: number, Mode: sent.mode,
		Alone: r.progress.InFlight == 0, // The first batch: the others count themselves.
	}
	if err := workflow.ExecuteActivity(ctx, do.SendBatch, input).Get(ctx, &result); err != nil {
		return err
	}
	r.window = cmp.Or(result.Window, r.opened.Window)
	if r.opened.Allowed != nil && result.RequestsPerSecond > 0 {
		r.opened.Allowed.RequestsPerSecond = result.RequestsPerSecond
	}
	sent.ended = workflow.Now(ctx)
	r.postponed.observe(sent, result)
	if result.Postponed {
		r.queue.putLast(number)
		return nil
	}
	r.brakes.observe(sent.mode, result)
	r.progress.Settled += r.progress.add(result.Outcomes) + r.progress.addLeavers(result.Leavers) + result.MarkedAgain
	r.progress.BatchesDone++
	r.progress.Batches += int64(len(result.Next))
	r.queue.putFirst(result.Next)
	r.moved(ctx)
	r.show(ctx)
	return nil
}

func (r *audienceSync) describe(number int64) string {
	size := r.opened.BatchSize
	for _, stage := range []struct {
		batches  activities.Numbers
		contacts int64
		what     string
	}{
		{r.plan.LeaverBatches, r.plan.Leavers - r.plan.KnownLeavers, "who left"},
		{r.plan.MemberBatches, r.plan.ToSend, "members"},
		{r.plan.MarkBatches, r.plan.MarkedAgain, "members to be marked again"},
	} {
		switch {
		case number < stage.batches.From || number > stage.batches.To:
			continue
		case number == stage.batches.To:
			size = stage.contacts - (stage.batches.Count()-1)*size
		}
		return fmt.Sprintf("batch %d: %s %s", number, audience.Thousands(size), stage.what)
	}
	return fmt.Sprintf("batch %d: part of an earlier batch", number)
}
