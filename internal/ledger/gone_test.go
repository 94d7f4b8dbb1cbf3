package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func TestWhoLeftWhileTakenForGoneIsOursAgainOnceTheSegmentHoldsIt(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 4, "v1")
	references := referencesOf(list)
	seenRun(t, l, opening("a"), list)
	// Somebody has changed what the segment asks for.
	second, _ := readAgain(t, l, opening("b"), list)
	require.Equal(t, audience.Comparison{Gone: 4}, compared(t, l, second))
	closeCompared(t, l, second)

	// One leaves, and the segment is mended.
	third, _ := readAgain(t, l, opening("c"), list[1:])
	require.Equal(t, audience.Comparison{Listed: 4, Unsure: 4}, compared(t, l, third, listed(references...)))
	closeCompared(t, l, third)
	for _, reference := range references {
		require.Equal(t, ledger.MemberUnknown, membership(t, l, reference).Membership)
	}
	mirror := opening("d")
	mirror.Marker = ledger.Marker{Property: "audience", Member: "member", Mirror: true}
	fourth, sum := readAgain(t, l, mirror, list[1:])
	require.Equal(t, int64(3), sum.Staged)
	decided, err := l.Decide(t.Context(), fourth, mirroring())
	require.NoError(t, err)
	require.Equal(t, int64(1), decided.Leavers, "its marker is taken away, as if it had never been missed")
}

func TestWhomAnotherSyncHasTakenForGoneIsNotOurs(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 2, "v1")
	references := referencesOf(list)
	other := opening("summer")
	other.Sync, other.AudienceID = "summer", "985"
	seenRun(t, l, other, list)
	other.Token = "summer again"
	ref, _ := readAgain(t, l, other, list)
	require.Equal(t, audience.Comparison{Gone: 2}, compared(t, l, ref))
	closeCompared(t, l, ref)

	ref, _ = readAgain(t, l, opening("a"), nil)
	require.Equal(t, audience.Comparison{Listed: 2, Unsure: 2}, compared(t, l, ref, listed(references...)))
	closeCompared(t, l, ref)
	require.Equal(t, ledger.MemberNo, membership(t, l, references[0]).Membership)
}
