package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/activities"
)

func TestLimitsAreShownAsATable(t *testing.T) {
	t.Parallel()
	file := activities.RateAndFlight{RequestsPerSecond: 5, RequestsInFlight: 2}
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.Local)
	for file, limits := range map[string]activities.LimitsInForce{
		"limits-file.txt": {RateAndFlight: file, File: file, RateNow: 5},
		"limits-set.txt": {
			RateAndFlight: activities.RateAndFlight{RequestsPerSecond: 2.5, RequestsInFlight: 2}, File: file,
			Set: activities.RateAndFlight{RequestsPerSecond: 2.5}, ChangedAt: at, ChangedBy: "ada", Why: "campaign", RateNow: 0.3125, ToldSeconds: 40,
		},
		"limits-cleared.txt": {RateAndFlight: file, File: file, ChangedAt: at, ChangedBy: "ada", RateNow: 5},
	} {
		limits.Workspace, limits.Connections = "https://acme.hello-charles.com zeotap", []string{"charles", "charles-batch"}
		var text bytes.Buffer
		require.NoError(t, writeLimits(&text, limits))
		requireText(t, file, text.String())
	}
}

func TestLimitsAreSetAndClearedThroughAWorker(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	set := o.tell(t, "limits", "charles-demo", "--requests-per-second", "50", "--in-flight", "3", "--why", "campaign", "-o", "json")
	require.Zero(t, set.code, set.stderr)
	require.Empty(t, set.stderr)
	var limits activities.LimitsInForce
	require.NoError(t, json.Unmarshal([]byte(set.stdout), &limits), set.stdout)
	require.Equal(t, activities.RateAndFlight{RequestsPerSecond: 50, RequestsInFlight: 3}, limits.RateAndFlight)
	require.Equal(t, operator(), limits.ChangedBy)

	shown := o.tell(t, "limits", "charles-demo")
	require.Zero(t, shown.code, shown.stderr)
	require.Contains(t, shown.stdout, ": campaign\n")
	cleared := o.tell(t, "limits", limits.Workspace, "--clear")
	require.Zero(t, cleared.code, cleared.stderr)
	require.Contains(t, cleared.stdout, "cleared by "+operator())

	unknown := o.tell(t, "limits", "charles-dem")
	require.Equal(t, exitUsage, unknown.code)
	require.Contains(t, unknown.stderr, `error: limits of charles-dem: destination "charles-dem" is not a known connection; did you mean "charles-demo"?`)
}

func TestTemporalShowsInOneLineWhoWantedWhichLimits(t *testing.T) {
	t.Parallel()
	rate, inFlight := 2.5, 3
	for want, in := range map[string]activities.SetLimitsInput{
		"limits of charles are shown to ada":                                        {},
		"limits of charles are set to 2.5 requests a second and 3 in flight by ada": {RequestsPerSecond: &rate, RequestsInFlight: &inFlight},
		"limits of charles are those of the connections file again, says ada":       {Clear: true},
	} {
		in.Connection, in.By = "charles", "ada"
		require.Equal(t, want, summaryOfLimits(in))
	}
}

func TestLimitsWithoutAWorkerAreNotChangedLater(t *testing.T) {
	t.Parallel()
	c, _ := ownNamespace(t)
	_, err := setLimitsWithin(t.Context(), c, activities.SetLimitsInput{Connection: "charles", Clear: true, By: "ada"}, time.Second)
	require.ErrorContains(t, err, "limits of charles: no answer within 1s: see whether a worker is running")
	coded, ok := errors.AsType[*exitError](err)
	require.True(t, ok)
	require.Equal(t, exitFailed, coded.code)
}
