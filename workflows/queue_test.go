package workflows

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/ledger"
)

func TestTheQueueIssuesEveryNumberOnceStageByStageAndPartsFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, made := queue{}, int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "stages") {
			size := rapid.Int64Range(0, 20).Draw(t, "planned")
			q.stages = append(q.stages, ledger.Numbers{From: made + 1, To: made + size})
			made += size
		}
		planned, nextPlanned := slices.Clone(q.stages), int64(1)
		issued := map[int64]bool{}
		stage := 0
		for {
			// The queue's promise: parts wait in front, the newest split first.
			waiting := []int64{}
			for !q.empty() {
				number := q.next()
				require.False(t, issued[number], "batch %d is issued twice", number)
				issued[number] = true
				if len(waiting) > 0 {
					require.Equal(t, waiting[0], number, "a part waits and something else is issued")
					waiting = waiting[1:]
				} else {
					require.Equal(t, nextPlanned, number)
					nextPlanned++
				}
				if made < 200 && rapid.IntRange(0, 3).Draw(t, "splits") == 0 {
					parts := make([]int64, rapid.IntRange(1, 3).Draw(t, "parts"))
					for i := range parts {
						made++
						parts[i] = made
					}
					q.putFirst(parts)
					waiting = slices.Concat(parts, waiting)
				}
			}
			require.Greater(t, nextPlanned, planned[stage].To, "the stage is not over")
			left := len(q.stages)
			if !q.nextStage() {
				break
			}
			stage += left - len(q.stages)
		}
		require.Len(t, issued, int(made), "not every batch is issued")
	})
}

func TestTheQueueKeepsNoHoldOfTheNumbersItWasGiven(t *testing.T) {
	t.Parallel()
	q := queue{stages: []ledger.Numbers{{From: 1, To: 1}}}
	parts := []int64{2, 3}
	q.putFirst(parts)
	parts[0] = 99
	require.Equal(t, []int64{2, 3, 1}, []int64{q.next(), q.next(), q.next()})
	require.True(t, q.empty())
}

func TestWhenTooManyBatchesArePostponedTheyComeBeforeThePlannedOnes(t *testing.T) {
	t.Parallel()
	q := queue{stages: []ledger.Numbers{{From: 1, To: 100_000}}}
	for number := range int64(maxPostponed) {
		require.Equal(t, number+1, q.next())
		q.putLast(number + 1)
	}
	require.Equal(t, int64(1), q.next(), "the one that has waited longest")
	require.Equal(t, int64(maxPostponed+1), q.next(), "there is room again")
}
