package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func TestAMemberOfATrialIsUnknownUntilItWasTaken(t *testing.T) {
	t.Parallel()
	l := openWith(t, ledgertest.Address(t))
	opening := ledger.Opening{Sync: "spring", Workspace: "acme zeotap", AudienceID: "984", Reference: "phone as e164"}
	members := []ledger.ReadMember{
		{Reference: "+4915112345678", Fingerprint: []byte("one")}, {Reference: "+4915112345679", Fingerprint: []byte("two")},
	}
	require.NoError(t, l.BeginTrial(t.Context(), opening, members))
	for _, m := range members {
		history, err := l.Outcomes(t.Context(), "spring", m.Reference)
		require.NoError(t, err)
		require.Equal(t, ledger.MemberUnknown, history.Membership)
	}
	require.NoError(t, l.EndTrial(t.Context(), "spring", members[:1]))
	first, err := l.Outcomes(t.Context(), "spring", members[0].Reference)
	require.NoError(t, err)
	require.Equal(t, ledger.MemberYes, first.Membership)
	second, err := l.Outcomes(t.Context(), "spring", members[1].Reference)
	require.NoError(t, err)
	require.Equal(t, ledger.MemberUnknown, second.Membership, "nobody said that it was taken")

	require.NoError(t, l.BeginTrial(t.Context(), opening, members[:1]))
	first, err = l.Outcomes(t.Context(), "spring", members[0].Reference)
	require.NoError(t, err)
	require.Equal(t, ledger.MemberYes, first.Membership, "what was accepted stays ours")

	opening.AudienceID = "985"
	var refused *ledger.RefusedError
	require.ErrorAs(t, l.BeginTrial(t.Context(), opening, members), &refused)
}

func TestATrialEndsWhatWasKnownOfARefusal(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 2, "v1"), refused(2))
	require.NoError(t, l.BeginTrial(t.Context(), opening(""), members(0, 1, "v1")))
	require.NoError(t, l.EndTrial(t.Context(), "spring", members(0, 1, "v1")))
	require.Nil(t, history(t, l, 0).KnownFailure)
	require.NotNil(t, history(t, l, 1).KnownFailure, "this one was not tried")

	_, sum := readAgain(t, l, opening("b"), members(0, 2, "v1"))
	require.Equal(t, audience.Outcomes{Unchanged: 1, Refused: 1}, sum.Outcomes, "what the trial brought over is not sent again")
}
