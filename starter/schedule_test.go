package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// planner is a desk whose sync has a schedule.
type planner struct {
	*desk

	client    client.Client
	namespace string
}

func newPlanner(t *testing.T) *planner {
	t.Helper()
	p := &planner{desk: newDesk(t)}
	p.client, p.namespace = ownNamespace(t)
	return p
}

// says gives the sync file a section schedule.
func (p *planner) says(t *testing.T, section string) {
	t.Helper()
	file, err := os.OpenFile(p.file("sync.yaml"), os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString("schedule: " + section + "\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// schedule runs a verb of schedule with these arguments.
func (p *planner) schedule(t *testing.T, args ...string) answer {
	t.Helper()
	return call(t, p.with(t, args...)...)
}

func (p *planner) with(t *testing.T, args ...string) []string {
	t.Helper()
	return append(append([]string{"schedule"}, args...), "--address", devservertest.ForTest(t).Address(), "--namespace", p.namespace)
}

// onFile runs a verb of schedule on the sync file.
func (p *planner) onFile(t *testing.T, verb string, args ...string) answer {
	t.Helper()
	return p.schedule(t, append([]string{verb, p.file("sync.yaml")}, args...)...)
}

// found is the sync's schedule as the server has it.
func (p *planner) found(t *testing.T, kind schedule.Kind) *schedule.Found {
	t.Helper()
	found, err := schedule.Look(t.Context(), p.client, "demo", kind)
	require.NoError(t, err)
	return found
}

// decoded reads what a command has printed in JSON.
func decoded[T any](t *testing.T, said answer) T {
	t.Helper()
	require.Zero(t, said.code, said.stderr)
	var value T
	require.NoError(t, json.Unmarshal([]byte(said.stdout), &value))
	return value
}

func TestAScheduleIsCreatedByFlagsOrByTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		section string
		flags   []string
		says    string
		warns   string
		runs    *config.Cadence
		proofs  *config.Cadence
	}{
		"an interval": {
			"",
			[]string{"--every", "6h"},
			"sync demo runs every 6h\n", "",
			&config.Cadence{Every: config.Duration(6 * time.Hour), CatchUp: config.Duration(time.Hour), PauseAfter: 3}, nil,
		},
		"cron": {
			"",
			[]string{
				"--cron", "0 6 * * 1-5", "--time-zone", "Europe/Berlin", "--catch-up", "2h", "--jitter", "1m", "--start", "2027-01-31",
				"--end", "2099-12-31T18:00", "--pause-after", "0",
			},
			"sync demo runs on Monday to Friday at 06:00 (Europe/Berlin)\n", "",
			&config.Cadence{
				Cron: "0 6 * * 1-5", TimeZone: "Europe/Berlin", CatchUp: config.Duration(2 * time.Hour), Jitter: config.Duration(time.Minute),
				Start: "2027-01-31", End: "2099-12-31T18:00",
			}, nil,
		},
		"proofs": {
			"",
			[]string{"--cron", "0 4 * * *", "--verify"},
			"sync demo is proved daily at 04:00 (UTC)\n", "",
			nil, &config.Cadence{Cron: "0 4 * * *", CatchUp: config.Duration(time.Hour), PauseAfter: 3},
		},
		"a file": {
			"{every: 12h, verify: {every: 24h}}", nil, "sync demo runs every 12h\nsync demo is proved every 24h\n", "",
			&config.Cadence{Every: config.Duration(12 * time.Hour), CatchUp: config.Duration(time.Hour), PauseAfter: 3},
			&config.Cadence{Every: config.Duration(24 * time.Hour), CatchUp: config.Duration(time.Hour), PauseAfter: 3},
		},
		"proofs of a file": {
			"{every: 12h, verify: {every: 24h}}",
			[]string{"--verify"},
			"sync demo is proved every 24h\n", "",
			nil, &config.Cadence{Every: config.Duration(24 * time.Hour), CatchUp: config.Duration(time.Hour), PauseAfter: 3},
		},
		"a doubtful time": {
			`{cron: "30 2 * * *", time_zone: Europe/Berlin}`, nil,
			"sync demo runs daily at 02:30 (Europe/Berlin)\n",
			"warning: the schedule of sync demo: the clocks of Europe/Berlin change near 02:30: it happens once on those days too, but up to an hour later " +
				"than the clock says; a time outside 01:00 to 03:00 leaves no doubt\n",
			&config.Cadence{Cron: "30 2 * * *", TimeZone: "Europe/Berlin", CatchUp: config.Duration(time.Hour), PauseAfter: 3}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlanner(t)
			if c.section != "" {
				p.says(t, c.section)
			}
			created := p.onFile(t, "create", c.flags...)
			require.Zero(t, created.code, created.stderr)
			require.Equal(t, c.warns, created.stderr)
			require.Regexp(t, `(?m)^next (run|proof): 20`, created.stdout)
			require.Equal(t, c.says, regexp.MustCompile(`(?m)^next .*\n`).ReplaceAllString(created.stdout, ""))
			for kind, cadence := range map[schedule.Kind]*config.Cadence{schedule.Runs: c.runs, schedule.Proofs: c.proofs} {
				found := p.found(t, kind)
				if cadence == nil {
					require.Nil(t, found)
					continue
				}
				require.Equal(t, cadence, found.Pinned.Cadence)
				require.Nil(t, found.Pinned.Spec.Schedule)
			}
		})
	}
}

