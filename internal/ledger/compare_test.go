package ledger_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// listed are contacts of a segment with one reference each.
func listed(references ...string) []ledger.Listed {
	contacts := make([]ledger.Listed, len(references))
	for i, reference := range references {
		contacts[i].References = []string{reference}
	}
	return contacts
}

// compared compares a segment with the ledger for a run.
func compared(t *testing.T, l *ledger.Ledger, ref ledger.RunRef, pages ...[]ledger.Listed) audience.Comparison {
	t.Helper()
	comparing, err := l.Compare(t.Context(), ref)
	require.NoError(t, err)
	for _, page := range pages {
		require.NoError(t, comparing.Take(t.Context(), page))
	}
	result, err := comparing.End(t.Context(), false)
	require.NoError(t, err)
	return result
}

func closeCompared(t *testing.T, l *ledger.Ledger, ref ledger.RunRef) {
	t.Helper()
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true, Compared: true}))
}

// sentRun opens the first run, reads members and settles them.
func sentRun(t *testing.T, l *ledger.Ledger, list []ledger.ReadMember, outcomes []ledger.MemberOutcome) ledger.RunRef {
	t.Helper()
	ref, _ := readAgain(t, l, opening("a"), list)
	sendStaged(t, l, ref, outcomes)
	return ref
}

// seenRun is sentRun of members who are created, and whom a proof then sees.
func seenRun(t *testing.T, l *ledger.Ledger, o ledger.Opening, list []ledger.ReadMember) {
	t.Helper()
	ref, _ := readAgain(t, l, o, list)
	sendStaged(t, l, ref, all(audience.Created, len(list)))
	compared(t, l, ref, listed(referencesOf(list)...))
	closeCompared(t, l, ref)
}

func membership(t *testing.T, l *ledger.Ledger, reference string) ledger.ContactHistory {
	t.Helper()
	history, err := l.Outcomes(t.Context(), "spring", reference)
	require.NoError(t, err)
	return history
}

func TestAComparisonNamesWhoIsMissingForeignMergedOrUnsure(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 25, "v1")
	all25 := referencesOf(list)
	ref := sentRun(t, l, list, slices.Concat(all(audience.Created, 24), all(audience.Unresolved, 1)))

	found := compared(t, l, ref, listed(all25[:5]...), nil, []ledger.Listed{
		{References: []string{all25[5], all25[6], "+4999"}}, // Two that are ours are one contact.
		{References: []string{"+49888", "+49887"}},
		{References: []string{all25[24]}, OfOthers: true}, // It was never answered for.
		{OfOthers: true},
		{},
	})
	require.Equal(t, audience.Comparison{
		Listed: 10, Found: 7, NotVisible: 17, Unsure: 1, Merged: 1, Foreign: 1, OfOthers: 1, Unreferenced: 1,
	}, found)
	require.Equal(t, found, compared(t, l, ref, listed(all25[:5]...), []ledger.Listed{
		{References: []string{all25[5], all25[6], "+4999"}}, {References: []string{"+49888"}}, {References: []string{all25[24]}}, {OfOthers: true}, {},
	}), "a repeated comparison takes the place of the first")
	closeCompared(t, l, ref)

	differences, err := l.Differences(t.Context(), "spring", ref.Run)
	require.NoError(t, err)
	want := make([]ledger.Difference, 0, 19)
	want = append(want, ledger.Difference{Kind: ledger.DifferenceForeign, Reference: "+49888"}, ledger.Difference{Kind: ledger.DifferenceMerged, Reference: all25[6]})
	for _, reference := range all25[7:24] {
		want = append(want, ledger.Difference{Kind: ledger.DifferenceNotVisible, Reference: reference})
	}
	require.Equal(t, want, differences)
}

