package endtoend

import (
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
)

// scheduled is a schedule as the command line lists it.
type scheduled struct {
	Sync   string
	Paused bool
	Next   []time.Time
	Last   []time.Time
}

func TestAScheduleRunsItsSyncUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 300, seed: 9})
	site := deploy(t, copyDemo(t, vendors))
	site.startWorker(t)

	made := site.do(t, "schedule", "create", site.sync, "--every", "1m", "--output", "json")
	require.Zero(t, made.code, made.stderr)
	var schedule scheduled
	require.NoError(t, json.Unmarshal([]byte(made.stdout), &schedule))
	require.Equal(t, "demo", schedule.Sync)
	require.NotEmpty(t, schedule.Next)
	require.Equal(t, time.Minute, schedule.Next[1].Sub(schedule.Next[0]))
	requireOneError(t, site.do(t, "schedule", "create", site.sync, "--cron", "0 6 * * *"), 2,
		"sync demo has a schedule already", "audiencesync schedule delete demo")

	vendors.eventually(t, "the schedule should run the sync", func(s simulator.Stats) bool { return s.Contacts > 0 })
	require.Eventually(t, func() bool {
		list := site.list(t)
		return len(list) == 1 && list[0].Sync == "demo" && len(list[0].Last) > 0
	}, runWithin, 20*poll, "the list should show the run")
	table := site.do(t, "schedule", "list")
	require.Zero(t, table.code, table.stderr)
	require.Regexp(t, `demo +│ \S+T\S+ +│ \S+T\S+ +│ active`, table.stdout)

	deleted := site.do(t, "schedule", "delete", site.sync)
	require.Zero(t, deleted.code, deleted.stderr)
	require.Contains(t, deleted.stderr, "the schedule of sync demo is deleted")
	requireOneError(t, site.do(t, "schedule", "delete", "demo"), 2, "sync demo has no schedule")
	require.Eventually(t, func() bool {
		list := site.list(t)
		return list != nil && len(list) == 0
	}, runWithin, 20*poll)
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
