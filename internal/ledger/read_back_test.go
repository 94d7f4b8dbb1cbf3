package ledger_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// sampled is a run that has sent members of whom all were drawn: two had been accepted
// before, of whom one has changed, and of the two who are new one is refused.
func sampled(t *testing.T, l *ledger.Ledger) (ref ledger.RunRef, list []ledger.ReadMember) {
	t.Helper()
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), all(audience.Created, 2))
	ref = openRun(t, l, "b")
	list = slices.Concat(members(0, 1, "v1"), members(1, 1, "v2"), members(2, 2, "v1"))
	drawing(t, l, ref, 20, list)
	sendStaged(t, l, ref, slices.Concat(all(audience.Updated, 1), all(audience.Created, 1), refused(1)))
	return ref, list
}

func TestThoseAreReadBackWhoseNewestContentWasAccepted(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref, list := sampled(t, l)
	drawn, err := l.Drawn(t.Context(), ref, false)
	require.NoError(t, err)
	slices.SortFunc(drawn, func(a, b ledger.Drawn) int { return int(a.Contact - b.Contact) })
	require.Len(t, drawn, 3)
	for i, member := range drawn {
		require.Equal(t, list[i].Reference, member.Reference)
		require.Equal(t, list[i].Mapped, member.Mapped)
		require.Equal(t, i == 0, member.Earlier, "the first one is unchanged")
		require.False(t, member.Bare)
	}
}

func TestWhoWasAcceptedAndIsInDoubtAgainIsNotReadBack(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), all(audience.Created, 2))
	ref := openRun(t, l, "b")
	drawing(t, l, ref, 20, members(0, 2, "v2"))
	sendStaged(t, l, ref, slices.Concat(all(audience.Unresolved, 1), refused(1)))
	require.Empty(t, drawn(t, l, ref))
}

func TestWhomAComparisonMissesIsNotReadBack(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref, list := sampled(t, l)
	compared(t, l, ref, listed(list[0].Reference, list[2].Reference))
	drawn, err := l.Drawn(t.Context(), ref, true)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{list[0].Reference, list[2].Reference}, []string{drawn[0].Reference, drawn[1].Reference})
	drawn, err = l.Drawn(t.Context(), ref, false)
	require.NoError(t, err)
	require.Len(t, drawn, 3)
}

func TestAContactThatIsHeldWithItsChannelsIsSentWithoutThem(t *testing.T) {
	t.Parallel()
	l := open(t)
	o := opening("a")
	o.Keeps = true
	confirmed := all(audience.Created, 1)
	confirmed[0].Confirmed = true
	wholeRun(t, l, o, members(0, 1, "v1"), confirmed)
	o.Token = "b"
	ref, err := l.OpenRun(t.Context(), o)
	require.NoError(t, err)
	drawing(t, l, ref, 20, members(0, 1, "v2"))
	sendStaged(t, l, ref, all(audience.Updated, 1))
	drawn, err := l.Drawn(t.Context(), ref, false)
	require.NoError(t, err)
	require.Len(t, drawn, 1)
	require.True(t, drawn[0].Bare)
	require.False(t, drawn[0].Earlier)
}

func TestWhatWasReadBackIsKeptBesideWhatAComparisonFinds(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref, list := sampled(t, l)
	drawn, err := l.Drawn(t.Context(), ref, false)
	require.NoError(t, err)
	differing := func() map[ledger.DifferenceKind][]string {
		found, err := l.Differences(t.Context(), ref.Sync, ref.Run)
		require.NoError(t, err)
		by := map[ledger.DifferenceKind][]string{}
		for _, d := range found {
			by[d.Kind] = append(by[d.Kind], d.Reference)
		}
		return by
	}
	keep := func(kind ledger.DifferenceKind, which ...ledger.Drawn) {
		found := map[ledger.DifferenceKind][]int64{}
		for _, member := range which {
			found[kind] = append(found[kind], member.Contact)
		}
		require.NoError(t, l.KeepReadBack(t.Context(), ref, found))
	}
	compared(t, l, ref, listed(list[0].Reference, list[1].Reference, list[2].Reference, "+49888"))
	foreign := []string{"+49888"}
	keep(ledger.DifferenceDiffers, drawn...)
	require.Len(t, differing()[ledger.DifferenceDiffers], 3)
	keep(ledger.DifferenceAbsent, drawn[0])
	want := map[ledger.DifferenceKind][]string{ledger.DifferenceForeign: foreign, ledger.DifferenceAbsent: {drawn[0].Reference}}
	require.Equal(t, want, differing(), "what is read again takes the place of the first")
	compared(t, l, ref, listed(list[0].Reference, list[1].Reference, list[2].Reference, "+49888"))
	require.Equal(t, want, differing())
	closeCompared(t, l, ref)
	require.Equal(t, want, differing())

	require.ErrorIs(t, l.KeepReadBack(t.Context(), ref, nil), ledger.ErrFenced)
}

func TestAReferenceIsOursIfAnySyncOfTheWorkspaceHoldsIt(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), slices.Concat(all(audience.Created, 1), refused(1)))
	other := opening("b")
	other.Sync, other.AudienceID = "summer", "985"
	wholeRun(t, l, other, members(2, 1, "v1"), all(audience.Created, 1))
	elsewhere := opening("c")
	elsewhere.Sync, elsewhere.Workspace = "autumn", "https://other.example zeotap"
	wholeRun(t, l, elsewhere, members(3, 1, "v1"), all(audience.Created, 1))
	for i, ours := range []bool{true, false, true, false, false} {
		holds, err := l.HoldsAny(t.Context(), "spring", []string{"+49888", members(i, 1, "")[0].Reference})
		require.NoError(t, err)
		require.Equal(t, ours, holds, i)
	}
}
