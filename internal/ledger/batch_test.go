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
	next, err := l.Split(t.Context(), ref, 1, true)
	require.NoError(t, err)
	again, err := l.Split(t.Context(), ref, 1, true)
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

func TestMembersOfARequestThatWasRefusedForOthersAreSentAgainTogether(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	outcomes := refused(10)
	for i := 1; i < 10; i++ {
		outcomes[i] = ledger.MemberOutcome{Untried: i != 5}
	}
	batch, err := settle(t, l, ref, 1, outcomes)
	require.NoError(t, err)
	require.Equal(t, ledger.BatchSettled, batch.State)
	require.Equal(t, audience.Outcomes{Refused: 1}, batch.Result.Outcomes)
	require.Equal(t, []int64{2, 3}, batch.Next)
	together, err := l.Batch(t.Context(), ref, 2)
	require.NoError(t, err)
	require.Len(t, together.Members, 8)
	require.Zero(t, together.Tries, "this request was no try")
	alone, err := l.Batch(t.Context(), ref, 3)
	require.NoError(t, err)
	require.Len(t, alone.Members, 1)
	require.Equal(t, 1, alone.Tries)
}

func TestABatchKnowsHowManyItCameThrough(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 10, "v1"))
	halves, err := l.Split(t.Context(), ref, 1, true)
	require.NoError(t, err)
	quarters, err := l.Split(t.Context(), ref, halves[1], true)
	require.NoError(t, err)
	moved, err := settle(t, l, ref, quarters[1], []ledger.MemberOutcome{{Untried: true}, {}, {Outcome: audience.Created}})
	require.NoError(t, err)
	for number, depth := range map[int64]int{1: 0, halves[0]: 1, quarters[1]: 2, moved.Next[0]: 3, moved.Next[1]: 3} {
		batch, err := l.Batch(t.Context(), ref, number)
		require.NoError(t, err)
		require.Equal(t, depth, batch.Depth, "batch %d", number)
	}
}

func TestMembersThatMovedAfterARequestWithoutAnAnswerAreUnknown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		move    func(testing.TB, *ledger.Ledger, ledger.RunRef)
		unknown bool
	}{
		"the reply did not name them": {func(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
			tb.Helper()
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
			_, err := settle(tb, l, ref, 1, all("", 2))
			require.NoError(tb, err)
		}, true},
		"the answer was lost before the refusal that split them": {func(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
			tb.Helper()
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
			_, err := l.Split(tb.Context(), ref, 1, true)
			require.NoError(tb, err)
		}, true},
		"the only request had no answer when they were split": {func(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
			tb.Helper()
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
			_, err := l.Split(tb.Context(), ref, 1, false)
			require.NoError(tb, err)
		}, true},
		"they were split before any request": {func(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
			tb.Helper()
			_, err := l.Split(tb.Context(), ref, 1, false)
			require.NoError(tb, err)
		}, false},
		"the only request was refused as a whole": {func(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
			tb.Helper()
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
			_, err := l.Split(tb.Context(), ref, 1, true)
			require.NoError(tb, err)
		}, false},
		"the only request was refused because of others": {func(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
			tb.Helper()
			require.NoError(tb, l.MarkSent(tb.Context(), ref, 1, 1))
			_, err := settle(tb, l, ref, 1, []ledger.MemberOutcome{{Untried: true}, {Untried: true}})
			require.NoError(tb, err)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			wholeRun(t, l, opening("a"), members(0, 2, "v1"), all(audience.Created, 2))
			ref, _ := readAgain(t, l, opening("b"), members(0, 2, "v2"))
			test.move(t, l, ref)
			// The run dies, and the content changes back to what was accepted.
			_, sum := readAgain(t, l, opening("c"), members(0, 2, "v1"))
			require.Equal(t, test.unknown, sum.Staged == 2, sum)
			require.Equal(t, !test.unknown, sum.Outcomes.Unchanged == 2, sum)

			// A run that ends in order says so itself.
			ref, _ = readAgain(t, l, opening("d"), members(0, 2, "v3"))
			test.move(t, l, ref)
			require.NoError(t, l.EndUnsent(t.Context(), ref))
			tally, err := l.Tally(t.Context(), ref)
			require.NoError(t, err)
			reason := audience.NotSentBeforeEnd
			if test.unknown {
				reason = audience.SentWithoutAnswerAtStop
			}
			require.Equal(t, map[string]int64{string(reason): 2}, tally.Reasons)
		})
	}
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
