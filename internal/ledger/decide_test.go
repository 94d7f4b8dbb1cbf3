package ledger_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// removal is the fingerprint of taking the marker away.
var removal = []byte("the marker's end")

func mirroring() ledger.Deciding {
	return ledger.Deciding{Mirror: true, Removal: removal, RetryAfter: week, StagingLimit: staging}
}

func decide(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, on ledger.Deciding) ledger.Decision {
	tb.Helper()
	decision, err := l.Decide(tb.Context(), ref, on)
	require.NoError(tb, err)
	return decision
}

// batches returns the batches of these numbers.
func batches(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, of ledger.Numbers) []ledger.Batch {
	tb.Helper()
	var list []ledger.Batch
	for number := of.From; number <= of.To; number++ {
		batch, err := l.Batch(tb.Context(), ref, number)
		require.NoError(tb, err)
		list = append(list, batch)
	}
	return list
}

// references are those of the members of batches.
func references(list []ledger.Batch) []string {
	var all []string
	for _, batch := range list {
		for _, member := range batch.Members {
			all = append(all, member.Reference)
		}
	}
	return all
}

// sizes are how many members batches have.
func sizes(list []ledger.Batch) []int {
	all := make([]int, len(list))
	for i, batch := range list {
		all[i] = len(batch.Members)
	}
	return all
}

func referencesOf(list []ledger.ReadMember) []string {
	all := make([]string, 0, len(list))
	for _, member := range list {
		all = append(all, member.Reference)
	}
	return all
}

// settleAll settles all batches of these numbers with one outcome.
func settleAll(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef, of ledger.Numbers, outcome ledger.MemberOutcome) {
	tb.Helper()
	for _, batch := range batches(tb, l, ref, of) {
		require.NoError(tb, l.MarkSent(tb.Context(), ref, batch.Number, 1))
		_, err := l.Settle(tb.Context(), ref, batch, slices.Repeat([]ledger.MemberOutcome{outcome}, len(batch.Members)))
		require.NoError(tb, err)
	}
}

func closeRun(tb testing.TB, l *ledger.Ledger, ref ledger.RunRef) {
	tb.Helper()
	require.NoError(tb, l.CloseRun(tb.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
}

func TestWhoIsNotReadAnyMoreHasLeftAndIsStagedByReferenceAlone(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 25, "v1"), all(audience.Created, 25))
	ref, _ := readAgain(t, l, opening("b"), slices.Concat(members(0, 3, "v1"), members(3, 1, "v2"), members(25, 11, "v1")))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, ledger.Decision{
		Marked: 25, Leavers: 21,
		Members: ledger.Numbers{From: 1, To: 2}, LeaverBatches: ledger.Numbers{From: 3, To: 5}, MarkBatches: ledger.Numbers{From: 6, To: 5},
	}, decision)
	staged := batches(t, l, ref, decision.LeaverBatches)
	require.Equal(t, referencesOf(members(4, 21, "")), references(staged))
	for _, batch := range staged {
		require.Equal(t, ledger.BatchLeavers, batch.Kind)
		for _, member := range batch.Members {
			require.Equal(t, ledger.Staged{Contact: member.Contact, Reference: member.Reference, Fingerprint: removal}, member,
				"a leaver is staged with something that it need not be")
		}
	}
	for _, batch := range batches(t, l, ref, decision.Members) {
		require.Equal(t, ledger.BatchMembers, batch.Kind)
	}
}

func TestARepeatedDecisionIsTheStoredOne(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 25, "v1"), slices.Concat(all(audience.Created, 24), all(audience.Unresolved, 1)))
	ref, _ := readAgain(t, l, opening("b"), members(0, 4, "v2"))
	first := decide(t, l, ref, mirroring())
	require.Equal(t, int64(21), first.Leavers, "who may have been marked has left too")
	settleAll(t, l, ref, ledger.Numbers{From: 2, To: 2}, ledger.MemberOutcome{Outcome: audience.Removed})

	require.Equal(t, first, decide(t, l, ref, mirroring()))
	require.Equal(t, first, decide(t, l, ref, ledger.Deciding{StagingLimit: 1}), "what it rests on now does not count")
	run, err := l.Run(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, first, *run.Decision)
	require.Equal(t, first.LeaverBatches.To, run.Batches, "leavers were staged again")
}

