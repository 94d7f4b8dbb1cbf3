package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func TestASplitBatchLosesNobodyAndSplitsOnce(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	next, err := l.Split(t.Context(), ref, 1)
	require.NoError(t, err)
	again, err := l.Split(t.Context(), ref, 1)
	require.NoError(t, err)
	require.Equal(t, next, again)
	require.Equal(t, []int64{2, 3}, next)
	var references []string
	for _, number := range next {
		batch, err := l.Batch(t.Context(), ref, number)
		require.NoError(t, err)
		for _, member := range batch.Members {
			references = append(references, member.Reference)
		}
	}
	require.Len(t, references, 10)
	parent, err := l.Batch(t.Context(), ref, 1)
	require.NoError(t, err)
	require.Equal(t, ledger.BatchSplit, parent.State)
	require.Empty(t, parent.Members)
	require.Error(t, l.MarkSent(t.Context(), ref, 1, 1), "a split batch is not sent again")
}

func TestABatchCanBeSettledInParts(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 4))
	batch, err := settle(t, l, ref, 1, all(audience.Accepted, 4))
	require.NoError(t, err)
	require.Equal(t, ledger.BatchSent, batch.State)
	require.Len(t, batch.Members, 6)
	batch, err = settle(t, l, ref, 1, all(audience.Refused, 6))
	require.NoError(t, err)
	require.Equal(t, ledger.BatchSettled, batch.State)
	require.Equal(t, audience.Outcomes{Accepted: 4, Refused: 6}, batch.Result.Outcomes)
	require.Error(t, l.MarkSent(t.Context(), ref, 1, 1), "a settled batch is not sent again")
}

func TestMembersWithoutAnAnswerMoveToABatchOfTheirOwn(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	outcomes := all(audience.Created, 10)
	outcomes[3].Outcome, outcomes[8].Outcome = "", ""
	batch, err := settle(t, l, ref, 1, outcomes)
	require.NoError(t, err)
	require.Equal(t, []int64{2}, batch.Next)
	require.Equal(t, int64(8), batch.Result.Outcomes.Total())
	rest, err := l.Batch(t.Context(), ref, 2)
	require.NoError(t, err)
	require.Len(t, rest.Members, 2)
	require.Equal(t, 1, rest.Tries)
}

func TestOutcomesOfASlowAttemptAreNotGivenToOtherMembers(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	one, err := l.Batch(t.Context(), ref, 1)
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 5))
	two, err := l.Batch(t.Context(), ref, 1)
	require.NoError(t, err)
	_, err = l.Settle(t.Context(), ref, two, all(audience.Accepted, 5))
	require.NoError(t, err)
	_, err = l.Settle(t.Context(), ref, one, all(audience.Accepted, 5))
	require.ErrorIs(t, err, ledger.ErrMoved)
}
