package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// update updates the schedules and returns the keys that are said to have changed.
func (p *planner) update(t *testing.T, args ...string) []string {
	t.Helper()
	keys := []string{}
	for _, updated := range decoded[[]shownUpdate](t, p.onFile(t, "update", append(args, "-o", "json")...)) {
		for _, difference := range updated.Changed {
			keys = append(keys, difference.Key)
		}
	}
	return keys
}

func TestAnUpdateBringsTheFileIntoTheScheduleAndKeepsItsTimes(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule: create it with: audiencesync schedule create " +
		p.file("sync.yaml") + " --every 6h\n"}, p.onFile(t, "update"))
	created := p.onFile(t, "create", "--cron", "0 6 * * 1-5", "--time-zone", "Europe/Berlin", "--catch-up", "2h", "--jitter", "1m")
	require.Zero(t, created.code, created.stderr)
	before := p.found(t, schedule.Runs)
	require.NoError(t, before.Pause(t.Context(), "until January"))

	same := p.onFile(t, "update")
	require.Zero(t, same.code, same.stderr)
	require.True(t, strings.HasPrefix(same.stdout, "the schedule of sync demo is up to date: nothing changed\n"), same.stdout)
	require.Equal(t, "it is paused: until January: it starts nothing before somebody resumes it\n", same.stderr)
	require.NotContains(t, same.stdout, "changed:")
	require.Empty(t, p.update(t))

	p.edit(t, "sync.yaml", "  member: member\n", "  member: member\n  left: left\nmode: mirror\ngate:\n  leavers: {share: 5%}\n")
	p.edit(t, "sync.yaml", "  tags: [zeotap]\n", "  tags: [zeotap, vip]\n  middle_name: second_name\n")
	updated := p.onFile(t, "update")
	require.Zero(t, updated.code, updated.stderr)
	require.Contains(t, updated.stdout, "the schedule of sync demo is updated\n")
	require.Contains(t, updated.stdout, "changed: gate.leavers.share (0.05, was 0.2), mapping.middle_name, mapping.tags, marker.left (left, was none), mode (mirror, was add)\nwould be due: 20")
	require.NotContains(t, updated.stdout, "next run:", "it is paused")
	after := p.found(t, schedule.Runs)
	spec, err := loadSync(p.file("sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, spec, after.Pinned.Spec)
	require.Equal(t, before.Pinned.Cadence, after.Pinned.Cadence)
	require.True(t, after.Paused())
	require.Empty(t, p.update(t), "it is up to date now")
}

func TestAnUpdateChangesOfTheCadenceWhatItsFlagsGive(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	created := p.onFile(t, "create", "--cron", "0 6 * * *", "--time-zone", "Europe/Berlin", "--catch-up", "2h", "--jitter", "1m", "--start", "2027-01-31")
	require.Zero(t, created.code, created.stderr)

	require.Empty(t, p.update(t, "--cron", "0 6 * * *", "--time-zone", "Europe/Berlin"), "it is that already")
	require.Equal(t, []string{"schedule.cron"}, p.update(t, "--cron", "30 7 * * *"))
	require.Equal(t, &config.Cadence{
		Cron: "30 7 * * *", TimeZone: "Europe/Berlin", CatchUp: config.Duration(2 * time.Hour), Jitter: config.Duration(time.Minute), Start: "2027-01-31", PauseAfter: 3,
	}, p.found(t, schedule.Runs).Pinned.Cadence)

	require.Equal(t, []string{"schedule.cron", "schedule.every", "schedule.jitter"}, p.update(t, "--every", "2h", "--jitter", "0"))
	require.Empty(t, p.update(t, "--every", "2h"))
	require.Equal(t, []string{"schedule.catch_up", "schedule.pause_after", "schedule.start", "schedule.time_zone"},
		p.update(t, "--time-zone", "UTC", "--catch-up", "30m", "--pause-after", "5", "--start", ""))
	require.Equal(t, &config.Cadence{
		Every: config.Duration(2 * time.Hour), TimeZone: "UTC", CatchUp: config.Duration(30 * time.Minute), PauseAfter: 5,
	}, p.found(t, schedule.Runs).Pinned.Cadence)
	require.Equal(t, answer{code: exitUsage, stderr: "error: --end \"2026-01-31\": must be after start\n"},
		p.onFile(t, "update", "--start", "2027-01-31", "--end", "2026-01-31"))
}

func TestAnUpdateBringsTheFileIntoBothSchedulesAndFlagsIntoOne(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	require.Zero(t, p.onFile(t, "create", "--every", "6h").code)
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule of proofs: create it with: audiencesync schedule create " +
		p.file("sync.yaml") + " --verify --every 6h\n"}, p.onFile(t, "update", "--verify"))
	require.Zero(t, p.onFile(t, "create", "--every", "24h", "--verify").code)
	p.edit(t, "sync.yaml", "default_region: DE", "default_region: AT")

	require.Equal(t, []string{"reference.default_region", "schedule.verify.every"}, p.update(t, "--every", "12h", "--verify"))
	require.Equal(t, []string{"reference.default_region"}, p.update(t), "proofs have it already")
	p.edit(t, "sync.yaml", "default_region: AT", "default_region: CH")
	require.Equal(t, []string{"reference.default_region", "schedule.every", "reference.default_region"}, p.update(t, "--every", "8h"))
	require.Equal(t, "every 8h", p.found(t, schedule.Runs).Words())
	require.Equal(t, "every 12h", p.found(t, schedule.Proofs).Words())
}