func TestBeforeAReadIsCompleteNobodyCanBeSaidToHaveLeft(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 25, "v1"), all(audience.Created, 25))
	ref := openRun(t, l, "b")
	refuses := func(when string) {
		_, err := l.Decide(t.Context(), ref, mirroring())
		require.ErrorIs(t, err, ledger.ErrReadIncomplete, when)
		require.ErrorContains(t, err, "run 2 of sync spring")
		run, err := l.Run(t.Context(), ref)
		require.NoError(t, err)
		require.Nil(t, run.Decision)
		require.Zero(t, run.Batches)
	}
	refuses("nothing was read")
	commit(t, l, ref, ledger.PageInput{Members: members(0, 1, "v1"), Next: "p2"})
	refuses("the last page is missing")
	reading := commit(t, l, ref, ledger.PageInput{Members: members(1, 1, "v1"), Last: true})
	refuses("the source has not said that this was all")
	require.NoError(t, reading.Finish(t.Context()))
	require.Equal(t, int64(23), decide(t, l, ref, mirroring()).Leavers)
}

func TestWhoMayNotBeInTheAudienceAnyMoreHasLeft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		removeInvalid bool
		left          int
	}{"who is invalid stays": {false, 1}, "who is invalid leaves": {true, 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			wholeRun(t, l, opening("a"), members(0, 4, "v1"), all(audience.Created, 4))
			// One is suppressed, one was found invalid by an earlier run, one is invalid now.
			earlier := openRun(t, l, "b")
			commit(t, l, earlier, ledger.PageInput{Members: members(1, 1, "v2"), Last: true, Check: rejecting})
			closeRun(t, l, earlier)
			ref := openRun(t, l, "c")
			reading := commit(t, l, ref,
				ledger.PageInput{Members: slices.Concat(suppress(members(0, 1, "v2")), members(1, 1, "v2")), Next: "p2", Check: rejecting},
				ledger.PageInput{Members: slices.Concat(members(2, 1, "v2"), members(3, 1, "v1")), Last: true, Check: rejecting})
			require.NoError(t, reading.Finish(t.Context()))
			sum, err := l.PageResults(t.Context(), ref, 0)
			require.NoError(t, err)
			require.Equal(t, audience.Outcomes{Suppressed: 1, Invalid: 2, Unchanged: 1}, sum.Outcomes)
			require.Equal(t, int64(1), sum.Known)

			on := mirroring()
			on.RemoveInvalid = test.removeInvalid
			decision := decide(t, l, ref, on)
			require.Equal(t, int64(4), decision.Marked)
			require.Equal(t, referencesOf(members(0, test.left, "")), references(batches(t, l, ref, decision.LeaverBatches)))
		})
	}
}

// rejecting finds everybody invalid.
func rejecting(ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
	return ledger.Channels{}, &ledger.Objection{Reason: audience.EmailNotAnAddress, Field: "email"}
}

func TestInModeAddLeaversAreCountedAndNobodyIsStaged(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 5, "v1"), all(audience.Created, 5))
	ref, _ := readAgain(t, l, opening("b"), members(0, 1, "v2"))
	on := mirroring()
	on.Mirror = false
	decision := decide(t, l, ref, on)
	require.Equal(t, int64(4), decision.Leavers)
	require.Zero(t, decision.LeaverBatches.Count()+decision.MarkBatches.Count())
	run, err := l.Run(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, int64(1), run.Batches)
}

func TestTheMembersOfAnotherSyncAreNoLeavers(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 5, "v1"), all(audience.Created, 5))
	summer := opening("b")
	summer.Sync = "summer"
	wholeRun(t, l, summer, members(3, 5, "v1"), all(audience.Updated, 5))
	ref, _ := readAgain(t, l, opening("c"), nil)
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(5), decision.Marked)
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	closeRun(t, l, ref)

	for member, in := range map[int]bool{2: false, 3: true, 4: true, 7: true} {
		held, err := l.Outcomes(t.Context(), "summer", members(member, 1, "")[0].Reference)
		require.NoError(t, err)
		require.Equal(t, in, held.Membership == ledger.MemberYes, "member %d", member)
	}
}

func TestWhoComesBackIsAJoinerAgain(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), all(audience.Created, 2))
	ref, sum := readAgain(t, l, opening("b"), members(0, 1, "v1"))
	require.Zero(t, sum.Joiners)
	decision := decide(t, l, ref, mirroring())
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	require.Equal(t, ledger.MemberNo, history(t, l, 1).Membership)
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 1}, expected)
	closeRun(t, l, ref)

	_, sum = readAgain(t, l, opening("c"), members(0, 2, "v1"))
	require.Equal(t, int64(1), sum.Staged, "the content is that of before, and the marker is gone")
	require.Equal(t, int64(1), sum.Joiners)
	require.Equal(t, audience.Outcomes{Unchanged: 1}, sum.Outcomes)
}

