package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/workflows"
)

// listed are syncs in every state that the list tells apart.
func listed(zone *time.Location) []*listedSync {
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, zone)
	next := at.Add(24 * time.Hour)
	return []*listedSync{
		{Sync: "autumn", Scheduled: true, Next: &next, Last: &endedRun{Run: 12, End: "explained", Good: true, StartedAt: at.Add(-time.Minute), EndedAt: at}},
		{Sync: "demo", Going: &goingRun{StartedAt: at, Run: 2, Phase: workflows.PhaseSend}},
		{
			Sync: "lonely", Going: &goingRun{StartedAt: at},
			Last: &endedRun{End: "refused", StartedAt: at, EndedAt: at, Why: "sync lonely: tag x does not exist"},
		},
		{Sync: "spring", Going: &goingRun{StartedAt: at, Run: 3, Phase: workflows.PhaseGate, Waits: workflows.HoldApproval}, Scheduled: true},
		{Sync: "winter", Going: &goingRun{StartedAt: at, Run: 3, Phase: workflows.PhaseSend, Waits: workflows.HoldPause}, Scheduled: true, Paused: true},
	}
}

func TestSyncsAreListedAsATableAndAsJSON(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	require.NoError(t, (&app{stdout: &text}).writeList(listed(time.Local)))
	requireText(t, "list.txt", text.String())
	text.Reset()
	require.NoError(t, (&app{stdout: &text}).printJSON(listed(time.UTC)))
	requireText(t, "list.json", text.String())
}

func TestTheListHasSyncsThatRunHaveRunOrAreScheduled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	none := o.tell(t, "list")
	require.Equal(t, answer{stderr: "Temporal knows of no sync: start one with audiencesync run SYNC.yaml\n"}, none)
	require.JSONEq(t, "[]", o.tell(t, "list", "-o", "json").stdout)

	require.Zero(t, o.tell(t, "run", o.file("sync.yaml")).code)
	require.Regexp(t, `^times are those of this machine: \S+ \(UTC[+-]\d\d:\d\d\)\n$`, o.tell(t, "list").stderr)
	last := o.listedLast(t)
	require.Equal(t, int64(1), last.Run)
	require.Equal(t, "explained", last.End)
	require.True(t, last.Good)

	require.Zero(t, o.tell(t, "schedule", "create", o.file("sync.yaml"), "--every", "24h").code)
	run := o.start(t, http.StatusUnprocessableEntity)
	one := o.listedOne(t)
	require.True(t, one.Scheduled)
	require.NotNil(t, one.Next)
	require.NotNil(t, one.Going)
	require.Equal(t, workflows.HoldApproval, one.Going.Waits)
	require.Equal(t, int64(2), one.Going.Run)
	require.Equal(t, int64(1), one.Last.Run)

	require.Zero(t, o.order(t, "decline").code)
	o.end(t, run)
	require.NoError(t, o.SetFaults(simulator.Faults{}))
	// A plan, a proof alone and an audit are no runs, also if they are refused.
	require.Zero(t, o.tell(t, "plan", o.file("sync.yaml")).code)
	raw, err := os.ReadFile(o.file("sync.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.file("other.yaml"), bytes.Replace(raw, []byte("seg-984"), []byte("seg-985"), 1), 0o600))
	require.Equal(t, exitUsage, o.tell(t, "plan", o.file("other.yaml")).code)
	o.tell(t, "verify", o.file("sync.yaml"))
	o.tell(t, "audit", o.file("sync.yaml"))
	last = o.listedLast(t)
	require.Equal(t, int64(2), last.Run)
	require.Equal(t, "declined", last.End)
	require.False(t, last.Good)
	require.Contains(t, o.tell(t, "list").stdout, "declined")
}

// listedOne is the one sync that the list shows.
func (o *office) listedOne(t *testing.T) *listedSync {
	t.Helper()
	got := o.tell(t, "list", "-o", "json")
	require.Zero(t, got.code, got.stderr)
	var syncs []*listedSync
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &syncs), got.stdout)
	require.Len(t, syncs, 1)
	require.Equal(t, "demo", syncs[0].Sync)
	return syncs[0]
}

// listedLast is its last run, when Temporal's list has everything that has happened.
func (o *office) listedLast(t *testing.T) *endedRun {
	t.Helper()
	o.settle(t)
	one := o.listedOne(t)
	require.Nil(t, one.Going)
	require.NotNil(t, one.Last)
	return one.Last
}

// settle waits until Temporal lists no run any more as going: lists lag behind.
func (o *office) settle(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		syncs, err := (&app{namespace: o.namespace}).list(t.Context(), o.client)
		return err == nil && len(syncs) == 1 && syncs[0].Going == nil
	}, patience, 20*time.Millisecond)
}
