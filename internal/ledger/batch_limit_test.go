package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func limit(tb testing.TB, l *ledger.Ledger) int {
	tb.Helper()
	n, err := l.BatchLimit(tb.Context(), workspace)
	require.NoError(tb, err)
	return n
}

func TestTheSmallestRequestThatWasTooLargeLimitsLaterRuns(t *testing.T) {
	t.Parallel()
	l := open(t)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	require.Zero(t, limit(t, l), "no limit is known")
	for _, told := range []struct{ tooMany, limit int }{{1000, 500}, {500, 250}, {1000, 250}, {9, 5}} {
		require.NoError(t, l.LimitBatch(t.Context(), workspace, told.tooMany))
		require.Equal(t, told.limit, limit(t, l))
	}
	run, err := l.Run(t.Context(), openRun(t, l, "a"))
	require.NoError(t, err)
	require.Equal(t, 5, run.BatchSize)
	o := opening("b")
	o.BatchSize = 3
	ref, err := l.OpenRun(t.Context(), o)
	require.NoError(t, err)
	run, err = l.Run(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 3, run.BatchSize)

	require.NoError(t, l.LimitBatch(t.Context(), workspace, 2))
	require.Equal(t, 1, limit(t, l), "one contact a request is the least")
}

func TestOneLargeContactDoesNotMakeAllRequestsSmall(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	require.NoError(t, l.LimitBatch(t.Context(), workspace, 1))
	require.Zero(t, limit(t, l), "a contact that is too large alone says nothing about numbers")

	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 20, "v1"))
	require.NoError(t, l.LimitBatch(t.Context(), workspace, 10))
	half, err := l.Split(t.Context(), ref, 1, true)
	require.NoError(t, err)
	_, err = settle(t, l, ref, half[0], all(audience.Created, 5))
	require.NoError(t, err)
	for _, tooMany := range []int{5, 3, 2} {
		require.NoError(t, l.LimitBatch(t.Context(), workspace, tooMany))
		require.Equal(t, 5, limit(t, l), "so many were taken")
	}
	alone := all(audience.Created, 3)
	for i := range alone {
		alone[i].Sends = 1
	}
	_, err = settle(t, l, ref, half[1], alone)
	require.NoError(t, err)
	require.Equal(t, 5, limit(t, l))
	_, err = settle(t, l, ref, 2, all(audience.Created, 10))
	require.NoError(t, err)
	require.Equal(t, 10, limit(t, l))

	_, err = ledgertest.SQL(t, address).ExecContext(t.Context(), `UPDATE batch_limits SET fits_at = 0`)
	require.NoError(t, err)
	require.Equal(t, 1, limit(t, l), "what was taken long ago does not count")
}

func TestALimitIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	require.NoError(t, l.EnsureWorkspace(t.Context(), workspace))
	require.NoError(t, l.LimitBatch(t.Context(), workspace, 100))
	const day = 24 * 60 * 60 * 1_000_000
	_, err := ledgertest.SQL(t, address).ExecContext(t.Context(), `UPDATE batch_limits SET told_at = told_at - $1`, day)
	require.NoError(t, err)
	require.Zero(t, limit(t, l))
	require.NoError(t, l.LimitBatch(t.Context(), workspace, 1000))
	require.Equal(t, 500, limit(t, l), "what was told long ago does not count")
}

func TestWhatWasTakenBeforeALimitWasToldSaysNothingAboutIt(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	l := openWith(t, address)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	require.NoError(t, l.LimitBatch(t.Context(), workspace, 100))
	const day = 24 * 60 * 60 * 1_000_000
	_, err := ledgertest.SQL(t, address).ExecContext(t.Context(), `UPDATE batch_limits SET told_at = told_at - $1`, day)
	require.NoError(t, err)
	_, err = settle(t, l, ref, 1, all(audience.Created, 10))
	require.NoError(t, err)
	require.NoError(t, l.LimitBatch(t.Context(), workspace, 10))
	require.Equal(t, 5, limit(t, l))
}

func TestOnlyAWorkspaceThatIsKnownCanBeLimited(t *testing.T) {
	t.Parallel()
	require.Error(t, open(t).LimitBatch(t.Context(), workspace, 100))
}