// refusedLeavers is a ledger of ten members, of whom the last four left and could
// not be unmarked.
func refusedLeavers(t *testing.T) *ledger.Ledger {
	t.Helper()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 10, "v1"), all(audience.Created, 10))
	ref, _ := readAgain(t, l, opening("b"), members(0, 6, "v1"))
	settleAll(t, l, ref, decide(t, l, ref, mirroring()).LeaverBatches, refused(1)[0])
	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, audience.Leavers{Refused: 4}, tally.Leavers)
	require.Zero(t, tally.Outcomes.Refused, "a leaver is no member")
	require.Equal(t, map[string]int64{badName: 4}, tally.LeaverReasons)
	closeRun(t, l, ref)
	return l
}

func TestALeaverWhoseRefusalIsKnownIsNotSentAgain(t *testing.T) {
	t.Parallel()
	l := refusedLeavers(t)
	ref, _ := readAgain(t, l, opening("c"), members(0, 5, "v1"))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(5), decision.Leavers)
	require.Equal(t, int64(4), decision.KnownLeavers)
	require.Equal(t, map[string]int64{badName: 4}, decision.KnownReasons)
	require.Equal(t, referencesOf(members(5, 1, "")), references(batches(t, l, ref, decision.LeaverBatches)))
	settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})

	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, audience.Leavers{Refused: 4, Removed: 1}, tally.Leavers)
	require.Equal(t, map[string]int64{badName: 4}, tally.LeaverReasons)
	require.Equal(t, int64(1), tally.Requests)
	require.Zero(t, tally.Known, "they are no members")
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 9, Left: 4}, expected)
	require.Empty(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring", NewOnly: true}))
	found := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.Len(t, found, 4)
	for _, failure := range found {
		require.True(t, failure.Leaver)
		require.Equal(t, int64(2), failure.FirstRun)
		require.Zero(t, failure.Sends)
		require.Equal(t, "The first name is not allowed.", failure.Message)
	}
}

func TestALeaverWhoseRefusalIsKnownIsSentAgainWhenSomethingHasChanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open   func(*ledger.Opening)
		on     func(*ledger.Deciding)
		before func(*testing.T, *ledger.Ledger)
	}{
		"the time to send again has come": {on: func(on *ledger.Deciding) { on.RetryAfter = 0 }},
		"the marker is another one":       {on: func(on *ledger.Deciding) { on.Removal = []byte("another marker's") }},
		"Hello Charles is another one":    {open: func(o *ledger.Opening) { o.KnownBy = "other tags" }},
		"a full run":                      {open: func(o *ledger.Opening) { o.Full = true }},
		"somebody asked for it": {before: func(t *testing.T, l *ledger.Ledger) {
			t.Helper()
			n, err := l.RetryFailures(t.Context(), "spring", ledger.RetryQuery{})
			require.NoError(t, err)
			require.Equal(t, int64(4), n)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := refusedLeavers(t)
			if test.before != nil {
				test.before(t, l)
			}
			o, on := opening("c"), mirroring()
			if test.open != nil {
				test.open(&o)
			}
			if test.on != nil {
				test.on(&on)
			}
			ref, _ := readAgain(t, l, o, members(0, 6, "v1"))
			decision := decide(t, l, ref, on)
			require.Zero(t, decision.KnownLeavers)
			require.Equal(t, referencesOf(members(6, 4, "")), references(batches(t, l, ref, decision.LeaverBatches)))

			settleAll(t, l, ref, decision.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
			closeRun(t, l, ref)
			ref, _ = readAgain(t, l, opening("d"), members(0, 6, "v1"))
			require.Zero(t, decide(t, l, ref, mirroring()).Leavers)
		})
	}
}

