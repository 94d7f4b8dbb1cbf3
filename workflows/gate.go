package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// gate holds a run that would change too much, with nothing sent, until a person
// approves its plan. Where that takes long the members that were read are dropped;
// the run then reads again, and asks again if it would change more than was approved.
func (r *audienceSync) gate(ctx workflow.Context) error {
	for len(r.plan.Beyond) > 0 && (r.approved == nil || r.plan.Exceeds(*r.approved)) {
		why := strings.Join(r.plan.Beyond, "; ")
		if r.in.Scheduled && r.spec.Gate.Scheduled == config.ScheduledFail {
			return temporal.NewNonRetryableApplicationError(
				fmt.Sprintf("sync %s: %s; gate.scheduled is fail, so the run has ended, and nothing was sent: look at audiencesync plan %[1]s, then start a run by hand and approve it",
					r.spec.Sync, why), activities.TypeNotApproved, nil)
		}
		dropped, err := r.awaitPlanApproval(ctx, why)
		if err != nil {
			return err
		}
		approved := r.plan.Plan
		if r.approved = &approved; !dropped {
			return nil
		}
		if err := r.readAgain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitPlanApproval waits for an approval, and reports whether it came so late that
// what was read is dropped.
func (r *audienceSync) awaitPlanApproval(ctx workflow.Context, why string) (dropped bool, err error) {
	keep := r.spec.Gate.KeepFor.D()
	err = r.awaitApprovalUntil(ctx, why, &interlude{after: keep, do: func(ctx workflow.Context) error {
		dropped = true
		options := enduring("drop what was read: the run waits for a decision")
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), do.DropRead, activities.DropReadInput{Run: r.opened.Run}).Get(ctx, nil)
	}})
	return dropped, err
}

// readAgain reads and decides once more.
func (r *audienceSync) readAgain(ctx workflow.Context) error {
	r.progress.Pages, r.progress.Read, r.progress.ToSend, r.progress.Batches = 0, 0, 0, 0
	r.progress.Outcomes = audience.Outcomes{}
	for _, step := range []struct {
		phase Phase
		do    func(workflow.Context) error
	}{{PhaseRead, r.read}, {PhaseDecide, r.decide}} {
		if r.in.Retire && step.phase == PhaseRead {
			continue
		}
		r.enter(ctx, step.phase)
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	r.enter(ctx, PhaseGate)
	return nil
}

// interlude is something that is done once while a run waits for long.
type interlude struct {
	after time.Duration
	do    func(workflow.Context) error
}
