package workflows_test

import (
	"compress/gzip"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

// The histories are those of real runs, recorded by "make replay-record". A
// run that was started by released code must go on with the code of today.

// recorded returns the recorded histories by the name of their file.
func recorded(t *testing.T) map[string]*historypb.History {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "replay", "*.json.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "record histories: make replay-record")
	histories := map[string]*historypb.History{}
	for _, path := range files {
		histories[strings.TrimSuffix(filepath.Base(path), ".json.gz")] = readHistory(t, path)
	}
	return histories
}

func readHistory(t *testing.T, path string) *historypb.History {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unpacked, err := gzip.NewReader(file)
	require.NoError(t, err)
	history, err := client.HistoryFromJSON(unpacked, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return history
}

func replay(register func(worker.WorkflowReplayer), history *historypb.History) error {
	replayer := worker.NewWorkflowReplayer()
	register(replayer)
	return replayer.ReplayWorkflowHistory(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), history)
}

func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	histories := recorded(t)
	for name, history := range histories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replay(func(r worker.WorkflowReplayer) { workflows.Register(r) }, history))
		})
	}
}

func TestTheRecordedHistoriesCoverWhatARunCanMeet(t *testing.T) {
	t.Parallel()
	histories := recorded(t)
	for _, name := range []string{
		"v0_plain", "v0_unchanged", "v0_continued-1", "v0_continued-2", "v0_continued-3", "v0_split", "v0_cancelled",
		"v0_refused-at-open", "v0_unverifiable", "v0_outside-accept", "v0_paused", "v0_access", "v0_approved", "v0_declined", "v0_due-run", "v0_due-run-joined", "v0_due-run-afterwards",
		"v0_notified", "v0_notify",
	} {
		require.Contains(t, histories, name)
	}
	for name, kind := range map[string]enumspb.EventType{
		"v0_plain":           enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		"v0_continued-1":     enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
		"v0_cancelled":       enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
		"v0_refused-at-open": enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		"v0_outside-accept":  enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		"v0_paused":          enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		"v0_access":          enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		"v0_approved":        enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, // Some had been refused before.
		"v0_declined":        enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
	} {
		events := histories[name].GetEvents()
		require.Equal(t, kind, events[len(events)-1].GetEventType(), name)
	}
	for _, name := range []string{"v0_paused", "v0_access", "v0_approved", "v0_declined"} {
		require.True(t, holds(histories[name], enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED), "%s: nobody told the run anything", name)
	}
	started := enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED
	require.True(t, holds(histories["v0_notified"], started))
	require.False(t, holds(histories["v0_plain"], started), "nobody is told")
	require.True(t, holds(histories["v0_due-run"], started))
	require.False(t, holds(histories["v0_due-run-joined"], started))
	require.True(t, holds(histories["v0_due-run-afterwards"], started))
}

func holds(history *historypb.History, kind enumspb.EventType) bool {
	return slices.ContainsFunc(history.GetEvents(), func(event *historypb.HistoryEvent) bool {
		return event.GetEventType() == kind
	})
}

func TestAnIncompatibleChangeWouldBeNoticed(t *testing.T) {
	t.Parallel()
	var do *activities.Activities
	for name, changed := range map[string]func(workflow.Context, workflows.AudienceSyncInput) (*audience.Report, error){
		"another activity comes first": func(ctx workflow.Context, in workflows.AudienceSyncInput) (*audience.Report, error) {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 1 << 40})
			if err := workflow.ExecuteActivity(ctx, do.CheckSync, activities.CheckSyncInput{Spec: in.Spec}).Get(ctx, nil); err != nil {
				return nil, err
			}
			return workflows.AudienceSync(ctx, in)
		},
		"a timer comes first": func(ctx workflow.Context, in workflows.AudienceSyncInput) (*audience.Report, error) {
			if err := workflow.NewTimer(ctx, 1<<40).Get(ctx, nil); err != nil {
				return nil, err
			}
			return workflows.AudienceSync(ctx, in)
		},
		"it ends at once": func(workflow.Context, workflows.AudienceSyncInput) (*audience.Report, error) {
			return &audience.Report{}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := replay(func(r worker.WorkflowReplayer) {
				r.RegisterWorkflowWithOptions(changed, workflow.RegisterOptions{Name: "AudienceSync"})
			}, recorded(t)["v0_plain"])
			require.ErrorContains(t, err, "TMPRL1100", "the error of code that is not that of the history")
		})
	}
}
