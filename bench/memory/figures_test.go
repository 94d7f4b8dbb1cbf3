package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// sent is a history of so many events and bytes, whose batches took so long.
func sent(events, bytes, batches int64, took time.Duration) history {
	began := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	return history{events: events, bytes: bytes, batches: batches, send: span{began, began.Add(took)}}
}

func TestEachTemporalRunIsHeldAgainstTheGoalOfItsPace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		history history
		goal    string
		met     bool
	}{
		"fast, few events":  {sent(500, 100_000, 100, 5*time.Second), "<= 5 (from 10 batches/s on)", true},
		"fast, many events": {sent(501, 100_000, 100, 5*time.Second), "<= 5 (from 10 batches/s on)", false},
		"slow, more events": {sent(700, 100_000, 100, 20*time.Second), "<= 7 (below 10 batches/s)", true},
		"slow, too many":    {sent(701, 100_000, 100, 20*time.Second), "<= 7 (below 10 batches/s)", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			figures := c.history.figures("Temporal run 1 of 1")
			require.Equal(t, c.goal, figures[0].Goal)
			require.Equal(t, c.met, figures[0].Met)
			require.True(t, figures[1].Met)
			require.Equal(t, c.met, table.AllMet(figures))
		})
	}
}

func TestAHistoryOfMoreThanAKibibytePerBatchMissesTheGoal(t *testing.T) {
	t.Parallel()
	require.True(t, sent(300, 102_400, 100, time.Second).figures("x")[1].Met)
	require.False(t, sent(300, 102_401, 100, time.Second).figures("x")[1].Met)
}

func TestATemporalRunWithoutBatchesIsNotMeasured(t *testing.T) {
	t.Parallel()
	ended := endedSync{report: audience.Report{Source: audience.SourceCount{Read: 1000}}, wall: time.Minute, memory: memory{peak: 255 << 20}}
	figures := figuresOf(ended, []history{{events: 20, bytes: 9000}, sent(40, 9000, 10, time.Second)})
	require.Equal(t, "worker peak memory", figures[0].Name)
	require.True(t, figures[0].Met)
	require.Equal(t, "history events per batch, Temporal run 2 of 2", figures[1].Name)

	ended.memory.peak = 256 << 20
	require.False(t, table.AllMet(figuresOf(ended, nil)))
}

func TestTheMemoryOfAProcessIsRead(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("only Linux tells")
	}
	mine, err := memoryOf(os.Getpid())
	require.NoError(t, err)
	require.GreaterOrEqual(t, mine.peak, mine.resident)
	require.Greater(t, mine.resident, int64(1<<20))
	_, err = memoryOf(-1)
	require.ErrorContains(t, err, "memory of the worker")
}
