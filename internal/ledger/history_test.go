package ledger_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func history(tb testing.TB, l *ledger.Ledger, member int) ledger.ContactHistory {
	tb.Helper()
	found, err := l.Outcomes(tb.Context(), "spring", members(member, 1, "")[0].Reference)
	require.NoError(tb, err)
	return found
}

func TestTheHistoryOfAContactTellsWhatTheLedgerHolds(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 3, "v1"), slices.Concat(all(audience.Created, 2), refused(1)))
	wholeRun(t, l, opening("b"), members(0, 2, "v2"), slices.Concat(all(audience.Unresolved, 1), refused(1)))

	require.Equal(t, ledger.ContactHistory{Membership: ledger.MemberNo}, history(t, l, 9))

	unknown := history(t, l, 0)
	require.Equal(t, ledger.MemberYes, unknown.Membership, "whatever arrived, the marker is there")
	require.True(t, unknown.Doubtful)
	require.Equal(t, int64(1), unknown.AcceptedRun, "the last acceptance stays known")
	require.Nil(t, unknown.KnownFailure)
	require.Equal(t, audience.Unresolved, unknown.Failures[0].Outcome)

	stale := history(t, l, 1)
	require.True(t, stale.Known)
	require.Equal(t, ledger.MemberYes, stale.Membership)
	require.Equal(t, int64(1), stale.AcceptedRun)
	require.Equal(t, int64(2), stale.KnownFailure.FirstRun)
	require.Equal(t, badName, stale.KnownFailure.Reason)
	require.False(t, stale.KnownFailure.LastSentAt.IsZero())
	require.False(t, stale.KnownFailure.Retry)

	never := history(t, l, 2)
	require.Equal(t, ledger.MemberNo, never.Membership)
	require.Zero(t, never.AcceptedRun)
	_, err := l.RetryFailures(t.Context(), "spring", ledger.RetryQuery{Reference: "+4915100000002"})
	require.NoError(t, err)
	require.True(t, history(t, l, 2).KnownFailure.Retry)

	_, err = l.Outcomes(t.Context(), "summer", "+4915100000002")
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestTheHistoryHoldsTheNewestTwentyFailures(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("first"), members(0, 1, "v1"), refused(1))
	for n := range 21 {
		wholeRun(t, l, opening(strconv.Itoa(n)), members(0, 1, "v1"), nil)
	}
	failures := history(t, l, 0).Failures
	require.Len(t, failures, 20)
	require.Equal(t, int64(22), failures[0].Run)
	require.Equal(t, int64(3), failures[19].Run)
	require.Equal(t, int64(1), failures[19].FirstRun)
}
