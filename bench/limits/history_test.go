package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"audiencesync/bench/stage"
	"audiencesync/bench/table"
)

func execution(bytes int64, kinds ...enumspb.EventType) stage.Execution {
	e := stage.Execution{Info: &workflowpb.WorkflowExecutionInfo{HistorySizeBytes: bytes}}
	for i, kind := range kinds {
		e.Events = append(e.Events, &historypb.HistoryEvent{EventId: int64(i + 1), EventType: kind})
	}
	return e
}

const (
	scheduled = enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
	completed = enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
	failed    = enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED
	updated   = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
)

func TestTheMostOfAChainIsThatOfItsLargestHistory(t *testing.T) {
	t.Parallel()
	h := heldBy([]stage.Execution{
		execution(7000, scheduled, scheduled, completed, scheduled, failed, completed),
		execution(9000, updated, updated, scheduled),
	})
	require.Equal(t, 2, h.histories)
	require.Equal(t, 6, h.events)
	require.EqualValues(t, 9000, h.bytes)
	require.Equal(t, 2, h.pending)
	require.Equal(t, 2, h.updates)
}

func TestTheLargestEventIsNamed(t *testing.T) {
	t.Parallel()
	e := execution(1, scheduled, completed)
	e.Events[1].Attributes = &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
		ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
			Result: &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: make([]byte, 5000)}}},
		},
	}
	h := heldBy([]stage.Execution{e})
	require.Greater(t, h.largest, 5000)
	require.Equal(t, "ActivityTaskCompleted", h.largestKind)
}

func TestMoreThanATenthOfALimitMissesTheGoal(t *testing.T) {
	t.Parallel()
	require.True(t, table.AllMet(figuresOf([]ranSync{{held: held{events: maxEvents / 10, pending: maxPending / 10}}})))
	require.False(t, table.AllMet(figuresOf([]ranSync{{}, {held: held{events: maxEvents/10 + 1}}})))
	require.False(t, table.AllMet(figuresOf([]ranSync{{sent: message{bytes: maxMessage/10 + 1}}})))
}
