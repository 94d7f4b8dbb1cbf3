package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const workspace = "https://acme.example zeotap"

func TestSendTimesAreAnIntervalApart(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	const interval = time.Minute
	first, reserved, err := l.Reserve(t.Context(), workspace, interval, time.Hour)
	require.NoError(t, err)
	require.True(t, reserved)
	require.Zero(t, first)
	for n := 1; n <= 3; n++ {
		wait, reserved, err := l.Reserve(t.Context(), workspace, interval, time.Hour)
		require.NoError(t, err)
		require.True(t, reserved)
		require.InDelta(t, float64(n)*interval.Seconds(), wait.Seconds(), 30)
		require.LessOrEqual(t, wait, time.Duration(n)*interval)
	}
}

func TestATimeBeyondTheHorizonIsNotReserved(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	_, _, err := l.Reserve(t.Context(), workspace, time.Hour, time.Minute)
	require.NoError(t, err)
	for range 3 {
		wait, reserved, err := l.Reserve(t.Context(), workspace, time.Hour, time.Minute)
		require.NoError(t, err)
		require.False(t, reserved)
		require.Greater(t, wait, 50*time.Minute)
		require.LessOrEqual(t, wait, time.Hour, "asking in vain takes nothing from the budget")
	}
}

func TestAToldDelayHoldsEveryoneAndIsNeverShortened(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	held, err := l.Held(t.Context(), workspace)
	require.NoError(t, err)
	require.Zero(t, held)
	require.NoError(t, l.Told(t.Context(), workspace, time.Hour))
	require.NoError(t, l.Told(t.Context(), workspace, time.Minute))
	held, err = l.Held(t.Context(), workspace)
	require.NoError(t, err)
	require.Greater(t, held, 50*time.Minute)
	wait, reserved, err := l.Reserve(t.Context(), workspace, time.Second, 10*time.Second)
	require.NoError(t, err)
	require.False(t, reserved)
	require.Greater(t, wait, 50*time.Minute)
}
