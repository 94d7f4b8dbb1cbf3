package endtoend

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
	"audiencesync/workflows"
)

// scheduled is a schedule as the command line lists it.
type scheduled struct {
	Sync   string
	Kind   string
	Paused bool
	Next   []time.Time
	Last   *struct{ Ended string }
}

func TestAScheduleRunsItsSyncUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 300, seed: 9})
	site := deploy(t, copyDemo(t, vendors))
	site.startWorker(t)

	made := site.do(t, "schedule", "create", site.sync, "--every", "1m", "--output", "json")
	require.Zero(t, made.code, made.stderr)
	var created []scheduled
	require.NoError(t, json.Unmarshal([]byte(made.stdout), &created))
	require.Len(t, created, 1)
	require.Equal(t, "demo", created[0].Sync)
	require.Len(t, created[0].Next, 3)
	require.Equal(t, time.Minute, created[0].Next[1].Sub(created[0].Next[0]))
	requireOneError(t, site.do(t, "schedule", "create", site.sync, "--cron", "0 6 * * *"), 2,
		"sync demo has a schedule already", "audiencesync schedule update "+site.sync)
	same := site.do(t, "schedule", "update", site.sync)
	require.Zero(t, same.code, same.stderr)
	require.Contains(t, same.stdout, "the schedule of sync demo is up to date: nothing changed")

	vendors.eventually(t, "the schedule should run the sync", func(s simulator.Stats) bool { return s.Contacts > 0 })
	require.Eventually(t, func() bool {
		list := site.list(t)
		return len(list) == 1 && list[0].Sync == "demo" && list[0].Last != nil && list[0].Last.Ended == string(audience.Explained)
	}, runWithin, 20*poll, "the list should show the run")
	table := site.do(t, "schedule", "list")
	require.Zero(t, table.code, table.stderr)
	require.Regexp(t, `(?m)^ demo +runs +every 1m +\S+T\S+ +\S+T\S+ +explained +0 +active$`, table.stdout)
	described := site.do(t, "schedule", "describe", site.sync)
	require.Zero(t, described.code, described.stderr)
	require.Contains(t, described.stdout, ", which is the file as it is")

	deleted := site.do(t, "schedule", "delete", site.sync)
	require.Zero(t, deleted.code, deleted.stderr)
	require.Contains(t, deleted.stdout, "the schedule of sync demo is deleted")
	requireOneError(t, site.do(t, "schedule", "delete", "demo"), 2, "sync demo has no schedule")
	require.Eventually(t, func() bool {
		list := site.list(t)
		return list != nil && len(list) == 0
	}, runWithin, 20*poll)
}

func TestADueRunAndARunByHandAtTheSameMomentAreOneRun(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"by hand", "due"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			vendors := simulate(t, audienceOf{members: 300, seed: 10})
			// The first of the two has begun, and has not opened its read.
			opening := newGate(t, vendors.zeotap, "/audiences/984", 0)
			site := deploy(t, copyDemo(t, simulators{zeotap: opening.address, charles: vendors.charles}))
			site.startWorker(t)
			// A time that does not come by itself while this test runs.
			made := site.do(t, "schedule", "create", site.sync, "--cron", "0 6 29 2 *")
			require.Zero(t, made.code, made.stderr)

			var byHand *programs.Program
			var due client.WorkflowRun
			c := site.client(t)
			if first == "due" {
				due = comesDue(t, c)
				opening.awaitHeld(t, 1)
				byHand = site.start(t, "run", site.sync, "--output", "json")
				require.Eventually(t, func() bool { return strings.Contains(byHand.Stderr(), "A run of demo is going already") }, startWithin, poll)
			} else {
				byHand = site.start(t, "run", site.sync, "--output", "json")
				opening.awaitHeld(t, 1)
				due = comesDue(t, c)
				awaitWaiting(t, c, due)
			}
			opening.open()

			ended := finish(t, byHand)
			require.Zero(t, ended.code, ended.stderr)
			require.EqualValues(t, 1, reportOf(t, ended).Run)
			var result workflows.DueRunResult
			ctx, cancel := context.WithTimeout(t.Context(), runWithin)
			defer cancel()
			require.NoError(t, due.Get(ctx, &result))
			require.Equal(t, first == "by hand", result.Joined)
			require.Equal(t, string(audience.Explained), result.Ended)
			require.EqualValues(t, 1, vendors.stats(t).Requests["snapshot"]["201"], "the audience was read twice")

			next := site.do(t, "run", site.sync, "--output", "json")
			require.Zero(t, next.code, next.stderr)
			require.EqualValues(t, 2, reportOf(t, next).Run, "there was another run")
		})
	}
}

