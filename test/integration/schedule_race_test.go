package integration

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"audiencesync/internal/config"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/schedule"
	"audiencesync/internal/simulator/faults"
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

// ledgerRun is a run as the ledger knows it.
type ledgerRun struct {
	number                   int64
	opened, readFrom, closed time.Time
}

// ledgerRuns are all runs that the ledger holds, in their order. None of them is going.
func (w *world) ledgerRuns(t *testing.T) []ledgerRun {
	t.Helper()
	rows, err := ledgertest.SQL(t, w.address).QueryContext(t.Context(), `SELECT number, opened_at, read_opened_at, closed_at FROM runs ORDER BY id`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var runs []ledgerRun
	for rows.Next() {
		var run ledgerRun
		var opened, readFrom, closed int64
		require.NoError(t, rows.Scan(&run.number, &opened, &readFrom, &closed))
		run.opened, run.readFrom, run.closed = time.UnixMicro(opened), time.UnixMicro(readFrom), time.UnixMicro(closed)
		runs = append(runs, run)
	}
	require.NoError(t, rows.Err())
	return runs
}

// requireNoOverlap holds what Temporal, the ledger and the vendors have seen of so many
// runs against each other: one began when the one before it had ended, and nobody was
// read, or sent, beside them. It returns the runs of the ledger.
func (w *world) requireNoOverlap(t *testing.T, spec config.Sync, n int) []ledgerRun {
	t.Helper()
	executions := w.allRuns(t, spec, n)
	everything, err := w.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: w.namespace, Query: "WorkflowType = 'AudienceSync'",
	})
	require.NoError(t, err)
	require.EqualValues(t, len(executions), everything.GetCount(), "a run goes by another name")
	runs := w.ledgerRuns(t)
	require.Len(t, runs, len(executions), "runs of the ledger")
	for i := 1; i < len(runs); i++ {
		require.False(t, executions[i].GetStartTime().AsTime().Before(executions[i-1].GetCloseTime().AsTime()), "two runs overlap in Temporal")
		require.Equal(t, runs[i-1].number+1, runs[i].number)
		require.False(t, runs[i].opened.Before(runs[i-1].closed), "two runs overlap in the ledger")
	}
	reads := 0
	for _, request := range w.Journal() {
		if request.Side == faults.Zeotap && request.Path == membersPath {
			reads++
		}
	}
	require.Equal(t, len(runs), reads, "the audience has one page, and is read once by each run")
	stats := w.Stats()
	require.Equal(t, stats.Contacts, stats.UpsertsReceived, "somebody was sent twice")
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
		var joined atomic.Int64
		start := func() {
			_, second, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec})
			if second {
				joined.Add(1)
			}
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

		runs := w.requireNoOverlap(t, spec, seen+1)
		switch fresh := runs[seen:]; len(fresh) {
		case 1:
			require.False(t, fresh[0].readFrom.Before(last.FiredAt), "nobody has satisfied the due time")
			require.Equal(t, last.Joined, joined.Load() == 1, "one of three has started it, and the others have joined")
		case 2:
			require.True(t, fresh[0].readFrom.Before(last.FiredAt), "the due time was satisfied, and a second run was made for it")
			require.False(t, fresh[1].readFrom.Before(last.FiredAt), "nobody has satisfied the due time")
			require.False(t, last.Joined, "the second run is that of the schedule")
			require.EqualValues(t, 1, joined.Load(), "of two who start at once one joins")
		default:
			require.Failf(t, "runs", "%d for two starts and one due time", len(fresh))
		}
		seen = len(runs)
	}
}
