package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

func TestWatchFollowsARunToItsEndAndThenShowsItsReport(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	require.NoError(t, o.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodPost}, Latency: faults.Duration(2 * time.Second),
	}}}))
	_, _, err := startSync(t.Context(), o.client, workflows.AudienceSyncInput{Spec: o.spec})
	require.NoError(t, err)
	watched := o.tell(t, "watch", "demo", "-o", "json")
	require.Zero(t, watched.code, watched.stderr)
	lines := strings.Split(strings.TrimSpace(watched.stdout), "\n")
	require.Greater(t, len(lines), 1)
	for _, line := range lines[:len(lines)-1] {
		var s printed
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		require.Equal(t, "demo", s.Sync)
		require.NotEmpty(t, s.Phase)
	}
	var report audience.Report
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &report))
	require.Equal(t, audience.Explained, report.Verdict)

	again := o.tell(t, "watch", "demo", "-o", "json")
	require.Zero(t, again.code, again.stderr)
	require.Equal(t, lines[len(lines)-1]+"\n", again.stdout)
	require.Equal(t, o.tell(t, "status", "demo"), o.tell(t, "watch", "demo"), "the report, as of the last run")
}

func TestWatchEndsWhereARunWaitsForAPerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.start(t, http.StatusUnauthorized)
	watched := o.tell(t, "watch", "demo", "-o", "json")
	require.Equal(t, exitWaiting, watched.code)
	require.Contains(t, watched.stderr, "put that right (after a change of the connections file start the worker, or audiencesync up, again), then audiencesync resume demo")
	var s printed
	require.NoError(t, json.Unmarshal([]byte(watched.stdout), &s))
	require.Equal(t, workflows.HoldAccess, s.Hold.Kind)

	watched = o.tell(t, "watch", "demo")
	require.Equal(t, exitWaiting, watched.code)
	require.Empty(t, watched.stdout)
}

func TestThereIsNothingToWatchOfASyncThatHasNeverRun(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	watched := o.tell(t, "watch", "nobody")
	require.Equal(t, exitUsage, watched.code)
	require.Contains(t, watched.stderr, "sync nobody: Temporal has no run of it")
}