// comesDue lets the schedule act, as it does when its time has come, and
// returns the due run.
func comesDue(t *testing.T, c client.Client) client.WorkflowRun {
	t.Helper()
	schedule := c.ScheduleClient().GetHandle(t.Context(), workflows.SyncID("demo"))
	require.NoError(t, schedule.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	var started *client.ScheduleWorkflowExecution
	require.Eventually(t, func() bool {
		description, err := schedule.Describe(t.Context())
		if err != nil || len(description.Info.RecentActions) == 0 {
			return false
		}
		started = description.Info.RecentActions[0].StartWorkflowResult
		return started != nil
	}, startWithin, poll, "the schedule does not act")
	return c.GetWorkflow(t.Context(), started.WorkflowID, started.FirstExecutionRunID)
}

// awaitWaiting returns when the due run waits for the run that is going.
func awaitWaiting(t *testing.T, c client.Client, due client.WorkflowRun) {
	t.Helper()
	require.Eventually(t, func() bool {
		description, err := c.DescribeWorkflowExecution(t.Context(), due.GetID(), due.GetRunID())
		return err == nil && len(description.GetPendingActivities()) == 1 &&
			description.GetPendingActivities()[0].GetActivityType().GetName() == "AwaitRun"
	}, startWithin, poll, "the due run does not wait for the run that is going")
}

// list is the list of schedules, nil when it cannot be had.
func (d deployment) list(t *testing.T) (list []scheduled) {
	t.Helper()
	command := exec.CommandContext(t.Context(), built.AudienceSync, d.command("schedule", "list", "--output", "json")...)
	command.Env = environment(t.TempDir())
	output, err := command.Output()
	if err != nil || json.Unmarshal(output, &list) != nil {
		return nil
	}
	return list
}

func TestAFolderOfSyncFilesIsApplied(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 300, seed: 9})
	site := deploy(t, copyDemo(t, vendors))
	site.startWorker(t)
	file, err := os.OpenFile(site.sync, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString("schedule:\n  calendars:\n    - at: [\"06:00\"]\n  time_zone: Europe/Berlin\n  verify: {every: 24h}\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	folder := filepath.Dir(site.sync)

	// Nobody sits at the terminal of a script.
	asks := site.do(t, "schedule", "apply", folder)
	require.Equal(t, 2, asks.code)
	require.Equal(t, "error: nothing was changed: there is nobody to ask; add --yes to do this, or --dry-run to only look\n", asks.stderr)
	applied := site.do(t, "schedule", "apply", folder, "--yes")
	require.Zero(t, applied.code, applied.stderr)
	require.Equal(t, "+ demo: daily at 06:00 (Europe/Berlin)\n+ demo of proofs: every 24h\n2 to create\n", applied.stdout)
	again := site.do(t, "schedule", "apply", folder)
	require.Zero(t, again.code, again.stderr)
	require.Contains(t, again.stdout, "2 unchanged\n")

	ran := site.do(t, "run", site.sync)
	require.Zero(t, ran.code, ran.stderr)
	triggered := site.do(t, "schedule", "trigger", "demo", "--verify")
	require.Zero(t, triggered.code, triggered.stderr)
	require.Eventually(t, func() bool {
		list := site.list(t)
		return len(list) == 2 && list[1].Kind == "proofs" && list[1].Last != nil && slices.Contains([]string{"equal", "explained"}, list[1].Last.Ended)
	}, runWithin, 20*poll, "the proof should come to its verdict")
}
