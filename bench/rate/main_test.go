package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

func TestASyncThatTakesTheWholeRateHasMembersToTheEnd(t *testing.T) {
	t.Parallel()
	for _, long := range []time.Duration{time.Second, time.Minute, 10 * time.Minute} {
		vendors := simulator.New(simulator.Options{Zeotap: simulator.ZeotapOptions{Members: membersFor(long)}})
		batches := vendors.Stats().Audience.Distinct() / batchSize
		measured := warmUpWithin + long + toldDelays*(toldDelay+recovery)
		require.Greater(t, batches, int64(measured.Seconds()*perSecond))
	}
}
