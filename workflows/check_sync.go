package workflows

import (
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
)

// CheckSync asks everything that a run asks before it reads, and changes nothing.
func CheckSync(ctx workflow.Context, in activities.CheckSyncInput) (activities.CheckSyncResult, error) {
	ctx = workflow.WithActivityOptions(ctx, asking("check connections, tags, properties, segment"))
	var result activities.CheckSyncResult
	err := workflow.ExecuteActivity(ctx, do.CheckSync, in).Get(ctx, &result)
	return result, err
}