func TestALeaverThatWasRefusedAndComesBackIsSentAsAMember(t *testing.T) {
	t.Parallel()
	l := refusedLeavers(t)
	ref, sum := readAgain(t, l, opening("c"), members(0, 10, "v1"))
	require.Equal(t, audience.Outcomes{Unchanged: 10}, sum.Outcomes, "Hello Charles said no, so the marker is there")
	require.Zero(t, decide(t, l, ref, mirroring()).Leavers)
	closeRun(t, l, ref)
	ref, _ = readAgain(t, l, opening("d"), members(0, 10, "v2"))
	sendStaged(t, l, ref, all(audience.Updated, 10))
	closeRun(t, l, ref)
	ref, _ = readAgain(t, l, opening("e"), members(0, 6, "v2"))
	require.Zero(t, decide(t, l, ref, mirroring()).KnownLeavers, "it was taken since")
}

func TestLeaversArePackedIntoFullBatches(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 40, "v1"), all(audience.Created, 40))
	ref, _ := readAgain(t, l, opening("b"), members(0, 10, "v1"))
	for i, batch := range batches(t, l, ref, decide(t, l, ref, mirroring()).LeaverBatches) {
		require.NoError(t, l.MarkSent(t.Context(), ref, batch.Number, 1))
		outcomes := slices.Concat(refused(3+i), all(audience.Unresolved, 7-i))
		_, err := l.Settle(t.Context(), ref, batch, outcomes)
		require.NoError(t, err)
	}
	closeRun(t, l, ref)

	ref, _ = readAgain(t, l, opening("c"), members(0, 10, "v1"))
	decision := decide(t, l, ref, mirroring())
	require.Equal(t, int64(3+4+5), decision.KnownLeavers)
	require.Equal(t, []int{10, 8}, sizes(batches(t, l, ref, decision.LeaverBatches)))
}

func TestTheLimitOfStagingHoldsForLeaversToo(t *testing.T) {
	t.Parallel()
	// stagedAt says what comes of a decision under a limit, and how much is staged.
	stagedAt := func(limit int64) (int64, error) {
		address := ledgertest.Address(t)
		l := openWith(t, address)
		wholeRun(t, l, opening("a"), members(0, 25, "v1"), all(audience.Created, 25))
		ref, _ := readAgain(t, l, opening("b"), members(0, 5, "v2"))
		on := mirroring()
		on.StagingLimit = limit
		_, err := l.Decide(t.Context(), ref, on)
		if err != nil {
			run, err := l.Run(t.Context(), ref)
			require.NoError(t, err)
			require.Nil(t, run.Decision, "half a decision is none")
			require.Equal(t, int64(1), run.Batches)
		}
		var bytes int64
		require.NoError(t, ledgertest.SQL(t, address).QueryRowContext(t.Context(), `SELECT staged_bytes FROM runs ORDER BY id DESC LIMIT 1`).Scan(&bytes))
		return bytes, err
	}
	all, err := stagedAt(staging)
	require.NoError(t, err)
	_, err = stagedAt(all)
	require.NoError(t, err, "members and leavers are as much as may be staged")
	members, err := stagedAt(all - 1)
	var full *ledger.StagingFullError
	require.ErrorAs(t, err, &full)
	require.ErrorContains(t, err, "limits.staging_megabytes")
	require.Less(t, members, all)
}

func TestAnOlderRunDecidesNothingAnyMore(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref, _ := readAgain(t, l, opening("a"), members(0, 1, "v1"))
	openRun(t, l, "b")
	_, err := l.Decide(t.Context(), ref, mirroring())
	require.ErrorIs(t, err, ledger.ErrFenced)
	require.ErrorIs(t, l.DropRead(t.Context(), ref), ledger.ErrFenced)
}

func TestARunIsTheFirstUntilOneHasComeToItsEnd(t *testing.T) {
	t.Parallel()
	l := open(t)
	cancelled, _ := readAgain(t, l, opening("a"), members(0, 25, "v1"))
	require.True(t, decide(t, l, cancelled, mirroring()).FirstRun)
	settleAll(t, l, cancelled, ledger.Numbers{From: 1, To: 1}, ledger.MemberOutcome{Outcome: audience.Created})
	require.NoError(t, l.EndUnsent(t.Context(), cancelled))
	require.NoError(t, l.CloseRun(t.Context(), cancelled, ledger.Closing{Report: []byte(`{}`)}))

	next, _ := readAgain(t, l, opening("b"), members(0, 25, "v1"))
	decision := decide(t, l, next, mirroring())
	require.True(t, decision.FirstRun)
	require.Positive(t, decision.Marked)
	closeRun(t, l, next)
	last, _ := readAgain(t, l, opening("c"), members(0, 25, "v1"))
	require.False(t, decide(t, l, last, mirroring()).FirstRun)
}
