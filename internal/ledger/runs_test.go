package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func TestRunsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	l := open(t)
	closed := openRun(t, l, "a")
	require.NoError(t, l.CloseRun(t.Context(), closed, ledger.Closing{Report: reportOf(t, 1), Complete: true}))
	openRun(t, l, "b")
	openRun(t, l, "c")
	runs, err := l.Runs(t.Context(), "spring", 0, 10)
	require.NoError(t, err)
	states := make([]ledger.RunState, len(runs))
	for i, run := range runs {
		require.EqualValues(t, 3-i, run.Number)
		require.Equal(t, run.State == ledger.RunClosed, run.Report != nil)
		require.False(t, run.OpenedAt.IsZero())
		states[i] = run.State
	}
	require.Equal(t, []ledger.RunState{ledger.RunOpen, ledger.RunDead, ledger.RunClosed}, states)

	runs, err = l.Runs(t.Context(), "spring", 2, 1)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.EqualValues(t, 2, runs[0].Number)
	_, err = l.Runs(t.Context(), "autumn", 0, 1)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestTheReportedRunIsTheNewestThatHasEndedAndIsNoPlan(t *testing.T) {
	t.Parallel()
	l := open(t)
	plan := opening("plan")
	plan.PlanOnly = true
	planned, err := l.OpenRun(t.Context(), plan)
	require.NoError(t, err)
	require.NoError(t, l.CloseRun(t.Context(), planned, ledger.Closing{Report: reportOf(t, 1), Complete: true}))
	_, _, err = l.Reported(t.Context(), "spring", 0)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	require.ErrorContains(t, err, "sync spring has no run that has ended yet (plans have their number: audiencesync history spring)")
	run, course, err := l.Reported(t.Context(), "spring", 1)
	require.NoError(t, err)
	require.True(t, run.PlanOnly)
	require.Nil(t, course, "nothing was sent")

	openRun(t, l, "b")
	ref := openRun(t, l, "c")
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: reportOf(t, 3), Complete: true}))
	openRun(t, l, "d")
	run, _, err = l.Reported(t.Context(), "spring", 0)
	require.NoError(t, err)
	require.EqualValues(t, 3, run.Number)
	_, _, err = l.Reported(t.Context(), "spring", 2)
	require.ErrorContains(t, err, "run 2 of sync spring was ended from outside and has no report; the run after it took over")
	_, _, err = l.Reported(t.Context(), "spring", 4)
	require.ErrorContains(t, err, "run 4 of sync spring is going and has no report yet (audiencesync status spring)")
	_, _, err = l.Reported(t.Context(), "spring", 9)
	require.ErrorContains(t, err, "sync spring has no run 9: its runs are 1 to 4")
}

func TestReasonsOfFailuresAreCountedNewAndKnown(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), append(refused(1), invalid()...))
	wholeRun(t, l, opening("b"), members(0, 3, "v1"), refused(1))
	reasons, err := l.FailureReasons(t.Context(), "spring", 0)
	require.NoError(t, err)
	require.Equal(t, []ledger.FailureReason{
		{Reason: string(audience.EmailNotAnAddress), Known: 1},
		{Reason: badName, New: 1, Known: 1},
	}, reasons)
	reasons, err = l.FailureReasons(t.Context(), "spring", 1)
	require.NoError(t, err)
	require.EqualValues(t, 1, reasons[0].New)
}