func TestANewScheduleTellsItsNextTimesInJSON(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	p.says(t, "{every: 12h, verify: {every: 24h}}")
	created := decoded[[]shownSchedule](t, p.onFile(t, "create", "-o", "json"))
	require.Len(t, created, 2)
	require.Equal(t, schedule.Runs, created[0].Kind)
	require.Equal(t, "every 12h", created[0].When)
	require.Len(t, created[0].Next, 3)
	require.Equal(t, 12*time.Hour, created[0].Next[1].Sub(created[0].Next[0]))
	require.Equal(t, schedule.Proofs, created[1].Kind)
	require.Equal(t, 24*time.Hour, created[1].Next[1].Sub(created[1].Next[0]))
}

func TestAScheduleThatExistsIsNotCreatedButUpdated(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	require.Zero(t, p.onFile(t, "create", "--every", "1h").code)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has a schedule already: bring the sync file, or other times, over with: " +
		"audiencesync schedule update " + p.file("sync.yaml") + "\n"}, p.onFile(t, "create", "--every", "2h"))

	p.says(t, "{every: 12h, verify: {every: 24h}}")
	require.Equal(t, exitUsage, p.onFile(t, "create").code)
	require.Nil(t, p.found(t, schedule.Proofs), "one of two is there: neither is created")
	require.Zero(t, p.onFile(t, "create", "--verify").code)
}

func TestAFileAndFlagsDoNotBothSayWhen(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	p.says(t, "{every: 12h}")
	for _, verb := range []string{"create", "update"} {
		require.Equal(t, answer{code: exitUsage, stderr: "error: --jitter: " + p.file("sync.yaml") +
			" says itself when the sync is due (schedule): change it there, or leave the flag out\n"}, p.onFile(t, verb, "--jitter", "1m"))
		require.Equal(t, answer{code: exitUsage, stderr: "error: " + p.file("sync.yaml") + " does not say when the sync is proved: set schedule.verify\n"},
			p.onFile(t, verb, "--verify"))
	}
}

func TestASyncWithoutSegmentIsNotProved(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	p.edit(t, "sync.yaml", "  segment: seg-984\n", "")
	for _, verb := range []string{"create", "update"} {
		require.Equal(t, answer{code: exitUsage, stderr: "error: " + p.file("sync.yaml") + ": the sync names no segment that could be proved: set verification.segment\n"},
			p.onFile(t, verb, "--every", "1h", "--verify"))
	}
}

func TestSchedulesAreListedAsATableAndAsJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	lines := []scheduleLine{
		{
			shownSchedule: shownSchedule{Sync: "demo", Kind: schedule.Runs, When: "daily at 06:00 (UTC)", Next: []time.Time{at, at.Add(24 * time.Hour)}},
			Last: &schedule.Last{
				DueEnd: workflows.DueEnd{FiredAt: at.Add(-24 * time.Hour), Run: 7, Ended: "explained"}, StartedAt: at.Add(-24 * time.Hour).Add(time.Second),
			},
			Missed: 2,
		},
		{shownSchedule: shownSchedule{Sync: "demo", Kind: schedule.Proofs, When: "every 24h", Paused: true, Note: "paused by anna", Next: []time.Time{at}}},
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

func TestTheListHasTheSchedulesOfAllSyncs(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	p.says(t, "{every: 12h, verify: {every: 24h}}")
	require.Empty(t, decoded[[]scheduleLine](t, p.schedule(t, "list", "-o", "json")))
	require.Zero(t, p.onFile(t, "create").code)
	_, err := p.client.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "audience-sync/other", Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "other", Workflow: "Other", TaskQueue: "other"},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		list := p.schedule(t, "list", "-o", "json")
		lines := decoded[[]scheduleLine](t, list)
		return len(lines) == 2 && lines[0].Kind == schedule.Runs && lines[1].Kind == schedule.Proofs && lines[0].Last == nil &&
			list.stderr == "note: the schedule audience-sync/other is left out: it starts something else than runs of a sync: "+
				"delete it with audiencesync schedule delete, and create it again\n"
	}, patience, 100*time.Millisecond)
	require.Regexp(t, `(?m)^ demo +runs +every 12h +20\S+ +- +- +0 +active$`, p.schedule(t, "list").stdout)
}
