package ledger_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// auditing opens an audit of the sync.
func auditing(token string) ledger.Opening {
	o := opening(token)
	o.Audit, o.Full, o.Recreate = true, true, true
	return o
}

func TestAnAuditComparesWithTheAudienceAndNotWithTheLedger(t *testing.T) {
	t.Parallel()
	l := open(t)
	marked := members(0, 12, "v1")
	closeRun(t, l, sentRun(t, l, marked, all(audience.Created, 12)))

	list := members(2, 12, "v2") // 0 and 1 have left, 12 and 13 have joined.
	list[0].Suppressed = &ledger.Suppression{Reason: audience.ExcludedByFilter}
	ref, err := l.OpenRun(t.Context(), auditing("audit"))
	require.NoError(t, err)
	reading := commit(t, l, ref, ledger.PageInput{Members: list, Last: true, Check: func(member ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
		if member.Reference == list[1].Reference {
			return ledger.Channels{}, &ledger.Objection{Reason: audience.PhoneNotANumber, Field: "phone"}
		}
		return ledger.Channels{}, nil
	}})
	require.Equal(t, int64(12), reading.Read)
	sum, err := l.PageResults(t.Context(), ref, 0)
	require.NoError(t, err)
	require.Zero(t, sum.Staged, "nobody is to be sent")
	require.Equal(t, audience.Outcomes{Suppressed: 1, Invalid: 1}, sum.Outcomes)
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 10}, expected)

	references := referencesOf(list)
	segment := append([]string{marked[0].Reference, "+4999"}, references[:9]...)
	found := compared(t, l, ref, listed(segment...), []ledger.Listed{{OfOthers: true}, {References: []string{references[9], references[10]}}})
	require.Equal(t, audience.Comparison{
		Listed: 13, Found: 9, Missing: 1, Merged: 1, Invalid: 1, Excluded: 1, Left: 1, Foreign: 1, OfOthers: 1,
	}, found)
	differences, err := l.Differences(t.Context(), "spring", ref.Run)
	require.NoError(t, err)
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceExcluded, Reference: references[0]},
		{Kind: ledger.DifferenceForeign, Reference: "+4999"},
		{Kind: ledger.DifferenceLeft, Reference: marked[0].Reference},
		{Kind: ledger.DifferenceMerged, Reference: references[10]},
		{Kind: ledger.DifferenceMissing, Reference: references[11]},
	}, differences)
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`)}))

	next, sum := readAgain(t, l, opening("next"), marked)
	require.Equal(t, int64(12), sum.Outcomes.Unchanged, "an audit teaches the ledger nothing")
	closeRun(t, l, next)
}

func TestASyncThatHasSentNothingMayChangeItsPermanentParts(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, reference := range []string{"phone as digits", "phone as e164"} {
		try := auditing(reference)
		try.Reference = reference
		ref, err := l.OpenRun(t.Context(), try)
		require.NoError(t, err)
		require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`)}))
	}
	other := opening("run")
	other.Reference, other.AudienceID = "email as raw", "1000"
	require.NoError(t, l.CheckOpening(t.Context(), other))
	ref, err := l.OpenRun(t.Context(), other)
	require.NoError(t, err)
	closeRun(t, l, ref)
	other.Reference = "phone as e164"
	var refused *ledger.RefusedError
	require.ErrorAs(t, l.CheckOpening(t.Context(), other), &refused)
	try := auditing("late")
	try.Reference, try.AudienceID = "phone as e164", "1000"
	_, err = l.OpenRun(t.Context(), try)
	require.ErrorAs(t, err, &refused, "it may have sent something")
}

func TestALookNamesWhatDiffersAndWritesNothing(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 6, "v1")
	references := referencesOf(list)
	_, err := l.LookInto(t.Context(), "spring")
	require.ErrorIs(t, err, ledger.ErrNotFound)
	ref := sentRun(t, l, list, slices.Concat(all(audience.Created, 5), all(audience.Unresolved, 1)))
	compared(t, l, ref, listed(references[:5]...))
	looking, err := l.LookInto(t.Context(), "spring")
	require.NoError(t, err)
	require.True(t, looking.Open)
	closeCompared(t, l, ref)

	for range 2 {
		looking, err = l.LookInto(t.Context(), "spring")
		require.NoError(t, err)
		require.False(t, looking.Open)
		require.Equal(t, ref.Run, looking.Run)
		require.NoError(t, looking.Take(t.Context(), listed(references[1], references[2], references[5], "+4999")))
		found, differences, err := looking.End(t.Context())
		require.NoError(t, err)
		require.Equal(t, audience.Comparison{Listed: 4, Found: 2, Gone: 3, Unsure: 1, Foreign: 1}, found)
		require.Equal(t, []ledger.Difference{
			{Kind: ledger.DifferenceForeign, Reference: "+4999"},
			{Kind: ledger.DifferenceGone, Reference: references[0]},
			{Kind: ledger.DifferenceGone, Reference: references[3]},
			{Kind: ledger.DifferenceGone, Reference: references[4]},
		}, differences)
	}
	require.Equal(t, ledger.MemberYes, membership(t, l, references[0]).Membership)
}
