package activities

import (
	"context"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"audiencesync/internal/temporalclient"
)

// LookStalledResult is the result of LookStalled.
type LookStalledResult struct {
	// Why says why the run waits; empty where nobody can tell.
	Why string `json:"why,omitempty"`
	// Work is how far long activities have come, in contacts. It grows while they move,
	// though they have no result yet.
	Work int64 `json:"work,omitempty"`
}

// LookStalled asks Temporal what the workflow waits for in which nothing has moved for
// long.
func (a *Activities) LookStalled(ctx context.Context) (LookStalledResult, error) {
	info := activity.GetInfo(ctx)
	pending, err := temporalclient.Pending(ctx, a.temporal, info.WorkflowExecution.ID, info.WorkflowExecution.RunID)
	if err != nil {
		return LookStalledResult{}, err
	}
	result := LookStalledResult{Work: workOf(pending)}
	if waiting := temporalclient.WaitingFor(pending); waiting != nil {
		result.Why = waiting.Why
	}
	return result, nil
}

// workOf adds up what activities say with their heartbeats.
func workOf(pending []*workflowpb.PendingActivityInfo) int64 {
	var sum int64
	for _, p := range pending {
		var contacts int64
		if err := converter.GetDefaultDataConverter().FromPayloads(p.GetHeartbeatDetails(), &contacts); err == nil {
			sum += contacts
		}
	}
	return sum
}
