package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// Temporal lets a schedule act for a day that is past: the days of 2025 on which clocks
// were changed in Berlin.
func TestADailyScheduleRunsOnceOnDaysOnWhichClocksAreChanged(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cron string
		// due is the one due time of the day: when the clock shows it first, whenever
		// Temporal acts.
		due string
		// acts is how often Temporal lets a due run start for that day.
		acts int
	}{
		"spring, 02:30": {"30 2 * * *", "2025-03-30T03:30:00+02:00", 1},
		"spring, 01:30": {"30 1 * * *", "2025-03-30T01:30:00+01:00", 1},
		"autumn, 02:30": {"30 2 * * *", "2025-10-26T02:30:00+02:00", 1},
		"autumn, 01:30": {"30 1 * * *", "2025-10-26T01:30:00+02:00", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 20)
			spec := demo(t)
			due, err := time.ParseInLocation(time.RFC3339, c.due, berlin)
			require.NoError(t, err)
			day := time.Date(due.Year(), due.Month(), due.Day(), 0, 0, 0, 0, berlin)
			w.onceDue(t, spec, schedule.Runs, func(cadence *config.Cadence) { cadence.Cron, cadence.TimeZone = c.cron, "Europe/Berlin" })
			handle := w.client.ScheduleClient().GetHandle(t.Context(), workflows.SyncID(spec.Sync))
			require.NoError(t, handle.Backfill(t.Context(), client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{
				Start: day.Add(-time.Second), End: day.AddDate(0, 0, 1).Add(-time.Second), Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
			}}}))
			var last []schedule.Last
			require.Eventually(t, func() bool {
				var err error
				last, err = w.lookSchedule(t, spec, schedule.Runs).Last(t.Context(), w.client)
				require.NoError(t, err)
				return len(last) == c.acts && last[0].Ended != schedule.Going
			}, patience, 50*time.Millisecond)
			require.Len(t, w.requireNoOverlap(t, spec, 1), 1)
			require.False(t, last[c.acts-1].Joined)
			for _, again := range last[:c.acts-1] {
				require.True(t, again.Joined)
			}
			// By then any run of today has come after the day, so who joined proves little:
			// that all of them mean one due time proves it.
			for _, at := range w.dueTimes(t, c.acts) {
				require.True(t, due.Equal(at), "%s is meant, and not %s", at.In(berlin), c.due)
			}
		})
	}
}

// dueTimes are the due times that due runs have meant, all of which have ended.
func (w *world) dueTimes(t *testing.T, n int) []time.Time {
	t.Helper()
	var times []time.Time
	require.Eventually(t, func() bool {
		list, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: w.namespace, Query: "WorkflowType = 'DueRun' AND ExecutionStatus = 'Completed'",
		})
		if err != nil || len(list.GetExecutions()) != n {
			return false
		}
		times = nil
		for _, run := range list.GetExecutions() {
			times = append(times, resultOf(t, w.client.GetWorkflow(t.Context(), run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId())).DueAt)
		}
		return true
	}, patience, 50*time.Millisecond)
	return times
}
