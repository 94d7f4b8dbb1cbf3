package stage

import (
	"context"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
)

// Execution is one Temporal run of a workflow, with its whole history.
type Execution struct {
	Info   *workflowpb.WorkflowExecutionInfo
	Events []*historypb.HistoryEvent
}

// Chain reads the newest run of a workflow, however often it went on in a new
// history: the oldest one comes first.
func (s *Stage) Chain(ctx context.Context, workflowID string) ([]Execution, error) {
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Server.Address()})
	if err != nil {
		return nil, fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer c.Close()
	var chain []Execution
	for run := ""; ; {
		execution, err := read(ctx, c, workflowID, run)
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", workflowID, err)
		}
		chain = append(chain, execution)
		run = execution.Events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
		if run == "" {
			slices.Reverse(chain)
			return chain, nil
		}
	}
}

func read(ctx context.Context, c client.Client, id, run string) (Execution, error) {
	description, err := c.DescribeWorkflowExecution(ctx, id, run)
	if err != nil {
		return Execution{}, err
	}
	e := Execution{Info: description.GetWorkflowExecutionInfo()}
	events := c.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return Execution{}, err
		}
		e.Events = append(e.Events, event)
	}
	return e, nil
}
