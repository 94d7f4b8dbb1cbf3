package workflows_test

import (
	"compress/gzip"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
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
	const (
		completed = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
		failed    = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
		cancelled = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
		continued = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
		told      = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
		timed     = enumspb.EVENT_TYPE_TIMER_STARTED
		child     = enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED
	)
	histories := recorded(t)
	for name, shape := range map[string]struct {
		end enumspb.EventType
		// holds are kinds of events that make the shape.
		holds []enumspb.EventType
	}{
		"v0_plain":              {end: completed},
		"v0_unchanged":          {end: completed},
		"v0_planned":            {end: completed},
		"v0_retired":            {end: completed},
		"v0_verified":           {end: completed},
		"v0_audited":            {end: completed},
		"v0_unverifiable":       {end: completed},
		"v0_outside-accept":     {end: failed},
		"v0_refused-at-open":    {end: failed},
		"v0_split":              {end: completed},
		"v0_unanswered":         {end: failed},
		"v0_stalled":            {end: completed, holds: []enumspb.EventType{timed}},
		"v0_continued-1":        {end: continued},
		"v0_continued-4":        {end: completed},
		"v0_large-1":            {end: continued},
		"v0_large-2":            {end: completed},
		"v0_repaired-1":         {end: continued},
		"v0_repaired-2":         {end: completed},
		"v0_gated":              {end: completed, holds: []enumspb.EventType{told}},
		"v0_approved-late":      {end: completed, holds: []enumspb.EventType{told}},
		"v0_approved":           {end: failed, holds: []enumspb.EventType{told}}, // Some had been refused before.
		"v0_declined":           {end: failed, holds: []enumspb.EventType{told}},
		"v0_access":             {end: completed, holds: []enumspb.EventType{told}},
		"v0_paused":             {end: completed, holds: []enumspb.EventType{told}},
		"v0_cancelled":          {end: cancelled},
		"v0_cancelled-by-order": {end: cancelled, holds: []enumspb.EventType{told}},
		"v0_notified":           {end: completed, holds: []enumspb.EventType{child}},
		"v0_notify":             {end: completed},
		"v0_checked":            {end: completed},
		"v0_limits":             {end: completed},
		"v0_due-run":            {end: completed, holds: []enumspb.EventType{child}},
		"v0_due-run-afterwards": {end: completed, holds: []enumspb.EventType{child}},
		"v0_due-run-joined":     {end: completed},
		"v0_due-run-proof":      {end: completed, holds: []enumspb.EventType{child}},
		"v0_due-run-paused":     {end: failed, holds: []enumspb.EventType{child}},
	} {
		require.Contains(t, histories, name)
		events := histories[name].GetEvents()
		require.Equal(t, shape.end, events[len(events)-1].GetEventType(), name)
		for _, kind := range shape.holds {
			require.True(t, holds(histories[name], kind), "%s: there is no %s", name, kind)
		}
	}
	require.Greater(t, len(histories["v0_large-1"].GetEvents()), 3000, "a history of as many batches as one may have")
	require.False(t, holds(histories["v0_plain"], child), "nobody is told")
	require.False(t, holds(histories["v0_due-run-joined"], child))
}

func TestEveryWorkflowHasARecordedHistory(t *testing.T) {
	t.Parallel()
	types := map[string]bool{}
	for _, history := range recorded(t) {
		types[history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()] = true
	}
	names := &registered{}
	workflows.Register(names)
	require.NotEmpty(t, names.names)
	for _, name := range names.names {
		require.True(t, types[name], "record a history of %s (test/integration/record_test.go)", name)
	}
}

// registered notes the names of workflows.
type registered struct {
	worker.WorkflowRegistry
	names []string
}

// RegisterWorkflow implements worker.WorkflowRegistry.
func (r *registered) RegisterWorkflow(w any) {
	name := runtime.FuncForPC(reflect.ValueOf(w).Pointer()).Name()
	r.names = append(r.names, name[strings.LastIndex(name, ".")+1:])
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
