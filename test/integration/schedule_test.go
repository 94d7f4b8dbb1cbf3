package integration

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// schedule creates a schedule of a sync that acts once. One that "audiencesync
// schedule create" has made is tested end to end.
func (w *world) schedule(t *testing.T, spec config.Sync, every time.Duration, now bool) client.ScheduleHandle {
	t.Helper()
	handle, err := w.client.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID:   workflows.SyncID(spec.Sync),
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}, TimeZoneName: "UTC"},
		Action: &client.ScheduleWorkflowAction{
			ID:            workflows.DueID(spec.Sync),
			Workflow:      workflows.DueRun,
			Args:          []any{workflows.DueRunInput{Spec: spec}},
			TaskQueue:     workflows.TaskQueue,
			StaticSummary: workflows.Summary(spec),
		},
		Overlap:            enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
		CatchupWindow:      time.Hour,
		RemainingActions:   1,
		TriggerImmediately: now,
	})
	require.NoError(t, err)
	return handle
}

// dueRun waits until the schedule has acted and returns the due run.
func (w *world) dueRun(t *testing.T, schedule client.ScheduleHandle) client.WorkflowRun {
	t.Helper()
	var started *client.ScheduleWorkflowExecution
	require.Eventually(t, func() bool {
		description, err := schedule.Describe(t.Context())
		if err != nil || len(description.Info.RecentActions) == 0 {
			return false
		}
		started = description.Info.RecentActions[0].StartWorkflowResult
		return started != nil
	}, patience, 50*time.Millisecond, "the schedule does not act")
	return w.client.GetWorkflow(t.Context(), started.WorkflowID, started.FirstExecutionRunID)
}

// awaitWaiting returns when the due run waits for a run that is going.
func (w *world) awaitWaiting(t *testing.T, due client.WorkflowRun) {
	t.Helper()
	require.Eventually(t, func() bool {
		description, err := w.client.DescribeWorkflowExecution(t.Context(), due.GetID(), "")
		return err == nil && len(description.GetPendingActivities()) == 1 &&
			description.GetPendingActivities()[0].GetActivityType().GetName() == "AwaitRun"
	}, patience, 50*time.Millisecond, "the due run does not wait for the run that is going")
}

func resultOf(t *testing.T, due client.WorkflowRun) workflows.DueRunResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var result workflows.DueRunResult
	require.NoError(t, due.Get(ctx, &result))
	return result
}

// awaitNextSecond returns in another second of the clock.
func awaitNextSecond(t *testing.T) {
	t.Helper()
	began := time.Now().Unix()
	require.Eventually(t, func() bool { return time.Now().Unix() > began }, patience, 10*time.Millisecond)
}

// newest returns the newest run of the sync.
func (w *world) newest(t *testing.T, spec config.Sync) client.WorkflowRun {
	t.Helper()
	description, err := w.client.DescribeWorkflowExecution(t.Context(), workflows.SyncID(spec.Sync), "")
	require.NoError(t, err)
	execution := description.GetWorkflowExecutionInfo().GetExecution()
	return w.client.GetWorkflow(t.Context(), execution.GetWorkflowId(), execution.GetRunId())
}

func TestAScheduleRunsTheSyncWhenItIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	due := w.dueRun(t, w.schedule(t, spec, time.Second, false))
	result := resultOf(t, due)
	require.False(t, result.Joined)
	require.Equal(t, "explained", result.Ended)
	require.True(t, result.DueAt.Equal(result.DueAt.Truncate(time.Second)), "due when the schedule said, not when it began")

	report, err := w.end(t, w.newest(t, spec))
	require.NoError(t, err)
	requireTrueReport(t, w, report)
}

func TestARunByHandAtTheSameMomentMakesNoSecondRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	// The run by hand has begun, but has not opened its read when the time comes.
	held := w.zeotap.hold(http.MethodGet, "/v1/audiences/984", 0)
	byHand := w.started(t, spec)
	held.await(t, 1)
	due := w.dueRun(t, w.schedule(t, spec, 24*time.Hour, true))
	w.awaitWaiting(t, due)
	_, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.True(t, joined)
	held.release()

	result := resultOf(t, due)
	require.True(t, result.Joined)
	require.Equal(t, "explained", result.Ended)
	report, err := w.end(t, byHand)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	require.Equal(t, byHand.GetRunID(), w.newest(t, spec).GetRunID(), "there is a second run")
	require.Len(t, w.requireNoOverlap(t, spec, 1), 1)
}

func TestARunThatReadBeforeTheDueTimeIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	held := w.zeotap.hold(http.MethodGet, membersPath, 0)
	byHand := w.started(t, spec)
	held.await(t, 1)
	awaitNextSecond(t) // due times are whole seconds
	due := w.dueRun(t, w.schedule(t, spec, 24*time.Hour, true))
	w.awaitWaiting(t, due)
	_, joined, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec})
	require.NoError(t, err)
	require.True(t, joined, "a second start is no run either")
	held.release()

	result := resultOf(t, due)
	require.False(t, result.Joined)
	first, err := w.end(t, byHand)
	require.NoError(t, err)
	second, err := w.end(t, w.newest(t, spec))
	require.NoError(t, err)
	require.Equal(t, int64(1), first.Run)
	require.Equal(t, int64(2), second.Run)
	require.Equal(t, first.Outcomes.Taken(), second.Outcomes.Unchanged)
	require.Equal(t, audience.Explained, second.Verdict)
	runs := w.requireNoOverlap(t, spec, 2)
	require.True(t, runs[0].readFrom.Before(result.DueAt))
	require.False(t, runs[1].readFrom.Before(result.DueAt))
}

func TestARunGoesOnWhenItsDueRunIsStopped(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*world, client.WorkflowRun) error{
		"cancelled": func(w *world, due client.WorkflowRun) error {
			return w.client.CancelWorkflow(t.Context(), due.GetID(), "")
		},
		"terminated": func(w *world, due client.WorkflowRun) error {
			return w.client.TerminateWorkflow(t.Context(), due.GetID(), "", "test")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 300)
			spec := demo(t)
			held := w.charles.hold(http.MethodPost, contactsPath, 0)
			due := w.dueRun(t, w.schedule(t, spec, 24*time.Hour, true))
			held.await(t, 1)
			require.NoError(t, stop(w, due))
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			require.Error(t, due.Get(ctx, nil))
			held.release()
			report, err := w.end(t, w.newest(t, spec))
			require.NoError(t, err)
			requireTrueReport(t, w, report)
		})
	}
}
