package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// lookingInto opens a run whose proof looks into a segment.
func lookingInto(token, segment string) ledger.Opening {
	o := opening(token)
	o.Segment = segment
	return o
}

func TestNobodyIsGoneBecauseAnotherSegmentIsLookedInto(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 4, "v1")
	references := referencesOf(list)
	seenRun(t, l, lookingInto("a", "seg-984"), list)
	begun, err := l.Beginning(t.Context(), "spring")
	require.NoError(t, err)
	require.Equal(t, "seg-984", begun.Segment)

	for _, token := range []string{"b", "c"} { // However often: none of ours was seen in it.
		wrong, sum := readAgain(t, l, lookingInto(token, "seg-1"), list)
		require.Equal(t, int64(4), sum.Outcomes.Unchanged, "nobody is sent again")
		require.Equal(t, audience.Comparison{Listed: 1, Foreign: 1, NotVisible: 4, LastSeenIn: "seg-984"}, compared(t, l, wrong, listed("+49888")))
		closeCompared(t, l, wrong)
	}
	right, sum := readAgain(t, l, lookingInto("d", "seg-984"), list)
	require.Equal(t, int64(4), sum.Outcomes.Unchanged)
	require.Equal(t, audience.Comparison{Listed: 3, Found: 3, Gone: 1}, compared(t, l, right, listed(references[1:]...)), "what it has seen there counts as before")
}

func TestASegmentThatHoldsSomeOfOursTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 4, "v1")
	references := referencesOf(list)
	seenRun(t, l, lookingInto("a", "seg-984"), list)

	moved, _ := readAgain(t, l, lookingInto("b", "seg-985"), list)
	require.Equal(t, audience.Comparison{Listed: 2, Found: 2, NotVisible: 2, LastSeenIn: "seg-984"}, compared(t, l, moved, listed(references[2:]...)))
	closeCompared(t, l, moved)
	third, sum := readAgain(t, l, lookingInto("c", "seg-985"), list)
	require.Equal(t, int64(4), sum.Outcomes.Unchanged, "the segment may only have been late")
	require.Equal(t, audience.Comparison{Listed: 2, Found: 2, Gone: 2}, compared(t, l, third, listed(references[2:]...)),
		"who was erased meanwhile is not sent again")
	closeCompared(t, l, third)

	back, _ := readAgain(t, l, lookingInto("d", "seg-984"), list)
	require.Equal(t, audience.Comparison{Listed: 4, Found: 2, Unsure: 2, LastSeenIn: "seg-985"}, compared(t, l, back, listed(references...)))
	closeCompared(t, l, back)
	fifth, _ := readAgain(t, l, lookingInto("e", "seg-984"), list)
	require.Equal(t, audience.Comparison{Listed: 4, Found: 2, Unsure: 2}, compared(t, l, fifth, listed(references...)))
	closeCompared(t, l, fifth)
	require.Equal(t, ledger.MemberUnknown, membership(t, l, references[0]).Membership, "it was the wrong one")
}

func TestAProofByNumbersSaysWhereItHasSeenThem(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 3, "v1")
	first, _ := readAgain(t, l, lookingInto("a", "seg-984"), list)
	sendStaged(t, l, first, all(audience.Accepted, 3))
	require.NoError(t, l.CloseRun(t.Context(), first, ledger.Closing{Report: []byte(`{}`), Complete: true, Proved: true}))
	second, _ := readAgain(t, l, lookingInto("b", "seg-1"), list)
	require.Equal(t, audience.Comparison{NotVisible: 3, LastSeenIn: "seg-984"}, compared(t, l, second))
}
