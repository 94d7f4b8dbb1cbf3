package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// Temporal lets a schedule act for a day that is past: the days of 2026 on which clocks
// were changed in Berlin.
func TestADailyScheduleRunsOnceOnDaysOnWhichClocksAreChanged(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cron string
		day  time.Time
		// acts is how often Temporal lets a due run start for that day.
		acts int
	}{
		"spring, 02:30": {"30 2 * * *", time.Date(2026, time.March, 29, 0, 0, 0, 0, berlin), 1},
		"spring, 01:30": {"30 1 * * *", time.Date(2026, time.March, 29, 0, 0, 0, 0, berlin), 1},
		"autumn, 02:30": {"30 2 * * *", time.Date(2026, time.October, 25, 0, 0, 0, 0, berlin), 1},
		"autumn, 01:30": {"30 1 * * *", time.Date(2026, time.October, 25, 0, 0, 0, 0, berlin), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 20)
			spec := demo(t)
			w.onceDue(t, spec, schedule.Runs, func(cadence *config.Cadence) { cadence.Cron, cadence.TimeZone = c.cron, "Europe/Berlin" })
			handle := w.client.ScheduleClient().GetHandle(t.Context(), workflows.SyncID(spec.Sync))
			require.NoError(t, handle.Backfill(t.Context(), client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{
				Start: c.day.Add(-time.Second), End: c.day.AddDate(0, 0, 1).Add(-time.Second), Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
			}}}))
			var last []schedule.Last
			require.Eventually(t, func() bool {
				var err error
				last, err = w.lookSchedule(t, spec, schedule.Runs).Last(t.Context(), w.client)
				require.NoError(t, err)
				return len(last) == c.acts && last[0].Ended != schedule.Going
			}, patience, 50*time.Millisecond)
			require.Len(t, w.allRuns(t, spec, 1), 1)
			require.False(t, last[c.acts-1].Joined)
			for _, again := range last[:c.acts-1] {
				require.True(t, again.Joined)
			}
		})
	}
}
