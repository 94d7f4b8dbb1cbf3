package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

func TestWhatAPersonSetsWinsUntilItIsCleared(t *testing.T) {
	t.Parallel()
	s := openShared(t, 2)
	l, other := s.ledgers[0], s.ledgers[1]
	set, err := l.Limits(t.Context(), workspace)
	require.NoError(t, err)
	require.Equal(t, ledger.SetLimits{}, set)
	reserve(t, l, time.Hour)
	requireInFlight(t, l, 0)

	rate, inFlight := 2.5, 3
	require.NoError(t, l.ChangeLimits(t.Context(), workspace, ledger.LimitChange{RequestsPerSecond: &rate, By: "ada", Why: "campaign"}))
	require.NoError(t, l.ChangeLimits(t.Context(), workspace, ledger.LimitChange{RequestsInFlight: &inFlight, By: "eve"}))
	set, err = other.Limits(t.Context(), workspace)
	require.NoError(t, err)
	require.Equal(t, &rate, set.RequestsPerSecond, "the one is kept when the other is set")
	require.Equal(t, &inFlight, set.RequestsInFlight)
	require.Equal(t, "eve", set.By)
	require.Empty(t, set.Why)
	require.InDelta(t, s.now(t), set.At.UnixMicro(), float64(time.Minute.Microseconds()), "by the database clock")

	s.unused(t)
	requireInFlight(t, other, 3)
	reserve(t, other, time.Hour)
	require.LessOrEqual(t, reserve(t, other, time.Hour).Wait, 400*time.Millisecond, "2.5 a second, whatever the connection says")
	require.InDelta(t, 2.5, stateOf(t, l).Allowed, 0.001)

	require.NoError(t, other.ChangeLimits(t.Context(), workspace, ledger.LimitChange{Clear: true, By: "ada"}))
	set, err = l.Limits(t.Context(), workspace)
	require.NoError(t, err)
	require.Nil(t, set.RequestsPerSecond)
	require.Nil(t, set.RequestsInFlight)
	require.Equal(t, "ada", set.By)
	s.unused(t)
	requireInFlight(t, l, 0)
	reserve(t, l, time.Hour)
	require.Greater(t, reserve(t, l, time.Hour).Wait, 50*time.Minute)
}

func requireInFlight(t *testing.T, l *ledger.Ledger, want int) {
	t.Helper()
	set, err := l.InFlight(t.Context(), workspace)
	require.NoError(t, err)
	require.Equal(t, want, set)
}

func TestAChangeOfLimitsMakesReservedTimesVoidAndBringsNoBurst(t *testing.T) {
	t.Parallel()
	s := openShared(t, 1)
	l := s.ledgers[0]
	reserve(t, l, time.Hour)
	far := reserve(t, l, time.Hour)
	require.Greater(t, far.Wait, 50*time.Minute)
	fast := 0.01
	require.NoError(t, l.ChangeLimits(t.Context(), workspace, ledger.LimitChange{RequestsPerSecond: &fast, By: "ada"}))
	requireValid(t, l, far, false)
	for n := 1; n <= 3; n++ {
		next := reserve(t, l, time.Hour)
		requireValid(t, l, next, true)
		require.InDelta(t, float64(n)*100, next.Wait.Seconds(), 30, "an interval after the moment of the change")
		require.LessOrEqual(t, next.Wait, time.Duration(n)*100*time.Second)
	}
}

func TestAToldDelayIsHeededWhateverRateIsSet(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	require.NoError(t, l.Told(t.Context(), workspace, time.Hour))
	fast := 1000.0
	require.NoError(t, l.ChangeLimits(t.Context(), workspace, ledger.LimitChange{RequestsPerSecond: &fast, By: "ada"}))
	require.Greater(t, reserve(t, l, time.Hour).Wait, 50*time.Minute)
}

func TestACutHalvesTheRateThatIsSet(t *testing.T) {
	t.Parallel()
	s := openShared(t, 1)
	l := s.ledgers[0]
	rate := 0.001
	require.NoError(t, l.ChangeLimits(t.Context(), workspace, ledger.LimitChange{RequestsPerSecond: &rate, By: "ada"}))
	require.NoError(t, l.Cut(t.Context(), workspace, 0))
	require.InDelta(t, 0.5, stateOf(t, l).Share, 0.05)
	reserve(t, l, time.Millisecond)
	require.Greater(t, reserve(t, l, time.Millisecond).Wait, 1200*time.Second, "longer than the interval of 1,000 s")
}

func TestLimitsOfAWorkspaceThatNobodyKnowsCannotBeChanged(t *testing.T) {
	t.Parallel()
	l := open(t)
	set, err := l.Limits(t.Context(), "nobody knows it")
	require.NoError(t, err)
	require.Equal(t, ledger.SetLimits{}, set)
	require.ErrorContains(t, l.ChangeLimits(t.Context(), "nobody knows it", ledger.LimitChange{Clear: true}), "limits of the workspace")
}
