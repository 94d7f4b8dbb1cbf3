package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/config"
)

// Stall says that a run stands still, and for no person.
type Stall struct {
	// Since is when something moved last.
	Since time.Time `json:"since"`
	// Why is empty where nobody can tell.
	Why string `json:"why,omitempty"`
}

// Words are the stall in one line.
func (s *Stall) Words() string {
	text := "nothing has moved since " + s.Since.UTC().Format("2006-01-02 15:04 MST")
	if s.Why != "" {
		text += ": " + s.Why
	}
	return text
}

// watchStall lets the run say by itself that it stands still. It takes one timer for each
// limits.stalled_after, however much moves meanwhile, and none while the run waits for a
// person or stands still already.
func (r *audienceSync) watchStall(ctx workflow.Context) {
	after := r.spec.Limits.StalledAfter.D()
	if after <= 0 {
		return
	}
	// A context of its own: a run that was cancelled may stand still while it closes.
	calm, _ := workflow.NewDisconnectedContext(ctx)
	workflow.GoNamed(calm, "watch for a standstill", func(ctx workflow.Context) {
		for {
			if err := workflow.Await(ctx, func() bool { return !r.waits && r.progress.Stalled == nil }); err != nil {
				return
			}
			wait := after - workflow.Now(ctx).Sub(r.progress.MovedAt)
			if wait <= 0 {
				r.lookStalled(ctx)
				continue
			}
			timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "until it is looked whether the run stands still"})
			if err := timer.Get(ctx, nil); err != nil {
				return
			}
		}
	})
}

// lookStalled asks what the run waits for, and says that it stands still, unless an
// activity that takes long has come further since it was asked last.
func (r *audienceSync) lookStalled(ctx workflow.Context) {
	since := r.progress.MovedAt
	var found activities.LookStalledResult
	looking := workflow.WithActivityOptions(ctx, looking("look why nothing moves"))
	if err := workflow.ExecuteActivity(looking, do.LookStalled).Get(ctx, &found); err != nil {
		workflow.GetLogger(ctx).Warn("why nothing moves is not known", "sync", r.spec.Sync, "error", err)
	}
	switch {
	case r.progress.MovedAt.After(since) || r.waits:
		return
	case found.Work != r.work:
		r.work, r.progress.MovedAt = found.Work, workflow.Now(ctx)
		return
	}
	if found.Why == "" && r.postponed.Silence.InARow > 0 {
		found.Why = r.postponed.Silence.why()
	}
	r.progress.Stalled = &Stall{Since: since, Why: found.Why}
	workflow.GetLogger(ctx).Warn("the run stands still", "sync", r.spec.Sync, "run", r.opened.Run.Run, "phase", string(r.progress.Phase),
		"since", since, "why", found.Why)
	r.show(ctx)
	r.letFind(ctx)
	r.tellStall(ctx)
}

// goesOn ends a standstill.
func (r *audienceSync) goesOn(ctx workflow.Context) {
	if r.progress.Stalled == nil {
		return
	}
	workflow.GetLogger(ctx).Info("the run moves again", "sync", r.spec.Sync, "run", r.opened.Run.Run, "phase", string(r.progress.Phase))
	r.progress.Stalled = nil
	r.letFind(ctx)
}

// tellStall tells whom the sync names that the run stands still.
func (r *audienceSync) tellStall(ctx workflow.Context) {
	if r.tellsNobody() || !r.spec.Notify.Tells(config.NotifyStalled) {
		return
	}
	stall := *r.progress.Stalled
	startNotify(ctx, fmt.Sprintf("run %d stands still", r.opened.Run.Run), r.happened(ctx, fmt.Sprintf("stalled-%d", stall.Since.UnixMilli()),
		activities.NotifyInput{Stalled: &activities.NotifyStalled{
			Run: r.opened.Run.Run, Phase: string(r.progress.Phase), Since: stall.Since, Why: stall.Why,
		}}))
}
