package integration

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// onceDue is a schedule as "audiencesync schedule create" makes it, whose times do not
// come by themselves while a test runs.
func (w *world) onceDue(t *testing.T, spec config.Sync, kind schedule.Kind, change func(*config.Cadence)) *schedule.Found {
	t.Helper()
	cadence := config.DefaultCadence()
	cadence.Cron = "0 6 29 2 *"
	if change != nil {
		change(&cadence)
	}
	require.NoError(t, schedule.Wanted{Spec: spec, Kind: kind, Cadence: cadence}.Create(t.Context(), w.client))
	return w.lookSchedule(t, spec, kind)
}

func (w *world) lookSchedule(t *testing.T, spec config.Sync, kind schedule.Kind) *schedule.Found {
	t.Helper()
	found, err := schedule.Look(t.Context(), w.client, spec.Sync, kind)
	require.NoError(t, err)
	require.NotNil(t, found)
	return found
}

// acts lets a schedule act and returns how the due run ends, as it is described.
func (w *world) acts(t *testing.T, found *schedule.Found) schedule.Last {
	t.Helper()
	awaitNextSecond(t) // due times are whole seconds
	before := w.lookSchedule(t, found.Pinned.Spec, found.Kind).Started()
	require.NoError(t, found.Trigger(t.Context()))
	var last *schedule.Last
	require.Eventually(t, func() bool {
		now := w.lookSchedule(t, found.Pinned.Spec, found.Kind)
		if now.Started() == before {
			return false
		}
		var err error
		last, err = now.Newest(t.Context(), w.client)
		require.NoError(t, err)
		return last.Ended != schedule.Going
	}, patience, 50*time.Millisecond, "the due run does not end")
	return *last
}

// allRuns are the runs of a sync, all of which have ended, in the order of their start.
func (w *world) allRuns(t *testing.T, spec config.Sync, atLeast int) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	var runs []*workflowpb.WorkflowExecutionInfo
	require.Eventually(t, func() bool {
		list, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: w.namespace, Query: "WorkflowId = '" + workflows.SyncID(spec.Sync) + "'",
		})
		if err != nil {
			return false
		}
		runs = list.GetExecutions()
		return len(runs) >= atLeast && !slices.ContainsFunc(runs, func(run *workflowpb.WorkflowExecutionInfo) bool { return run.GetCloseTime() == nil })
	}, patience, 50*time.Millisecond)
	slices.SortFunc(runs, func(a, b *workflowpb.WorkflowExecutionInfo) int {
		return a.GetStartTime().AsTime().Compare(b.GetStartTime().AsTime())
	})
	return runs
}

func TestTwoStartsAndAScheduleWithinASecondNeverOverlap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	spec := demo(t)
	found := w.onceDue(t, spec, schedule.Runs, nil)
	seen := 0
	for round := range 3 {
		var together sync.WaitGroup
		errs := make(chan error, 3)
		start := func() {
			_, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec})
			errs <- err
		}
		together.Go(start)
		together.Go(func() { errs <- found.Trigger(t.Context()) })
		together.Go(start)
		together.Wait()
		for range 3 {
			require.NoError(t, <-errs)
		}
		var last *schedule.Last
		require.Eventually(t, func() bool {
			now := w.lookSchedule(t, spec, schedule.Runs)
			if now.Started() != round+1 {
				return false
			}
			var err error
			last, err = now.Newest(t.Context(), w.client)
			require.NoError(t, err)
			return last.Ended != schedule.Going
		}, patience, 50*time.Millisecond)
		require.Equal(t, "explained", last.Ended)

		runs := w.allRuns(t, spec, seen+1)
		fresh := len(runs) - seen
		require.LessOrEqual(t, fresh, 2, "one run for all, or one more for a due time that it had not satisfied")
		if fresh == 2 {
			require.False(t, last.Joined, "the second run is that of the schedule")
		}
		for i := 1; i < len(runs); i++ {
			require.False(t, runs[i].GetStartTime().AsTime().Before(runs[i-1].GetCloseTime().AsTime()), "two runs overlap")
		}
		opened, err := w.ledger(t).ReadOpenedSince(t.Context(), spec.Sync, last.FiredAt)
		require.NoError(t, err)
		require.True(t, opened, "nobody has satisfied the due time")
		seen = len(runs)
	}
}