func TestAnUpdateBringsWhatTheFileSays(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	p.says(t, "{every: 6h, verify: {every: 24h}}")
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule: create it with: audiencesync schedule create " +
		p.file("sync.yaml") + "\n"}, p.onFile(t, "update"))
	require.Zero(t, p.onFile(t, "create").code)
	require.Empty(t, p.update(t))
	p.edit(t, "sync.yaml", "{every: 6h, verify: {every: 24h}}", `{cron: "30 2 * * *", time_zone: Europe/Berlin, verify: {every: 12h}}`)
	updated := p.onFile(t, "update")
	require.Zero(t, updated.code, updated.stderr)
	require.Contains(t, updated.stdout, "changed: schedule.cron (30 2 * * *, was none), schedule.every (none, was 6h), schedule.time_zone (Europe/Berlin, was none)\n")
	require.Contains(t, updated.stdout, "changed: schedule.verify.every (12h, was 24h), schedule.verify.time_zone (Europe/Berlin, was none)\n")
	require.Contains(t, updated.stderr, "warning: the schedule of sync demo: the clocks of Europe/Berlin change near 02:30")
	require.Empty(t, p.update(t))

	// What the file does not say any more is left to apply --prune, and to delete.
	p.edit(t, "sync.yaml", ", verify: {every: 12h}}", "}")
	p.edit(t, "sync.yaml", "default_region: DE", "default_region: AT")
	require.Equal(t, []string{"reference.default_region", "reference.default_region"}, p.update(t))
	require.Equal(t, "every 12h", p.found(t, schedule.Proofs).Words())
}

func TestAScheduleOfSomethingElseIsLeftAloneButDeleted(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	_, err := p.client.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: workflows.SyncID("demo"), Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "other", Workflow: "Other", TaskQueue: "other", Args: []any{"a text"}},
	})
	require.NoError(t, err)
	require.Equal(t, answer{code: exitFailed, stderr: "error: updating the schedule of sync demo: it starts something else than runs of a sync: " +
		"delete it with audiencesync schedule delete, and create it again\n"}, p.onFile(t, "update"))
	require.Contains(t, p.onFile(t, "create", "--every", "1h").stderr, "sync demo has a schedule already")
	require.Zero(t, p.schedule(t, "delete", "demo").code)
	require.Zero(t, p.onFile(t, "create", "--every", "1h").code)
}

func TestARunIsToldThatItsScheduleGoesOnWithAnotherFile(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	told := func() string {
		spec, err := loadSync(p.file("sync.yaml"))
		require.NoError(t, err)
		var stderr bytes.Buffer
		(&app{stderr: &stderr}).tellPinned(t.Context(), p.client, "demo.yaml", spec)
		return stderr.String()
	}
	require.Empty(t, told(), "there is no schedule")
	require.Zero(t, p.onFile(t, "create", "--every", "1h").code)
	require.Empty(t, told(), "it is the same file")

	p.edit(t, "sync.yaml", "default_region: DE", "default_region: AT")
	require.Equal(t, "note: the schedule of sync demo goes on with another sync file than this one (reference.default_region); "+
		"bring this one over with: audiencesync schedule update demo.yaml\n", told())
	p.edit(t, "sync.yaml", "  invalid: 5%\n  refused: 1%\n  source_gap: 1%\n", "  invalid: 6%\n  refused: 6%\n  source_gap: 6%\n")
	p.edit(t, "sync.yaml", "verification:\n", "filter: {field: city, present: true}\nmode: mirror\nverification:\n")
	p.edit(t, "sync.yaml", "  member: member\n", "  member: member\n  left: left\n")
	require.Contains(t, told(), "(accept.invalid, accept.refused, accept.source_gap, filter, marker.left and 2 more)")
	require.Equal(t, 1, strings.Count(told(), "\n"))

	p.update(t)
	require.Empty(t, told())
	p.says(t, "{every: 2h}")
	require.Contains(t, told(), "(schedule.every)")
}
