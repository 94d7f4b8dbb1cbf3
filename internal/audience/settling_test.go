package audience_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
)

var midnight = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// polls is how many counts a settling of 1,000 takes, polled every ten
// seconds; counts that are left over would not have been asked for.
func polls(s audience.Settling, counts ...int64) int {
	for i, count := range counts {
		if s.Observe(count, midnight.Add(time.Duration(i)*10*time.Second)) {
			return i + 1
		}
	}
	return -1
}

func TestCountsAreTakenUntilTheyHaveComeToRest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		counts []int64
		polls  int
	}{
		"the expected count twice in a row ends it early":   {[]int64{1000, 1000}, 2},
		"once is not enough":                                {[]int64{1000}, -1},
		"steps are followed to the expected count":          {[]int64{0, 400, 400, 800, 1000, 1000}, 6},
		"a dip between two expected counts starts anew":     {[]int64{1000, 980, 1000, 1000}, 4},
		"a count that passes by the expected one is no end": {[]int64{900, 1000, 1100, 1100}, -1},
		"a count that stands still is waited for":           {[]int64{900, 900, 900}, -1},
		"a count that stands still for max_lag is the last": {[]int64{900, 900, 900, 900}, 4},
		"every movement starts max_lag anew":                {[]int64{900, 900, 900, 901, 901, 901, 901}, 7},
		"zero that stands still for max_lag is a count":     {[]int64{0, 0, 0, 0}, 4},
		"a count that never rests ends at the deadline":     {[]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 10},
		"dips that never rest end at the deadline":          {[]int64{1000, 990, 1000, 990, 1000, 990, 1000, 990, 1000, 990}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settling := audience.Settling{Expected: 1000, MaxLag: 30 * time.Second, Deadline: 90 * time.Second}
			require.Equal(t, test.polls, polls(settling, test.counts...))
		})
	}
}

func TestAPollThatComesLateStillEndsTheWaiting(t *testing.T) {
	t.Parallel()
	settling := audience.Settling{Expected: 1000, MaxLag: time.Minute, Deadline: time.Hour}
	require.False(t, settling.Observe(900, midnight))
	require.True(t, settling.Observe(950, midnight.Add(2*time.Hour)), "the deadline has passed")

	settling = audience.Settling{Expected: 1000, MaxLag: time.Minute, Deadline: time.Hour}
	require.False(t, settling.Observe(900, midnight))
	require.True(t, settling.Observe(900, midnight.Add(2*time.Minute)), "nothing has moved for max_lag")
}

func TestSettlingEndsByTheDeadlineAndNeverWithoutCause(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		expected := rapid.Int64Range(0, 5).Draw(t, "expected")
		maxLag := time.Duration(rapid.IntRange(1, 20).Draw(t, "max_lag")) * time.Second
		deadline := maxLag + time.Duration(rapid.IntRange(0, 60).Draw(t, "more"))*time.Second
		settling := audience.Settling{Expected: expected, MaxLag: maxLag, Deadline: deadline}

		var counts []int64
		var times []time.Time
		for at := midnight; ; at = at.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "poll")) * time.Second) {
			counts, times = append(counts, rapid.Int64Range(0, 5).Draw(t, "count")), append(times, at)
			ended := settling.Observe(counts[len(counts)-1], at)
			cause := twiceExpected(counts, expected) || stoodStill(counts, times) >= maxLag || at.Sub(midnight) >= deadline
			if ended != cause {
				t.Fatalf("after %v it ended: %t, with a cause: %t", counts, ended, cause)
			}
			if ended {
				return
			}
		}
	})
}

func twiceExpected(counts []int64, expected int64) bool {
	n := len(counts)
	return n >= 2 && counts[n-1] == expected && counts[n-2] == expected
}

// stoodStill is how long the last count has been the same.
func stoodStill(counts []int64, times []time.Time) time.Duration {
	last := len(counts) - 1
	since := last
	for since > 0 && counts[since-1] == counts[last] {
		since--
	}
	return times[last].Sub(times[since])
}
