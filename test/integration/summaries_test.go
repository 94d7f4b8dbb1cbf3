package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// text is a text that the web UI shows.
func text(t *testing.T, metadata *sdkpb.UserMetadata, details bool) string {
	t.Helper()
	payload := metadata.GetSummary()
	if details {
		payload = metadata.GetDetails()
	}
	if payload == nil {
		return ""
	}
	var said string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &said))
	return said
}

// requireSummaries makes sure that everything that the web UI lists of a run says what
// it is for, in words of ours, and returns how many of each kind there were.
func (w *world) requireSummaries(t *testing.T, run client.WorkflowRun) map[enumspb.EventType]int {
	t.Helper()
	kinds := map[enumspb.EventType]int{}
	for _, history := range w.histories(t, run.GetID(), run.GetRunID()) {
		for _, event := range history.GetEvents() {
			switch event.GetEventType() {
			case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enumspb.EVENT_TYPE_TIMER_STARTED, enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
				enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
				kinds[event.GetEventType()]++
				summary := text(t, event.GetUserMetadata(), false)
				require.NotContains(t, []string{"", "Sleep", "AwaitWithTimeout"}, summary, event)
			}
		}
	}
	return kinds
}

func TestEverythingThatTheWebUIListsOfARunSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T, *world, config.Sync) client.WorkflowRun{
		"a run that asks": func(t *testing.T, w *world, spec config.Sync) client.WorkflowRun {
			t.Helper()
			spec.Gate.FirstRun = config.FirstExpect
			run := w.started(t, spec)
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitHold(t, spec).ID))
			return run
		},
		"a run that is cancelled": func(t *testing.T, w *world, spec config.Sync) client.WorkflowRun {
			t.Helper()
			return w.cancelInMidSend(t, spec, w.cancelled(t))
		},
		"a due run": func(t *testing.T, w *world, spec config.Sync) client.WorkflowRun {
			t.Helper()
			return w.dueRun(t, w.schedule(t, spec, 24*time.Hour, true))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _, _, spec := notified(t, 300)
			run := play(t, w, spec)
			_ = run.Get(t.Context(), nil)
			kinds := w.requireSummaries(t, run)
			require.NotZero(t, kinds[enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED])
			require.NotZero(t, kinds[enumspb.EVENT_TYPE_TIMER_STARTED])
		})
	}
}

func TestARunSaysFromItsStartWhatItIsAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 50)
	due := w.dueRun(t, w.schedule(t, demo(t), 24*time.Hour, true))
	require.NoError(t, due.Get(t.Context(), nil))
	described, err := w.client.DescribeWorkflowExecution(t.Context(), workflows.SyncID("demo"), "")
	require.NoError(t, err)
	metadata := described.GetExecutionConfig().GetUserMetadata()
	require.Equal(t, "audience 984 Spring campaign into charles-demo", text(t, metadata, false))
	require.Contains(t, text(t, metadata, true), "started by schedule")
	require.Contains(t, text(t, metadata, true), "| segment | seg-984, compared with the ledger: always |")
}
