package workflows

import (
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
)

// SetLimits shows the limits of a workspace, or changes them for all workers. It is a
// workflow so that a command needs no ledger, and that the history says who wanted what.
func SetLimits(ctx workflow.Context, in activities.SetLimitsInput) (activities.LimitsInForce, error) {
	var limits activities.LimitsInForce
	ctx = workflow.WithActivityOptions(ctx, asking("limits of "+in.Connection))
	err := workflow.ExecuteActivity(ctx, do.SetLimits, in).Get(ctx, &limits)
	return limits, err
}
