package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/workflows"
)

// planner is a desk whose sync has a schedule.
type planner struct {
	*desk
	namespace string
	handle    client.ScheduleHandle
}

func newPlanner(t *testing.T) *planner {
	t.Helper()
	p := &planner{desk: newDesk(t)}
	var c client.Client
	c, p.namespace = ownNamespace(t)
	p.handle = c.ScheduleClient().GetHandle(t.Context(), workflows.SyncID("demo"))
	return p
}

// schedule runs a verb of schedule on the sync file.
func (p *planner) schedule(t *testing.T, verb string, args ...string) answer {
	t.Helper()
	return call(t, append([]string{
		"schedule", verb, p.file("sync.yaml"), "--address", devservertest.ForTest(t).Address(), "--namespace", p.namespace,
	}, args...)...)
}

// update updates the schedule and returns what is said to have changed.
func (p *planner) update(t *testing.T, args ...string) []string {
	t.Helper()
	updated := p.schedule(t, "update", append(args, "-o", "json")...)
	require.Zero(t, updated.code, updated.stderr)
	var shown shownUpdate
	require.NoError(t, json.Unmarshal([]byte(updated.stdout), &shown))
	return shown.Changed
}

// now is the schedule as the server has it, and the spec pinned in it.
func (p *planner) now(t *testing.T) (client.Schedule, config.Sync) {
	t.Helper()
	description, err := p.handle.Describe(t.Context())
	require.NoError(t, err)
	pinned, err := pinnedSpec(description.Schedule)
	require.NoError(t, err)
	return description.Schedule, pinned
}

// startedBy is what a schedule starts: workflow, its ID and its task queue.
func startedBy(t *testing.T, schedule client.Schedule) []any {
	t.Helper()
	action, ok := schedule.Action.(*client.ScheduleWorkflowAction)
	require.True(t, ok)
	return []any{action.Workflow, action.ID, action.TaskQueue}
}

func TestAnUpdateBringsTheFileIntoTheScheduleAndKeepsItsTimes(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	missing := p.schedule(t, "update")
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has no schedule: create it with: audiencesync schedule create " +
		p.file("sync.yaml") + " --every 6h\n"}, missing)
	created := p.schedule(t, "create", "--cron", "0 6 * * 1-5", "--time-zone", "Europe/Berlin", "--catch-up", "2h", "--jitter", "1m")
	require.Zero(t, created.code, created.stderr)
	require.NoError(t, p.handle.Pause(t.Context(), client.SchedulePauseOptions{Note: "until January"}))
	before, _ := p.now(t)

	same := p.schedule(t, "update")
	require.Zero(t, same.code, same.stderr)
	require.Equal(t, "the schedule of sync demo is up to date: nothing changed\nit is paused until January: it starts no run before somebody unpauses it\n", same.stderr)
	require.NotContains(t, same.stdout, "changed")
	require.Empty(t, p.update(t))

	p.edit(t, "sync.yaml", "  member: member\n", "  member: member\n  left: left\nmode: mirror\ngate:\n  leavers: {share: 5%}\n")
	p.edit(t, "sync.yaml", "  tags: [zeotap]\n", "  tags: [zeotap, vip]\n  middle_name: second_name\n")
	updated := p.schedule(t, "update")
	require.Zero(t, updated.code, updated.stderr)
	require.Contains(t, updated.stderr, "the schedule of sync demo is updated\n")
	require.Contains(t, updated.stdout, "changed: gate.leavers.share, mapping.middle_name, mapping.tags, marker.left, mode\nnext run: ")
	after, pinned := p.now(t)
	spec, err := loadSync(p.file("sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, spec, pinned)
	require.Equal(t, before.Spec, after.Spec)
	require.Equal(t, before.Policy, after.Policy)
	require.Equal(t, before.State, after.State)
	require.Equal(t, startedBy(t, before), startedBy(t, after))
	require.Empty(t, p.update(t), "it is up to date now")
}

func TestAnUpdateChangesOfTheCadenceWhatItsFlagsGive(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	created := p.schedule(t, "create", "--cron", "0 6 * * *", "--time-zone", "Europe/Berlin", "--catch-up", "2h", "--jitter", "1m")
	require.Zero(t, created.code, created.stderr)

	require.Empty(t, p.update(t, "--cron", "0 6 * * *", "--time-zone", "Europe/Berlin"), "it is that already")
	require.Equal(t, []string{"--cron"}, p.update(t, "--cron", "30 7 * * *"))
	now, _ := p.now(t)
	require.Equal(t, "Europe/Berlin", now.Spec.TimeZoneName)
	require.Len(t, now.Spec.Calendars, 1)
	require.Equal(t, []client.ScheduleRange{{Start: 7, End: 7, Step: 1}}, now.Spec.Calendars[0].Hour)
	require.Equal(t, 2*time.Hour, now.Policy.CatchupWindow)

	require.Equal(t, []string{"--every", "--jitter"}, p.update(t, "--every", "2h", "--jitter", "0"))
	now, _ = p.now(t)
	require.Empty(t, now.Spec.Calendars)
	require.Equal(t, []client.ScheduleIntervalSpec{{Every: 2 * time.Hour}}, now.Spec.Intervals)
	require.Zero(t, now.Spec.Jitter)
	require.Empty(t, p.update(t, "--every", "2h"))

	require.Equal(t, []string{"--time-zone", "--catch-up"}, p.update(t, "--time-zone", "UTC", "--catch-up", "30m", "--jitter", "0"))
	now, _ = p.now(t)
	require.Equal(t, "UTC", now.Spec.TimeZoneName)
	require.Equal(t, 30*time.Minute, now.Policy.CatchupWindow)
	require.Equal(t, []client.ScheduleIntervalSpec{{Every: 2 * time.Hour}}, now.Spec.Intervals)
}

func TestAScheduleThatExistsIsNotCreatedButUpdated(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	require.Zero(t, p.schedule(t, "create", "--every", "1h").code)
	again := p.schedule(t, "create", "--every", "2h")
	require.Equal(t, answer{code: exitUsage, stderr: "error: sync demo has a schedule already: bring the sync file, or other times, over with: " +
		"audiencesync schedule update " + p.file("sync.yaml") + "\n"}, again)
}

func TestAScheduleOfSomethingElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	c, err := client.Dial(client.Options{HostPort: devservertest.ForTest(t).Address(), Namespace: p.namespace})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: workflows.SyncID("demo"), Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "other", Workflow: "Other", TaskQueue: "other", Args: []any{"a text"}},
	})
	require.NoError(t, err)
	refused := p.schedule(t, "update")
	require.Equal(t, answer{code: exitFailed, stderr: "error: updating the schedule of sync demo: it starts something else than runs of a sync: " +
		"delete it with audiencesync schedule delete, and create it again\n"}, refused)
}

