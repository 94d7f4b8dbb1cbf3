package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

func TestACadenceIsAnIntervalOrCronInItsTimeZone(t *testing.T) {
	t.Parallel()
	usual := cadence{timeZone: "Europe/Berlin", catchUp: time.Hour, jitter: time.Minute}

	every := usual
	every.every = 6 * time.Hour
	require.NoError(t, every.check())
	require.Equal(t, client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: 6 * time.Hour}}, Jitter: time.Minute, TimeZoneName: "Europe/Berlin",
	}, every.spec())

	cron := usual
	cron.cron = "0 6 * * 1-5"
	require.NoError(t, cron.check())
	require.Equal(t, client.ScheduleSpec{
		CronExpressions: []string{"0 6 * * 1-5"}, Jitter: time.Minute, TimeZoneName: "Europe/Berlin",
	}, cron.spec())
}

func TestSchedulesAreListedAsATableAndAsJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	lines := []scheduleLine{
		{Sync: "demo", Next: []time.Time{at, at.Add(time.Hour)}, Last: []time.Time{at.Add(-2 * time.Hour), at.Add(-time.Hour)}},
		{Sync: "winter", Paused: true, Note: "until January"},
	}
	for form, file := range map[string]string{outputTable: "schedules.txt", outputJSON: "schedules.json"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			require.NoError(t, (&app{stdout: &text, output: form}).printSchedules(lines))
			requireText(t, file, text.String())
		})
	}
}

func TestANewScheduleTellsItsNextRuns(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	next := []time.Time{at, at.Add(time.Hour), at.Add(2 * time.Hour), at.Add(3 * time.Hour)}
	var stdout, stderr bytes.Buffer
	require.NoError(t, (&app{stdout: &stdout, stderr: &stderr, output: outputTable}).printScheduled("demo", next))
	require.Equal(t, "next run: 2026-11-20T06:00:00Z\nnext run: 2026-11-20T07:00:00Z\nnext run: 2026-11-20T08:00:00Z\n", stdout.String())
	require.Equal(t, "sync demo is scheduled\n", stderr.String())

	stdout.Reset()
	require.NoError(t, (&app{stdout: &stdout, output: outputJSON}).printScheduled("demo", next[:1]))
	require.JSONEq(t, `{"sync": "demo", "paused": false, "next": ["2026-11-20T06:00:00Z"]}`, stdout.String())
}
