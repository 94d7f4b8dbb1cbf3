package trial_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/trial"
)

func TestMembersThatARunWouldNotSendArePassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	chosen, err := w.ready(t).Choose(t.Context(), 10)
	require.NoError(t, err)
	references := make([]string, 0, 3)
	for _, candidate := range chosen.Candidates {
		references = append(references, candidate.Contact.Reference)
	}
	require.Equal(t, []string{ada, emil, fay}, references)
	require.Equal(t, int64(8), chosen.Read)
	require.Equal(t, []trial.PassedOver{
		{Outcome: audience.Duplicate, Reason: audience.ReferenceSeenBefore, Members: 2},
		{Outcome: audience.Invalid, Reason: audience.EmailNotAnAddress, Field: "email", Members: 1},
		{Outcome: audience.Suppressed, Reason: audience.ExcludedByFilter, Field: "country", Members: 1},
		{Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Field: "phone", Members: 1},
	}, chosen.PassedOver, "the first member with a reference counts, also if it is suppressed")
	require.Empty(t, chosen.Incomplete)
}

func TestTheReadEndsWhenEnoughWereFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	chosen, err := w.ready(t).Choose(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, chosen.Candidates, 1)
	require.Equal(t, int64(1), chosen.Read)
	require.Empty(t, chosen.PassedOver)
}

func TestALabelThatStopsARunIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	chosen, err := w.ready(t, "tags: [zeotap, vip]", "tags: [zeotap, {from: city, unknown: stop}]").Choose(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, emil, chosen.Candidates[0].Contact.Reference)
	over := trial.PassedOver{Reason: trial.StopsTheRun, Members: 1}
	require.Contains(t, chosen.PassedOver, over)
	require.Contains(t, over.Why(), "unknown: stop")
}

func TestAReferenceIsReadAsTheSyncReadsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	opened := w.ready(t)
	for _, spelling := range []string{"+49 151 12345604", "0151/12345604", "0049 (151) 12345604"} {
		reference, err := opened.Normalise(spelling)
		require.NoError(t, err)
		require.Equal(t, emil, reference)
	}
	_, err := opened.Normalise("Emil")
	require.EqualError(t, err, "the reference is not a phone number of any region")

	digits, err := w.open(t, "normalise: e164", "normalise: digits").Normalise("0151 12345604")
	require.NoError(t, err)
	require.Equal(t, "4915112345604", digits)
}

func TestOneMemberIsFoundByItsReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.CharlesOptions{}, nil)
	opened := w.ready(t)
	chosen, err := opened.ChooseOne(t.Context(), emil)
	require.NoError(t, err)
	require.Equal(t, "Emil", chosen.Candidates[0].Contact.FirstName)
	require.Equal(t, int64(7), chosen.Read)

	chosen, err = opened.ChooseOne(t.Context(), "+4915112345603")
	require.NoError(t, err)
	require.Empty(t, chosen.Candidates)
	require.Equal(t, []trial.PassedOver{{Outcome: audience.Invalid, Reason: audience.EmailNotAnAddress, Field: "email", Members: 1}}, chosen.PassedOver)

	_, err = opened.ChooseOne(t.Context(), "+4915112345699")
	var nobody *trial.NoMemberError
	require.ErrorAs(t, err, &nobody)
	require.EqualError(t, nobody, "no member of audience 984 has this reference: 8 members were read, of whom 1 have no usable one")
}
