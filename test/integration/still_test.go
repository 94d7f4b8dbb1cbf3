package integration

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
)

// whyStill tells what a run that does not end is waiting for: what Temporal
// holds of it, its last events, and what every goroutine of this process does.
// A run's history holds no contact data.
func (w *world) whyStill(ctx context.Context, run client.WorkflowRun) string {
	var text strings.Builder
	fmt.Fprintf(&text, "run %s is still going\n", run.GetRunID())
	described, err := w.client.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
	if err != nil {
		fmt.Fprintln(&text, err)
	}
	for _, activity := range described.GetPendingActivities() {
		fmt.Fprintln(&text, "pending activity:", protojson.Format(activity))
	}
	if task := described.GetPendingWorkflowTask(); task != nil {
		fmt.Fprintln(&text, "pending workflow task:", protojson.Format(task))
	}
	var events []string
	history := w.client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			fmt.Fprintln(&text, err)
			break
		}
		events = append(events, fmt.Sprintf("%d %s %s", event.GetEventId(), event.GetEventTime().AsTime().Format("15:04:05.000"), event.GetEventType()))
	}
	fmt.Fprintf(&text, "last events:\n%s\n", strings.Join(events[max(0, len(events)-30):], "\n"))
	stacks := make([]byte, 4<<20)
	fmt.Fprintf(&text, "goroutines:\n%s", stacks[:runtime.Stack(stacks, true)])
	return text.String()
}

// excused is how many contacts may arrive again because the server took a
// worker for dead that was only slow, and gave its batch out again: the contacts
// of that batch, at most perBatch, once for each further try.
func excused(histories []*historypb.History, perBatch int64) (contacts int64) {
	for _, history := range histories {
		sends := map[int64]bool{}
		for _, event := range history.GetEvents() {
			if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "SendBatch" {
				sends[event.GetEventId()] = true
			}
			started := event.GetActivityTaskStartedEventAttributes()
			lost := started.GetLastFailure().GetTimeoutFailureInfo().GetTimeoutType() == enumspb.TIMEOUT_TYPE_HEARTBEAT
			if lost && sends[started.GetScheduledEventId()] {
				contacts += int64(started.GetAttempt()-1) * perBatch
			}
		}
	}
	return contacts
}

func TestLostHeartbeatsExcuseTheContactsOfTheirBatchOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		activity string
		kind     enumspb.TimeoutType
		attempt  int32
		contacts int64
	}{
		"a batch":                  {"SendBatch", enumspb.TIMEOUT_TYPE_HEARTBEAT, 2, 40},
		"a batch, twice":           {"SendBatch", enumspb.TIMEOUT_TYPE_HEARTBEAT, 3, 80},
		"a batch without end":      {"SendBatch", enumspb.TIMEOUT_TYPE_START_TO_CLOSE, 2, 0},
		"a batch that was refused": {"SendBatch", enumspb.TIMEOUT_TYPE_UNSPECIFIED, 2, 0},
		"pages":                    {"ReadPages", enumspb.TIMEOUT_TYPE_HEARTBEAT, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := &historypb.History{Events: []*historypb.HistoryEvent{
				{EventId: 5, Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
					ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
						ActivityType: &commonpb.ActivityType{Name: test.activity},
					},
				}},
				{EventId: 6, Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
					ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{
						ScheduledEventId: 5, Attempt: test.attempt,
						LastFailure: &failurepb.Failure{FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
							TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: test.kind},
						}},
					},
				}},
			}}
			require.Equal(t, test.contacts, excused([]*historypb.History{history}, 40))
		})
	}
}