func TestWhoWasNeverSeenIsSentAgainAndWhoIsGoneIsNot(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 12, "v1")
	references := referencesOf(list)
	first := sentRun(t, l, list, all(audience.Created, 12))
	require.Equal(t, int64(2), compared(t, l, first, listed(references[:10]...)).NotVisible)
	closeCompared(t, l, first)
	require.Equal(t, ledger.MemberYes, membership(t, l, references[9]).Membership)
	require.Equal(t, ledger.MemberUnknown, membership(t, l, references[10]).Membership)

	second, sum := readAgain(t, l, opening("b"), list)
	require.Equal(t, int64(10), sum.Outcomes.Unchanged)
	require.Equal(t, int64(2), sum.Staged, "exactly those who did not come")
	sendStaged(t, l, second, all(audience.Updated, 2))
	found := compared(t, l, second, listed(references[3:]...))
	require.Equal(t, audience.Comparison{Listed: 9, Found: 9, Gone: 3}, found)
	closeCompared(t, l, second)
	for _, reference := range references[:3] {
		require.Equal(t, ledger.MemberNo, membership(t, l, reference).Membership)
	}

	third, sum := readAgain(t, l, opening("c"), list)
	require.Equal(t, int64(9), sum.Outcomes.Unchanged)
	require.Zero(t, sum.Staged, "this workspace empties what is not named, so every request could bring somebody back")
	require.Equal(t, int64(3), sum.Outcomes.Refused)
	require.Equal(t, map[string]int64{string(audience.GoneFromHelloCharles): 3}, sum.Reasons)
	closeRun(t, l, third)
	fourth, sum := readAgain(t, l, opening("d"), list)
	require.Equal(t, int64(3), sum.Known)
	closeRun(t, l, fourth)

	keeps := opening("e")
	keeps.Keeps, keeps.Full = true, true
	fifth, _ := readAgain(t, l, keeps, list)
	batch, err := l.Batch(t.Context(), fifth, 1)
	require.NoError(t, err)
	for _, member := range batch.Members[:3] {
		require.Equal(t, ledger.HeldSame, member.Held, "nothing is sent that would create it")
	}
	closeRun(t, l, fifth)
	again := opening("f")
	again.Recreate = true
	_, sum = readAgain(t, l, again, list)
	require.Equal(t, int64(3), sum.Staged, "exactly those who are gone")
}

func TestWhoHasLeftAndIsGoneIsCountedApart(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 12, "v1")
	references := referencesOf(list)
	first := sentRun(t, l, list, all(audience.Created, 12))
	compared(t, l, first, listed(references...))
	closeCompared(t, l, first)
	second, _ := readAgain(t, l, opening("b"), list[2:])
	require.Equal(t, audience.Comparison{Listed: 9, Found: 9, Gone: 3, GoneLeft: 2}, compared(t, l, second, listed(references[3:]...)))
}

func TestAProofByNumbersHasSeenEverybodyToo(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 3, "v1")
	first := sentRun(t, l, list, all(audience.Accepted, 3))
	require.NoError(t, l.CloseRun(t.Context(), first, ledger.Closing{Report: []byte(`{}`), Complete: true, Proved: true}))
	second, _ := readAgain(t, l, opening("b"), list)
	require.Equal(t, audience.Comparison{Gone: 3}, compared(t, l, second))
}

func TestAFencedRunComparesNothing(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := sentRun(t, l, members(0, 3, "v1"), all(audience.Created, 3))
	comparing, err := l.Compare(t.Context(), first)
	require.NoError(t, err)
	openRun(t, l, "b")
	_, err = comparing.End(t.Context(), false)
	require.ErrorIs(t, err, ledger.ErrFenced)
	_, err = l.Compare(t.Context(), ledger.RunRef{Sync: "nobody", Run: 1})
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestWhoWasTakenForGoneAndIsThereAfterAllIsSentAgain(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 4, "v1")
	references := referencesOf(list)
	seenRun(t, l, opening("a"), list)
	second, _ := readAgain(t, l, opening("b"), list)
	require.Equal(t, int64(2), compared(t, l, second, listed(references[2:]...)).Gone)
	closeCompared(t, l, second)

	third, sum := readAgain(t, l, opening("c"), list)
	require.Equal(t, int64(2), sum.Outcomes.Refused)
	require.Equal(t, audience.Comparison{Listed: 4, Found: 2, Unsure: 2}, compared(t, l, third, listed(references...)))
	closeCompared(t, l, third)
	fourth, sum := readAgain(t, l, opening("d"), list)
	require.Equal(t, int64(2), sum.Staged)
	sendStaged(t, l, fourth, all(audience.Updated, 2))
	require.True(t, func() bool { c := compared(t, l, fourth, listed(references...)); return c.Same() }())
}

