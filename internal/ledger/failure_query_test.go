package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestAFailureTellsWhereItWasAndHowOftenItWasSent(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	list := members(0, 4, "v1")
	for i := range list {
		list[i].Position = i + 11
	}
	commit(t, l, ref, ledger.PageInput{Members: members(100, 1, "v1"), Next: "p2"}, ledger.PageInput{Members: list, Last: true})
	require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
	next, err := l.Split(t.Context(), ref, 1, true)
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, next[1], 1))
	require.NoError(t, l.MarkSent(t.Context(), ref, next[1], 1)) // the first answer was lost
	batch, err := settle(t, l, ref, next[1], slices.Concat(refused(1), all("", 1), invalid()))
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, batch.Next[0], 1))
	_, err = settle(t, l, ref, batch.Next[0], all(audience.Unresolved, 1))
	require.NoError(t, err)

	type told struct {
		Reference, Place string
		Outcome          audience.Outcome
		Batch            int64
		Sends            int
	}
	failures := failuresOf(t, l, ledger.FailureQuery{Sync: "spring", Run: 1})
	found := make([]told, 0, len(failures))
	for _, f := range failures {
		require.False(t, f.Known)
		require.Equal(t, int64(1), f.FirstRun)
		found = append(found, told{f.Reference, f.Place, f.Outcome, f.Batch, f.Sends})
	}
	require.Equal(t, []told{
		{"+4915100000001", "page 2, member 12", audience.Refused, 3, 3},
		{"+4915100000003", "page 2, member 14", audience.Invalid, 3, 0},
		{"+4915100000002", "page 2, member 13", audience.Unresolved, 4, 4},
	}, found)
}

func TestSendsOfAContactSentAloneAreItsOwn(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 3, "v1"))
	outcomes := slices.Concat(refused(1), all("", 1), refused(1))
	for i := range outcomes {
		require.NoError(t, l.MarkSent(t.Context(), ref, 1, 1))
		outcomes[i].Sends = 1
	}
	batch, err := settle(t, l, ref, 1, outcomes)
	require.NoError(t, err)
	require.NoError(t, l.MarkSent(t.Context(), ref, batch.Next[0], 1))
	alone := refused(1)
	alone[0].Sends = 1
	_, err = settle(t, l, ref, batch.Next[0], alone)
	require.NoError(t, err)
	failures := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.Len(t, failures, 3)
	for i, sends := range []int{1, 1, 2} {
		require.Equal(t, sends, failures[i].Sends)
	}
}

func TestFailuresAreChosenByRunReasonAndNovelty(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), slices.Concat(refused(1), invalid()))
	wholeRun(t, l, opening("b"), members(0, 3, "v1"), refused(1))
	for _, test := range []struct {
		query ledger.FailureQuery
		want  []string
	}{
		{ledger.FailureQuery{}, []string{"0 known", "1 known", "2 new"}},
		{ledger.FailureQuery{Run: 1}, []string{"0 new", "1 new"}},
		{ledger.FailureQuery{NewOnly: true}, []string{"2 new"}},
		{ledger.FailureQuery{Reason: "refused_by_hello_charles"}, []string{"0 known", "2 new"}},
		{ledger.FailureQuery{Reason: badName, Limit: 1}, []string{"0 known"}},
		{ledger.FailureQuery{Reason: "refused_by%"}, []string{}},
		{ledger.FailureQuery{Limit: 2}, []string{"0 known", "1 known"}},
	} {
		test.query.Sync = "spring"
		failures := failuresOf(t, l, test.query)
		found := make([]string, 0, len(failures))
		for _, f := range failures {
			word := "new"
			if f.Known {
				word = "known"
			}
			found = append(found, f.Reference[len(f.Reference)-1:]+" "+word)
		}
		require.Equal(t, test.want, found, test.query)
	}
}

func TestAllOfManyFailuresAreListedOnceAndInOrder(t *testing.T) {
	t.Parallel()
	l := open(t)
	const n = 2345
	o := opening("a")
	o.BatchSize = n
	wholeRun(t, l, o, members(0, n, "v1"), refused(n))
	at := 0
	for failure, err := range l.Failures(t.Context(), ledger.FailureQuery{Sync: "spring"}) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("+49151%08d", at), failure.Reference)
		at++
	}
	require.Equal(t, n, at)
	require.Len(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring", Limit: 1001}), 1001)
	for _, err := range l.Failures(t.Context(), ledger.FailureQuery{Sync: "spring"}) {
		require.NoError(t, err)
		break // Whoever has seen enough may stop.
	}
}

func TestAskingForARunThatIsNotThereSaysWhichAre(t *testing.T) {
	t.Parallel()
	l := open(t)
	ask := func(sync string, run int64) error {
		for _, err := range l.Failures(t.Context(), ledger.FailureQuery{Sync: sync, Run: run}) {
			return err
		}
		return nil
	}
	require.ErrorContains(t, ask("spring", 0), "is it the worker's ledger?")
	openRun(t, l, "a")
	require.ErrorContains(t, ask("spring", 7), "sync spring has no run 7: its runs are 1 only")
	openRun(t, l, "b")
	require.ErrorContains(t, ask("spring", 7), "its runs are 1 to 2")
	require.ErrorIs(t, ask("spring", -1), ledger.ErrNotFound)
	require.ErrorContains(t, ask("sprang", 1), "those that have: spring")
	require.NoError(t, ask("spring", 2))
}

func BenchmarkSettleBatchOf1000Refused(b *testing.B) {
	l := openWith(b, ledgertest.Address(b), ledger.WithFailureKey([]byte("a secret of 24 bytes ...")))
	o := opening("a")
	o.BatchSize = 1000
	ref, err := l.OpenRun(b.Context(), o)
	require.NoError(b, err)
	reading, err := l.Reading(b.Context(), ref, staging, week)
	require.NoError(b, err)
	from, number := 0, int64(0)
	for b.Loop() {
		b.StopTimer()
		_, err := reading.Commit(b.Context(), ledger.PageInput{Members: members(from, 1000, "v1"), Next: "next"})
		require.NoError(b, err)
		from, number = from+1000, number+1
		b.StartTimer()
		require.NoError(b, l.MarkSent(b.Context(), ref, number, 1))
		_, err = settle(b, l, ref, number, refused(1000))
		require.NoError(b, err)
	}
}
