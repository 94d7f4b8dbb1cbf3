package integration

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
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

// lostHeartbeats reports whether the server took a worker for dead that was
// only slow, and gave its activity out again: then more is repeated than what
// the vendors are to blame for.
func (w *world) lostHeartbeats(t *testing.T, run client.WorkflowRun) bool {
	t.Helper()
	history := w.client.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		if event.GetActivityTaskStartedEventAttributes().GetLastFailure().GetTimeoutFailureInfo() != nil {
			return true
		}
	}
	return false
}