func TestARequestThatCannotBringBackWhoIsGoneIsNoSignThatItIsNotVisibleYet(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 2, "v1")
	references := referencesOf(list)
	seenRun(t, l, opening("a"), list)
	second, _ := readAgain(t, l, opening("b"), list)
	compared(t, l, second, listed(references[1]))
	closeCompared(t, l, second)
	keeps := opening("c")
	keeps.Keeps = true
	third, _ := readAgain(t, l, keeps, list)
	sendStaged(t, l, third, all(audience.Accepted, 1)) // A 2xx that says nothing of contacts.
	require.Equal(t, audience.Comparison{Listed: 1, Found: 1, Gone: 1}, compared(t, l, third, listed(references[1])))
}

func TestWhomOnlyThisRunHasConfirmedAndWhoWasNeverSeenIsSentWholeAgain(t *testing.T) {
	t.Parallel()
	confirmed := func(n int) []ledger.MemberOutcome {
		outcomes := all(audience.Created, n)
		for i := range outcomes {
			outcomes[i].Confirmed = true
		}
		return outcomes
	}
	keeping := func(token string) ledger.Opening {
		o := opening(token)
		o.Keeps = true
		return o
	}
	l := open(t)
	list := members(0, 3, "v1")
	wholeRun(t, l, keeping("a"), list[:1], confirmed(1)) // Nothing was compared.
	other := keeping("other")
	other.Sync, other.AudienceID = "summer", "985"
	seenThere, err := l.OpenRun(t.Context(), other)
	require.NoError(t, err)
	read(t, l, seenThere, list[1:2])
	ref, sum := readAgain(t, l, keeping("b"), append(members(0, 1, "v2"), list[1:]...))
	require.Equal(t, int64(3), sum.Staged)
	sendStaged(t, l, ref, confirmed(3))
	sendStaged(t, l, seenThere, confirmed(1))
	compared(t, l, seenThere, listed(list[1].Reference))
	closeCompared(t, l, seenThere)
	require.Equal(t, int64(3), compared(t, l, ref).NotVisible)
	closeCompared(t, l, ref)

	_, sum = readAgain(t, l, keeping("c"), list)
	require.Equal(t, int64(3), sum.Staged)
	batch, err := l.Batch(t.Context(), ledger.RunRef{Sync: "spring", Run: 3, Epoch: 3}, 1)
	require.NoError(t, err)
	held := map[string]ledger.Held{}
	for _, member := range batch.Members {
		held[member.Reference] = member.Held
	}
	require.Equal(t, map[string]ledger.Held{
		list[0].Reference: ledger.HeldSame, // It was confirmed before, and may have been erased since.
		list[1].Reference: ledger.HeldSame, // The other segment holds it.
		list[2].Reference: ledger.HeldUnknown,
	}, held)
}

func TestWhoWasUnmarkedAndIsInTheSegmentAllTheSameIsUnmarkedAgain(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 6, "v1")
	people := referencesOf(list)
	first := sentRun(t, l, list, all(audience.Created, 6))
	compared(t, l, first, listed(people...))
	closeCompared(t, l, first)

	second, _ := readAgain(t, l, opening("b"), list[3:])
	settleAll(t, l, second, decide(t, l, second, mirroring()).LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	found := compared(t, l, second, listed(people[0]), []ledger.Listed{
		{References: []string{people[1], people[3]}}, // One contact, which a member holds too.
		{References: people[4:5]}, {References: people[5:6]}, {References: []string{"+49888"}},
	})
	require.Equal(t, audience.Comparison{Listed: 5, Found: 3, StillVisible: 1, Foreign: 1}, found)
	closeCompared(t, l, second)
	differences, err := l.Differences(t.Context(), "spring", second.Run)
	require.NoError(t, err)
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceForeign, Reference: "+49888"}, {Kind: ledger.DifferenceStillVisible, Reference: people[0]},
	}, differences)
	require.Equal(t, ledger.MemberUnknown, membership(t, l, people[0]).Membership)
	require.Equal(t, ledger.MemberNo, membership(t, l, people[1]).Membership)

	third, _ := readAgain(t, l, opening("c"), list[3:])
	again := decide(t, l, third, mirroring())
	require.Equal(t, people[:1], references(batches(t, l, third, again.LeaverBatches)), "exactly those who did not go")
	settleAll(t, l, third, again.LeaverBatches, ledger.MemberOutcome{Outcome: audience.Removed})
	found = compared(t, l, third, listed(people[3:]...))
	require.True(t, found.Same(), found)
}
