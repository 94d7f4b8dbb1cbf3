package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/stage"
	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// sent is a history of so many events and bytes, whose batches took so long.
func sent(events, bytes, batches int64, took time.Duration) history {
	began := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	return history{events: events, bytes: bytes, batches: batches, send: span{began, began.Add(took)}}
}

func TestHistoriesAreHeldAgainstTheGoalOfTheirPace(t *testing.T) {
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
			figures := c.history.figures("x")
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

// ran is a run that took so much memory and left a ledger of so many bytes.
func ran(name string, peak, ledger int64, histories ...history) ranSync {
	return ranSync{
		Ended: stage.Ended{Report: audience.Report{Source: audience.SourceCount{Read: 1000}}, Wall: time.Minute},
		kind:  kind{name: name}, memory: memory{peak: peak}, histories: histories, ledger: ledger,
	}
}

func TestAChainIsMeasuredAndEachOfItsTemporalRunsThatHasManyBatches(t *testing.T) {
	t.Parallel()
	figures := figuresOf([]ranSync{ran("first run", 0, 0,
		history{events: 20, bytes: 9000}, sent(500, 100_000, 100, 10*time.Second), sent(80, 10_000, 2, time.Second))})
	require.Equal(t, table.Goal("history events per batch, all Temporal runs", "5.88 (600 events, 102 batches, 10.2 batches/s)", "<= 5 (from 10 batches/s on)", false), figures[1])
	require.Equal(t, table.Goal("history bytes per batch, all Temporal runs", "1167", "<= 1024", false), figures[2])
	require.Equal(t, table.Told("Temporal run 1 of 3", "20 events, 9,000 bytes, 0 batches"), figures[3])
	require.Equal(t, table.Goal("history events per batch, Temporal run 2 of 3", "5.00 (500 events, 100 batches, 10.0 batches/s)", "<= 5 (from 10 batches/s on)", true), figures[4])
	require.Equal(t, table.Told("Temporal run 3 of 3", "80 events, 10,000 bytes, 2 batches"), figures[6])
}

func TestARunWithoutBatchesHasNoHistoryToMeasure(t *testing.T) {
	t.Parallel()
	figures := figuresOf([]ranSync{ran("first run", 0, 0, history{events: 20, bytes: 9000})})
	require.Equal(t, "Temporal run 1 of 1", figures[1].Name)
}

func TestEachRunIsHeldAgainstTheGoalOfMemory(t *testing.T) {
	t.Parallel()
	const most = 256 << 20
	require.True(t, table.AllMet(figuresOf([]ranSync{ran("a", most-1<<20, 0), ran("b", most-1, 0)})))
	require.False(t, table.AllMet(figuresOf([]ranSync{ran("a", most, 0), ran("b", 1, 0)})))
	figures := figuresOf([]ranSync{ran("a", 1, 0), ran("b", most, 0)})
	require.Equal(t, table.Goal("worker peak memory, b", "256 MiB", "< 256 MiB", false), figures[1])
}

func TestTheLedgerIsToldByMemberAfterTheFirstRunAndAfterAll(t *testing.T) {
	t.Parallel()
	figures := figuresOf([]ranSync{ran("a", 1, 250_999), ran("b", 1, 1), ran("c", 1, 1_300_000)})
	require.Contains(t, figures, table.Told("ledger bytes per member, after the first run", "250"))
	require.Contains(t, figures, table.Told("ledger bytes per member, after all runs", "1,300"))
}

func TestALedgerWhoseLogIsNotEmptyIsNotMeasured(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	_, err := ledgerSize(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path, make([]byte, 4096), 0o600))
	size, err := ledgerSize(path)
	require.NoError(t, err)
	require.EqualValues(t, 4096, size)
	require.NoError(t, os.WriteFile(path+"-wal", []byte("log"), 0o600))
	_, err = ledgerSize(path)
	require.ErrorContains(t, err, "write-ahead log of 3 bytes")
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
