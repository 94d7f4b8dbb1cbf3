package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/ledger"
)

func TestFailuresOfEndedRunsAreDeletedOnceTheyWereKeptForLongEnough(t *testing.T) {
	t.Parallel()
	l := open(t)
	keeping := func(token string, keep time.Duration) ledger.Opening {
		o := opening(token)
		o.KeepFailuresFor = keep
		return o
	}
	of := func(run int64) int { return len(failuresOf(t, l, ledger.FailureQuery{Sync: "spring", Run: run})) }
	wholeRun(t, l, keeping("a", time.Hour), members(0, 2, "v1"), refused(2))
	require.Equal(t, 2, of(1))

	wholeRun(t, l, keeping("b", time.Hour), members(0, 2, "v1"), nil)
	require.Equal(t, 2, of(1), "they were not kept for long enough")
	wholeRun(t, l, keeping("c", 0), members(0, 2, "v1"), nil)
	require.Equal(t, 2, of(1), "without a bound they are kept for ever")

	ref, sum := readAgain(t, l, keeping("d", time.Nanosecond), members(0, 2, "v1"))
	require.Zero(t, of(1))
	require.Zero(t, of(3))
	require.Equal(t, 2, of(4), "those of the run itself stay")
	require.Equal(t, int64(2), sum.Outcomes.Refused, "what is known of members who fail still is kept as long as they do")
	require.Equal(t, int64(2), sum.Known)
	closeRun(t, l, ref)
}
