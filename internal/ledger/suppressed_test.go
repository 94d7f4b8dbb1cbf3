package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

const noConsent audience.Reason = "filtered_out"

func suppress(list []ledger.ReadMember) []ledger.ReadMember {
	for i := range list {
		list[i].Suppressed = &ledger.Suppression{Reason: noConsent, Field: "consent"}
	}
	return list
}

func TestASuppressedMemberIsCountedAndNotSent(t *testing.T) {
	t.Parallel()
	l := open(t)
	_, sum := readAgain(t, l, opening("a"), suppress(members(0, 3, "v1")))
	require.Equal(t, ledger.PageResult{
		Read: 3, Outcomes: audience.Outcomes{Suppressed: 3}, Reasons: map[string]int64{string(noConsent): 3},
	}, sum)
	require.Empty(t, failuresOf(t, l, ledger.FailureQuery{Sync: "spring"}))
}

func TestTheFirstOfTwoMembersWinsAlsoIfItIsSuppressed(t *testing.T) {
	t.Parallel()
	l := open(t)
	_, sum := readAgain(t, l, opening("a"), append(suppress(members(0, 1, "v1")), members(0, 1, "v1")...))
	require.Equal(t, audience.Outcomes{Suppressed: 1, Duplicate: 1}, sum.Outcomes)
	l = open(t)
	_, sum = readAgain(t, l, opening("a"), append(members(0, 1, "v1"), suppress(members(0, 1, "v1"))...))
	require.Equal(t, audience.Outcomes{Duplicate: 1}, sum.Outcomes)
	require.Equal(t, int64(1), sum.Staged)
}

func TestAMarkedMemberThatIsSuppressedNowHasLeft(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 5, "v1"), all(audience.Created, 5))
	ref := openRun(t, l, "b")
	// The second page knows nothing of the first but what is stored.
	commit(t, l, ref, ledger.PageInput{Members: suppress(members(0, 2, "v1")), Next: "p2"})
	commit(t, l, ref, ledger.PageInput{Members: append(suppress(members(2, 1, "v1")), members(3, 1, "v1")...), Last: true})
	expected, err := l.Expected(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ledger.Expected{Marked: 5, Left: 4}, expected)
}

func TestAKnownFailureThatIsSuppressedIsSuppressed(t *testing.T) {
	t.Parallel()
	l := open(t)
	wholeRun(t, l, opening("a"), members(0, 1, "v1"), refused(1))
	_, sum := readAgain(t, l, opening("b"), suppress(members(0, 1, "v1")))
	require.Equal(t, audience.Outcomes{Suppressed: 1}, sum.Outcomes)
	require.Zero(t, sum.Known)
}
