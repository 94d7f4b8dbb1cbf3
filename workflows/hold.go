package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// HoldKind is what a run waits for.
type HoldKind string

// The kinds of holds.
const (
	// HoldApproval: the run would do, or is doing, something that a person must
	// approve or decline.
	HoldApproval HoldKind = "approval"
	// HoldAccess: a vendor denies access. The run goes on after "resume".
	HoldAccess HoldKind = "access"
	// HoldPause: a person has paused the run.
	HoldPause HoldKind = "pause"
)

// Hold says why a run waits for a person. Nothing is sent meanwhile.
type Hold struct {
	Kind HoldKind `json:"kind"`
	// ID is what a decision is bound to: the plan's digest and a number.
	ID  string `json:"id"`
	Why string `json:"why"`
	// Since and Until are when waiting began and when it ends by itself, with a
	// failed run; a pause has no end.
	Since time.Time `json:"since"`
	Until time.Time `json:"until,omitzero"`
	// KeptUntil is when what was read is dropped: an approval that comes later lets
	// the run read again. Zero if it is kept as long as the run waits.
	KeptUntil time.Time `json:"kept_until,omitzero"`
}

// awaitApproval waits until a person approves what the run is about to do.
func (r *audienceSync) awaitApproval(ctx workflow.Context, why string) error {
	return r.awaitApprovalUntil(ctx, why, nil)
}

func (r *audienceSync) awaitApprovalUntil(ctx workflow.Context, why string, meanwhile *interlude) error {
	answer, err := r.awaitAnswer(ctx, HoldApproval, why, meanwhile)
	switch {
	case err != nil:
		return err
	case answer == nil:
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("sync %s: %s; nobody approved it within %s (limits.wait_for_decision), so the run has ended", r.spec.Sync, why, r.spec.Limits.WaitForDecision.D()),
			activities.TypeNotApproved, nil)
	case answer.What == audience.Decline:
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("sync %s: %s; declined by %s%s", r.spec.Sync, why, answer.By, reason(answer.Why)), activities.TypeDeclined, nil)
	default:
		return nil
	}
}

func reason(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// withAccess does a step, and again each time that a vendor denied access and
// a person says that it is given back.
func (r *audienceSync) withAccess(ctx workflow.Context, step func() error) error {
	for {
		denied := step()
		if !accessDenied(denied) {
			return denied
		}
		if err := r.awaitAccess(ctx, denied); err != nil {
			return err
		}
	}
}

// awaitAccess waits for "resume" and returns nil then; after too long it
// returns the failure that it waits for.
func (r *audienceSync) awaitAccess(ctx workflow.Context, denied error) error {
	answer, err := r.awaitAnswer(ctx, HoldAccess, messageOf(denied), nil)
	if err == nil && answer == nil {
		return denied
	}
	return err
}

// awaitAnswer holds the run until a decision about this hold arrives, and
// returns it: nil when nobody decided in time.
func (r *audienceSync) awaitAnswer(ctx workflow.Context, kind HoldKind, why string, meanwhile *interlude) (*audience.Decision, error) {
	limit := r.spec.Limits.WaitForDecision.D()
	now := workflow.Now(ctx)
	r.progress.Holds++
	r.progress.Hold = &Hold{
		Kind: kind, ID: fmt.Sprintf("%s-%d", r.holdPrefix(), r.progress.Holds), Why: why, Since: now, Until: now.Add(limit),
	}
	if meanwhile != nil && meanwhile.after < limit {
		r.progress.Hold.KeptUntil = now.Add(meanwhile.after)
	}
	r.answer = nil
	r.show(ctx)
	defer func() {
		r.progress.Hold = nil
		r.show(ctx)
	}()
	if limit <= 0 {
		return nil, nil
	}
	defer r.wait(ctx)()
	defer r.tellHold(ctx, *r.progress.Hold)()
	if meanwhile != nil && meanwhile.after < limit {
		answered, err := r.awaitFor(ctx, meanwhile.after, "until what was read is dropped")
		if answered || err != nil {
			return r.answer, err
		}
		if err := meanwhile.do(ctx); err != nil {
			return nil, err
		}
	}
	_, err := r.awaitFor(ctx, r.progress.Hold.Until.Sub(workflow.Now(ctx)), "until the run ends without a decision")
	return r.answer, err
}

func (r *audienceSync) awaitFor(ctx workflow.Context, limit time.Duration, summary string) (answered bool, err error) {
	return workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: limit, TimerOptions: workflow.TimerOptions{Summary: summary},
	}, func() bool { return r.answer != nil })
}

// holdPrefix binds decisions to the plan, once there is one, and to the run.
func (r *audienceSync) holdPrefix() string {
	if r.plan.Digest != "" {
		return r.plan.Digest
	}
	return fmt.Sprintf("run%d", r.opened.Run.Run)
}

// awaitResume waits while a person has paused the run.
func (r *audienceSync) awaitResume(ctx workflow.Context) error {
	if r.progress.Paused == nil {
		return nil
	}
	r.show(ctx)
	defer r.wait(ctx)()
	defer r.tellHold(ctx, *r.progress.Paused)()
	if err := workflow.Await(ctx, func() bool { return r.progress.Paused == nil }); err != nil {
		return err
	}
	return ctx.Err() // A cancellation ends a pause, too.
}

// wait lets the run be found as one that waits for a person, until stop is called.
func (r *audienceSync) wait(ctx workflow.Context) (stop func()) {
	r.waits = true
	r.letFind(ctx)
	return func() {
		r.waits = false
		r.moved(ctx)
		r.letFind(ctx)
	}
}
