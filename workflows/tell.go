package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// tellEnd tells how the run ended, if the sync says whom to tell. What a person
// cancelled is no news.
func (r *audienceSync) tellEnd(ctx workflow.Context, report *audience.Report, err error) {
	if r.tellsNobody() || workflow.IsContinueAsNewError(err) || temporal.IsCanceledError(err) {
		return
	}
	end := activities.NotifyEnd{Run: r.opened.Run.Run}
	var ended audience.Report
	if report != nil {
		ended = *report
	}
	var unknown error
	if end.How, unknown = activities.EndOf(ended, err); unknown != nil {
		end.How = "failed"
	}
	if err != nil {
		end.Why = whyFailed(err)
	}
	startNotify(ctx, fmt.Sprintf("run %d has ended: %s", end.Run, end.How), r.happened(ctx, "end", activities.NotifyInput{Ended: &end}))
}

// tellsNobody reports whether nothing of this run is told: the sync names nobody, or it
// is a plan or a proof that a person asked for and looks at.
func (r *audienceSync) tellsNobody() bool {
	return r.spec.Notify == nil || r.in.PlanOnly || r.sendsNothing() && !r.in.Scheduled
}

// whyFailed is what is told of an error: what Temporal itself says of one names the
// machines of workers.
func whyFailed(err error) string {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return said.Message()
	}
	if temporal.IsTimeoutError(err) {
		return "a step of the run did not end in time"
	}
	return "see the run in Temporal's web UI"
}

// tellHold tells that the run waits, and again and again until stop is called.
func (r *audienceSync) tellHold(ctx workflow.Context, hold Hold) (stop func()) {
	event := config.NotifyApproval
	if hold.Kind != HoldApproval {
		event = config.NotifyPaused
	}
	if r.tellsNobody() || !r.spec.Notify.Tells(event) {
		return func() {}
	}
	what, every := fmt.Sprintf("hold-%d", r.progress.Holds), r.spec.Notify.Reminder.D()
	if hold.Kind == HoldPause {
		// A person knows of it: once is enough.
		what, every = fmt.Sprintf("pause-%d", hold.Since.UnixMilli()), 0
	}
	ctx, cancel := workflow.WithCancel(ctx)
	workflow.GoNamed(ctx, "tell of "+what, func(ctx workflow.Context) {
		for reminders := 0; ; reminders++ {
			said := activities.NotifyHold{
				Run: r.opened.Run.Run, Event: event, ByPerson: hold.Kind == HoldPause, Since: hold.Since, Until: hold.Until, Reminder: reminders > 0,
			}
			if !said.ByPerson {
				said.Why = hold.Why
			}
			name := what
			if reminders > 0 {
				name = fmt.Sprintf("%s-reminder-%d", what, reminders)
			}
			startNotify(ctx, fmt.Sprintf("run %d waits for %s", said.Run, hold.Kind), r.happened(ctx, name, activities.NotifyInput{Hold: &said}))
			if every <= 0 {
				return
			}
			timer := workflow.NewTimerWithOptions(ctx, every, workflow.TimerOptions{Summary: "until it is told again that the run waits"})
			if err := timer.Get(ctx, nil); err != nil {
				return
			}
		}
	})
	return cancel
}

// happened completes what is told with the sync, and with a name that nothing else has.
func (r *audienceSync) happened(ctx workflow.Context, what string, in activities.NotifyInput) activities.NotifyInput {
	in.Sync, in.Notify, in.At = r.spec.Sync, *r.spec.Notify, workflow.Now(ctx)
	// A run that repairs another one has its first Temporal run id, and another number.
	in.Cause = NotifyID(r.spec.Sync, workflow.GetInfo(ctx).FirstRunID, fmt.Sprintf("run-%d-%s", r.opened.Run.Run, what))
	return in
}
