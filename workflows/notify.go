package workflows

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/config"
)

// Notify tells of one thing that has happened to a sync: it records who is told, then
// delivers, to each receiver on its own. It is a child that is abandoned to itself, so
// that no run waits for a receiver, or ends otherwise because of one. It fails, and is
// red in Temporal's web UI, when something could not be delivered.
func Notify(ctx workflow.Context, in activities.NotifyInput) ([]activities.Delivery, error) {
	var deliveries []activities.Delivery
	recording := workflow.WithActivityOptions(ctx, enduring("decide what is told, and record it"))
	if err := workflow.ExecuteActivity(recording, do.RecordNotifications, in).Get(ctx, &deliveries); err != nil {
		return nil, err
	}
	under := make([]workflow.Future, len(deliveries))
	for i, delivery := range deliveries {
		delivering := workflow.WithActivityOptions(ctx, delivering("deliver to "+delivery.Connection, delivery.Within))
		under[i] = workflow.ExecuteActivity(delivering, do.DeliverNotifications, activities.DeliverInput{Sync: in.Sync, Connection: delivery.Connection})
	}
	var failed error
	for _, delivered := range under {
		if err := delivered.Get(ctx, nil); failed == nil {
			failed = err
		}
	}
	return deliveries, failed
}

// startNotify starts Notify for what has happened, and returns when it is on its way.
// What fails here is logged, and has no effect on who tells.
func startNotify(ctx workflow.Context, summary string, in activities.NotifyInput) {
	// A context of its own, never cancelled: that would cancel the child.
	calm, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.WithChildOptions(calm, workflow.ChildWorkflowOptions{
		WorkflowID:        in.Cause,
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:     summary,
	})
	if err := workflow.ExecuteChildWorkflow(child, Notify, in).GetChildWorkflowExecution().Get(calm, nil); err != nil {
		workflow.GetLogger(ctx).Warn("nobody is told of this", "sync", in.Sync, "cause", in.Cause, "error", err)
	}
}

// watchOverdue tells, while a due run goes on, that the sync is overdue, when it is.
func watchOverdue(ctx workflow.Context, spec config.Sync) {
	if !spec.Notify.Tells(config.NotifyOverdue) || spec.Notify.OverdueAfter <= 0 {
		return
	}
	workflow.GoNamed(ctx, "overdue", func(ctx workflow.Context) {
		look := activities.LookOverdueInput{Sync: spec.Sync, After: spec.Notify.OverdueAfter.D()}
		for {
			look.At = workflow.Now(ctx)
			var found activities.LookOverdueResult
			looking := workflow.WithActivityOptions(ctx, enduring("look whether the sync is overdue"))
			err := workflow.ExecuteActivity(looking, do.LookOverdue, look).Get(ctx, &found)
			switch {
			case err != nil, found.Told:
				return
			case found.In == 0:
				startNotify(ctx, "the sync is overdue", activities.NotifyInput{
					Sync: spec.Sync, Notify: *spec.Notify, At: look.At, Due: true,
					Cause: NotifyID(spec.Sync, workflow.GetInfo(ctx).FirstRunID, "overdue"),
				})
				return
			}
			timer := workflow.NewTimerWithOptions(ctx, found.In, workflow.TimerOptions{Summary: "until the sync is overdue"})
			if err := timer.Get(ctx, nil); err != nil {
				return
			}
		}
	})
}
