package main

import (
	"context"
	"fmt"
	"time"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// localRetention is how long the server of "up" keeps runs that have ended. By itself
// it keeps them for a day: the last run of a weekly sync would be unknown most of the time.
const localRetention = 30 * 24 * time.Hour

// keepRuns lets a local server keep runs that have ended for so long, unless it keeps
// them for longer.
func keepRuns(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, dialLocalTimeout)
	defer cancel()
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("how long the local Temporal server keeps runs: %w", err)
	}
	if described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() >= retention {
		return nil
	}
	_, err = c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: namespace, Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
	})
	if err != nil {
		return fmt.Errorf("letting the local Temporal server keep runs for %s: %w", retention, err)
	}
	return nil
}
