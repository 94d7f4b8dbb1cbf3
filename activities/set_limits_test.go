package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/preflight"
	"audiencesync/internal/simulator"
)

func TestLimitsAreShownSetAndCleared(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	shown, err := v.activities.setLimits(t.Context(), SetLimitsInput{Connection: "charles", By: "ada"})
	require.NoError(t, err)
	workspace := v.connections.HelloCharles["charles"].Workspace()
	file := RateAndFlight{RequestsPerSecond: 10_000, RequestsInFlight: 4}
	require.Equal(t, LimitsInForce{Workspace: workspace, Connections: []string{"charles"}, RateAndFlight: file, File: file, RateNow: 10_000}, shown)

	rate := 2.5
	set, err := v.activities.setLimits(t.Context(), SetLimitsInput{Connection: workspace, RequestsPerSecond: &rate, By: "ada", Why: "campaign"})
	require.NoError(t, err)
	require.Equal(t, RateAndFlight{RequestsPerSecond: 2.5, RequestsInFlight: 4}, set.RateAndFlight)
	require.Equal(t, RateAndFlight{RequestsPerSecond: 2.5}, set.Set)
	require.Equal(t, file, set.File)
	require.Equal(t, "ada", set.ChangedBy)
	require.Equal(t, "campaign", set.Why)
	require.InDelta(t, 2.5, set.RateNow, 0)
	require.False(t, set.ChangedAt.IsZero())

	require.NoError(t, v.activities.ledger.Told(t.Context(), workspace, time.Hour))
	again, err := v.activities.setLimits(t.Context(), SetLimitsInput{Connection: "charles", By: "eve"})
	require.NoError(t, err)
	require.Greater(t, again.ToldSeconds, 3000.0)
	require.Equal(t, "ada", again.ChangedBy, "who looks changes nothing")

	cleared, err := v.activities.setLimits(t.Context(), SetLimitsInput{Connection: "charles", Clear: true, By: "eve"})
	require.NoError(t, err)
	require.Equal(t, file, cleared.RateAndFlight)
	require.Zero(t, cleared.Set)
	require.Equal(t, "eve", cleared.ChangedBy)
}

func TestLimitsThatCannotBeSetAreRefused(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	rate, inFlight := -1.0, 1001
	for says, in := range map[string]SetLimitsInput{
		"-1 requests per second: write a number from 0.001 to 10000; to send nothing at all, pause the syncs": {Connection: "charles", RequestsPerSecond: &rate},
		"1001 requests in flight: write a number from 1 to 1000; to send nothing at all, pause the syncs":     {Connection: "charles", RequestsInFlight: &inFlight},
	} {
		_, err := v.activities.setLimits(t.Context(), in)
		var refused *preflight.RefusedError
		require.ErrorAs(t, err, &refused)
		require.EqualError(t, err, says)
	}
	_, err := v.activities.setLimits(t.Context(), SetLimitsInput{Connection: "charlie", Clear: true})
	require.ErrorContains(t, err, `did you mean "charles"?`)
	require.Equal(t, TypeOpenRefused, classify(err, 1).kind)
}

func TestACheckAndAPlanGoByTheLimitsThatAreSet(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	estimated := func() CheckSyncResult {
		t.Helper()
		var result CheckSyncResult
		found := v.inspect(t, spring())
		require.NoError(t, v.activities.estimate(t.Context(), "charles", found.Size, &result))
		return result
	}
	require.Empty(t, estimated().Notes)
	rate := 0.5
	_, err := v.activities.setLimits(t.Context(), SetLimitsInput{Connection: "charles", RequestsPerSecond: &rate, By: "ada"})
	require.NoError(t, err)
	result := estimated()
	require.InDelta(t, 2400, result.Seconds, 0, "1,200 contacts, one a request, one request in two seconds")
	require.Len(t, result.Notes, 1)
	require.Regexp(t, `^0\.5 requests a second since \S+, as set by ada: that wins over the connections file until audiencesync limits charles --clear$`, result.Notes[0])
	settings, err := v.activities.endpoints.InForce(t.Context(), "charles")
	require.NoError(t, err)
	require.Equal(t, config.SendSingle, settings.Send)
	require.InDelta(t, 0.5, settings.Limits.RequestsPerSecond, 0)
}

func TestAReportSaysThatTheLimitsWereChangedWhileTheRunWasGoing(t *testing.T) {
	t.Parallel()
	v := startVendors(t, simulator.Options{}, nil)
	change := func(in SetLimitsInput) {
		t.Helper()
		in.Connection, in.By = "charles", "ada"
		_, err := v.activities.setLimits(t.Context(), in)
		require.NoError(t, err)
	}
	rate, inFlight := 2.5, 3
	change(SetLimitsInput{RequestsPerSecond: &rate})
	opened, err := v.open(t, OpenRunInput{Token: "one"})
	require.NoError(t, err)
	run, err := v.activities.ledger.Run(t.Context(), opened.Run)
	require.NoError(t, err)
	lines := func() []string {
		t.Helper()
		report, err := v.activities.report(t.Context(), run, CloseRunInput{Run: opened.Run, Ended: "cancelled"})
		require.NoError(t, err)
		return report.Explanation
	}
	require.InDelta(t, 2.5, opened.Allowed.ContactsPerSecond(), 0, "one contact a request, as it was set")
	for _, line := range lines() {
		require.NotContains(t, line, "limits of the workspace", "they were changed before")
	}
	change(SetLimitsInput{RequestsInFlight: &inFlight, Why: "hurry"})
	var batch SendBatchResult
	v.activities.tellLimits(t.Context(), opened.Run, &batch)
	require.Equal(t, SendBatchResult{Window: 6, RequestsPerSecond: 2.5}, batch)
	require.Contains(t, lines(), "the limits of the workspace were changed while the run was going, to 2.5 requests a second and 3 in flight for each worker, by ada: hurry")
	change(SetLimitsInput{Clear: true})
	require.Contains(t, lines(), "the limits of the workspace were changed while the run was going, to those of the connections file, by ada")
}
