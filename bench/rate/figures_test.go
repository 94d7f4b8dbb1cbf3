package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/table"
)

// arrivals are so many requests of one fate, spread over workers and syncs.
func arrivals(n int, fate string) []arrival {
	some := make([]arrival, 0, n)
	for i := range n {
		some = append(some, arrival{at: start, worker: fmt.Sprint(i % workers), sync: fmt.Sprint(i % syncs), fate: fate})
	}
	return some
}

// requireMissed expects that these figures, and no others, miss their goals.
func requireMissed(t *testing.T, figures []table.Figure, names ...string) {
	t.Helper()
	var missed []string
	for _, f := range figures {
		if f.Goal != "" && !f.Met {
			missed = append(missed, f.Name)
		}
	}
	require.Equal(t, names, missed)
}

func TestTheSmallestBucketIsThatOfTheTightestRequests(t *testing.T) {
	t.Parallel()
	some := make([]arrival, 9)
	for i, after := range []time.Duration{0, 100, 200, 300, 350, 600, 600, 600, 2000} {
		some[i].at = start.Add(after * time.Millisecond)
	}
	require.InDelta(t, 1, bucketFor(some[:4]), 1e-6)
	require.InDelta(t, 1.5, bucketFor(some[:5]), 1e-6)
	require.InDelta(t, 3, bucketFor(some), 1e-6)
}

func TestEachGoalCanBeMissed(t *testing.T) {
	t.Parallel()
	const (
		rate    = "achieved / allowed"
		refused = "share of 429"
		worker  = "least share of a worker"
		sync    = "least share of a sync"
		during  = "requests inside told delays"
		after   = "429 after the told delays"
	)
	told := append(arrivals(160, passed), arrivals(toldDelays, held)...)
	of := func(atTheLimit, around []arrival) []table.Figure { return figuresOf(atTheLimit, time.Minute, around) }
	requireMissed(t, of(arrivals(582, passed), append(told, arrivals(3, onTheWay)...)))
	requireMissed(t, of(arrivals(581, passed), told), rate)
	requireMissed(t, of(append(arrivals(597, passed), arrivals(3, tooMany)...), told))
	requireMissed(t, of(append(arrivals(597, passed), arrivals(4, tooMany)...), told), refused)
	requireMissed(t, of(arrivals(600, passed), append(told, arrivals(1, inside)...)), during)
	requireMissed(t, of(arrivals(600, passed), told[:len(told)-1]), during)
	requireMissed(t, of(arrivals(600, passed), append(told, arrivals(1, tooMany)...)), after)
	requireMissed(t, of(arrivals(2, passed), told), rate, worker, sync)

	one := arrivals(600, passed)
	for i := range one[:330] {
		one[i].worker, one[i].sync = "0", "1"
	}
	requireMissed(t, of(one, told), worker, sync)
	for i := range one {
		one[i].worker, one[i].sync = fmt.Sprint(i%workers), "1"
	}
	requireMissed(t, of(one, told), sync)
}