func TestARunIsToldThatItsScheduleGoesOnWithAnotherFile(t *testing.T) {
	t.Parallel()
	p := newPlanner(t)
	c, err := client.Dial(client.Options{HostPort: devservertest.ForTest(t).Address(), Namespace: p.namespace})
	require.NoError(t, err)
	defer c.Close()
	told := func() string {
		spec, err := loadSync(p.file("sync.yaml"))
		require.NoError(t, err)
		var stderr bytes.Buffer
		(&app{stderr: &stderr}).tellPinned(t.Context(), c, "demo.yaml", spec)
		return stderr.String()
	}
	require.Empty(t, told(), "there is no schedule")
	require.Zero(t, p.schedule(t, "create", "--every", "1h").code)
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
}

func TestKeysInWhichSpecsDifferAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	base := func(change func(*config.Sync)) config.Sync {
		spec := config.DefaultSync()
		spec.Sync = "demo"
		spec.Mapping.Properties = map[string]config.PropertySource{"city": {}, "tier": {}}
		if change != nil {
			change(&spec)
		}
		return spec
	}
	for name, c := range map[string]struct {
		change func(*config.Sync)
		want   []string
	}{
		"nothing": {nil, nil},
		"a value": {func(s *config.Sync) { s.Gate.KeepFor = config.Duration(time.Hour) }, []string{"gate.keep_for"}},
		"a new section": {func(s *config.Sync) {
			s.Mapping.Phone = &config.Channel{Origin: config.Origin{From: "phone"}, Unusable: config.Omit}
		}, []string{"mapping.phone"}},
		"a property less": {func(s *config.Sync) { delete(s.Mapping.Properties, "tier") }, []string{"mapping.properties.tier"}},
		"a list": {func(s *config.Sync) {
			s.Mapping.Tags = []config.TagSource{{}, {}}
		}, []string{"mapping.tags"}},
		"some": {func(s *config.Sync) { s.Mode, s.Audience.Name = config.ModeMirror, "Spring" }, []string{"audience.name", "mode"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := specDifferences(base(nil), base(c.change))
			require.NoError(t, err)
			require.Equal(t, c.want, keys)
			back, err := specDifferences(base(c.change), base(nil))
			require.NoError(t, err)
			require.Equal(t, c.want, back)
		})
	}
}
