package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/workflows"
)

// history is one Temporal run of the sync's chain.
type history struct {
	events  int64
	bytes   int64
	batches int64
	// read and send are from the first such activity to the end of the last.
	read, send span
}

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s *span) add(at time.Time) {
	if s.from.IsZero() || at.Before(s.from) {
		s.from = at
	}
	if at.After(s.to) {
		s.to = at
	}
}

func (s *span) seconds() float64 { return s.to.Sub(s.from).Seconds() }

// histories reads every Temporal run of the sync, the oldest first.
func (p *play) histories(ctx context.Context, sync string) ([]history, error) {
	c, err := client.DialContext(ctx, client.Options{HostPort: p.Server.Address()})
	if err != nil {
		return nil, fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer c.Close()
	var chain []history
	id, run := workflows.SyncID(sync), ""
	for {
		h, before, err := readHistory(ctx, c, id, run)
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", id, err)
		}
		chain = append(chain, h)
		if before == "" {
			slices.Reverse(chain)
			return chain, nil
		}
		run = before
	}
}

// readHistory reads one Temporal run; before is the run that it continued.
func readHistory(ctx context.Context, c client.Client, id, run string) (h history, before string, err error) {
	description, err := c.DescribeWorkflowExecution(ctx, id, run)
	if err != nil {
		return h, "", err
	}
	h.bytes = description.GetWorkflowExecutionInfo().GetHistorySizeBytes()
	activities := map[int64]string{}
	events := c.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return h, "", err
		}
		h.events++
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
			before = event.GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			name := event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
			activities[event.GetEventId()] = name
			h.note(name, event)
			if name == "SendBatch" {
				h.batches++
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			h.note(activities[event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()], event)
		}
	}
	return h, before, nil
}

func (h *history) note(activity string, event *historypb.HistoryEvent) {
	switch activity {
	case "ReadPages":
		h.read.add(event.GetEventTime().AsTime())
	case "SendBatch":
		h.send.add(event.GetEventTime().AsTime())
	}
}
