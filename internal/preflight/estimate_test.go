package preflight_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/preflight"
)

func TestAnEstimateCountsRequestsAtTheLimits(t *testing.T) {
	t.Parallel()
	settings := config.DefaultHelloCharles()
	settings.Send, settings.Limits.RequestsPerSecond, settings.Batch.MaxItems = config.SendBatch, 2, 1000
	e := preflight.EstimateFor(1_000_001, settings)
	require.Equal(t, int64(1001), e.Batches)
	require.Equal(t, int64(1001), e.Requests)
	require.Equal(t, 500500*time.Millisecond, e.Time)
	require.Empty(t, e.Notes)
}

func TestAMillionContactsOneByOneTakeDaysAndTheEstimateSaysSo(t *testing.T) {
	t.Parallel()
	settings := config.DefaultHelloCharles()
	settings.Send, settings.Limits.RequestsPerSecond = config.SendSingle, 5
	e := preflight.EstimateFor(1_000_000, settings)
	require.Equal(t, int64(1_000_000), e.Requests)
	require.Len(t, e.Notes, 1)
	require.Contains(t, e.Notes[0], "takes 2 days 7 h for 1,000,000 members at 5 requests a second")
	require.Contains(t, e.Notes[0], "Batched Contacts API")
	require.Empty(t, preflight.EstimateFor(10_000, settings).Notes)
}
