package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// Names of updates: part of the contract with the CLI.
const (
	// UpdateApprove lets a run that waits for approval go on; about one hold, once.
	UpdateApprove = "approve"
	// UpdateDecline ends a run that waits for approval.
	UpdateDecline = "decline"
	// UpdatePause lets a run finish what is under way and then wait.
	UpdatePause = "pause"
	// UpdateResume ends a pause, and tells a run that access is given back.
	UpdateResume = "resume"
	// UpdateCancel ends a run: what is under way is finished, the rest is not sent.
	UpdateCancel = "cancel"
)

// Steer is the input of every update: who decides, why, and about which hold.
// A repeated update changes nothing. Updates return the run's Progress.
type Steer struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// Hold is the ID of the hold that an approval is about.
	Hold string `json:"hold,omitempty"`
}

// maxDecisions bounds what a run keeps of decisions.
const maxDecisions = 100

func (r *audienceSync) handleUpdates(ctx workflow.Context) error {
	for _, update := range []struct {
		name, description string
		validate          func(Steer) error
		apply             func(workflow.Context, Steer)
	}{
		{UpdateApprove, "Lets the run go on that waits for approval.", r.mayDecide(audience.Approve), r.decideHold(audience.Approve)},
		{UpdateDecline, "Ends the run that waits for approval.", r.mayDecide(audience.Decline), r.decideHold(audience.Decline)},
		{UpdatePause, "Finishes what is under way, then waits for resume.", r.mayPause, r.pause},
		{UpdateResume, "Ends a pause, or tells that access is given back.", r.mayResume, r.resume},
		{UpdateCancel, "Finishes what is under way, then ends the run.", r.mayCancel, r.cancel},
	} {
		err := workflow.SetUpdateHandlerWithOptions(ctx, update.name,
			func(ctx workflow.Context, in Steer) (Progress, error) {
				update.apply(ctx, in)
				r.show(ctx)
				return r.seen(ctx), nil
			},
			workflow.UpdateHandlerOptions{
				Validator:   func(_ workflow.Context, in Steer) error { return update.validate(in) },
				Description: update.description,
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// maySteer refuses decisions that nobody takes responsibility for, and words that are
// too long: all of them are carried on, and stand in every answer.
func (r *audienceSync) maySteer(in Steer) error {
	if in.By == "" {
		return fmt.Errorf("sync %s: say who decides", r.spec.Sync)
	}
	if err := activities.CheckSaid(in.By, in.Why); err != nil {
		return fmt.Errorf("sync %s: %w", r.spec.Sync, err)
	}
	return nil
}

// mayPause refuses a pause that would have no effect.
func (r *audienceSync) mayPause(in Steer) error {
	if r.ending || r.cancelled != nil {
		return fmt.Errorf("sync %s: the run is at its end, there is nothing to pause", r.spec.Sync)
	}
	return r.maySteer(in)
}

// mayDecide refuses an approval that is not about what the run waits for. The
// same decision again is no error.
func (r *audienceSync) mayDecide(what string) func(Steer) error {
	return func(in Steer) error {
		hold := r.progress.Hold
		switch {
		case r.decided(what, in.Hold):
			return nil
		case !r.waitsFor(HoldApproval):
			return fmt.Errorf("sync %s: run %d waits for no approval", r.spec.Sync, r.opened.Run.Run)
		case in.Hold != hold.ID:
			return fmt.Errorf("sync %s: the run waits for a decision about %s, this one is about %q: look again with audiencesync status %s",
				r.spec.Sync, hold.ID, in.Hold, r.spec.Sync)
		}
		return r.maySteer(in)
	}
}

// mayResume refuses a resume that would have no effect. The same order again is
// no error.
func (r *audienceSync) mayResume(in Steer) error {
	switch {
	case r.progress.Paused != nil, r.waitsFor(HoldAccess), r.resumed():
		return r.maySteer(in)
	case r.waitsFor(HoldApproval):
		return fmt.Errorf("sync %s: the run is not paused, it waits for approval: audiencesync approve %[1]s, or decline", r.spec.Sync)
	default:
		return fmt.Errorf("sync %s: run %d is not paused, and access is not denied", r.spec.Sync, r.opened.Run.Run)
	}
}

// waitsFor reports whether the run waits for a decision of this kind, and there
// is none yet.
func (r *audienceSync) waitsFor(kind HoldKind) bool {
	return r.progress.Hold != nil && r.progress.Hold.Kind == kind && r.answer == nil
}

// resumed reports whether the newest order was to resume, and nothing holds the
// run that began after it.
func (r *audienceSync) resumed() bool {
	orders, hold := r.progress.Decisions, r.progress.Hold
	if len(orders) == 0 || orders[len(orders)-1].What != audience.Resume {
		return false
	}
	return hold == nil || orders[len(orders)-1].At.After(hold.Since)
}

func (r *audienceSync) decided(what, hold string) bool {
	return slices.ContainsFunc(r.progress.Decisions, func(d audience.Decision) bool { return d.What == what && d.About == hold })
}

func (r *audienceSync) decideHold(what string) func(workflow.Context, Steer) {
	return func(ctx workflow.Context, in Steer) {
		if r.decided(what, in.Hold) {
			return
		}
		r.answer = r.record(ctx, what, in)
	}
}

func (r *audienceSync) pause(ctx workflow.Context, in Steer) {
	if r.progress.Paused != nil {
		return
	}
	in.Hold = ""
	r.record(ctx, audience.Pause, in)
	r.progress.Paused = &Hold{Kind: HoldPause, Why: "paused by " + in.By + reason(in.Why), Since: workflow.Now(ctx)}
}

func (r *audienceSync) resume(ctx workflow.Context, in Steer) {
	denied := r.waitsFor(HoldAccess)
	if r.progress.Paused == nil && !denied {
		return
	}
	r.progress.Paused = nil
	if !denied {
		in.Hold = ""
		r.record(ctx, audience.Resume, in)
		return
	}
	in.Hold = r.progress.Hold.ID
	r.answer = r.record(ctx, audience.Resume, in)
}

// record keeps who decided what; it becomes part of the report.
func (r *audienceSync) record(ctx workflow.Context, what string, in Steer) *audience.Decision {
	made := audience.Decision{What: what, About: in.Hold, By: in.By, Why: in.Why, At: workflow.Now(ctx)}
	r.progress.Decisions = append(r.progress.Decisions, made)
	if extra := len(r.progress.Decisions) - maxDecisions; extra > 0 {
		r.progress.Decisions = slices.Delete(r.progress.Decisions, 0, extra)
	}
	return &made
}
