package integration

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

func TestARunThatStandsStillSaysSoAndWhyAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	w, slack, _, spec := notified(t, 100)
	w.registerAttributes(t)
	spec.Limits.StalledAfter = config.Duration(5 * time.Second)
	require.NoError(t, w.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Path: contactsPath, From: 2}, Do: faults.Status, Status: http.StatusBadGateway,
	}}}))
	run := w.started(t, spec)
	require.Eventually(t, func() bool {
		p, err := w.progress(t.Context(), spec)
		return err == nil && p.Stalled != nil && p.Stalled.Why != ""
	}, patience, 50*time.Millisecond)
	p, err := w.progress(t.Context(), spec)
	require.NoError(t, err)
	require.Contains(t, p.Stalled.Why, "temporarily unavailable (status 502)")
	require.Equal(t, p.MovedAt, p.Stalled.Since)
	w.requireFound(t, `AudienceSyncPhase="stalled"`, run.GetRunID())
	told := func(events ...config.NotifyEvent) {
		t.Helper()
		require.Eventually(t, func() bool { return slices.Equal(events, slack.events()) }, patience, 50*time.Millisecond)
	}
	told(config.NotifyStalled)

	require.NoError(t, w.SetFaults(simulator.Faults{}))
	_, err = w.end(t, run)
	require.NoError(t, err)
	told(config.NotifyStalled, config.NotifyRecovered)
	require.Contains(t, slack.messages[0].Text, "Sync demo stands still: nothing has moved in run 1")
	require.Contains(t, slack.messages[0].Text, "in the step send: sync demo: connection charles-demo")
	w.requireFound(t, `AudienceSyncPhase="stalled"`)
}
